#pragma once

#include "app/cli/RecordPlan.h"
#include "core/record/Recorder.h"

#include <string>
#include <vector>

namespace opscope {

/// How a recording ended.
struct RecordOutcome
{
    Recorder::State state = Recorder::State::Failed; ///< Done, Failed or Cancelled
    RecordEnd end = RecordEnd::Failed;
    RecordFailure failure;
    std::string path;                                ///< of the file, empty when there is none
    RecordStatus status;
    std::vector<std::string> notes;
};

/// Runs an event loop of its own until the recording has ended: by its limits, its target, or signals: the first saves, the second throws away.
/// Tells on stderr what is done, and how far it is while that is a terminal.
RecordOutcome runRecording(Console& console, const RecordPlan& plan);

} // namespace opscope
