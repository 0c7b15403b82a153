#include "app/cli/FilterOption.h"

#include "app/cli/TextTable.h"
#include "core/base/StringPool.h"

#include <algorithm>
#include <ostream>
#include <variant>

namespace opscope {
namespace {

constexpr std::size_t kAround = 60; // bytes shown in front of a mistake and behind its beginning

/// The nearest place at or behind `at` where a character begins.
std::size_t wholeCharacter(std::string_view utf8, std::size_t at)
{
    while (at < utf8.size() && (static_cast<unsigned char>(utf8[at]) & 0xC0u) == 0x80u) ++at;
    return at;
}

std::string shown(std::string_view bytes)
{
    std::string valid;
    sanitizeUtf8(bytes, valid);
    return withoutControls(valid);
}

} // namespace

std::vector<std::string> pointedAt(std::string_view text, const FilterError& error)
{
    const std::size_t at = std::min(error.column, text.size());
    const std::size_t first = at > kAround ? wholeCharacter(text, at - kAround) : 0;
    const std::size_t last = wholeCharacter(text, std::min(text.size(), at + kAround));
    const std::string before = (first ? "\u2026" : "") + shown(text.substr(first, at - first));
    const std::string piece = shown(text.substr(at, std::min(error.length, last - at)));
    const std::string line = before + shown(text.substr(at, last - at)) + (last < text.size() ? "\u2026" : "");
    return {"  " + line, "  " + std::string(displayWidth(before), ' ') + std::string(std::max<std::size_t>(displayWidth(piece), 1), '^')};
}

std::optional<Filter> readFilter(Console& console, std::string_view command, const std::string& text)
{
    auto parsed = Filter::parse(text);
    if (auto* filter = std::get_if<Filter>(&parsed)) return std::move(*filter);
    const FilterError& error = std::get<FilterError>(parsed);
    console.complain("opscope " + std::string(command) + ": " + error.text());
    for (const std::string& line : pointedAt(text, error)) console.err() << line << '\n';
    return std::nullopt;
}

std::optional<TimeRange> readRange(Console& console, std::string_view command, const std::string& text)
{
    const std::optional<TimeRange> range = parseTimeRange(text);
    const std::string name = "opscope " + std::string(command);
    if (!range) console.complain(name + ": --range wants two times, the first one earlier, for example 10ms..12.5ms; see " + name + " --help");
    return range;
}

Filter timeFilter(TimeRange range)
{
    return std::get<Filter>(Filter::parse("time in " + std::to_string(range.start) + "ns.." + std::to_string(range.end) + "ns"));
}

} // namespace opscope
