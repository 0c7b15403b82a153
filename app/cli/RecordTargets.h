#pragma once

#include "app/cli/RecordPlan.h"

#include <optional>

namespace opscope {

/// Reads --pid, --job, --env, --cwd and the command into the plan: target, others, and what they are called. What cannot be recorded by any
/// backend is refused here, with --torch also what has no PyTorch.
std::optional<RecordRefusal> readTargets(const RecordOptions& options, RecordPlan& plan);

RecordRefusal usageRefusal(std::string sentence);
RecordRefusal refusalOf(RecordFailure failure);

} // namespace opscope
