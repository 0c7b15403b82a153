#include "core/format/kineto/KeptElements.h"

#include "core/format/kineto/TopLevel.h"

#include <algorithm>

namespace opscope::kineto {

namespace {

template <class Visit>
void eachTrackOf(const Trace& trace, SourceId source, Visit&& visit)
{
    for (const Track& track : trace.tracks())
        if (trace.process(track.process).source == source) visit(track);
}

template <class RowId, class Visit>
void eachRow(const RowSet<RowId>& set, std::uint32_t first, std::uint32_t count, Visit&& visit)
{
    if (!count) return;
    for (RowId row = set.next(RowId(first)); row.valid() && row.value - first < count; row = set.next(RowId(std::size_t{row.value} + 1))) visit(row);
}

/// Ascending. Offsets of a track come almost in order, so a few passes over 16 bits each beat comparing them.
void sortOffsets(std::vector<std::uint64_t>& offsets)
{
    constexpr std::size_t kFew = 100'000;
    if (offsets.size() < kFew) return std::sort(offsets.begin(), offsets.end());
    std::uint64_t highest = 0;
    for (const std::uint64_t offset : offsets) highest |= offset;
    std::vector<std::uint64_t> sorted(offsets.size());
    for (unsigned shift = 0; shift < 64 && highest >> shift; shift += 16) {
        std::vector<std::size_t> next(65'537, 0);
        for (const std::uint64_t offset : offsets) ++next[(offset >> shift & 0xFFFF) + 1];
        for (std::size_t i = 1; i < next.size(); ++i) next[i] += next[i - 1];
        for (const std::uint64_t offset : offsets) sorted[next[offset >> shift & 0xFFFF]++] = offset;
        offsets.swap(sorted);
    }
}

} // namespace

std::vector<std::uint64_t> keptElements(const Trace& trace, SourceId source, const Subset& subset)
{
    std::vector<std::uint64_t> offsets;
    eachTrackOf(trace, source, [&](const Track& track) {
        eachRow(subset.rows.slices, track.firstSlice, track.sliceCount, [&](SliceId s) { offsets.push_back(trace.slices().sourceOffset(s)); });
        eachRow(subset.rows.instants, track.firstInstant, track.instantCount, [&](InstantId i) { offsets.push_back(trace.instants().sourceOffset(i)); });
        for (std::uint32_t k = 0; k < track.seriesCount; ++k) {
            const CounterSeries& series = trace.counters().series(SeriesId(track.firstSeries + k));
            const auto places = trace.counters().offsets(series);
            eachRow(subset.rows.samples, series.first, series.count, [&](SampleId s) { offsets.push_back(places[s.value - series.first]); });
        }
    });
    const auto points = trace.flows().points();
    subset.flows.forEach([&](FlowPointId p) {
        const FlowPoint& point = points[p.index()];
        if (trace.process(trace.track(point.track).process).source == source) offsets.push_back(point.source);
    });
    for (const ExtraElement& element : trace.elements().of(source))
        if (subset.keeps(element)) offsets.push_back(element.offset);
    sortOffsets(offsets);
    offsets.erase(std::unique(offsets.begin(), offsets.end()), offsets.end());
    return offsets;
}

std::vector<CutElement> cutElements(const Trace& trace, SourceId source, const Subset& subset, TimeRange clip)
{
    const SliceTable& slices = trace.slices();
    std::vector<CutElement> cuts;
    const auto overlaps = [&](SliceId s) { return slices.start(s) < clip.end && slices.end(s) > clip.start; };
    eachTrackOf(trace, source, [&](const Track& track) {
        eachRow(subset.rows.slices, track.firstSlice, track.sliceCount, [&](SliceId s) {
            const bool early = slices.start(s) < clip.start, late = slices.end(s) > clip.end;
            if (!overlaps(s) || (!early && !late)) return;
            const bool complete = (slices.flags(s) & kOriginMask) == kFromComplete;
            if (complete) cuts.push_back({slices.sourceOffset(s), CutElement::Part::Complete});
            else if (early) cuts.push_back({slices.sourceOffset(s), CutElement::Part::Begin});
        });
    });
    for (const ExtraElement& element : trace.elements().of(source)) {
        if (element.kind != static_cast<std::uint64_t>(ExtraElement::Kind::PairEnd)) continue;
        const SliceId s(element.row);
        if (subset.rows.slices.contains(s) && overlaps(s) && slices.end(s) > clip.end) cuts.push_back({element.offset, CutElement::Part::End});
    }
    std::sort(cuts.begin(), cuts.end());
    return cuts;
}

Nanos timeShift(const Trace& trace, SourceId source)
{
    std::int64_t base = 0;
    for (const TopLevelEntry& entry : trace.topLevel())
        if (entry.source == source && entry.key == "baseTimeNanoseconds") base = baseTimeOf(entry.json).value_or(base);
    Nanos shift = 0; // loading refuses bases that are too far apart
    return __builtin_sub_overflow(base, trace.baseTime(), &shift) ? 0 : shift + trace.sources()[source.index()].clockShift;
}

} // namespace opscope::kineto
