#pragma once

#include "core/base/JobControl.h"
#include "core/base/Result.h"
#include "core/format/Importer.h"
#include "core/trace/Trace.h"

#include <span>
#include <string>

namespace opscope {

/// files -> inflate -> recognise -> import each -> finish once. Several files make one trace: timed traces of one run (its ranks
/// or parts, on one clock) and execution traces, any number of each. Errors name the file. Synchronous; at most `options.threads` threads.
Result<TracePtr> loadTrace(std::span<const std::string> paths, const JobControl& job = {}, const ImportOptions& options = {});
/// The same from memory, for tests; `name` stands for the path.
Result<TracePtr> loadTraceFromMemory(std::string_view bytes, const std::string& name, const JobControl& job = {},
                                     const ImportOptions& options = {});

} // namespace opscope
