#pragma once

#include "core/format/kineto/WindowCounts.h"
#include "core/trace/Staging.h"

#include <vector>

namespace opscope::kineto {

std::uint64_t mixed(std::uint64_t hash, std::uint64_t value);
std::uint64_t hashOf(const TrackKey& pid, const TrackKey& tid);

/// Which row of a worker's tracks a pair of pid and tid has, and what the running window holds of each. An event is mostly of the
/// track of the one before it.
class TrackRows
{
public:
    explicit TrackRows(std::vector<StagedTrack>& tracks) : m_tracks(tracks), m_slots(64) {}

    /// Adds the track where it is new.
    std::uint32_t rowOf(const TrackKey& pid, const TrackKey& tid)
    {
        if (!m_hasLast || pid != m_lastPid || tid != m_lastTid) [[unlikely]]
            look(pid, tid);
        return m_last;
    }
    void count(std::uint32_t row, Side side)
    {
        WindowCounts::OfTrack& count = m_counts[row];
        if (count.events == 0) {
            count.row = row;
            m_touched.push_back(row);
        }
        ++count.events;
        count.hostEvents += side == Side::Host;
        count.deviceEvents += side == Side::Device;
    }
    /// What was counted since the last time.
    std::vector<WindowCounts::OfTrack> takeCounts();

private:
    void look(const TrackKey& pid, const TrackKey& tid);
    std::uint32_t add(const TrackKey& pid, const TrackKey& tid, std::uint64_t hash);

    std::vector<StagedTrack>& m_tracks;
    std::vector<std::uint32_t> m_slots;          // open addressing: row + 1
    TrackKey m_lastPid, m_lastTid;
    std::uint32_t m_last = 0;
    bool m_hasLast = false;
    std::vector<WindowCounts::OfTrack> m_counts; // by row, of the running window
    std::vector<std::uint32_t> m_touched;
};

} // namespace opscope::kineto
