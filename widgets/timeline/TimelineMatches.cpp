#include "widgets/timeline/TimelineMatches.h"

#include "widgets/timeline/TimelineModel.h"

namespace opscope {

LaneMatches::LaneMatches(const SliceTable& slices, const LanePyramid& lane, const SliceSet& matches)
{
    constexpr std::uint32_t kFan = LanePyramid::kFan;
    std::vector<Best> level;
    if (lane.levels()) level.resize((lane.size() + kFan - 1) / kFan);
    for (std::uint32_t i = 0; i < lane.size(); ++i) {
        const SliceId s = lane.slice(i);
        if (!matches.contains(s)) continue;
        m_none = false;
        if (level.empty()) return; // a handful is asked for one by one
        Best& best = level[i / kFan];
        if (const auto duration = static_cast<float>(slices.duration(s)); !best.any() || duration > best.duration) best = {s.value, duration};
    }
    if (m_none) return;
    m_levels.push_back(std::move(level));
    while (m_levels.size() < lane.levels()) {
        const std::vector<Best>& below = m_levels.back();
        std::vector<Best> above((below.size() + kFan - 1) / kFan);
        for (std::size_t i = 0; i < below.size(); ++i)
            if (Best& best = above[i / kFan]; below[i].any() && (!best.any() || below[i].duration > best.duration)) best = below[i];
        m_levels.push_back(std::move(above));
    }
}

TimelineMatchesPtr TimelineMatches::build(const TimelineModel& model, MatchesPtr rows, const JobControl& job)
{
    auto made = std::make_shared<TimelineMatches>();
    made->rows = std::move(rows);
    const Matches& matches = *made->rows;
    made->lanes.reserve(model.lanes.size());
    for (const ModelLane& lane : model.lanes) {
        if (job.cancelled()) return nullptr;
        made->lanes.emplace_back(model.trace->slices(), lane.pyramid, matches.slices);
    }
    for (const Band& band : model.bands) {
        std::vector<std::uint32_t>& before = made->instants.emplace_back(1, 0u);
        for (const std::uint32_t row : band.instants) before.push_back(before.back() + (matches.instants.contains(InstantId(row)) ? 1 : 0));
    }
    for (const CounterSeries& series : model.trace->counters().series())
        made->series.push_back(matches.samples.any(SampleId(series.first), SampleId(series.first + series.count)));
    made->overview = OverviewData::build(model, job, &matches.slices);
    return job.cancelled() ? nullptr : made;
}

} // namespace opscope
