#pragma once

#include "widgets/timeline/DrawList.h"
#include "widgets/common/Theme.h"

#include <QRectF>

#include <span>
#include <vector>

class QPainter;

namespace opscope {

/// Whether what is painted on is no pixels: nothing kept as an image may be used then.
bool paintsVectors(const QPainter& painter);

/// Replays a DrawList with QPainter, for pictures that are no pixels: rects stay rects and labels stay text. Writers of SVG know
/// no clipping (Qt before 6.5), so everything is cut to the canvas here. A hundred times slower than TimelinePainter.
class VectorPainter
{
public:
    /// `names`: where labels come from. `lit`: see TimelinePainter::setLit().
    VectorPainter(QPainter& painter, const DrawList& list, double pixelRatio, const Theme& theme, const SliceColors& names, std::span<const SliceId> lit);
    /// With the canvas at the painter's origin. `lines`: y (device pixels) of the lines between bands.
    void paint(const std::vector<int>& lines);

private:
    void rect(const DrawLane& lane, const DrawRect& rect);
    void fill(const QRectF& box, const DrawRect& rect, QRgb fill);
    void hatch(const QRectF& box, QRgb color);
    void label(const QRectF& box, const QString& text, QRgb color, bool muted);
    void curve(const DrawCurve& curve);
    void instant(const DrawInstant& instant);
    void block(double left, double top, double right, double bottom, QRgb color);
    QRectF cut(const QRectF& box) const { return box.intersected(m_canvas); }

    QPainter& m_painter;
    const DrawList& m_list;
    double m_ratio;
    const Theme& m_theme;
    const SliceColors& m_names;
    std::span<const SliceId> m_lit;
    QRectF m_canvas;           ///< logical pixels, as everything that is painted
};

} // namespace opscope
