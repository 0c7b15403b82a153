#pragma once

#include "widgets/timeline/TimelineLayout.h"
#include "widgets/timeline/TimelineModel.h"

namespace opscope {

/// Pure: where the arrow keys lead from a slice. An invalid id where there is nowhere to go.
enum class Step : std::uint8_t {
    Left, Right,        ///< along the drawn row
    Up, Down,           ///< to the row above and below within the band: what encloses it, what it encloses first
    Earlier, Later      ///< in time order on the track, whatever the row
};
SliceId walk(const TimelineModel& model, const TimelineLayout& layout, SliceId from, Step step);
/// Where walking begins when nothing is chosen: the first slice that starts in the range, of the first row that has one.
SliceId firstIn(const TimelineModel& model, const TimelineLayout& layout, TimeRange range);

} // namespace opscope
