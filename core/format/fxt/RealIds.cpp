#include "core/format/fxt/RealIds.h"

#include <charconv>

namespace opscope::fxt {

namespace {

/// All of it digits.
std::optional<std::int64_t> number(std::string_view text)
{
    std::int64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (text.empty() || error != std::errc() || stop != end || value < 0 || text.front() == '-') return {};
    return value;
}

/// Takes " [KEY=N]" or "[KEY=N]" off the end.
std::optional<std::int64_t> takeLast(std::string_view& name, std::string_view key)
{
    const std::size_t open = name.rfind('[');
    if (open == std::string_view::npos || !name.ends_with(']')) return {};
    const std::string_view inside = name.substr(open + 1, name.size() - open - 2);
    if (!inside.starts_with(key)) return {};
    const auto value = number(inside.substr(key.size()));
    if (!value) return {};
    name = name.substr(0, open);
    while (name.ends_with(' ')) name.remove_suffix(1);
    return value;
}

} // namespace

std::optional<NameWithIds> idsInName(std::string_view name, bool old)
{
    NameWithIds ids;
    std::string_view rest = name;
    ids.tid = takeLast(rest, "tid=");
    if (const auto pid = takeLast(rest, "pid=")) {
        ids.name = rest;
        ids.pid = *pid;
        return ids;
    }
    const std::size_t slash = name.find('/');
    if (!old || slash == std::string_view::npos) return {};
    const auto pid = number(name.substr(0, slash)), tid = number(name.substr(slash + 1));
    if (!pid || !tid) return {};
    ids.pid = *pid;
    ids.tid = tid;
    return ids;
}

} // namespace opscope::fxt
