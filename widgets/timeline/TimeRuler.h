#pragma once

#include "widgets/document/TraceDocument.h"
#include "widgets/document/ViewSettings.h"
#include "widgets/timeline/TimelineScene.h"

#include <QWidget>

#include <optional>

namespace opscope {

/// Start and length of the view, ticks, the time under the pointer, and the chosen range with its length and two handles.
/// Dragging in it chooses a range; dragging a handle moves that edge.
class TimeRuler : public QWidget
{
    Q_OBJECT

public:
    static constexpr int kHeight = 26;

    TimeRuler(const TimelineScene& scene, const ViewSettings& settings, TraceDocument& document, QWidget* parent = nullptr);
    void setCursorX(std::optional<int> x);     ///< pixels of this widget (its left edge is that of the canvas)

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;

private:
    int canvasWidth() const { return std::max(1, width() - m_scene.headerWidth - m_scene.rightMargin); }
    TimeScale scale() const { return m_scene.scale(canvasWidth()); }
    int xOf(Nanos t) const;
    Nanos timeAt(int x) const { return scale().timeAt(x - m_scene.headerWidth); }
    void paintFirstCell(QPainter& painter);
    void paintTicks(QPainter& painter, const std::vector<QRect>& taken);
    void paintBubble(QPainter& painter, const QRect& box, const QString& text, const QColor& fill, const QColor& ink);
    QRect boxAround(int x, const QString& text) const;
    int handleAt(int x) const;                 ///< 0 start, 1 end, -1 none

    const TimelineScene& m_scene;
    const ViewSettings& m_settings;
    TraceDocument& m_document;
    std::optional<int> m_cursorX;
    std::optional<Nanos> m_anchor;             ///< the edge that stays while the other is dragged
};

} // namespace opscope
