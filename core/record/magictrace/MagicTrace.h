#pragma once

#include "core/record/RecorderBackend.h"

namespace opscope {

/// Drives Jane Street's magic-trace, a program of its own (recording.md "magic-trace"): every call of a few milliseconds by Intel Processor
/// Trace, or sampled stacks where the processor has only counters. Never downloaded; found in the option, in PATH or, when the person
/// allows it, where PyTorch's helper left one.
RecorderBackend magicTraceBackend();

} // namespace opscope
