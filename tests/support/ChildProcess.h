#pragma once

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <spawn.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace opscope::test {

/// A program that the test started, gone with the object. It has its own name and command line as soon as this is made.
class ChildProcess
{
public:
    explicit ChildProcess(std::vector<std::string> command)
    {
        std::vector<char*> words;
        for (std::string& word : command) words.push_back(word.data());
        words.push_back(nullptr);
        if (::posix_spawnp(&m_pid, words.front(), nullptr, nullptr, words.data(), environ) != 0) m_pid = -1;
        // exec has begun, but the new command line comes a moment later.
        while (m_pid > 0 && !hasEnded() && std::ifstream("/proc/" + std::to_string(m_pid) + "/cmdline").get() == EOF) ::usleep(1000);
    }
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;
    ~ChildProcess()
    {
        signal(SIGKILL);
        reap();
    }
    static ChildProcess sleeping() { return ChildProcess({"sleep", "1000"}); }

    pid_t pid() const { return m_pid; }
    void signal(int number) const
    {
        if (m_pid > 0) ::kill(m_pid, number); // -1 would be everybody
    }
    bool hasEnded() const
    {
        siginfo_t about{};
        return m_pid <= 0 || ::waitid(P_PID, static_cast<id_t>(m_pid), &about, WEXITED | WNOHANG | WNOWAIT) != 0 || about.si_pid == m_pid;
    }
    /// Waits, at most a minute, until it has used so much more of processor time: what is to be seen of it has happened then.
    bool works(int ms = 100) const
    {
        const long wanted = cpuMs() + ms;
        for (int i = 0; i < 12'000 && !hasEnded() && cpuMs() < wanted; ++i) ::usleep(5000);
        return cpuMs() >= wanted;
    }
    /// Processor time of all its threads so far, to a tick of 10 ms; 0 when it is gone.
    long cpuMs() const
    {
        std::ifstream file("/proc/" + std::to_string(m_pid) + "/stat");
        std::string word;
        std::getline(file, word, ')'); // a name may hold spaces; parentheses are not in those of our children
        for (int i = 0; i < 11; ++i) file >> word;
        long user = 0, system = 0;
        file >> user >> system;
        return (user + system) * 1000 / ::sysconf(_SC_CLK_TCK);
    }
    /// Dead, and not yet waited for.
    void becomeZombie() const
    {
        siginfo_t about{};
        signal(SIGKILL);
        while (m_pid > 0 && ::waitid(P_PID, static_cast<id_t>(m_pid), &about, WEXITED | WNOWAIT) != 0 && errno == EINTR) {}
    }
    /// As wait(2) tells; -1: it was not ours.
    int reap()
    {
        int status = -1;
        while (m_pid > 0 && ::waitpid(m_pid, &status, 0) < 0 && errno == EINTR) {}
        m_pid = -1;
        return status;
    }

private:
    pid_t m_pid = -1;
};

} // namespace opscope::test
