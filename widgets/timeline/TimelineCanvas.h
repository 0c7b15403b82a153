#pragma once

#include "widgets/document/ViewSettings.h" // first: moc of Qt 6.4 fails on <concepts> when nothing of Qt came before it
#include "widgets/document/Selection.h"
#include "widgets/timeline/LinkFocus.h"
#include "widgets/timeline/LinkPainter.h"
#include "widgets/timeline/LinkScene.h"
#include "widgets/timeline/TimelineGeometry.h"
#include "widgets/timeline/TimelinePainter.h"
#include "widgets/timeline/TimelineScene.h"
#include "widgets/timeline/TrackHeaders.h"

#include <QElapsedTimer>
#include <QImage>
#include <QTimer>
#include <QWidget>

#include <optional>
#include <vector>

namespace opscope {

/// What lies under the pointer.
struct CanvasHit
{
    enum Kind : std::uint8_t { Nothing, Slice, Run, Instant, Curve, Header, Splitter, Link };
    Kind kind = Nothing;
    QRect rect;                  ///< of the slice, run or label, in widget pixels
    SliceId slice;               ///< of a run the longest; of a link's label where it leads
    NodeId node;                 ///< of a link's label that leads to a node
    std::uint32_t count = 0;
    InstantId instant;
    SeriesId series;
    TimeRange range;             ///< what a run covers
    HeaderHit header;
    friend bool operator==(const CanvasHit&, const CanvasHit&) = default;
};

/// Draws the rows of the scene. The picture is kept: hover, selection, range and cursor are drawn over it and never make
/// geometry anew. Knows nothing of mouse and keys (TimelineInput).
class TimelineCanvas : public QWidget
{
    Q_OBJECT

public:
    TimelineCanvas(const TimelineScene& scene, const ViewSettings& settings, QWidget* parent = nullptr);

    /// Scale, scroll, layout or colours changed.
    void invalidate();
    /// The same, and rows came or went.
    void layoutChanged();
    void setHover(const CanvasHit& hit);
    void setSelection(const Selection& selection);
    void setCursorX(std::optional<int> x);       ///< widget pixels
    const CanvasHit& hover() const { return m_hover; }
    std::optional<int> cursorX() const { return m_cursorX; }

    CanvasHit hitAt(QPoint at);
    /// Where a slice is drawn in widget pixels, though it may be folded into a run; null when its row is not shown.
    QRect rectOf(SliceId slice) const;
    /// The slice edge nearest to widget x within `reach` pixels, of the row at `at` first, else of any row in view.
    std::optional<Nanos> edgeNear(QPoint at, int reach);

    int canvasWidth() const { return std::max(1, width() - m_scene.headerWidth); }
    TimeScale scale() const { return m_scene.scale(canvasWidth()); }
    int xOf(Nanos t) const;                      ///< widget pixels, clamped to just outside the widget
    Nanos timeAt(int x) const { return scale().timeAt(x - m_scene.headerWidth); }
    /// Makes geometry and picture if they are out of date; the frame whose cost is measured. In quick succession labels never
    /// seen before may come a frame later.
    void renderFrame();
    /// The next frame has every label at once, however long that takes.
    void wantComplete() { m_sinceFrame.invalidate(); }
    const DrawList& drawList();
    /// Arrows and labels of the selection as they stand now; empty while links are not shown.
    const LinkScene& linkScene();

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

private:
    void buildGeometry();
    std::vector<int> bandLines() const;
    void paintVectors(QPainter& painter);
    void paintOverlay(QPainter& painter);
    void paintSelection(QPainter& painter);
    void paintLinks(QPainter& painter, const QRect& dirty);
    bool updateLinks();               ///< says whether the picture changes
    bool linksShown() const { return m_settings.showLinks() && !m_focus.empty(); }
    void paintRange(QPainter& painter, TimeRange range);
    const DrawRect* rectAt(QPoint at, const DrawLane** lane);
    QRect logical(const DrawLane& lane, const DrawRect& rect) const;
    QRect overlayRect(const CanvasHit& hit) const { return hit.rect.adjusted(-4, -4, 4, 4); }

    const TimelineScene& m_scene;
    const ViewSettings& m_settings;
    TimelinePainter m_painter;
    DrawList m_list;
    QImage m_image;
    bool m_geometryDirty = true;
    bool m_imageDirty = true;
    bool m_focusRing = false;
    QElapsedTimer m_sinceFrame;
    QTimer m_complete;                           ///< paints the labels that had to wait
    CanvasHit m_hover;
    Selection m_selection;
    QRect m_selectionRect;
    std::optional<int> m_cursorX;
    LinkFocus m_focus;                           ///< of m_selection.slice, in m_focusTrace
    TracePtr m_focusTrace;
    std::optional<LinkRows> m_linkRows;          ///< for the layout as it is
    LinkScene m_linkScene;
    LinkPainter m_linkPainter;
    bool m_linkSceneDirty = true;
};

} // namespace opscope
