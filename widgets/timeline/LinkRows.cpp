#include "widgets/timeline/LinkScene.h"

#include <algorithm>

namespace opscope {

LinkRow LinkRows::of(SliceId slice)
{
    const auto [it, isNew] = m_rows.try_emplace(slice.value);
    if (isNew) it->second = find(slice);
    return it->second;
}

LinkRow LinkRows::find(SliceId slice)
{
    const Trace& trace = *m_model.trace;
    const TrackId track = trace.trackOf(slice);
    for (std::size_t i = 0; i < m_seen.size(); ++i) {
        if (m_seen[i].track != track || m_seen[i].lane->positionOf(trace.slices(), slice) == m_seen[i].lane->size()) continue;
        std::swap(m_seen[i], m_seen.front());
        return m_seen.front().row;
    }
    const std::vector<std::uint32_t> bands = m_model.bandsOf(track);
    for (const std::uint32_t band : bands) {
        const BandBox* box = m_layout.boxOf(band);
        if (!box) continue;
        for (std::uint32_t i = box->firstRow; i < box->firstRow + box->rowCount; ++i) {
            const LaneRow& row = m_layout.rows[i];
            const LanePyramid& lane = m_model.lanes[row.lane].pyramid;
            if (lane.positionOf(trace.slices(), slice) == lane.size()) continue;
            constexpr std::size_t kRemembered = 8;
            if (m_seen.size() == kRemembered) m_seen.pop_back();
            m_seen.insert(m_seen.begin(), {track, &lane, {row.y, row.height, true}});
            return m_seen.front().row;
        }
    }
    const TimelineModel::Place place = m_model.placeOf(slice);
    return place.valid() ? standIn(place.band) : LinkRow{}; // a filter hides it: nothing stands for it
}

/// The last row of its band, which is nearest to what is folded away below; the row of its process when that is closed.
LinkRow LinkRows::standIn(std::uint32_t band) const
{
    if (const BandBox* box = m_layout.boxOf(band)) {
        if (box->rowCount == 0) return {box->y, box->height, false};
        const LaneRow& row = m_layout.rows[box->firstRow + box->rowCount - 1];
        return {row.y, row.height, false};
    }
    for (const GroupBox& group : m_layout.groups) {
        const BandGroup& of = m_model.groups[group.group];
        if (band >= of.firstBand && band < of.firstBand + of.bandCount) return {group.y, TimelineLayout::kGroupHeight, false};
    }
    return {};
}

} // namespace opscope
