#include "app/gui/StatusLine.h"

#include "core/base/Path.h"
#include "core/link/LinkWords.h"
#include "widgets/common/Icons.h"
#include "widgets/common/Parts.h"
#include "widgets/common/Text.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QLayoutItem>
#include <QPainter>
#include <QStringList>
#include <QToolButton>

#include <algorithm>
#include <set>

namespace opscope {

namespace {

constexpr std::size_t kMostFiles = 3; // more are counted

QString counted(std::uint64_t count, const char* one, const char* many)
{
    return QString::fromStdString(formatCount(static_cast<std::int64_t>(count))) + QLatin1Char(' ')
        + QLatin1String(count == 1 ? one : many);
}

/// "4 of 8 ranks": fewer files than ranks is normal, and worth saying.
QString ranksText(const Trace& trace)
{
    std::set<std::int64_t> ranks;
    std::int64_t world = 0;
    for (const SourceFile& source : trace.sources()) {
        if (source.rank)
            ranks.insert(*source.rank);
        world = std::max(world, source.worldSize.value_or(0));
    }
    if (ranks.size() < 2)
        return {};
    const auto count = static_cast<std::uint64_t>(ranks.size());
    return world > static_cast<std::int64_t>(count) ? QStringLiteral("%1 of %2 ranks").arg(count).arg(world) : counted(count, "rank", "ranks");
}

QString countsText(const Trace& trace)
{
    QStringList parts;
    if (trace.timeBase() == TimeBase::Nanoseconds)
        parts << counted(trace.stats().elements, "event", "events");
    if (const ExecutionTrace* et = trace.executionTrace())
        parts << counted(et->nodes().size(), "node", "nodes");
    if (const QString ranks = ranksText(trace); !ranks.isEmpty())
        parts << ranks;
    const auto shown = std::count_if(trace.tracks().begin(), trace.tracks().end(), [](const Track& t) { return t.visible(); });
    parts << counted(static_cast<std::uint64_t>(shown), "track", "tracks");
    return parts.join(QStringLiteral(", "));
}

struct ProblemSummary
{
    const char* icon = "ok";
    QString text;
    Severity worst = Severity::Note;
    bool any = false;
};

ProblemSummary summarise(const Diagnostics& diagnostics)
{
    const std::uint64_t errors = diagnostics.countOf(Severity::Error);
    const std::uint64_t warnings = diagnostics.countOf(Severity::Warning);
    const std::uint64_t notes = diagnostics.countOf(Severity::Note);
    if (errors)
        return {"error", counted(errors, "error", "errors"), Severity::Error, true};
    if (warnings)
        return {"warning", counted(warnings, "warning", "warnings"), Severity::Warning, true};
    if (notes)
        return {"note", counted(notes, "note", "notes"), Severity::Note, true};
    return {"ok", QStringLiteral("no problems"), Severity::Note, false};
}

QColor colourOf(const ProblemSummary& summary, const Theme& theme)
{
    if (!summary.any)
        return theme.ok;
    return summary.worst == Severity::Error ? theme.err : summary.worst == Severity::Warning ? theme.warn : theme.accent;
}

} // namespace

StatusLine::StatusLine(TraceDocument& document, ViewSettings& settings, QWidget* parent)
    : QWidget(parent), m_document(document), m_settings(settings), m_files(new QHBoxLayout), m_counts(new QLabel(this)),
      m_relation(new QToolButton(this)), m_filter(new QLabel(this)), m_problems(new QToolButton(this)), m_resolution(new QLabel(this)), m_pointer(new QLabel(this))
{
    setFixedHeight(24);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(10, 1, 10, 0);
    row->setSpacing(14);
    m_files->setSpacing(6);
    row->addLayout(m_files);
    row->addWidget(m_counts);
    row->addWidget(m_relation);
    row->addWidget(m_filter);
    row->addStretch(1);
    row->addWidget(m_problems);
    row->addWidget(m_resolution);
    row->addWidget(m_pointer);
    m_problems->setObjectName(QStringLiteral("flatStatus"));
    m_problems->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_problems->setIconSize({14, 14});
    m_problems->setFixedHeight(22);
    m_problems->setToolTip(QStringLiteral("Show what was wrong with the file and what Opscope did about it"));
    m_relation->setObjectName(QStringLiteral("flatStatus"));
    m_relation->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_relation->setIconSize({14, 14});
    m_relation->setFixedHeight(22);
    connect(m_relation, &QToolButton::clicked, this, &StatusLine::linksClicked);
    m_counts->setProperty("role", QStringLiteral("dim"));
    m_filter->setProperty("role", QStringLiteral("strong"));
    m_resolution->setFont(Theme::fixedFont());
    m_resolution->setProperty("role", QStringLiteral("dim"));
    m_resolution->setToolTip(QStringLiteral("Time per pixel of the timeline"));
    m_pointer->setFont(Theme::fixedFont());
    m_pointer->setProperty("role", QStringLiteral("value"));
    m_pointer->setToolTip(QStringLiteral("Time at the pointer, else where the selection starts"));
    m_announced.setSingleShot(true);
    m_announced.setInterval(6000);
    connect(&m_announced, &QTimer::timeout, this, [this] { m_counts->setText(m_document.trace() ? countsText(*m_document.trace()) : QString()); });
    connect(m_problems, &QToolButton::clicked, this, &StatusLine::problemsClicked);
    connect(&m_document, &TraceDocument::traceChanged, this, &StatusLine::showTrace);
    connect(&m_document, &TraceDocument::visibleRangeChanged, this, &StatusLine::showResolution);
    connect(&m_document, &TraceDocument::selectionChanged, this, &StatusLine::showPointer);
    connect(&m_document, &TraceDocument::matchesChanged, this, &StatusLine::showFilter);
    connect(&m_document, &TraceDocument::announced, this, &StatusLine::announce);
    connect(&m_settings, &ViewSettings::changed, this, &StatusLine::showTrace);
    showTrace();
}

void StatusLine::setTimelineWidth(int px)
{
    m_timelineWidth = px;
    showResolution();
}

void StatusLine::setPointerTime(std::optional<Nanos> time)
{
    m_pointerTime = time;
    showPointer();
}

void StatusLine::showTrace()
{
    showFiles();
    m_announced.stop();
    m_counts->setText(m_document.trace() ? countsText(*m_document.trace()) : QString());
    showRelation();
    showFilter();
    showProblems();
    showResolution();
    showPointer();
    update();
}

void StatusLine::showFiles()
{
    while (QLayoutItem* item = m_files->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    if (!m_document.trace())
        return;
    const std::span sources = m_document.trace()->sources();
    const std::size_t shown = sources.size() > kMostFiles ? kMostFiles - 1 : sources.size();
    for (const SourceFile& source : sources.first(shown)) {
        auto* sign = new QLabel(this);
        sign->setPixmap(icon("file", m_settings.theme().textDim).pixmap(QSize(14, 14), devicePixelRatioF()));
        const std::string_view path = source.path;
        auto* name = new ElidedLabel(Theme::uiFont(), this);
        name->setText(elided(displayText(fileName(path)), Theme::uiFont(), 280));
        name->setProperty("role", QStringLiteral("strong"));
        name->setToolTip(richText(path));
        m_files->addWidget(sign);
        m_files->addWidget(name);
        m_files->addSpacing(6);
    }
    if (shown == sources.size())
        return;
    QStringList rest;
    for (const SourceFile& source : sources.subspan(shown))
        rest << richText(source.path);
    auto* more = new QLabel(QStringLiteral("and %1 more").arg(rest.size()), this);
    more->setProperty("role", QStringLiteral("dim"));
    more->setToolTip(rest.join(QStringLiteral("<br>")));
    m_files->addWidget(more);
    m_files->addSpacing(6);
}

void StatusLine::showRelation()
{
    const TracePtr& trace = m_document.trace();
    const std::optional<RunRelation> worst = trace ? worstRelation(*trace) : std::nullopt;
    m_relation->setVisible(worst.has_value());
    if (!worst)
        return;
    const Theme& theme = m_settings.theme();
    const bool unrelated = *worst == RunRelation::Unrelated;
    m_relation->setIcon(icon(unrelated ? "warning" : "link", unrelated ? theme.warn : theme.textDim));
    m_relation->setText(QLatin1Char(' ') + displayText(pairingStatement(*trace))); // the style leaves no gap behind an icon
    QStringList why;
    for (const EtPairing& pairing : trace->links().pairings())
        why << richText(pairing.sentence);
    m_relation->setToolTip(why.join(QStringLiteral("<br>")) + QStringLiteral("<br>Click for the link report."));
}

void StatusLine::showFilter()
{
    const MatchesPtr& matches = m_document.matches();
    m_filter->setVisible(matches != nullptr);
    if (!matches)
        return;
    const auto text = [](std::size_t count) { return QString::fromStdString(formatCount(static_cast<std::int64_t>(count))); };
    m_filter->setText(QStringLiteral("filter: %1 of %2").arg(text(matches->count()), text(m_document.matchable())));
    m_filter->setToolTip(richText(m_document.filter().text()));
}

void StatusLine::showProblems()
{
    m_problems->setVisible(m_document.trace() != nullptr);
    if (!m_document.trace())
        return;
    const ProblemSummary summary = summarise(m_document.trace()->diagnostics());
    m_problems->setIcon(icon(summary.icon, colourOf(summary, m_settings.theme())));
    m_problems->setText(QLatin1Char(' ') + summary.text);
}

void StatusLine::showResolution()
{
    const TracePtr& trace = m_document.trace();
    const bool hasTimes = trace && m_timelineWidth > 0 && trace->timeBase() == TimeBase::Nanoseconds;
    m_resolution->setVisible(hasTimes);
    if (!hasTimes)
        return;
    const std::uint64_t perPixel = m_document.visibleRange().length() / static_cast<std::uint64_t>(m_timelineWidth);
    const auto shown = static_cast<Nanos>(std::clamp<std::uint64_t>(perPixel, 1, INT64_MAX));
    m_resolution->setText(QString::fromStdString(formatDuration(shown)) + QStringLiteral("/px"));
}

void StatusLine::showPointer()
{
    const TracePtr& trace = m_document.trace();
    std::optional<Nanos> time = m_pointerTime;
    if (trace && !time && m_document.selection().slice)
        time = trace->slices().start(m_document.selection().slice);
    if (trace && !time && m_document.selection().instant)
        time = trace->instants().time(m_document.selection().instant);
    m_pointer->setVisible(trace && time);
    if (!trace || !time)
        return;
    const auto sinceOrigin = static_cast<Nanos>(static_cast<std::uint64_t>(*time) - static_cast<std::uint64_t>(trace->origin()));
    const bool ordered = trace->timeBase() == TimeBase::NodeOrder;
    m_pointer->setText(QString::fromStdString(ordered ? "node " + formatCount(sinceOrigin) : formatExact(sinceOrigin)));
}

void StatusLine::announce(const QString& text)
{
    m_counts->setText(text);
    m_announced.start();
}

void StatusLine::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), m_settings.theme().raised);
    painter.fillRect(0, 0, width(), 1, m_settings.theme().line);
}

} // namespace opscope
