#include "core/record/inject/Permission.h"

#include "core/record/sampling/ProcFiles.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace opscope::inject {

namespace {

using State = Readiness::State;
using namespace opscope::sampling;

constexpr std::uint64_t kMayTrace = std::uint64_t{1} << 19; // CAP_SYS_PTRACE
constexpr std::string_view kWayOut = " Or start the program from Opscope, which needs no such right.";

Readiness refusal(State state, std::string reason, std::string advice) { return {.state = state, .reason = std::move(reason), .advice = std::move(advice) + std::string(kWayOut)}; }

/// The numbers behind "Uid:".
std::vector<uid_t> numbersOf(const std::string& line)
{
    std::istringstream words(line.substr(std::min(line.find('\t'), line.size())));
    std::vector<uid_t> all;
    for (uid_t value = 0; words >> value;) all.push_back(value);
    return all;
}

pid_t parentOf(pid_t pid)
{
    const std::vector<uid_t> numbers = numbersOf(statusLine(pid, "PPid:"));
    return numbers.empty() ? 0 : static_cast<pid_t>(numbers.front());
}

bool isBelow(pid_t pid, pid_t ancestor)
{
    constexpr int kDeepest = 256; // parents change while we look
    for (int depth = 0; pid > 1 && depth < kDeepest; ++depth, pid = parentOf(pid))
        if (pid == ancestor) return true;
    return false;
}

std::string process(pid_t pid) { return "Process " + std::to_string(pid); }

} // namespace

Tracer Tracer::here()
{
    const std::string capabilities = statusLine(::getpid(), "CapEff:");
    const std::size_t digits = capabilities.find_first_not_of(" \t", 7);
    const std::uint64_t bits = digits == capabilities.npos ? 0 : std::strtoull(capabilities.c_str() + digits, nullptr, 16);
    return {.pid = ::getpid(), .user = ::geteuid(), .mayTraceAll = (bits & kMayTrace) != 0,
            .scope = static_cast<int>(readNumber("/proc/sys/kernel/yama/ptrace_scope").value_or(0))};
}

std::optional<Traceable> Traceable::of(pid_t pid, pid_t tracer)
{
    const auto stat = procStat(pid);
    if (!stat) return {};
    Traceable all{.users = numbersOf(statusLine(pid, "Uid:")), .state = stat->state, .ours = isBelow(pid, tracer)};
    all.users.resize(std::min<std::size_t>(all.users.size(), 3)); // the fourth, for files, has no say
    const std::vector<uid_t> tracers = numbersOf(statusLine(pid, "TracerPid:"));
    all.tracer = tracers.empty() ? 0 : static_cast<pid_t>(tracers.front());
    struct stat about{}; // its files are root's where it may not be looked into
    if (all.users.size() > 1 && ::stat(("/proc/" + std::to_string(pid) + "/environ").c_str(), &about) == 0) all.dumpable = about.st_uid == all.users[1];
    return all;
}

std::optional<Readiness> objection(const Tracer& tracer)
{
    if (tracer.scope >= 3)
        return refusal(State::NotPossible, "Attaching is switched off", "This system lets nobody attach to processes until it is started anew (kernel.yama.ptrace_scope is 3).");
    if (tracer.scope == 2 && !tracer.mayTraceAll)
        return refusal(State::NeedsPermission, "Attaching needs root", "This system lets only root attach to processes (kernel.yama.ptrace_scope is 2): start Opscope with sudo.");
    return {};
}

std::optional<Readiness> objection(const Tracer& tracer, const Traceable& about, pid_t pid)
{
    if (auto no = objection(tracer)) return no;
    if (about.state == 'Z' || about.state == 'X')
        return Readiness{.state = State::NotPossible, .reason = "Its main thread has ended", .advice = process(pid) + " runs no Python code in its main thread any more."};
    if (about.tracer != 0)
        return refusal(State::NotPossible, "Traced already", process(pid) + " is being debugged or traced by process " + std::to_string(about.tracer) +
                       ", and there can be only one: end that first.");
    if (about.state == 'T')
        return Readiness{.state = State::NotPossible, .reason = "Stopped", .advice = process(pid) + " is stopped, and would stay so: continue it first.",
                         .copy = "kill -CONT " + std::to_string(pid)};
    if (tracer.mayTraceAll) return {};
    if (std::any_of(about.users.begin(), about.users.end(), [&](uid_t user) { return user != tracer.user; }))
        return refusal(State::NeedsPermission, "Another user's process", process(pid) + " runs with another user's rights: record it as that user or as root.");
    if (!about.dumpable)
        return refusal(State::NeedsPermission, "Closed to others", process(pid) + " lets nobody look into it (it changed its rights, or set PR_SET_DUMPABLE): record it as root.");
    if (tracer.scope == 1 && !about.ours)
        return refusal(State::NeedsPermission, "Only own children may be attached to", "This system lets programs attach to what they started only (kernel.yama.ptrace_scope is 1): "
                       "start Opscope with sudo.");
    return {};
}

} // namespace opscope::inject
