#include "core/record/launch/Spawn.h"

#include "core/base/Descriptor.h"
#include "core/record/CommandWords.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <pthread.h>
#include <string_view>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace opscope::launch {
namespace {

/// As exec(3) tries them one after the other.
std::vector<std::string> placesOf(const std::string& name)
{
    if (name.empty() || name.find('/') != name.npos) return {name};
    const char* path = std::getenv("PATH");
    std::vector<std::string> places;
    for (std::string_view rest = path ? path : "/usr/local/bin:/bin:/usr/bin";; rest.remove_prefix(rest.find(':') + 1)) {
        const std::string_view folder = rest.substr(0, rest.find(':'));
        places.push_back(std::string(folder.empty() ? "." : folder) + "/" + name);
        if (rest.find(':') == rest.npos) return places;
    }
}

struct Prepared
{
    const std::vector<char*>& places;
    char* const* words;
    char* const* variables;
    const char* folder;
    int output, trouble;
    bool emptyInput;
    pid_t tracer;
};

void resetSignals()
{
    for (int signal = 1; signal <= SIGRTMAX; ++signal) {
        struct sigaction was = {};
        if (::sigaction(signal, nullptr, &was) == 0 && was.sa_handler != SIG_IGN && was.sa_handler != SIG_DFL) ::signal(signal, SIG_DFL);
    }
    for (const int signal : {SIGINT, SIGTERM, SIGPIPE, SIGHUP, SIGQUIT, SIGCHLD}) ::signal(signal, SIG_DFL); // ignored ones too
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

bool connect(const Prepared& what)
{
    if (what.emptyInput) {
        const int nothing = ::open("/dev/null", O_RDONLY);
        if (nothing < 0 || ::dup2(nothing, STDIN_FILENO) < 0) return false;
        if (nothing != STDIN_FILENO) ::close(nothing);
    }
    return what.output < 0 || (::dup2(what.output, STDOUT_FILENO) >= 0 && ::dup2(what.output, STDERR_FILENO) >= 0);
}

/// Between vfork and exec, in our memory: nothing here may take memory or a lock.
[[noreturn]] void become(const Prepared& what)
{
    ::setpgid(0, 0);
    static_cast<void>(::prctl(PR_SET_PTRACER, what.tracer, 0, 0, 0)); // EINVAL: there is no Yama
    if ((*what.folder == '\0' || ::chdir(what.folder) == 0) && connect(what)) {
        resetSignals();
        bool denied = false;
        for (const char* place : what.places) {
            if (!place) break;
            ::execve(place, what.words, what.variables);
            denied |= errno == EACCES;
            if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) break;
        }
        if (denied && (errno == ENOENT || errno == ENOTDIR)) errno = EACCES; // it is there, and may not be executed
    }
    const int reason = errno;
    static_cast<void>(!::write(what.trouble, &reason, sizeof reason));
    ::_exit(127);
}

/// No handler of ours may run in the child, which has our memory.
class NoSignals
{
public:
    NoSignals()
    {
        sigset_t all;
        sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &m_before);
    }
    ~NoSignals() { ::pthread_sigmask(SIG_SETMASK, &m_before, nullptr); }
    NoSignals(const NoSignals&) = delete;
    NoSignals& operator=(const NoSignals&) = delete;

private:
    sigset_t m_before;
};

/// vfork: a copy of us, with all the traces that are open, would take long for what lives so shortly.
pid_t start(const Prepared& what)
{
    const NoSignals quiet;
    const pid_t child = ::vfork();
    if (child == 0) become(what);
    return child;
}

} // namespace

int spawn(SpawnOrder order, pid_t& pid)
{
    std::vector<std::string> places = placesOf(order.words.front());
    const std::vector<char*> tried = pointersTo(places), words = pointersTo(order.words), variables = pointersTo(order.variables);
    int trouble[2];
    if (::pipe2(trouble, O_CLOEXEC) != 0) return errno;
    const Descriptor from(trouble[0]);
    Descriptor to(trouble[1]);
    pid = start({tried, words.data(), variables.data(), order.folder.c_str(), order.output, to.get(), order.emptyInput, ::getpid()});
    if (pid < 0) return errno;
    to = Descriptor();
    int reason = 0;
    ssize_t got = 0;
    do got = ::read(from.get(), &reason, sizeof reason); // ended by the exec, which is over
    while (got < 0 && errno == EINTR);
    if (got != sizeof reason) return 0;
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {}
    return reason;
}

} // namespace opscope::launch
