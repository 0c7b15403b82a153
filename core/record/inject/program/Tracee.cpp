#include "core/record/inject/program/Tracee.h"

#include "core/record/inject/program/TargetMemory.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>

namespace opscope::inject {

namespace {

constexpr std::size_t kMostExtended = 256u << 10;
constexpr int kEventStop = 128;              // PTRACE_EVENT_STOP
struct RestartableSequence                   // rseq_cs
{
    std::uint32_t version = 0, flags = 0;
    std::uint64_t start = 0, length = 0, abort = 0;
};

bool ask(__ptrace_request what, pid_t pid, std::uint64_t address = 0, void* data = nullptr)
{
    return ptrace(what, pid, reinterpret_cast<void*>(address), data) != -1;
}

/// A change of a child wakes us, for as long as SIGCHLD is blocked.
void sleepUntil(Tracee::Clock::time_point until)
{
    const auto left = std::max<std::chrono::nanoseconds>(until - Tracee::Clock::now(), std::chrono::nanoseconds(0)).count();
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    const timespec time{left / 1'000'000'000, left % 1'000'000'000};
    sigtimedwait(&child, nullptr, &time);
}

Tracee::Stop meaning(int status)
{
    using Stop = Tracee::Stop;
    if (!WIFSTOPPED(status)) return Stop::Gone;
    const int signal = WSTOPSIG(status), event = status >> 16;
    if (event == kEventStop) return signal == SIGTRAP ? Stop::Interrupt : Stop::Group;
    if (event == PTRACE_EVENT_EXEC) return Stop::Exec;
    return signal == (SIGTRAP | 0x80) ? Stop::SystemCall : Stop::Signal;
}

} // namespace

int Tracee::seize()
{
    // Not PTRACE_O_EXITKILL: when we die it shall run on.
    return ask(PTRACE_SEIZE, m_pid, 0, reinterpret_cast<void*>(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC)) ? 0 : errno;
}

bool Tracee::interrupt() { return ask(PTRACE_INTERRUPT, m_pid); }

Tracee::Stop Tracee::wait(Clock::time_point until)
{
    for (;;) {
        int status = 0;
        const pid_t changed = waitpid(m_pid, &status, __WALL | WNOHANG);
        if (changed < 0 && errno == EINTR) continue;
        if (changed < 0) return Stop::Gone;
        if (changed == m_pid) {
            m_signal = WIFSTOPPED(status) ? WSTOPSIG(status) & 0x7f : 0;
            return meaning(status);
        }
        if (Clock::now() >= until) return Stop::None;
        sleepUntil(until);
    }
}

bool Tracee::isFault() const
{
    siginfo_t about{};
    if (!ask(PTRACE_GETSIGINFO, m_pid, 0, &about) || about.si_code <= 0) return false;
    return m_signal == SIGSEGV || m_signal == SIGBUS || m_signal == SIGILL || m_signal == SIGFPE || m_signal == SIGTRAP || m_signal == SIGSYS;
}

bool Tracee::goOn(int signal) { return ask(PTRACE_CONT, m_pid, 0, reinterpret_cast<void*>(static_cast<std::intptr_t>(signal))); }

bool Tracee::goOnToSystemCall() { return ask(PTRACE_SYSCALL, m_pid); }

bool Tracee::letGo() { return ask(PTRACE_DETACH, m_pid); }

bool Tracee::registers(user_regs_struct& into) const
{
    iovec place{&into, sizeof into};
    return ask(PTRACE_GETREGSET, m_pid, NT_PRSTATUS, &place) && place.iov_len == sizeof into;
}

bool Tracee::setRegisters(const user_regs_struct& from)
{
    iovec place{const_cast<user_regs_struct*>(&from), sizeof from};
    return ask(PTRACE_SETREGSET, m_pid, NT_PRSTATUS, &place);
}

bool Tracee::save(ThreadState& into) const
{
    into.extended.resize(kMostExtended);
    iovec place{into.extended.data(), into.extended.size()};
    if (!registers(into.registers) || !ask(PTRACE_GETREGSET, m_pid, NT_X86_XSTATE, &place)) return false;
    into.extended.resize(place.iov_len);
    return ask(PTRACE_GETSIGMASK, m_pid, sizeof into.blocked, &into.blocked);
}

bool Tracee::block(std::uint64_t signals) { return ask(PTRACE_SETSIGMASK, m_pid, sizeof signals, &signals); }

bool Tracee::setExtended(const std::vector<std::byte>& from)
{
    iovec place{const_cast<std::byte*>(from.data()), from.size()};
    return ask(PTRACE_SETREGSET, m_pid, NT_X86_XSTATE, &place);
}

bool Tracee::inRestartableSequence(std::uint64_t at) const
{
    __ptrace_rseq_configuration setup{};
    if (!ask(PTRACE_GET_RSEQ_CONFIGURATION, m_pid, sizeof setup, &setup) || setup.rseq_abi_pointer == 0) return false;
    constexpr std::uint64_t kSequenceAt = 8; // of struct rseq
    std::uint64_t place = 0;
    RestartableSequence sequence;
    if (!readValue(m_pid, setup.rseq_abi_pointer + kSequenceAt, place) || place == 0 || !readValue(m_pid, place, sequence)) return false;
    return at - sequence.start < sequence.length;
}

} // namespace opscope::inject
