#include "widgets/timeline/TimeTicks.h"

#include <cmath>

namespace opscope {

Nanos tickStep(const TimeScale& scale, double minLabelPx)
{
    const std::uint64_t needed = scale.lengthOf(minLabelPx);
    for (std::uint64_t power = 1;; power *= 10) {
        for (const std::uint64_t digit : {1u, 2u, 5u}) {
            const std::uint64_t step = digit * power;
            // lengthOf() rounds down, so the step itself is measured
            if (step >= needed && static_cast<double>(step) * scale.pxPerNs() >= minLabelPx) return static_cast<Nanos>(step);
        }
        if (power >= 1'000'000'000'000'000'000u) return 5'000'000'000'000'000'000;
    }
}

std::string axisLabel(Nanos t, Nanos origin, Nanos resolution, TimeBase base)
{
    if (base == TimeBase::NodeOrder) return "node " + formatCount(t);
    return formatAxis(sinceOrigin(t, origin), resolution);
}

std::vector<TimeTick> timeTicks(const TimeScale& scale, Nanos origin, double minLabelPx, TimeBase base)
{
    if (base == TimeBase::NodeOrder) origin = 0;
    const Nanos step = tickStep(scale, minLabelPx);
    const Nanos minor = step % 5 == 0 ? step / 5 : (step >= 10 ? step / 5 : step);
    std::vector<TimeTick> ticks;
    // Number ticks from the origin, in 128 bits: origin and view may be at opposite ends of int64.
    Wide number = TimeScale::floorDiv(Wide(scale.range().start) - origin, minor);
    for (const Wide perLabel = step / minor;; ++number) {
        const Wide t = Wide(origin) + number * minor;
        if (t > scale.range().end || t > std::numeric_limits<Nanos>::max()) break;
        if (t < scale.range().start) continue;
        TimeTick tick{scale.x(static_cast<Nanos>(t)), static_cast<Nanos>(t), {}};
        if (number % perLabel == 0) tick.label = axisLabel(tick.time, origin, step, base);
        ticks.push_back(std::move(tick));
    }
    return ticks;
}

} // namespace opscope
