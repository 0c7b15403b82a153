#pragma once

#include <QObject>

#include "core/record/RecorderBackend.h"

#include <cstdint>
#include <optional>
#include <sys/types.h>

namespace opscope::sampling {

/// Around a refused perf_event_open: what the sentence depends on.
struct Refusal
{
    int error = 0;                          ///< errno
    pid_t pid = 0;
    bool ownProcess = true;                 ///< same user as ours
    std::optional<std::int64_t> paranoid = {};  ///< /proc/sys/kernel/perf_event_paranoid; none: not there
    std::string event = "cpu-clock";
};

/// The sentence and what to do, by the table of recording.md.
RecordFailure refusalText(const Refusal& refusal);
/// With what the system says at the moment of `pid` and the settings.
Refusal refusalOf(int error, pid_t pid, bool cycles);
/// Whether the refusal is about rights, so that an administrator could help.
bool isPermission(int error);
/// "The process 123 has ended."
RecordFailure goneText(pid_t pid);

} // namespace opscope::sampling
