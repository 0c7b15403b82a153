#pragma once

#include "core/base/Result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <unordered_map>
#include <vector>

namespace opscope {

/// What /proc says of one process. Texts as the system has them: to be made presentable before they are shown.
struct ProcessInfo
{
    pid_t pid = 0, parent = 0;
    uid_t user = 0;                   ///< the effective one
    std::string userName = {};          ///< the number where the system knows no name
    std::string name = {};            ///< comm
    std::string command = {};         ///< the command line, words parted by blanks and quoted where they need it, at most 16 KiB of it; empty for
                                      ///< kernel threads and zombies
    std::uint64_t startTicks = 0;     ///< field 22 of stat: tells processes of the same pid apart
    std::int64_t startedNs = 0;       ///< Unix time, good to some 10 ms
    std::int64_t cpuNs = 0;           ///< processor time of all its threads so far, good to some 10 ms
    std::uint32_t threads = 0;
    std::uint64_t residentBytes = 0;
    double cpu = -1;                  ///< processors kept busy since the last scan, 1.5 = one and a half; < 0: first seen
    char state = '?';                 ///< R S D T Z ..., as in stat
    bool kernelThread = false;
    bool zombie() const { return state == 'Z' || state == 'X'; }
};

/// All processes, again and again. Keeps the CPU times of the last scan. One thread at a time; 2,000 processes take some 60 ms, so not
/// on the UI thread.
class ProcessScanner
{
public:
    /// Another root is for tests.
    explicit ProcessScanner(std::string root = "/proc") : m_root(std::move(root)) {}
    /// By pid. Processes that end meanwhile and those that the system hides (hidepid) are left out.
    std::vector<ProcessInfo> scan();

private:
    struct Seen
    {
        std::uint64_t startTicks = 0;
        std::int64_t cpuNs = 0;
    };
    std::string m_root;
    std::unordered_map<pid_t, Seen> m_seen;
    std::unordered_map<uid_t, std::string> m_users; ///< names, asked for once
    std::int64_t m_lastNs = 0;
};

/// One process (another root is for tests). Error (a sentence): there is none of this number, it is a thread, or the system hides it.
Result<ProcessInfo> processInfo(pid_t pid, const std::string& root = "/proc");

/// Words as a shell would read them back. Several words: those that need it are in quotes. A single one is left as it is, since programs
/// that rewrite their command line make it one word with blanks.
std::string commandLine(const std::vector<std::string>& words);
/// "123 (python3)": valid UTF-8 and without control characters, for sentences.
std::string processLabel(const ProcessInfo& process);

} // namespace opscope
