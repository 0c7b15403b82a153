#include "core/trace/LaneIndex.h"

#include "core/base/Parallel.h"
#include "core/base/Prefault.h"
#include "core/trace/Nesting.h"

#include <algorithm>
#include <cassert>

namespace opscope {

namespace {

constexpr std::uint32_t kBlock = 64;

constexpr std::uint32_t blocks(std::uint32_t count) { return count / kBlock + (count % kBlock != 0); }

/// First position in [from, to) where pred turns true; pred is false, then true. Gallops, as callers walk along.
template <class Pred>
std::uint32_t gallop(std::uint32_t from, std::uint32_t to, Pred pred)
{
    std::uint32_t step = 1, low = from;
    while (low < to && !pred(low)) {
        const std::uint32_t left = to - low;
        if (step >= left || pred(low + step)) { // the answer lies in (low, low + step]
            std::uint32_t high = std::min(low + std::min(step, left), to);
            ++low;
            while (low < high) {
                const std::uint32_t middle = low + (high - low) / 2;
                if (pred(middle)) high = middle; else low = middle + 1;
            }
            return low;
        }
        low += step;
        step = step > UINT32_MAX / 4 ? step : step * 2;
    }
    return low;
}

} // namespace

LaneIndex LaneIndex::build(const SliceTable& slices, std::span<Track> tracks, unsigned threads)
{
    LaneIndex index;
    std::size_t lanes = 0;
    for (Track& track : tracks) {
        track.firstLane = static_cast<std::uint32_t>(lanes);
        lanes += track.laneCount;
    }
    index.m_lanes.resize(lanes);
    index.m_rows.resize(slices.size());
    parallelFor(tracks.size(), threads, [&](std::size_t t) { index.fillTrack(slices, tracks[t]); });

    std::size_t maxima = 0;
    std::vector<std::uint32_t> tall;
    for (std::size_t lane = 0; lane < lanes; ++lane) {
        index.m_lanes[lane].maxima = static_cast<std::uint32_t>(maxima);
        std::uint32_t level = index.m_lanes[lane].count;
        if (level > kBlock) tall.push_back(static_cast<std::uint32_t>(lane));
        while (level > kBlock) maxima += level = blocks(level);
    }
    index.m_maxima.resize(maxima);
    parallelFor(tall.size(), threads, [&](std::size_t i) { index.fillMaxima(slices, tall[i]); });
    return index;
}

/// Counting sort of one track's rows by lane; keeps their order in time.
void LaneIndex::fillTrack(const SliceTable& slices, const Track& track)
{
    Lane* lanes = m_lanes.data() + track.firstLane;
    const std::uint32_t end = track.firstSlice + track.sliceCount;
    for (std::uint32_t row = track.firstSlice; row < end; ++row) {
        const std::uint16_t lane = slices.lane(SliceId(row));
        if (lane != kNoLane) ++lanes[lane].count;
    }
    prefault(m_rows, track.firstSlice, track.sliceCount);
    std::uint32_t first = track.firstSlice;
    for (std::uint16_t lane = 0; lane < track.laneCount; ++lane) {
        lanes[lane].first = first;
        first += lanes[lane].count;
        lanes[lane].count = 0;
    }
    for (std::uint32_t row = track.firstSlice; row < end; ++row) {
        const std::uint16_t lane = slices.lane(SliceId(row));
        if (lane != kNoLane) m_rows[lanes[lane].first + lanes[lane].count++] = row;
    }
    for (; first < end; ++first) m_rows[first] = SliceId::kNone; // those that no lane could take
}

void LaneIndex::fillMaxima(const SliceTable& slices, std::size_t lane)
{
    const Lane& l = m_lanes[lane];
    Nanos* out = m_maxima.data() + l.maxima;
    const std::span<const Nanos> durations = slices.durations();
    const std::uint32_t* rows = m_rows.data() + l.first;
    for (std::uint32_t i = 0; i < l.count; i += kBlock) {
        Nanos most = 0;
        for (std::uint32_t j = i; j < std::min(i + kBlock, l.count); ++j) most = std::max(most, durations[rows[j]]);
        *out++ = most;
    }
    std::uint32_t below = blocks(l.count);
    while (below > kBlock) {
        const Nanos* level = out - below;
        for (std::uint32_t i = 0; i < below; i += kBlock)
            *out++ = *std::max_element(level + i, level + std::min(i + kBlock, below));
        below = blocks(below);
    }
}

std::uint32_t LaneIndex::firstEndingAfter(const SliceTable& slices, const Lane& lane, Nanos t, std::uint32_t hint) const
{
    return gallop(std::min(hint, lane.count), lane.count, [&](std::uint32_t i) {
        const SliceId s = slice(lane, i);
        return slices.end(s) > t || slices.start(s) >= t;
    });
}

std::uint32_t LaneIndex::firstStartingAt(const SliceTable& slices, const Lane& lane, Nanos t, std::uint32_t hint) const
{
    return gallop(std::min(hint, lane.count), lane.count,
                  [&](std::uint32_t i) { return slices.start(slice(lane, i)) >= t; });
}

std::uint32_t LaneIndex::longest(const SliceTable& slices, const Lane& lane, std::uint32_t from, std::uint32_t to) const
{
    assert(from < to && to <= lane.count);
    // Candidates as (value, level, position on it); of equals the one that lies further to the front.
    struct Best
    {
        Nanos value = -1;
        unsigned level = 0;
        std::uint32_t position = 0;
    } best;
    const std::span<const Nanos> durations = slices.durations();
    const Nanos* levels[8];
    const auto valueAt = [&](unsigned level, std::uint32_t i) {
        return level == 0 ? durations[m_rows[lane.first + i]] : levels[level][i];
    };
    const auto offer = [&](unsigned level, std::uint32_t begin, std::uint32_t end) {
        for (std::uint32_t i = begin; i < end; ++i) {
            const Nanos v = valueAt(level, i);
            if (v > best.value || (v == best.value && (static_cast<std::uint64_t>(i) << (6 * level)) <
                                                          (static_cast<std::uint64_t>(best.position) << (6 * best.level))))
                best = {v, level, i};
        }
    };
    const Nanos* next = m_maxima.data() + lane.maxima;
    std::uint32_t count = lane.count;
    for (unsigned level = 0;; ++level) {
        const std::uint32_t firstWhole = blocks(from), lastWhole = to / kBlock;
        if (count <= kBlock || firstWhole >= lastWhole) {
            offer(level, from, to);
            break;
        }
        offer(level, from, firstWhole * kBlock);
        offer(level, lastWhole * kBlock, to);
        count = blocks(count);
        levels[level + 1] = next;
        next += count;
        from = firstWhole;
        to = lastWhole;
    }
    while (best.level > 0) { // down to the first slice that has this duration
        --best.level;
        best.position *= kBlock;
        while (valueAt(best.level, best.position) != best.value) ++best.position;
    }
    return best.position;
}

SliceId LaneIndex::at(const SliceTable& slices, const Lane& lane, Nanos t) const
{
    const std::uint32_t i = firstEndingAfter(slices, lane, t);
    if (i >= lane.count || slices.start(slice(lane, i)) > t) return {};
    return slice(lane, i);
}

std::size_t LaneIndex::bytes() const
{
    return m_lanes.capacity() * sizeof(Lane) + m_rows.capacity() * sizeof(std::uint32_t) +
           m_maxima.capacity() * sizeof(Nanos);
}

} // namespace opscope
