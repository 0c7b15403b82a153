#pragma once

#include "core/trace/Trace.h"
#include "widgets/timeline/TimeScale.h"

#include <string>
#include <vector>

namespace opscope {

struct TimeTick
{
    double x = 0;            ///< device pixels
    Nanos time = 0;
    std::string label;       ///< empty for minor ticks
};

/// Pure: where the ruler has ticks. Steps of 1, 2 or 5 times a power of ten, counted from `origin`; labelled ones at least
/// `minLabelPx` apart, five minor ones to each. At most a few hundred, whatever the range.
std::vector<TimeTick> timeTicks(const TimeScale& scale, Nanos origin, double minLabelPx, TimeBase base);
/// Step between labelled ticks in nanoseconds (or nodes).
Nanos tickStep(const TimeScale& scale, double minLabelPx);

/// t - origin without overflow, for display.
inline Nanos sinceOrigin(Nanos t, Nanos origin) { return TimeScale::saturated(Wide(t) - origin); }
/// "343.5 ms", or "node 1,200" where time counts nodes.
std::string axisLabel(Nanos t, Nanos origin, Nanos resolution, TimeBase base);

} // namespace opscope
