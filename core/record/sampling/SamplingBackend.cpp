#include "core/record/sampling/SamplingBackend.h"

#include "core/record/sampling/PerfErrors.h"
#include "core/record/sampling/ProcFiles.h"
#include "core/record/sampling/SamplingSession.h"
#include "core/record/sampling/StackChoice.h"
#include "core/record/sampling/UserRegisters.h"

#include <charconv>
#include <unistd.h>

namespace opscope {

namespace sampling {

namespace {

using State = Readiness::State;

constexpr std::string_view kByTarget = "auto";
// Measured with PyTorch: 44 % of the stacks are longer than 8 KiB, 6 % than 16, none noticed at 24.
//
// What a busy target loses is nearly all the timer's: with events that take nothing and that nobody reads (bench_record "the timer alone"),
// in a virtual machine, 2.6 % at 999 Hz, 1.4 at 499, 0.4 at 99. That is 25 us for each interrupt, which goes through the host. cpu-clock or
// task-clock, frequency or period, with or without kernel code, an event for each thread or for each of its processors: all the same.
// Events of whole processors cost 2.0 %, since nothing is armed at switches, but they need rights and take everybody's stacks.

std::int64_t numberOf(const std::string& text)
{
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

Readiness refused(const Refusal& refusal)
{
    const RecordFailure failure = refusalText(refusal);
    if (!isPermission(refusal.error)) return {State::NotPossible, refusal.error == ESRCH ? "Ended" : "Not on this system", failure.message};
    return {State::NeedsPermission, refusal.ownProcess ? "Not permitted here" : "Another user's process", failure.message + " " + failure.advice};
}

Readiness ready(bool kernel, bool kernelWanted)
{
    if (kernel || !kernelWanted) return {};
    return {State::Ready, {}, "User code only: kernel functions need perf_event_paranoid at 1 or less (sudo sysctl kernel.perf_event_paranoid=1)."};
}

} // namespace

std::vector<RecordOption> options()
{
    using Kind = RecordOption::Kind;
    return {
        {.id = "frequency", .title = "Samples per second", .help = "How often each running thread is looked at.", .kind = Kind::Choice,
         .standard = "999", .unit = "Hz",
         .choices = {{"99", "99", "rough, for hours"}, {"499", "499"}, {"999", "999", "costs a busy target about 3 % in a virtual machine"}, {"4999", "4999", "slows the target down"}}},
        {.id = "call-stacks", .title = "Call stacks", .help = "How the callers of a function are found.", .kind = Kind::Choice, .standard = "unwound",
         .choices = {{"unwound", "Unwound", "works for all programs; the stack is copied with each sample"},
                     {"frame-pointers", "Frame pointers", "cheapest; only programs built with -fno-omit-frame-pointer, others show short or wrong stacks"}}},
        {.id = "kernel", .title = "Kernel functions", .help = "Shows what the kernel does for the process, where the system allows that.",
         .kind = Kind::Switch, .standard = "on"},
        {.id = "event", .title = "Clock", .help = "What makes a sample due.", .kind = Kind::Choice, .standard = "cpu-clock",
         .choices = {{"cpu-clock", "Processor time", "works everywhere"}, {"cycles", "Cycles", "needs hardware counters, which most virtual machines lack"}},
         .advanced = true},
        {.id = "stack-bytes", .title = "Copied stack", .help = "How much of each stack is there to find callers in; auto is 24 KiB with Python or PyTorch and of commands, else 8.",
         .kind = Kind::Choice, .standard = std::string(kByTarget),
         .choices = {{std::string(kByTarget), "Automatic", "24 KiB with Python or PyTorch and of new commands, else 8"},
                     {std::to_string(kShallowStacks), "8 KiB"},
                     {std::to_string(kDeepStacks), "24 KiB"},
                     {std::to_string(kWholeStacks), "64 KiB", "costs most"}},
         .advanced = true},
    };
}

EventSettings eventSettings(const OptionValues& values)
{
    const std::vector<RecordOption> all = options();
    const auto value = [&](std::string_view id) { return optionValue(all, values, id); };
    EventSettings settings;
    settings.frequency = static_cast<std::uint32_t>(numberOf(value("frequency")));
    settings.kernel = value("kernel") == "on";
    settings.cycles = value("event") == "cycles";
    if (value("call-stacks") != "unwound") return settings;
    const std::string stack = value("stack-bytes");
    settings.stackByTarget = stack == kByTarget;
    settings.stackBytes = settings.stackByTarget ? kDeepStacks : static_cast<std::uint32_t>(numberOf(stack));
    return settings;
}

Readiness readiness(const RecordTarget& target, const OptionValues& values)
{
    if (const Status good = checkOptions(options(), values); !good) return {State::NotPossible, "Check the options", good.error().message + "."};
    const pid_t pid = target.command.empty() ? target.pid : 0; // a command will be ours, as we are
    if (pid) {
        const auto stat = procStat(pid);
        if (!stat) return {State::NotPossible, "Ended", goneText(pid).message};
        if (stat->ended()) return {State::NotPossible, "Ended", "Process " + std::to_string(pid) + " has ended; only its parent still has to notice."};
        if (stat->kernelThread) return {State::NotPossible, "A thread of the kernel", "It runs no program. Choose a process that does."};
    }
    EventSettings settings = eventSettings(values);
    const bool kernelWanted = settings.kernel;
    int error = PerfEvents::tryToOpen(pid, settings);
    if (isPermission(error) && settings.kernel) {
        settings.kernel = false;
        error = PerfEvents::tryToOpen(pid, settings);
    }
    if (error && settings.cycles && !isPermission(error) && error != ESRCH)
        return {State::NotPossible, "No cycle counter here", "Choose the clock \"Processor time\": this machine has no hardware counters."};
    if (error) return refused(refusalOf(error, pid ? pid : ::getpid(), settings.cycles));
    return ready(settings.kernel, kernelWanted);
}

} // namespace sampling

RecorderBackend samplingBackend()
{
    return {.id = "samples",
            .title = "Samples",
            .summary = "Native call stacks of any process, many times a second, and when its threads wait. No operator names.",
            .startsCommands = true,
            .options = sampling::options,
            .check = sampling::readiness,
            .session = [](const RecordRequest& request) -> std::unique_ptr<RecordSession> {
                return std::make_unique<sampling::SamplingSession>(request);
            }};
}

} // namespace opscope
