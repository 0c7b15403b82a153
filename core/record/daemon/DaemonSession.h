#pragma once

#include <QFileSystemWatcher>
#include <QTimer>

#include "core/record/ProcessWatch.h"
#include "core/record/RecorderBackend.h"
#include "core/record/daemon/DaemonRank.h"

#include <memory>
#include <set>
#include <vector>

namespace opscope::daemon {

/// A recording of one or several processes through Kineto's daemon protocol. Several begin at one instant, which is told to all in advance. The protocol
/// has no word for stopping: a recording ends by itself after its time or steps, so stop() keeps what will come, and says so; one that is to last until
/// it is stopped lasts kStandardDuration. After cancel() what was not taken up is taken back; else the process runs through it and finds no folder to
/// write to.
class DaemonSession final : public RecordSession
{
    Q_OBJECT

public:
    /// `targets`: the one of the request and its others.
    DaemonSession(const RecordRequest& request, std::vector<DaemonTarget> targets, DaemonPatience patience = {});
    ~DaemonSession() override;
    void start() override;
    void stop() override;
    void cancel() override;
    RecordStatus status() const override;

private:
    using Time = DaemonRank::Time;
    struct Taking;
    std::optional<RecordFailure> ask();
    Configuration configuration(const DaemonTarget& target) const;
    std::optional<DaemonRank::Start> commonStart(const std::vector<std::shared_ptr<KinetoDaemon>>& daemons) const;
    void watch();
    void tell(const std::string& text);
    void look();
    void tellPhases();
    void tellLate();
    void take();
    void taken();
    void fail(RecordFailure failure, const std::string& kept = {}); ///< by value: leave() takes the ranks away
    void leave();
    bool live() const { return !m_ended; }

    RecordRequest m_request;
    torch::Wish m_wish;
    std::vector<DaemonTarget> m_targets;
    DaemonPatience m_patience;
    std::string m_traceId;
    std::vector<DaemonRank> m_ranks;
    std::vector<std::unique_ptr<ProcessWatch>> m_watches;
    std::set<std::size_t> m_lateTold, m_againTold; ///< by rank
    QFileSystemWatcher m_folders;
    QTimer m_tick;
    RecordStatus m_last;                       ///< once it has ended
    std::shared_ptr<Taking> m_taking;
    bool m_untilStopped = false, m_recording = false, m_collecting = false, m_stopped = false, m_ended = false;
};

} // namespace opscope::daemon
