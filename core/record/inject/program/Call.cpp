#include "core/record/inject/program/Call.h"

#include "core/record/inject/program/Checks.h"
#include "core/record/inject/program/Statement.h"
#include "core/record/inject/program/TargetMemory.h"
#include "core/record/sampling/ProcFiles.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace opscope::inject {

namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;

constexpr int kTries = 100;                    // at bad places, a millisecond apart
constexpr std::uint64_t kRedZone = 128, kCallStack = 16u << 10, kPage = 4096;
constexpr std::uint64_t kMostStack = 120u << 20; // below its top nothing else is mapped: the gap that the kernel leaves is larger
constexpr std::uint64_t kNoSystemCall = ~std::uint64_t{0}, kDirection = 0x400, kCode64 = 0x33;

constexpr std::uint64_t bit(int signal) { return std::uint64_t{1} << (signal - 1); }
/// A fault while it is blocked would have the kernel take the program's handler away.
constexpr std::uint64_t kHeld = ~(bit(SIGSEGV) | bit(SIGBUS) | bit(SIGILL) | bit(SIGFPE) | bit(SIGTRAP) | bit(SIGSYS));

constexpr std::uint64_t alignedDown(std::uint64_t address) { return address & ~std::uint64_t{63}; }

template <class Bytes>
bool holds(pid_t pid, std::uint64_t address, const Bytes& expected)
{
    std::vector<std::byte> there(expected.size());
    return readMemory(pid, address, there) && std::memcmp(there.data(), expected.data(), there.size()) == 0;
}

std::uint64_t registerBehind(const user_regs_struct& registers, int number)
{
    switch (number) {
    case 1: return registers.rcx;
    case 2: return registers.rdx;
    case 3: return registers.rbx;
    case 5: return registers.rbp;
    case 6: return registers.rsi;
    default: return registers.rdi;
    }
}

} // namespace

Outcome Call::run()
{
    m_stackTop = stackTop(m_order.pid);
    Outcome outcome;
    std::int64_t stopped = 0;
    int tries = 0;
    for (bool again = true; again && tries < kTries;) {
        if (tries > 0) std::this_thread::sleep_for(1ms);
        again = false;
        outcome = attempt(again);
        stopped += outcome.stoppedUs;
        ++tries;
    }
    outcome.method = "pending-call";
    outcome.stoppedUs = stopped;
    outcome.tries = tries;
    return outcome;
}

Outcome Call::attempt(bool& again)
{
    if (const int error = m_tracee.seize()) {
        if (error == ESRCH) return Outcome::refused("ended");
        const std::string objection = objectionTo(m_order.pid, m_order.startTicks);
        return Outcome::refused(objection.empty() ? "not-permitted" : objection, std::strerror(error));
    }
    tell(Step::Seized);
    const bool other = !sampling::isAlive(m_order.pid, m_order.startTicks); // as long as we have it, its number is its own
    const auto from = Tracee::Clock::now();
    m_tracee.interrupt();
    Verdict verdict = standStill();
    if (!verdict) {
        tell(Step::Stopped);
        if (other || !isSame()) verdict = Outcome::refused("other-process");
        else if (!m_tracee.save(m_saved)) verdict = Outcome::failed("lost");
        else if ((m_saved.registers.cs & 0xffff) != kCode64) verdict = Outcome::refused("architecture");
        else if (isBadPlace()) {
            verdict = Outcome::failed("bad-place");
            again = true;
        }
    }
    Outcome outcome = verdict ? *verdict : work();
    m_tracee.letGo();
    outcome.stoppedUs = std::chrono::duration_cast<std::chrono::microseconds>(Tracee::Clock::now() - from).count();
    tell(Step::LetGo);
    for (const int signal : m_kept)
        if (signal == SIGSTOP) ::kill(m_order.pid, signal);
        else syscall(SYS_tgkill, m_order.pid, m_order.pid, signal);
    m_kept.clear();
    return outcome;
}

Call::Verdict Call::standStill()
{
    const auto until = Tracee::Clock::now() + m_order.patience;
    for (;;) {
        m_standsAt = m_tracee.wait(until);
        switch (m_standsAt) {
        case Stop::Interrupt: return {};
        case Stop::Group: return Outcome::refused("stopped"); // it is let go into that
        case Stop::Exec: return Outcome::refused("exec");
        case Stop::Gone: return Outcome::refused("ended");
        case Stop::None: return Outcome::failed("no-stop");
        case Stop::Signal: m_tracee.goOn(m_tracee.signal()); break; // on its way before us
        case Stop::SystemCall: m_tracee.goOn(); break;
        }
    }
}

/// Still the program that we looked into.
bool Call::isSame() const
{
    const Gadgets& at = m_found.gadgets;
    const char keep[] = {static_cast<char>(0x90 + at.keptIn), '\xc3'};
    return holds(m_order.pid, m_found.interpreter.addPendingCall.start, m_found.interpreter.addPendingCall.head) &&
           holds(m_order.pid, m_found.interpreter.runSimpleString.start, m_found.interpreter.runSimpleString.head) &&
           holds(m_order.pid, at.systemCall, "\x0f\x05\xc3"sv) && holds(m_order.pid, at.keepResult, std::string_view(keep, 2)) &&
           holds(m_order.pid, at.comeBack, "\x48\xc7\xc0\x0f\x00\x00\x00\x0f\x05"sv);
}

/// It may have the lock that the call takes, or is where it must not be taken from.
bool Call::isBadPlace() const
{
    const std::uint64_t at = m_saved.registers.rip;
    const auto& locked = m_found.interpreter.locked;
    return std::any_of(locked.begin(), locked.end(), [&](const auto& function) { return function.contains(at); }) || m_tracee.inRestartableSequence(at);
}

std::uint64_t Call::roomNeeded() const
{
    const std::uint64_t all = kStatementRoom + kCallStack + 64 + signalFrameSize(m_saved);
    return (all + kPage - 1) / kPage * kPage;
}

Outcome Call::work()
{
    const std::uint64_t size = roomNeeded();
    placeFrame();
    std::int64_t mapped = 0;
    if (const Reached reached = makeSystemCall(systemCall(SYS_mmap, 0, size), mapped); reached != Reached::There) return undone(reached);
    tell(Step::Mapped);
    if (mapped > 0 && mapped % static_cast<std::int64_t>(kPage) != 0) return undone(run(0)); // a sandbox: its signal comes next, and must come to us
    if (mapped <= 0) return restore() ? Outcome::failed("no-memory", std::strerror(static_cast<int>(-mapped))) : Outcome::failed("lost");
    const auto memory = static_cast<std::uint64_t>(mapped);
    int result = -1;
    if (const Reached reached = callIn(memory, result); reached != Reached::There) return undone(reached);
    if (result != 0) unmap(memory, size);
    // Let go as it stands, it restores the frame by itself, as after a signal handler: one stop less.
    if ((result != 0 || onlyKernelContinues(m_saved)) && !restore()) return Outcome::failed("lost");
    return {.result = result == 0 ? Outcome::Result::Queued : Outcome::Result::QueueFull};
}

/// On its stack, below what it uses. Not where it runs on another one, which may be small, nor where this one would have to grow.
void Call::placeFrame()
{
    m_frame = 0;
    const std::uint64_t pointer = m_saved.registers.rsp, size = signalFrameSize(m_saved);
    if (pointer > m_stackTop || m_stackTop - pointer > kMostStack) return;
    const std::uint64_t at = alignedDown(pointer - kRedZone - size);
    if (writeMemory(m_order.pid, at, signalFrame(m_saved, at, m_found.gadgets.comeBack))) m_frame = at;
    tell(Step::FrameWritten);
}

/// mmap and munmap.
user_regs_struct Call::systemCall(std::uint64_t number, std::uint64_t first, std::uint64_t second) const
{
    user_regs_struct registers = m_saved.registers;
    registers.orig_rax = kNoSystemCall; // nothing is to be made again
    registers.rax = number;
    registers.rdi = first;
    registers.rsi = second;
    registers.rdx = PROT_READ | PROT_WRITE;
    registers.r10 = MAP_PRIVATE | MAP_ANONYMOUS;
    registers.r8 = kNoSystemCall; // no file
    registers.r9 = 0;
    registers.rip = m_found.gadgets.systemCall;
    if (m_frame) registers.rsp = m_frame;
    return registers;
}

Call::Reached Call::makeSystemCall(user_regs_struct registers, std::int64_t& result)
{
    if (m_entry && !stand()) return Reached::Gone;
    if (!m_tracee.setRegisters(registers)) return Reached::Gone; // from here on until restore() it is the frame that would bring it back
    tell(Step::SetToMap);
    if (!m_tracee.block(kHeld)) return Reached::Gone;
    tell(Step::SignalsHeld);
    const std::uint64_t behind = m_found.gadgets.systemCall + 2;
    if (const Reached reached = run(behind); reached != Reached::There) return reached;
    tell(Step::Mapping);
    if (const Reached reached = run(behind); reached != Reached::There) return reached;
    m_entry = false;
    if (!m_tracee.registers(registers)) return Reached::Gone;
    result = static_cast<std::int64_t>(registers.rax);
    return Reached::There;
}

/// Text, then the stack of the call, which ends in: where it returns to, the frame.
bool Call::prepare(std::uint64_t memory, std::uint64_t size, std::uint64_t& frameAt)
{
    const std::string text = wrapped(m_order.statement, sampling::numberInside(m_order.pid), memory, size);
    frameAt = memory + kStatementRoom + kCallStack + 64;
    std::vector<std::byte> end = signalFrame(m_saved, frameAt, m_found.gadgets.comeBack);
    const std::uint64_t back = m_found.gadgets.keepResult;
    const auto* bytes = reinterpret_cast<const std::byte*>(&back);
    end.insert(end.begin(), bytes, bytes + sizeof back);
    return text.size() < kStatementRoom && writeMemory(m_order.pid, memory, std::as_bytes(std::span(text.c_str(), text.size() + 1))) &&
           writeMemory(m_order.pid, frameAt - sizeof back, end);
}

Call::Reached Call::callIn(std::uint64_t memory, int& result)
{
    std::uint64_t frame = 0;
    if (!prepare(memory, roomNeeded(), frame)) return Reached::Gone;
    tell(Step::Prepared);
    user_regs_struct registers = m_saved.registers;
    registers.orig_rax = kNoSystemCall;
    registers.rax = 0;
    registers.rdi = m_found.interpreter.runSimpleString.start;
    registers.rsi = memory;
    registers.rip = m_found.interpreter.addPendingCall.start;
    registers.rsp = frame - sizeof frame;
    registers.eflags &= ~kDirection;
    if (!m_tracee.setRegisters(registers)) return Reached::Gone;
    tell(Step::SetToCall);
    if (const Reached reached = run(m_found.gadgets.afterComeBack); reached != Reached::There) return reached;
    m_entry = true;
    tell(Step::Called);
    if (!m_tracee.registers(registers)) return Reached::Gone;
    result = static_cast<int>(registerBehind(registers, m_found.gadgets.keptIn));
    return Reached::There;
}

/// Until it stands at a system call at this address.
Call::Reached Call::run(std::uint64_t until)
{
    const auto patience = Tracee::Clock::now() + m_order.patience;
    for (;;) {
        if (!m_tracee.goOnToSystemCall()) return Reached::Gone;
        m_standsAt = m_tracee.wait(patience);
        user_regs_struct registers{};
        switch (m_standsAt) {
        case Stop::SystemCall:
            if (!m_tracee.registers(registers)) return Reached::Gone;
            if (registers.rip == until) return Reached::There;
            break;
        case Stop::Signal:
            if (m_tracee.isFault()) return Reached::Fault;
            m_kept.push_back(m_tracee.signal());
            break;
        case Stop::Interrupt:
        case Stop::Group: break; // it is being stopped or continued by others; that waits until we let it go
        case Stop::Exec: return Reached::Exec;
        case Stop::Gone: return Reached::Gone;
        case Stop::None: return Reached::TooLong;
        }
    }
}

/// From a system call to where it may be given another state: about to go back to its program. A system call that it stands before is left out, and
/// should we die, "come back" is made once more.
bool Call::stand()
{
    if (m_standsAt == Stop::Signal || m_standsAt == Stop::Interrupt || m_standsAt == Stop::Group) return true;
    if (m_entry) {
        user_regs_struct registers{};
        if (!m_tracee.registers(registers)) return false;
        registers.orig_rax = kNoSystemCall;
        registers.rip = m_found.gadgets.comeBack;
        if (!m_tracee.setRegisters(registers)) return false;
        m_entry = false;
        tell(Step::CallSkipped);
    }
    if (!m_tracee.interrupt() || !m_tracee.goOn()) return false;
    const auto patience = Tracee::Clock::now() + m_order.patience;
    for (;;) {
        m_standsAt = m_tracee.wait(patience);
        if (m_standsAt == Stop::Interrupt || m_standsAt == Stop::Group) return true;
        if (m_standsAt != Stop::Signal && m_standsAt != Stop::SystemCall) return false;
        if (m_standsAt == Stop::Signal && !m_tracee.isFault()) m_kept.push_back(m_tracee.signal());
        m_tracee.goOn();
    }
}

bool Call::restore()
{
    if (!stand()) return false;
    tell(Step::Standing);
    // The registers last: until then the frame would do all of it.
    const bool state = m_tracee.setExtended(m_saved.extended) && m_tracee.block(m_saved.blocked);
    tell(Step::StateBack);
    const bool done = m_tracee.setRegisters(m_saved.registers) && state;
    tell(Step::Restored);
    return done;
}

void Call::unmap(std::uint64_t memory, std::uint64_t size)
{
    std::int64_t result = 0;
    makeSystemCall(systemCall(SYS_munmap, memory, size), result); // else some pages stay
}

Outcome Call::undone(Reached why)
{
    switch (why) {
    case Reached::Exec: return Outcome::failed("exec"); // nothing of what we changed is left
    case Reached::Gone: return restore() ? Outcome::failed("lost") : Outcome::failed("ended");
    case Reached::TooLong: {
        m_tracee.interrupt();
        const auto patience = Tracee::Clock::now() + m_order.patience;
        do {
            m_standsAt = m_tracee.wait(patience);
            if (m_standsAt == Stop::SystemCall || m_standsAt == Stop::Signal) m_tracee.goOn();
        } while (m_standsAt == Stop::SystemCall || m_standsAt == Stop::Signal);
        return restore() ? Outcome::failed("timeout") : Outcome::failed("no-stop");
    }
    case Reached::Fault: {
        const std::string signal = m_tracee.signal() == SIGSYS ? "seccomp" : "fault";
        return restore() ? Outcome::failed(signal) : Outcome::failed("lost");
    }
    case Reached::There: break;
    }
    return Outcome::failed("lost");
}

} // namespace opscope::inject
