#include "widgets/timeline/TimelinePainter.h"

#include "widgets/timeline/TimelineGeometry.h"

#include <QPainter>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace opscope {
void TimelinePainter::setStyle(const Theme& theme, const SliceColors& names, double pixelRatio)
{
    if (m_names != &names) {
        m_labels.clear();
        m_mutedLabels.clear();
    }
    m_theme = theme;
    m_names = &names;
    m_ratio = pixelRatio;
    m_canvas = theme.canvas.rgb();
    m_labels.setFont(Theme::uiFont(11, QFont::Medium), pixelRatio);
    m_mutedLabels.setFont(Theme::uiFont(11), pixelRatio);
}

int TimelinePainter::px(double logical) const { return std::max(1, static_cast<int>(std::lround(logical * m_ratio))); }

bool TimelinePainter::paint(const DrawList& list, const std::vector<int>& lines, QImage& image, Labels labels)
{
    constexpr int kNewLabels = 80; // about 2 ms
    for (LabelCache* cache : {&m_labels, &m_mutedLabels})
        cache->allowNew(labels == Labels::All ? std::numeric_limits<int>::max() : kNewLabels / 2);
    Raster raster(image);
    raster.fill({0, 0, raster.width(), raster.height()}, m_canvas);
    const QRgb soft = m_theme.lineSoft.rgb();
    for (const int x : list.gridLines) raster.fill({x, 0, x + px(1), raster.height()}, soft);
    for (const int y : lines) raster.fill({0, y, raster.width(), y + px(1)}, soft);
    for (const DrawLane& lane : list.lanes)
        for (const DrawRect& rect : list.rectsOf(lane)) paintRect(raster, lane, rect);
    for (const DrawCurve& curve : list.curves) paintCurve(raster, list, curve);
    paintInstants(image, list);
    return !m_labels.missed() && !m_mutedLabels.missed();
}

void TimelinePainter::paintRect(Raster& raster, const DrawLane& lane, const DrawRect& rect)
{
    const PixelBox box{rect.left, lane.top, rect.right, lane.top + lane.height};
    // What is linked to the selection is asked for by name, so a filter does not take it back; of the rest the filter's is brighter.
    const bool lit = !m_lit.empty() && std::ranges::binary_search(m_lit, rect.slice);
    const bool dimmed = (rect.marks & DrawRect::kDimmed) && !lit;
    const bool receding = !dimmed && !lit && !m_lit.empty();
    paintFill(raster, box, rect, dimmed ? kDimShare : receding ? kRecedeShare : 0);
    const QRgb text = dimmed ? m_theme.textDim.rgb() : receding && rect.kind != Fill::Muted ? m_theme.text.rgb() : rect.text;
    if (rect.folded()) {
        if (rect.kind != Fill::Hatch && rect.kind != Fill::Outline) paintNotches(raster, box);
        if (rect.width() >= px(GeometryRules::kCountFrom) && lane.height >= px(GeometryRules::kCountHeight)) {
            const LabelMask* mask = m_labels.countMask(rect.count);
            if (mask && mask->width + px(8) <= rect.width()) paintLabel(raster, box, *mask, text);
        }
    } else if (rect.label.valid()) {
        LabelCache& labels = rect.kind == Fill::Muted ? m_mutedLabels : m_labels;
        if (const LabelMask* mask = labels.mask(rect.label.value, m_names->label(rect.label))) paintLabel(raster, box, *mask, text);
    }
    if (rect.marks & (DrawRect::kCutOff | DrawRect::kRepaired)) paintMarks(raster, box, rect);
}

/// `canvasShare` of 255: how much of the canvas shows through.
void TimelinePainter::paintFill(Raster& raster, PixelBox box, const DrawRect& rect, int canvasShare) const
{
    const QRgb fill = mixed(rect.fill, m_canvas, canvasShare);
    switch (rect.kind) {
    case Fill::Hatch:
        raster.hatch(box, fill, px(5), px(1));
        raster.fill({box.left, box.top, box.left + px(1), box.bottom}, fill);
        return;
    case Fill::Outline:
        if (rect.width() < px(4)) return raster.fill(box, fill);
        raster.blend(box, m_theme.annotationFill.rgb(), m_theme.annotationFill.alpha());
        raster.frame(box, fill, px(1));
        return raster.fill({box.left, box.top, box.left + px(2), box.bottom}, fill);
    case Fill::MemoryFoot:
        raster.fill(box, fill);
        return raster.fill({box.left, box.bottom - px(2), box.right, box.bottom}, mixed(mixed(rect.fill, rect.text, 115), m_canvas, canvasShare));
    case Fill::Rails: {
        const QRgb rail = mixed(m_theme.commRail.rgb(), m_canvas, canvasShare);
        raster.fill(box, fill);
        raster.fill({box.left, box.top, box.right, box.top + px(2)}, rail);
        return raster.fill({box.left, box.bottom - px(2), box.right, box.bottom}, rail);
    }
    case Fill::Solid:
    case Fill::Muted: raster.fill(box, fill);
    }
}

void TimelinePainter::paintNotches(Raster& raster, PixelBox box) const
{
    const int step = px(3);
    const int right = std::min(box.right - 1, raster.width());
    // fixed to the block, so that it looks the same wherever it is panned to
    int x = box.left + step - px(1);
    if (x < 0) x += (-x / step) * step;
    for (; x < right; x += step) raster.fill({x, box.top, x + px(1), box.top + std::min(px(4), (box.bottom - box.top) / 3)}, m_canvas);
}

void TimelinePainter::paintLabel(Raster& raster, PixelBox box, const LabelMask& mask, QRgb color)
{
    // Stays in sight while any of its slice is: it sticks to the left edge of the view.
    const int left = std::max(box.left, 0) + px(5);
    const int room = std::min(box.right, raster.width()) - px(3) - left;
    const int top = box.top + (box.bottom - box.top - mask.height) / 2;
    if (mask.width <= room) return raster.mask({left, top, left + mask.width, top + mask.height}, mask.coverage.data(), mask.width, color);
    const LabelMask& dots = m_labels.ellipsis();
    const auto cut = std::upper_bound(mask.cuts.begin(), mask.cuts.end(), room - dots.width);
    if (cut == mask.cuts.begin()) return; // not even one letter
    const int width = *(cut - 1);
    raster.mask({left, top, left + width, top + mask.height}, mask.coverage.data(), mask.width, color);
    raster.mask({left + width, top, left + width + dots.width, top + dots.height}, dots.coverage.data(), dots.width, color);
}

void TimelinePainter::paintMarks(Raster& raster, PixelBox box, const DrawRect& rect) const
{
    if (rect.width() < px(8)) return;
    if (rect.marks & DrawRect::kCutOff) {
        const int depth = px(4);
        for (int y = box.top; y < box.bottom; ++y) {
            const int bite = std::abs((y - box.top) % (2 * depth) - depth);
            raster.fill({box.right - bite, y, box.right, y + 1}, m_canvas);
        }
    }
    if (rect.marks & DrawRect::kRepaired) {
        const int size = px(5);
        for (int y = 0; y < size; ++y)
            raster.fill({box.left, box.top + y, box.left + size - y, box.top + y + 1}, m_theme.warn.rgb());
    }
}

void TimelinePainter::paintCurve(Raster& raster, const DrawList& list, const DrawCurve& curve) const
{
    const std::array<QColor, 4> kColors{m_theme.linkLaunch, m_theme.accent, m_theme.linkNode, m_theme.linkForward};
    const QRgb full = (curve.isBytes && curve.number == 0 ? m_theme.linkNode : kColors[curve.number % kColors.size()]).rgb();
    const QRgb color = curve.dimmed ? mixed(full, m_canvas, kDimShare) : full;
    const int line = px(1.25);
    int lastY = -1;
    for (std::uint32_t i = 0; i < curve.stepCount; ++i) {
        const DrawStep& step = list.steps[curve.firstStep + i];
        raster.blend({step.left, step.y1, step.right, curve.bottom}, color, 41); // 16 %
        int top = step.y0;
        int bottom = step.y1;
        if (lastY >= 0) { // the riser from the last value
            top = std::min(top, lastY);
            bottom = std::max(bottom, lastY);
        }
        if (bottom > top) raster.fill({step.left, top, step.left + line, bottom + line}, color);
        raster.fill({step.left, step.y0, step.right, step.y0 + line}, color);
        lastY = step.y1;
    }
}

void TimelinePainter::paintInstants(QImage& image, const DrawList& list) const
{
    if (list.instants.empty()) return;
    QPainter painter(&image);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setFont(Theme::uiFont(10, QFont::Medium));
    const double half = 3.5;
    for (const DrawInstant& instant : list.instants) {
        const QPointF at((instant.x + 0.5) / m_ratio, instant.y / m_ratio + half);
        const QPointF shape[] = {at + QPointF(0, -half), at + QPointF(half, 0), at + QPointF(0, half), at + QPointF(-half, 0)};
        painter.setPen(QPen(m_theme.canvas, 1));
        const QColor full = instant.count > 1 ? m_theme.linkLaunch : m_theme.textHi;
        painter.setBrush(instant.dimmed ? QColor(mixed(full.rgb(), m_canvas, kDimShare)) : full);
        painter.drawConvexPolygon(shape, 4);
    }
}

} // namespace opscope
