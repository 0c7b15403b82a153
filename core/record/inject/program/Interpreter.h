#pragma once

#include "core/record/sampling/Maps.h"

#include <array>
#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace opscope::inject {

/// The CPython in a process, found in the files that it maps and in its memory, without stopping it.
struct Interpreter
{
    struct Function
    {
        std::uint64_t start = 0, size = 0;
        std::array<std::byte, 16> head{};  ///< its first bytes, as the file has them: that nothing changed is looked at once it stands still
        bool contains(std::uint64_t address) const { return address - start < size; }
    };
    int major = 0, minor = 0, micro = -1;  ///< micro -1: not known (before 3.11)
    bool freeThreaded = false;
    Function addPendingCall, runSimpleString;
    /// Where its main thread may hold the lock of the pending calls: calling in there would wait for itself.
    std::vector<Function> locked = {};
    std::string version() const;
    /// It runs scripts itself when it is asked to (PEP 768): no need to stop it.
    bool remoteExec() const { return major > 3 || minor >= 14; }
};

/// Three places in its libraries: see Injection.
struct Gadgets
{
    std::uint64_t systemCall = 0;          ///< syscall; ret
    std::uint64_t keepResult = 0;          ///< xchg %eax, %reg; ret
    std::uint64_t comeBack = 0;            ///< mov $15, %rax; syscall: what signal handlers return to
    std::uint64_t afterComeBack = 0;       ///< the instruction behind it
    int keptIn = 0;                        ///< reg, as the processor numbers it: 1 rcx, 2 rdx, 3 rbx, 5 rbp, 6 rsi, 7 rdi
};

/// What is needed of a process to have it run a statement; `reason` says what is missing, a code of Outcome.
struct Findings
{
    std::string reason = {};
    Interpreter interpreter = {};
    Gadgets gadgets = {};
};
Findings lookInto(pid_t pid);

} // namespace opscope::inject
