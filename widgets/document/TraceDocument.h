#pragma once

#include "core/trace/Trace.h"
#include "widgets/document/Selection.h"

#include <QObject>
#include <QString>

namespace opscope {

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
    void selectSlice(SliceId slice);    ///< fills track and, in node order, the node
    void selectInstant(InstantId instant);
    void selectNode(NodeId node);
    void selectRange(std::optional<TimeRange> range);
    void clearSelection();
    /// Selects and asks every view to bring it into sight with as little movement as needed.
    void reveal(SliceId slice);
    void reveal(InstantId instant);
    void reveal(NodeId node);
    /// Zooms so that the range fills the view with a margin.
    void frame(TimeRange range);

Q_SIGNALS:
    void traceChanged();
    void visibleRangeChanged();
    void selectionChanged();
    void revealRequested();             ///< the selection should be brought into sight
    void announced(const QString& text);///< for the status bar and screen readers

private:
    TracePtr m_trace;
    TimeRange m_visible{0, 1};
    Selection m_selection;
};

} // namespace opscope
