#include "widgets/document/TraceDocument.h"

#include "widgets/common/Text.h"

#include <QStringList>

#include <algorithm>
#include <cstdint>

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

} // namespace

TraceDocument::TraceDocument(QObject* parent) : QObject(parent)
{
    connect(&m_extras, &TraceExtras::tensorFlowReady, this, &TraceDocument::tensorFlowReady);
    connect(&m_extras, &TraceExtras::resourcesReady, this, &TraceDocument::resourcesReady);
}

void TraceDocument::setTrace(TracePtr trace)
{
    m_trace = std::move(trace);
    m_extras.setTrace(m_trace);
    m_selection = {};
    m_visible = fullRange();
    Q_EMIT traceChanged();
    Q_EMIT visibleRangeChanged();
    Q_EMIT selectionChanged();
}

QString TraceDocument::title() const
{
    QStringList names;
    if (m_trace) {
        for (const SourceFile& source : m_trace->sources())
            names << displayText(std::string_view(source.path).substr(source.path.find_last_of('/') + 1));
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

void TraceDocument::setVisibleRange(TimeRange range)
{
    const TimeRange full = fullRange();
    const TimeRange bounds = widened(full, lengthOf(full) / 8 + 1); // so that what begins or ends the trace can be looked past
    const Wide length = std::clamp<Wide>(lengthOf(range), 1, lengthOf(bounds));
    const TimeRange next = moveInto(range.start, length, bounds);
    if (next == m_visible)
        return;
    m_visible = next;
    Q_EMIT visibleRangeChanged();
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

void TraceDocument::frame(TimeRange range)
{
    if (range.end < range.start)
        return;
    setVisibleRange(widened(range, lengthOf(range) / 10 + 1));
}

} // namespace opscope
