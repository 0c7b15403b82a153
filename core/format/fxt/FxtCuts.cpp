#include "core/format/fxt/FxtCuts.h"

#include "core/format/fxt/FxtRecords.h"
#include "core/format/fxt/FxtReferences.h"

#include <algorithm>

namespace opscope::fxt {

namespace {

using Wide = __int128;
constexpr Wide kSecond = 1'000'000'000;

Wide floorOf(Wide a, Wide b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

} // namespace

FxtCuts::FxtCuts(const Trace& trace, SourceId source, const Subset& subset, const FxtNotes& notes, TimeRange clip)
    : m_trace(&trace), m_notes(&notes), m_clip(clip)
{
    for (const Track& track : trace.tracks()) {
        if (trace.process(track.process).source != source) continue;
        for (std::uint32_t row = track.firstSlice; row < track.firstSlice + track.sliceCount; ++row)
            if (subset.rows.slices.contains(SliceId(row))) add(SliceId(row));
    }
    std::ranges::stable_sort(m_cuts, {}, &Cut::offset);
}

TimeRange FxtCuts::kept(SliceId slice) const
{
    const TimeRange range = m_trace->slices().range(slice);
    return {std::max(range.start, m_clip.start), std::min(range.end, m_clip.end)};
}

void FxtCuts::add(SliceId slice)
{
    const TimeRange range = m_trace->slices().range(slice);
    const bool outside = range.start >= m_clip.end || range.end <= m_clip.start;
    if (outside || kept(slice) == range) return;
    ++m_slices;
    m_cuts.push_back({m_trace->slices().sourceOffset(slice), slice, false});
    if (const ExtraElement* end = m_trace->elements().endOf(slice)) m_cuts.push_back({end->offset, slice, true});
}

/// The tick of a time, by one of the same record of which both are known: so bases and shifts of clocks need not be. A start becomes the
/// first tick that is not in front of it, an end the last one that is not behind.
std::uint64_t FxtCuts::ticks(Nanos time, Nanos knownTime, std::uint64_t knownTicks, std::uint64_t offset, bool isEnd) const
{
    if (time == knownTime) return knownTicks;
    const FxtNotes::Clock* clock = m_notes->clock(m_notes->providerAt(offset), offset);
    const Wide rate = clock ? clock->ticksPerSecond : static_cast<std::uint64_t>(kSecond);
    const Wide sinceZero = Wide{time} - knownTime + floorOf(Wide{knownTicks} * kSecond, rate); // of the file's own clock
    const Wide ticks = isEnd ? floorOf((sinceZero + 1) * rate + kSecond - 1, kSecond) - 1 : floorOf(sinceZero * rate + kSecond - 1, kSecond);
    return static_cast<std::uint64_t>(std::clamp<Wide>(ticks, 0, INT64_MAX));
}

bool FxtCuts::apply(std::uint64_t offset, std::uint32_t tail, std::string& record)
{
    while (m_next < m_cuts.size() && m_cuts[m_next].offset < offset) ++m_next;
    for (; m_next < m_cuts.size() && m_cuts[m_next].offset == offset; ++m_next) { // a context switch is of several slices
        if (record.size() < 2 * kWord) continue;
        if (!m_cuts[m_next].isEnd) cutBegin(m_cuts[m_next], tail, record);
        else if (!cutEnd(m_cuts[m_next], record)) return false;
    }
    return true;
}

/// A complete record, or the first one of a pair.
void FxtCuts::cutBegin(const Cut& cut, std::uint32_t tail, std::string& record)
{
    const TimeRange whole = m_trace->slices().range(cut.slice), part = kept(cut.slice);
    const std::uint64_t header = wordAt(record, 0), start = wordAt(record, 1);
    const bool isEvent = recordType(header) == RecordType::Event;
    const auto type = static_cast<EventType>(bits(header, 16, 19));
    if (part.start != whole.start) setWord(record, 1, ticks(part.start, whole.start, start, cut.offset, false));
    if (!isEvent || type > EventType::DurationComplete) return;
    if (type == EventType::DurationComplete) {
        if (!tail) return;
        if (part.end != whole.end) setWord(record, tail, ticks(part.end, whole.end, wordAt(record, tail), cut.offset, true));
        setWord(record, tail, std::max(wordAt(record, tail), wordAt(record, 1)));
        return;
    }
    const ExtraElement* end = m_trace->elements().endOf(cut.slice);
    if (!end || m_notes->endHasArguments(end->offset) || recordWords(header) == kMaxRecordWords) return;
    // As a complete record: begins and ends that meet at the border would be taken for each other's.
    const std::uint64_t last = std::max(ticks(part.end, whole.start, start, cut.offset, true), wordAt(record, 1));
    const std::uint64_t longer = (header & ~(std::uint64_t{0xF} << 16)) + (1 << 4);
    setWord(record, 0, longer | static_cast<std::uint64_t>(EventType::DurationComplete) << 16);
    record.append(reinterpret_cast<const char*>(&last), sizeof last);
}

bool FxtCuts::cutEnd(const Cut& cut, std::string& record)
{
    const TimeRange whole = m_trace->slices().range(cut.slice), part = kept(cut.slice);
    const std::uint64_t header = wordAt(record, 0);
    const bool isEnd = recordType(header) == RecordType::Event && static_cast<EventType>(bits(header, 16, 19)) == EventType::DurationEnd;
    if (isEnd && !m_notes->endHasArguments(cut.offset)) return false; // its begin is a complete record now
    if (part.end != whole.end) setWord(record, 1, ticks(part.end, whole.end, wordAt(record, 1), cut.offset, true));
    return true;
}

} // namespace opscope::fxt
