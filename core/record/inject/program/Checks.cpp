#include "core/record/inject/program/Checks.h"

#include "core/record/sampling/ProcFiles.h"

#include <cstdlib>
#include <sstream>

namespace opscope::inject {

using namespace opscope::sampling;

std::string objectionTo(pid_t pid, std::uint64_t startTicks)
{
    const auto stat = procStat(pid);
    if (!stat) return "ended";
    if (startTicks != 0 && stat->startTicks != startTicks) return "other-process";
    if (stat->ended()) return "zombie";
    if (stat->kernelThread) return "not-python";
    const std::string tracer = statusLine(pid, "TracerPid:");
    if (tracer.find_first_of("123456789") != tracer.npos) return "traced";
    if (stat->state == 'T') return "stopped";
    if (statusLine(pid, "Seccomp:").ends_with("1")) return "seccomp"; // may only read and write
    if (statusLine(pid, "x86_Thread_features:").find("shstk") != std::string::npos) return "shadow-stack"; // it may return to its callers only
    return {};
}

std::uint64_t stackTop(pid_t pid)
{
    constexpr int kFirst = 3, kStackStart = 28; // fields of /proc/PID/stat behind the name
    const std::string text = sampling::readSmallFile("/proc/" + std::to_string(pid) + "/stat");
    const std::size_t name = text.rfind(')');
    if (name == text.npos) return 0;
    std::istringstream fields(text.substr(name + 1));
    std::string field;
    for (int index = kFirst; index <= kStackStart && fields >> field;) ++index;
    return fields ? std::strtoull(field.c_str(), nullptr, 10) : 0;
}

} // namespace opscope::inject
