#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>

namespace opscope::inject {

/// Why nothing can be run in a process, as a code of Outcome; empty: no objection. Reads /proc only.
std::string objectionTo(pid_t pid, std::uint64_t startTicks);
/// The highest address of the stack of the main thread; 0: not to be seen.
std::uint64_t stackTop(pid_t pid);

} // namespace opscope::inject
