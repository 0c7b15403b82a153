#pragma once

#include "core/base/JobControl.h"
#include "core/base/Result.h"
#include "core/query/Subset.h"

#include <iosfwd>

namespace opscope {

/// The kept rows as text, one line a row, without anything that follows from the rest of the file: no offsets, no lanes, no parents
/// and self times of slices, no row numbers, no sums. So the text of a part of a trace is that of the file which the part was saved as:
///
///     opscope dump --events --filter E trace.json   =   opscope export --filter E -o part.json trace.json, then dump --events part.json
///
/// Times are those of the file, before clocks of ranks were brought together. Not told: the length of slices that never ended (they
/// reach to the end of their track), and values of memory counters (old files have differences only). Tracks are sorted by process,
/// thread and name, rows by time, equal times by their text.
Status writeEventDump(const Trace& trace, const Subset& subset, std::ostream& out, const JobControl& job = {});

} // namespace opscope
