#pragma once

#include "core/base/Descriptor.h"
#include "core/base/Result.h"
#include "core/record/CommandWords.h"
#include "core/record/RecorderBackend.h"

#include <sys/types.h>
#include <utility>

namespace opscope::launch {

enum class Output : std::uint8_t { Ours, Captured };

/// A command that runs in a process group of its own, so that Ctrl+C in our terminal is for us alone, and that outlives us. What it reads is empty
/// where ours is a terminal, which would stop a program of another group that reads from it.
class Command
{
public:
    /// Runs before this returns. Error: a sentence, nothing runs.
    static Result<Command> start(const RecordTarget& target, const EnvironmentChanges& environment, Output output);
    Command(Command&& other) noexcept : m_pid(std::exchange(other.m_pid, -1)), m_status(other.m_status), m_output(std::move(other.m_output)) {}
    Command& operator=(Command&&) = delete;
    ~Command();                      ///< it runs on

    pid_t pid() const { return m_pid; }
    /// To read from, without waiting. What comes when we are gone is lost, and holds up nothing. Negative: not captured.
    int output() const { return m_output.get(); }
    /// As wait(2) gives it; nothing: it runs.
    std::optional<int> exitStatus();
    /// Its group gets SIGTERM, and SIGKILL where that does not help within five seconds. Behind us (Leftovers).
    void end();

private:
    explicit Command(pid_t pid) : m_pid(pid) {}

    pid_t m_pid;                     ///< our child until it is reaped: nobody else can get its number
    std::optional<int> m_status;
    Descriptor m_output;
};

} // namespace opscope::launch
