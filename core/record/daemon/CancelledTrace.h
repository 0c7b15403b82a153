#pragma once

#include <QObject>
#include <QTimer>

#include "core/record/daemon/DaemonRank.h"

#include <chrono>
#include <string>

namespace opscope::daemon {

/// A recording that was cancelled after the process had taken it: it runs on there, and no folder is left to write to. Only a process that writes
/// elsewhere (KINETO_ONDEMAND_TRACE_DIR) still makes a file, under libkineto's own name: removed when it appears, if it is ours. Bounded in time.
class CancelledTrace : public QObject
{
    Q_OBJECT

public:
    static void removeWhenItComes(const DaemonRank& rank, const std::string& traceId, std::chrono::milliseconds duration);

private:
    CancelledTrace(std::string path, std::string traceId, DaemonRank::Time until);
    void look();

    std::string m_path, m_traceId;
    DaemonRank::Time m_until;
    QTimer m_timer;
};

} // namespace opscope::daemon
