#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace opscope::inject {

/// Bytes of the text that `wrapped` makes at most.
inline constexpr std::size_t kStatementRoom = 24u << 10;

/// Not empty, and not longer than what there is room for.
bool fits(std::string_view statement);
/// What the interpreter gets: runs the statement in a dictionary of its own, in the process `pid` only (a child forked meanwhile has the call waiting too),
/// then gives back the memory at `memory`, in which the text itself lies: the interpreter has read all of it by then. Raises nothing, names nothing in __main__.
std::string wrapped(std::string_view statement, pid_t pid, std::uint64_t memory, std::uint64_t size);

} // namespace opscope::inject
