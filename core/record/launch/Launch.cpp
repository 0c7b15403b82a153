#include "core/record/launch/Launch.h"

#include "core/record/ProcessList.h"
#include "core/record/launch/LaunchCourier.h"
#include "core/record/launch/PythonCommand.h"
#include "core/record/torch/ScriptRequest.h"
#include "core/record/torch/ScriptSession.h"
#include "core/record/torch/TorchOptions.h"

#include <chrono>

namespace opscope {
namespace {

using namespace launch;

std::vector<RecordOption> launchOptions()
{
    std::vector<RecordOption> all = torch::options();
    all.push_back({.id = "from", .title = "Begin", .help = "first-op: with the first operator; 5s or 500ms: so long after the start of Python; step:100: behind this step of an "
                   "optimizer. A whole run writes some 500 bytes per operator into an execution trace: give it an end, or a limit of size.",
                   .kind = RecordOption::Kind::Text, .standard = "first-op"});
    return all;
}

/// What the person can paste instead.
std::string startInstead(pid_t pid)
{
    const auto process = processInfo(pid);
    return process && !process->command.empty() ? "opscope record --torch -- " + process->command : "";
}

Readiness check(const RecordTarget& target, const OptionValues& options)
{
    using State = Readiness::State;
    if (const Status fine = torch::checkWish(options); !fine) return {State::NotPossible, fine.error().message};
    if (const auto from = options.find("from"); from != options.end())
        if (const auto begin = torch::parseBegin(from->second); !begin) return {State::NotPossible, begin.error().message};
    if (target.command.empty() && target.pid == 0) return {};
    if (target.command.empty())
        return {State::NotPossible, "Starts commands only", "Start the program from here: it is recorded from its first operator on.", startInstead(target.pid)};
    if (pythonUse(target) == PythonUse::None) return {State::NotPossible, "Not a Python program", "Only Python programs with PyTorch are recorded so."};
    return {};
}

std::unique_ptr<torch::Courier> courier(const RecordRequest&) { return std::make_unique<LaunchCourier>(); }

std::unique_ptr<RecordSession> session(const RecordRequest& request)
{
    torch::ScriptPatience patience;
    // A script may prepare for minutes before it starts Python.
    if (pythonUse(request.target) != PythonUse::Direct) patience.announce = std::chrono::minutes(30);
    return std::make_unique<torch::ScriptSession>(request, courier, nullptr, patience);
}

} // namespace

RecorderBackend launchBackend()
{
    return {
        .id = "launch",
        .title = "PyTorch from the start",
        .shortTitle = "Start",
        .summary = "Starts a Python program and records its operators, kernels and execution trace from the first operator on.",
        .startsCommands = true,
        .onlyCommands = true,
        .family = torch::kFamily,
        .product = RecorderBackend::Product::Folder,
        .countsSteps = true,
        .keepsTime = true,
        .showsOutput = true,
        .options = launchOptions,
        .check = check,
        .session = session,
    };
}

} // namespace opscope
