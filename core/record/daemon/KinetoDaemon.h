#pragma once

#include "core/base/Result.h"
#include "core/record/RecorderBackend.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace opscope::daemon {

/// A process that has asked us.
struct DaemonClient
{
    using Time = std::chrono::steady_clock::time_point;
    pid_t pid = 0;                ///< as we see it
    pid_t ownPid = 0;             ///< as it sees itself: another one in a container; its files are named after it
    std::vector<pid_t> parents = {}; ///< as it sees them
    uid_t user = 0;
    std::int64_t job = 0;
    bool ready = false;           ///< it could begin a recording when it last asked, as it says itself
    Time busyUntil = {};          ///< by what it was handed: until that has begun, it still says that it is ready
    bool free(Time now) const { return ready && now >= busyUntil; }
    std::uint64_t asked = 0;      ///< how often
    std::uint64_t readyInARow = 0; ///< of the last ones
    Time firstAsked = {}, lastAsked = {};
    std::chrono::milliseconds period{0}; ///< between the last two; 0: not known
};

/// What is to be handed to a process when it asks the next time and is ready.
struct DaemonErrand
{
    std::string text = {};                           ///< the configuration
    DaemonClient::Time until = DaemonClient::Time::max(); ///< later than this `lateText` is handed instead
    std::string lateText = {};
    std::chrono::milliseconds takes{0};              ///< the process from then on, at least: nothing else is handed to it meanwhile
    DaemonClient::Time runsUntil = {};               ///< the same, when all begin at one time; not for `lateText`
};

struct HandedErrand
{
    DaemonClient::Time at = {};
    std::int64_t unixNs = 0;
    bool late = false;            ///< it was `lateText`
};

/// We as Kineto's daemon, on a thread of its own that does nothing but answer: within milliseconds, each request once. One in this program for each
/// socket folder, shared by all who hold it; the name is ours only as long as somebody does. Processes of other users are answered that there is nothing
/// to do (root: are ours as well). hold() and the last release are the main thread's; all else is any thread's.
class KinetoDaemon : public std::enable_shared_from_this<KinetoDaemon>
{
public:
    /// `socketFolder`: see DaemonSocket. Error: a sentence; another daemon is there.
    static Result<std::shared_ptr<KinetoDaemon>> hold(const std::string& socketFolder = {});
    /// Whether we have the name: then it is no other daemon that has it.
    static bool isHeld(const std::string& socketFolder = {});
    ~KinetoDaemon();

    /// Those that live and have asked within the last minute, by pid.
    std::vector<DaemonClient> clients() const;
    std::optional<DaemonClient> client(pid_t pid) const;

    /// An errand, until it goes: then it is taken back unless it was handed. Keeps the daemon.
    class Ticket
    {
    public:
        Ticket(std::shared_ptr<KinetoDaemon> daemon, pid_t pid) : m_daemon(std::move(daemon)), m_pid(pid) {}
        Ticket(Ticket&&) = default;
        Ticket& operator=(Ticket&&) = delete;
        ~Ticket();
        std::optional<DaemonClient> client() const { return m_daemon->client(m_pid); }
        /// Nothing: not yet.
        std::optional<HandedErrand> handed() const { return m_daemon->handed(m_pid); }
        const std::shared_ptr<KinetoDaemon>& daemon() const { return m_daemon; }

    private:
        std::shared_ptr<KinetoDaemon> m_daemon;
        pid_t m_pid;
    };
    /// Of this process only, not of another one that gets its number. Error: it has an errand already.
    Result<Ticket> place(const RecordTarget& target, DaemonErrand errand);

    /// Datagrams that were no requests, or somebody's in the name of others.
    std::uint64_t ignored() const;

private:
    struct Private;
    explicit KinetoDaemon(std::unique_ptr<Private> made);
    std::optional<HandedErrand> handed(pid_t pid) const;
    void takeBack(pid_t pid);
    std::unique_ptr<Private> m;
};

} // namespace opscope::daemon
