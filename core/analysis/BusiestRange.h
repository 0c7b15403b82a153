#pragma once

#include "core/base/Time.h"
#include "core/trace/Trace.h"

namespace opscope {

/// Where to look first in a recording: its densest fifth, without what is idle at the ends of that. The whole extent where the trace is about as busy
/// everywhere, or has no slices. Busy is what the outermost slices of threads and streams cover; states and CPUs tell the same once more
/// and count only in a trace without any (then "Running", else what CPUs ran: never what waits). O(slices), no allocation by their number.
TimeRange busiestRange(const Trace& trace);

} // namespace opscope
