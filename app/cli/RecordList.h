#pragma once

#include "app/cli/Command.h"
#include "app/cli/RecordOptions.h"
#include "core/record/ProcessList.h"

namespace opscope {

/// `opscope record --list`: processes (with --pid the one), and which backends are ready.
ExitStatus listProcesses(Console& console, const RecordOptions& options);
/// `opscope record --backends`: what each can do, with its options.
ExitStatus listBackends(Console& console, const RecordOptions& options);

/// "ready", "needs_permission" or "not_possible".
std::string_view stateWord(Readiness::State state);

} // namespace opscope
