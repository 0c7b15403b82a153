#pragma once

#include "core/base/JobControl.h"
#include "core/query/Query.h"
#include "widgets/timeline/LanePyramid.h"
#include "widgets/timeline/OverviewData.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace opscope {

struct TimelineModel;

/// Which slices of one drawn row match, for every level of its pyramid: of each block the longest slice that does, so that a
/// folded run is bright, and in the right hue, where anything in it matches. About 8 bytes per 7 slices, nothing for rows without.
class LaneMatches
{
public:
    struct Best
    {
        static constexpr std::uint32_t kNone = 0xFFFFFFFFu;
        std::uint32_t slice = kNone;     ///< row of SliceTable
        float duration = 0;              ///< for comparing only
        bool any() const { return slice != kNone; }
    };

    LaneMatches(const SliceTable& slices, const LanePyramid& lane, const SliceSet& matches);
    /// Of an atom of the same row. `matches` are those that it was made of.
    Best of(const LanePyramid::Atom& atom, const SliceSet& matches) const
    {
        if (m_none) return {};
        if (atom.level == 0) return matches.contains(SliceId(atom.slice)) ? Best{atom.slice, atom.duration} : Best{};
        return m_levels[atom.level - 1u][atom.position >> (3 * atom.level)];
    }
    bool none() const { return m_none; }

private:
    bool m_none = true;
    std::vector<std::vector<Best>> m_levels;
};

/// What stays bright of a timeline: all that drawing needs to know of it without looking at slices that it does not draw.
/// Made on a worker, frozen, shared. O(rows of the trace).
struct TimelineMatches
{
    MatchesPtr rows;
    std::vector<LaneMatches> lanes;                     ///< by row of TimelineModel::lanes
    std::vector<std::vector<std::uint32_t>> instants;   ///< by band: how many of Band::instants match in front of each; one longer
    std::vector<bool> series;                           ///< by SeriesId: whether any of its values matches
    OverviewData overview;                              ///< of what matches alone

    /// Null when cancelled.
    static std::shared_ptr<const TimelineMatches> build(const TimelineModel& model, MatchesPtr rows, const JobControl& job = {});
    /// Whether any instant of a band matches: rows [from, to) of Band::instants.
    bool anyInstant(std::uint32_t band, std::size_t from, std::size_t to) const { return instants[band][to] > instants[band][from]; }
};

using TimelineMatchesPtr = std::shared_ptr<const TimelineMatches>;

} // namespace opscope
