#include "core/format/fxt/FxtPairs.h"

#include <algorithm>
#include <tuple>

namespace opscope::fxt {

void FxtPairs::grow(std::uint32_t track)
{
    m_threads.resize(std::max<std::size_t>(track + 1, 2 * m_threads.size()));
}

/// Ends of another name are told in the order of the file: by finish(), as soon as it has any of them to tell.
void FxtPairs::settle(std::span<StagedPart> parts, std::span<const StagedTrack> tracks, const StringPool& strings, Diagnostics& diagnostics)
{
    leaveShared(tracks);
    std::erase_if(m_renamed, [&](const Renamed& end) { return strings.view(end.name).empty(); });
    if (std::ranges::any_of(m_threads, &Thread::isLeft)) {
        for (const Renamed& end : m_renamed) m_threads[end.track].isLeft = true;
        takeApart(parts);
    } else {
        for (const Renamed& end : m_renamed) diagnostics.note(Defect::EndNameDiffers, end.offset, strings.view(end.name));
    }
    m_threads = {};
    m_renamed = {};
}

/// What turns out to be one thread has its events in one order.
void FxtPairs::leaveShared(std::span<const StagedTrack> tracks)
{
    const auto key = [&](std::uint32_t row) {
        const auto one = [](const TrackKey& k) { return std::tuple(k.kind, k.number, k.text.value); };
        return std::tuple(one(tracks[row].pid), one(tracks[row].tid));
    };
    std::vector<std::uint32_t> rows;
    for (std::uint32_t row = 0; row < std::min(tracks.size(), m_threads.size()); ++row) rows.push_back(row);
    std::ranges::sort(rows, {}, key);
    for (std::size_t i = 1; i < rows.size(); ++i)
        if (key(rows[i - 1]) == key(rows[i])) m_threads[rows[i - 1]].isLeft = m_threads[rows[i]].isLeft = true;
}

void FxtPairs::takeApart(std::span<StagedPart> parts) const
{
    for (std::size_t p = 0; p < parts.size(); ++p) {
        parts[p].ends.each([&](std::size_t, StagedEnd& end) {
            if (!end.isPaired || !isLeft(end.track)) return;
            const StagedEvent& begin = parts[p - end.partsBack].events[static_cast<std::size_t>(end.time)];
            end.time = begin.start + begin.duration;
            end.isPaired = end.partsBack = 0;
            --parts[p].pairedEnds;
        });
    }
    for (StagedPart& part : parts) {
        part.events.each([&](std::size_t, StagedEvent& event) {
            if (!(event.flags & kFromPair) || !isLeft(event.track)) return;
            event.phase = 'B';
            event.flags = 0;
            event.duration = 0;
        });
    }
}

} // namespace opscope::fxt
