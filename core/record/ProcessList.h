#pragma once

#include "core/base/Result.h"

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <unordered_map>
#include <vector>

namespace opscope {

/// What /proc says of one process. Texts as the system has them: to be made presentable before they are shown.
struct ProcessInfo
{
    pid_t pid = 0, parent = 0;
    uid_t user = 0;
    std::string userName;             ///< the number where the system knows no name
    std::string name;                 ///< comm
    std::string command;              ///< the command line, words parted by blanks and quoted where they need it; empty for kernel threads
    std::uint64_t startTicks = 0;     ///< field 22 of stat: tells processes of the same pid apart
    std::int64_t startedNs = 0;       ///< Unix time
    std::uint32_t threads = 0;
    std::uint64_t residentBytes = 0;
    double cpu = -1;                  ///< processors kept busy since the last scan, 1.5 = one and a half; < 0: first seen
    char state = '?';                 ///< R S D T Z ..., as in stat
    bool kernelThread = false;
    bool zombie() const { return state == 'Z' || state == 'X'; }
};

/// All processes, again and again. Keeps the CPU times of the last scan. One thread at a time; 2,000 processes take some 30 ms, so not
/// on the UI thread.
class ProcessScanner
{
public:
    std::vector<ProcessInfo> scan();  ///< by pid; processes that end meanwhile are left out

private:
    struct Seen
    {
        std::uint64_t startTicks = 0, cpuTicks = 0;
    };
    std::unordered_map<pid_t, Seen> m_seen;
    std::int64_t m_lastNs = 0;
};

/// One process. Error (a sentence): there is none.
Result<ProcessInfo> processInfo(pid_t pid);

} // namespace opscope
