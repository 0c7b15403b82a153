#pragma once

#include "core/record/sampling/StackUnwinder.h"

#include <cstdint>
#include <span>

namespace opscope::sampling {

// Registers of the machine that we are built for. On others there are no stack copies, only frame pointers.

/// perf_event_attr::sample_regs_user
std::uint64_t userRegisterMask();
/// How many those are; 0: stacks of this machine cannot be unwound.
unsigned userRegisterCount();
/// From the order of the kernel to that of DWARF. Nothing is set when there are not as many as there should be.
void fillRegisters(std::span<const std::uint64_t> fromKernel, StackCopy& copy);

} // namespace opscope::sampling
