#pragma once

#include "core/base/Diagnostics.h"
#include "core/trace/Trace.h"

namespace opscope {

/// Compares an execution trace with its resources folder and notes what is missing, surplus, of a wrong size or outside of the
/// folder, each at the offset of its node. Lists the folder and looks at sizes; reads no file.
void checkResources(const Trace& trace, SourceId source, Diagnostics& found);

} // namespace opscope
