#include "core/base/Parallel.h"
#include "core/link/LinkBuilder.h"
#include "core/link/OperatorStack.h"

#include <algorithm>
#include <utility>

// One pass over the rows, track by track: what links are made of, by source.
namespace opscope {

namespace {

constexpr std::uint32_t kSegmentRows = 128 * 1024; ///< long tracks are cut, so that two threads share them

using C = CategoryClass;

bool isOperatorClass(C c) { return c == C::CpuOp || c == C::UserAnnotation; }
bool isCallClass(C c) { return c == C::Runtime || c == C::Driver; }

} // namespace

/// Rows of one track that one task looks at.
struct LinkBuilder::Segment
{
    SourceId source;
    TrackId track;
    std::uint32_t first = 0, end = 0;
    bool hasOperators = false;
    SourceRows found = {};
};

/// Where a long track may be cut: slices nest, so the operators that are open there are ancestors of the row, and no row in front
/// of it has its start and length.
std::uint32_t LinkBuilder::cutNear(const Track& track, std::uint32_t row) const
{
    const SliceTable& slices = m_trace.m_slices;
    const std::uint32_t end = track.firstSlice + track.sliceCount;
    if (!track.spillBases.empty() || track.kind == TrackKind::Async) return end;
    while (row < end && (slices.duration(SliceId(row)) == 0 || slices.start(SliceId(row)) == slices.start(SliceId(row - 1)))) ++row;
    return row;
}

void LinkBuilder::survey()
{
    std::vector<Segment> segments;
    m_hasOperators.assign(m_trace.m_tracks.size(), 0);
    for (std::size_t t = 0; t < m_trace.m_tracks.size(); ++t) {
        const Track& track = m_trace.m_tracks[t];
        if (!track.sliceCount || !track.process) continue;
        const SourceId source = sourceOf(track);
        m_sources[source.index()].tracks.push_back(TrackId(t));
        const std::uint32_t end = track.firstSlice + track.sliceCount;
        for (std::uint32_t first = track.firstSlice; first < end; first = segments.back().end)
            segments.push_back({source, TrackId(t), first, end - first > 2 * kSegmentRows ? cutNear(track, first + kSegmentRows) : end});
    }
    parallelFor(segments.size(), m_threads, [&](std::size_t i) { surveySegment(segments[i]); });
    for (const Segment& segment : segments) {
        m_hasOperators[segment.track.index()] |= segment.hasOperators;
        m_sources[segment.source.index()].operators += segment.found.operators;
    }
    const auto gather = [&](auto list) { // one behind the other, in their order
        std::vector<std::size_t> places;
        std::vector<std::size_t> sizes(m_sources.size(), 0);
        for (const Segment& segment : segments) {
            std::size_t& size = sizes[segment.source.index()];
            places.push_back(size);
            size += (segment.found.*list).size();
        }
        for (std::size_t s = 0; s < m_sources.size(); ++s) (m_sources[s].*list).resize(sizes[s]);
        parallelFor(segments.size(), m_threads, [&](std::size_t i) {
            const auto from = std::move(segments[i].found.*list); // its memory goes here
            std::copy(from.begin(), from.end(), (m_sources[segments[i].source.index()].*list).data() + places[i]);
        });
    };
    gather(&SourceRows::calls);
    for (const auto list : {&SourceRows::deviceOps, &SourceRows::gpuAnnotations, &SourceRows::syncs, &SourceRows::numbered}) gather(list);
}

void LinkBuilder::surveySegment(Segment& segment) const
{
    const SliceTable& slices = m_trace.m_slices;
    OperatorStack open;
    std::vector<SliceId> above; // operators that the segment begins in, innermost first
    for (SliceId a = slices.parent(SliceId(segment.first)); a; a = slices.parent(a))
        if (isOperatorClass(kind(a))) above.push_back(a);
    for (auto it = above.rbegin(); it != above.rend(); ++it) open.push(*it, slices.end(*it));

    const BlockColumn& numbers = slices.column(ArgField::SequenceNumber);
    const auto takeOperator = [&](SliceId s, C c) {
        segment.hasOperators = true;
        ++segment.found.operators;
        open.push(s, slices.end(s));
        if (c == C::CpuOp && numbers[s.index()] >= 0) segment.found.numbered.push_back(s);
    };
    const auto takeCall = [&](SliceId s) {
        const std::int64_t correlation = arg(s, ArgField::Correlation);
        segment.found.calls.push_back({correlation == BlockColumn::kNone ? 0 : static_cast<std::uint64_t>(correlation), s,
                                       open.innermost(slices.end(s))});
    };
    const auto sameRange = [&](std::uint32_t a, std::uint32_t b) {
        return slices.starts()[a] == slices.starts()[b] && slices.durations()[a] == slices.durations()[b];
    };
    for (std::uint32_t row = segment.first, end = 0; row < segment.end; row = end) {
        end = row + 1;
        const C first = kind(SliceId(row));
        if (isCallClass(first)) while (end < segment.end && sameRange(row, end)) ++end; // operators of the same range come first
        if (isCallClass(first) || isOperatorClass(first)) open.advance(slices.start(SliceId(row)), slices.duration(SliceId(row)));
        for (std::uint32_t r = row; r < end; ++r)
            if (isOperatorClass(kind(SliceId(r)))) takeOperator(SliceId(r), kind(SliceId(r)));
        for (std::uint32_t r = row; r < end; ++r) {
            const SliceId s(r);
            switch (kind(s)) {
            case C::Runtime:
            case C::Driver: takeCall(s); break;
            case C::Kernel:
            case C::Memcpy:
            case C::Memset: segment.found.deviceOps.push_back(s); break;
            case C::GpuAnnotation: segment.found.gpuAnnotations.push_back(s); break;
            case C::Sync: segment.found.syncs.push_back(s); break;
            default: break;
            }
        }
    }
}

} // namespace opscope
