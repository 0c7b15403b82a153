#pragma once

#include <cstdint>
#include <string>

namespace opscope::bench {

/// Makes a large .fxt of what real ones hold: calls as magic-trace writes them (a begin with address and symbol, an end without anything), and
/// in between complete slices with texts and numbers, counters of two series, context switches and wakeups. The same bytes every time.
/// Throws std::runtime_error. Returns the number of records with a time.
std::uint64_t writeFxt(const std::string& path, std::uint64_t bytes);

} // namespace opscope::bench
