#include "app/cli/StopSignals.h"

#include <QSocketNotifier>

#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace opscope {
namespace {

std::atomic<int> writeEnd = -1; // a handler has nothing else to know where it belongs

void tell(int)
{
    const int before = errno;
    [[maybe_unused]] const ssize_t written = ::write(writeEnd, "x", 1); // a full pipe has told enough
    errno = before;
}

void ignore(int) {}

} // namespace

StopSignals::StopSignals(std::function<void()> asked)
{
    if (::pipe2(m_pipe, O_CLOEXEC | O_NONBLOCK) != 0) return; // then the signals do what they do by themselves
    writeEnd = m_pipe[1];
    m_notifier = std::make_unique<QSocketNotifier>(m_pipe[0], QSocketNotifier::Read);
    QObject::connect(m_notifier.get(), &QSocketNotifier::activated, m_notifier.get(), [this, asked = std::move(asked)] {
        char signals[16];
        const ssize_t count = ::read(m_pipe[0], signals, sizeof signals);
        for (ssize_t i = 0; i < count; ++i) asked();
    });
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) take(number, tell);
    for (const int number : {SIGXFSZ, SIGPIPE}) take(number, ignore); // what cannot be written is told by the write
}

StopSignals::~StopSignals()
{
    for (const Before& before : m_before) {
        struct sigaction after = before.action;
        if (before.isStop) {
            after = {};
            after.sa_handler = ignore; // not SIG_IGN, which would hide them from whoever takes them next
            after.sa_flags = SA_RESTART;
        }
        sigaction(before.number, &after, nullptr);
    }
    writeEnd = -1;
    m_notifier.reset();
    for (const int end : m_pipe)
        if (end >= 0) ::close(end);
}

void StopSignals::take(int number, void (*handler)(int))
{
    struct sigaction now{};
    sigaction(number, nullptr, &now);
    if (now.sa_handler == SIG_IGN) return;
    m_before.push_back({number, handler == tell, now});
    struct sigaction ours{};
    ours.sa_handler = handler;
    ours.sa_flags = SA_RESTART;
    sigaction(number, &ours, nullptr);
}

} // namespace opscope
