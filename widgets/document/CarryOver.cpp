#include "widgets/document/CarryOver.h"

#include <algorithm>

namespace opscope {

namespace {

Nanos moved(Nanos time, Nanos by)
{
    return static_cast<Nanos>(std::clamp<__int128>(static_cast<__int128>(time) + by, INT64_MIN, INT64_MAX));
}

} // namespace

CarryOver::CarryOver(const Trace& from, const Trace& to) : m_from(from), m_to(to)
{
    if (from.timeBase() == to.timeBase()) measureShift();
}

SourceId CarryOver::source(SourceId old) const
{
    const auto same = std::ranges::find(m_to.sources(), m_from.sources()[old.index()].path, &SourceFile::path);
    return same == m_to.sources().end() ? SourceId() : SourceId(static_cast<std::size_t>(same - m_to.sources().begin()));
}

TrackId CarryOver::track(TrackId old) const
{
    const Track& was = m_from.track(old);
    const Process& process = m_from.process(was.process);
    const SourceId file = source(process.source);
    const std::string pid = m_from.keyText(process.pid), tid = m_from.keyText(was.tid);
    for (std::size_t row = 0; row < m_to.tracks().size(); ++row) {
        const Track& now = m_to.tracks()[row];
        const Process& owner = m_to.process(now.process);
        if (owner.source == file && now.kind == was.kind && now.sliceCount == was.sliceCount && m_to.keyText(now.tid) == tid &&
            m_to.keyText(owner.pid) == pid)
            return TrackId(row);
    }
    return {};
}

SliceId CarryOver::slice(SliceId old) const
{
    if (!old) return {};
    const TrackId found = track(m_from.trackOf(old));
    if (!found) return {};
    const Track& now = m_to.track(found);
    const std::uint64_t offset = m_from.slices().sourceOffset(old);
    const auto same = [&](SliceId candidate) {
        return m_to.slices().sourceOffset(candidate) == offset && m_to.name(candidate) == m_from.name(old);
    };
    // Nearly always the rows of a track stand as they stood.
    const SliceId likely(now.firstSlice + (old.value - m_from.track(m_from.trackOf(old)).firstSlice));
    if (likely.index() < m_to.slices().size() && same(likely)) return likely;
    for (std::uint32_t i = 0; i < now.sliceCount; ++i)
        if (const SliceId candidate(now.firstSlice + i); same(candidate)) return candidate;
    return {};
}

InstantId CarryOver::instant(InstantId old) const
{
    if (!old) return {};
    const TrackId found = track(m_from.trackOf(old));
    if (!found) return {};
    const Track& now = m_to.track(found);
    const std::uint64_t offset = m_from.instants().sourceOffset(old);
    for (std::uint32_t i = 0; i < now.instantCount; ++i) {
        const InstantId candidate(now.firstInstant + i);
        if (m_to.instants().sourceOffset(candidate) == offset) return candidate;
    }
    return {};
}

NodeId CarryOver::node(NodeId old) const
{
    const ExecutionTrace* was = m_from.executionTrace();
    const ExecutionTrace* now = m_to.executionTrace();
    if (!old || !was || !now) return {};
    const EtFile& file = was->fileOf(old);
    const EtFile* same = now->fileOf(source(file.source));
    if (!same || same->nodeCount != file.nodeCount) return {};
    return NodeId(same->firstNode.index() + (old.index() - file.firstNode.index())); // the rows of a file stay in their order
}

/// Several files may be put on one clock: the first slice that exists in both tells how far the old ones were moved.
void CarryOver::measureShift()
{
    for (std::size_t row = 0; row < m_from.tracks().size() && !m_shift; ++row) {
        const Track& was = m_from.tracks()[row];
        if (was.sliceCount == 0) continue;
        const SliceId first(was.firstSlice);
        if (const SliceId now = slice(first))
            m_shift = static_cast<Nanos>(static_cast<std::uint64_t>(m_to.slices().start(now)) -
                                         static_cast<std::uint64_t>(m_from.slices().start(first)));
    }
}

std::optional<TimeRange> CarryOver::range(TimeRange old) const
{
    if (!m_shift) return std::nullopt;
    return TimeRange{moved(old.start, *m_shift), moved(old.end, *m_shift)};
}

Selection CarryOver::selection(const Selection& old) const
{
    Selection now;
    now.node = node(old.node);
    now.slice = m_from.timeBase() == m_to.timeBase() ? slice(old.slice) : m_to.sliceOf(now.node);
    now.instant = instant(old.instant);
    if (now.slice && !now.node) now.node = m_to.nodeOf(now.slice);
    if (now.node && !now.slice) now.slice = m_to.sliceOf(now.node);
    if (now.slice) now.track = m_to.trackOf(now.slice);
    if (now.instant) now.track = m_to.trackOf(now.instant);
    if (old.tensor && now.node && old.node) {
        const EtNode& was = m_from.executionTrace()->node(old.node);
        now.tensor = TensorId(m_to.executionTrace()->node(now.node).firstTensor + (old.tensor.value - was.firstTensor));
    }
    if (old.range) now.range = range(*old.range);
    return now;
}

} // namespace opscope
