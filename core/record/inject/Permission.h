#pragma once

#include "core/record/RecorderBackend.h"

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace opscope::inject {

/// Who we are for ptrace(2), and what the system lets such a one do.
struct Tracer
{
    pid_t pid = 0;
    uid_t user = 0;
    bool mayTraceAll = false;         ///< CAP_SYS_PTRACE
    int scope = 0;                    ///< /proc/sys/kernel/yama/ptrace_scope; 0 where there is none
    static Tracer here();
};

/// What the kernel compares of a process.
struct Traceable
{
    std::vector<uid_t> users = {};    ///< real, effective, saved
    bool dumpable = true;             ///< false: it has another user's rights, or shut itself off (PR_SET_DUMPABLE)
    pid_t tracer = 0;                 ///< who traces it already
    char state = '?';
    bool ours = false;                ///< we started it, or what started it
    static std::optional<Traceable> of(pid_t pid, pid_t tracer);
};

/// Nothing: it may be attached to, as far as can be told without trying. The reasons of recording-pytorch.md 3.1, each with the way out.
std::optional<Readiness> objection(const Tracer& tracer);
std::optional<Readiness> objection(const Tracer& tracer, const Traceable& process, pid_t pid);

} // namespace opscope::inject
