#include "core/record/magictrace/Readiness.h"

#include "core/record/magictrace/Failures.h"
#include "core/record/magictrace/Options.h"
#include "core/record/magictrace/Program.h"

#include <cerrno>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace opscope::magictrace {

namespace {

using State = Readiness::State;
using Verdict = std::optional<Readiness>; // nothing: no objection

constexpr std::string_view kSampled = "Sampled, since there is no Intel Processor Trace: short calls are missing.";

Readiness refusal(State state, std::string reason, std::string_view advice)
{
    return {.state = state, .reason = std::move(reason), .advice = std::string(advice)};
}

Verdict hardware(const Machine& machine)
{
    if (machine.processorTrace() || machine.counters()) return {};
    return refusal(State::NotPossible, "No Intel Processor Trace here", kCannotRunHere);
}

Verdict programs(const Machine& machine, const OptionValues& options)
{
    const Program program = findProgram(machine, options);
    if (!program.problem.empty())
        return refusal(State::NotPossible, program.installed ? "magic-trace cannot be started" : "Not installed", program.problem);
    if (findPerf(machine).empty()) return refusal(State::NotPossible, "perf is missing", kNeedsPerf);
    return {};
}

Verdict process(const Machine& machine, const RecordTarget& target)
{
    if (!target.command.empty())
        return refusal(State::NotPossible, "Only for processes that run",
                       "Start the program and choose it then, or record it with samples from its first instruction.");
    const std::string folder = "/proc/" + std::to_string(target.pid);
    struct stat about = {};
    if (::stat(folder.c_str(), &about) != 0) return refusal(State::NotPossible, "Ended", hasEnded(target.pid));
    if (machine.user != 0 && about.st_uid != machine.user) return refusal(State::NeedsPermission, "Another user's process", kOnlyOwn);
    char file[1];
    if (::readlink((folder + "/exe").c_str(), file, sizeof file) >= 0) return {};
    if (errno == EACCES || errno == EPERM) return refusal(State::NeedsPermission, "Not open to you", kOnlyOwn);
    return refusal(State::NotPossible, "No program file", "Process " + std::to_string(target.pid) + " runs no program file: it is a part "
                   "of the kernel, or has just ended.");
}

Verdict settings(const Machine& machine, const OptionValues& options)
{
    if (const Status good = checkValues(options); !good) return refusal(State::NotPossible, "Check the options", good.error().message);
    const auto value = [&](std::string_view id) { return optionValue(magictrace::options(), options, id); };
    if (value("trace-kernel") != "none" && machine.user != 0)
        return refusal(State::NeedsPermission, "Kernel code needs root", kKernelNeedsRoot);
    if (value("callgraph-mode") != "auto" && machine.processorTrace() && value("sampling") != "on")
        return refusal(State::NotPossible, "Check the options", "\"Stacks of samples\" is only for sampling: switch that on, or set it to \"Automatic\".");
    return {};
}

} // namespace

Readiness readiness(const Machine& machine, const RecordTarget& target, const OptionValues& options)
{
    if (const Verdict no = hardware(machine)) return *no;
    if (const Verdict no = programs(machine, options)) return *no;
    if (const Verdict no = process(machine, target)) return *no;
    if (const Verdict no = settings(machine, options)) return *no;
    const bool calls = machine.processorTrace() && optionValue(magictrace::options(), options, "sampling") != "on";
    return {.advice = calls || machine.processorTrace() ? "" : std::string(kSampled)};
}

} // namespace opscope::magictrace
