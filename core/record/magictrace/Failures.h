#pragma once

#include "core/record/RecorderBackend.h"

#include <string_view>
#include <sys/types.h>

namespace opscope::magictrace {

// Sentences that several places say (recording.md "Failures and what the GUI says").
inline constexpr std::string_view kCannotRunHere = "This machine cannot run magic-trace. Record with samples instead.";
inline constexpr std::string_view kNoProcessorTrace =
    "This computer has no Intel Processor Trace (needed: Intel CPU from 2015/16 on, not in a virtual machine).";
inline constexpr std::string_view kNeedsPerf = "magic-trace needs the perf program (package linux-perf).";
inline constexpr std::string_view kOnlyOwn = "You may record only your own processes.";
inline constexpr std::string_view kKernelNeedsRoot = "Only root may record kernel code.";
std::string hasEnded(pid_t pid); ///< "Process 17 has ended."

/// Where a recording was when it failed.
enum class Stage : std::uint8_t { Starting, Recording, Stopping, Decoding };

/// How magic-trace ended.
struct Death
{
    pid_t target = 0;
    Stage stage = Stage::Starting;
    bool signalled = false;
    int status = 0;                   ///< exit status, or the signal
    std::string_view output = {};     ///< what it and perf printed
};
/// Sentence and advice; details are left to the caller. Known texts first, then what stage and status say.
RecordFailure failureOf(const Death& death);
/// Whether the raw data is worth keeping: another version may be able to decode it.
bool anotherVersionMayDecode(std::string_view output);

} // namespace opscope::magictrace
