#pragma once

#include <QObject>
#include <QTimer>

#include "core/record/ProcessWatch.h"
#include "core/record/RecorderBackend.h"

#include <memory>

namespace opscope {

/// One recording from start to file, the same for every backend:
///
///     Idle ─► Starting ─► Recording ─► Collecting ─► Done
///                │            │             └──────► Failed, Cancelled
///                └────────────┴── also from here
///
/// Checks the request (target, options, folder, room on the disk), keeps the limits of time and size, watches the target itself
/// (no backend has to), refuses a process that is gone, a zombie, a kernel thread or another one under the same pid. Not thread-safe; needs an event loop.
class Recorder : public QObject
{
    Q_OBJECT

public:
    enum class State : std::uint8_t { Idle, Starting, Recording, Collecting, Done, Failed, Cancelled };
    Q_ENUM(State)

    explicit Recorder(QObject* parent = nullptr);
    ~Recorder() override;              ///< cancels what still runs

    void start(const RecorderBackend& backend, const RecordRequest& request);
    void stop();                       ///< in Recording: saves. In Starting: like cancel(). Otherwise nothing
    void cancel();                     ///< from any state that is not an end
    State state() const { return m_state; }
    RecordStatus status() const;
    const RecordRequest& request() const { return m_request; }
    RecordEnd end() const { return m_end; }                  ///< why; good in Done, Failed, Cancelled
    const RecordFailure& failure() const { return m_failure; } ///< good in Failed
    const QString& path() const { return m_path; }           ///< the file that was made: in Done, sometimes in Failed
    const std::vector<std::string>& notes() const { return m_notes; }

Q_SIGNALS:
    void stateChanged(opscope::Recorder::State state);
    void noted(const QString& note);

private:
    void enter(State state);
    void fail(RecordFailure failure, const QString& kept = {});
    void watchLimits();

    State m_state = State::Idle;
    RecordRequest m_request;
    RecordEnd m_end = RecordEnd::Stopped;
    RecordFailure m_failure;
    QString m_path;
    std::vector<std::string> m_notes;
    std::unique_ptr<RecordSession> m_session;
    std::unique_ptr<ProcessWatch> m_watch;
    QTimer m_limits;
};

} // namespace opscope
