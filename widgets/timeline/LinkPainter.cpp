#include "widgets/timeline/LinkPainter.h"

#include "widgets/timeline/VectorPainter.h"

#include <QPainterPath>

#include <algorithm>
#include <array>
#include <cmath>

namespace opscope {
namespace {

constexpr double kMain = 2, kDot = 3, kHeadLength = 8, kHeadHalf = 4;
constexpr double kThinAlpha = 0.38;

/// Thin lines of one colour into a premultiplied image. Where they meet the stronger one counts: many that leave one call stay
/// as light as one, which QPainter cannot do, and at a tenth of its price.
class ThinLines
{
public:
    ThinLines(QImage& image, QColor color, double width)
        : m_bits(reinterpret_cast<QRgb*>(image.bits())), m_stride(image.bytesPerLine() / 4), m_width(image.width()),
          m_height(image.height()), m_reach(width / 2)
    {
        for (int i = 0; i < 256; ++i) m_shades[static_cast<std::size_t>(i)] = shade(color, i / 255.0 * kThinAlpha);
    }

    void curve(const LinkCurve& c, QPointF origin, double scale)
    {
        const auto at = [&](double t) { return (c.at(t) - origin) * scale; };
        const double size = std::abs(c.to.x() - c.from.x()) + std::abs(c.to.y() - c.from.y());
        const int steps = std::clamp(static_cast<int>(size * scale / 12), 6, 48);
        QPointF last = at(0);
        for (int i = 1; i <= steps; ++i) {
            const QPointF next = at(static_cast<double>(i) / steps);
            line(last, next);
            last = next;
        }
    }

private:
    static QRgb shade(const QColor& color, double alpha)
    {
        const auto part = [alpha](int value) { return static_cast<int>(std::lround(value * alpha)); };
        return qRgba(part(color.red()), part(color.green()), part(color.blue()), static_cast<int>(std::lround(255 * alpha)));
    }

    /// One step a pixel of the longer axis; across it the pixels that the line touches, by how much.
    void line(QPointF a, QPointF b)
    {
        const double dx = b.x() - a.x(), dy = b.y() - a.y();
        const bool steep = std::abs(dy) >= std::abs(dx);
        const double along = steep ? dy : dx, across = steep ? dx : dy;
        if (std::abs(along) < 1e-9) return;
        const double slope = across / along, shrink = 1 / std::sqrt(1 + slope * slope);
        const double u0 = steep ? a.y() : a.x(), u1 = steep ? b.y() : b.x(), v0 = steep ? a.x() : a.y();
        const int first = static_cast<int>(std::floor(std::min(u0, u1))), last = static_cast<int>(std::floor(std::max(u0, u1)));
        for (int u = std::max(first, 0); u <= std::min(last, (steep ? m_height : m_width) - 1); ++u) {
            const double v = v0 + (std::clamp(u + 0.5, std::min(u0, u1), std::max(u0, u1)) - u0) * slope;
            const double reach = m_reach / shrink + 0.5;
            for (int w = static_cast<int>(std::ceil(v - reach - 0.5)); w <= static_cast<int>(std::floor(v + reach - 0.5)); ++w) {
                const double coverage = std::clamp(m_reach + 0.5 - std::abs(w + 0.5 - v) * shrink, 0.0, 1.0);
                plot(steep ? w : u, steep ? u : w, coverage);
            }
        }
    }

    void plot(int x, int y, double coverage)
    {
        if (x < 0 || x >= m_width || y < 0 || y >= m_height) return;
        const QRgb shade = m_shades[static_cast<std::size_t>(std::lround(coverage * 255))];
        QRgb& pixel = m_bits[y * m_stride + x];
        if (qAlpha(shade) > qAlpha(pixel)) pixel = shade;
    }

    QRgb* m_bits;
    std::ptrdiff_t m_stride;
    int m_width, m_height;
    double m_reach;
    std::array<QRgb, 256> m_shades{};
};

QRectF boundsOf(const LinkCurve& c)
{
    const auto [left, right] = std::minmax({c.from.x(), c.c1.x(), c.c2.x(), c.to.x()});
    const auto [top, bottom] = std::minmax({c.from.y(), c.c1.y(), c.c2.y(), c.to.y()});
    return QRectF(QPointF(left, top), QPointF(right, bottom)).adjusted(-8, -8, 8, 8);
}

QVector<qreal> dashes(LinkStroke stroke) // in widths of the pen
{
    switch (stroke) {
    case LinkStroke::Forward: return {6 / kMain, 4 / kMain};
    case LinkStroke::Sync: return {6 / kMain, 3 / kMain, 1 / kMain, 3 / kMain};
    case LinkStroke::Launch:
    case LinkStroke::Flow: break;
    }
    return {};
}

} // namespace

QColor LinkPainter::color(LinkStroke stroke) const
{
    switch (stroke) {
    case LinkStroke::Launch: return m_theme.linkLaunch;
    case LinkStroke::Forward: return m_theme.linkForward;
    case LinkStroke::Sync:
    case LinkStroke::Flow: break;
    }
    return m_theme.linkSync;
}

void LinkPainter::setScene(const LinkScene& scene, const Theme& theme, double pixelRatio)
{
    m_theme = theme;
    drawThin(scene, pixelRatio);
}

void LinkPainter::drawThin(const LinkScene& scene, double pixelRatio)
{
    QRectF area;
    for (const LinkCurve& c : scene.thin) area |= boundsOf(c);
    if (area.isEmpty()) {
        m_thin = {};
        return;
    }
    const QRect whole = area.toAlignedRect();
    const QSize size(static_cast<int>(std::lround(whole.width() * pixelRatio)), static_cast<int>(std::lround(whole.height() * pixelRatio)));
    if (m_thin.size() != size) m_thin = QImage(size, QImage::Format_ARGB32_Premultiplied);
    m_thin.setDevicePixelRatio(pixelRatio);
    m_thin.fill(0);
    m_thinAt = whole.topLeft();
    ThinLines lines(m_thin, color(scene.thin.front().stroke), pixelRatio);
    for (const LinkCurve& c : scene.thin) lines.curve(c, m_thinAt, pixelRatio);
}

void LinkPainter::paintOutlines(QPainter& painter, const LinkScene& scene) const
{
    painter.setPen(QPen(m_theme.selectionOutline, 1));
    painter.setBrush(Qt::NoBrush);
    for (const QRectF& r : scene.outlines) painter.drawRect(r.toAlignedRect().adjusted(0, 0, -1, -1));
}

void LinkPainter::paint(QPainter& painter, const LinkScene& scene, const QRect& dirty) const
{
    if (scene.empty()) return;
    painter.save();
    if (paintsVectors(painter)) paintThin(painter, scene);
    else if (!m_thin.isNull()) painter.drawImage(m_thinAt, m_thin);
    painter.setRenderHint(QPainter::Antialiasing);
    for (const LinkCurve& c : scene.curves)
        if (boundsOf(c).intersects(dirty)) paintCurve(painter, c);
    if (!scene.nodeLine.isNull()) {
        QPen pen(m_theme.linkNode, kMain, Qt::CustomDashLine, Qt::FlatCap);
        pen.setDashPattern({2 / kMain, 3 / kMain});
        painter.setPen(pen);
        painter.drawLine(scene.nodeLine.topLeft(), scene.nodeLine.topRight());
    }
    for (const LinkLabel& label : scene.labels)
        if (label.box.adjusted(-12, -12, 12, 12).intersects(dirty)) paintLabel(painter, label);
    painter.restore();
}

void LinkPainter::paintThin(QPainter& painter, const LinkScene& scene) const
{
    painter.setBrush(Qt::NoBrush);
    for (const LinkCurve& c : scene.thin) {
        QColor line = color(c.stroke);
        line.setAlphaF(static_cast<float>(kThinAlpha));
        QPainterPath path(c.from);
        path.cubicTo(c.c1, c.c2, c.to);
        painter.strokePath(path, QPen(line, 1));
    }
}

void LinkPainter::paintCurve(QPainter& painter, const LinkCurve& c) const
{
    const QColor line = color(c.stroke);
    // the line ends inside the head, so that its flat end does not stick out of the tip
    QPointF way = c.to - c.c2;
    const double length = std::hypot(way.x(), way.y());
    way = length > 0 ? way / length : QPointF(0, 1);
    const QPointF base = c.to - way * kHeadLength;
    QPainterPath path(c.from);
    path.cubicTo(c.c1, c.c2, c.head ? base + way * 2 : c.to);
    QPen pen(line, kMain, Qt::SolidLine, Qt::FlatCap);
    if (const auto pattern = dashes(c.stroke); !pattern.isEmpty()) pen.setDashPattern(pattern);
    painter.strokePath(path, pen);
    painter.setPen(Qt::NoPen);
    painter.setBrush(line);
    if (c.dot) painter.drawEllipse(c.from, kDot, kDot);
    if (!c.head) return;
    const QPointF side(-way.y() * kHeadHalf, way.x() * kHeadHalf);
    const QPointF head[] = {c.to, base + side, base - side};
    if (c.hollow) {
        painter.setPen(QPen(line, 1.5));
        painter.setBrush(m_theme.canvas);
    }
    painter.drawConvexPolygon(head, 3);
}

void LinkPainter::paintLabel(QPainter& painter, const LinkLabel& label) const
{
    const QColor line = color(label);
    const QRectF box = label.box.adjusted(0.5, 0.5, -0.5, -0.5);
    painter.setPen(QPen(line, 1));
    painter.setBrush(m_theme.canvas);
    painter.drawRoundedRect(box, 2, 2);
    painter.setPen(m_theme.textHi);
    painter.setFont(Theme::uiFont(11));
    painter.drawText(label.box, Qt::AlignCenter, label.text);
    QPointF tip, way; // outwards
    switch (label.edge) {
    case LinkLabel::Edge::None: return;
    case LinkLabel::Edge::Left: tip = {label.box.left() - 9, label.box.center().y()}; way = {-1, 0}; break;
    case LinkLabel::Edge::Right: tip = {label.box.right() + 9, label.box.center().y()}; way = {1, 0}; break;
    case LinkLabel::Edge::Above: tip = {label.box.center().x(), label.box.top() - 9}; way = {0, -1}; break;
    case LinkLabel::Edge::Below: tip = {label.box.center().x(), label.box.bottom() + 9}; way = {0, 1}; break;
    }
    const QPointF side(-way.y() * kHeadHalf, way.x() * kHeadHalf), base = tip - way * 7;
    const QPointF head[] = {tip, base + side, base - side};
    painter.setPen(Qt::NoPen);
    painter.setBrush(line);
    painter.drawConvexPolygon(head, 3);
}

} // namespace opscope
