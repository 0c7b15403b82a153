#pragma once

#include "core/record/inject/program/Outcome.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <sys/types.h>

namespace opscope::inject {

/// What has just been done to the target, in this order. Tests end us there.
enum class Step : std::uint8_t { Seized, Stopped, FrameWritten, SetToMap, SignalsHeld, Mapping, Mapped, Prepared, SetToCall, Called, CallSkipped, Standing, StateBack, Restored, LetGo };
inline constexpr int kSteps = 15;

struct Order
{
    pid_t pid = 0;
    std::uint64_t startTicks = 0;          ///< 0: whatever runs as pid now
    std::string statement = {};            ///< Python, one statement, at most 4,000 bytes; must not raise. Runs in a dictionary of its own
    std::string script = {};               ///< a file with the same, as the target sees it: for 3.14 and later, which read it themselves
    std::chrono::milliseconds patience{2000}; ///< for the thread to stand still, and for the call to come back
    std::function<void(Step)> after = {};
};

/// Has the interpreter of a process run a statement in its main thread at the next chance: CPython 3.14 is asked to (PEP 768), older ones are stopped for
/// a moment in which Py_AddPendingCall is called. Whatever happens the process goes on as it was; README.md says how, also when we are killed on the way.
/// SIGCHLD must be blocked, and the caller should end soon after: a thread that would not stop is let go by our end only.
Outcome inject(const Order& order);

} // namespace opscope::inject
