#pragma once

#include "core/base/Id.h"
#include "core/base/RawVector.h"
#include "core/base/Time.h"
#include "core/trace/SliceTable.h"
#include "core/trace/Track.h"

#include <cstdint>
#include <span>
#include <vector>

namespace opscope {

/// Per lane (one drawn row of one track): its slices in time order and a tree of block maxima over their durations.
/// Slices of one lane never overlap (Nesting sees to it), so they are sorted by start and by end at once.
///
///     durations   3 1 4 1 5 9 2 6 | 5 3 5 ...      64 a block
///     level 1                   9 |  ...           maximum of each block
///     level 2     ...                              maximum of 64 blocks
///
/// 4 bytes a slice plus 1/64. All queries are const and need no lock.
class LaneIndex
{
public:
    struct Lane
    {
        std::uint32_t first = 0;    ///< row of rows()
        std::uint32_t count = 0;
        std::uint32_t maxima = 0;   ///< row of the maxima of its blocks
    };

    const Lane& lane(const Track& track, std::uint16_t row) const { return m_lanes[track.firstLane + row]; }
    std::size_t laneCount() const { return m_lanes.size(); }
    SliceId slice(const Lane& lane, std::uint32_t i) const { return SliceId(m_rows[lane.first + i]); }
    std::span<const std::uint32_t> rows(const Lane& lane) const { return std::span(m_rows).subspan(lane.first, lane.count); }

    /// Position within the lane of the first slice that ends behind t (a slice of length 0 at t counts); lane.count if none.
    /// `hint`: a position known to be at or before the answer; searching gallops from there.
    std::uint32_t firstEndingAfter(const SliceTable& slices, const Lane& lane, Nanos t, std::uint32_t hint = 0) const;
    /// Position of the first slice that starts at or behind t; lane.count if none.
    std::uint32_t firstStartingAt(const SliceTable& slices, const Lane& lane, Nanos t, std::uint32_t hint = 0) const;
    /// Position of the longest slice in [from, to), the earliest of equals. from < to required.
    std::uint32_t longest(const SliceTable& slices, const Lane& lane, std::uint32_t from, std::uint32_t to) const;
    /// The slice that covers t, none if the lane is idle then.
    SliceId at(const SliceTable& slices, const Lane& lane, Nanos t) const;
    std::size_t bytes() const;

    /// Sets firstLane of each track, whose laneCount and slices are final.
    static LaneIndex build(const SliceTable& slices, std::span<Track> tracks, unsigned threads);

private:
    void fillTrack(const SliceTable& slices, const Track& track);
    void fillMaxima(const SliceTable& slices, std::size_t lane);

    std::vector<Lane> m_lanes;
    RawVector<std::uint32_t> m_rows;
    RawVector<Nanos> m_maxima; ///< per lane level 1, then level 2 ...; nothing for lanes of one block
};

} // namespace opscope
