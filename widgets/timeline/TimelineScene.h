#pragma once

#include "widgets/timeline/TimeScale.h"
#include "widgets/timeline/TimelineLayout.h"
#include "widgets/timeline/TimelineMatches.h"

#include <memory>

namespace opscope {

/// What the parts of a timeline share: owned by TimelineView, borrowed by canvas, ruler, overview and input.
struct TimelineScene
{
    static constexpr int kHeaderMin = 120, kHeaderMax = 360, kHeaderNormal = 192, kHeaderCompact = 164;

    TimelineModelPtr model;                    ///< null: nothing open, or not ready yet
    TimelineState state;
    TimelineLayout layout;
    std::unique_ptr<const SliceColors> colors;
    TimelineMatchesPtr matches;                ///< what stays bright, of this model; null: everything does
    std::vector<SliceId> found;                ///< by the search for a name, sorted: ticks in the overview
    TimeRange visible{0, 1};
    TimeRange full{0, 1};
    int headerWidth = kHeaderNormal;           ///< logical pixels
    int scrollY = 0;                           ///< logical pixels
    int rightMargin = 0;                       ///< of ruler and overview: where the canvas has its scroll bar

    bool ready() const { return model && colors; }
    const Trace& trace() const { return *model->trace; }
    /// For a width of the canvas (without headers) in logical pixels; the scale counts logical pixels.
    TimeScale scale(int canvasWidth) const { return TimeScale(visible, canvasWidth); }
};

} // namespace opscope
