#include "core/base/Parallel.h"
#include "core/base/Prefault.h"
#include "core/link/LinkBuilder.h"
#include "core/link/Ranks.h"
#include "core/trace/Finisher.h"
#include "core/trace/Nesting.h"

#include <algorithm>

// The list of all steps, and the last of them: nesting, index, extent, defects.
namespace opscope {

namespace {

constexpr std::string_view kStepName = "ProfilerStep#";
constexpr std::string_view kWindowEnd = "Record Window End";
constexpr TimeRange kNothing{std::numeric_limits<Nanos>::max(), std::numeric_limits<Nanos>::min()};

void widen(TimeRange& range, Nanos start, Nanos end)
{
    range.start = std::min(range.start, start);
    range.end = std::max(range.end, end);
}

} // namespace

/// What one pass over a track finds.
struct TraceBuilder::Finisher::Measured
{
    NestSummary nesting;
    TimeRange all = kNothing, shown = kNothing; ///< shown: without the whole recording and its end mark
    Nanos firstStep = std::numeric_limits<Nanos>::max();
};

bool TraceBuilder::Finisher::enter(const char* name)
{
    if (job.progress) job.progress->step = name;
    return !job.cancelled();
}

Result<TracePtr> TraceBuilder::Finisher::run()
{
    const Error cancelled{ErrorCode::Cancelled, "Cancelled", {}};
    if (!enter("Sorting")) return cancelled;
    mergeTables();
    if (!adoptNodes()) return Error{ErrorCode::TooLarge, "The execution traces have more than four thousand million nodes", {}};
    if (Status clock = shareClock(); !clock) return clock.error();
    survey();
    pairBeginEnd();
    readNames();
    planTracks();
    if (!enter("Sorting")) return cancelled;
    pairAsync();
    layOutStates();
    collectCounters();
    if (nodeOrder) layOutNodes();
    orderTracks();
    adoptOwnRows();
    countRowless();
    if (!distribute()) return Error{ErrorCode::TooLarge, "The trace has more than four thousand million events", {}};
    if (!enter("Sorting")) return cancelled;
    sortRows();
    if (!enter("Sorting")) return cancelled;
    gather();
    if (!enter("Nesting")) return cancelled;
    nestTracks();
    if (nodeOrder) linkNodes();
    if (!enter("Indexing")) return cancelled;
    addCounters();
    addFlows();
    addElements();
    trace->m_lanes = LaneIndex::build(trace->m_slices, trace->m_tracks, threads());
    if (!enter("Indexing")) return cancelled;
    close();
    runChecks();
    if (!enter("Linking") || !LinkBuilder(*trace, job, threads(), in.alignClocks).run()) return cancelled;
    return TracePtr(std::move(trace));
}

void TraceBuilder::Finisher::nestTracks()
{
    std::vector<Measured> measured(trace->m_tracks.size());
    std::vector<std::uint8_t> isStep(trace->m_strings.size()); // looked up once a text, not once a slice
    for (std::size_t i = 0; i < isStep.size(); ++i) isStep[i] = trace->text(StringId(i)).starts_with(kStepName);
    parallelFor(measured.size(), threads(), [&](std::size_t t) {
        nestTrack(t, measured[t]);
        measureTrack(trace->m_tracks[t], isStep, measured[t]);
    });
    for (std::size_t t = 0; t < measured.size(); ++t) {
        Track& track = trace->m_tracks[t];
        track.laneCount = measured[t].nesting.lanes;
        track.spillBases = std::move(measured[t].nesting.spillBases);
        if (measured[t].all.start <= measured[t].all.end) track.extent = measured[t].all;
    }
    setExtent(measured);
    noteOverlaps();
}

void TraceBuilder::Finisher::nestTrack(std::size_t t, Measured& m)
{
    const Track& track = trace->m_tracks[t];
    if (!track.sliceCount) return;
    SliceTable& s = trace->m_slices;
    const auto rows = [&](auto& column) { return std::span(column).subspan(track.firstSlice, track.sliceCount); };
    prefault(s.m_self, track.firstSlice, track.sliceCount);
    prefault(s.m_parent, track.firstSlice, track.sliceCount);
    prefault(s.m_lane, track.firstSlice, track.sliceCount);
    NestInput input{rows(s.m_start), rows(s.m_duration), {}, track.firstSlice};
    if (track.kind == TrackKind::Async) input.group = rows(groupOfSlice);
    m.nesting = nest(input, {rows(s.m_parent), rows(s.m_lane), rows(s.m_self), rows(s.m_flags)});
}

void TraceBuilder::Finisher::measureTrack(const Track& track, const std::vector<std::uint8_t>& isStep, Measured& m) const
{
    const SliceTable& s = trace->m_slices;
    for (std::uint32_t i = track.firstSlice; i < track.firstSlice + track.sliceCount; ++i) {
        const Nanos start = s.m_start[i], end = start + s.m_duration[i];
        widen(m.all, start, end);
        if (trace->m_categories[s.m_category[i]].kind != CategoryClass::Span) widen(m.shown, start, end);
        if (start < m.firstStep && s.m_name[i].valid() && isStep[s.m_name[i].index()]) m.firstStep = start;
    }
    const InstantTable& t = trace->m_instants;
    for (std::uint32_t i = track.firstInstant; i < track.firstInstant + track.instantCount; ++i) {
        widen(m.all, t.m_time[i], t.m_time[i]);
        if (trace->text(t.m_name[i]) != kWindowEnd) widen(m.shown, t.m_time[i], t.m_time[i]);
    }
}

/// kineto-trace.md section 6; where that leaves nothing, everything with a time.
void TraceBuilder::Finisher::setExtent(const std::vector<Measured>& measured)
{
    TimeRange shown = kNothing, all = kNothing;
    Nanos firstStep = std::numeric_limits<Nanos>::max();
    for (const Measured& m : measured) {
        widen(shown, m.shown.start, m.shown.end);
        widen(all, m.all.start, m.all.end);
        firstStep = std::min(firstStep, m.firstStep);
    }
    for (const CounterPlan& plan : counterPlans)
        for (const CounterRow& row : plan.rows) widen(shown, row.time, row.time);
    if (shown.end < shown.start) shown = all;
    const TraceStats& stats = trace->m_stats;
    if (shown.end < shown.start && stats.minTime && stats.maxEnd) shown = {stats.minTime->ns, stats.maxEnd->ns};
    if (shown.end < shown.start) return; // no events
    trace->m_origin = firstStep != std::numeric_limits<Nanos>::max() ? firstStep : shown.start;
    if (shown.start == shown.end) { // one moment: a range that can be shown
        if (shown.end < std::numeric_limits<Nanos>::max()) ++shown.end; else --shown.start;
    }
    trace->m_extent = shown;
}

void TraceBuilder::Finisher::noteOverlaps()
{
    const SliceTable& s = trace->m_slices;
    for (const Track& track : trace->m_tracks) {
        if (track.spillBases.empty() && track.laneCount < kNoLane) continue;
        std::vector<std::uint64_t> offsets;
        for (std::uint32_t i = track.firstSlice; i < track.firstSlice + track.sliceCount; ++i)
            if ((s.m_flags[i] & kSpilled) || s.m_lane[i] == kNoLane) offsets.push_back(s.sourceOffset(SliceId(i)));
        std::sort(offsets.begin(), offsets.end());
        Diagnostics found; // merged, so that the first places of all tracks are kept
        for (const std::uint64_t offset : offsets) found.note(Defect::OverlappingSlices, offset);
        const SourceId source = trace->m_processes[track.process.index()].source;
        trace->m_diagnostics.merge(found, source.value);
    }
}

void TraceBuilder::Finisher::close()
{
    TraceStats& stats = trace->m_stats;
    if (!stats.elements && !trace->m_slices.size() && !trace->m_instants.size() && !trace->m_executionTrace &&
        !in.diagnostics.front().count(Defect::NoEvents))
        in.diagnostics.front().note(Defect::NoEvents, 0);
    for (const Part& part : parts)
        if (!part.staged->diagnostics.empty())
            trace->m_diagnostics.merge(part.staged->diagnostics, workers[part.worker].source.value);
    for (std::uint32_t s = 0; s < in.diagnostics.size(); ++s) trace->m_diagnostics.merge(in.diagnostics[s], s);

    trace->m_sources.assign(std::make_move_iterator(in.sources.begin()), std::make_move_iterator(in.sources.end()));
    trace->m_topLevel = std::move(in.topLevel);
    std::stable_sort(trace->m_topLevel.begin(), trace->m_topLevel.end(), [](const TopLevelEntry& a, const TopLevelEntry& b) {
        return std::pair(a.source, a.offset) < std::pair(b.source, b.offset);
    });
    setRanks(trace->m_sources, trace->m_topLevel);
}

void TraceBuilder::Finisher::runChecks()
{
    for (const auto& [source, check] : in.checks) {
        Diagnostics found; // sorted in among the others, so that the first places of all are kept
        check(*trace, source, found);
        trace->m_diagnostics.merge(found, source.value);
    }
}

} // namespace opscope
