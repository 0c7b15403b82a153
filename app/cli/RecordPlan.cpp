#include "app/cli/RecordPlan.h"

#include "core/base/Path.h"
#include "core/record/Presentable.h"
#include "core/record/ProcessList.h"
#include "core/record/RecordChecks.h"

#include <algorithm>
#include <ctime>
#include <optional>
#include <sys/stat.h>

namespace opscope {
namespace {

using Refused = std::optional<RecordRefusal>;

RecordRefusal usage(std::string sentence) { return {ExitStatus::Usage, {std::move(sentence)}}; }
RecordRefusal cannot(RecordFailure failure) { return {ExitStatus::Cannot, std::move(failure)}; }

Refused readTarget(const RecordOptions& options, RecordPlan& plan)
{
    if (options.pid.empty() == options.command.empty())
        return usage(options.pid.empty() ? "say what to record: --pid PID, or -- COMMAND; --list shows processes" : "--pid and a command cannot be recorded together");
    plan.request.target.command = options.command;
    if (!options.pid.empty()) {
        const auto pid = parsePid(options.pid);
        if (!pid) return usage(pid.error().message);
        plan.request.target.pid = *pid;
    }
    if (auto refused = checkTarget(plan.request.target)) return cannot(std::move(*refused));
    if (options.pid.empty()) plan.target = presentable(commandLine(options.command));
    else if (const auto process = processInfo(plan.request.target.pid)) plan.target = processLabel(*process);
    return std::nullopt;
}

Refused readLimits(const RecordOptions& options, RecordRequest& request)
{
    if (!options.duration.empty()) {
        const auto duration = parseDuration(options.duration);
        if (!duration) return usage("--duration: " + duration.error().message);
        request.duration = *duration;
    }
    if (!options.maxSize.empty()) {
        const auto size = parseSize(options.maxSize);
        if (!size) return usage("--max-size: " + size.error().message);
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

/// Why a backend is not the one; nothing when it is.
std::optional<RecordFailure> notThis(const RecorderBackend& backend, const RecordPlan& plan)
{
    const auto options = backend.options();
    for (const auto& [id, value] : plan.request.options)
        if (std::none_of(options.begin(), options.end(), [&id](const RecordOption& o) { return o.id == id; }))
            return RecordFailure{"it has no option " + id};
    if (!plan.request.target.command.empty() && !backend.startsCommands) return RecordFailure{"it cannot start a command"};
    const Readiness readiness = backend.check(plan.request.target, plan.request.options);
    if (readiness.state == Readiness::State::Ready) return std::nullopt;
    return RecordFailure{presentable(readiness.reason), presentable(readiness.advice)};
}

Refused chooseBackend(const RecordOptions& options, RecordPlan& plan)
{
    plan.request.options = options.given();
    if (!options.backend.empty()) {
        plan.backend = findBackend(options.backend);
        if (!plan.backend) return usage("there is no backend \"" + options.backend + "\"; there are: " + allBackends());
    } else {
        RecordFailure none{"Nothing here can record this."};
        for (const RecorderBackend& backend : recorderBackends()) {
            const auto why = notThis(backend, plan);
            if (!why) {
                plan.backend = &backend;
                break;
            }
            plan.others.push_back({&backend, why->message});
            none.advice += (none.advice.empty() ? "" : " ") + std::string(backend.title) + ": " + why->message + (why->advice.empty() ? "." : ". " + why->advice);
        }
        if (!plan.backend) return cannot(std::move(none));
    }
    if (const Status fine = checkOptions(plan.backend->options(), plan.request.options); !fine) return usage(fine.error().message);
    return std::nullopt;
}

std::string nameOf(const RecordTarget& target)
{
    if (!target.command.empty()) return fileName(target.command.front());
    const auto process = processInfo(target.pid);
    return process ? process->name : "";
}

Refused choosePlace(const RecordOptions& options, RecordPlan& plan)
{
    RecordRequest& request = plan.request;
    request.path = options.output;
    request.replace = options.force;
    if (request.path.empty()) {
        const std::time_t now = std::time(nullptr);
        std::tm local{};
        localtime_r(&now, &local);
        request.path = recordingName(nameOf(request.target), request.target.pid, local);
    }
    const std::string shown = presentable(fileName(request.path));
    if (!request.path.ends_with(".fxt")) return usage("-o: the name of a recording ends in .fxt, not " + shown);
    struct stat about = {};
    if (!options.force && ::lstat(request.path.c_str(), &about) == 0)
        return cannot({shown + " is there already.", "--force replaces it."});
    return std::nullopt;
}

} // namespace

std::variant<RecordPlan, RecordRefusal> planRecording(const RecordOptions& options)
{
    RecordPlan plan;
    if (auto refused = readLimits(options, plan.request)) return *refused;
    if (auto refused = readTarget(options, plan)) return *refused;
    if (auto refused = chooseBackend(options, plan)) return *refused;
    if (auto refused = choosePlace(options, plan)) return *refused;
    return plan;
}

} // namespace opscope
