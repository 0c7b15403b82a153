#pragma once

#include "core/record/inject/program/SignalFrame.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <sys/types.h>
#include <vector>

namespace opscope::inject {

/// The main thread of a process under ptrace. The other threads run on. Nothing is undone by the destructor: who dies lets go of it as well.
class Tracee
{
public:
    using Clock = std::chrono::steady_clock;
    enum class Stop : std::uint8_t {
        None,       ///< not in the time given; it runs, or cannot be stopped
        Interrupt,  ///< as we asked: about to go back to its program
        Group,      ///< the same, and the process is being stopped (SIGSTOP)
        SystemCall, ///< before or after one
        Signal,     ///< about to get signal()
        Exec,       ///< another program runs there now
        Gone        ///< ended, or nobody's to trace any more
    };

    explicit Tracee(pid_t pid) : m_pid(pid) {}
    pid_t pid() const { return m_pid; }
    /// 0 or an error of ptrace(2).
    int seize();
    /// Has it stop at the next chance, at once when it stands already and goes on.
    bool interrupt();
    Stop wait(Clock::time_point until);
    int signal() const { return m_signal; }
    /// Whether signal() is a fault of what it ran just now, not sent by anybody.
    bool isFault() const;

    bool goOn(int signal = 0);               ///< until something happens
    bool goOnToSystemCall();                 ///< or until it begins or ends a system call
    /// False: it is gone, or does not stand.
    bool letGo();

    bool registers(user_regs_struct& into) const;
    bool setRegisters(const user_regs_struct& from);
    bool save(ThreadState& into) const;
    bool block(std::uint64_t signals);
    bool setExtended(const std::vector<std::byte>& from);
    /// Where it is within a restartable sequence, which must not be left and entered again.
    bool inRestartableSequence(std::uint64_t at) const;

private:
    pid_t m_pid;
    int m_signal = 0;
};

} // namespace opscope::inject
