#pragma once

#include <QObject>
#include <QTimer>

#include "core/record/daemon/DaemonRank.h"

#include <memory>
#include <string>

namespace opscope::daemon {

/// A recording that was cancelled after the process had taken it: it runs on there, and no folder is left to write to. Only a process that writes
/// elsewhere (KINETO_ONDEMAND_TRACE_DIR) still makes a file, under libkineto's own name: removed when it appears, if it is ours. Bounded in time. Until
/// its recording would have ended, the daemon is kept, which knows that this process is at something, whatever it says.
class CancelledTrace : public QObject
{
    Q_OBJECT

public:
    static void removeWhenItComes(const DaemonRank& rank, const std::string& traceId);

private:
    CancelledTrace(const DaemonRank& rank, std::string traceId);
    void look();

    std::string m_path, m_traceId;
    DaemonRank::Time m_recorded, m_until;
    std::shared_ptr<KinetoDaemon> m_daemon;
    QTimer m_timer;
};

} // namespace opscope::daemon
