#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <QTimer>

#include "core/record/ProcessWatch.h"
#include "core/record/RecorderBackend.h"

#include <memory>
#include <optional>

namespace opscope {

/// One recording from start to file, the same for every backend:
///
///     Idle ─► Starting ─► Recording ─► Collecting ─► Done
///                │            │             └──────► Failed, Cancelled
///                └────────────┴── also from here
///
/// Checks the request (target, options, folder, room on the disk), keeps the limits of time and size, watches the target and the room on the disk
/// itself (no backend has to), refuses a process that is gone, a zombie, a kernel thread or another one under the same pid. May be started again
/// from an end. Not thread-safe; needs an event loop. May be destroyed from its own signals only with deleteLater().
class Recorder : public QObject
{
    Q_OBJECT

public:
    enum class State : std::uint8_t { Idle, Starting, Recording, Collecting, Done, Failed, Cancelled };
    Q_ENUM(State)

    explicit Recorder(QObject* parent = nullptr);
    ~Recorder() override;              ///< cancels what still runs

    /// What is refused at once is Failed before this returns. While one runs: nothing.
    void start(const RecorderBackend& backend, const RecordRequest& request);
    void stop();                       ///< in Recording: saves. In Starting: like cancel(). Otherwise nothing
    void cancel();                     ///< from any state that is not an end
    State state() const { return m_state; }
    bool running() const { return m_state == State::Starting || m_state == State::Recording || m_state == State::Collecting; }
    RecordStatus status() const;       ///< at an end: how it was then
    const RecordRequest& request() const { return m_request; }
    RecordEnd end() const { return m_end; }                  ///< why; good from Collecting on
    const RecordFailure& failure() const { return m_failure; } ///< good in Failed
    const QString& path() const { return m_path; }           ///< the file or folder that was made: in Done, sometimes in Failed
    const std::vector<std::string>& notes() const { return m_notes; }

Q_SIGNALS:
    void stateChanged(opscope::Recorder::State state);
    void noted(const QString& note);
    /// By the command that was started (RecordSession::printed). Where nobody listens at start(), what it prints goes where ours goes.
    void printed(const QString& text);

private:
    void listen();
    void watchTarget();
    void begun();                      ///< the session records
    void stopFor(RecordEnd reason);
    void targetEnded();
    void finish(const QString& path, RecordEnd end);
    void fail(RecordFailure failure, const QString& kept = {});
    void enter(State state);
    void leaveSession();               ///< nothing of it is heard any more
    void watchLimits();
    void measureTarget();

    State m_state = State::Idle;
    RecordRequest m_request;
    RecordEnd m_end = RecordEnd::Stopped;
    bool m_asked = false;              ///< the session was told to stop, for the reason m_end
    RecordFailure m_failure;
    QString m_path;
    std::vector<std::string> m_notes;
    RecordStatus m_last;               ///< of the session that has gone
    std::unique_ptr<RecordSession> m_session;
    std::vector<std::unique_ptr<RecordSession>> m_gone; ///< until the event loop runs: it may be one of them that calls us
    std::unique_ptr<ProcessWatch> m_watch;
    bool m_keepsTime = false;          ///< the session does
    QTimer m_limits, m_deadline;
    QElapsedTimer m_sinceBegun, m_sinceMeasured;
    std::int64_t m_cpuNs = -1;         ///< of the target at m_sinceMeasured
    double m_targetCpu = -1;
};

} // namespace opscope
