#include "app/cli/RecordList.h"

#include "app/cli/RecordRows.h"
#include "app/cli/TextTable.h"
#include "core/base/Time.h"
#include "core/record/Presentable.h"
#include "core/record/torch/TorchOptions.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <optional>
#include <ostream>
#include <sys/ioctl.h>
#include <unistd.h>

namespace opscope {
namespace {

using Json = nlohmann::ordered_json;
using Align = TextTable::Align;

constexpr std::size_t kLongestReason = 200;

std::string twoDigits(double value)
{
    if (value < 0 || !std::isfinite(value)) return "–"; // it came between the two looks
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.2f", value);
    return text.data();
}

/// The time of today, else the day.
std::string startText(std::int64_t startedNs)
{
    const std::time_t started = startedNs / 1'000'000'000, now = std::time(nullptr);
    std::tm then{}, today{};
    localtime_r(&started, &then);
    localtime_r(&now, &today);
    const bool isToday = then.tm_year == today.tm_year && then.tm_yday == today.tm_yday;
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), isToday ? "%H:%M:%S" : "%Y-%m-%d", &then);
    return text.data();
}

/// Columns of the terminal; nothing when stdout is none.
std::optional<std::size_t> terminalWidth()
{
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return std::nullopt;
    return size.ws_col;
}

std::string why(const ProcessRow& row)
{
    if (!row.refused) return "";
    if (row.process.pid == ::getpid()) return "Opscope itself";
    if (row.process.zombie()) return "has ended";
    if (row.process.kernelThread) return "kernel";
    return "not yours";
}

/// What the list may show and leaves out where no row has it.
struct Columns
{
    bool refused = false, torch = false;
    explicit Columns(const std::vector<const ProcessRow*>& rows)
    {
        for (const ProcessRow* row : rows) {
            refused |= row->refused.has_value();
            torch |= row->torch.has_value();
        }
    }
    std::vector<Align> alignments() const
    {
        std::vector<Align> all{Align::Right, Align::Left, Align::Right, Align::Right, Align::Right, Align::Right};
        if (refused) all.push_back(Align::Left);
        if (torch) all.insert(all.end(), torchTitles().size(), Align::Left);
        all.push_back(Align::Left);
        return all;
    }
    std::vector<std::string> cells(std::vector<std::string> common, std::string refusal, std::vector<std::string> ofTorch, std::string command) const
    {
        if (refused) common.push_back(std::move(refusal));
        if (torch) std::move(ofTorch.begin(), ofTorch.end(), std::back_inserter(common));
        common.push_back(std::move(command));
        return common;
    }
};

std::string commandCell(const ProcessRow& row, bool workersShown)
{
    const ProcessInfo& p = row.process;
    std::string command = row.isWorker() && workersShown ? "└ " : "";
    if (row.workers > 0 && !workersShown) command += "(and " + std::to_string(row.workers) + (row.workers == 1 ? " worker) " : " workers) ");
    return command + presentable(p.command.empty() ? "[" + p.name + "]" : p.command);
}

std::vector<std::string> processLines(const std::vector<const ProcessRow*>& rows, bool workersShown, Console& console)
{
    const Columns columns(rows);
    TextTable table(columns.alignments());
    std::vector<std::string> titles = columns.cells({"pid", "user", "CPU", "memory", "threads", "started"}, "refused", torchTitles(), "command");
    for (std::string& title : titles) title = console.dim(title);
    table.add(std::move(titles));
    for (const ProcessRow* row : rows) {
        const ProcessInfo& p = row->process;
        table.add(columns.cells({std::to_string(p.pid), presentable(p.userName), twoDigits(p.cpu), formatBytes(static_cast<std::int64_t>(p.residentBytes)),
                                 std::to_string(p.threads), startText(p.startedNs)}, why(*row), torchCells(*row), commandCell(*row, workersShown)));
    }
    std::vector<std::string> lines = table.lines();
    if (const auto width = terminalWidth())
        for (std::size_t i = 1; i < lines.size(); ++i) lines[i] = elided(lines[i], *width);
    return lines;
}

std::string backendLine(const RecorderBackend& backend, const Readiness& readiness, Console& console)
{
    std::string line = console.bold(backend.id) + (backend.title == backend.id ? "" : " (" + std::string(backend.title) + ")") + ": ";
    if (readiness.state == Readiness::State::Ready) line += "ready";
    else line += (readiness.state == Readiness::State::NeedsPermission ? "needs permission: " : "not possible: ") + elided(presentable(readiness.reason), kLongestReason);
    if (!readiness.advice.empty()) line += ". " + presentable(readiness.advice);
    if (!readiness.copy.empty()) line += "\n    " + presentable(readiness.copy); // by itself, to be copied
    return line;
}

/// With --pid what is asked of the backends is this process, else the machine and the user.
RecordTarget targetOf(const RecordOptions& options, const std::vector<ProcessRow>& rows)
{
    if (options.pids.empty() || rows.empty()) return {};
    return {.pid = rows.front().process.pid, .startTicks = rows.front().process.startTicks};
}

bool isListed(const RecorderBackend& backend, const RecordOptions& options) { return !options.torch || backend.family == torch::kFamily; }

void tellLeftOut(Console& console, std::size_t n, std::string_view one, std::string_view many)
{
    if (n == 0) return;
    const std::string what = formatCount(static_cast<std::int64_t>(n)) + " " + std::string(n == 1 ? one : many);
    console.out() << console.dim(what + (n == 1 ? " is left out; --all shows it" : " are left out; --all shows them")) << '\n';
}

void printProcesses(Console& console, const RecordOptions& options, const std::vector<ProcessRow>& rows)
{
    std::vector<const ProcessRow*> shown;
    std::size_t kernel = 0, workers = 0;
    const bool all = options.all || !options.pids.empty();
    for (const ProcessRow& row : rows) {
        if (!all && row.process.kernelThread) ++kernel;
        else if (!all && row.isWorker()) ++workers;
        else shown.push_back(&row);
    }
    if (shown.empty() && options.torch) console.out() << "No process that you may look into has loaded PyTorch.\n";
    else
        for (const std::string& line : processLines(shown, all, console)) console.out() << line << '\n';
    tellLeftOut(console, kernel, "thread of the kernel", "threads of the kernel");
    tellLeftOut(console, workers, "worker of a data loader", "workers of data loaders");
    if (!options.pids.empty() && !rows.empty() && rows.front().refused) {
        console.out() << '\n' << rows.front().refused->message << ' ' << rows.front().refused->advice << '\n';
        return;
    }
    console.out() << '\n';
    for (const RecorderBackend& backend : recorderBackends())
        if (isListed(backend, options)) console.out() << backendLine(backend, backend.check(targetOf(options, rows), options.given()), console) << '\n';
    if (recorderBackends().empty()) console.out() << "This build of Opscope has no way to record.\n";
}

Json backendJson(const RecorderBackend& backend, const Readiness& readiness)
{
    return {{"id", backend.id}, {"title", backend.title}, {"summary", backend.summary}, {"state", stateWord(readiness.state)}, {"reason", readiness.reason},
            {"advice", readiness.advice}, {"copy", readiness.copy}, {"family", backend.family}, {"makes", backend.product == RecorderBackend::Product::Folder ? "folder" : "file"},
            {"starts_commands", backend.startsCommands}, {"only_commands", backend.onlyCommands}, {"takes_several", backend.takesSeveral},
            {"counts_steps", backend.countsSteps}, {"asks_first", backend.confirmation != nullptr}};
}

Json processJson(const ProcessRow& row)
{
    const ProcessInfo& p = row.process;
    return {{"pid", p.pid}, {"parent", p.parent}, {"uid", p.user}, {"user", p.userName}, {"name", p.name}, {"command", p.command},
            {"cpu", p.cpu < 0 ? Json() : Json(p.cpu)}, {"cpu_ns", p.cpuNs}, {"resident_bytes", p.residentBytes}, {"threads", p.threads},
            {"started_unix_ns", p.startedNs}, {"start_ticks", p.startTicks}, {"state", std::string(1, p.state)}, {"kernel_thread", p.kernelThread},
            {"refused", row.refused ? Json(row.refused->message) : Json()}, {"torch", torchJson(row)}};
}

void print(Console& console, const Json& json) { console.out() << json.dump(2, ' ', false, Json::error_handler_t::replace) << '\n'; }

void printProcessesJson(Console& console, const RecordOptions& options, const std::vector<ProcessRow>& rows)
{
    Json json{{"processes", Json::array()}, {"backends", Json::array()}};
    for (const ProcessRow& row : rows) json["processes"].push_back(processJson(row));
    for (const RecorderBackend& backend : recorderBackends())
        if (isListed(backend, options)) json["backends"].push_back(backendJson(backend, backend.check(targetOf(options, rows), options.given())));
    print(console, json);
}

ExitStatus delivered(Console& console)
{
    if (console.delivered()) return ExitStatus::Ok;
    console.complain("opscope record: the answer could not be written");
    return ExitStatus::Cannot;
}

void printBackend(Console& console, const RecorderBackend& backend)
{
    console.out() << backendLine(backend, backend.check({}, {}), console) << "\n  " << backend.summary << '\n';
    TextTable table({Align::Left, Align::Left, Align::Left, Align::Left});
    for (const RecordOption& option : backend.options())
        table.add({"  " + flagOf(option), rangeOf(option), option.standard.empty() ? "" : "standard: " + option.standard, option.title});
    for (const std::string& line : table.lines()) console.out() << line << '\n';
    console.out() << '\n';
}

Json optionJson(const RecordOption& option)
{
    static constexpr std::array kKinds{"number", "choice", "switch", "text", "path"};
    Json json{{"id", option.id}, {"flag", flagOf(option)}, {"title", option.title}, {"help", option.help}, {"kind", kKinds[static_cast<std::size_t>(option.kind)]},
              {"standard", option.standard}, {"advanced", option.advanced}};
    if (option.kind == RecordOption::Kind::Number) json.update({{"low", option.low}, {"high", option.high}, {"unit", option.unit}});
    for (const RecordOption::Choice& choice : option.choices)
        json["choices"].push_back({{"value", choice.value}, {"title", choice.title}, {"note", choice.note}});
    return json;
}

} // namespace

std::string_view stateWord(Readiness::State state)
{
    switch (state) {
    case Readiness::State::Ready: return "ready";
    case Readiness::State::NeedsPermission: return "needs_permission";
    case Readiness::State::NotPossible: break;
    }
    return "not_possible";
}

ExitStatus listProcesses(Console& console, const RecordOptions& options)
{
    const auto rows = processRows(options);
    if (!rows) {
        console.complain("opscope record: " + rows.error().message);
        return rows.error().code == ErrorCode::Usage ? ExitStatus::Usage : ExitStatus::Cannot;
    }
    if (options.json) printProcessesJson(console, options, *rows);
    else printProcesses(console, options, *rows);
    return delivered(console);
}

ExitStatus listBackends(Console& console, const RecordOptions& options)
{
    if (options.json) {
        Json all = Json::array();
        for (const RecorderBackend& backend : recorderBackends()) {
            if (!isListed(backend, options)) continue;
            all.push_back(backendJson(backend, backend.check({}, {})));
            for (const RecordOption& option : backend.options()) all.back()["options"].push_back(optionJson(option));
        }
        print(console, {{"backends", all}});
    } else {
        for (const RecorderBackend& backend : recorderBackends())
            if (isListed(backend, options)) printBackend(console, backend);
        if (recorderBackends().empty()) console.out() << "This build of Opscope has no way to record.\n";
    }
    return delivered(console);
}

} // namespace opscope
