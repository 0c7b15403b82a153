#include "core/trace/PlaceLookup.h"

namespace opscope {

namespace {

/// Remembers the row that begins last at or before the offset.
struct Nearest
{
    std::uint64_t offset = 0;
    Place place;
    std::uint64_t begin = 0;
    std::uint64_t length = 0;

    template <class Row>
    void offer(Row Place::*field, Row row, std::uint64_t rowBegin, std::uint64_t rowLength)
    {
        if (rowBegin > offset || (place.found() && rowBegin < begin)) return;
        place = {};
        place.*field = row;
        begin = rowBegin;
        length = rowLength;
    }
};

void offerTrack(const Trace& trace, const Track& track, Nearest& nearest)
{
    const SliceTable& slices = trace.slices();
    for (std::uint32_t i = 0; i < track.sliceCount; ++i) {
        const SliceId slice(track.firstSlice + i);
        const std::uint32_t length = slices.sourceLength(slice); // 0 and 65535: longer than the column can say
        nearest.offer(&Place::slice, slice, slices.sourceOffset(slice), length && length < 65535 ? length : UINT64_MAX);
    }
    for (std::uint32_t i = 0; i < track.instantCount; ++i) {
        const InstantId instant(track.firstInstant + i);
        nearest.offer(&Place::instant, instant, trace.instants().sourceOffset(instant), 1); // no lengths
    }
}

void offerNodes(const ExecutionTrace& trace, const EtFile& file, Nearest& nearest)
{
    for (std::uint32_t i = file.firstNode.value; i < file.firstNode.value + file.nodeCount; ++i) {
        const EtNode& node = trace.nodes()[i];
        if (node.sourceLength > 0) nearest.offer(&Place::node, NodeId(i), node.sourceOffset, node.sourceLength);
    }
}

} // namespace

Place placeAt(const Trace& trace, SourceId source, std::uint64_t offset, const JobControl& job)
{
    Nearest nearest;
    nearest.offset = offset;
    const ExecutionTrace* nodes = trace.executionTrace();
    const EtFile* file = nodes ? nodes->fileOf(source) : nullptr;
    if (file) {
        offerNodes(*nodes, *file, nearest);
    } else {
        for (const Track& track : trace.tracks()) {
            if (job.cancelled()) return {};
            if (trace.process(track.process).source == source) offerTrack(trace, track, nearest);
        }
    }
    nearest.place.exact = nearest.place.found() && offset - nearest.begin < nearest.length;
    return nearest.place;
}

} // namespace opscope
