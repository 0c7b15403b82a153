#pragma once

#include "core/record/inject/program/Injection.h"
#include "core/record/inject/program/Interpreter.h"
#include "core/record/inject/program/Tracee.h"

#include <optional>
#include <vector>

namespace opscope::inject {

/// Py_AddPendingCall(PyRun_SimpleString, text) made by the main thread of a process.
///
///     seize, interrupt       it stands; its state is saved
///     frame on its stack     what gives it back its state, should we die from here on (SignalFrame)
///     mmap                   by a system call instruction of its C library: room for the text, a stack of its own and a frame
///     the call               on that stack; returns over "keep the result" to "come back", where it stands before the system call rt_sigreturn
///     let go                 it makes that call, which gives its state back
///
/// A wait that only the kernel can take up again (a sleep) is not in a frame: then we give the state back ourselves, before we let go.
///
/// Signals that come meanwhile wait in the kernel; the few that cannot are sent again. Nothing is ever returned to by a fault.
class Call
{
public:
    Call(const Order& order, const Findings& found) : m_order(order), m_found(found), m_tracee(order.pid) {}
    Outcome run();

private:
    using Stop = Tracee::Stop;
    enum class Reached : std::uint8_t { There, Fault, TooLong, Gone, Exec };
    using Verdict = std::optional<Outcome>;   ///< nothing: go on

    Outcome attempt(bool& again);
    Verdict standStill();
    bool isSame() const;
    bool isBadPlace() const;
    Outcome work();
    void placeFrame();
    user_regs_struct systemCall(std::uint64_t number, std::uint64_t first, std::uint64_t second) const;
    Reached makeSystemCall(user_regs_struct registers, std::int64_t& result);
    Reached callIn(std::uint64_t memory, int& result);
    bool prepare(std::uint64_t memory, std::uint64_t size, std::uint64_t& frameAt);
    Reached run(std::uint64_t until);
    bool stand();
    bool restore();
    Outcome undone(Reached why);
    void unmap(std::uint64_t memory, std::uint64_t size);
    std::uint64_t roomNeeded() const;
    void tell(Step step) const { if (m_order.after) m_order.after(step); }

    const Order& m_order;
    const Findings& m_found;
    Tracee m_tracee;
    ThreadState m_saved;
    std::uint64_t m_stackTop = 0, m_frame = 0; ///< m_frame: on its own stack, 0: there was no room for one
    std::vector<int> m_kept;                   ///< signals to be sent again
    Stop m_standsAt = Stop::None;
    bool m_entry = false;                      ///< stands before a system call, not behind it
};

} // namespace opscope::inject
