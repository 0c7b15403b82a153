#pragma once

#include "core/base/Result.h"
#include "core/record/torch/TorchOptions.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace opscope::daemon {

/// How long libkineto takes before a recording begins, beside its warm-up: it looks once a second, and wants to be told twice that before.
inline constexpr std::chrono::milliseconds kLead{2'000};
/// A recording by steps of a program that tells of none becomes one of so long, which is libkineto's rule.
inline constexpr std::chrono::milliseconds kStandardDuration{2'000};

/// One request to libkineto, recording-pytorch.md 2.5.
struct Configuration
{
    std::string logFile = {};                     ///< as the process sees it; it puts _PID in
    std::string traceId = {};                     ///< comes back in the file
    torch::Wish wish = {};                         ///< its duration and steps are not looked at
    std::chrono::milliseconds duration{kStandardDuration};
    std::uint32_t steps = 0;                      ///< 0: by time
    std::uint32_t warmup = 0;                     ///< seconds, with steps: steps
    std::optional<std::int64_t> startUnixMs = {}; ///< several begin at once; none: as soon as it can
};
/// Error: a value that would end the parsing in the process (a newline, '=' or '#'), or a time that libkineto does not hold.
Result<std::string> configText(const Configuration& configuration);

} // namespace opscope::daemon
