#include "core/record/sampling/ProcFiles.h"

#include "core/record/Presentable.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace opscope::sampling {

namespace {

constexpr std::size_t kMostRead = std::size_t{64} << 10;
constexpr std::uint64_t kKernelThread = 0x00200000; ///< PF_KTHREAD of the flags in stat

std::string procPath(pid_t pid, const char* file) { return "/proc/" + std::to_string(pid) + file; }

template <class Number>
std::optional<Number> number(std::string_view text)
{
    Number value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end == text.data()) return {};
    return value;
}

} // namespace

std::string readSmallFile(const std::string& path)
{
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return {};
    std::string text;
    char piece[4096];
    for (ssize_t n = 0; text.size() < kMostRead && (n = ::read(file, piece, sizeof piece)) > 0;) text.append(piece, static_cast<std::size_t>(n));
    ::close(file);
    return text;
}

std::string statusLine(pid_t pid, std::string_view begin)
{
    std::istringstream lines(readSmallFile(procPath(pid, "/status")));
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with(begin)) return line;
    return {};
}

std::optional<std::int64_t> readNumber(const std::string& path) { return number<std::int64_t>(readSmallFile(path)); }

std::vector<int> parseCpuList(const std::string& text)
{
    constexpr int kMost = 8192; // of Linux
    std::vector<int> cpus;
    std::istringstream parts(text);
    for (std::string part; std::getline(parts, part, ',');) {
        const auto first = number<int>(part);
        if (!first) continue;
        const std::size_t dash = part.find('-');
        const auto last = dash == part.npos ? first : number<int>(std::string_view(part).substr(dash + 1));
        for (int cpu = *first; last && cpu <= *last && cpu < kMost; ++cpu) cpus.push_back(cpu);
    }
    return cpus;
}

std::vector<int> onlineCpus()
{
    std::vector<int> cpus = parseCpuList(readSmallFile("/sys/devices/system/cpu/online"));
    if (cpus.empty())
        for (int cpu = 0; cpu < std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)); ++cpu) cpus.push_back(cpu);
    return cpus;
}

std::vector<pid_t> threadsOf(pid_t pid)
{
    std::vector<pid_t> threads;
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(procPath(pid, "/task").c_str()), ::closedir);
    while (folder) {
        const dirent* entry = ::readdir(folder.get());
        if (!entry) break;
        if (const auto tid = number<pid_t>(entry->d_name)) threads.push_back(*tid);
    }
    std::sort(threads.begin(), threads.end());
    return threads;
}

std::string threadName(pid_t pid, pid_t tid)
{
    std::string name = readSmallFile(procPath(pid, "/task/") + std::to_string(tid) + "/comm");
    if (name.ends_with('\n')) name.pop_back();
    return presentable(name);
}

std::string programName(pid_t pid)
{
    std::string comm = readSmallFile(procPath(pid, "/comm"));
    if (comm.ends_with('\n')) comm.pop_back();
    std::string first = readSmallFile(procPath(pid, "/cmdline"));
    first.resize(std::min(first.size(), first.find('\0')));
    first.erase(0, first.find_last_of('/') + 1);
    // comm is cut at 15 bytes; a command line that says something else has been written over by the program.
    return presentable(first.starts_with(comm) ? first : comm);
}

std::string commandLine(pid_t pid)
{
    std::string line = readSmallFile(procPath(pid, "/cmdline"));
    while (line.ends_with('\0')) line.pop_back();
    std::replace(line.begin(), line.end(), '\0', ' ');
    return presentable(line);
}

std::optional<ProcStat> parseStat(const std::string& text)
{
    const std::size_t name = text.rfind(')'); // the name before it may hold anything
    if (name == text.npos) return {};
    std::istringstream fields(text.substr(name + 1));
    ProcStat stat;
    std::string field;
    if (!(fields >> stat.state)) return {};
    for (int index = 4; index <= 22; ++index) {
        if (!(fields >> field)) return {};
        const std::uint64_t value = number<std::uint64_t>(field).value_or(0);
        if (index == 9) stat.kernelThread = value & kKernelThread;
        if (index == 14 || index == 15) stat.cpuTicks += value;
        if (index == 22) stat.startTicks = value;
    }
    return stat;
}

std::optional<ProcStat> procStat(pid_t pid) { return parseStat(readSmallFile(procPath(pid, "/stat"))); }

std::optional<ProcStat> threadStat(pid_t pid, pid_t tid)
{
    return parseStat(readSmallFile(procPath(pid, "/task/") + std::to_string(tid) + "/stat"));
}

std::optional<uid_t> userOf(pid_t pid)
{
    // Not the owner of /proc/PID: that is root where the process may not be looked into.
    const std::string line = statusLine(pid, "Uid:");
    const std::size_t digits = line.find_first_of("0123456789");
    return digits == line.npos ? std::nullopt : number<uid_t>(std::string_view(line).substr(digits));
}

pid_t numberInside(pid_t pid)
{
    const std::string line = statusLine(pid, "NSpid:");
    const std::size_t last = line.find_last_of("\t ");
    return last == line.npos ? pid : number<pid_t>(std::string_view(line).substr(last + 1)).value_or(pid);
}

bool isPythonWithoutNames(pid_t pid)
{
    char program[4096];
    const ssize_t length = ::readlink(procPath(pid, "/exe").c_str(), program, sizeof program);
    if (length <= 0) return false;
    const std::string_view path(program, static_cast<std::size_t>(length));
    if (!path.substr(path.find_last_of('/') + 1).starts_with("python")) return false;
    return ::access((procPath(pid, "/root/tmp/perf-") + std::to_string(numberInside(pid)) + ".map").c_str(), F_OK) != 0 && errno == ENOENT;
}

bool isAlive(pid_t pid, std::uint64_t startTicks)
{
    const auto stat = procStat(pid);
    return stat && !stat->ended() && (startTicks == 0 || stat->startTicks == startTicks);
}

} // namespace opscope::sampling
