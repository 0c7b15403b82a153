#include "core/base/Parallel.h"
#include "core/trace/Finisher.h"

#include <algorithm>

// First look at all rows: how many of what go where. Counts are kept per (part, track), and only for tracks that occur, so
// that later each part knows where its rows go without a search (loading.md section 2.6).
namespace opscope {

void TraceBuilder::Finisher::survey()
{
    parallelFor(parts.size(), threads(), [&](std::size_t p) { surveyPart(parts[p]); });
    for (const Part& part : parts) {
        const Worker& worker = workers[part.worker];
        lastTime = std::max(lastTime, part.last);
        for (const Count& c : part.counts) { // whatever the importer counted: a track with rows has events
            RawTrack& raw = rawTracks[worker.rawTracks[c.place / 2]];
            raw.events = std::max<std::uint64_t>(raw.events, 1);
        }
        for (std::size_t i = 0, n = part.staged->switches.size(); i < n; ++i) {
            const StagedSwitch& change = part.staged->switches[i];
            for (const std::uint32_t track : {change.outgoing, change.incoming})
                if (track != StagedSwitch::kNobody) rawTracks[worker.rawTracks[track]].scheduled = true;
        }
    }
}

void TraceBuilder::Finisher::surveyPart(Part& part)
{
    const Worker& worker = workers[part.worker];
    thread_local std::vector<std::uint32_t> rowOf; // place -> row of part.counts, all "none" between calls
    rowOf.resize(std::max(rowOf.size(), 2 * worker.rawTracks.size()), kNoPlan);
    Count* at = nullptr; // the last one asked for: rows of a track stand together in many files
    std::uint32_t atPlace = kNoPlan;
    const auto countOf = [&](std::uint32_t where) -> Count& {
        if (where == atPlace) return *at;
        if (rowOf[where] == kNoPlan) {
            rowOf[where] = static_cast<std::uint32_t>(part.counts.size());
            part.counts.push_back({where});
        }
        atPlace = where;
        return *(at = &part.counts[rowOf[where]]);
    };
    Nanos last = part.last;
    std::uint64_t pairEvents = 0, fullEnds = 0;
    part.staged->events.each([&, shift = worker.shift](std::size_t, StagedEvent& event) {
        const bool slice = isSlice(event.phase);
        if (shift) event.start = shifted(event.start, shift);
        if (const Nanos length = slice ? clampedDuration(event.start, event.duration) : 0; length != event.duration) event.duration = length;
        const Nanos until = event.start + event.duration;
        last = std::max(last, until);
        const bool end = event.phase == 'E', pair = event.phase == 'B' || end;
        pairEvents += pair;
        fullEnds += end;
        Count& count = countOf(place(worker, event.track, event.category));
        count.pairs += pair;
        count.slices += slice;
        count.instants += !slice && !end;
        count.last = end ? count.last : std::max(count.last, until);
    });
    if (part.staged->pairedEnds < part.staged->ends.size()) part.staged->ends.each([&](std::size_t, StagedEnd& end) {
        if (end.isPaired) return;
        end.time = shifted(end.time, worker.shift);
        last = std::max(last, end.time);
        ++countOf(2 * end.track).pairs;
        ++pairEvents;
    });
    part.last = last;
    part.pairEvents = pairEvents;
    part.fullEnds = fullEnds;
    for (std::size_t i = 0, n = part.staged->switches.size(); i < n; ++i) {
        StagedSwitch& change = part.staged->switches[i];
        change.time = shifted(change.time, worker.shift);
        part.last = std::max(part.last, change.time);
    }
    for (std::size_t i = 0, n = part.staged->idEvents.size(); i < n; ++i) {
        StagedIdEvent& event = part.staged->idEvents[i];
        event.time = shifted(event.time, worker.shift);
        part.flows += isFlow(event.phase);
        countOf(place(worker, event.track, event.category));
    }
    for (std::size_t i = 0, n = part.staged->counters.size(); i < n; ++i) {
        StagedCounter& value = part.staged->counters[i];
        value.time = shifted(value.time, worker.shift);
        countOf(2 * value.track);
    }
    for (const Count& count : part.counts) rowOf[count.place] = kNoPlan;
}

/// The rows that we made, as a part of a worker of their own.
void TraceBuilder::Finisher::adoptOwnRows()
{
    if (!own.events.size()) return;
    Worker worker;
    worker.source = SourceId(0);
    worker.rawTracks.resize(plans.size());
    worker.mixed.resize(plans.size(), 0);
    for (const TrackId track : finalTrack) worker.tracks.insert(worker.tracks.end(), 2, track);
    workers.push_back(std::move(worker));
    parts.push_back({&own, static_cast<std::uint32_t>(workers.size() - 1)});
    surveyPart(parts.back());
    totalRows += own.events.size();
}

} // namespace opscope
