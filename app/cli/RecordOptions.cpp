#include "app/cli/RecordOptions.h"

#include "core/base/Time.h"
#include "core/record/Presentable.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <utility>

namespace opscope {
namespace {

using Kind = RecordOption::Kind;

constexpr std::size_t kLongestName = 40;

template <class T>
bool readWhole(std::string_view text, T& value)
{
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    return problem == std::errc() && end == text.data() + text.size();
}

std::string typeName(const RecordOption& option)
{
    switch (option.kind) {
    case Kind::Number: return "N";
    case Kind::Path: return "PATH";
    case Kind::Choice: return "CHOICE";
    case Kind::Text:
    case Kind::Switch: return "TEXT";
    }
    return "TEXT";
}

/// "Samples per second. How often ... (1 to 9,999 Hz; standard: 999)"
std::string describe(const RecordOption& option)
{
    const bool isSwitch = option.kind == Kind::Switch;
    std::string more = isSwitch ? "" : rangeOf(option);
    if (!isSwitch && !option.standard.empty()) more += (more.empty() ? "standard: " : "; standard: ") + option.standard;
    const std::string title = option.title + (isSwitch && option.standard == "on" ? ": off. " : ". ");
    return title + option.help + (more.empty() ? "" : " (" + more + ")");
}

void declareOption(CLI::App& app, RecordOptions& options, const RecordOption& option, const std::string& group)
{
    if (option.kind != Kind::Switch) {
        app.add_option("--" + option.id, options.texts[option.id], describe(option))->type_name(typeName(option))->group(group);
        return;
    }
    const bool isOn = option.standard == "on";
    app.add_flag("--" + option.id, options.on[option.id], describe(option))->group(isOn ? "" : group); // without a group: not in --help
    app.add_flag("--no-" + option.id, options.off[option.id], describe(option))->group(isOn ? group : "");
}

} // namespace

OptionValues RecordOptions::given() const
{
    OptionValues values;
    for (const auto& [id, text] : texts)
        if (!text.empty()) values[id] = text;
    for (const auto& [id, set] : on)
        if (set) values[id] = "on";
    for (const auto& [id, set] : off)
        if (set) values[id] = "off";
    return values;
}

void declareBackendOptions(CLI::App& app, RecordOptions& options)
{
    for (const RecorderBackend& backend : recorderBackends())
        for (const RecordOption& option : backend.options()) {
            const bool known = options.texts.contains(option.id) || options.on.contains(option.id); // of a backend before
            if (!known) declareOption(app, options, option, "Of --" + (backend.family.empty() ? "backend " + std::string(backend.id) : std::string(backend.family)));
        }
}

std::string flagOf(const RecordOption& option)
{
    return (option.kind == Kind::Switch && option.standard == "on" ? "--no-" : "--") + option.id;
}

std::string rangeOf(const RecordOption& option)
{
    std::string text;
    switch (option.kind) {
    case Kind::Number: return formatCount(option.low) + " to " + formatCount(option.high) + (option.unit.empty() ? "" : " " + option.unit);
    case Kind::Switch: return "on or off";
    case Kind::Choice:
        for (const RecordOption::Choice& choice : option.choices) text += (text.empty() ? "" : ", ") + choice.value;
        return text;
    case Kind::Text:
    case Kind::Path: break;
    }
    return text;
}

Result<std::chrono::milliseconds> parseDuration(std::string_view text)
{
    const Error none{ErrorCode::Usage, "\"" + presentable(text) + "\" is no duration; write 5s, 1.5s, 500ms, 2m or 1h", {}};
    std::int64_t times = 1;
    std::string number(text);
    if (text.ends_with('m') || text.ends_with('h')) {
        times = text.ends_with('m') ? 60 : 3600;
        number.back() = 's';
        if (number.size() < 2 || !(number[number.size() - 2] >= '0' && number[number.size() - 2] <= '9')) return none;
    } else if (!text.ends_with('s')) {
        return none;
    }
    const auto ns = parseTimeWithUnit(number);
    if (!ns || *ns > INT64_MAX / times) return none;
    if (*ns * times % 1'000'000 != 0) return Error{ErrorCode::Usage, "\"" + presentable(text) + "\" is not in whole milliseconds", {}};
    if (*ns <= 0) return Error{ErrorCode::Usage, "a recording takes at least a millisecond, not \"" + presentable(text) + "\"", {}};
    return std::chrono::milliseconds(*ns * times / 1'000'000);
}

Result<std::uint64_t> parseSize(std::string_view text)
{
    static constexpr std::array<std::pair<std::string_view, std::uint64_t>, 7> kUnits{
        {{"KiB", 1ull << 10}, {"MiB", 1ull << 20}, {"GiB", 1ull << 30}, {"kB", 1'000}, {"MB", 1'000'000}, {"GB", 1'000'000'000}, {"B", 1}}};
    std::string_view number = text;
    std::uint64_t times = 1, size = 0;
    for (const auto& [unit, bytes] : kUnits)
        if (text.ends_with(unit)) {
            number.remove_suffix(unit.size());
            times = bytes;
            break;
        }
    if (readWhole(number, size) && size <= UINT64_MAX / times) return size * times;
    return Error{ErrorCode::Usage, "\"" + presentable(text) + "\" is no size; write 200MB, 1GiB or 0 for no limit", {}};
}

Result<pid_t> parsePid(std::string_view text)
{
    pid_t pid = 0;
    if (readWhole(text, pid) && pid > 0) return pid;
    return Error{ErrorCode::Usage, "\"" + presentable(text) + "\" is no process number", {}};
}

Result<std::uint32_t> parseSteps(std::string_view text)
{
    std::uint32_t steps = 0;
    if (readWhole(text, steps) && steps > 0) return steps;
    return Error{ErrorCode::Usage, "\"" + presentable(text) + "\" is no number of steps; write 1 or more", {}};
}

Result<std::pair<std::string, std::string>> parseVariable(std::string_view text)
{
    const std::size_t equals = text.find('=');
    if (equals == 0 || equals == text.npos) return Error{ErrorCode::Usage, "\"" + presentable(text) + "\" is no variable; write NAME=VALUE, or NAME= to take it away", {}};
    return std::pair(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
}

std::string recordingName(std::string_view name, pid_t pid, const std::tm& localTime)
{
    static constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+.-";
    std::string file(name.substr(0, kLongestName));
    for (char& c : file)
        if (kPlain.find(c) == kPlain.npos) c = '_';
    if (file.empty()) file = "process";
    if (file.front() == '.' || file.front() == '-') file.front() = '_'; // neither hidden nor an option
    if (pid > 0) file += "-" + std::to_string(pid);
    std::array<char, 32> date{};
    std::strftime(date.data(), date.size(), "-%Y%m%d-%H%M%S", &localTime);
    return file + date.data();
}

} // namespace opscope
