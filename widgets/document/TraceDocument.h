#pragma once

#include <QObject>
#include <QString>

#include "core/query/Query.h"
#include "core/trace/Trace.h"
#include "widgets/document/History.h"
#include "widgets/document/Job.h"
#include "widgets/document/Selection.h"
#include "widgets/document/TraceExtras.h"

#include <functional>

namespace opscope {

/// The one shared state of a window: the trace, the stretch of time in view, the selection, what is searched for.
/// Panels know the document and never each other. UI thread only.
class TraceDocument : public QObject
{
    Q_OBJECT

public:
    /// Milliseconds that never go back: what history calls moments. For tests.
    using Clock = std::function<std::int64_t()>;

    explicit TraceDocument(QObject* parent = nullptr, Clock clock = {});

    const TracePtr& trace() const { return m_trace; }
    /// Replaces the trace (null: nothing open), shows all of it, clears selection, filter and history.
    void setTrace(TracePtr trace);
    /// The files that are open, read again with others: view, selection and history stay wherever the new trace has them, the
    /// filter is asked anew. An empty document takes it as setTrace().
    void rejoin(TracePtr trace);
    QString title() const;              ///< file name(s) without folders

    TimeRange visibleRange() const { return m_visible; }
    /// Clamped to at least 1 ns... and at most the extent with a margin; emits only when it changes.
    void setVisibleRange(TimeRange range);
    void showAll();
    TimeRange fullRange() const;        ///< extent, widened so that it is never empty

    const Selection& selection() const { return m_selection; }
    void setSelection(const Selection& selection);
    void selectSlice(SliceId slice);    ///< fills the track and, where the slice is known to be a node, the node
    void selectInstant(InstantId instant);
    void selectNode(NodeId node);
    /// One tensor on top of the selection; of another node than selectedNode(): that node is selected and brought into sight.
    void selectTensor(TensorId tensor);
    void selectRange(std::optional<TimeRange> range);
    void clearSelection();
    /// Selects and asks every view to bring it into sight with as little movement as needed.
    void reveal(SliceId slice);
    void reveal(InstantId instant);
    void reveal(NodeId node);
    /// The node that the selection is, else that of the operator it works for (a kernel, a runtime call): whose tensors it has.
    NodeId selectedNode() const;
    /// Zooms so that the range fills the view with a margin.
    void frame(TimeRange range);

    const Filter& filter() const { return m_filter; }
    FilterMode filterMode() const { return m_filterMode; }
    /// Takes effect when the worker is done: matchesChanged() follows. An empty filter at once. The last one wins.
    void setFilter(const Filter& filter);
    void setFilterMode(FilterMode mode);
    /// Gives up working out the answer for filter(): the filter before is in force again.
    void cancelFiltering();
    /// What the filter matches, shared and frozen; null: no filter, or the first answer is not there yet.
    const MatchesPtr& matches() const { return m_matches; }
    /// The answer for filter() is still being worked out; matches() are those of the filter before.
    bool filtering() const { return m_filterJob.running(); }
    const Progress& filterProgress() const { return m_filterJob.progress(); }
    /// How many rows a filter can match: what matches()->count() is to be seen beside.
    std::size_t matchable() const;

    /// Views, filters and selections that were, like pages of a browser: steps that follow each other within moments are one.
    bool canGoBack() const { return m_history.canGoBack(); }
    bool canGoForward() const { return m_history.canGoForward(); }
    void goBack();
    void goForward();

    /// Data flow of the trace and resources folder of a node, one for all panels; null until they are ready, see TraceExtras.
    std::shared_ptr<const TensorFlow> tensorFlow() { return m_extras.tensorFlow(); }
    std::shared_ptr<const Resources> resources(NodeId node) { return m_extras.resources(node); }
    /// Wishes to see another panel, by its id in Panels.cpp: panels know the document and never each other.
    void requestPanel(const QString& id) { Q_EMIT panelRequested(id); }

Q_SIGNALS:
    void traceChanged();
    void visibleRangeChanged();
    void selectionChanged();
    void revealRequested();             ///< the selection should be brought into sight
    void tensorFlowReady();
    void resourcesReady();
    void panelRequested(const QString& id);
    void filterChanged();               ///< text or mode
    void matchesChanged();
    void filteringChanged();            ///< filtering()
    void filterProgressed();            ///< about 15 times a second while filtering()
    /// Raw arguments could not be read back; the filter before stays in force: filterChanged() follows.
    void filterFailed(const QString& sentence);
    void historyChanged();
    void announced(const QString& text);///< for the status bar and screen readers

private:
    Selection selectionOf(NodeId node) const;
    TimeRange withinReach(TimeRange range) const;
    void adopt(TracePtr trace);
    void announceTrace(bool hadFilter);
    void runFilter();
    void answered(const Filter& filter, Result<Matches> answer);
    void useFilterBefore(const QString& failure);
    HistoryPlace here() const;
    void note();
    void restore(const HistoryPlace& place);

    TracePtr m_trace;
    TraceExtras m_extras;
    TimeRange m_visible{0, 1};
    Selection m_selection;
    Filter m_filter;
    Filter m_answered;                  ///< whose answer m_matches is
    FilterMode m_filterMode = FilterMode::Dim;
    MatchesPtr m_matches;
    Job m_filterJob;
    History m_history;
    Clock m_clock;
    bool m_restoring = false;           ///< what changes now is no step of its own
};

/// The node that a slice is, else that of the operator that it works for (a kernel, a runtime call).
NodeId nodeBehind(const Trace& trace, SliceId slice);

} // namespace opscope
