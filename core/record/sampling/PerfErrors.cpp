#include "core/record/sampling/PerfErrors.h"

#include "core/record/sampling/ProcFiles.h"

#include <cerrno>
#include <cstring>
#include <unistd.h>

namespace opscope::sampling {

namespace {

constexpr const char* kNotHere = "This system cannot record samples";

RecordFailure permission(const Refusal& refusal)
{
    const std::string level = refusal.paranoid ? std::to_string(*refusal.paranoid) : "not known";
    if (!refusal.ownProcess)
        return {"The system allows recording only your own processes (perf_event_paranoid is " + level + ").",
                "Record as the user who owns the process, as root, or with the capability CAP_PERFMON.", {}};
    if (refusal.paranoid && *refusal.paranoid >= 3)
        return {"The system allows nobody but administrators to record (perf_event_paranoid is " + level + ").",
                "An administrator can allow it: sysctl kernel.perf_event_paranoid=2", {}};
    return {"The system refuses to record this process, though it is yours (perf_event_paranoid is " + level + ").",
            "A container or sandbox may filter perf_event_open, or the program is protected because it changed its user. "
            "Record from outside the container, or with the capability CAP_PERFMON.",
            {}};
}

std::string detail(int error) { return std::string("perf_event_open: ") + std::strerror(error); }

} // namespace

bool isPermission(int error) { return error == EACCES || error == EPERM; }

RecordFailure goneText(pid_t pid) { return {"Process " + std::to_string(pid) + " has ended.", "Choose another one.", {}}; }

RecordFailure refusalText(const Refusal& refusal)
{
    RecordFailure failure;
    switch (refusal.error) {
    case EACCES:
    case EPERM: failure = permission(refusal); break;
    case ESRCH: failure = goneText(refusal.pid); break;
    case EMFILE:
    case ENFILE:
        failure = {"There are not enough file descriptors to record this process.", "Raise the limit: ulimit -n 65536", {}};
        break;
    case ENOSYS:
        failure = {std::string(kNotHere) + ": its kernel is built without perf events, or a sandbox hides them.", "Record outside of the sandbox.", {}};
        break;
    case ENOENT:
    case ENODEV:
    case EOPNOTSUPP:
        failure = {std::string(kNotHere) + ": its kernel does not have the event " + refusal.event + ".", "Choose the event cpu-clock.", {}};
        break;
    case ENOMEM: failure = {"There is not enough memory to record.", "Close other programs, or record fewer threads.", {}}; break;
    case EBUSY: failure = {"Another program uses the processor's counters.", "End it, or choose the event cpu-clock.", {}}; break;
    default: failure = {std::string(kNotHere) + ": " + std::strerror(refusal.error) + ".", {}, {}}; break;
    }
    failure.details = detail(refusal.error);
    return failure;
}

Refusal refusalOf(int error, pid_t pid, bool cycles)
{
    Refusal refusal;
    refusal.error = error;
    refusal.pid = pid;
    refusal.ownProcess = userOf(pid).value_or(::geteuid()) == ::geteuid();
    refusal.paranoid = readNumber("/proc/sys/kernel/perf_event_paranoid");
    refusal.event = cycles ? "cycles" : "cpu-clock";
    return refusal;
}

} // namespace opscope::sampling
