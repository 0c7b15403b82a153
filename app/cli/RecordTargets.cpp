#include "app/cli/RecordTargets.h"

#include "core/record/Presentable.h"
#include "core/record/ProcessList.h"
#include "core/record/RecordChecks.h"
#include "core/record/torch/TorchProcess.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace opscope {
namespace {

using Refused = std::optional<RecordRefusal>;
using torch::TorchProcess;

std::string torchAdvice()
{
    return "It may load it later. To record a program from its first operator start it from here: opscope record --torch -- COMMAND.";
}

Refused checkTargets(const RecordOptions& options, const std::vector<RecordTarget>& targets)
{
    if (!options.torch) return std::nullopt;
    for (const RecordTarget& target : targets) {
        const auto process = processInfo(target.pid);
        if (!process || torch::torchProcess(target.pid)) continue;
        return refusalOf({"Process " + processLabel(*process) + " has not loaded PyTorch, or may not be looked into.", torchAdvice()});
    }
    return std::nullopt;
}

/// Those that `belongs` is true of, by rank. What only started them (torchrun, a batch script) has no rank, if anything has; workers are left out.
template <class Belongs>
std::vector<TorchProcess> torchOf(const std::vector<ProcessInfo>& processes, Belongs belongs)
{
    torch::TorchScanner scanner;
    std::vector<TorchProcess> found = scanner.scan(processes);
    std::erase_if(found, [&](const TorchProcess& one) { return one.worker || !belongs(one); });
    if (std::ranges::any_of(found, [](const TorchProcess& one) { return one.rank.has_value(); }))
        std::erase_if(found, [](const TorchProcess& one) { return !one.rank; });
    std::ranges::sort(found, {}, [](const TorchProcess& one) { return std::tuple(one.rank, one.pid); });
    return found;
}

Refused readJob(const std::string& job, std::vector<RecordTarget>& targets)
{
    const auto found = torchOf(ProcessScanner().scan(), [&](const TorchProcess& one) { return one.job == job; });
    for (const TorchProcess& one : found) targets.push_back({.pid = one.pid, .startTicks = one.startTicks});
    if (!targets.empty()) return std::nullopt;
    return refusalOf({"No process with PyTorch here belongs to the job " + presentable(job) + ".",
                      "opscope record --list --torch --json shows the jobs (SLURM_JOB_ID, or TORCHELASTIC_RUN_ID of torchrun)."});
}

Refused readPids(const std::vector<std::string>& pids, std::vector<RecordTarget>& targets)
{
    for (const std::string& text : pids) {
        const auto pid = parsePid(text);
        if (!pid) return usageRefusal(pid.error().message);
        if (std::ranges::find(targets, *pid, &RecordTarget::pid) == targets.end()) targets.push_back({.pid = *pid});
    }
    return std::nullopt;
}

/// In place of the processes: those of them, and of all that they started in turn, that have PyTorch.
Refused withChildren(std::vector<RecordTarget>& targets)
{
    std::set<pid_t> family;
    for (const RecordTarget& target : targets) family.insert(target.pid);
    const std::vector<ProcessInfo> all = ProcessScanner().scan();
    for (std::size_t before = 0; before != family.size();) {
        before = family.size();
        for (const ProcessInfo& one : all)
            if (family.contains(one.parent)) family.insert(one.pid);
    }
    targets.clear();
    const auto found = torchOf(all, [&](const TorchProcess& one) { return family.contains(one.pid); });
    for (const TorchProcess& one : found) targets.push_back({.pid = one.pid, .startTicks = one.startTicks});
    if (!targets.empty()) return std::nullopt;
    return refusalOf({"Neither the process nor one that it started has loaded PyTorch, as far as they may be looked into.", torchAdvice()});
}

/// "123 (python3)", "123 (python3) and 3 more".
std::string labelOf(const std::vector<RecordTarget>& targets)
{
    const auto process = processInfo(targets.front().pid);
    const std::string first = process ? processLabel(*process) : std::to_string(targets.front().pid);
    return first + (targets.size() > 1 ? " and " + std::to_string(targets.size() - 1) + " more" : "");
}

Refused readProcesses(const RecordOptions& options, RecordPlan& plan)
{
    std::vector<RecordTarget> targets;
    if (auto refused = options.job.empty() ? readPids(options.pids, targets) : readJob(options.job, targets)) return refused;
    if (options.children)
        if (auto refused = withChildren(targets)) return refused;
    for (RecordTarget& target : targets)
        if (auto refused = checkTarget(target)) return refusalOf(std::move(*refused));
    if (auto refused = checkTargets(options, targets)) return refused;
    plan.target = labelOf(targets);
    plan.request.target = std::move(targets.front());
    plan.request.others.assign(std::make_move_iterator(targets.begin() + 1), std::make_move_iterator(targets.end()));
    return std::nullopt;
}

Refused readCommandLine(const RecordOptions& options, RecordPlan& plan)
{
    RecordTarget& target = plan.request.target;
    target.command = options.command;
    target.folder = options.cwd;
    for (const std::string& text : options.environment) {
        auto variable = parseVariable(text);
        if (!variable) return usageRefusal("--env: " + variable.error().message);
        target.environment.push_back(std::move(*variable));
    }
    if (auto refused = checkTarget(target)) return refusalOf(std::move(*refused));
    plan.target = presentable(commandLine(options.command));
    return std::nullopt;
}

} // namespace

RecordRefusal usageRefusal(std::string sentence) { return {ExitStatus::Usage, {std::move(sentence)}}; }
RecordRefusal refusalOf(RecordFailure failure) { return {ExitStatus::Cannot, std::move(failure)}; }

Refused readTargets(const RecordOptions& options, RecordPlan& plan)
{
    const bool processes = !options.pids.empty() || !options.job.empty(), command = !options.command.empty();
    if (!processes && !command) return usageRefusal("say what to record: --pid PID, or -- COMMAND; --list shows processes");
    if (!options.pids.empty() && !options.job.empty()) return usageRefusal("--pid and --job cannot be given together");
    if (options.children && (!options.torch || options.pids.empty())) return usageRefusal("--children is for --torch with --pid");
    if (processes && command) return usageRefusal(std::string(options.job.empty() ? "--pid" : "--job") + " and a command cannot be recorded together");
    if (command) return readCommandLine(options, plan);
    if (!options.cwd.empty() || !options.environment.empty()) return usageRefusal("--env and --cwd are for a command that is started, not for a process that runs");
    return readProcesses(options, plan);
}

} // namespace opscope
