#include "core/record/launch/Command.h"

#include "core/record/CommandWords.h"
#include "core/record/Leftovers.h"
#include "core/record/launch/Spawn.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace opscope::launch {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kPolite = 5s, kLook = 20ms;

struct Pipes
{
    Descriptor commands; ///< its standard output and errors
    Descriptor ours;
};

/// Whenever it ends somebody must take its status.
void reapLater(pid_t pid)
{
    std::thread([pid] { while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {} }).detach();
}

/// What posix_spawn(3) is to do.
struct Plan
{
    Plan()
    {
        ::posix_spawn_file_actions_init(&files);
        ::posix_spawnattr_init(&attributes);
    }
    ~Plan()
    {
        ::posix_spawn_file_actions_destroy(&files);
        ::posix_spawnattr_destroy(&attributes);
    }
    Plan(const Plan&) = delete;
    Plan& operator=(const Plan&) = delete;
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
};

/// Between the command and us: were it one pipe, a command that prints would end when we do. A program of its own, as a fork of us would keep all our
/// memory for as long as the command runs. When nobody reads what it passes on, it reads on alone.
constexpr const char* kPassOn = "trap '' PIPE HUP INT TERM; cat; exec cat > /dev/null";

/// Nothing: errno.
std::optional<Pipes> captured()
{
    int first[2], second[2];
    if (::pipe2(first, O_CLOEXEC) != 0) return std::nullopt;
    const Descriptor from(first[0]);
    Descriptor commands(first[1]);
    if (::pipe2(second, O_CLOEXEC) != 0) return std::nullopt;
    Descriptor ours(second[0]);
    const Descriptor to(second[1]);
    ::fcntl(ours.get(), F_SETFL, O_NONBLOCK);
    Plan plan;
    ::posix_spawn_file_actions_adddup2(&plan.files, from.get(), STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&plan.files, to.get(), STDOUT_FILENO);
    ::posix_spawn_file_actions_addopen(&plan.files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    ::posix_spawnattr_setflags(&plan.attributes, POSIX_SPAWN_SETSID);
    std::vector<std::string> words{"sh", "-c", kPassOn};
    pid_t pid = -1;
    errno = ::posix_spawn(&pid, "/bin/sh", &plan.files, &plan.attributes, pointersTo(words).data(), environ);
    if (errno) return std::nullopt;
    reapLater(pid);
    return Pipes{std::move(commands), std::move(ours)};
}

/// True once it is a zombie, which keeps its number, and that of its group, taken.
bool hasEnded(pid_t pid)
{
    siginfo_t about = {};
    return ::waitid(P_PID, static_cast<id_t>(pid), &about, WEXITED | WNOHANG | WNOWAIT) != 0 || about.si_pid == pid;
}

} // namespace

Result<Command> Command::start(const RecordTarget& target, const EnvironmentChanges& environment, Output output)
{
    std::optional<Pipes> pipes;
    if (output == Output::Captured && !(pipes = captured())) return cannotStart(target.command.front(), errno);
    pid_t pid = -1;
    const int reason = spawn({.words = target.command, .variables = environmentWith(environment), .folder = target.folder,
                              .output = pipes ? pipes->commands.get() : -1, .emptyInput = pipes || ::isatty(STDIN_FILENO) == 1}, pid);
    if (reason) return cannotStart(target.command.front(), reason);
    Command command(pid);
    if (pipes) command.m_output = std::move(pipes->ours);
    return command;
}

Command::~Command()
{
    if (m_pid < 0 || exitStatus()) return;
    reapLater(m_pid);
}

std::optional<int> Command::exitStatus()
{
    int status = 0;
    if (!m_status && m_pid > 0 && ::waitpid(m_pid, &status, WNOHANG) == m_pid) m_status = status;
    return m_status;
}

void Command::end()
{
    if (m_pid < 0 || m_status) return;
    endInBackground([pid = std::exchange(m_pid, -1)] {
        ::kill(-pid, SIGTERM);
        for (const auto until = std::chrono::steady_clock::now() + kPolite; !hasEnded(pid) && std::chrono::steady_clock::now() < until;) std::this_thread::sleep_for(kLook);
        ::kill(-pid, SIGKILL); // and what it left in its group
        while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {}
    });
}

} // namespace opscope::launch
