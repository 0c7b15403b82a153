#pragma once

#include <QObject>
#include <QString>

#include "core/query/Query.h"
#include "core/trace/Trace.h"
#include "widgets/document/Job.h"
#include "widgets/document/Selection.h"
#include "widgets/document/TraceExtras.h"

namespace opscope {

/// What happens to what a filter does not match.
enum class FilterMode : std::uint8_t { Dim, Hide };

/// The one shared state of a window: the trace, the stretch of time in view, the selection, what is searched for.
/// Panels know the document and never each other. UI thread only.
class TraceDocument : public QObject
{
    Q_OBJECT

public:
    explicit TraceDocument(QObject* parent = nullptr);

    const TracePtr& trace() const { return m_trace; }
    /// Replaces the trace (null: nothing open), shows all of it, clears selection and search.
    void setTrace(TracePtr trace);
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
    /// Takes effect when the worker is done: matchesChanged() follows. An empty filter at once.
    void setFilter(const Filter& filter);
    void setFilterMode(FilterMode mode);
    /// What the filter matches, shared and frozen; null: no filter, or the first answer is not there yet.
    const MatchesPtr& matches() const { return m_matches; }
    /// The answer for filter() is still being worked out; matches() are those of the filter before.
    bool filtering() const { return m_filterJob.running(); }
    const Progress& filterProgress() const { return m_filterJob.progress(); }

    /// Views, filters and selections that were, like pages of a browser: steps that follow each other within moments are one.
    bool canGoBack() const;
    bool canGoForward() const;
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
    void filterFailed(const QString& sentence); ///< raw arguments could not be read back; the filter before stays in force
    void historyChanged();
    void announced(const QString& text);///< for the status bar and screen readers

private:
    Selection selectionOf(NodeId node) const;

    TracePtr m_trace;
    TraceExtras m_extras;
    TimeRange m_visible{0, 1};
    Selection m_selection;
    Filter m_filter;
    FilterMode m_filterMode = FilterMode::Dim;
    MatchesPtr m_matches;
    Job m_filterJob;
};

/// The node that a slice is, else that of the operator that it works for (a kernel, a runtime call).
NodeId nodeBehind(const Trace& trace, SliceId slice);

} // namespace opscope
