#pragma once

#include "core/query/Filter.h"
#include "core/trace/Trace.h"

namespace opscope {

/// Filters that a click makes; each says in its text what it does.

/// `name == "aten::mm"`.
Filter sameName(const Trace& trace, SliceId slice);
Filter sameName(const Trace& trace, InstantId instant);
/// `cat == "kernel"`; empty for events without one.
Filter sameCategory(const Trace& trace, SliceId slice);
/// `track == "stream 7"`, with its process, and with its file or tid, where others have the same name.
Filter onTrack(const Trace& trace, TrackId track);
/// `process == "GPU 0"`, the same way.
Filter ofProcess(const Trace& trace, ProcessId process);

} // namespace opscope
