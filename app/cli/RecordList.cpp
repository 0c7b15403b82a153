#include "app/cli/RecordList.h"

#include "app/cli/TextTable.h"
#include "core/base/Time.h"
#include "core/record/Presentable.h"
#include "core/record/RecordChecks.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <optional>
#include <ostream>
#include <sys/ioctl.h>
#include <thread>
#include <unistd.h>

namespace opscope {
namespace {

using Json = nlohmann::ordered_json;
using Align = TextTable::Align;

constexpr std::chrono::milliseconds kBetweenScans{250}; ///< for the processor time
constexpr std::size_t kLongestReason = 200;

struct Row
{
    ProcessInfo process;
    std::optional<RecordFailure> refused; ///< by all backends
};

/// Two looks at /proc; with --pid what is left of it is one line.
Result<std::vector<Row>> rowsOf(const RecordOptions& options)
{
    std::optional<pid_t> only;
    if (!options.pid.empty()) {
        const auto pid = parsePid(options.pid);
        if (!pid) return pid.error();
        if (const auto there = processInfo(*pid); !there) return there.error();
        only = *pid;
    }
    ProcessScanner scanner;
    scanner.scan();
    std::this_thread::sleep_for(kBetweenScans);
    std::vector<Row> rows;
    for (ProcessInfo& process : scanner.scan()) {
        if (only && process.pid != *only) continue;
        auto refused = checkProcess(process);
        rows.push_back({std::move(process), std::move(refused)});
    }
    return rows;
}

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

std::string why(const Row& row)
{
    if (!row.refused) return "";
    if (row.process.pid == ::getpid()) return "Opscope itself";
    if (row.process.zombie()) return "has ended";
    if (row.process.kernelThread) return "kernel";
    return "not yours";
}

std::vector<std::string> processLines(const std::vector<const Row*>& rows, Console& console)
{
    const bool anyRefused = std::any_of(rows.begin(), rows.end(), [](const Row* row) { return row->refused.has_value(); });
    std::vector<Align> columns{Align::Right, Align::Left, Align::Right, Align::Right, Align::Right, Align::Right, Align::Left, Align::Left};
    if (!anyRefused) columns.pop_back();
    TextTable table(columns);
    const auto add = [&](std::vector<std::string> cells) {
        if (!anyRefused) cells.erase(cells.end() - 2);
        table.add(std::move(cells));
    };
    std::vector<std::string> titles{"pid", "user", "CPU", "memory", "threads", "started", "refused", "command"};
    for (std::string& title : titles) title = console.dim(title);
    add(std::move(titles));
    for (const Row* row : rows) {
        const ProcessInfo& p = row->process;
        const std::string command = p.command.empty() ? "[" + p.name + "]" : p.command;
        add({std::to_string(p.pid), presentable(p.userName), twoDigits(p.cpu), formatBytes(static_cast<std::int64_t>(p.residentBytes)),
             std::to_string(p.threads), startText(p.startedNs), why(*row), presentable(command)});
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
    return line;
}

/// With --pid what is asked of the backends is this process, else the machine and the user.
RecordTarget targetOf(const RecordOptions& options, const std::vector<Row>& rows)
{
    if (options.pid.empty() || rows.empty()) return {};
    return {.pid = rows.front().process.pid, .startTicks = rows.front().process.startTicks};
}

void printProcesses(Console& console, const RecordOptions& options, const std::vector<Row>& rows)
{
    std::vector<const Row*> shown;
    for (const Row& row : rows)
        if (options.all || !options.pid.empty() || !row.process.kernelThread) shown.push_back(&row);
    for (const std::string& line : processLines(shown, console)) console.out() << line << '\n';
    if (const std::size_t hidden = rows.size() - shown.size())
        console.out() << console.dim(formatCount(static_cast<std::int64_t>(hidden)) + " threads of the kernel are left out; --all shows them") << '\n';
    if (!options.pid.empty() && !rows.empty() && rows.front().refused) {
        console.out() << '\n' << rows.front().refused->message << ' ' << rows.front().refused->advice << '\n';
        return;
    }
    console.out() << '\n';
    for (const RecorderBackend& backend : recorderBackends())
        console.out() << backendLine(backend, backend.check(targetOf(options, rows), options.given()), console) << '\n';
    if (recorderBackends().empty()) console.out() << "This build of Opscope has no way to record.\n";
}

Json backendJson(const RecorderBackend& backend, const Readiness& readiness)
{
    return {{"id", backend.id}, {"title", backend.title}, {"summary", backend.summary}, {"state", stateWord(readiness.state)}, {"reason", readiness.reason},
            {"advice", readiness.advice}, {"starts_commands", backend.startsCommands}};
}

Json processJson(const Row& row)
{
    const ProcessInfo& p = row.process;
    return {{"pid", p.pid}, {"parent", p.parent}, {"uid", p.user}, {"user", p.userName}, {"name", p.name}, {"command", p.command},
            {"cpu", p.cpu < 0 ? Json() : Json(p.cpu)}, {"cpu_ns", p.cpuNs}, {"resident_bytes", p.residentBytes}, {"threads", p.threads},
            {"started_unix_ns", p.startedNs}, {"start_ticks", p.startTicks}, {"state", std::string(1, p.state)}, {"kernel_thread", p.kernelThread},
            {"refused", row.refused ? Json(row.refused->message) : Json()}};
}

void print(Console& console, const Json& json) { console.out() << json.dump(2, ' ', false, Json::error_handler_t::replace) << '\n'; }

void printProcessesJson(Console& console, const RecordOptions& options, const std::vector<Row>& rows)
{
    Json json{{"processes", Json::array()}, {"backends", Json::array()}};
    for (const Row& row : rows) json["processes"].push_back(processJson(row));
    for (const RecorderBackend& backend : recorderBackends())
        json["backends"].push_back(backendJson(backend, backend.check(targetOf(options, rows), options.given())));
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
    const auto rows = rowsOf(options);
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
            all.push_back(backendJson(backend, backend.check({}, {})));
            for (const RecordOption& option : backend.options()) all.back()["options"].push_back(optionJson(option));
        }
        print(console, {{"backends", all}});
    } else {
        for (const RecorderBackend& backend : recorderBackends()) printBackend(console, backend);
        if (recorderBackends().empty()) console.out() << "This build of Opscope has no way to record.\n";
    }
    return delivered(console);
}

} // namespace opscope
