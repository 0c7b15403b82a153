#pragma once

#include "core/base/Result.h"
#include "core/record/CommandWords.h"
#include "core/record/sampling/PerfEvents.h"

#include <csignal>
#include <optional>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace opscope::sampling {

/// A child that waits between fork and exec, so that it can be recorded from its first instruction. It has our terminal and stays in our
/// process group, since in any other one it would be stopped when it reads from the terminal; and it ignores SIGINT, which the terminal
/// sends to the whole group: Ctrl+C ends the recording, not what is recorded. Destroyed before go(), it ends without having run
/// anything; afterwards it runs on.
class LaunchedCommand
{
public:
    /// `folder`: empty for ours. `mask`: of signals, that it shall have.
    static Result<LaunchedCommand> prepare(const std::vector<std::string>& command, const std::string& folder, const EnvironmentChanges& environment, const sigset_t& mask);
    LaunchedCommand(LaunchedCommand&& other) noexcept;
    LaunchedCommand& operator=(LaunchedCommand&&) = delete;
    ~LaunchedCommand();

    pid_t pid() const { return m_pid; }
    /// Lets it run. A sentence when the program cannot be executed.
    Status go();
    /// As wait(2) gives it, when it has ended or is about to (a moment is waited for it).
    std::optional<int> exitStatus();
    /// Asks it to end (SIGTERM).
    void terminate() const;

private:
    LaunchedCommand() = default;
    bool reap(int options);

    std::string m_name;
    pid_t m_pid = -1; // our child until it is reaped: nobody else can get its number
    bool m_running = false;
    std::optional<int> m_status; // reaped
    Descriptor m_go, m_trouble;
};

} // namespace opscope::sampling
