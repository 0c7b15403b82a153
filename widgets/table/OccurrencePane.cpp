#include "widgets/table/OccurrencePane.h"

#include "widgets/common/BarList.h"
#include "widgets/common/Icons.h"
#include "widgets/common/Parts.h"
#include "widgets/common/Text.h"
#include "widgets/document/TraceDocument.h"
#include "widgets/table/AggregatesDelegate.h"
#include "widgets/table/AggregateWords.h"

#include <QBoxLayout>
#include <QPainter>
#include <QToolButton>

#include <algorithm>

namespace opscope {

namespace {

constexpr std::size_t kAtOnce = 50'000;    // slices; some milliseconds
constexpr std::size_t kBins = 32;
constexpr int kListFrom = 190;             // px of height from which there is room for a list
constexpr int kRowHeight = 20;

QToolButton* makeButton(const char* tip)
{
    auto* button = new QToolButton;
    button->setToolTip(QLatin1String(tip));
    button->setAccessibleName(QLatin1String(tip));
    button->setFixedSize(22, 22);
    button->setIconSize({14, 14});
    return button;
}

/// Those that fall into the bin, longest first.
std::vector<SliceId> ofBin(const Trace& trace, std::span<const SliceId> members, std::int64_t low, std::int64_t high, bool isLast)
{
    const SliceTable& slices = trace.slices();
    std::vector<SliceId> found;
    for (const SliceId slice : members) {
        const std::int64_t duration = slices.duration(slice);
        if (duration >= low && (duration < high || (isLast && duration == high))) found.push_back(slice);
    }
    std::ranges::stable_sort(found, [&](SliceId a, SliceId b) { return slices.duration(a) > slices.duration(b); });
    return found;
}

} // namespace

OccurrencePane::OccurrencePane(TraceDocument& document, QWidget* parent) : QWidget(parent), m_document(document)
{
    m_histogram = new DurationView;
    m_noTimes = makeTextLabel(Theme::uiFont(12));
    m_noTimes->setText(QStringLiteral("Nodes of an execution trace have an order and no times: they are counted."));
    m_noTimes->setWordWrap(true);
    m_noTimes->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    m_noTimes->setContentsMargins(12, 4, 12, 8);
    m_list = new BarList;
    m_list->setMinimumHeight(kRowHeight);
    m_list->setAccessibleName(QStringLiteral("Slices of the chosen row"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(makeHead());
    column->addWidget(m_histogram, 3);
    column->addWidget(m_noTimes, 1);
    column->addWidget(makeListHead());
    column->addWidget(m_list, 2);
    connect(m_histogram, &DurationView::binChosen, this, &OccurrencePane::listBin);
    connect(m_list, &BarList::chosen, this, [this](std::uint64_t at) {
        if (at >= m_listed.size()) return;
        Q_EMIT used();
        m_document.reveal(m_listed[static_cast<std::size_t>(at)]);
    });
    connect(m_histogram, &DurationView::binChosen, this, &OccurrencePane::used);
    connect(&m_document, &TraceDocument::selectionChanged, this, &OccurrencePane::showPosition);
    show({});
}

QWidget* OccurrencePane::makeHead()
{
    m_head = new QWidget;
    m_head->setFixedHeight(36);
    m_swatch = new QLabel;
    m_swatch->setFixedSize(12, 12);
    m_name = new ElidedLabel(Theme::uiFont(13, QFont::DemiBold));
    m_position = makeTextLabel(Theme::uiFont(12));
    m_back = makeButton("Previous occurrence (,)");
    m_on = makeButton("Next occurrence (.)");
    connect(m_back, &QToolButton::clicked, this, [this] { step(-1); });
    connect(m_on, &QToolButton::clicked, this, [this] { step(1); });
    auto* row = new QHBoxLayout(m_head);
    row->setContentsMargins(12, 2, 8, 0);
    row->setSpacing(7);
    row->addWidget(m_swatch);
    row->addWidget(m_name, 1);
    row->addWidget(m_position);
    row->addWidget(m_back);
    row->addWidget(m_on);
    row->setSpacing(4);
    return m_head;
}

QWidget* OccurrencePane::makeListHead()
{
    m_listHead = new QWidget;
    m_listHead->setFixedHeight(24);
    m_listTitle = new ElidedLabel(Theme::uiFont(12, QFont::Medium));
    m_closeBin = makeButton("Back to the slowest (Esc)");
    connect(m_closeBin, &QToolButton::clicked, this, [this] {
        m_histogram->choose(std::nullopt);
        listBin(-1);
    });
    auto* row = new QHBoxLayout(m_listHead);
    row->setContentsMargins(12, 0, 8, 0);
    row->addWidget(m_listTitle, 1);
    row->addWidget(m_closeBin);
    return m_listHead;
}

void OccurrencePane::setTheme(const Theme& theme)
{
    m_theme = theme;
    m_histogram->setTheme(theme);
    m_list->setTheme(theme, BarList::Bars::Accent, kRowHeight);
    m_back->setIcon(icon("back", theme.text));
    m_on->setIcon(icon("forward", theme.text));
    m_closeBin->setIcon(icon("close", theme.textDim));
    setTextColour(m_name, theme.textHi);
    setTextColour(m_position, theme.textDim);
    setTextColour(m_noTimes, theme.textDim);
    setTextColour(m_listTitle, theme.textDim);
    showSwatch();
}

void OccurrencePane::showSwatch()
{
    m_swatch->setVisible(m_row.fill.isValid());
    QPixmap picture(QSize(12, 12) * devicePixelRatioF());
    picture.setDevicePixelRatio(devicePixelRatioF());
    picture.fill(Qt::transparent);
    QPainter painter(&picture);
    if (m_row.fill.isValid()) paintSwatch(painter, QRect(0, 0, 12, 12), m_row.fill, m_row.kind, m_theme);
    painter.end();
    m_swatch->setPixmap(picture);
    m_histogram->setColour(m_row.fill);
    m_list->setBarColour(m_row.fill);
}

std::span<const SliceId> OccurrencePane::members() const
{
    return m_row.row ? m_row.answer->table->of(*m_row.row) : std::span<const SliceId>();
}

bool OccurrencePane::countsNodes() const { return m_row.answer && m_row.answer->trace->timeBase() == TimeBase::NodeOrder; }

void OccurrencePane::show(Row row)
{
    m_job.cancel();
    m_listJob.cancel();
    m_row = std::move(row);
    m_name->setText(m_row.name);
    m_name->setToolTip(m_row.fullName.isEmpty() ? QString() : QStringLiteral("<div style='white-space:normal'>") + richText(m_row.fullName.left(2000)) + QStringLiteral("</div>"));
    showSwatch();
    showPosition();
    fit();
    if (!m_row.row || countsNodes()) return received({});
    const auto answer = m_row.answer;
    const auto compute = [answer, slices = members()](const JobControl&) { return durationHistogram(*answer->trace, slices, kBins); };
    if (members().size() <= kAtOnce) received(compute({}));
    else m_job.run(compute, [this](DurationHistogram histogram) { received(std::move(histogram)); });
}

void OccurrencePane::received(DurationHistogram histogram)
{
    std::vector<SliceId> slowest = histogram.slowest;
    m_histogram->set(std::move(histogram));
    list(std::move(slowest), QStringLiteral("Slowest"), false);
}

void OccurrencePane::listBin(int bin)
{
    m_listJob.cancel();
    const DurationHistogram& histogram = m_histogram->histogram();
    const auto at = static_cast<std::size_t>(bin);
    if (bin < 0 || at >= histogram.counts.size()) return list(histogram.slowest, QStringLiteral("Slowest"), false);
    const auto answer = m_row.answer;
    const auto compute = [answer, slices = members(), low = histogram.edges[at], high = histogram.edges[at + 1],
                          isLast = at + 1 == histogram.counts.size()](const JobControl&) { return ofBin(*answer->trace, slices, low, high, isLast); };
    const QString title = m_histogram->sentence(at);
    if (members().size() <= kAtOnce) list(compute({}), title, true);
    else m_listJob.run(compute, [this, title](std::vector<SliceId> found) { list(std::move(found), title, true); });
}

void OccurrencePane::list(std::vector<SliceId> slices, const QString& title, bool isBin)
{
    m_listed = std::move(slices);
    m_listTitle->setText(title);
    m_closeBin->setVisible(isBin);
    if (m_listed.empty()) return m_list->setRows(0, {}, {});
    const TracePtr trace = m_row.answer->trace;
    const SliceTable& table = trace->slices();
    const std::int64_t longest = std::max<std::int64_t>(1, table.duration(m_listed.front()));
    BarRow widest{durationText(table.duration(m_listed.back())), 1, placeText(*trace, m_listed.back())};
    constexpr std::size_t kMeasured = 200;
    for (const SliceId slice : std::span(m_listed).first(std::min(m_listed.size(), kMeasured))) {
        const QString duration = durationText(table.duration(slice)), place = placeText(*trace, slice);
        if (duration.size() > widest.label.size()) widest.label = duration;
        if (place.size() > widest.count.size()) widest.count = place;
    }
    m_list->setRows(m_listed.size(), [this, trace, longest](std::uint64_t at) {
        const SliceId slice = m_listed[static_cast<std::size_t>(at)];
        const std::int64_t duration = trace->slices().duration(slice);
        return BarRow{durationText(duration), static_cast<double>(duration) / static_cast<double>(longest), placeText(*trace, slice)};
    }, widest);
    fit();
}

QString OccurrencePane::listTitle() const { return m_listTitle->text(); }

/// Occurrences stand by time of start, so the selected one is found without looking at all.
std::optional<std::size_t> OccurrencePane::position() const
{
    const SliceId selected = m_document.selection().slice;
    const auto all = members();
    if (!selected || !m_row.answer || m_document.trace() != m_row.answer->trace) return std::nullopt;
    const SliceTable& slices = m_row.answer->trace->slices();
    if (selected.index() >= slices.size()) return std::nullopt;
    const Nanos start = slices.start(selected);
    auto at = std::ranges::lower_bound(all, start, {}, [&](SliceId slice) { return slices.start(slice); });
    for (; at != all.end() && slices.start(*at) == start; ++at)
        if (*at == selected) return static_cast<std::size_t>(at - all.begin());
    return std::nullopt;
}

void OccurrencePane::step(int direction)
{
    const std::size_t count = members().size();
    if (count == 0) return;
    Q_EMIT used();
    const auto at = position();
    if (!at) return go(direction > 0 ? 0 : count - 1);
    go(direction > 0 ? (*at + 1) % count : (*at + count - 1) % count);
}

void OccurrencePane::go(std::size_t number)
{
    m_document.reveal(members()[number]);
}

QString OccurrencePane::positionText() const { return m_position->text(); }

void OccurrencePane::showPosition()
{
    const std::size_t count = members().size();
    const auto at = position();
    m_position->setText(!count ? QString()
                        : at   ? displayText(formatCount(static_cast<std::int64_t>(*at + 1))) + QStringLiteral(" of ") +
                                   displayText(formatCount(static_cast<std::int64_t>(count)))
                               : counted(count, countsNodes() ? "node" : "call", countsNodes() ? "nodes" : "calls"));
    m_back->setVisible(count > 0);
    m_on->setVisible(count > 0);
}

void OccurrencePane::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    fit();
}

/// Where the pane is low the list gives way; where nodes are counted there is nothing to distribute.
void OccurrencePane::fit()
{
    const bool times = m_row.row && !countsNodes();
    const bool tall = height() >= kListFrom;
    m_histogram->setVisible(times);
    m_noTimes->setVisible(!times && countsNodes());
    m_listHead->setVisible(times && tall);
    m_list->setVisible(times && tall);
    m_list->setMaximumHeight(std::max(kRowHeight * 3, std::min(m_list->heightFor(12), (height() - 60) / 2)));
}

} // namespace opscope
