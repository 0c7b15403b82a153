#include "widgets/timeline/TimelineWalk.h"

namespace opscope {
namespace {

// The row among those of a box that holds the slice; rowCount of the box if none.
std::uint32_t rowIn(const TimelineModel& model, const TimelineLayout& layout, const BandBox& box, SliceId slice)
{
    const SliceTable& slices = model.trace->slices();
    for (std::uint32_t i = 0; i < box.rowCount; ++i) {
        const LanePyramid& pyramid = model.lanes[layout.rows[box.firstRow + i].lane].pyramid;
        if (pyramid.positionOf(slices, slice) < pyramid.size()) return i;
    }
    return box.rowCount;
}

const LanePyramid& pyramidOf(const TimelineModel& model, const TimelineLayout& layout, const BandBox& box, std::uint32_t row)
{
    return model.lanes[layout.rows[box.firstRow + row].lane].pyramid;
}

SliceId along(const LanePyramid& pyramid, const SliceTable& slices, SliceId from, bool right)
{
    const std::uint32_t at = pyramid.positionOf(slices, from);
    if (right) return at + 1 < pyramid.size() ? pyramid.slice(at + 1) : SliceId();
    return at > 0 ? pyramid.slice(at - 1) : SliceId();
}

// The nearest row above whose slice covers this one's start; below, the first slice that starts within this one.
SliceId across(const TimelineModel& model, const TimelineLayout& layout, const BandBox& box, std::uint32_t row, SliceId from, bool up)
{
    const SliceTable& slices = model.trace->slices();
    const TimeRange range = slices.range(from);
    for (std::uint32_t i = row; up ? i-- > 0 : ++i < box.rowCount;) {
        const LanePyramid& pyramid = pyramidOf(model, layout, box, i);
        const std::uint32_t at = up ? pyramid.firstEndingAfter(slices, range.start) : pyramid.firstStartingAt(slices, range.start);
        if (at == pyramid.size()) continue;
        const SliceId candidate = pyramid.slice(at);
        if (up ? slices.start(candidate) <= range.start : slices.start(candidate) < range.end) return candidate;
    }
    return {};
}

} // namespace

SliceId walk(const TimelineModel& model, const TimelineLayout& layout, SliceId from, Step step)
{
    const Trace& trace = *model.trace;
    if (step == Step::Earlier || step == Step::Later) {
        const Track& track = trace.track(trace.trackOf(from));
        std::uint32_t row = from.value;
        const std::uint32_t end = track.firstSlice + track.sliceCount;
        if (step == Step::Later) {
            while (++row < end && !model.shows(SliceId(row))) {}
            return row < end ? SliceId(row) : SliceId();
        }
        while (row > track.firstSlice)
            if (model.shows(SliceId(--row))) return SliceId(row);
        return {};
    }
    for (const std::uint32_t band : model.bandsOf(trace.trackOf(from))) {
        const BandBox* box = layout.boxOf(band);
        if (!box) continue;
        const std::uint32_t row = rowIn(model, layout, *box, from);
        if (row == box->rowCount) continue;
        if (step == Step::Left || step == Step::Right)
            return along(pyramidOf(model, layout, *box, row), trace.slices(), from, step == Step::Right);
        return across(model, layout, *box, row, from, step == Step::Up);
    }
    return {};
}

SliceId firstIn(const TimelineModel& model, const TimelineLayout& layout, TimeRange range)
{
    const SliceTable& slices = model.trace->slices();
    for (const LaneRow& row : layout.rows) {
        const LanePyramid& pyramid = model.lanes[row.lane].pyramid;
        const std::uint32_t at = pyramid.firstStartingAt(slices, range.start);
        if (at < pyramid.size() && slices.start(pyramid.slice(at)) < range.end) return pyramid.slice(at);
    }
    return {};
}

} // namespace opscope
