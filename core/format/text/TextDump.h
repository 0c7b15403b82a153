#pragma once

#include "core/base/JobControl.h"
#include "core/base/Result.h"
#include "core/trace/Trace.h"

#include <iosfwd>

namespace opscope {

/// The stable text form of a trace that golden tests compare and `opscope dump` prints: every process, track, slice with lane,
/// parent, args columns, instants, counters, flows, nodes with tensors, defects, in a fixed order, no paths, no sizes of packed
/// files. One line a row. Written in blocks; stops when cancelled.
Status writeDump(const Trace& trace, std::ostream& out, const JobControl& job = {});

} // namespace opscope
