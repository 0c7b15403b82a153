#include "core/record/inject/program/RemoteExec.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace opscope::inject {

namespace {

constexpr auto kPatience = std::chrono::seconds(5); // of an interpreter to start, on a busy machine
constexpr std::size_t kMostSaid = 8192;

/// Its own path where that is the same file here, so that it finds its library; else, in a container, the file itself.
std::string interpreterOf(pid_t pid)
{
    const std::string link = "/proc/" + std::to_string(pid) + "/exe";
    char path[4096];
    const ssize_t length = ::readlink(link.c_str(), path, sizeof path);
    struct stat its{}, ours{};
    if (length <= 0 || static_cast<std::size_t>(length) >= sizeof path) return link;
    const std::string place(path, static_cast<std::size_t>(length));
    return ::stat(link.c_str(), &its) == 0 && ::stat(place.c_str(), &ours) == 0 && its.st_dev == ours.st_dev && its.st_ino == ours.st_ino ? place : link;
}

/// Only calls that are safe between fork and exec.
[[noreturn]] void becomeInterpreter(const char* program, const char* pid, const char* script, int said)
{
    const int null = ::open("/dev/null", O_RDWR);
    ::dup2(null, STDIN_FILENO);
    ::dup2(null, STDOUT_FILENO);
    ::dup2(said, STDERR_FILENO);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    constexpr const char* kProgram = "import sys\nsys.remote_exec(int(sys.argv[1]), sys.argv[2])";
    const char* words[] = {program, "-I", "-S", "-c", kProgram, pid, script, nullptr};
    ::execv(program, const_cast<char**>(words));
    ::_exit(127);
}

/// What it prints until it closes that, or ends; false: too long.
bool listen(int from, std::string& said)
{
    const auto until = std::chrono::steady_clock::now() + kPatience;
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
        pollfd ready{from, POLLIN, 0};
        const int got = left > 0 ? ::poll(&ready, 1, static_cast<int>(left)) : 0;
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        char piece[1024];
        const ssize_t length = ::read(from, piece, sizeof piece);
        if (length <= 0) return true;
        said.append(piece, said.size() < kMostSaid ? static_cast<std::size_t>(length) : 0);
    }
}

std::string lastLine(std::string text)
{
    while (text.ends_with('\n')) text.pop_back();
    return text.substr(text.rfind('\n') + 1).substr(0, 300);
}

Outcome meaning(const std::string& said, int status)
{
    const std::string line = lastLine(said);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {.result = Outcome::Result::Queued};
    if (line.starts_with("PermissionError")) return Outcome::refused("not-permitted", line);
    if (line.starts_with("ProcessLookupError")) return Outcome::refused("ended", line);
    if (line.find("not enabled") != line.npos || line.find("disabled") != line.npos) return Outcome::refused("remote-debug-off", line);
    if (line.starts_with("AttributeError")) return Outcome::refused("remote-debug-off", line); // built without it
    return Outcome::refused("remote-exec", line);
}

} // namespace

Outcome remoteExec(const Order& order)
{
    if (order.script.empty()) return Outcome::refused("no-script");
    const std::string program = interpreterOf(order.pid), pid = std::to_string(order.pid);
    int pipe[2];
    if (::pipe2(pipe, O_CLOEXEC) != 0) return Outcome::refused("remote-exec", std::strerror(errno));
    const pid_t child = ::fork();
    if (child == 0) becomeInterpreter(program.c_str(), pid.c_str(), order.script.c_str(), pipe[1]);
    ::close(pipe[1]);
    std::string said;
    const bool whole = child > 0 && listen(pipe[0], said);
    ::close(pipe[0]);
    if (child < 0) return Outcome::refused("remote-exec", std::strerror(errno));
    if (!whole) ::kill(child, SIGKILL);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    Outcome outcome = whole ? meaning(said, status) : Outcome::refused("remote-exec", "it took too long");
    outcome.method = "remote-exec";
    return outcome;
}

} // namespace opscope::inject
