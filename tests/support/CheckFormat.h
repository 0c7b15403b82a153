#pragma once

#include <string_view>

namespace opscope::test {

/// Everything that must hold for a sample file, tests/data/<name>, whatever its format. Fails the running test function.
///  - its dump is tests/data/<name>.dump (OPSCOPE_ACCEPT=1 rewrites that)
///  - the same without its name, from .gz, from two gzip members, with windows of a few bytes, on one thread and on three
///  - every slice and node is read back from its place in the file, plain and .gz
///  - cut at fifty places it says so (or between two records of a binary file), and never has more than the whole file
///  - cancelled, it says so and gives nothing
enum class CutBetweenLines { Shows, DoesNotShow }; ///< DoesNotShow: one event a line, or records; nothing says how many there are
void checkFormat(std::string_view name, CutBetweenLines lines = CutBetweenLines::Shows);

} // namespace opscope::test
