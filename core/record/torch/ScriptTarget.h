#pragma once

#include <QElapsedTimer>
#include <QFileSystemWatcher>
#include <QObject>

#include "core/record/ProcessWatch.h"
#include "core/record/torch/Courier.h"
#include "core/record/torch/ScriptRequest.h"
#include "core/record/torch/ScriptSession.h"
#include "core/record/torch/ScriptStatus.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace opscope::torch {

/// One process in which the recorder script runs, as its status files tell.
struct ScriptRecorder
{
    ScriptStatus status = {};
    std::string text = {};           ///< of the status file, to see what is new
    std::uint64_t startTicks = 0;    ///< of the process, where it is ours to see
    bool gone = false;               ///< without having finished: it was killed, or nothing was heard of it for too long
    QElapsedTimer sinceNews = {};

    bool over() const { return gone || status.phase == ScriptStatus::Phase::Done || status.phase == ScriptStatus::Phase::Error; }
    bool ending() const { return !over() && (status.phase == ScriptStatus::Phase::Stopping || status.phase == ScriptStatus::Phase::Writing); }
    bool records() const { return !over() && status.phase == ScriptStatus::Phase::Recording; }
    bool begun() const { return status.startNs > 0; }
    /// Nothing good comes of it.
    bool failed() const { return status.phase == ScriptStatus::Phase::Error && status.files.empty(); }
};

/// One target of a script session: its exchange folder, its courier, and the recorders that announce themselves there: one, or for a command one for
/// each Python process that it starts.
class ScriptTarget : public QObject
{
    Q_OBJECT

public:
    ScriptTarget(const RecordTarget& target, std::unique_ptr<Courier> courier, const ScriptPatience& patience);
    ~ScriptTarget() override;       ///< what is left of the exchange goes behind it

    /// Exchange folder, request and script. `request` lacks the folder.
    Status prepare(ScriptRequest request);
    /// Of a command, as `session` prints it; before deliver().
    void showOutput(RecordSession* session);
    void deliver();
    /// Reads what is new. True: something was.
    bool look();
    /// A file of ours for the script: "stop". False: it could not be written.
    bool tell(std::string_view name);
    void beat();                    ///< we live
    /// Courier::catchUp().
    void catchUp();
    /// Takes back what was not begun, asks for the end of what was, and removes the folder once the script has let go of it.
    void abandon(bool takeBack);

    bool launches() const { return !m_target.command.empty(); }
    bool targetEnded() const { return m_ended; }
    std::optional<int> exitStatus() const { return m_exitStatus; }
    pid_t pid() const { return m_pid; }
    std::string name() const { return m_name; }
    const std::map<std::string, ScriptRecorder>& recorders() const { return m_recorders; }
    const std::optional<RecordFailure>& failure() const { return m_failure; }
    void fail(RecordFailure failure) { m_failure = std::move(failure); }
    std::string waitingFor() const { return m_waitingFor; }
    /// A sentence about a status file that could not be read for some time, the first such; empty: there was none.
    const std::string& complaint() const { return m_complaint; }
    bool delivered() const { return m_delivered; }
    std::chrono::milliseconds sinceDelivered() const { return std::chrono::milliseconds(m_sinceDelivered.isValid() ? m_sinceDelivered.elapsed() : 0); }
    std::uint64_t productBytes() const { return m_bytes; }
    const std::shared_ptr<Exchange>& exchange() const { return m_exchange; }
    /// To be taken: what recorders say they have finished, and what killed ones left. `missing`: what is said to be there and is not.
    std::vector<std::string> product(std::vector<std::string>& missing) const;
    /// No longer ours.
    std::shared_ptr<Exchange> giveExchange() { return std::move(m_exchange); }

Q_SIGNALS:
    void changed();

private:
    void listen();
    void readStatus(const std::string& name);
    void cannotRead(const std::string& name, const std::string& why);
    void watchRecorders();
    bool isGone(ScriptRecorder& recorder) const;
    void deliverAgain();
    bool claimed() const;

    RecordTarget m_target;
    ScriptPatience m_patience;
    std::unique_ptr<Courier> m_courier;
    std::shared_ptr<Exchange> m_exchange;
    std::unique_ptr<ProcessWatch> m_watch;   ///< null: a command, which the courier watches
    std::unique_ptr<QFileSystemWatcher> m_folder;
    std::string m_id, m_name, m_waitingFor, m_complaint;
    std::map<std::string, QElapsedTimer> m_unread; ///< status files that fail their checks, and since when
    std::map<std::string, ScriptRecorder> m_recorders; ///< by the name of the status file
    std::optional<RecordFailure> m_failure;
    std::optional<int> m_exitStatus;
    pid_t m_pid = 0;
    bool m_delivered = false, m_ended = false, m_news = false;
    std::uint64_t m_bytes = 0;
    QElapsedTimer m_sinceDelivered, m_sinceTried;
};

} // namespace opscope::torch
