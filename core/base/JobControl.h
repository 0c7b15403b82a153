#pragma once

#include <atomic>
#include <cstdint>
#include <stop_token>

namespace opscope {

/// How far a long job is. Written by the worker, polled by whoever shows it; both sides without a lock.
struct Progress
{
    std::atomic<std::uint64_t> done = 0;      ///< in units of `total`: bytes of the packed file while loading
    std::atomic<std::uint64_t> total = 0;     ///< 0: not known yet
    std::atomic<std::uint64_t> events = 0;    ///< what was found so far
    std::atomic<const char*> step = "";       ///< static text: "Reading", "Sorting"
};

/// What a long core call is given: where to report, and whether to stop. Core calls are synchronous and look at it
/// at least every few milliseconds; a cancelled call returns ErrorCode::Cancelled and leaves nothing behind.
struct JobControl
{
    Progress* progress = nullptr;             ///< may be null; borrowed for the length of the call
    std::stop_token stop;

    bool cancelled() const { return stop.stop_requested(); }
};

} // namespace opscope
