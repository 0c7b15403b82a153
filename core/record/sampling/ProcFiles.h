#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace opscope::sampling {

// What the sampler needs of /proc. Everything may be gone at any moment: then the answer is empty.

std::string readSmallFile(const std::string& path);
/// The line of /proc/PID/status that begins so; empty: none.
std::string statusLine(pid_t pid, std::string_view begin);
/// A number in a file of /proc/sys.
std::optional<std::int64_t> readNumber(const std::string& path);
/// "0-3,5" -> 0 1 2 3 5
std::vector<int> parseCpuList(const std::string& text);
std::vector<int> onlineCpus();
/// All threads of a process, ascending.
std::vector<pid_t> threadsOf(pid_t pid);
/// The name of a thread, repaired: UTF-8 without control characters.
std::string threadName(pid_t pid, pid_t tid);
/// The name of the program without its folder, by the command line, else comm.
std::string programName(pid_t pid);
/// A Python interpreter that does not name its functions for us (-X perf): only those written in C can be seen.
bool isPythonWithoutNames(pid_t pid);
/// The command line as it is shown, words parted by blanks.
std::string commandLine(pid_t pid);

struct ProcStat
{
    char state = '?';              ///< R S D T Z ...
    bool kernelThread = false;
    std::uint64_t cpuTicks = 0;    ///< user and system time so far, in clock ticks
    std::uint64_t startTicks = 0;
    bool ended() const { return state == 'Z' || state == 'X'; }
};
/// Nothing: there is none.
std::optional<ProcStat> procStat(pid_t pid);
std::optional<ProcStat> threadStat(pid_t pid, pid_t tid);
std::optional<ProcStat> parseStat(const std::string& text);
/// The number that a process has for itself: another one in a container.
pid_t numberInside(pid_t pid);
/// The user that the process runs as.
std::optional<uid_t> userOf(pid_t pid);
/// Whether it runs and is still the process that was meant (0: whichever).
bool isAlive(pid_t pid, std::uint64_t startTicks);

} // namespace opscope::sampling
