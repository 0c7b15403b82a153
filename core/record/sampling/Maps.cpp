#include "core/record/sampling/Maps.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <sys/sysmacros.h>

namespace opscope::sampling {

namespace {

/// A number and what parts it from the next.
bool take(std::string_view& text, std::uint64_t& value, int base, char end)
{
    const auto [next, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc() || next == text.data() + text.size() || *next != end) return false;
    text.remove_prefix(static_cast<std::size_t>(next - text.data()) + 1);
    return true;
}

std::string unescaped(std::string_view path)
{
    std::string text(path);
    for (std::size_t at = text.find("\\012"); at != std::string::npos; at = text.find("\\012", at + 1)) text.replace(at, 4, "\n");
    return text;
}

/// "7f12-7f13 r-xp 00001000 fd:00 1234    /usr/lib/libfoo.so".
std::optional<Mapping> parseLine(std::string_view line)
{
    Mapping mapping;
    std::uint64_t major = 0, minor = 0;
    if (!take(line, mapping.start, 16, '-') || !take(line, mapping.end, 16, ' ') || line.size() < 5) return {};
    mapping.executable = line[2] == 'x';
    line.remove_prefix(5);
    if (!take(line, mapping.offset, 16, ' ') || !take(line, major, 16, ':') || !take(line, minor, 16, ' ')) return {};
    mapping.device = makedev(static_cast<unsigned>(major), static_cast<unsigned>(minor));
    const std::size_t blank = line.find_first_not_of("0123456789");
    std::from_chars(line.data(), line.data() + std::min(blank, line.size()), mapping.inode);
    const std::size_t path = blank == std::string_view::npos ? blank : line.find_first_not_of(' ', blank);
    if (path != std::string_view::npos) mapping.path = unescaped(line.substr(path));
    return mapping.start < mapping.end ? std::optional(mapping) : std::nullopt;
}

} // namespace

std::vector<Mapping> parseMaps(std::string_view text)
{
    std::vector<Mapping> all;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        if (auto mapping = parseLine(text.substr(0, end))) all.push_back(std::move(*mapping));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return all;
}

bool isFilePath(std::string_view path)
{
    if (!path.starts_with('/') || path.starts_with("//") || path.starts_with("/memfd:") || path.starts_with("/SYSV")) return false;
    return !path.starts_with("/dev/") && !path.starts_with("/anon_hugepage");
}

} // namespace opscope::sampling
