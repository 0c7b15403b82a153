#pragma once

#include "core/record/sampling/TargetFiles.h"

namespace opscope::torch {

/// Whether Kineto is in the library that `mapping` is of (libtorch_cpu), by the names of its symbols, else by what it would print. Not known
/// counts as yes: nearly all builds have it. Some 5 ms for a wheel's library, up to 50 ms where it is not in it, and nothing when the same file was looked at
/// before. Any thread.
bool hasKineto(const sampling::TargetFiles& files, const sampling::Mapping& mapping);

} // namespace opscope::torch
