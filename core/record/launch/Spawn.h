#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

namespace opscope::launch {

/// What is started, as what.
struct SpawnOrder
{
    std::vector<std::string> words;          ///< the first one is looked for in PATH, as exec(3) does
    std::vector<std::string> variables = {}; ///< "NAME=VALUE"
    std::string folder = {};                 ///< to work in; empty: ours
    int output = -1;                         ///< descriptor for what it prints and its errors; negative: ours
    bool emptyInput = false;                 ///< else ours
};
/// posix_spawn(3) with what that lacks: where Yama lets processes be attached to by their ancestors only (kernel.yama.ptrace_scope 1), this one may be
/// attached to by us and by what we start (PR_SET_PTRACER): opscope-inject is its sibling. Said by itself before exec, it holds for as long as it
/// lives, or we do; its children do not inherit it. The command has a group of its own, no signal blocked, and those that we handle at their standard.
/// 0, and `pid` is our child; else errno, and nothing runs.
int spawn(SpawnOrder order, pid_t& pid);

} // namespace opscope::launch
