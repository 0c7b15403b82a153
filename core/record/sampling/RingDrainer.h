#pragma once

#include "core/record/sampling/PerfEvents.h"
#include "core/record/sampling/RecordMerge.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace opscope::sampling {

/// As long as it lives the thread that made it goes before others; where that is not permitted, nothing happens.
class Urgent
{
public:
    Urgent();
    ~Urgent();
    Urgent(const Urgent&) = delete;
    Urgent& operator=(const Urgent&) = delete;

private:
    int m_before;
};

/// Empties the rings on a thread of its own, so that nothing is lost while somebody takes a second to read the symbols of a large
/// library. What waits to be taken is bounded; beyond that it stays in the rings, and the kernel counts what they do not hold.
class RingDrainer
{
public:
    /// `events` is the drainer's until it is stopped. It stops by itself when all threads are gone, or `wakeUp` (an eventfd) is written to.
    RingDrainer(PerfEvents& events, int wakeUp, std::size_t maxBytes = std::size_t{256} << 20);
    ~RingDrainer() { stop(); }
    RingDrainer(const RingDrainer&) = delete;
    RingDrainer& operator=(const RingDrainer&) = delete;

    struct State
    {
        std::uint64_t at = 0;   ///< CLOCK_MONOTONIC, ns: everything older was in the rings by then, and has been taken
        bool over = false;      ///< it has stopped
        bool allGone = false;   ///< because no thread that was recorded runs any more
    };
    /// Waits for something new, for a while, and moves it to `merge`.
    State take(RecordMerge& merge, std::chrono::milliseconds patience);
    void stop();

private:
    void run();

    PerfEvents& m_events;
    int m_wakeUp;
    std::size_t m_maxBytes;
    std::mutex m_mutex;               // guards what follows
    std::condition_variable m_changed;
    RingInboxes m_waiting;
    State m_state;
    bool m_new = false;
    RingInboxes m_taken;              // of the taker
    std::thread m_thread;             // last: it uses all of the above
};

} // namespace opscope::sampling
