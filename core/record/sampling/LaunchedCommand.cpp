#include "core/record/sampling/LaunchedCommand.h"

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace opscope::sampling {

namespace {

/// Between fork and exec: nothing here may take memory or a lock.
[[noreturn]] void becomeProgram(char* const* arguments, char** variables, const char* folder, int go, int trouble, const sigset_t& mask)
{
    environ = variables;
    // Where Yama lets ancestors only attach: we, who wait for it to go on, and what we start may too, opscope-inject for one. EINVAL: there is no Yama.
    static_cast<void>(::prctl(PR_SET_PTRACER, ::getppid(), 0, 0, 0));
    for (const int signal : {SIGTERM, SIGPIPE, SIGHUP, SIGQUIT, SIGCHLD}) ::signal(signal, SIG_DFL);
    ::signal(SIGINT, SIG_IGN);
    ::sigprocmask(SIG_SETMASK, &mask, nullptr);
    char word = 0;
    ssize_t n = 0;
    do n = ::read(go, &word, 1);
    while (n < 0 && errno == EINTR);
    if (n == 1) {
        if (*folder == '\0' || ::chdir(folder) == 0) ::execvp(arguments[0], arguments);
        const int reason = errno;
        static_cast<void>(!::write(trouble, &reason, sizeof reason));
    }
    ::_exit(127); // nobody is there any more who would record it
}

} // namespace

Result<LaunchedCommand> LaunchedCommand::prepare(const std::vector<std::string>& command, const std::string& folder, const EnvironmentChanges& environment, const sigset_t& mask)
{
    if (command.empty() || command[0].empty()) return Error{ErrorCode::Usage, "there is no command to start", {}};
    std::vector<std::string> words = command, variables = environmentWith(environment); // before fork: the child may take no memory
    const std::vector<char*> arguments = pointersTo(words);
    std::vector<char*> variablesOf = pointersTo(variables);
    int go[2], trouble[2];
    if (::pipe2(go, O_CLOEXEC) != 0) return cannotStart(command[0], errno);
    LaunchedCommand launched;
    launched.m_name = command[0];
    launched.m_go = Descriptor(go[1]);
    const Descriptor childGo(go[0]);
    if (::pipe2(trouble, O_CLOEXEC) != 0) return cannotStart(command[0], errno);
    launched.m_trouble = Descriptor(trouble[0]);
    const Descriptor childTrouble(trouble[1]);
    launched.m_pid = ::fork();
    if (launched.m_pid == 0) {
        ::close(go[1]); // else it would wait for itself
        becomeProgram(arguments.data(), variablesOf.data(), folder.c_str(), childGo.get(), childTrouble.get(), mask);
    }
    if (launched.m_pid < 0) return cannotStart(command[0], errno);
    return launched;
}

LaunchedCommand::LaunchedCommand(LaunchedCommand&& other) noexcept
    : m_name(std::move(other.m_name)), m_pid(std::exchange(other.m_pid, -1)), m_running(other.m_running), m_status(other.m_status), m_go(std::move(other.m_go)),
      m_trouble(std::move(other.m_trouble))
{
}

LaunchedCommand::~LaunchedCommand()
{
    if (m_pid < 0) return;
    m_go = Descriptor(); // a child that still waits ends by this
    if (!m_running) {
        reap(0);
    } else if (!reap(WNOHANG)) {
        // It runs on; whenever it ends somebody must take its status.
        std::thread([pid = m_pid] { ::waitpid(pid, nullptr, 0); }).detach();
    }
}

/// Whether it has ended.
bool LaunchedCommand::reap(int options)
{
    if (m_status) return true;
    int status = 0;
    pid_t done = 0;
    do done = ::waitpid(m_pid, &status, options);
    while (done < 0 && errno == EINTR);
    if (done == m_pid) m_status = status;
    return done != 0;
}

std::optional<int> LaunchedCommand::exitStatus()
{
    using namespace std::chrono_literals;
    for (int i = 0; i < 100 && !reap(WNOHANG); ++i) std::this_thread::sleep_for(1ms);
    return m_status;
}

Status LaunchedCommand::go()
{
    static_cast<void>(!::write(m_go.get(), "g", 1));
    m_go = Descriptor();
    int reason = 0;
    ssize_t n = 0;
    do n = ::read(m_trouble.get(), &reason, sizeof reason); // ends at the exec, which closes the other side
    while (n < 0 && errno == EINTR);
    if (n == sizeof reason) return cannotStart(m_name, reason);
    m_running = true;
    return Done{};
}

void LaunchedCommand::terminate() const
{
    if (m_pid > 0 && !m_status) ::kill(m_pid, SIGTERM);
}

} // namespace opscope::sampling
