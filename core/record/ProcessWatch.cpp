#include "core/record/ProcessWatch.h"

#include "core/record/ProcessList.h"

#include <QSocketNotifier>
#include <QTimer>

#include <chrono>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace opscope {
namespace {

constexpr std::chrono::milliseconds kLookEvery{200};

int openProcess(pid_t pid)
{
#ifdef SYS_pidfd_open
    return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); // close-on-exec by itself
#else
    static_cast<void>(pid);
    return -1;
#endif
}

/// Behind openProcess(): the descriptor stays with the process that it was opened for, so what is true now is true of that one.
bool runs(pid_t pid, std::uint64_t startTicks)
{
    const auto process = processInfo(pid);
    return process && !process->zombie() && (!startTicks || process->startTicks == startTicks);
}

} // namespace

ProcessWatch::ProcessWatch(pid_t pid, std::uint64_t startTicks, QObject* parent, Way way)
    : QObject(parent), m_pid(pid), m_startTicks(startTicks), m_descriptor(way == Way::Best ? openProcess(pid) : -1)
{
    if (!m_startTicks)
        if (const auto process = processInfo(pid)) m_startTicks = process->startTicks;
    if (!runs(m_pid, m_startTicks)) {
        QTimer::singleShot(0, this, &ProcessWatch::tell);
    } else if (m_descriptor >= 0) {
        m_notifier = new QSocketNotifier(m_descriptor, QSocketNotifier::Read, this);
        connect(m_notifier, &QSocketNotifier::activated, this, &ProcessWatch::tell);
    } else {
        m_timer = new QTimer(this);
        connect(m_timer, &QTimer::timeout, this, &ProcessWatch::look);
        m_timer->start(kLookEvery);
    }
}

ProcessWatch::~ProcessWatch()
{
    delete m_notifier; // before its descriptor
    if (m_descriptor >= 0) ::close(m_descriptor);
}

bool ProcessWatch::alive() const
{
    if (m_told) return false;
    if (!m_notifier) return runs(m_pid, m_startTicks);
    pollfd asked{m_descriptor, POLLIN, 0};
    return ::poll(&asked, 1, 0) == 0;
}

void ProcessWatch::look()
{
    if (!runs(m_pid, m_startTicks)) tell();
}

void ProcessWatch::tell()
{
    if (std::exchange(m_told, true)) return;
    if (m_notifier) m_notifier->setEnabled(false); // it stays readable
    if (m_timer) m_timer->stop();
    Q_EMIT ended();
}

} // namespace opscope
