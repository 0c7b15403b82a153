#include "core/record/ProcessList.h"

#include "core/base/Descriptor.h"
#include "core/record/Presentable.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <pwd.h>
#include <unistd.h>
#include <utility>

namespace opscope {
namespace {

constexpr std::size_t kMaxCommand = 16 << 10;
constexpr std::size_t kMaxStatus = 16 << 10;      ///< stat and status are far below
constexpr std::size_t kMaxPasswd = 1 << 20;       ///< a line of the user database
constexpr std::uint64_t kKernelThread = 0x200000; ///< PF_KTHREAD of linux/sched.h: field 9 of stat
constexpr std::int64_t kSecond = 1'000'000'000;

std::int64_t clockNs(clockid_t clock)
{
    timespec now{};
    ::clock_gettime(clock, &now);
    return std::int64_t{now.tv_sec} * kSecond + now.tv_nsec;
}

std::int64_t ticksToNs(std::uint64_t ticks)
{
    static const std::uint64_t perSecond = static_cast<std::uint64_t>(std::max(1L, ::sysconf(_SC_CLK_TCK)));
    if (ticks / perSecond >= static_cast<std::uint64_t>(INT64_MAX / kSecond)) return INT64_MAX; // nonsense stays in range
    return static_cast<std::int64_t>(ticks / perSecond * kSecond + ticks % perSecond * kSecond / perSecond);
}

/// All of it, or its first `limit` bytes. Nothing when it is gone or not readable.
std::optional<std::string> readAt(int folder, const char* name, std::size_t limit)
{
    const Descriptor file(::openat(folder, name, O_RDONLY | O_CLOEXEC));
    if (file.get() < 0) return std::nullopt;
    std::string text;
    std::array<char, 4096> piece;
    while (text.size() < limit) {
        const ssize_t got = ::read(file.get(), piece.data(), std::min(piece.size(), limit - text.size()));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return std::nullopt; // ESRCH: it ended between open and read
        if (got == 0) break;
        text.append(piece.data(), static_cast<std::size_t>(got));
    }
    return text;
}

template <class T>
bool readNumber(std::string_view text, T& value)
{
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    return problem == std::errc() && end == text.data() + text.size();
}

std::vector<std::string_view> wordsOf(std::string_view text)
{
    std::vector<std::string_view> words;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find_first_of(" \t\n", at), text.size());
        if (end > at) words.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return words;
}

/// "123 (a name) with) brackets) S 1 ...": the name ends at the last bracket, since no field behind it has any.
bool readStat(std::string_view text, ProcessInfo& process)
{
    const std::size_t open = text.find('('), close = text.rfind(')');
    if (open == text.npos || close == text.npos || close < open) return false;
    process.name = text.substr(open + 1, close - open - 1);
    const std::vector<std::string_view> fields = wordsOf(text.substr(close + 1));
    const auto field = [&](std::size_t number) { return number - 3 < fields.size() ? fields[number - 3] : std::string_view(); }; // as proc(5) counts
    std::uint64_t flags = 0, user = 0, system = 0;
    std::int64_t pages = 0;
    const bool good = !field(3).empty() && readNumber(field(4), process.parent) && readNumber(field(9), flags) && readNumber(field(14), user) &&
                      readNumber(field(15), system) && readNumber(field(20), process.threads) && readNumber(field(22), process.startTicks) &&
                      readNumber(field(24), pages);
    if (!good) return false;
    process.state = field(3).front();
    process.kernelThread = (flags & kKernelThread) != 0;
    process.cpuNs = ticksToNs(user + system);
    process.residentBytes = pages > 0 ? static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
    return true;
}

/// The value behind "Key:" of /proc/PID/status.
std::string_view statusValue(std::string_view status, std::string_view key)
{
    for (std::size_t at = 0; at < status.size();) {
        const std::size_t end = std::min(status.find('\n', at), status.size());
        const std::string_view line = status.substr(at, end - at);
        if (line.starts_with(key)) return line.substr(key.size());
        at = end + 1;
    }
    return {};
}

/// Words end with NUL each; programs that rewrite them leave further ones behind.
std::string readCommand(std::string_view text)
{
    const bool cut = text.size() >= kMaxCommand;
    while (!text.empty() && text.back() == '\0') text.remove_suffix(1);
    if (text.empty()) return {};
    std::vector<std::string> words;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find('\0', at), text.size());
        words.emplace_back(text.substr(at, end - at));
        at = end + 1;
    }
    return commandLine(words) + (cut ? "…" : "");
}

bool needsQuotes(std::string_view word)
{
    static constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-[]{}~^";
    const auto plain = [](char c) { return kPlain.find(c) != kPlain.npos || static_cast<unsigned char>(c) >= 0x80; };
    return word.empty() || !std::all_of(word.begin(), word.end(), plain);
}

std::string inQuotes(std::string_view word)
{
    std::string out = "'";
    for (const char c : word) {
        if (c == '\'') out += "'\\''";
        else out += c;
    }
    return out + "'";
}

std::string userName(uid_t user)
{
    std::string buffer(4096, '\0');
    for (;;) {
        passwd entry{};
        passwd* found = nullptr;
        const int problem = ::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found);
        if (problem == 0 && found) return found->pw_name;
        if (problem != ERANGE || buffer.size() >= kMaxPasswd) return std::to_string(user);
        buffer.resize(buffer.size() * 2);
    }
}

/// All but the name of the user. One open folder for all files: they cannot be of two processes.
std::optional<ProcessInfo> readProcess(const std::string& root, pid_t pid, std::int64_t bootNs, pid_t* leader = nullptr)
{
    const Descriptor folder(::open((root + "/" + std::to_string(pid)).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder.get() < 0) return std::nullopt;
    const auto stat = readAt(folder.get(), "stat", kMaxStatus);
    const auto status = stat ? readAt(folder.get(), "status", kMaxStatus) : std::nullopt;
    if (!status) return std::nullopt;
    ProcessInfo process;
    process.pid = pid;
    if (!readStat(*stat, process)) return std::nullopt;
    const auto ids = wordsOf(statusValue(*status, "Uid:")); // real, effective, saved, file system
    if (ids.size() < 2 || !readNumber(ids[1], process.user)) return std::nullopt;
    if (const auto of = wordsOf(statusValue(*status, "Tgid:")); leader && (of.empty() || !readNumber(of.front(), *leader))) *leader = pid;
    process.command = readCommand(readAt(folder.get(), "cmdline", kMaxCommand).value_or(""));
    process.startedNs = bootNs + ticksToNs(process.startTicks);
    return process;
}

std::int64_t bootTimeNs() { return clockNs(CLOCK_REALTIME) - clockNs(CLOCK_BOOTTIME); }

std::vector<pid_t> pidsIn(const std::string& root)
{
    std::vector<pid_t> pids;
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(root.c_str()), [](DIR* d) { return ::closedir(d); });
    while (const dirent* entry = folder ? ::readdir(folder.get()) : nullptr) {
        pid_t pid = 0;
        if (readNumber(std::string_view(entry->d_name), pid) && pid > 0) pids.push_back(pid);
    }
    std::sort(pids.begin(), pids.end());
    return pids;
}

} // namespace

std::string commandLine(const std::vector<std::string>& words)
{
    if (words.size() == 1) return words.front();
    std::string line;
    for (const std::string& word : words) {
        if (!line.empty()) line += ' ';
        line += needsQuotes(word) ? inQuotes(word) : word;
    }
    return line;
}

std::string processLabel(const ProcessInfo& process)
{
    return std::to_string(process.pid) + " (" + presentable(process.name) + ")";
}

std::vector<ProcessInfo> ProcessScanner::scan()
{
    const std::int64_t boot = bootTimeNs(), now = clockNs(CLOCK_MONOTONIC);
    const double elapsed = m_lastNs ? static_cast<double>(std::max<std::int64_t>(now - m_lastNs, 1)) : 0;
    std::vector<ProcessInfo> processes;
    std::unordered_map<pid_t, Seen> seen;
    for (const pid_t pid : pidsIn(m_root)) {
        auto process = readProcess(m_root, pid, boot);
        if (!process) continue;
        const auto [user, isNew] = m_users.try_emplace(process->user);
        if (isNew) user->second = userName(process->user);
        process->userName = user->second;
        const auto before = m_seen.find(pid);
        if (before != m_seen.end() && before->second.startTicks == process->startTicks && elapsed > 0)
            process->cpu = static_cast<double>(std::max<std::int64_t>(process->cpuNs - before->second.cpuNs, 0)) / elapsed;
        seen[pid] = {process->startTicks, process->cpuNs};
        processes.push_back(std::move(*process));
    }
    m_seen = std::move(seen); // what has ended is forgotten
    m_lastNs = now;
    return processes;
}

Result<ProcessInfo> processInfo(pid_t pid, const std::string& root)
{
    const std::string number = std::to_string(pid);
    if (pid <= 0) return Error{ErrorCode::Usage, number + " is no process number", {}};
    pid_t leader = pid;
    auto process = readProcess(root, pid, bootTimeNs(), &leader);
    if (!process) {
        const bool exists = ::kill(pid, 0) == 0 || errno == EPERM; // signal 0 only asks
        if (exists) return Error{ErrorCode::CannotRead, "the system hides process " + number + " from you", {}};
        return Error{ErrorCode::CannotOpen, "there is no process " + number, {}};
    }
    if (leader != pid) return Error{ErrorCode::Usage, number + " is a thread of process " + std::to_string(leader) + ", not a process", {}};
    process->userName = userName(process->user);
    return std::move(*process);
}

} // namespace opscope
