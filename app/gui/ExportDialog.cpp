#include "app/gui/ExportDialog.h"

#include "app/gui/ExportOverview.h"
#include "app/gui/ExportTargets.h"
#include "app/gui/LoadFiles.h"
#include "widgets/common/Text.h"
#include "widgets/document/TraceDocument.h"

#include <QCheckBox>
#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QProgressBar>
#include <QPushButton>
#include <QTreeWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

namespace opscope {
namespace {

constexpr int kTypingMs = 180;             // the count follows when typing pauses
constexpr std::size_t kShownReplacements = 2000;
constexpr int kTrackId = Qt::UserRole;

QString countText(std::uint64_t count)
{
    return QString::fromStdString(formatCount(static_cast<std::int64_t>(count)));
}

QString bytesText(std::uint64_t bytes)
{
    return QString::fromStdString(formatBytes(static_cast<std::int64_t>(bytes)));
}

QLabel* heading(const char* text)
{
    auto* label = new QLabel(QString::fromUtf8(text));
    label->setFont(Theme::uiFont(13, QFont::DemiBold));
    label->setProperty("role", QStringLiteral("strong"));
    return label;
}

QString lengthText(const Trace& trace, TimeRange range)
{
    const auto length = static_cast<Nanos>(std::min<std::uint64_t>(range.length(), INT64_MAX));
    return trace.timeBase() == TimeBase::NodeOrder ? countText(range.length()) + QStringLiteral(" nodes") : QString::fromStdString(formatDuration(length));
}

/// A page of the dialog: its widgets one below the other.
QWidget* column(std::initializer_list<QWidget*> parts)
{
    auto* widget = new QWidget;
    auto* layout = new QVBoxLayout(widget);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(6);
    for (QWidget* part : parts)
        layout->addWidget(part);
    return widget;
}

} // namespace

ExportDialog::ExportDialog(const Theme& theme, const TraceDocument& document, TimelineModelPtr model, QWidget* parent)
    : QDialog(parent), m_theme(theme), m_trace(document.trace()), m_selected(document.selection().range), m_view(document.visibleRange())
{
    setWindowTitle(QStringLiteral("Export part"));
    setPalette(theme.palette());
    auto* left = new QVBoxLayout;
    left->setSpacing(14);
    left->addWidget(makeWhat(document));
    left->addWidget(makeWith());
    left->addStretch(1);
    auto* right = new QVBoxLayout;
    right->setSpacing(14);
    right->addWidget(makeKept(std::move(model)));
    right->addWidget(makePrivate());
    right->addStretch(1);
    auto* columns = new QHBoxLayout;
    columns->setSpacing(24);
    columns->addLayout(left, 1);
    columns->addLayout(right, 1);
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(16, 14, 16, 14);
    all->setSpacing(12);
    all->addLayout(columns, 1);
    m_targets = new ExportTargets(*m_trace, this); // after what Tab comes to first
    all->addWidget(heading("Save as"));
    all->addWidget(m_targets);
    all->addLayout(makeFoot());
    m_wait.setSingleShot(true);
    m_wait.setInterval(kTypingMs);
    connect(&m_wait, &QTimer::timeout, this, &ExportDialog::count);
    connect(m_targets, &ExportTargets::changed, this, &ExportDialog::showState);
    connect(&m_writing, &Job::progressed, this, [this] {
        const Progress& progress = m_writing.progress();
        const std::uint64_t total = progress.total;
        m_bar->setRange(0, total ? 1000 : 0);
        if (total)
            m_bar->setValue(static_cast<int>(std::min<std::uint64_t>(progress.done, total) * 1000 / total));
    });
    resize(900, 0);
    m_useFilter->setFocus();
    findPrivate();
    count();
}

ExportDialog::~ExportDialog() = default;

QWidget* ExportDialog::makeWhat(const TraceDocument& document)
{
    m_useFilter = new QCheckBox(QStringLiteral("Only what the &filter matches"));
    m_filter = new QLineEdit(QString::fromStdString(document.filter().text()));
    m_filter->setFont(Theme::fixedFont(11));
    m_filter->setPlaceholderText(QStringLiteral("dur > 50us and cat == \"kernel\""));
    m_filter->setAccessibleName(QStringLiteral("Filter"));
    m_filterProblem = new QLabel;
    m_filterProblem->setWordWrap(true);
    m_filterProblem->setTextFormat(Qt::PlainText);
    m_filterProblem->setStyleSheet(QStringLiteral("color: ") + m_theme.err.name());
    m_filterProblem->hide();
    m_useFilter->setChecked(!document.filter().empty());
    m_useTime = new QCheckBox(QStringLiteral("Only a &stretch of time"));
    m_time = new QComboBox;
    m_time->setAccessibleName(QStringLiteral("Which stretch of time"));
    if (m_selected)
        m_time->addItem(QStringLiteral("The selected range, ") + lengthText(*m_trace, *m_selected));
    m_time->addItem(QStringLiteral("What is in view, ") + lengthText(*m_trace, m_view));
    m_useTime->setChecked(m_selected.has_value());
    m_useTracks = new QCheckBox(QStringLiteral("Only these &tracks"));
    m_tracks = new QListWidget;
    m_tracks->setFixedHeight(92);
    m_tracks->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_tracks->setTextElideMode(Qt::ElideRight);
    m_tracks->setAccessibleName(QStringLiteral("Tracks"));
    fillTracks(document);
    for (QCheckBox* tick : {m_useFilter, m_useTime, m_useTracks})
        connect(tick, &QCheckBox::toggled, this, &ExportDialog::changed);
    connect(m_filter, &QLineEdit::textEdited, this, [this] {
        if (m_useFilter->isChecked() == m_filter->text().trimmed().isEmpty())
            m_useFilter->setChecked(!m_filter->text().trimmed().isEmpty()); // says changed() itself
        else
            changed();
    });
    connect(m_time, &QComboBox::activated, this, [this] { m_useTime->isChecked() ? changed() : m_useTime->setChecked(true); });
    connect(m_tracks, &QListWidget::itemChanged, this, [this] { m_useTracks->isChecked() ? changed() : m_useTracks->setChecked(true); });
    return column({heading("What"), m_useFilter, m_filter, m_filterProblem, m_useTime, m_time, m_useTracks, m_tracks});
}

void ExportDialog::fillTracks(const TraceDocument& document)
{
    for (std::size_t i = 0; i < m_trace->tracks().size(); ++i) {
        const TrackId id(i);
        const Track& track = m_trace->track(id);
        if (!track.visible())
            continue;
        auto* item = new QListWidgetItem(displayText(m_trace->trackName(id)) + QStringLiteral("  ·  ") + displayText(m_trace->processName(track.process)));
        item->setData(kTrackId, static_cast<uint>(i));
        item->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsUserCheckable);
        item->setCheckState(document.selection().track == id ? Qt::Checked : Qt::Unchecked);
        m_tracks->addItem(item);
        if (document.selection().track == id)
            m_tracks->setCurrentItem(item);
    }
}

QWidget* ExportDialog::makeWith()
{
    m_links = new QCheckBox(QStringLiteral("With &links: launching calls and operators, annotations"));
    m_links->setToolTip(QStringLiteral("Also both ends of every arrow, so that nothing dangles"));
    m_links->setChecked(true);
    m_parents = new QCheckBox(QStringLiteral("With &parents: all that encloses a kept slice"));
    m_effects = new QCheckBox(QStringLiteral("With what kept operators and calls la&unched"));
    m_clip = new QCheckBox(QStringLiteral("&Cut slices at the edges of the stretch of time"));
    QWidget* page = column({heading("What goes with it"), m_links, m_parents, m_effects, m_clip});
    if (m_trace->executionTrace()) {
        m_producers = new QCheckBox(QStringLiteral("With the &nodes that made the inputs of kept nodes"));
        m_subtrees = new QCheckBox(QStringLiteral("With all nodes &below kept nodes"));
        m_resources = new QCheckBox(QStringLiteral("With captured &data of kept nodes"));
        m_resources->setChecked(true);
        for (QCheckBox* tick : {m_producers, m_subtrees, m_resources})
            page->layout()->addWidget(tick);
    }
    for (QCheckBox* tick : page->findChildren<QCheckBox*>())
        connect(tick, &QCheckBox::toggled, this, &ExportDialog::changed);
    return page;
}

QWidget* ExportDialog::makeKept(TimelineModelPtr model)
{
    m_overview = new ExportOverview(m_theme, std::move(model));
    m_summary = new QLabel;
    m_summary->setWordWrap(true);
    m_summary->setTextFormat(Qt::PlainText);
    m_summary->setProperty("role", QStringLiteral("value"));
    m_summary->setMinimumHeight(52);
    m_summary->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    return column({heading("What is kept"), m_overview, m_summary});
}

QWidget* ExportDialog::makePrivate()
{
    m_redact = new QCheckBox(QStringLiteral("Leave out &host, user, environment"));
    m_redact->setToolTip(QStringLiteral("Names of hosts, users, jobs and folders and values of environment variables are replaced, the same by the same"));
    m_redact->setChecked(true);
    m_showReplacements = new QPushButton(QStringLiteral("What is &replaced"));
    m_showReplacements->setAutoDefault(false);
    m_showReplacements->setCheckable(true);
    m_replacements = new QTreeWidget;
    m_replacements->setHeaderLabels({QStringLiteral("What"), QStringLiteral("Found"), QStringLiteral("Becomes")});
    m_replacements->setRootIsDecorated(false);
    m_replacements->setUniformRowHeights(true);
    m_replacements->setAlternatingRowColors(true);
    m_replacements->setAccessibleName(QStringLiteral("What is replaced"));
    m_replacements->header()->resizeSection(0, 84);
    m_replacements->header()->resizeSection(1, 220);
    m_replacements->setMinimumHeight(132);
    m_replacements->hide();
    auto* row = new QWidget;
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_redact, 1);
    layout->addWidget(m_showReplacements);
    connect(m_showReplacements, &QPushButton::toggled, m_replacements, &QWidget::setVisible);
    connect(m_redact, &QCheckBox::toggled, this, &ExportDialog::showState);
    return column({row, m_replacements});
}

QLayout* ExportDialog::makeFoot()
{
    m_problem = new QLabel;
    m_problem->setWordWrap(true);
    m_problem->setTextFormat(Qt::PlainText);
    m_problem->setStyleSheet(QStringLiteral("color: ") + m_theme.err.name());
    m_problem->setAccessibleName(QStringLiteral("Why it cannot be written"));
    m_bar = new QProgressBar;
    m_bar->setTextVisible(false);
    m_bar->hide();
    m_cancel = new QPushButton(QStringLiteral("Cancel"));
    m_cancel->setAutoDefault(false);
    m_export = new QPushButton(QStringLiteral("&Export"));
    m_export->setDefault(true);
    connect(m_cancel, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_export, &QPushButton::clicked, this, &ExportDialog::write);
    auto* foot = new QHBoxLayout;
    foot->setSpacing(8);
    foot->addWidget(m_problem, 1);
    foot->addWidget(m_bar, 1);
    foot->addWidget(m_cancel);
    foot->addWidget(m_export);
    return foot;
}

ExportWish ExportDialog::wish() const
{
    ExportWish wish;
    const QString filter = m_filter->text().trimmed();
    if (m_useFilter->isChecked() && !filter.isEmpty())
        wish.filter = toUtf8(filter);
    if (m_useTime->isChecked())
        wish.range = m_selected && m_time->currentIndex() == 0 ? *m_selected : m_view;
    if (m_useTracks->isChecked()) {
        wish.tracks.emplace();
        for (int row = 0; row < m_tracks->count(); ++row)
            if (m_tracks->item(row)->checkState() == Qt::Checked)
                wish.tracks->push_back(TrackId(m_tracks->item(row)->data(kTrackId).toUInt()));
    }
    const auto isOn = [](const QCheckBox* tick) { return tick && tick->isChecked(); };
    wish.options = {isOn(m_links), isOn(m_effects), isOn(m_parents), isOn(m_producers), isOn(m_subtrees)};
    return wish;
}

void ExportDialog::changed()
{
    m_counting.cancel();
    m_plan = {};
    m_wait.start();
    say({});
    showState();
}

void ExportDialog::count()
{
    m_wait.stop();
    m_counting.run([trace = m_trace, wish = wish()](const JobControl& job) { return planExport(*trace, wish, job); },
                   [this](Result<ExportPlan> plan) { received(std::move(plan)); });
    showState();
}

void ExportDialog::received(Result<ExportPlan> plan)
{
    m_plan = plan ? std::move(plan).value() : ExportPlan();
    m_overview->setKept(m_plan.subset ? std::optional(m_plan.kept) : std::nullopt);
    m_targets->setSizes(m_plan.subset.get());
    if (!plan && plan.error().code != ErrorCode::Cancelled)
        say(displayText(plan.error().text()));
    showState();
    Q_EMIT counted();
}

void ExportDialog::findPrivate()
{
    m_redacting.run([trace = m_trace](const JobControl&) { return Redactor::of(*trace); },
                    [this](std::shared_ptr<const Redactor> redactor) {
                        m_redactor = std::move(redactor);
                        const auto& list = m_redactor->replacements();
                        for (std::size_t i = 0; i < std::min(list.size(), kShownReplacements); ++i) {
                            auto* item = new QTreeWidgetItem({displayText(list[i].what), displayText(list[i].from), displayText(list[i].to)});
                            item->setToolTip(1, richText(list[i].from));
                            m_replacements->addTopLevelItem(item);
                        }
                        showState();
                        if (std::exchange(m_writeWhenRedacted, false))
                            write();
                    });
}

QString ExportDialog::summary() const { return m_summary->text(); }
QString ExportDialog::problem() const { return m_problem->text(); }

void ExportDialog::showReplacements(bool on)
{
    m_showReplacements->setChecked(on);
}

void ExportDialog::say(const QString& sentence)
{
    m_problem->setText(sentence);
    m_mayReplace.clear();
    m_export->setText(QStringLiteral("&Export"));
}

void ExportDialog::showSummary()
{
    const bool problem = !m_plan.filterProblem.empty();
    m_filterProblem->setVisible(problem);
    if (problem)
        m_filterProblem->setText(displayText(m_plan.filterProblem) + QStringLiteral(" (column %1)").arg(m_plan.problemColumn + 1));
    if (!m_plan.subset) {
        m_summary->setText(problem ? QStringLiteral("–") : QStringLiteral("Counting…"));
        return;
    }
    const Subset& subset = *m_plan.subset;
    std::uint64_t events = 0, bytes = 0, before = 0;
    for (const Subset::OfSource& source : subset.sources) {
        events += source.events;
        bytes += source.estimatedBytes;
    }
    for (const SourceFile& source : m_trace->sources())
        before += source.unpackedBytes;
    if (subset.whole) {
        m_summary->setText(QStringLiteral("Everything: %1 events, %2.").arg(countText(events), bytesText(before)));
        return;
    }
    if (subset.rows.empty()) {
        m_summary->setText(QStringLiteral("Nothing. No event is what was asked for, so there is nothing to write."));
        return;
    }
    QString text = QStringLiteral("%1 matched, %2 added").arg(countText(subset.matched), countText(subset.added));
    text += QStringLiteral(", of %1 in the trace.\n").arg(countText(Matches::all(*m_trace).count()));
    text += QStringLiteral("%1 events to write with names of tracks and ends of arrows.\n").arg(countText(events));
    text += QStringLiteral("%1 before, about %2 after.").arg(bytesText(before), bytesText(bytes));
    m_summary->setText(text);
}

void ExportDialog::showState()
{
    if (!m_plan.subset && !counting()) // nothing known and nothing on its way
        m_overview->setKept(std::nullopt);
    if (!m_plan.subset)
        m_targets->setSizes(nullptr);
    showSummary();
    const std::size_t found = m_redactor ? m_redactor->replacements().size() : 0;
    m_showReplacements->setEnabled(m_redact->isChecked() && found > 0);
    m_showReplacements->setText(!m_redactor ? QStringLiteral("Looking…")
                                : found     ? QStringLiteral("What is &replaced (%1)").arg(countText(found))
                                            : QStringLiteral("Nothing found"));
    const bool busy = m_writing.running() || m_writeWhenRedacted;
    m_clip->setEnabled(m_useTime->isChecked());
    m_bar->setVisible(busy);
    m_problem->setVisible(!busy);
    const bool something = m_plan.subset && (m_plan.subset->whole || !m_plan.subset->rows.empty());
    m_export->setEnabled(!busy && something && !m_targets->chosen().empty());
}

void ExportDialog::write()
{
    const QStringList there = m_targets->existing();
    if (there != m_mayReplace) {
        say(there.isEmpty() ? QString()
                            : displayText(toPath(there.front())) + (there.size() == 1 ? QStringLiteral(" is there already. Replace it?")
                                                                                       : QStringLiteral(" and %1 more are there already. Replace them?").arg(there.size() - 1)));
        m_mayReplace = there;
        if (!there.isEmpty()) {
            m_export->setText(QStringLiteral("&Replace"));
            return;
        }
    }
    if (m_redact->isChecked() && !m_redactor) {
        m_writeWhenRedacted = true;
        return showState();
    }
    ExportOptions options;
    if (m_useTime->isChecked() && m_clip->isChecked())
        options.clip = wish().range;
    options.resources = m_resources && m_resources->isChecked();
    if (m_redact->isChecked())
        options.redactor = m_redactor;
    m_bar->setRange(0, 0);
    m_writing.run([trace = m_trace, subset = m_plan.subset, targets = m_targets->chosen(), options](const JobControl& job) {
        return writeSubset(*trace, *subset, targets, options, job);
    }, [this](Result<ExportReport> report) { written(std::move(report)); });
    showState();
}

void ExportDialog::written(Result<ExportReport> report)
{
    if (!report) {
        say(displayText(report.error().text()));
        return showState();
    }
    QStringList files, parts;
    for (const ExportReport::File& file : report->files) {
        files << fromPath(file.path);
        QString part = QStringLiteral("%1 (%2 events, %3").arg(displayText(file.path), countText(file.events), bytesText(file.packedBytes));
        if (file.redactions)
            part += QStringLiteral(", %1 texts replaced").arg(countText(file.redactions));
        if (file.resources)
            part += QStringLiteral(", %1 captured files").arg(countText(file.resources));
        if (file.leftOut)
            part += QStringLiteral(", %1 that no filter can match left out").arg(countText(file.leftOut));
        parts << part + QLatin1Char(')');
    }
    Q_EMIT exported(QStringLiteral("Written: ") + parts.join(QStringLiteral(" and ")), files);
    QDialog::done(Accepted);
}

void ExportDialog::done(int result)
{
    if (result == Rejected && (m_writing.running() || m_writeWhenRedacted)) {
        m_writing.cancel();
        m_writeWhenRedacted = false;
        say(QStringLiteral("Cancelled."));
        return showState();
    }
    QDialog::done(result);
}

} // namespace opscope
