#include "core/query/Aggregates.h"

#include <algorithm>
#include <cmath>

namespace opscope {
namespace {

constexpr std::size_t kSlowest = 50;
constexpr std::int64_t kDecade = 10;

std::int64_t rankOf(std::vector<std::int64_t>& durations, std::size_t percent)
{
    const auto at = durations.begin() + static_cast<std::ptrdiff_t>((durations.size() * percent + 99) / 100 - 1);
    std::nth_element(durations.begin(), at, durations.end());
    return *at;
}

/// From `min` to `max` in equal steps, or in equal ratios with what is below 1 ns in a bin of its own. Whole nanoseconds, so that there
/// are fewer edges where steps are smaller than that.
std::vector<std::int64_t> edgesFor(std::int64_t min, std::int64_t max, std::size_t bins, bool logarithmic)
{
    std::vector<std::int64_t> edges{min};
    logarithmic = logarithmic && bins > 1;
    const auto add = [&](std::int64_t edge) {
        if (edge > edges.back() && edge < max) edges.push_back(edge);
    };
    const std::int64_t from = logarithmic ? std::max<std::int64_t>(min, 1) : min;
    add(from);
    bins -= edges.size() - 1; // the one below 1 ns
    const double ratio = logarithmic ? std::log(static_cast<double>(max) / static_cast<double>(from)) : 0;
    for (std::size_t i = 1; i < bins; ++i) {
        const double part = static_cast<double>(i) / static_cast<double>(bins);
        const auto step = static_cast<std::int64_t>(static_cast<__int128>(max - from) * static_cast<__int128>(i) / static_cast<__int128>(bins));
        // Below max, so far from the end of int64 that the rounding of a double cannot reach it.
        add(logarithmic ? static_cast<std::int64_t>(std::min(static_cast<double>(from) * std::exp(ratio * part), 9.2e18)) : from + step);
    }
    edges.push_back(max);
    return edges;
}

std::vector<SliceId> slowestOf(const SliceTable& table, std::span<const SliceId> slices)
{
    std::vector<SliceId> slowest(std::min(slices.size(), kSlowest));
    std::ranges::partial_sort_copy(slices, slowest, [&](SliceId a, SliceId b) {
        return table.duration(a) != table.duration(b) ? table.duration(a) > table.duration(b) : a < b;
    });
    return slowest;
}

} // namespace

DurationHistogram durationHistogram(const Trace& trace, std::span<const SliceId> slices, std::size_t bins)
{
    DurationHistogram out;
    if (slices.empty()) return out;
    std::vector<std::int64_t> durations;
    durations.reserve(slices.size());
    for (const SliceId slice : slices) durations.push_back(trace.slices().duration(slice));
    const auto [min, max] = std::ranges::minmax(durations);
    out.logarithmic = max / kDecade >= std::max<std::int64_t>(min, 1);
    out.edges = edgesFor(min, max, std::max<std::size_t>(bins, 1), out.logarithmic);
    out.counts.assign(out.edges.size() - 1, 0);
    for (const std::int64_t d : durations) {
        const auto bin = std::upper_bound(out.edges.begin(), out.edges.end() - 1, d) - out.edges.begin() - 1;
        ++out.counts[std::min(static_cast<std::size_t>(bin), out.counts.size() - 1)];
    }
    out.median = rankOf(durations, 50);
    out.p95 = rankOf(durations, 95);
    out.p99 = rankOf(durations, 99);
    out.slowest = slowestOf(trace.slices(), slices);
    return out;
}

} // namespace opscope
