#pragma once

#include "core/record/RecorderBackend.h"
#include "core/record/magictrace/Machine.h"

#include <string>

namespace opscope::magictrace {

/// Where the program is, or why there is none that may be started. A few system calls; starts nothing.
struct Program
{
    std::string path;       ///< empty: not found
    std::string problem;    ///< a sentence; empty when it can be used
    bool installed = true;  ///< false: there is no magic-trace at all
};

/// The option "magic-trace", else the search path, else the helper's copy where "magic-trace-cache" is on. That one lies in a folder where
/// everybody may write: only a plain file of the person's own (or root's) that nobody else may change is taken.
Program findProgram(const Machine& machine, const OptionValues& options);
/// Path of perf; empty when there is none.
std::string findPerf(const Machine& machine);

} // namespace opscope::magictrace
