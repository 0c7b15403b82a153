#pragma once

#include "widgets/timeline/DrawList.h"
#include "widgets/timeline/TimelineLayout.h"
#include "widgets/timeline/TimelineMatches.h"
#include "widgets/timeline/TimeScale.h"

namespace opscope {

/// Everything that decides what is drawn where. Borrowed for the length of the call.
struct GeometryInput
{
    const TimelineModel& model;
    const TimelineLayout& layout;
    const SliceColors& colors;
    TimeScale scale;                 ///< its width is the canvas in device pixels
    double pixelRatio = 1;           ///< device pixels per logical one
    int scrollY = 0;                 ///< logical pixels
    int viewHeight = 0;              ///< logical pixels
    const TimelineMatches* matches = nullptr; ///< of the same model; when given, everything else is dimmed
};

/// Pure: what look.md section 6 wants to be seen of (trace, layout, scale). Work grows with the pixels of the view, not with
/// the slices of the trace. `list` is overwritten; handing in the last one saves allocations.
void buildDrawList(const GeometryInput& input, DrawList& list);
DrawList buildDrawList(const GeometryInput& input);

/// Sizes in logical pixels.
struct GeometryRules
{
    static constexpr double kMinWidth = 1.5;     ///< nothing is drawn narrower
    static constexpr double kFoldBelow = 3.0;    ///< slices narrower than this fold with neighbours
    static constexpr double kFoldGap = 1.6;      ///< ... that are nearer than this
    static constexpr double kHueCell = 4.0;      ///< how finely a folded run follows the hue of what is in it
    static constexpr double kGapFrom = 4.0;      ///< from this width 1 px is left free on the right
    static constexpr double kLabelFrom = 26.0;
    static constexpr double kCountFrom = 30.0;   ///< a folded run says how many it is
    static constexpr double kCountHeight = 12.0; ///< ... where its row is at least so high
    static constexpr double kInstantsMerge = 7.0;
    static constexpr double kTickLabels = 110.0;
};

} // namespace opscope
