#include "core/record/inject/InjectBackend.h"

#include "core/base/Time.h"
#include "core/record/Presentable.h"
#include "core/record/ProcessList.h"
#include "core/record/inject/InjectCourier.h"
#include "core/record/inject/InjectProgram.h"
#include "core/record/inject/Permission.h"
#include "core/record/torch/ScriptSession.h"
#include "core/record/torch/TorchOptions.h"
#include "core/record/torch/TorchProcess.h"

namespace opscope {

namespace {

using namespace inject;
using torch::TorchProcess;
using State = Readiness::State;

constexpr std::string_view kStartIt = "Start the program from Opscope instead.";

Readiness notPossible(std::string reason, std::string advice) { return {.state = State::NotPossible, .reason = std::move(reason), .advice = std::move(advice)}; }

std::string pythonOf(const TorchProcess& process) { return std::to_string(process.pythonMajor) + "." + std::to_string(process.pythonMinor); }

bool asksItself(const TorchProcess& process) { return process.pythonMajor > 3 || (process.pythonMajor == 3 && process.pythonMinor >= 14); }

std::optional<Readiness> objectionTo(const TorchProcess& process)
{
    if (!process.python) return notPossible("No Python in it", "It uses PyTorch from C++: only Kineto's daemon protocol can record it.");
    if (process.pythonMajor != 0 && (process.pythonMajor < 3 || (process.pythonMajor == 3 && process.pythonMinor < 8)))
        return notPossible("Python " + pythonOf(process) + " is too old", "Python 3.8 or later is needed.");
    if (asksItself(process)) {
        if (process.remoteDebugDisabled)
            return notPossible("Remote debugging is off", "It was started with PYTHON_DISABLE_REMOTE_DEBUG or -X disable-remote-debug. " + std::string(kStartIt));
        return {};
    }
#if !defined(__x86_64__)
    return notPossible("Only on x86-64", "On this processor only Python 3.14 and later can be attached to. " + std::string(kStartIt));
#endif
    if (process.freeThreaded)
        return notPossible("Python without the global lock", "Free-threaded Python can be attached to from 3.14 on only. " + std::string(kStartIt));
    return {};
}

Readiness check(const RecordTarget& target, const OptionValues&)
{
    if (!target.command.empty()) return notPossible("Only for processes that run", "A command is recorded from its start on without attaching to it.");
    if (injectProgram().empty()) return notPossible("opscope-inject is missing", "It belongs beside opscope: install Opscope again.");
    const Tracer tracer = Tracer::here();
    if (target.pid == 0) return objection(tracer).value_or(Readiness{});
    const auto about = Traceable::of(target.pid, tracer.pid);
    if (!about) return notPossible("Ended", "Process " + std::to_string(target.pid) + " has ended.");
    if (auto no = objection(tracer, *about, target.pid)) return *no;
    const auto process = torch::torchProcess(target.pid);
    if (!process) return notPossible("No PyTorch in it", "Process " + std::to_string(target.pid) + " has not loaded PyTorch.");
    if (auto no = objectionTo(*process)) return *no;
    if (!process->kinetoBuild) return {.advice = "This PyTorch was built without Kineto: operator names and times only, and the execution trace."};
    return {};
}

std::string length(const RecordRequest& request)
{
    if (request.steps != 0) return "for " + std::to_string(request.steps) + (request.steps == 1 ? " step" : " steps") + " of the training loop";
    if (request.duration) return "for " + formatDuration(std::chrono::duration_cast<std::chrono::nanoseconds>(*request.duration).count());
    return "until you stop it";
}

std::string nameOf(pid_t pid)
{
    const auto about = processInfo(pid);
    return "process " + (about ? processLabel(*about) + (about->command.empty() ? "" : ": " + presentable(about->command.substr(0, 200))) : std::to_string(pid));
}

/// "These 2 processes" in a list, or the one.
std::string targetsOf(const RecordRequest& request)
{
    if (request.others.empty()) return nameOf(request.target.pid) + "\n";
    std::string list = "these " + std::to_string(request.others.size() + 1) + " processes:\n  " + nameOf(request.target.pid) + "\n";
    for (const RecordTarget& other : request.others) list += "  " + nameOf(other.pid) + "\n";
    return list;
}

/// Whether any of them is such.
template <class Is>
bool any(const RecordRequest& request, Is is)
{
    const auto one = [&](pid_t pid) {
        const auto process = torch::torchProcess(pid);
        return process && is(*process);
    };
    if (one(request.target.pid)) return true;
    for (const RecordTarget& other : request.others)
        if (one(other.pid)) return true;
    return false;
}

std::string confirmation(const RecordRequest& request)
{
    const torch::Wish wish = torch::wishOf(request);
    std::string text = "Opscope will run its recorder script inside " + targetsOf(request) + "\n";
    if (any(request, [](const TorchProcess& process) { return !asksItself(process); }))
        text += "For that it stops the main thread for some milliseconds and leaves the script to the interpreter, which runs it as soon as it executes Python code.\n";
    else
        text += "Its interpreter is asked to run it (Python 3.14 and later can be) and does so as soon as it executes Python code. Nothing is stopped for that.\n";
    text += "The script starts " + std::string(wish.kineto() && wish.executionTrace ? "PyTorch's profiler and its execution trace" : wish.executionTrace
            ? "PyTorch's execution trace" : "PyTorch's profiler") + ", records " + length(request) + " and writes files into a folder of its own in /tmp, from where Opscope takes them.\n";
    text += "While it records the program is slower, small operators up to twice as slow" + std::string(wish.executionTrace || wish.stacks ? " and more" : "") +
            "; when it stops, the program waits until its events are collected: a fraction of a second, with very many events some seconds.\n";
    text += "Nothing else is changed, and nothing of it is left when the recording ends.\n";
    if (any(request, [](const TorchProcess& process) { return process.gpuInUse; }))
        text += "\nIt uses a GPU. Starting the profiler in a program that has made CUDA graphs can crash the program. Do not record what you cannot afford to lose.\n";
    text.pop_back();
    return text;
}

} // namespace

RecorderBackend injectBackend()
{
    return {.id = "inject",
            .title = "Recorder inside the process",
            .shortTitle = "Inject",
            .summary = "Has a running Python program record itself: Kineto and execution trace, without a change to the program. Stops it for some milliseconds.",
            .family = torch::kFamily,
            .product = RecorderBackend::Product::Folder,
            .takesSeveral = true,
            .countsSteps = true,
            .keepsTime = true,
            .confirmation = confirmation,
            .options = torch::options,
            .check = check,
            .session = [](const RecordRequest& request) -> std::unique_ptr<RecordSession> {
                return std::make_unique<torch::ScriptSession>(
                    request, [](const RecordRequest&) -> std::unique_ptr<torch::Courier> { return std::make_unique<InjectCourier>(); });
            }};
}

} // namespace opscope
