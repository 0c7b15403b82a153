#include "core/record/RecorderBackend.h"

#include "core/base/Path.h"
#include "core/base/Time.h"
#include "core/record/Presentable.h"

#include <algorithm>
#include <charconv>

namespace opscope {
namespace {

const RecordOption* find(const std::vector<RecordOption>& options, std::string_view id)
{
    const auto found = std::find_if(options.begin(), options.end(), [id](const RecordOption& o) { return o.id == id; });
    return found == options.end() ? nullptr : &*found;
}

Status refuse(const RecordOption& option, const std::string& value, const std::string& why)
{
    return Error{ErrorCode::Usage, option.title + ": \"" + presentable(value) + "\" " + why, {}};
}

Status checkNumber(const RecordOption& option, const std::string& value)
{
    std::int64_t number = 0;
    const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), number);
    const bool inRange = problem == std::errc() && end == value.data() + value.size() && number >= option.low && number <= option.high;
    if (inRange) return Done{};
    const std::string unit = option.unit.empty() ? "" : " " + option.unit;
    return refuse(option, value, "is no whole number from " + formatCount(option.low) + " to " + formatCount(option.high) + unit);
}

Status checkChoice(const RecordOption& option, const std::string& value)
{
    std::string all;
    for (const RecordOption::Choice& choice : option.choices) {
        if (choice.value == value) return Done{};
        all += (all.empty() ? "" : ", ") + choice.value;
    }
    return refuse(option, value, "is none of " + all);
}

} // namespace

std::string takenNote(const std::string& asked, const std::string& got)
{
    return displayName(asked) + " appeared meanwhile and is kept; the recording is " + displayName(got);
}

std::string optionValue(const std::vector<RecordOption>& options, const OptionValues& values, std::string_view id)
{
    if (const auto given = values.find(std::string(id)); given != values.end()) return given->second;
    const RecordOption* option = find(options, id);
    return option ? option->standard : std::string();
}

Status checkOption(const RecordOption& option, const std::string& value)
{
    switch (option.kind) {
    case RecordOption::Kind::Number: return checkNumber(option, value);
    case RecordOption::Kind::Choice: return checkChoice(option, value);
    case RecordOption::Kind::Switch:
        if (value != "on" && value != "off") return refuse(option, value, "is neither on nor off");
        return Done{};
    case RecordOption::Kind::Text:
    case RecordOption::Kind::Path:
        if (value.find('\0') != value.npos) return refuse(option, value, "holds a NUL");
        return Done{};
    }
    return Done{};
}

Status checkOptions(const std::vector<RecordOption>& options, const OptionValues& values)
{
    for (const auto& [id, value] : values) {
        const RecordOption* option = find(options, id);
        if (!option) return Error{ErrorCode::Usage, "\"" + presentable(id) + "\" is no option of this backend", {}};
        if (const Status fine = checkOption(*option, value); !fine) return fine;
    }
    return Done{};
}

} // namespace opscope
