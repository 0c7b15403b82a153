#include "core/link/FlowBinding.h"

#include <algorithm>

namespace opscope {

FlowUse flowUse(std::string_view category)
{
    if (category == "ac2g" || category == "async_cpu_to_gpu" || category == "async") return FlowUse::Launch; // today's, of 2022, of 2021
    return category == "fwdbwd" ? FlowUse::Backward : FlowUse::Other;
}

std::pair<std::uint32_t, std::uint32_t> rowsStartingAt(const Trace& trace, TrackId id, Nanos time, std::uint32_t& near)
{
    const Track& track = trace.track(id);
    const auto starts = trace.slices().starts();
    const std::uint32_t begin = track.firstSlice, end = begin + track.sliceCount;
    std::uint32_t low = std::clamp(near, begin, end), high = low; // doubled until the place lies in [low, high]
    for (std::uint32_t step = 1; low > begin && starts[low - 1] >= time; step *= 2) {
        high = low - 1;
        low = low - begin > step ? low - step : begin;
    }
    for (std::uint32_t step = 1; high < end && starts[high] < time; step *= 2) {
        low = high + 1;
        high = end - high > step ? high + step : end;
    }
    const auto at = [&](std::uint32_t row) { return starts.begin() + row; };
    const auto rowOf = [&](auto it) { return static_cast<std::uint32_t>(it - starts.begin()); };
    const std::uint32_t first = rowOf(std::lower_bound(at(low), at(high), time));
    std::uint32_t last = first;
    if (last < end && starts[last] == time) ++last;
    if (last < end && last > first && starts[last] == time) last = rowOf(std::upper_bound(at(last), at(end), time));
    near = first;
    return {first, last};
}

SliceId flowBinding(const Trace& trace, const FlowPoint& point, std::uint32_t& near, bool& exact)
{
    const auto [first, last] = rowsStartingAt(trace, point.track, point.time, near);
    exact = first != last;
    if (exact) return SliceId(last - 1);
    const Track& track = trace.track(point.track);
    if (point.phase == 'f' && !point.bindsEnclosing)
        return last < track.firstSlice + track.sliceCount ? SliceId(last) : SliceId();
    // Lanes of a stack are filled from the top: the deepest one that is busy then is found by halving.
    const auto lanes = track.spillBases.empty() ? track.laneCount : track.spillBases.front();
    SliceId found;
    for (std::uint16_t low = 0, high = lanes; low < high;) {
        const auto middle = static_cast<std::uint16_t>(low + (high - low) / 2);
        const SliceId here = trace.lanes().at(trace.slices(), trace.lanes().lane(track, middle), point.time);
        if (here) {
            found = here;
            low = static_cast<std::uint16_t>(middle + 1);
        } else {
            high = middle;
        }
    }
    return found;
}

} // namespace opscope
