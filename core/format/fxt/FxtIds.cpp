#include "core/format/fxt/FxtIds.h"

namespace opscope {

namespace {

bool isUsable(const TrackKey& key) { return key.kind == TrackKey::Kind::Number && key.number > 0; }
} // namespace

bool FxtIds::hasThread(const Track& track)
{
    if (track.tid.kind == TrackKey::Kind::None && !track.visible()) return false; // what counters without a tid are written under
    return track.kind == TrackKind::Thread || track.kind == TrackKind::Stream || track.kind == TrackKind::State;
}

FxtIds::FxtIds(const Trace& trace, const TrackSet& tracks) : m_trace(trace)
{
    nameProcesses(tracks);
    nameThreads(tracks);
}

std::uint64_t FxtIds::invent()
{
    while (m_taken.contains(m_next)) ++m_next;
    m_invented.insert(m_next);
    m_taken.insert(m_next);
    return m_next;
}

/// Numbers of the file first, so that none of ours takes one of them.
void FxtIds::nameProcesses(const TrackSet& tracks)
{
    tracks.forEach([&](TrackId track) {
        const ProcessKey key = keyOf(m_trace.track(track).process);
        const auto [it, isNew] = m_processes.try_emplace(key);
        if (!isNew || !isUsable(key.second)) return;
        const auto pid = static_cast<std::uint64_t>(key.second.number);
        if (m_taken.insert(pid).second) it->second.koid = pid;
    });
}

void FxtIds::nameThreads(const TrackSet& tracks)
{
    std::set<std::uint64_t> processes = m_taken;
    tracks.forEach([&](TrackId id) {
        const Track& track = m_trace.track(id);
        if (!hasThread(track)) return;
        const ProcessKey process = keyOf(track.process);
        const auto [it, isNew] = m_threads.try_emplace({process.first, process.second, track.tid}, 0);
        if (!isNew || !isUsable(track.tid)) return;
        const auto tid = static_cast<std::uint64_t>(track.tid.number);
        const bool own = processes.contains(tid) && m_processes.at(process).koid == tid;
        if (own || m_taken.insert(tid).second) it->second = tid;
    });
    for (auto& [key, ids] : m_processes)
        if (!ids.koid) ids = {invent(), true, 0};
    tracks.forEach([&](TrackId id) {
        const Track& track = m_trace.track(id);
        if (!hasThread(track)) return;
        const ProcessKey process = keyOf(track.process);
        std::uint64_t& koid = m_threads.at({process.first, process.second, track.tid});
        if (!koid) koid = invent();
        if (std::uint64_t& first = m_processes.at(process).firstThread; !first) first = koid;
    });
}

FxtWriter::Thread FxtIds::thread(TrackId id) const
{
    const Track& track = m_trace.track(id);
    const ProcessKey process = keyOf(track.process);
    const ProcessIds& ids = m_processes.at(process);
    if (!hasThread(track)) return {ids.koid, ids.firstThread ? ids.firstThread : ids.koid};
    return {ids.koid, m_threads.at({process.first, process.second, track.tid})};
}

} // namespace opscope
