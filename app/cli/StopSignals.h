#pragma once

#include <csignal>
#include <functional>
#include <memory>
#include <vector>

class QSocketNotifier;

namespace opscope {

/// Ctrl+C (SIGINT), SIGTERM and SIGHUP as calls in the event loop, one each time. Signals that our caller told us to ignore (nohup) stay
/// ignored. Handlers, not a mask: a command that is started inherits neither. One at a time. Afterwards these three do nothing, so that one
/// that comes when all is done does not turn success into a killed process; the others are as before.
class StopSignals
{
public:
    explicit StopSignals(std::function<void()> asked);
    ~StopSignals();
    StopSignals(const StopSignals&) = delete;
    StopSignals& operator=(const StopSignals&) = delete;

private:
    struct Before
    {
        int number;
        bool isStop;
        struct sigaction action;
    };
    void take(int number, void (*handler)(int));

    int m_pipe[2] = {-1, -1};
    std::vector<Before> m_before;
    std::unique_ptr<QSocketNotifier> m_notifier;
};

} // namespace opscope
