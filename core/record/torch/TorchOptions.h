#pragma once

#include "core/record/RecorderBackend.h"

#include <cstdint>
#include <string>
#include <vector>

namespace opscope::torch {

/// RecorderBackend::family of all ways that record what PyTorch itself tells.
inline constexpr std::string_view kFamily = "torch";

/// The settings of every way of the family, the same for all, in the order in which they are shown:
///   ops on · kernels on · shapes on · stacks off · memory off · modules off · flops off · et off · integral "" (operators, parted by commas) ·
///   integral-range off · warmup 0 (steps, or seconds where a duration is recorded) · profile-all-threads off
/// A way that cannot do one of them says so in its check() ("No execution trace over the daemon"), and is not chosen then.
std::vector<RecordOption> options();

/// What is asked for, read from a request. Options of other ids are not looked at.
struct Wish
{
    bool ops = true, kernels = true;            ///< CPU operators; GPU kernels, copies and runtime calls
    bool shapes = true, stacks = false, memory = false, modules = false, flops = false;
    bool executionTrace = false;
    bool integralRange = false;                 ///< least and greatest value of integral tensors, in the execution trace
    std::vector<std::string> integralOps = {};  ///< whose integral inputs are captured whole; at most 64 names of at most 256 bytes
    bool allThreads = false;                    ///< PyTorch 2.7 and later
    std::uint32_t warmup = 0;
    std::uint32_t steps = 0;                    ///< 0: by time
    std::optional<std::chrono::milliseconds> duration = {}; ///< none and no steps: until it is stopped

    bool kineto() const { return ops || kernels; }
};
Wish wishOf(const RecordRequest& request);
/// A sentence where it makes no sense: nothing at all to record, captured tensors without an execution trace, names of operators that hold
/// commas, control characters or are too long.
Status checkWish(const OptionValues& values);

} // namespace opscope::torch
