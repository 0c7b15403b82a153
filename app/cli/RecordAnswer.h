#pragma once

#include "app/cli/RecordPlan.h"
#include "app/cli/RecordRun.h"

namespace opscope {

/// Says how a recording ended, having opened the file that it made: a line, or an object with --json.
ExitStatus tellOutcome(Console& console, const RecordPlan& plan, const RecordOutcome& outcome, bool json);
/// Says why none began.
ExitStatus tellRefusal(Console& console, const RecordRefusal& refusal, bool json);

} // namespace opscope
