#pragma once

#include "core/record/daemon/ConfigText.h"
#include "core/record/daemon/KinetoDaemon.h"
#include "core/record/daemon/TraceOutput.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace opscope::daemon {

/// One process that is to be recorded.
struct DaemonTarget
{
    RecordTarget target;
    std::string socketFolder = {}; ///< its KINETO_IPC_SOCKET_DIR, to the letter; empty: abstract names
    bool gpu = false;              ///< the first start of its profiler is slow
};

/// How long we wait; tests have less patience.
struct DaemonPatience
{
    std::chrono::milliseconds contact{12'000}; ///< for the first request of a process that has an endpoint
    std::chrono::milliseconds busy{30'000};    ///< beyond the duration, for a profiler that is in use
    std::chrono::milliseconds still{10'000};   ///< the process is ready again and its file has not grown for so long
    std::chrono::milliseconds silent{60'000};  ///< the process has not asked, and its file has not grown
};

/// The life of a request in one process (recording-pytorch.md 2.7), as it is seen from outside: what it asks, what lies in the folder, and the clock.
///
///     Asking ─handed─► WarmingUp ─start─► Recording ─end─► Writing ─file─► Done
///        └──────────────────┴─────────────────┴───────────────┴─────────► Failed
class DaemonRank
{
public:
    using Time = DaemonClient::Time;
    enum class Phase : std::uint8_t { Asking, WarmingUp, Recording, Writing, Done, Failed };

    /// Until the process asks the next time, at most, as far as it is known.
    static std::chrono::milliseconds waitFor(const std::optional<DaemonClient>& client, Time now);

    DaemonRank(const DaemonTarget& target, Configuration configuration, TraceOutput output, DaemonPatience patience);
    /// `start`: all begin then, in steady and Unix time; none: as soon as it can. Error: a sentence.
    struct Start
    {
        Time steady;
        std::int64_t unixMs;
    };
    Status ask(const std::shared_ptr<KinetoDaemon>& daemon, const std::optional<Start>& start);
    void advance(Time now);
    void targetEnded() { m_ended = true; }

    Phase phase() const { return m_phase; }
    bool over() const { return m_phase == Phase::Done || m_phase == Phase::Failed; }
    bool handed() const { return m_handed.has_value(); }
    bool late() const { return m_handed && m_handed->late; }   ///< it asked too late for the common start
    bool askedAgain() const { return m_askedAgain; }           ///< libkineto had dropped the request
    bool cutOff() const { return m_cutOff; }                   ///< Done, with what there was when the process ended
    const RecordFailure& failure() const { return m_failure; } ///< good in Failed
    Time start() const { return m_start; }                     ///< good from WarmingUp on; with steps when it was seen
    Time end() const { return m_end; }                         ///< by time only
    pid_t pid() const { return m_target.target.pid; }
    std::uint64_t bytes() const { return m_seen.bytes; }
    const TraceOutput& output() const { return m_output; }
    std::shared_ptr<KinetoDaemon> daemon() const { return m_ticket ? m_ticket->daemon() : nullptr; }
    /// What it is at, since when and for how long at most (0: not known).
    struct Progress
    {
        std::string step;
        std::chrono::milliseconds elapsed{0}, atMost{0};
    };
    Progress progress(Time now) const;

private:
    void waitToBeAsked(Time now);
    void waitForStart(Time now);
    void waitForFile(Time now);
    bool isFreeAgain(const DaemonClient& client, Time now) const;
    bool wasDropped(const DaemonClient& client) const;
    void askAgain(Time now);
    Status place(const std::shared_ptr<KinetoDaemon>& daemon, DaemonErrand errand);
    void look(Time now);
    void end(Time now);
    void fail(std::string message, std::string advice = {});
    std::string name() const { return "process " + std::to_string(pid()); }

    DaemonTarget m_target;
    Configuration m_configuration;
    std::string m_text;            ///< without a common start
    TraceOutput m_output;
    DaemonPatience m_patience;
    std::optional<KinetoDaemon::Ticket> m_ticket;
    Phase m_phase = Phase::Asking;
    Time m_asked = {}, m_start = {}, m_end = {}, m_grown = {};
    std::optional<Start> m_common;
    std::chrono::milliseconds m_firstWait{0};
    std::optional<HandedErrand> m_handed;
    TraceOutput::Seen m_seen;
    RecordFailure m_failure;
    bool m_ended = false, m_cutOff = false, m_begun = false, m_askedAgain = false;
};

} // namespace opscope::daemon
