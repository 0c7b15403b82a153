#include "core/record/sampling/PerfMap.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace opscope::sampling {

namespace {

constexpr std::uint64_t kMaxCode = std::uint64_t{1} << 30, kKernel = std::uint64_t{1} << 63;

/// Hexadecimal, with or without 0x, up to a blank. Takes it off the text.
std::optional<std::uint64_t> takeHex(std::string_view& text)
{
    while (text.starts_with(' ')) text.remove_prefix(1);
    if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (error != std::errc() || end == text.data() + text.size() || *end != ' ') return {};
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
}

/// What follows "Uid:" and the like in /proc/PID/status, in numbers.
std::vector<std::uint64_t> statusNumbers(std::string_view status, std::string_view key)
{
    std::vector<std::uint64_t> numbers;
    std::size_t at = status.find("\n" + std::string(key) + ":");
    if (at == std::string_view::npos) return numbers;
    at += key.size() + 2;
    const std::string_view line = status.substr(at, status.find('\n', at) - at);
    for (const char *p = line.data(), *end = p + line.size(); p < end;) {
        std::uint64_t number = 0;
        const auto [next, error] = std::from_chars(p, end, number);
        if (error == std::errc()) numbers.push_back(number);
        p = error == std::errc() ? next : p + 1;
    }
    return numbers;
}

/// In seconds of the real time clock; 0: not known.
std::int64_t processStart(pid_t pid)
{
    const std::string stat = readSmallFile("/proc/" + std::to_string(pid) + "/stat", 4096);
    const std::string system = readSmallFile("/proc/stat");
    const std::size_t boot = system.find("\nbtime "), name = stat.rfind(')');
    if (boot == std::string::npos || name == std::string::npos) return 0;
    const char* p = stat.c_str() + name + 1;
    for (int field = 2; field < 22; ++p) {   // a blank stands before field 3, and so on
        if (*p == '\0') return 0;
        if (*p == ' ') ++field;
    }
    return std::atoll(system.c_str() + boot + 7) + std::atoll(p) / sysconf(_SC_CLK_TCK);
}

} // namespace

bool PerfMap::open(const TargetFiles& files)
{
    const std::string status = readSmallFile("/proc/" + std::to_string(files.pid()) + "/status", 16384);
    const std::vector<std::uint64_t> ids = statusNumbers(status, "NSpid"), users = statusNumbers(status, "Uid");
    const std::uint64_t pid = ids.empty() ? static_cast<std::uint64_t>(files.pid()) : ids.back();
    FileHandle file = files.openPlain("/tmp/perf-" + std::to_string(pid) + ".map");
    struct stat info{};
    if (!file || users.size() < 2 || fstat(file.get(), &info) != 0) return false;
    if (info.st_uid != 0 && info.st_uid != users[0] && info.st_uid != users[1]) return false;
    if (info.st_mtim.tv_sec + 2 < processStart(files.pid())) return false; // of an earlier process of this number
    m_file = std::move(file);
    return true;
}

PerfMap PerfMap::copy() const
{
    PerfMap other;
    other.m_names = m_names;
    other.m_functions = m_functions;
    other.m_ranges = m_ranges;
    return other;
}

bool PerfMap::update(const TargetFiles& files)
{
    if (!m_file && !open(files)) return false;
    struct stat info{};
    if (fstat(m_file.get(), &info) != 0) return false;
    const std::uint64_t size = std::min<std::uint64_t>(static_cast<std::uint64_t>(info.st_size), kMaxBytes);
    if (size < m_read) { // begun again, as after exec
        const std::uint64_t overwritten = m_overwritten + 1;
        *this = PerfMap();
        m_overwritten = overwritten;
        return open(files) && update(files);
    }
    const std::size_t before = m_functions.size();
    std::string block(64 << 10, '\0');
    while (m_read < size) {
        const ssize_t got = pread(m_file.get(), block.data(), std::min<std::uint64_t>(block.size(), size - m_read), static_cast<off_t>(m_read));
        if (got <= 0) break;
        m_read += static_cast<std::uint64_t>(got);
        addText(std::string_view(block.data(), static_cast<std::size_t>(got)));
    }
    return m_functions.size() != before;
}

void PerfMap::addText(std::string_view text)
{
    for (std::size_t end; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1)) {
        m_rest.append(text.substr(0, std::min<std::size_t>(end, kMaxName + 64)));
        addLine(m_rest);
        m_rest.clear();
    }
    if (m_rest.size() < kMaxName + 64) m_rest.append(text.substr(0, kMaxName + 64)); // the rest of a longer line says nothing more
}

void PerfMap::addLine(std::string_view line)
{
    if (line.empty()) return;
    const auto start = takeHex(line);
    const auto length = start ? takeHex(line) : std::nullopt;
    const bool sound = length && *length > 0 && *length <= kMaxCode && *start < kKernel && *start + *length <= kKernel;
    if (!sound || m_functions.size() >= kMaxFunctions) {
        ++m_skipped;
        return;
    }
    line.remove_prefix(1);
    line = line.substr(0, kMaxName);
    const auto function = static_cast<std::uint32_t>(m_functions.size());
    m_functions.push_back({*start, static_cast<std::uint32_t>(m_names.size()), static_cast<std::uint32_t>(line.size())});
    m_names.append(line);   // at most kMaxBytes in all
    cover(*start, *start + *length, function);
}

/// Cuts what lay there before:   |--a--|--b--|   and  |--c--|  give  |-a|--c--|b-|.
void PerfMap::cover(std::uint64_t start, std::uint64_t end, std::uint32_t function)
{
    auto at = m_ranges.lower_bound(start);
    if (at != m_ranges.begin()) {
        const auto before = std::prev(at);
        const Range old = before->second;
        if (old.end > start) {
            before->second.end = start;
            ++m_overwritten;
        }
        if (old.end > end) m_ranges.emplace_hint(at, end, old);
    }
    while (at != m_ranges.end() && at->first < end) {
        if (at->second.end > end) m_ranges.emplace(end, at->second);
        at = m_ranges.erase(at);
        ++m_overwritten;
    }
    m_ranges.insert_or_assign(start, Range{end, function});
}

std::size_t PerfMap::find(std::uint64_t address) const
{
    const auto after = m_ranges.upper_bound(address);
    if (after == m_ranges.begin()) return kNone;
    const Range& range = std::prev(after)->second;
    return address < range.end ? range.function : kNone;
}

std::string_view PerfMap::name(std::size_t function) const
{
    return std::string_view(m_names).substr(m_functions[function].name, m_functions[function].nameLength);
}

} // namespace opscope::sampling
