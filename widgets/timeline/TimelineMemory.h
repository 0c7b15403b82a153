#pragma once

#include "widgets/timeline/TimelineLayout.h"

#include <map>
#include <utility>

namespace opscope {

/// What a user opened and closed, by track instead of by row: the model of a filter has other rows, and what it hides comes back
/// as it was.
class TimelineMemory
{
public:
    void keep(const TimelineModel& model, const TimelineState& state);
    /// What is not remembered is as it starts.
    TimelineState stateFor(const TimelineModel& model) const;
    void clear() { *this = {}; }

private:
    std::map<std::pair<TrackId, BandKind>, TrackState> m_bands;
    std::map<ProcessId, bool> m_closedGroups;
};

/// Where to scroll so that the track at the top of the view stays there when rows come or go; when it went itself, the next one
/// that is left takes its place. Pixels from the top of the whole timeline.
struct ScrollAnchor
{
    const TimelineModel& model;
    const TimelineLayout& layout;
};
int anchoredScroll(ScrollAnchor before, int scrollY, ScrollAnchor after);

} // namespace opscope
