#include "core/record/sampling/RingDrainer.h"

#include <algorithm>
#include <ctime>
#include <sys/resource.h>
#include <unistd.h>
#include <utility>

namespace opscope::sampling {

namespace {

using std::chrono::milliseconds;

/// Rings of chains fill slowly; those of stack copies hold a tenth of a second, and say themselves when they are half full.
constexpr milliseconds kPatience{50};
constexpr std::uint64_t kScanEvery = 200'000'000;
constexpr int kUrgentNice = -10;

std::uint64_t now()
{
    timespec time = {};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

std::size_t bytesOf(const RingInboxes& inboxes)
{
    std::size_t words = 0;
    for (const auto& inbox : inboxes) words += inbox.size();
    return words * sizeof(std::uint64_t);
}

} // namespace

// On Linux these are of one thread.
Urgent::Urgent() : m_before(::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid())))
{
    static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), std::min(m_before, kUrgentNice)));
}

Urgent::~Urgent() { static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), m_before)); }

RingDrainer::RingDrainer(PerfEvents& events, int wakeUp, std::size_t maxBytes)
    : m_events(events), m_wakeUp(wakeUp), m_maxBytes(maxBytes), m_thread([this] { run(); })
{
}

void RingDrainer::stop()
{
    const std::uint64_t one = 1;
    static_cast<void>(!::write(m_wakeUp, &one, sizeof one));
    if (m_thread.joinable()) m_thread.join();
}

void RingDrainer::run()
{
    const Urgent urgent; // little to do, but in time
    std::uint64_t scanned = now();
    for (bool over = false; !over;) {
        const PerfEvents::Wake wake = m_events.wait(kPatience, m_wakeUp);
        over = wake == PerfEvents::Wake::AllGone || wake == PerfEvents::Wake::Asked;
        const std::uint64_t at = now(); // before the rings are looked at
        {
            const std::lock_guard lock(m_mutex);
            if (bytesOf(m_waiting) < m_maxBytes) {
                m_events.drain(m_waiting);
                m_state.at = at;
            }
            m_state.over = over;
            m_state.allGone = wake == PerfEvents::Wake::AllGone;
            m_new = true;
        }
        m_changed.notify_one();
        if (at - scanned < kScanEvery) continue;
        m_events.rescan();
        scanned = at;
    }
}

RingDrainer::State RingDrainer::take(RecordMerge& merge, milliseconds patience)
{
    State state;
    {
        std::unique_lock lock(m_mutex);
        m_changed.wait_for(lock, patience, [this] { return m_new || m_state.over; });
        for (RecordMerge::Block& inbox : m_waiting) m_taken.push_back(std::exchange(inbox, merge.spare()));
        m_new = false;
        state = m_state;
    }
    for (std::size_t i = 0; i < m_taken.size(); ++i) merge.add(i, std::move(m_taken[i]));
    m_taken.clear();
    return state;
}

} // namespace opscope::sampling
