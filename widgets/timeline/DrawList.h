#pragma once

#include "core/base/Id.h"
#include "core/base/Time.h"
#include "widgets/common/SliceColors.h"

#include <cstdint>
#include <span>
#include <vector>

namespace opscope {

/// What stands on the canvas, in device pixels from its top left corner: the value between deciding and painting.
struct DrawRect
{
    enum Mark : std::uint8_t {
        kCutOff = 1,             ///< its end is not in the file: saw edge
        kRepaired = 2,           ///< by us: corner in the colour of warnings
        kDimmed = 4
    };

    std::int32_t left = 0;           ///< clipped to just outside the view
    std::int32_t right = 0;          ///< behind the last pixel
    SliceId slice;                   ///< of a folded run the longest; of a bright one the longest that matches
    std::uint32_t count = 1;         ///< slices in it; above 1: a folded run
    StringId label;                  ///< none: no room
    QRgb fill = 0;
    QRgb text = 0;
    Fill kind = Fill::Solid;
    std::uint8_t marks = 0;
    bool folded() const { return count > 1; }
    int width() const { return right - left; }
};

/// The rects of one row, from left to right, not overlapping.
struct DrawLane
{
    std::int32_t top = 0;            ///< of its slices
    std::int32_t height = 0;
    std::uint32_t row = 0;           ///< of TimelineLayout::rows
    std::uint32_t firstRect = 0;
    std::uint32_t rectCount = 0;
};

/// One stretch of a step curve: over [left, right) the values between y0 (higher up) and y1 were reached.
struct DrawStep
{
    std::int32_t left = 0, right = 0;
    std::int32_t y0 = 0, y1 = 0;     ///< device pixels; the same while the value holds
};

struct DrawCurve
{
    std::int32_t top = 0, bottom = 0;
    std::uint32_t firstStep = 0, stepCount = 0;
    SeriesId series;
    std::uint32_t number = 0;        ///< within its band: which colour
    double maxInView = 0;
    std::uint32_t band = 0;
    bool isBytes = false;
    bool dimmed = false;             ///< no value of it matches
};

struct DrawInstant
{
    std::int32_t x = 0, y = 0;       ///< centre
    std::uint32_t count = 1;
    InstantId first;
    bool dimmed = false;
};

struct DrawList
{
    std::vector<DrawLane> lanes;
    std::vector<DrawRect> rects;
    std::vector<DrawCurve> curves;
    std::vector<DrawStep> steps;
    std::vector<DrawInstant> instants;
    std::vector<std::int32_t> gridLines;  ///< x of labelled ticks
    int width = 0, height = 0;

    std::span<const DrawRect> rectsOf(const DrawLane& lane) const
    {
        return std::span(rects).subspan(lane.firstRect, lane.rectCount);
    }
    void clear()
    {
        lanes.clear(); rects.clear(); curves.clear(); steps.clear(); instants.clear(); gridLines.clear();
    }
};

} // namespace opscope
