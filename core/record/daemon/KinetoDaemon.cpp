#include "core/record/daemon/KinetoDaemon.h"

#include "core/record/ProcessList.h"
#include "core/record/daemon/DaemonProtocol.h"
#include "core/record/daemon/DaemonSocket.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

namespace opscope::daemon {
namespace {

using Time = DaemonClient::Time;
using namespace std::chrono_literals;

constexpr auto kForgottenAfter = 60s; // the reference daemon's rule
constexpr std::size_t kMostClients = 4096;
constexpr int kMostInARow = 256;      // datagrams before the end is looked for

struct Registry
{
    std::mutex lock;
    std::map<std::string, std::weak_ptr<KinetoDaemon>> held; ///< by socket folder
};

Registry& registry()
{
    static Registry all;
    return all;
}

std::string namespaceOf(const std::string& process)
{
    char name[64];
    const ssize_t length = ::readlink(("/proc/" + process + "/ns/pid").c_str(), name, sizeof name);
    return {name, length > 0 ? static_cast<std::size_t>(length) : 0};
}

/// In its own namespace a process has another number than here; in ours nobody may speak for another one.
bool speaksForItself(const Datagram& from, pid_t ownPid)
{
    if (from.pid <= 0) return false;
    if (from.pid == ownPid) return true;
    const std::string theirs = namespaceOf(std::to_string(from.pid));
    return !theirs.empty() && theirs != namespaceOf("self");
}

bool isMine(uid_t user) { return ::geteuid() == 0 || user == ::geteuid(); }

bool isGone(pid_t pid) { return ::kill(pid, 0) != 0 && errno == ESRCH; }

} // namespace

struct KinetoDaemon::Private
{
    struct Slot
    {
        std::uint64_t startTicks = 0;
        DaemonErrand errand;
        std::optional<HandedErrand> handed;
    };

    explicit Private(DaemonSocket&& opened) : socket(std::move(opened)) {}
    void run();
    void take(const Datagram& datagram);
    void answer(const Datagram& datagram, const ClientMessage& message);
    DaemonClient* meet(const Datagram& datagram, const ClientMessage& message, Time now);
    std::string textFor(DaemonClient& client, Time now);
    void forget(Time now);

    DaemonSocket socket;
    int wake = -1;
    std::thread thread;
    std::atomic<std::uint64_t> ignored{0};
    mutable std::mutex lock; ///< of what follows; held for moments only
    std::map<pid_t, DaemonClient> clients;
    std::map<pid_t, Slot> slots;
};

void KinetoDaemon::Private::run()
{
    pollfd watched[2] = {{socket.descriptor(), POLLIN, 0}, {wake, POLLIN, 0}};
    while (true) {
        if (::poll(watched, 2, -1) < 0 && errno != EINTR) return;
        if (watched[1].revents) return;
        for (int number = 0; number < kMostInARow; ++number) {
            const auto datagram = socket.receive();
            if (!datagram) break;
            take(*datagram);
        }
    }
}

void KinetoDaemon::Private::take(const Datagram& datagram)
{
    const auto message = parseDatagram(datagram.bytes);
    if (!message || !speaksForItself(datagram, message->pids.front())) {
        ++ignored;
        return;
    }
    answer(datagram, *message);
}

void KinetoDaemon::Private::answer(const Datagram& datagram, const ClientMessage& message)
{
    const Time now = std::chrono::steady_clock::now();
    std::string text;
    {
        const std::lock_guard guard(lock);
        DaemonClient* client = isMine(datagram.user) ? meet(datagram, message, now) : nullptr;
        if (client && message.kind == ClientMessage::Kind::Ask) text = textFor(*client, now);
    }
    socket.answer(datagram, message.kind == ClientMessage::Kind::Ask ? answerTo(text) : answerToRegister());
}

DaemonClient* KinetoDaemon::Private::meet(const Datagram& datagram, const ClientMessage& message, Time now)
{
    if (clients.size() >= kMostClients) forget(now);
    if (clients.size() >= kMostClients && !clients.contains(datagram.pid)) return nullptr;
    DaemonClient& client = clients[datagram.pid];
    client.pid = datagram.pid;
    client.ownPid = message.pids.front();
    client.user = datagram.user;
    client.job = message.job;
    if (message.kind == ClientMessage::Kind::Register) {
        client.firstAsked = client.lastAsked = now;
        return &client;
    }
    client.parents.assign(message.pids.begin() + 1, message.pids.end());
    if (client.asked++) client.period = std::chrono::duration_cast<std::chrono::milliseconds>(now - client.lastAsked);
    else client.firstAsked = now;
    client.lastAsked = now;
    client.ready = message.ready;
    client.readyInARow = message.ready ? client.readyInARow + 1 : 0;
    return &client;
}

std::string KinetoDaemon::Private::textFor(DaemonClient& client, Time now)
{
    const auto found = slots.find(client.pid);
    if (found == slots.end() || found->second.handed || !client.free(now)) return {};
    Slot& slot = found->second;
    if (slot.startTicks) {
        const auto process = processInfo(client.pid);
        if (!process || process->startTicks != slot.startTicks) return {};
    }
    const auto unix = std::chrono::system_clock::now().time_since_epoch();
    slot.handed = HandedErrand{.at = now, .unixNs = std::chrono::duration_cast<std::chrono::nanoseconds>(unix).count(), .late = now > slot.errand.until};
    client.busyUntil = std::max(now + slot.errand.takes, slot.handed->late ? now : slot.errand.runsUntil);
    return slot.handed->late ? slot.errand.lateText : slot.errand.text;
}

void KinetoDaemon::Private::forget(Time now)
{
    std::erase_if(clients, [&](const auto& one) { return now - one.second.lastAsked > kForgottenAfter || isGone(one.first); });
}

KinetoDaemon::KinetoDaemon(std::unique_ptr<Private> made) : m(std::move(made)) {}

Result<std::shared_ptr<KinetoDaemon>> KinetoDaemon::hold(const std::string& socketFolder)
{
    const std::lock_guard guard(registry().lock);
    std::weak_ptr<KinetoDaemon>& held = registry().held[socketFolder];
    if (auto daemon = held.lock()) return daemon;
    auto socket = DaemonSocket::open(socketFolder);
    if (!socket) return socket.error();
    auto made = std::make_unique<Private>(std::move(*socket));
    made->wake = ::eventfd(0, EFD_CLOEXEC);
    std::shared_ptr<KinetoDaemon> daemon(new KinetoDaemon(std::move(made)));
    try {
        daemon->m->thread = std::thread([state = daemon->m.get()] { state->run(); });
    } catch (const std::system_error& problem) {
        return Error{ErrorCode::CannotOpen, std::string("The Kineto daemon's thread cannot be started: ") + problem.what(), {}};
    }
    held = daemon;
    return daemon;
}

bool KinetoDaemon::isHeld(const std::string& socketFolder)
{
    const std::lock_guard guard(registry().lock);
    const auto found = registry().held.find(socketFolder);
    return found != registry().held.end() && !found->second.expired();
}

KinetoDaemon::~KinetoDaemon()
{
    const std::uint64_t end = 1;
    if (m->thread.joinable()) {
        static_cast<void>(::write(m->wake, &end, sizeof end));
        m->thread.join();
    }
    if (m->wake >= 0) ::close(m->wake);
}

std::vector<DaemonClient> KinetoDaemon::clients() const
{
    const std::lock_guard guard(m->lock);
    m->forget(std::chrono::steady_clock::now());
    std::vector<DaemonClient> all;
    for (const auto& [pid, client] : m->clients) all.push_back(client);
    return all;
}

std::optional<DaemonClient> KinetoDaemon::client(pid_t pid) const
{
    const std::lock_guard guard(m->lock);
    const auto found = m->clients.find(pid);
    return found == m->clients.end() ? std::nullopt : std::optional(found->second);
}

Result<KinetoDaemon::Ticket> KinetoDaemon::place(const RecordTarget& target, DaemonErrand errand)
{
    const std::lock_guard guard(m->lock);
    if (!m->slots.try_emplace(target.pid, Private::Slot{target.startTicks, std::move(errand), {}}).second)
        return Error{ErrorCode::Usage, "Process " + std::to_string(target.pid) + " is being recorded already", {}};
    return Ticket(shared_from_this(), target.pid);
}

KinetoDaemon::Ticket::~Ticket()
{
    if (m_daemon) m_daemon->takeBack(m_pid);
}

std::optional<HandedErrand> KinetoDaemon::handed(pid_t pid) const
{
    const std::lock_guard guard(m->lock);
    const auto found = m->slots.find(pid);
    return found == m->slots.end() ? std::nullopt : found->second.handed;
}

void KinetoDaemon::takeBack(pid_t pid)
{
    const std::lock_guard guard(m->lock);
    m->slots.erase(pid);
}

std::uint64_t KinetoDaemon::ignored() const { return m->ignored; }

} // namespace opscope::daemon
