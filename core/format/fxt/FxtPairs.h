#pragma once

#include "core/base/Diagnostics.h"
#include "core/trace/Staging.h"

#include <cstdint>
#include <span>
#include <vector>

namespace opscope::fxt {

/// Matches begins and ends while they are read, when the begin is still at hand: its row becomes the whole slice, and finish() of the
/// builder has nothing to look for. That is right as long as a thread's begins and ends stand in the file in order of their times, which
/// the format does not ask for; a thread that breaks the rule is left to finish(), and what was matched of it is taken apart by settle().
class FxtPairs
{
public:
    /// `row`: number `number` of part `part`; it must not move.
    void begin(StagedEvent& row, std::uint32_t part, std::uint32_t number)
    {
        Thread& thread = threadOf(row.track);
        if (thread.follows(row.start)) thread.open.push_back({&row, part, number});
    }
    /// `end`, of part `part`, is told where its begin is if that is known.
    void end(StagedEnd& end, std::uint32_t part)
    {
        Thread& thread = threadOf(end.track);
        if (!thread.follows(end.time) || thread.open.empty()) return;
        const Open begin = thread.open.back();
        Nanos duration = 0;
        if (__builtin_sub_overflow(end.time, begin.row->start, &duration)) return giveUp(end.track);
        thread.open.pop_back();
        begin.row->duration = duration;
        begin.row->phase = 'X';
        begin.row->flags = kFromPair;
        end.time = begin.number;
        end.partsBack = part - begin.part;
        end.isPaired = 1;
        if (end.name != begin.row->name) [[unlikely]] m_renamed.push_back({end.offset, end.name, end.track});
    }
    /// Of a thread whose pairs ask for more than can be done here.
    void giveUp(std::uint32_t track) { threadOf(track).isLeft = true; }
    /// After the last record. `tracks`: with their final ids, of which two may be one thread.
    void settle(std::span<StagedPart> parts, std::span<const StagedTrack> tracks, const StringPool& strings, Diagnostics& diagnostics);

private:
    struct Open
    {
        StagedEvent* row;
        std::uint32_t part, number;
    };
    struct Thread
    {
        std::vector<Open> open;
        Nanos last = INT64_MIN;
        bool isLeft = false;     ///< to finish()

        /// Whether the next begin or end of the thread stands in order, as all before it.
        bool follows(Nanos time)
        {
            isLeft = isLeft || time < last;
            last = time;
            return !isLeft;
        }
    };
    struct Renamed
    {
        std::uint64_t offset;
        StringId name;
        std::uint32_t track;
    };
    Thread& threadOf(std::uint32_t track)
    {
        if (track >= m_threads.size()) [[unlikely]] grow(track);
        return m_threads[track];
    }
    void grow(std::uint32_t track);
    bool isLeft(std::uint32_t track) const { return m_threads[track].isLeft; }
    void leaveShared(std::span<const StagedTrack> tracks);
    void takeApart(std::span<StagedPart> parts) const;

    std::vector<Thread> m_threads; // by row of the tracks
    std::vector<Renamed> m_renamed;
};

} // namespace opscope::fxt
