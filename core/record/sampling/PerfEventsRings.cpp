#include "core/record/sampling/PerfEvents.h"
#include "core/record/sampling/ProcFiles.h"

#include <algorithm>
#include <linux/perf_event.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <utility>

// What happens with the events once they are open.

namespace opscope::sampling {

/// False: this descriptor has hung up; the next one shall be watched.
bool PerfEvents::lookAt(Ring& ring, short events)
{
    if (!(events & (POLLHUP | POLLERR | POLLNVAL))) return true;
    ++ring.watched;
    return ring.hungUp();
}

PerfEvents::Wake PerfEvents::wait(std::chrono::milliseconds time, int also)
{
    std::vector<pollfd> polled;
    std::vector<std::size_t> rings;
    for (int timeout = static_cast<int>(time.count());; timeout = 0) {
        polled.assign(1, {also, POLLIN, 0});
        rings.clear();
        for (std::size_t i = 0; i < m_rings.size(); ++i)
            if (!m_rings[i].hungUp()) {
                polled.push_back({m_rings[i].events[m_rings[i].watched].get(), POLLIN, 0});
                rings.push_back(i);
            }
        if (rings.empty()) return Wake::AllGone;
        const int ready = ::poll(polled.data(), polled.size(), timeout);
        if (ready <= 0) return Wake::Time;
        if (polled[0].revents) return Wake::Asked;
        bool settled = true, data = false;
        for (std::size_t i = 0; i < rings.size(); ++i) {
            data = data || polled[i + 1].revents & POLLIN;
            if (!lookAt(m_rings[rings[i]], polled[i + 1].revents)) settled = false;
        }
        if (settled && std::all_of(m_rings.begin(), m_rings.end(), [](const Ring& ring) { return ring.hungUp(); })) return Wake::AllGone;
        if (settled || data) return Wake::Data;
    }
}

void PerfEvents::noteForks(std::span<const std::uint64_t> words)
{
    while (!words.empty()) {
        const std::size_t size = recordWords(words);
        if (!size) return;
        PerfRecord record;
        const bool fork = (words[0] & 0xFFFF) == PERF_RECORD_FORK && decodeRecord(words.first(size), layout(), record) && record.pid == m_pid;
        if (fork && m_attaching) m_attached.insert(record.tid);
        else if (fork) m_born.push_back(record.tid);
        words = words.subspan(size);
    }
}

void PerfEvents::drain(RingInboxes& inboxes)
{
    const bool forks = m_attaching || m_settings.perThread;
    if (inboxes.size() < m_rings.size()) inboxes.resize(m_rings.size());
    for (std::size_t i = 0; i < m_rings.size(); ++i) {
        Ring& ring = m_rings[i];
        std::vector<std::uint64_t>& inbox = inboxes[i];
        const std::size_t before = inbox.size();
        const bool over = m_settings.perThread && !m_attaching && ring.hungUp() && !ring.events.empty();
        ring.memory.drain(layout(), inbox);
        if (forks) noteForks(std::span<const std::uint64_t>(inbox).subspan(before));
        if (!over) continue;
        m_attached.erase(ring.thread); // the number may come again
        ring = {};
    }
    for (const pid_t tid : std::exchange(m_born, {}))
        if (!m_attached.contains(tid)) static_cast<void>(addThread(tid)); // it may have ended already
}

void PerfEvents::rescan()
{
    if (!m_settings.perThread) return;
    for (const pid_t tid : strangers()) static_cast<void>(addThread(tid));
}

void PerfEvents::disable()
{
    for (const Ring& ring : m_rings)
        for (const Descriptor& event : ring.events) ::ioctl(event.get(), PERF_EVENT_IOC_DISABLE, 0);
}

} // namespace opscope::sampling
