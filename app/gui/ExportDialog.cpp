#include "app/gui/ExportDialog.h"

#include "app/gui/ExportOverview.h"
#include "app/gui/ExportTargets.h"
#include "app/gui/LoadFiles.h"
#include "widgets/common/Text.h"
#include "widgets/document/TraceDocument.h"

#include <QCheckBox>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QProgressBar>
#include <QPushButton>
#include <QTreeWidget>

#include <algorithm>
#include <utility>

namespace opscope {
namespace {

constexpr std::size_t kShownReplacements = 2000;

QString countText(std::uint64_t count)
{
    return QString::fromStdString(formatCount(static_cast<std::int64_t>(count)));
}

QString bytesText(std::uint64_t bytes)
{
    return QString::fromStdString(formatBytes(static_cast<std::int64_t>(bytes)));
}

} // namespace

ExportDialog::~ExportDialog() = default;

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
    const QString things = m_trace->timeBase() == TimeBase::NodeOrder ? QStringLiteral("nodes") : QStringLiteral("events");
    if (subset.whole) {
        m_summary->setText(QStringLiteral("Everything: %1 %2, %3.").arg(countText(events), things, bytesText(before)));
        return;
    }
    if (subset.rows.empty()) {
        m_summary->setText(QStringLiteral("Nothing. No event is what was asked for, so there is nothing to write."));
        return;
    }
    QString text = QStringLiteral("%1 matched, %2 added").arg(countText(subset.matched), countText(subset.added));
    text += QStringLiteral(", of %1 in the trace.\n").arg(countText(Matches::all(*m_trace).count()));
    text += m_trace->timeBase() == TimeBase::NodeOrder
        ? QStringLiteral("%1 nodes to write with those that enclose them.\n").arg(countText(events))
        : QStringLiteral("%1 events to write with names of tracks and ends of arrows.\n").arg(countText(events));
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
