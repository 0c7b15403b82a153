#include "widgets/document/TraceDocument.h"

#include "core/base/Path.h"
#include "widgets/common/Text.h"
#include "widgets/document/CarryOver.h"

#include <QElapsedTimer>
#include <QScopedValueRollback>
#include <QStringList>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace opscope {

namespace {

using Wide = __int128; // sums of times near the ends of int64 must not wrap

Nanos clampToNanos(Wide t)
{
    return static_cast<Nanos>(std::clamp<Wide>(t, INT64_MIN, INT64_MAX));
}

Wide lengthOf(TimeRange range)
{
    return Wide(range.end) - range.start;
}

/// Moves a window of `length` so that it lies within `bounds`; bounds is at least as long.
TimeRange moveInto(Wide start, Wide length, TimeRange bounds)
{
    start = std::clamp<Wide>(start, bounds.start, Wide(bounds.end) - length);
    return {clampToNanos(start), clampToNanos(start + length)};
}

TimeRange widened(TimeRange range, Wide by)
{
    return {clampToNanos(Wide(range.start) - by), clampToNanos(Wide(range.end) + by)};
}

TraceDocument::Clock sinceNow()
{
    QElapsedTimer timer;
    timer.start();
    return [timer] { return timer.elapsed(); };
}

} // namespace

TraceDocument::TraceDocument(QObject* parent, Clock clock) : QObject(parent), m_clock(clock ? std::move(clock) : sinceNow())
{
    connect(&m_extras, &TraceExtras::tensorFlowReady, this, &TraceDocument::tensorFlowReady);
    connect(&m_extras, &TraceExtras::resourcesReady, this, &TraceDocument::resourcesReady);
    connect(&m_filterJob, &Job::runningChanged, this, &TraceDocument::filteringChanged);
    connect(&m_filterJob, &Job::progressed, this, &TraceDocument::filterProgressed);
}

/// What follows from the trace alone; signals come when the rest stands as well.
void TraceDocument::adopt(TracePtr trace)
{
    m_filterJob.cancel();
    m_trace = std::move(trace);
    m_extras.setTrace(m_trace);
    m_matches.reset(); // rows of the trace before
    m_answered = {};
}

void TraceDocument::announceTrace(bool hadFilter)
{
    Q_EMIT traceChanged();
    Q_EMIT visibleRangeChanged();
    Q_EMIT selectionChanged();
    if (hadFilter) {
        Q_EMIT filterChanged();
        Q_EMIT matchesChanged();
    }
    Q_EMIT historyChanged();
}

void TraceDocument::setTrace(TracePtr trace)
{
    const bool hadFilter = !m_filter.empty();
    adopt(std::move(trace));
    m_filter = {};
    m_selection = {};
    m_visible = fullRange();
    m_history.reset(here());
    const QScopedValueRollback guard(m_restoring, true);
    announceTrace(hadFilter);
}

void TraceDocument::rejoin(TracePtr trace)
{
    if (!m_trace || !trace) return setTrace(std::move(trace));
    const TracePtr old = m_trace;
    const TimeRange oldFull = fullRange();
    const CarryOver carry(*old, *trace);
    adopt(std::move(trace));
    const auto moved = [&](const HistoryPlace& place) {
        HistoryPlace next = place;
        // Who saw everything sees everything; what has no clock in common with the new trace is shown whole.
        const auto view = place.visible == oldFull ? std::nullopt : carry.range(place.visible);
        next.visible = view ? withinReach(*view) : fullRange();
        next.selection = carry.selection(place.selection);
        return next;
    };
    const HistoryPlace now = moved(here());
    m_history.rewrite(moved);
    m_visible = now.visible;
    m_selection = now.selection;
    {
        const QScopedValueRollback guard(m_restoring, true);
        announceTrace(!m_filter.empty());
    }
    if (!m_filter.empty()) runFilter();
    if (m_selection.slice || m_selection.instant || m_selection.node) Q_EMIT revealRequested();
}

QString TraceDocument::title() const
{
    QStringList names;
    if (m_trace) {
        for (const SourceFile& source : m_trace->sources())
            names << displayText(fileName(source.path));
    }
    constexpr qsizetype kMost = 3; // the ranks of a job would fill any title
    if (names.size() > kMost)
        return names.first(kMost - 1).join(QStringLiteral(", ")) + QStringLiteral(" and %1 more").arg(names.size() - kMost + 1);
    return names.join(QStringLiteral(", "));
}

TimeRange TraceDocument::fullRange() const
{
    const TimeRange extent = m_trace ? m_trace->extent() : TimeRange{0, 1};
    if (!extent.empty())
        return extent;
    return extent.start == INT64_MAX ? TimeRange{INT64_MAX - 1, INT64_MAX} : TimeRange{extent.start, extent.start + 1};
}

TimeRange TraceDocument::withinReach(TimeRange range) const
{
    const TimeRange full = fullRange();
    const TimeRange bounds = widened(full, lengthOf(full) / 8 + 1); // so that what begins or ends the trace can be looked past
    const Wide length = std::clamp<Wide>(lengthOf(range), 1, lengthOf(bounds));
    return moveInto(range.start, length, bounds);
}

void TraceDocument::setVisibleRange(TimeRange range)
{
    const TimeRange next = withinReach(range);
    if (next == m_visible)
        return;
    m_visible = next;
    Q_EMIT visibleRangeChanged();
    note();
}

void TraceDocument::showAll()
{
    setVisibleRange(fullRange());
}

void TraceDocument::setSelection(const Selection& selection)
{
    if (selection == m_selection)
        return;
    m_selection = selection;
    Q_EMIT selectionChanged();
    note();
}

void TraceDocument::selectSlice(SliceId slice)
{
    Selection next;
    next.range = m_selection.range;
    if (m_trace && slice.index() < m_trace->slices().size()) {
        next.slice = slice;
        next.track = m_trace->trackOf(slice);
        next.node = m_trace->nodeOf(slice);
    }
    setSelection(next);
}

void TraceDocument::selectInstant(InstantId instant)
{
    Selection next;
    next.range = m_selection.range;
    if (m_trace && instant.index() < m_trace->instants().size()) {
        next.instant = instant;
        next.track = m_trace->trackOf(instant);
    }
    setSelection(next);
}

Selection TraceDocument::selectionOf(NodeId node) const
{
    Selection next;
    next.range = m_selection.range;
    if (m_trace && m_trace->executionTrace() && node.index() < m_trace->executionTrace()->nodes().size()) {
        next.node = node;
        next.slice = m_trace->sliceOf(node);
        if (next.slice)
            next.track = m_trace->trackOf(next.slice);
    }
    return next;
}

void TraceDocument::selectNode(NodeId node)
{
    setSelection(selectionOf(node));
}

NodeId nodeBehind(const Trace& trace, SliceId slice)
{
    if (const NodeId own = trace.nodeOf(slice))
        return own;
    const SliceId op = trace.operatorOf(slice);
    return op ? trace.nodeOf(op) : NodeId();
}

NodeId TraceDocument::selectedNode() const
{
    if (!m_trace || !m_trace->executionTrace())
        return {};
    if (m_selection.node || !m_selection.slice)
        return m_selection.node;
    return nodeBehind(*m_trace, m_selection.slice);
}

void TraceDocument::selectTensor(TensorId tensor)
{
    const ExecutionTrace* et = m_trace ? m_trace->executionTrace() : nullptr;
    if (!et || (tensor && tensor.index() >= et->tensors().size()))
        return;
    const NodeId owner = tensor ? et->nodeOf(tensor) : NodeId();
    if (tensor && !owner)
        return;
    const bool ofHere = !tensor || owner == selectedNode();
    Selection next = ofHere ? m_selection : selectionOf(owner);
    next.tensor = tensor;
    setSelection(next);
    if (!ofHere)
        Q_EMIT revealRequested();
}

void TraceDocument::selectRange(std::optional<TimeRange> range)
{
    Selection next = m_selection;
    next.range = range;
    setSelection(next);
}

void TraceDocument::clearSelection()
{
    setSelection({});
}

void TraceDocument::reveal(SliceId slice)
{
    selectSlice(slice);
    Q_EMIT revealRequested();
}

void TraceDocument::reveal(InstantId instant)
{
    selectInstant(instant);
    Q_EMIT revealRequested();
}

void TraceDocument::reveal(NodeId node)
{
    selectNode(node);
    Q_EMIT revealRequested();
}

void TraceDocument::setFilter(const Filter& filter)
{
    if (!m_trace || filter == m_filter)
        return;
    m_filter = filter;
    Q_EMIT filterChanged();
    note();
    runFilter();
}

void TraceDocument::setFilterMode(FilterMode mode)
{
    if (mode == m_filterMode)
        return;
    m_filterMode = mode;
    Q_EMIT filterChanged();
    note();
}

void TraceDocument::runFilter()
{
    if (m_filter == m_answered) { // back to what is there: nothing to ask
        m_filterJob.cancel();
        return;
    }
    if (m_filter.empty()) {
        m_filterJob.cancel();
        m_answered = {};
        m_matches.reset();
        Q_EMIT matchesChanged();
        return;
    }
    m_filterJob.run([trace = m_trace, filter = m_filter](const JobControl& job) { return runQuery(*trace, filter, job); },
                    [this, filter = m_filter](Result<Matches> answer) { answered(filter, std::move(answer)); });
}

void TraceDocument::answered(const Filter& filter, Result<Matches> answer)
{
    if (!answer)
        return useFilterBefore(answer.error().code == ErrorCode::Cancelled ? QString() : displayText(answer.error().text()));
    m_answered = filter;
    m_matches = std::make_shared<const Matches>(std::move(answer).value());
    Q_EMIT matchesChanged();
}

void TraceDocument::cancelFiltering()
{
    if (!filtering())
        return;
    m_filterJob.cancel();
    useFilterBefore({});
}

/// What never took effect is no step to go back to. `failure`: why, where somebody should know.
void TraceDocument::useFilterBefore(const QString& failure)
{
    m_filter = m_answered;
    m_history.amend(here());
    if (!failure.isEmpty())
        Q_EMIT filterFailed(failure);
    Q_EMIT filterChanged();
    Q_EMIT historyChanged();
}

std::size_t TraceDocument::matchable() const
{
    if (!m_trace)
        return 0;
    const std::size_t rows = m_trace->slices().size() + m_trace->instants().size() + m_trace->counters().size();
    return rows || !m_trace->executionTrace() ? rows : m_trace->executionTrace()->nodes().size();
}

HistoryPlace TraceDocument::here() const
{
    return {m_visible, m_filter, m_filterMode, m_selection};
}

void TraceDocument::note()
{
    if (m_restoring)
        return;
    m_history.note(here(), m_clock());
    Q_EMIT historyChanged();
}

void TraceDocument::goBack()
{
    if (canGoBack())
        restore(HistoryPlace(m_history.back()));
}

void TraceDocument::goForward()
{
    if (canGoForward())
        restore(HistoryPlace(m_history.forward()));
}

void TraceDocument::restore(const HistoryPlace& place)
{
    const QScopedValueRollback guard(m_restoring, true);
    setFilterMode(place.mode);
    setFilter(place.filter);
    setVisibleRange(place.visible);
    setSelection(place.selection);
    Q_EMIT historyChanged();
}

void TraceDocument::frame(TimeRange range)
{
    if (range.end < range.start)
        return;
    setVisibleRange(widened(range, lengthOf(range) / 10 + 1));
}

} // namespace opscope
