#pragma once

#include "app/cli/Command.h"
#include "app/cli/RecordOptions.h"

#include <string>
#include <variant>
#include <vector>

namespace opscope {

/// What is to be recorded and how, decided before anything starts.
struct RecordPlan
{
    struct Other
    {
        const RecorderBackend* backend;
        std::string reason;          ///< why it was not taken
    };
    const RecorderBackend* backend = nullptr;
    RecordRequest request;
    std::string target;              ///< "123 (python3)", "sleep 5": presentable
    std::vector<Other> others;       ///< in front of `backend` in the list; empty where --backend said which
    std::vector<std::string> notes;  ///< what was decided for lack of options, and what to think of
};

struct RecordRefusal
{
    ExitStatus status;
    RecordFailure failure;
};

/// Without --backend: the first that is ready for all processes and knows all options that were given; with --torch one of that family.
std::variant<RecordPlan, RecordRefusal> planRecording(const RecordOptions& options);

} // namespace opscope
