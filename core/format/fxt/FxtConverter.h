#pragma once

#include "core/base/JobControl.h"
#include "core/base/Result.h"
#include "core/io/ByteSink.h"
#include "core/io/SubsetWriter.h"
#include "core/query/Subset.h"

namespace opscope {

/// Why no .fxt can be made of this trace.
Status canBeFxt(const Trace& trace);

/// The kept rows of all files of a trace as one .fxt, on one clock, in one pass over the rows; memory does not grow with them.
///
///   slices                  complete records; those that never ended as begin
///   async slices            async begin and end, each with an id of its own
///   counters                a counter record for each value
///   flows                   begin inside of the slice that linking binds it to, end inside of its target
///   thread states, CPUs     context switches and wakeups
///   columns of arguments    arguments with the names that Kineto gives them; shapes as text
///   processes, threads      pid and tid where they can be, else FxtIds; then arguments "pid" and "tid" of their kernel objects say
///                           what the file had (null: nothing). Also "labels" and "sort_index" of processes
///
/// Tick 0 is the base time of the trace, so that times stay what they are; where something is in front of it, the first event. What has
/// no place: digits finer than a nanosecond, arguments without a column, nodes of execution traces (ExportReport::File::timeless).
Result<ExportReport::File> writeAsFxt(const Trace& trace, const Subset& subset, ByteSink& sink, const ExportOptions& options,
                                      const JobControl& job = {});

} // namespace opscope
