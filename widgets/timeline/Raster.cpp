#include "widgets/timeline/Raster.h"

#include <algorithm>

namespace opscope {

PixelBox Raster::clipped(PixelBox box) const
{
    return {std::max(box.left, 0), std::max(box.top, 0), std::min(box.right, m_width), std::min(box.bottom, m_height)};
}

void Raster::fill(PixelBox box, QRgb color)
{
    box = clipped(box);
    if (box.empty()) return;
    color |= 0xFF000000u;
    for (int y = box.top; y < box.bottom; ++y) {
        QRgb* const begin = line(y);
        std::fill(begin + box.left, begin + box.right, color);
    }
}

void Raster::blend(PixelBox box, QRgb color, int alpha)
{
    box = clipped(box);
    for (int y = box.top; y < box.bottom; ++y) {
        QRgb* const begin = line(y);
        for (int x = box.left; x < box.right; ++x) begin[x] = mixed(begin[x], color, alpha);
    }
}

void Raster::frame(PixelBox box, QRgb color, int thickness)
{
    fill({box.left, box.top, box.right, box.top + thickness}, color);
    fill({box.left, box.bottom - thickness, box.right, box.bottom}, color);
    fill({box.left, box.top, box.left + thickness, box.bottom}, color);
    fill({box.right - thickness, box.top, box.right, box.bottom}, color);
}

void Raster::hatch(PixelBox box, QRgb color, int period, int thickness)
{
    box = clipped(box);
    for (int y = box.top; y < box.bottom; ++y) {
        QRgb* const begin = line(y);
        for (int x = box.left + (period - (box.left + y) % period) % period; x < box.right; x += period)
            for (int i = 0; i < thickness && x + i < box.right; ++i) begin[x + i] = color;
    }
}

void Raster::mask(PixelBox box, const std::uint8_t* mask, int stride, QRgb color)
{
    const PixelBox inside = clipped(box);
    for (int y = inside.top; y < inside.bottom; ++y) {
        QRgb* const begin = line(y);
        const std::uint8_t* const coverage = mask + (y - box.top) * stride - box.left;
        for (int x = inside.left; x < inside.right; ++x)
            if (const int alpha = coverage[x]) begin[x] = mixed(begin[x], color, alpha);
    }
}

} // namespace opscope
