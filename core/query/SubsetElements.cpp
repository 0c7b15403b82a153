#include "core/query/SubsetParts.h"

#include <algorithm>
#include <vector>

// An event of the file can be several rows: a counter with several keys, memory that is an instant as well. It is saved as a whole,
// so its rows are kept together.
namespace opscope {

namespace {

/// Place of an element: source and offset.
std::uint64_t placeOf(SourceId source, std::uint64_t offset) { return std::uint64_t{source.value} << 40 | offset; }

template <class Visit>
void eachSample(const Trace& trace, Visit&& visit)
{
    for (const CounterSeries& series : trace.counters().series()) {
        const SourceId source = trace.process(trace.track(series.track).process).source;
        const auto offsets = trace.counters().offsets(series);
        for (std::uint32_t i = 0; i < series.count; ++i) visit(SampleId(series.first + i), placeOf(source, offsets[i]));
    }
}

template <class Visit>
void eachInstant(const Trace& trace, Visit&& visit)
{
    for (const Track& track : trace.tracks()) {
        const SourceId source = trace.process(track.process).source;
        for (std::uint32_t i = track.firstInstant; i < track.firstInstant + track.instantCount; ++i)
            visit(InstantId(i), placeOf(source, trace.instants().sourceOffset(InstantId(i))));
    }
}

} // namespace

/// One context switch begins that a thread runs and that its CPU runs it: two slices, of the track of the thread and of that of the CPU.
static void keepWholeSwitches(const Trace& trace, SliceSet& kept)
{
    std::vector<std::uint64_t> places;
    const auto eachRun = [&](auto&& visit) {
        for (const Track& track : trace.tracks()) {
            if (track.kind != TrackKind::State && track.kind != TrackKind::Cpu) continue;
            const SourceId source = trace.process(track.process).source;
            for (std::uint32_t row = track.firstSlice; row < track.firstSlice + track.sliceCount; ++row)
                if (track.kind == TrackKind::Cpu || trace.name(SliceId(row)) == "Running")
                    visit(SliceId(row), placeOf(source, trace.slices().sourceOffset(SliceId(row))));
        }
    };
    eachRun([&](SliceId slice, std::uint64_t place) {
        if (kept.contains(slice)) places.push_back(place);
    });
    if (places.empty()) return;
    std::sort(places.begin(), places.end());
    eachRun([&](SliceId slice, std::uint64_t place) {
        if (std::binary_search(places.begin(), places.end(), place)) kept.insert(slice);
    });
}

void keepWholeElements(const Trace& trace, Matches& rows)
{
    keepWholeSwitches(trace, rows.slices);
    const auto series = trace.counters().series();
    const bool memory = std::any_of(series.begin(), series.end(), [](const CounterSeries& s) { return s.isBytes; });
    if (series.empty() || (rows.samples.empty() && (!memory || rows.instants.empty()))) return;
    std::vector<std::uint64_t> kept;
    eachSample(trace, [&](SampleId sample, std::uint64_t place) {
        if (rows.samples.contains(sample)) kept.push_back(place);
    });
    if (memory)
        eachInstant(trace, [&](InstantId instant, std::uint64_t place) {
            if (rows.instants.contains(instant)) kept.push_back(place);
        });
    std::sort(kept.begin(), kept.end());
    kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
    const auto isKept = [&](std::uint64_t place) { return std::binary_search(kept.begin(), kept.end(), place); };
    eachSample(trace, [&](SampleId sample, std::uint64_t place) {
        if (isKept(place)) rows.samples.insert(sample);
    });
    if (memory)
        eachInstant(trace, [&](InstantId instant, std::uint64_t place) {
            if (isKept(place)) rows.instants.insert(instant);
        });
}

} // namespace opscope
