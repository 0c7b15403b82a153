#include "core/trace/Finisher.h"

#include <algorithm>
#include <cmath>
#include <numeric>

// Counter values become series: one for each (process, counter, key), on one track for each counter.
namespace opscope {

TraceBuilder::Finisher::CounterPlan& TraceBuilder::Finisher::counterOf(const Worker& worker, const StagedCounter& value)
{
    const std::uint32_t group = plans[rawTracks[worker.rawTracks[value.track]].plan[0]].group;
    const StringId counter = text(worker, value.counter), series = text(worker, value.series);
    const auto [it, isNew] = counterPlanOf.try_emplace({group, counter.value, series.value}, 0);
    if (isNew) {
        const auto [track, newTrack] = counterTracks.try_emplace({group, counter.value}, 0);
        if (newTrack) track->second = addPlan(group, TrackKind::Counter, counter);
        it->second = static_cast<std::uint32_t>(counterPlans.size());
        counterPlans.push_back({track->second, series, value.isBytes, {}});
    }
    return counterPlans[it->second];
}

void TraceBuilder::Finisher::collectCounters()
{
    for (const Part& part : parts) {
        const Worker& worker = workers[part.worker];
        for (std::size_t i = 0, n = part.staged->counters.size(); i < n; ++i) {
            const StagedCounter& value = part.staged->counters[i];
            CounterPlan& series = counterOf(worker, value);
            series.rows.push_back({value.time, value.value, value.offset, value.isDelta});
            ++plans[series.plan].track.events;
        }
    }
}

/// After the tracks have their order: series of a track are neighbours, in order of their first value in the file.
void TraceBuilder::Finisher::addCounters()
{
    std::vector<std::uint32_t> order(counterPlans.size());
    std::iota(order.begin(), order.end(), 0u);
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return finalTrack[counterPlans[a].plan] < finalTrack[counterPlans[b].plan];
    });
    CounterTable& table = trace->m_counters;
    std::size_t total = 0;
    for (const CounterPlan& plan : counterPlans) total += plan.rows.size();
    table.m_time.reserve(total);
    table.m_value.reserve(total);
    table.m_offset.reserve(total);
    for (const std::uint32_t i : order) {
        Track& track = trace->m_tracks[finalTrack[counterPlans[i].plan].index()];
        if (!track.seriesCount++) track.firstSeries = static_cast<std::uint32_t>(table.m_series.size());
        addSeries(counterPlans[i]);
    }
    counterPlans.clear();
}

void TraceBuilder::Finisher::addSeries(CounterPlan& plan)
{
    CounterTable& table = trace->m_counters;
    CounterSeries series;
    series.track = finalTrack[plan.plan];
    series.name = plan.name;
    series.first = static_cast<std::uint32_t>(table.m_time.size());
    series.count = static_cast<std::uint32_t>(plan.rows.size());
    series.isBytes = plan.isBytes;
    const auto earlier = [](const CounterRow& a, const CounterRow& b) { return a.time < b.time; };
    if (!std::is_sorted(plan.rows.begin(), plan.rows.end(), earlier)) std::stable_sort(plan.rows.begin(), plan.rows.end(), earlier);
    double value = 0;
    bool any = false;
    for (const CounterRow& row : plan.rows) {
        value = row.isDelta ? value + row.value : row.value;
        table.m_time.push_back(row.time);
        table.m_value.push_back(value);
        table.m_offset.push_back(row.offset);
        if (std::isnan(value)) continue;
        series.min = any ? std::min(series.min, value) : value;
        series.max = any ? std::max(series.max, value) : value;
        any = true;
    }
    table.m_series.push_back(series);
    plan.rows = {};
}

} // namespace opscope
