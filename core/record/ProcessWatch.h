#pragma once

#include <QObject>

#include <cstdint>
#include <sys/types.h>

class QSocketNotifier;
class QTimer;

namespace opscope {

/// Says when a process has ended: pidfd_open(2) where the kernel has it, else /proc looked at five times a second. Never signals it.
class ProcessWatch : public QObject
{
    Q_OBJECT

public:
    enum class Way : std::uint8_t { Best, Looking }; ///< Looking: as on kernels without pidfd_open
    /// `startTicks`: of /proc/PID/stat, so that another process of the same number is not taken for it; 0: whatever runs now.
    explicit ProcessWatch(pid_t pid, std::uint64_t startTicks = 0, QObject* parent = nullptr, Way way = Way::Best);
    ~ProcessWatch() override;
    /// A zombie has ended.
    bool alive() const;

Q_SIGNALS:
    void ended();   ///< once; in the next turn of the event loop if it was gone already

private:
    void look();
    void tell();

    pid_t m_pid;
    std::uint64_t m_startTicks;
    int m_descriptor = -1;
    bool m_told = false;
    QSocketNotifier* m_notifier = nullptr; ///< null where /proc is looked at
    QTimer* m_timer = nullptr;
};

} // namespace opscope
