#include "core/record/daemon/CancelledTrace.h"

#include "core/base/Descriptor.h"
#include "core/record/Leftovers.h"

#include <algorithm>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace opscope::daemon {

using namespace std::chrono_literals;

void CancelledTrace::removeWhenItComes(const DaemonRank& rank, const std::string& traceId) { deleteAtTheLatest(new CancelledTrace(rank, traceId)); }

CancelledTrace::CancelledTrace(const DaemonRank& rank, std::string traceId)
    : m_path(rank.output().fallbackPath()), m_traceId(std::move(traceId)), m_recorded(rank.end()), m_daemon(rank.daemon())
{
    constexpr auto kWriting = 60s;
    m_until = std::max(std::chrono::steady_clock::now(), m_recorded) + kWriting;
    connect(&m_timer, &QTimer::timeout, this, &CancelledTrace::look);
    m_timer.start(500ms);
}

void CancelledTrace::look()
{
    bool removed = false;
    {
        struct stat about = {};
        const Descriptor file(::open(m_path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
        if (file && ::fstat(file.get(), &about) == 0 && S_ISREG(about.st_mode) && hasTraceId(file.get(), m_traceId, false)) removed = ::unlink(m_path.c_str()) == 0;
    }
    if (removed || std::chrono::steady_clock::now() > m_recorded) m_daemon.reset();
    if (removed || std::chrono::steady_clock::now() > m_until) deleteLater();
}

} // namespace opscope::daemon
