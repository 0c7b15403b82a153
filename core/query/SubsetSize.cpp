#include "core/query/SubsetParts.h"

#include <algorithm>

// Which tracks a part has, how many elements, and about how many bytes. Only slices and nodes have a known length; the rest of a file
// is shared out evenly among its other elements.
namespace opscope {

namespace {

constexpr std::uint64_t kLongSlice = UINT16_MAX + 1; ///< at least, where SliceTable::sourceLength() is 0
constexpr std::uint64_t kSeparator = 2;

struct Count
{
    std::uint64_t slices = 0, sliceBytes = 0;
    std::uint64_t others = 0;   ///< instants, counter events, flow points, ends of pairs, metadata
    std::uint64_t nodes = 0, nodeBytes = 0;
};

class Measure
{
public:
    /// Of no part: of everything, without a look at a set.
    Measure(const Trace& trace, const Subset* part) : m_trace(trace), m_part(part), m_counts(trace.sources().size()) {}

    std::vector<Count> run()
    {
        for (const Track& track : m_trace.tracks()) ofTrack(track);
        for (auto& offsets : m_offsets) {
            std::sort(offsets.second.begin(), offsets.second.end()); // an event with several keys is a row in several series
            const auto end = std::unique(offsets.second.begin(), offsets.second.end());
            m_counts[offsets.first].others += static_cast<std::uint64_t>(end - offsets.second.begin());
        }
        const auto points = m_trace.flows().points();
        if (m_part) m_part->flows.forEach([&](FlowPointId p) { ++of(m_trace.track(points[p.index()].track)).others; });
        else for (const auto& point : points) ++of(m_trace.track(point.track)).others;
        for (const ExtraElement& element : m_trace.elements().all())
            if (!m_part || m_part->keeps(element)) ++m_counts[element.source].others;
        ofNodes();
        return std::move(m_counts);
    }

private:
    SourceId sourceOf(const Track& track) const { return m_trace.process(track.process).source; }
    Count& of(const Track& track) { return m_counts[sourceOf(track).index()]; }

    void ofTrack(const Track& track)
    {
        if (!sourceOf(track).valid() || sourceOf(track).index() >= m_counts.size()) return;
        Count& count = of(track);
        const SliceTable& slices = m_trace.slices();
        const std::uint32_t end = track.firstSlice + track.sliceCount;
        if (m_trace.timeBase() == TimeBase::Nanoseconds)
            eachKept(m_part ? &m_part->rows.slices : nullptr, SliceId(track.firstSlice), SliceId(end), [&](SliceId s) {
                const std::uint32_t length = slices.sourceLength(s);
                ++count.slices;
                count.sliceBytes += length ? length : kLongSlice;
            });
        const std::uint32_t lastInstant = track.firstInstant + track.instantCount;
        if (m_part) eachKept(&m_part->rows.instants, InstantId(track.firstInstant), InstantId(lastInstant), [&](InstantId) { ++count.others; });
        else count.others += track.instantCount;
        for (std::uint32_t s = 0; s < track.seriesCount; ++s) ofSeries(m_trace.counters().series(SeriesId(track.firstSeries + s)), sourceOf(track));
    }

    /// Rows of [begin, end) that are in the set; all where there is none.
    template <class Id, class Visit>
    static void eachKept(const RowSet<Id>* set, Id begin, Id end, Visit&& visit)
    {
        if (begin.value >= end.value) return; // tracks without rows name none
        if (!set)
            for (std::uint32_t row = begin.value; row < end.value; ++row) visit(Id(row));
        else
            for (Id row = set->next(begin); row && row < end; row = set->next(Id(row.value + 1))) visit(row);
    }

    void ofSeries(const CounterSeries& series, SourceId source)
    {
        if (series.isBytes) return; // of memory: counted as instants
        const auto offsets = m_trace.counters().offsets(series);
        std::vector<std::uint64_t>* found = nullptr;
        for (std::uint32_t i = 0; i < series.count; ++i) {
            if (m_part && !m_part->rows.samples.contains(SampleId(series.first + i))) continue;
            if (!found) found = &offsetsOf(source);
            found->push_back(offsets[i]);
        }
    }

    std::vector<std::uint64_t>& offsetsOf(SourceId source)
    {
        for (auto& [of, offsets] : m_offsets)
            if (of == source.index()) return offsets;
        return m_offsets.emplace_back(source.index(), std::vector<std::uint64_t>()).second;
    }

    void ofNodes()
    {
        const ExecutionTrace* et = m_trace.executionTrace();
        if (!et) return;
        for (const EtFile& file : et->files()) {
            if (file.source.index() >= m_counts.size()) continue;
            Count& count = m_counts[file.source.index()];
            const std::uint32_t end = file.firstNode.value + file.nodeCount;
            for (std::uint32_t row = file.firstNode.value; row < end; ++row) {
                const EtNode& node = et->node(NodeId(row));
                if ((m_part && !m_part->rows.nodes.contains(NodeId(row))) || !node.sourceLength) continue;
                ++count.nodes;
                count.nodeBytes += node.sourceLength;
            }
        }
    }

    const Trace& m_trace;
    const Subset* m_part;
    std::vector<Count> m_counts;
    std::vector<std::pair<std::size_t, std::vector<std::uint64_t>>> m_offsets; ///< of counter events, by source
};

} // namespace

void findKeptTracks(const Trace& trace, Subset& subset)
{
    subset.tracks = TrackSet(trace.tracks().size());
    subset.processes = ProcessSet(trace.processes().size());
    ProcessSet anyThread(trace.processes().size());
    for (std::size_t t = 0; t < trace.tracks().size(); ++t) {
        const Track& track = trace.tracks()[t];
        bool kept = track.sliceCount && subset.rows.slices.any(SliceId(track.firstSlice), SliceId(track.firstSlice + track.sliceCount));
        kept = kept || (track.instantCount &&
                        subset.rows.instants.any(InstantId(track.firstInstant), InstantId(track.firstInstant + track.instantCount)));
        for (std::uint32_t s = 0; s < track.seriesCount && !kept; ++s) {
            const CounterSeries& series = trace.counters().series(SeriesId(track.firstSeries + s));
            kept = series.count && subset.rows.samples.any(SampleId(series.first), SampleId(series.first + series.count));
        }
        if (!kept) continue;
        subset.tracks.insert(TrackId(t));
        subset.processes.insert(track.process);
        if (!track.fromFile) anyThread.insert(track.process);
    }
    if (anyThread.empty()) return;
    for (std::size_t t = 0; t < trace.tracks().size(); ++t)
        if (anyThread.contains(trace.tracks()[t].process)) subset.tracks.insert(TrackId(t));
}

void measureSubset(const Trace& trace, Subset& subset)
{
    const std::vector<Count> all = Measure(trace, nullptr).run();
    const std::vector<Count> kept = subset.whole ? all : Measure(trace, &subset).run();
    std::vector<std::uint64_t> top(trace.sources().size());
    for (const TopLevelEntry& entry : trace.topLevel())
        if (entry.source.index() < top.size()) top[entry.source.index()] += entry.length + entry.key.size() + 6;
    subset.sources.assign(trace.sources().size(), {});
    for (std::size_t s = 0; s < trace.sources().size(); ++s) {
        const SourceFile& file = trace.sources()[s];
        Subset::OfSource& out = subset.sources[s];
        out.events = kept[s].slices + kept[s].others + kept[s].nodes;
        if (subset.whole) {
            // What is no row of ours stands in the file as well.
            if (trace.sources().size() == 1 && trace.stats().elements) out.events = trace.stats().elements;
            out.estimatedBytes = file.unpackedBytes;
            continue;
        }
        const std::uint64_t known = all[s].sliceBytes + all[s].nodeBytes + top[s] + kSeparator * (all[s].slices + all[s].nodes);
        const std::uint64_t rest = file.unpackedBytes > known ? file.unpackedBytes - known : 0;
        const std::uint64_t each = all[s].others ? rest / all[s].others : 0;
        out.estimatedBytes = top[s] + kept[s].sliceBytes + kept[s].nodeBytes + kSeparator * (kept[s].slices + kept[s].nodes) + each * kept[s].others;
    }
}

} // namespace opscope
