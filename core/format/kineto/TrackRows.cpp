#include "core/format/kineto/TrackRows.h"

namespace opscope::kineto {

std::uint64_t mixed(std::uint64_t hash, std::uint64_t value)
{
    hash = (hash ^ value) * 0x9E3779B97F4A7C15ull;
    return hash ^ (hash >> 29);
}

std::uint64_t hashOf(const TrackKey& pid, const TrackKey& tid)
{
    std::uint64_t h = mixed(static_cast<std::uint64_t>(pid.kind), static_cast<std::uint64_t>(pid.number));
    h = mixed(h, pid.text.value);
    h = mixed(h, static_cast<std::uint64_t>(tid.kind));
    h = mixed(h, static_cast<std::uint64_t>(tid.number));
    return mixed(h, tid.text.value);
}

void TrackRows::look(const TrackKey& pid, const TrackKey& tid)
{
    const std::uint64_t hash = hashOf(pid, tid);
    const std::size_t mask = m_slots.size() - 1;
    std::size_t slot = hash >> 20 & mask;
    for (; m_slots[slot]; slot = (slot + 1) & mask) {
        const StagedTrack& track = m_tracks[m_slots[slot] - 1];
        if (track.pid == pid && track.tid == tid)
            break;
    }
    m_last = m_slots[slot] ? m_slots[slot] - 1 : add(pid, tid, hash);
    m_lastPid = pid;
    m_lastTid = tid;
    m_hasLast = true;
}

std::uint32_t TrackRows::add(const TrackKey& pid, const TrackKey& tid, std::uint64_t hash)
{
    const auto put = [this](std::uint64_t h, std::uint32_t row) {
        const std::size_t mask = m_slots.size() - 1;
        std::size_t slot = h >> 20 & mask;
        while (m_slots[slot])
            slot = (slot + 1) & mask;
        m_slots[slot] = row + 1;
    };
    const auto row = static_cast<std::uint32_t>(m_tracks.size());
    m_tracks.push_back({pid, tid, 0, 0, 0});
    m_counts.emplace_back();
    if (m_tracks.size() * 2 > m_slots.size()) {
        m_slots.assign(m_slots.size() * 2, 0);
        for (std::uint32_t other = 0; other < row; ++other)
            put(hashOf(m_tracks[other].pid, m_tracks[other].tid), other);
    }
    put(hash, row);
    return row;
}

std::vector<WindowCounts::OfTrack> TrackRows::takeCounts()
{
    std::vector<WindowCounts::OfTrack> counts;
    counts.reserve(m_touched.size());
    for (const std::uint32_t row : m_touched) {
        counts.push_back(m_counts[row]);
        m_counts[row] = {};
    }
    m_touched.clear();
    return counts;
}

} // namespace opscope::kineto
