#include "widgets/timeline/TimelineMemory.h"

namespace opscope {

namespace {

std::pair<TrackId, BandKind> keyOf(const TimelineModel& model, std::uint32_t band)
{
    return {model.bands[band].track, model.bands[band].kind};
}

} // namespace

void TimelineMemory::keep(const TimelineModel& model, const TimelineState& state)
{
    for (std::uint32_t i = 0; i < model.bands.size(); ++i) m_bands[keyOf(model, i)] = state.bands[i];
    for (std::size_t i = 0; i < model.groups.size(); ++i) m_closedGroups[model.groups[i].process] = state.closedGroups[i];
}

TimelineState TimelineMemory::stateFor(const TimelineModel& model) const
{
    TimelineState state(model);
    for (std::uint32_t i = 0; i < model.bands.size(); ++i)
        if (const auto it = m_bands.find(keyOf(model, i)); it != m_bands.end()) state.bands[i] = it->second;
    for (std::size_t i = 0; i < model.groups.size(); ++i)
        if (const auto it = m_closedGroups.find(model.groups[i].process); it != m_closedGroups.end()) state.closedGroups[i] = it->second;
    return state;
}

int anchoredScroll(ScrollAnchor before, int scrollY, ScrollAnchor after)
{
    if (scrollY == 0) return 0; // who is at the top stays there
    std::map<std::pair<TrackId, BandKind>, int> tops;
    for (const BandBox& box : after.layout.bands) tops[keyOf(after.model, box.band)] = box.y;
    const int line = scrollY + TimelineLayout::kGroupHeight; // below the row that sticks to the top
    for (std::size_t i = before.layout.firstBandBelow(line); i < before.layout.bands.size(); ++i) {
        const BandBox& box = before.layout.bands[i];
        if (const auto it = tops.find(keyOf(before.model, box.band)); it != tops.end()) {
            const int offset = i == before.layout.firstBandBelow(line) ? box.y - scrollY : TimelineLayout::kGroupHeight;
            return std::max(0, it->second - offset);
        }
    }
    return after.layout.height; // nothing of what stood below is left: the scroll bar ends there
}

} // namespace opscope
