#pragma once

#include "widgets/document/TraceDocument.h"
#include "widgets/document/ViewSettings.h"
#include "widgets/timeline/TimelineScene.h"

#include <QPixmap>
#include <QWidget>

#include <optional>

namespace opscope {

/// The whole trace on 48 pixels: how busy it is and with what, step names, found slices, and a frame around what the timeline
/// shows. The frame is dragged to move, its edges to resize; dragging elsewhere chooses what is shown, a click centres there.
class Overview : public QWidget
{
    Q_OBJECT

public:
    static constexpr int kHeight = 48;

    Overview(const TimelineScene& scene, const ViewSettings& settings, TraceDocument& document, QWidget* parent = nullptr);
    void invalidate();                         ///< trace, theme, width or found slices changed; the view's frame needs no more than update()
    QRect frameRect() const;                   ///< of the view, at least 10 px wide

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;

private:
    enum class Grip : std::uint8_t { None, Start, End, Inside, Outside };
    int canvasWidth() const { return std::max(1, width() - m_scene.headerWidth - m_scene.rightMargin); }
    TimeScale scale() const { return TimeScale(m_scene.full, canvasWidth()); }
    int xOf(Nanos t) const;
    Nanos timeAt(int x) const { return scale().timeAt(x - m_scene.headerWidth); }
    Grip gripAt(QPoint at) const;
    void renderStrips();
    void paintStrips(QPainter& painter);
    void paintStrip(QPainter& painter, const OverviewData::Strip& strip, int bottom, int height, double alpha);
    void paintSteps(QPainter& painter);
    void paintMatches(QPainter& painter);
    void paintFirstCell(QPainter& painter);
    void paintFrame(QPainter& painter);

    const TimelineScene& m_scene;
    const ViewSettings& m_settings;
    TraceDocument& m_document;
    QPixmap m_strips;
    Grip m_grip = Grip::None;
    Nanos m_pressTime = 0;
    TimeRange m_pressView;
    int m_pressX = 0;
};

} // namespace opscope
