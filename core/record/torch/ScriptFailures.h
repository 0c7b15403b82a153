#pragma once

#include "core/record/RecorderBackend.h"
#include "core/record/torch/ScriptStatus.h"

#include <string>

namespace opscope::torch {

/// For the error codes of the recorder script (README.md). `who`: "Process 12 (python3)".
RecordFailure failureOf(const ScriptStatus& status, const std::string& who);
/// "Process 12 (python3)", with its rank where it has one.
std::string nameOf(pid_t pid, const std::optional<int>& rank = {});

} // namespace opscope::torch
