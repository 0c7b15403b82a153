#pragma once

#include "core/trace/Trace.h"

#include <cstdint>
#include <string>

namespace opscope {

/// What stands in a file with a time, by what it is. An .fxt has more than events: its switches and wakeups are scheduling records.
struct EventCounts
{
    std::uint64_t events = 0;           ///< as `info --json` says in events.total
    std::uint64_t scheduling = 0;
    std::uint64_t others = 0;           ///< lines of a log, blobs

    /// "3,233", "3,233 and 257 scheduling records": `events` is the word for the first, and may be empty.
    std::string text(const std::string& events) const;
};

/// Of a trace of one file. Of several files, all are events.
EventCounts eventCounts(const Trace& trace);

} // namespace opscope
