#include "app/cli/RecordPlan.h"

#include "app/cli/RecordTargets.h"
#include "core/base/Path.h"
#include "core/record/Presentable.h"
#include "core/record/ProcessList.h"
#include "core/record/torch/TorchOptions.h"
#include "core/record/torch/TorchProcess.h"

#include <algorithm>
#include <ctime>
#include <optional>
#include <sys/stat.h>

namespace opscope {
namespace {

using namespace std::chrono_literals;
using Refused = std::optional<RecordRefusal>;

constexpr auto kDuration = 30'000ms;       ///< recording.md "Recorder states"; commands are recorded to their end
constexpr auto kTorchDuration = 2'000ms;   ///< recording-pytorch.md 3.6
constexpr auto kLongForTorch = 10'000ms;
constexpr std::string_view kNoDuration = "none";

Refused readLimits(const RecordOptions& options, RecordRequest& request)
{
    if (!options.duration.empty() && !options.steps.empty()) return usageRefusal("--duration and --steps cannot be given together");
    if (!options.duration.empty() && options.duration != kNoDuration) {
        const auto duration = parseDuration(options.duration);
        if (!duration) return usageRefusal("--duration: " + duration.error().message);
        request.duration = *duration;
    }
    if (!options.steps.empty()) {
        const auto steps = parseSteps(options.steps);
        if (!steps) return usageRefusal("--steps: " + steps.error().message);
        request.steps = *steps;
    }
    if (!options.maxSize.empty()) {
        const auto size = parseSize(options.maxSize);
        if (!size) return usageRefusal("--max-size: " + size.error().message);
        request.maxBytes = *size;
    }
    return std::nullopt;
}

std::string allBackends()
{
    std::string all;
    for (const RecorderBackend& backend : recorderBackends()) all += (all.empty() ? "" : ", ") + std::string(backend.id);
    return all.empty() ? "none" : all;
}

RecordFailure notReady(const Readiness& readiness) { return {presentable(readiness.reason), presentable(readiness.advice)}; }

/// Why a backend is not the one; nothing when it is.
std::optional<RecordFailure> notThis(const RecorderBackend& backend, const RecordRequest& request)
{
    const auto options = backend.options();
    for (const auto& [id, value] : request.options)
        if (std::none_of(options.begin(), options.end(), [&id](const RecordOption& o) { return o.id == id; }))
            return RecordFailure{"it has no option " + id};
    const bool command = !request.target.command.empty();
    if (command && !backend.startsCommands) return RecordFailure{"it cannot start a command"};
    if (!command && backend.onlyCommands) return RecordFailure{"it records only commands that it starts"};
    if (request.steps && !backend.countsSteps) return RecordFailure{"it counts no steps"};
    if (!request.others.empty() && !backend.takesSeveral) return RecordFailure{"it records one process at a time"};
    if (const Readiness readiness = backend.check(request.target, request.options); readiness.state != Readiness::State::Ready) return notReady(readiness);
    for (const RecordTarget& other : request.others)
        if (const Readiness readiness = backend.check(other, request.options); readiness.state != Readiness::State::Ready) {
            RecordFailure failure = notReady(readiness);
            failure.message = "process " + std::to_string(other.pid) + ": " + failure.message;
            return failure;
        }
    return std::nullopt;
}

/// What it is made for rules it out before anything is asked: not worth a word.
bool isBesides(const RecorderBackend& backend, const RecordOptions& options)
{
    const bool torch = backend.family == torch::kFamily, command = !options.command.empty();
    if (options.torch != torch) return true; // PyTorch is recorded where that was asked for
    return torch && (command ? !backend.startsCommands : backend.onlyCommands);
}

RecordFailure nothingRecords(const RecordOptions& options, const RecordPlan& plan)
{
    if (options.torch) return {"What PyTorch tells of " + plan.target + " cannot be recorded."};
    return {"Nothing here can record this."};
}

/// One that was given; it may be spelled --no-ID.
std::string torchOption(const OptionValues& given)
{
    for (const RecordOption& option : torch::options())
        if (const auto found = given.find(option.id); found != given.end()) return (found->second == "off" ? "no-" : "") + option.id;
    return {};
}

Refused firstReady(const RecordOptions& options, RecordPlan& plan)
{
    RecordFailure none = nothingRecords(options, plan);
    for (const RecorderBackend& backend : recorderBackends()) {
        if (isBesides(backend, options)) continue;
        const auto why = notThis(backend, plan.request);
        if (!why) {
            plan.backend = &backend;
            return std::nullopt;
        }
        plan.others.push_back({&backend, why->message});
        none.advice += (none.advice.empty() ? "" : " ") + std::string(backend.title) + ": " + why->message + (why->advice.empty() ? "." : ". " + why->advice);
    }
    if (const std::string id = options.torch ? "" : torchOption(plan.request.options); !id.empty()) return usageRefusal("--" + id + " is an option of --torch");
    return refusalOf(std::move(none));
}

Refused chooseBackend(const RecordOptions& options, RecordPlan& plan)
{
    plan.request.options = options.given();
    if (!options.backend.empty()) {
        plan.backend = findBackend(options.backend);
        if (!plan.backend) return usageRefusal("there is no backend \"" + presentable(options.backend) + "\"; there are: " + allBackends());
        if (options.torch && plan.backend->family != torch::kFamily)
            return usageRefusal("--torch records what PyTorch tells, which " + options.backend + " does not; leave one of them out");
    } else if (options.torch) {
        if (const Status fine = torch::checkWish(plan.request.options); !fine) return usageRefusal(fine.error().message);
    }
    if (!plan.backend)
        if (auto refused = firstReady(options, plan)) return refused;
    if (const Status fine = checkOptions(plan.backend->options(), plan.request.options); !fine) return usageRefusal(fine.error().message);
    const bool torch = plan.backend->family == torch::kFamily;
    if (const Status fine = torch ? torch::checkWish(plan.request.options) : Status(Done{}); !fine) return usageRefusal(fine.error().message);
    return std::nullopt;
}

/// Who records a training job with samples may not know what else there is.
void tellOfTorch(const RecordOptions& options, RecordPlan& plan)
{
    const pid_t pid = plan.request.target.pid;
    if (options.torch || !options.backend.empty() || pid <= 0 || plan.backend->family == torch::kFamily) return;
    if (const auto process = torch::torchProcess(pid)) plan.notes.push_back(torch::torchLabel(*process) + ": --torch records its operators and GPU kernels");
}

/// A training loop writes tens of megabytes a second, so that an end is never left to chance.
void chooseDuration(const RecordOptions& options, RecordPlan& plan)
{
    RecordRequest& request = plan.request;
    if (plan.backend->family != torch::kFamily) {
        if (options.duration.empty() && request.target.command.empty()) request.duration = kDuration;
        return;
    }
    if (options.duration.empty() && options.steps.empty()) {
        request.duration = kTorchDuration;
        plan.notes.push_back("2 s are recorded where neither --duration nor --steps says otherwise; --duration none records until Ctrl+C");
    } else if (!request.steps && (!request.duration || *request.duration > kLongForTorch)) {
        plan.notes.push_back("Over 10 s of PyTorch make large files, and the program waits for seconds while they are written");
    }
}

std::string nameOf(const RecordTarget& target)
{
    if (!target.command.empty()) return fileName(target.command.front());
    const auto process = processInfo(target.pid);
    return process ? process->name : "";
}

std::string standardName(const RecordTarget& target)
{
    const std::time_t now = std::time(nullptr);
    std::tm local{};
    localtime_r(&now, &local);
    return recordingName(nameOf(target), target.pid, local);
}

Refused choosePlace(const RecordOptions& options, RecordPlan& plan)
{
    RecordRequest& request = plan.request;
    const bool folder = plan.backend->product == RecorderBackend::Product::Folder;
    request.path = options.output;
    request.replace = options.force;
    while (folder && request.path.size() > 1 && request.path.ends_with('/')) request.path.pop_back();
    if (request.path.empty()) request.path = standardName(request.target) + (folder ? "" : ".fxt");
    const std::string shown = presentable(fileName(request.path));
    if (!folder && !request.path.ends_with(".fxt")) return usageRefusal("-o: the name of a recording ends in .fxt, not " + shown);
    if (folder && (request.path.ends_with(".fxt") || request.path.ends_with(".json")))
        return usageRefusal("-o: " + std::string(plan.backend->title) + " makes a folder with several traces; give a name without an ending, not " + shown);
    struct stat about = {};
    if (!options.force && ::lstat(request.path.c_str(), &about) == 0)
        return refusalOf({shown + " is there already.", "--force replaces it."});
    return std::nullopt;
}

} // namespace

std::variant<RecordPlan, RecordRefusal> planRecording(const RecordOptions& options)
{
    RecordPlan plan;
    if (auto refused = readLimits(options, plan.request)) return *refused;
    if (auto refused = readTargets(options, plan)) return *refused;
    if (auto refused = chooseBackend(options, plan)) return *refused;
    chooseDuration(options, plan);
    tellOfTorch(options, plan);
    if (auto refused = choosePlace(options, plan)) return *refused;
    return plan;
}

} // namespace opscope
