#pragma once

#include "widgets/document/ViewSettings.h"
#include "widgets/timeline/TimelineModel.h"

#include <cstdint>
#include <vector>

namespace opscope {

/// What the user opened and closed; a plain value.
struct TrackState
{
    bool collapsed = false;      ///< one row only
    bool unfolded = false;       ///< every row of a deep track, not only the useful ones
    friend bool operator==(const TrackState&, const TrackState&) = default;
};
struct TimelineState
{
    std::vector<TrackState> bands;       ///< by row of TimelineModel::bands
    std::vector<bool> closedGroups;      ///< by row of TimelineModel::groups
    explicit TimelineState(const TimelineModel& model) : bands(model.bands.size()), closedGroups(model.groups.size(), false)
    {
        for (std::size_t i = 0; i < model.groups.size(); ++i) closedGroups[i] = model.groups[i].quiet;
    }
    TimelineState() = default;
};

/// Where one lane of slices is drawn. Logical pixels from the top of the whole timeline.
struct LaneRow
{
    int y = 0;                   ///< top of the row
    int height = 0;              ///< of the row; its slices are 2 px lower than high
    std::uint32_t lane = 0;      ///< row of TimelineModel::lanes
    std::uint32_t band = 0;
};

struct BandBox
{
    std::uint32_t band = 0;
    int y = 0;
    int height = 0;
    int instantsY = 0;           ///< top of the row that instants stand on: below the strip of states
    std::uint32_t firstRow = 0;  ///< of TimelineLayout::rows
    std::uint32_t rowCount = 0;
    int bottom() const { return y + height; }
};

struct GroupBox
{
    std::uint32_t group = 0;
    int y = 0;                   ///< of its header row
    int bottom = 0;              ///< where the next group begins
    std::uint32_t firstBox = 0;  ///< of TimelineLayout::bands
    std::uint32_t boxCount = 0;
    bool closed = false;
};

/// Pure: which band and lane lies at which y. O(visible rows of the trace), made anew whenever something opens or closes.
struct TimelineLayout
{
    static constexpr int kGroupHeight = 24;
    static constexpr int kPadding = 4;         ///< above and below the lanes of a band
    static constexpr int kPythonRow = 16;
    static constexpr int kStateRow = 10;       ///< a strip: colours, no words
    static constexpr int kCounterHeight = 48;

    std::vector<GroupBox> groups;
    std::vector<BandBox> bands;
    std::vector<LaneRow> rows;
    int height = 0;

    static TimelineLayout make(const TimelineModel& model, const TimelineState& state, Density density);
    static int rowHeight(Density density) { return density == Density::Comfortable ? 22 : density == Density::Normal ? 19 : 15; }

    /// Index of the group whose rows cover y, and so whose header sticks to the top there; -1 above and below all.
    int groupAt(int y) const;
    /// Index into `bands` of the box at y, -1 for none (a header row, below everything).
    int bandAt(int y) const;
    /// Index into `rows`, -1 for none.
    int rowAt(int y) const;
    /// First band whose bottom lies below y.
    std::size_t firstBandBelow(int y) const;
    const BandBox* boxOf(std::uint32_t band) const;
    const LaneRow* rowOf(std::uint32_t lane) const;
    /// Top of the header of group `index` when the view is scrolled to `scrollY`: it sticks to the top until the next
    /// one pushes it out. Relative to the view.
    int stickyY(int index, int scrollY) const;
};

} // namespace opscope
