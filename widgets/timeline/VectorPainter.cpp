#include "widgets/timeline/VectorPainter.h"

#include "widgets/common/Text.h"
#include "widgets/timeline/Raster.h"
#include "widgets/timeline/TimelineGeometry.h"
#include "widgets/timeline/TimelinePainter.h"

#include <QPaintEngine>
#include <QPainter>

#include <algorithm>
#include <array>

namespace opscope {

bool paintsVectors(const QPainter& painter)
{
    return painter.paintEngine() && painter.paintEngine()->type() == QPaintEngine::SVG;
}

VectorPainter::VectorPainter(QPainter& painter, const DrawList& list, double pixelRatio, const Theme& theme, const SliceColors& names, std::span<const SliceId> lit)
    : m_painter(painter), m_list(list), m_ratio(pixelRatio), m_theme(theme), m_names(names), m_lit(lit),
      m_canvas(0, 0, list.width / pixelRatio, list.height / pixelRatio)
{
}

void VectorPainter::paint(const std::vector<int>& lines)
{
    m_painter.setPen(Qt::NoPen);
    block(0, 0, m_canvas.right(), m_canvas.bottom(), m_theme.canvas.rgb());
    for (const int x : m_list.gridLines) block(x / m_ratio, 0, x / m_ratio + 1, m_canvas.bottom(), m_theme.lineSoft.rgb());
    for (const int y : lines) block(0, y / m_ratio, m_canvas.right(), y / m_ratio + 1, m_theme.lineSoft.rgb());
    for (const DrawLane& lane : m_list.lanes)
        for (const DrawRect& one : m_list.rectsOf(lane)) rect(lane, one);
    for (const DrawCurve& one : m_list.curves) curve(one);
    for (const DrawInstant& one : m_list.instants) instant(one);
}

void VectorPainter::block(double left, double top, double right, double bottom, QRgb color)
{
    const QRectF box = cut(QRectF(QPointF(left, top), QPointF(right, bottom)));
    if (box.isEmpty()) return;
    m_painter.setBrush(QColor(color));
    m_painter.drawRect(box);
}

void VectorPainter::rect(const DrawLane& lane, const DrawRect& rect)
{
    const QRectF box = cut(QRectF(QPointF(rect.left, lane.top) / m_ratio, QPointF(rect.right, lane.top + lane.height) / m_ratio));
    if (box.isEmpty()) return;
    const bool dimmed = rect.marks & DrawRect::kDimmed;
    const bool receding = !dimmed && !m_lit.empty() && !std::ranges::binary_search(m_lit, rect.slice);
    const int share = dimmed ? TimelinePainter::kDimShare : receding ? TimelinePainter::kRecedeShare : 0;
    fill(box, rect, mixed(rect.fill, m_theme.canvas.rgb(), share));
    const QRgb text = dimmed ? m_theme.textDim.rgb() : receding && rect.kind != Fill::Muted ? m_theme.text.rgb() : rect.text;
    if (rect.folded()) {
        if (rect.kind != Fill::Hatch && rect.kind != Fill::Outline)
            for (double x = rect.left / m_ratio + 2; x < box.right() - 1; x += 3)
                if (x >= 0) block(x, box.top(), x + 1, box.top() + std::min(4.0, box.height() / 3), m_theme.canvas.rgb());
        if (box.width() >= GeometryRules::kCountFrom && lane.height >= GeometryRules::kCountHeight * m_ratio) label(box, QStringLiteral("×%1").arg(rect.count), text, false);
    } else if (rect.label.valid()) {
        label(box, m_names.label(rect.label), text, rect.kind == Fill::Muted);
    }
    if ((rect.marks & DrawRect::kRepaired) && box.width() >= 8) {
        const QPointF corner[] = {box.topLeft(), box.topLeft() + QPointF(5, 0), box.topLeft() + QPointF(0, 5)};
        m_painter.setBrush(m_theme.warn);
        m_painter.drawConvexPolygon(corner, 3);
    }
    if ((rect.marks & DrawRect::kCutOff) && box.width() >= 8) {
        m_painter.setBrush(m_theme.canvas);
        for (double y = box.top(); y < box.bottom(); y += 8) {
            const QPointF tooth[] = {QPointF(box.right(), y), QPointF(box.right() - 4, y), QPointF(box.right(), std::min(y + 4, box.bottom()))};
            m_painter.drawConvexPolygon(tooth, 3);
        }
    }
}

void VectorPainter::fill(const QRectF& box, const DrawRect& rect, QRgb fill)
{
    switch (rect.kind) {
    case Fill::Hatch: return hatch(box, fill);
    case Fill::Outline: {
        if (box.width() < 4) return block(box.left(), box.top(), box.right(), box.bottom(), fill);
        m_painter.setBrush(m_theme.annotationFill);
        m_painter.setPen(QPen(QColor(fill), 1));
        m_painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5));
        m_painter.setPen(Qt::NoPen);
        return block(box.left(), box.top(), box.left() + 2, box.bottom(), fill);
    }
    case Fill::MemoryFoot:
        block(box.left(), box.top(), box.right(), box.bottom(), fill);
        return block(box.left(), box.bottom() - 2, box.right(), box.bottom(), mixed(fill, rect.text, 115));
    case Fill::Rails:
        block(box.left(), box.top(), box.right(), box.bottom(), fill);
        block(box.left(), box.top(), box.right(), box.top() + 2, m_theme.commRail.rgb());
        return block(box.left(), box.bottom() - 2, box.right(), box.bottom(), m_theme.commRail.rgb());
    case Fill::Solid:
    case Fill::Muted: block(box.left(), box.top(), box.right(), box.bottom(), fill);
    }
}

/// Lines at 45° every 5 px, each cut to the box by hand.
void VectorPainter::hatch(const QRectF& box, QRgb color)
{
    m_painter.setPen(QPen(QColor(color), 1));
    std::vector<QLineF> lines;
    // On one line x + y is the same.
    for (double sum = box.left() + box.top() + 5; sum < box.right() + box.bottom(); sum += 5) {
        const double left = std::max(box.left(), sum - box.bottom()), right = std::min(box.right(), sum - box.top());
        if (left < right) lines.emplace_back(left, sum - left, right, sum - right);
    }
    m_painter.drawLines(lines.data(), static_cast<int>(lines.size()));
    m_painter.setPen(Qt::NoPen);
    block(box.left(), box.top(), box.left() + 1, box.bottom(), color);
}

void VectorPainter::label(const QRectF& box, const QString& text, QRgb color, bool muted)
{
    const QFont font = Theme::uiFont(11, muted ? QFont::Normal : QFont::Medium);
    const int room = static_cast<int>(box.width()) - 8;
    const QString shown = room > 6 ? elided(text, font, room) : QString();
    if (shown.isEmpty()) return;
    m_painter.setFont(font);
    m_painter.setPen(QColor(color));
    const QFontMetricsF metrics(font);
    m_painter.drawText(QPointF(box.left() + 5, box.center().y() + (metrics.ascent() - metrics.descent()) / 2), shown);
    m_painter.setPen(Qt::NoPen);
}

void VectorPainter::curve(const DrawCurve& curve)
{
    const std::array<QColor, 4> kColors{m_theme.linkLaunch, m_theme.accent, m_theme.linkNode, m_theme.linkForward};
    const QColor color = curve.isBytes && curve.number == 0 ? m_theme.linkNode : kColors[curve.number % kColors.size()];
    QPolygonF line, area;
    for (std::uint32_t i = 0; i < curve.stepCount; ++i) {
        const DrawStep& step = m_list.steps[curve.firstStep + i];
        const double left = std::clamp<double>(step.left, 0, m_list.width) / m_ratio, right = std::clamp<double>(step.right, 0, m_list.width) / m_ratio;
        if (step.y0 != step.y1) line << QPointF(left, step.y0 / m_ratio);
        line << QPointF(left, step.y1 / m_ratio) << QPointF(right, step.y1 / m_ratio);
    }
    if (line.isEmpty()) return;
    area = line;
    area << QPointF(line.last().x(), curve.bottom / m_ratio) << QPointF(line.first().x(), curve.bottom / m_ratio);
    QColor wash = color;
    wash.setAlphaF(0.16f);
    m_painter.setBrush(wash);
    m_painter.drawPolygon(area);
    m_painter.setBrush(Qt::NoBrush);
    m_painter.setPen(QPen(color, 1.25));
    m_painter.drawPolyline(line);
    m_painter.setPen(Qt::NoPen);
}

void VectorPainter::instant(const DrawInstant& instant)
{
    const double half = 3.5;
    const QPointF at((instant.x + 0.5) / m_ratio, instant.y / m_ratio + half);
    if (!m_canvas.contains(at)) return;
    const QPointF shape[] = {at + QPointF(0, -half), at + QPointF(half, 0), at + QPointF(0, half), at + QPointF(-half, 0)};
    m_painter.setBrush(instant.count > 1 ? m_theme.linkLaunch : m_theme.textHi);
    m_painter.drawConvexPolygon(shape, 4);
}

} // namespace opscope
