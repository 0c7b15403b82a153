#include "core/record/magictrace/Machine.h"

#include <cstdlib>
#include <unistd.h>

namespace opscope::magictrace {

namespace {

std::string variable(const char* name)
{
    const char* value = std::getenv(name);
    return value ? value : "";
}

bool exists(const std::string& path)
{
    return ::access(path.c_str(), F_OK) == 0;
}

} // namespace

Machine Machine::here()
{
    return {.searchPath = variable("PATH"), .perf = variable("MAGIC_TRACE_PERF_PATH"), .user = ::geteuid()};
}

bool Machine::processorTrace() const
{
    return exists(devices + "/intel_pt");
}

bool Machine::counters() const
{
    return exists(devices + "/cpu") || exists(devices + "/cpu_core"); // the second: processors with two kinds of cores
}

} // namespace opscope::magictrace
