#pragma once

#include "core/format/Exporter.h"

#include <memory>

namespace opscope {

/// Writes a part of a Fuchsia trace: the original records of what is kept, in the order of the file, and in front of each what it needs that
/// stands elsewhere and is not in force yet: info or section of its provider, initialization, strings and threads as they were numbered
/// there (the same number may have meant something else before and will again), names of processes, threads and other objects, labels
/// of pointers. Without filter, clip and redactor the bytes as they are.
///
/// Records are changed only where they must be: context switches of which only a part is kept (FxtSwitches.h); times that a clip cuts (a
/// cut pair becomes a complete record, since begin and end of several would change places at the border); inline texts that are
/// private. Registered texts that are no UTF-8 come out repaired. What is no row (blobs, profiler and unknown records) is counted as
/// left out.
std::unique_ptr<Exporter> makeFxtExporter();

} // namespace opscope
