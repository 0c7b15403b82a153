#pragma once

#include <string>
#include <sys/types.h>

namespace opscope::magictrace {

/// What of this computer decides whether magic-trace can run. A value, so that tests can have other computers.
struct Machine
{
    std::string devices = "/sys/bus/event_source/devices"; ///< the kernel's folder of event sources
    std::string searchPath;                                ///< as PATH
    std::string cache = "/tmp/magic-trace";                ///< where PyTorch's helper leaves its copy
    std::string perf = {};                                 ///< MAGIC_TRACE_PERF_PATH; empty: found in the search path
    uid_t user = 0;                                        ///< effective

    static Machine here();
    bool processorTrace() const;                           ///< Intel PT
    bool counters() const;                                 ///< of the CPU: enough for sampling
};

} // namespace opscope::magictrace
