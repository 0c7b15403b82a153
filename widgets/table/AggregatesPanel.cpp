#include "widgets/table/AggregatesPanel.h"

#include "widgets/common/Parts.h"
#include "widgets/common/Text.h"
#include "widgets/document/TraceDocument.h"
#include "widgets/document/ViewSettings.h"
#include "widgets/table/AggregateFilters.h"
#include "widgets/table/AggregatesModel.h"
#include "widgets/table/AggregatesTable.h"
#include "widgets/table/AggregateWords.h"
#include "widgets/table/OccurrencePane.h"
#include "widgets/table/PopulationBar.h"

#include <QComboBox>
#include <QScrollBar>
#include <QStackedLayout>
#include <QToolButton>

#include <algorithm>

namespace opscope {

namespace {

constexpr std::size_t kAtOnce = 20'000;        // slices; some milliseconds, more goes to a worker
constexpr std::size_t kSortedAtOnce = 20'000;  // rows
constexpr int kDelayMs = 80, kPatienceMs = 300;

/// Nothing says how long a kernel took apart from its total; a host slice has a time of its own and work on devices.
std::bitset<kAggregateColumns> usefulColumns(const Trace& trace, Population population)
{
    std::bitset<kAggregateColumns> useful;
    const auto set = [&](std::initializer_list<AggregateColumn> columns) {
        for (const AggregateColumn column : columns) useful.set(static_cast<std::size_t>(column));
    };
    set({AggregateColumn::Key, AggregateColumn::Second, AggregateColumn::Calls});
    if (trace.timeBase() == TimeBase::NodeOrder) return useful;
    set({AggregateColumn::Total, AggregateColumn::Share, AggregateColumn::Mean, AggregateColumn::Median, AggregateColumn::Max});
    const bool onDevice = population == Population::Kernels || population == Population::DeviceOps || population == Population::Memory;
    if (onDevice) set({AggregateColumn::Min});
    else set({AggregateColumn::Self, AggregateColumn::Device});
    return useful;
}

bool has(const Trace& trace, Population population)
{
    return std::ranges::any_of(trace.categories(), [&](const Category& category) { return category.events && contains(population, category.kind); });
}

} // namespace

AggregatesPanel::AggregatesPanel(TraceDocument& document, ViewSettings& settings, QWidget* parent)
    : QWidget(parent), m_document(document), m_settings(settings)
{
    build();
    m_delay.setSingleShot(true);
    m_delay.setInterval(kDelayMs);
    m_patience.setSingleShot(true);
    m_patience.setInterval(kPatienceMs);
    connect(&m_delay, &QTimer::timeout, this, &AggregatesPanel::compute);
    connect(&m_patience, &QTimer::timeout, this, &AggregatesPanel::showTotals);
    connect(&m_job, &Job::progressed, this, [this] {
        if (!m_patience.isActive()) showTotals();
    });
    connect(&m_document, &TraceDocument::traceChanged, this, &AggregatesPanel::traceChanged);
    connect(&m_document, &TraceDocument::selectionChanged, this, &AggregatesPanel::rangeChanged);
    connect(&m_document, &TraceDocument::visibleRangeChanged, this, &AggregatesPanel::rangeChanged);
    connect(&m_document, &TraceDocument::matchesChanged, this, &AggregatesPanel::later);
    connect(&m_document, &TraceDocument::filterFailed, this, &AggregatesPanel::later);
    connect(&m_settings, &ViewSettings::changed, this, &AggregatesPanel::lookChanged);
    lookChanged();
    traceChanged();
}

bool AggregatesPanel::busy() const
{
    return m_delay.isActive() || m_job.running() || m_sortJob.running() || m_saveJob.running() || m_side->busy();
}

void AggregatesPanel::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    arrange();
    if (m_dirty) compute();
}

void AggregatesPanel::traceChanged()
{
    m_job.cancel();
    m_sortJob.cancel();
    m_model->set(nullptr, m_populations->current()); // nothing may look at the old trace any more
    m_asked = {};
    m_keptRow.clear();
    m_side->show({});
    m_scopeShown.reset();
    choosePopulation();
    fillGroupings();
    m_dirty = true;
    if (isVisible()) compute();
}

/// What people chose stays as long as the trace has any of it.
void AggregatesPanel::choosePopulation()
{
    const TracePtr& trace = m_document.trace();
    if (!trace) return;
    const bool nodes = trace->timeBase() == TimeBase::NodeOrder;
    if (m_chosenByHand && !nodes && has(*trace, m_populations->current())) return;
    m_chosenByHand = false;
    const Population best = nodes                             ? Population::All
                            : has(*trace, Population::Kernels) ? Population::Kernels
                            : has(*trace, Population::Operators) ? Population::Operators
                                                                 : Population::All;
    m_populations->setCurrent(best);
}

void AggregatesPanel::fillGroupings()
{
    const TracePtr& trace = m_document.trace();
    std::vector<std::vector<GroupBy>> choices{{GroupBy::Name}, {GroupBy::ShortName}, {GroupBy::Family}, {GroupBy::Category}, {GroupBy::Track}};
    const bool shapes = trace && (trace->signatures().size() > 0 || trace->executionTrace());
    if (shapes) choices.insert(choices.begin() + 1, {GroupBy::Name, GroupBy::Shapes});
    if (trace && trace->processes().size() > 1) choices.push_back({GroupBy::Process});
    if (trace && has(*trace, Population::DeviceOps)) choices.push_back({GroupBy::Device, GroupBy::Stream});
    if (trace && trace->hasSeveralRanks()) choices.push_back({GroupBy::Rank});
    const QString before = m_grouping->currentText();
    m_groupings = std::move(choices);
    m_grouping->clear();
    for (const auto& by : m_groupings) m_grouping->addItem(titleOf(by));
    m_grouping->setCurrentIndex(std::max(0, m_grouping->findText(before)));
}

std::optional<TimeRange> AggregatesPanel::scope() const
{
    if (m_followsView) return m_document.visibleRange();
    return m_document.selection().range;
}

void AggregatesPanel::setFollowsView(bool follows)
{
    m_followsView = follows;
    rangeChanged();
}

/// Most selections leave the range alone.
void AggregatesPanel::rangeChanged()
{
    if (m_document.trace() && scope() != m_scopeShown) later();
}

void AggregatesPanel::later()
{
    m_dirty = true;
    if (isVisible()) m_delay.start();
}

AggregateAsk AggregatesPanel::ask() const
{
    AggregateAsk ask;
    ask.trace = m_document.trace();
    ask.population = m_populations->current();
    const auto at = static_cast<std::size_t>(std::max(0, m_grouping->currentIndex()));
    if (at < m_groupings.size()) ask.by = m_groupings[at];
    ask.matches = m_document.filter().empty() ? nullptr : m_document.matches();
    ask.filter = m_document.filter().text();
    ask.range = scope();
    const bool noTimes = ask.trace->timeBase() == TimeBase::NodeOrder && isTime(m_sort.column);
    ask.sort = noTimes ? TableOrder{AggregateColumn::Calls, true} : m_sort;
    if (ask.sort.column == AggregateColumn::Second && ask.by.size() < 2) ask.sort = {};
    return ask;
}

void AggregatesPanel::compute()
{
    m_delay.stop();
    m_dirty = false;
    const TracePtr trace = m_document.trace();
    if (!trace) return showMessage(QStringLiteral("No trace is open."));
    if (trace->slices().size() == 0) return showMessage(QStringLiteral("This trace has no slices."));
    m_scopeShown = scope();
    showScope();
    if (!m_document.filter().empty() && (!m_document.matches() || m_document.filtering())) return; // matchesChanged() or filterFailed() comes
    const AggregateAsk asked = ask();
    const auto work = [asked](const JobControl& job) { return answer(asked, job); };
    m_sortJob.cancel();
    if (trace->slices().size() <= kAtOnce) {
        m_job.cancel();
        return received(asked, work({}));
    }
    if (!m_model->answer()) showMessage(QStringLiteral("Adding up …"));
    m_patience.start();
    m_job.run(work, [this, asked](AggregateAnswer answer) { received(asked, std::move(answer)); });
}

void AggregatesPanel::received(const AggregateAsk& asked, AggregateAnswer answer)
{
    m_patience.stop();
    if (answer.trace != m_document.trace() || answer.cancelled) return;
    if (!answer.table) return showMessage(displayText(answer.error));
    const int scrolled = m_table->verticalScrollBar()->value();
    const bool sameKind = m_asked.trace == asked.trace && m_asked.by == asked.by && m_asked.population == asked.population;
    m_asked = asked;
    m_populations->setCounts(answer.counts, answer.exists);
    m_table->setUseful(usefulColumns(*asked.trace, asked.population));
    const auto shared = std::make_shared<const AggregateAnswer>(std::move(answer));
    m_model->set(shared, asked.population);
    showTotals();
    if (shared->table->rows.empty()) {
        m_side->show({});
        return showMessage(emptyText(*shared, asked, m_followsView));
    }
    m_pages->setCurrentIndex(0);
    if (chooseRow() && sameKind) m_table->verticalScrollBar()->setValue(scrolled);
    arrange();
}

/// The row that a person chose, wherever it stands now; else the first: true for the former. What the panel chose by itself is not
/// kept, or the side would show a row that nobody asked for and that may be out of sight.
bool AggregatesPanel::chooseRow()
{
    const std::vector<std::string> kept = m_keptRow;
    const int found = kept.empty() ? -1 : m_model->rowOf(kept);
    m_table->setCurrentIndex(m_model->index(std::max(0, found), 0));
    m_keptRow = kept; // nobody's click
    showRow();
    return found >= 0;
}

void AggregatesPanel::keepRow()
{
    if (const AggregateRow* row = m_model->rowAt(m_table->currentIndex().row())) m_keptRow = row->keys;
}

void AggregatesPanel::showRow()
{
    const int row = m_table->currentIndex().row();
    OccurrencePane::Row shown;
    shown.answer = m_model->answer();
    shown.row = m_model->rowAt(row);
    shown.name = m_model->label(row);
    if (const QString tail = m_model->tail(row); !tail.isEmpty()) shown.name += QStringLiteral(" · ") + tail;
    shown.fullName = m_model->fullName(row);
    shown.fill = m_model->fill(row);
    shown.kind = m_model->fillKind(row);
    m_side->show(std::move(shown));
}

void AggregatesPanel::sort(TableOrder sort)
{
    m_sort = sort;
    const auto answer = m_model->answer();
    if (!answer || m_job.running()) return; // the answer that comes is asked for in another order
    const auto work = [answer, sort](const JobControl&) { return sortedRows(*answer->table, sort); };
    const auto show = [this, answer, sort](std::vector<std::uint32_t> order) {
        if (answer == m_model->answer()) m_model->setOrder(std::move(order), sort);
        m_table->scrollTo(m_table->currentIndex());
    };
    m_sortJob.cancel();
    if (answer->table->rows.size() <= kSortedAtOnce) show(work({}));
    else m_sortJob.run(work, show);
}

void AggregatesPanel::filterTo(int row, bool exclude)
{
    const AggregateRow* chosen = m_model->rowAt(row);
    if (!chosen) return;
    const Filter own = filterFor(m_model->answer()->table->by, *chosen);
    if (own.empty()) return;
    m_document.setFilter(both(m_document.filter(), exclude ? negated(own) : own));
}

QByteArray AggregatesPanel::panelState() const { return m_table->choices(); }

void AggregatesPanel::setPanelState(const QByteArray& state) { m_table->setChoices(state); }

} // namespace opscope
