#pragma once

#include <cstdint>
#include <string_view>
#include <sys/types.h>

namespace opscope::sampling {

/// How much of each stack can be copied. The first two are chosen for whoever does not choose.
constexpr std::uint32_t kShallowStacks = 8192, kDeepStacks = 24'576;
constexpr std::uint32_t kWholeStacks = 65'528; ///< most that the kernel copies

/// Bytes of each stack to copy of a process with these mappings (the text of /proc/PID/maps): kDeepStacks where Python or PyTorch is among
/// them, or none can be seen; kShallowStacks for other programs.
std::uint32_t stackBytesFor(std::string_view maps);
/// The next larger one that can be chosen; 0: there is none.
constexpr std::uint32_t moreStackBytes(std::uint32_t bytes) { return bytes < kDeepStacks ? kDeepStacks : bytes < kWholeStacks ? kWholeStacks : 0; }
/// The same of a process as it is now.
std::uint32_t stackBytesOf(pid_t pid);

} // namespace opscope::sampling
