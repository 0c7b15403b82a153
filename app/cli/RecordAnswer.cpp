#include "app/cli/RecordAnswer.h"

#include "app/cli/LinksJson.h"
#include "app/cli/LinksText.h"
#include "app/cli/LoadJob.h"
#include "app/cli/RecordContents.h"
#include "core/base/Path.h"
#include "core/base/Time.h"
#include "core/record/Presentable.h"
#include "core/record/ProcessList.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <ostream>
#include <sys/wait.h>

namespace opscope {
namespace {

using Json = nlohmann::ordered_json;

using Contents = RecordContents;

bool stoppedCounting(const Result<Contents>& contents) { return !contents && contents.error().code == ErrorCode::Cancelled; }

std::string count(std::uint64_t n, std::string_view thing)
{
    return formatCount(static_cast<std::int64_t>(n)) + " " + std::string(thing) + (n == 1 ? "" : "s");
}

/// "ended with status 3", "was killed by signal 9 (Killed)"
std::string exitText(int status)
{
    if (WIFSIGNALED(status)) return "was killed by signal " + std::to_string(WTERMSIG(status)) + " (" + ::strsignal(WTERMSIG(status)) + ")";
    return "ended with status " + std::to_string(WIFEXITED(status) ? WEXITSTATUS(status) : status);
}

std::string endText(const RecordPlan& plan, const RecordOutcome& outcome)
{
    const bool isCommand = !plan.request.target.command.empty();
    switch (outcome.end) {
    case RecordEnd::Stopped: return "stopped";
    case RecordEnd::TimeLimit: return plan.request.steps ? "the steps were done" : "the time was up";
    case RecordEnd::SizeLimit: return "it reached " + formatBytes(static_cast<std::int64_t>(plan.request.maxBytes));
    case RecordEnd::DiskFull: return "the disk is full";
    case RecordEnd::TargetEnded:
        if (isCommand && outcome.status.exitStatus) return "the command " + exitText(*outcome.status.exitStatus);
        return isCommand ? "the command ended" : "the process ended";
    case RecordEnd::Failed: return "it failed";
    case RecordEnd::Cancelled: return "cancelled";
    }
    return {};
}

/// A command that was started may well outlive its recording.
std::string survivorText(const RecordPlan& plan, const RecordOutcome& outcome)
{
    const RecordStatus& status = outcome.status;
    if (outcome.end == RecordEnd::TargetEnded) return {}; // though it may still be at it
    const bool runsOn = !plan.request.target.command.empty() && status.pid > 0 && !status.exitStatus && ::kill(status.pid, 0) == 0;
    return runsOn ? "; the command runs on as process " + std::to_string(status.pid) : "";
}

std::string_view endWord(RecordEnd end)
{
    switch (end) {
    case RecordEnd::Stopped: return "stopped";
    case RecordEnd::TimeLimit: return "time_limit";
    case RecordEnd::SizeLimit: return "size_limit";
    case RecordEnd::TargetEnded: return "target_ended";
    case RecordEnd::DiskFull: return "disk_full";
    case RecordEnd::Failed: return "failed";
    case RecordEnd::Cancelled: return "cancelled";
    }
    return {};
}

Json failureJson(const RecordFailure& failure)
{
    return {{"message", failure.message}, {"advice", failure.advice}, {"details", failure.details}};
}

Json fileJson(const RecordContents::File& file)
{
    return {{"file", file.path}, {"format", file.format}, {"events", file.events.events}, {"nodes", file.nodes}, {"threads", file.threads}, {"bytes", file.bytes},
            {"extent_ns", file.extentNs}};
}

/// Of a file all stands by itself; of a folder the sums, each file, and what is linked.
Json contentsJson(const RecordPlan& plan, const Contents& contents)
{
    if (plan.backend->product == RecorderBackend::Product::File) {
        const RecordContents::File& file = contents.files.front();
        return {{"events", file.events.events}, {"scheduling_records", file.events.scheduling}, {"threads", file.threads}, {"extent_ns", file.extentNs}};
    }
    Json json{{"bytes", contents.bytes()}, {"events", contents.events()}, {"threads", contents.threads()}, {"files", Json::array()}};
    for (const RecordContents::File& file : contents.files) json["files"].push_back(fileJson(file));
    if (contents.linked) json["links"] = linksJson(*contents.linked)["links"];
    return json;
}

Json outcomeJson(const RecordPlan& plan, const RecordOutcome& outcome, const Result<Contents>& contents)
{
    const RecordTarget& target = plan.request.target;
    const RecordStatus& status = outcome.status;
    Json json{{"file", outcome.path.empty() ? Json() : Json(outcome.path)}, {"ended", endWord(outcome.end)}, {"backend", plan.backend->id}};
    json["target"] = {{"pid", target.pid ? target.pid : status.pid}, {"command", target.command.empty() ? Json() : Json(target.command)}};
    for (const RecordTarget& other : plan.request.others) json["others"].push_back({{"pid", other.pid}});
    json["elapsed_ms"] = status.elapsed.count();
    json.update({{"samples", status.samples}, {"lost", status.lost}, {"bytes", status.bytes}});
    if (contents) json.update(contentsJson(plan, *contents));
    if (!target.command.empty() && status.exitStatus) {
        const int ended = *status.exitStatus;
        json["command_status"] = WIFEXITED(ended) ? Json(WEXITSTATUS(ended)) : Json();
        json["command_signal"] = WIFSIGNALED(ended) ? Json(WTERMSIG(ended)) : Json();
    }
    json["notes"] = plan.notes;
    for (const std::string& note : outcome.notes) json["notes"].push_back(note);
    for (const RecordPlan::Other& other : plan.others) json["not_with"].push_back({{"backend", other.backend->id}, {"reason", other.reason}});
    if (outcome.state == Recorder::State::Failed) json["failure"] = failureJson(outcome.failure);
    if (outcome.state == Recorder::State::Done && !contents && !stoppedCounting(contents)) json["failure"] = failureJson({contents.error().text()});
    return json;
}

void print(Console& console, const Json& json) { console.out() << json.dump(2, ' ', false, Json::error_handler_t::replace) << '\n'; }

/// The sentence, what to do, and what a program said, each a line.
void complain(Console& console, const RecordFailure& failure)
{
    console.complain("opscope record: " + presentable(failure.message));
    if (!failure.advice.empty()) console.complain("  " + presentable(failure.advice));
    for (std::size_t at = 0; at < failure.details.size();) {
        const std::size_t end = std::min(failure.details.find('\n', at), failure.details.size());
        console.complain("  | " + presentable(failure.details.substr(at, end - at)));
        at = end + 1;
    }
}

std::string fileLine(const RecordPlan& plan, const RecordOutcome& outcome, const Result<Contents>& contents)
{
    const RecordStatus& status = outcome.status;
    std::string text = presentable(outcome.path) + ": ";
    if (contents) text += contents->files.front().events.text("event") + " of " + count(contents->files.front().threads, "thread") + " in ";
    text += formatDuration(std::chrono::nanoseconds(status.elapsed).count()) + ", " + count(status.samples, "sample") + ", " + formatCount(static_cast<std::int64_t>(status.lost)) +
            " lost, " + formatBytes(static_cast<std::int64_t>(status.bytes)) + "; " + endText(plan, outcome) + survivorText(plan, outcome);
    return text;
}

std::string traceLine(const RecordContents::File& file)
{
    const std::string what = file.isNodes() ? count(file.nodes, "node") : file.events.text("event") + " of " + count(file.threads, "thread");
    const std::string time = file.extentNs ? " in " + formatDuration(static_cast<std::int64_t>(file.extentNs)) : "";
    return "  " + presentable(fileName(file.path)) + ": " + what + time + ", " + formatBytes(static_cast<std::int64_t>(file.bytes));
}

/// The folder, its traces, what is linked in them, and how to look at them.
std::vector<std::string> folderLines(Console& console, const RecordPlan& plan, const RecordOutcome& outcome, const Result<Contents>& contents)
{
    const std::string path = presentable(outcome.path);
    const auto traces = contents ? count(contents->files.size(), "trace") + ", " + formatBytes(static_cast<std::int64_t>(contents->bytes())) + "; " : std::string();
    std::vector<std::string> lines{path + ": " + traces + endText(plan, outcome) + survivorText(plan, outcome)};
    if (!contents) return lines;
    for (const RecordContents::File& file : contents->files) lines.push_back(traceLine(file));
    if (contents->linked)
        for (std::string& each : linksText(*contents->linked, console)) lines.push_back(std::move(each));
    lines.push_back(console.dim(presentable(commandLine({"opscope", outcome.path})) + " shows it"));
    return lines;
}

void printText(Console& console, const RecordPlan& plan, const RecordOutcome& outcome, const Result<Contents>& contents)
{
    const bool file = plan.backend->product == RecorderBackend::Product::File;
    for (const std::string& each : file ? std::vector{fileLine(plan, outcome, contents)} : folderLines(console, plan, outcome, contents)) console.out() << each << '\n';
}

/// A recording that nobody can open is none, so it is opened at once.
ExitStatus tellDone(Console& console, const RecordPlan& plan, const RecordOutcome& outcome, bool json)
{
    LoadJob job(console);
    job.commit(); // the file is there, so all that can be stopped is the counting
    const Result<Contents> contents = recordContents(job, outcome.path);
    if (json) print(console, outcomeJson(plan, outcome, contents));
    else printText(console, plan, outcome, contents);
    const bool delivered = console.delivered();
    if (stoppedCounting(contents)) {
        console.complain("opscope record: stopped before the events of the file were counted");
        return delivered ? ExitStatus::Ok : ExitStatus::Cannot;
    }
    if (!contents) console.complain("opscope record: the file was written but cannot be opened: " + contents.error().text());
    return contents && delivered ? ExitStatus::Ok : ExitStatus::Cannot;
}

} // namespace

ExitStatus tellOutcome(Console& console, const RecordPlan& plan, const RecordOutcome& outcome, bool json)
{
    if (outcome.state == Recorder::State::Done) return tellDone(console, plan, outcome, json);
    if (json) print(console, outcomeJson(plan, outcome, Error{ErrorCode::CannotRead, "", {}}));
    if (outcome.state == Recorder::State::Cancelled) {
        console.complain("opscope record: cancelled, nothing was kept");
        return ExitStatus::Cancelled;
    }
    complain(console, outcome.failure);
    if (!outcome.path.empty()) console.complain("  What was recorded until then is in " + outcome.path);
    return ExitStatus::Cannot;
}

ExitStatus tellRefusal(Console& console, const RecordRefusal& refusal, bool json)
{
    if (json) print(console, {{"file", Json()}, {"ended", endWord(RecordEnd::Failed)}, {"failure", failureJson(refusal.failure)}});
    complain(console, refusal.failure);
    return refusal.status;
}

} // namespace opscope
