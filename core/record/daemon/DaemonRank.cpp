#include "core/record/daemon/DaemonRank.h"

#include <algorithm>
#include <utility>

namespace opscope::daemon {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr milliseconds kPeriod = 5s;       // libkineto's standard
constexpr milliseconds kFirstContact = 6s; // one that found no daemon is in a wait of up to 5.12 s
constexpr milliseconds kSlack = 500ms;     // busy machines
constexpr milliseconds kActivation = 1'200ms; // libkineto looks once a second whether a recording is due

milliseconds since(DaemonRank::Time then, DaemonRank::Time now) { return std::max(std::chrono::duration_cast<milliseconds>(now - then), 0ms); }

/// By a request that was handed to a process.
milliseconds taken(const Configuration& wanted)
{
    return wanted.steps ? kLead : std::chrono::seconds(wanted.warmup) + kLead + wanted.duration;
}

std::string seconds(milliseconds time) { return std::to_string((time.count() + 999) / 1000) + " s"; }

} // namespace

milliseconds DaemonRank::waitFor(const std::optional<DaemonClient>& client, Time now)
{
    if (!client) return kFirstContact;
    const milliseconds period = client->period > 0ms ? std::min(client->period, milliseconds(60s)) : kPeriod, passed = since(client->lastAsked, now);
    return (passed < period ? period - passed : period) + kSlack;
}

DaemonRank::DaemonRank(const DaemonTarget& target, Configuration configuration, TraceOutput output, DaemonPatience patience)
    : m_target(target), m_configuration(std::move(configuration)), m_output(std::move(output)), m_patience(patience)
{
}

Status DaemonRank::ask(const std::shared_ptr<KinetoDaemon>& daemon, const std::optional<Start>& start)
{
    m_common = start;
    m_configuration.logFile = m_output.logFile();
    const auto late = configText(m_configuration);
    if (start) m_configuration.startUnixMs = start->unixMs;
    const auto text = configText(m_configuration);
    if (!text || !late) return (text ? late : text).error();
    DaemonErrand errand{.text = *text, .lateText = *late, .takes = taken(m_configuration)};
    if (start) errand.runsUntil = start->steady + m_configuration.duration;
    if (start) errand.until = start->steady - std::chrono::seconds(m_configuration.warmup) - kActivation; // later ones are dropped there
    m_text = *late;
    return place(daemon, std::move(errand));
}

Status DaemonRank::place(const std::shared_ptr<KinetoDaemon>& daemon, DaemonErrand errand)
{
    auto ticket = daemon->place(m_target.target, std::move(errand));
    if (!ticket) return ticket.error();
    m_ticket.emplace(std::move(*ticket));
    m_asked = std::chrono::steady_clock::now();
    m_firstWait = waitFor(m_ticket->client(), m_asked);
    return Done{};
}

void DaemonRank::advance(Time now)
{
    if (over() || !m_ticket) return;
    if (m_phase == Phase::Asking) waitToBeAsked(now);
    if (m_phase == Phase::WarmingUp) waitForStart(now);
    if (m_handed) look(now);
    if (over()) return;
    if (m_phase == Phase::Recording && !m_configuration.steps && now >= m_end) m_phase = Phase::Writing;
    if (m_ended) end(now);
    else if (m_handed) waitForFile(now);
}

void DaemonRank::waitToBeAsked(Time now)
{
    const auto client = m_ticket->client();
    if (client) m_output.expect(client->ownPid);
    m_handed = m_ticket->handed();
    if (m_handed) {
        m_phase = Phase::WarmingUp;
        m_grown = m_handed->at;
        const bool common = m_common && !m_handed->late;
        m_start = common ? m_common->steady : m_handed->at + std::chrono::seconds(m_configuration.steps ? 0 : m_configuration.warmup) + kLead;
        m_end = m_start + m_configuration.duration;
        return;
    }
    if (m_ended) return;
    const milliseconds waited = since(m_asked, now);
    const bool silent = !client || since(client->lastAsked, now) > m_patience.contact + client->period;
    if (silent && waited > m_patience.contact)
        return fail("The process is not asking for requests: " + name() + " has an endpoint of Kineto, and nothing came from it for " + seconds(waited) + ".",
                    "It may be stopped, or in another network namespace or container. Record it another way.");
    if (client && !client->free(now) && waited > m_configuration.duration + m_patience.busy && now > client->busyUntil + m_patience.busy)
        fail("The profiler in " + name() + " is busy: the program is running its own torch.profiler.", "Try again when it has finished, or leave it out of the program.");
}

void DaemonRank::waitForStart(Time now)
{
    if (!m_configuration.steps) {
        if (now >= m_start) m_phase = Phase::Recording;
        return;
    }
    const auto client = m_ticket->client();
    const bool takenUp = m_seen.state != TraceOutput::State::Nothing || (client && client->lastAsked > m_handed->at && !client->ready);
    if (!takenUp) return;
    m_start = now;
    m_phase = Phase::Recording;
}

void DaemonRank::look(Time now)
{
    const TraceOutput::Seen before = std::exchange(m_seen, m_output.look());
    m_begun |= m_seen.state != TraceOutput::State::Nothing;
    if (m_seen.bytes != before.bytes || m_seen.state != before.state) m_grown = now;
    if (m_seen.state == TraceOutput::State::Foreign)
        return fail("The file that appeared is not the trace that was asked for: its id is another one.", "Somebody else may be recording " + name() + ". Try again.");
    if (m_seen.state != TraceOutput::State::Whole) return;
    if (m_output.hasEvents()) m_phase = Phase::Done;
    else fail("No op ran on any thread of " + name() + " during the recording.", "Record for longer, or while it works.");
}

/// It is ready for the next request, and there is no file.
bool DaemonRank::isFreeAgain(const DaemonClient& client, Time now) const
{
    if (client.readyInARow < 2 || client.lastAsked <= m_handed->at) return false;
    if (m_configuration.steps && m_seen.state == TraceOutput::State::Nothing) return since(m_handed->at, now) > m_patience.silent; // between slow steps it is, too
    return client.lastAsked - client.period > m_end;
}

/// libkineto looks once a second whether a recording is due, for a second before it is: when its thread comes a millisecond late, it finds the start in the
/// past and drops the request (2.13, on a machine that has far too much to do).
bool DaemonRank::wasDropped(const DaemonClient& client) const
{
    return !m_askedAgain && !m_configuration.steps && !m_begun && client.ready && client.lastAsked > m_end;
}

void DaemonRank::askAgain(Time now)
{
    const std::shared_ptr<KinetoDaemon> daemon = m_ticket->daemon();
    m_ticket.reset();
    m_handed.reset();
    m_common.reset();
    m_askedAgain = true;
    m_phase = Phase::Asking;
    m_start = m_end = now;
    if (const Status placed = place(daemon, {.text = m_text, .takes = taken(m_configuration)}); !placed) fail(placed.error().message + ".");
}

void DaemonRank::waitForFile(Time now)
{
    const auto client = m_ticket->client();
    if (!client) return;
    if (wasDropped(*client)) return askAgain(now);
    const milliseconds still = since(m_grown, now);
    if (isFreeAgain(*client, now) && (m_seen.state == TraceOutput::State::Nothing || still > m_patience.still))
        return fail("The process accepted the request but wrote no file.",
                    m_configuration.steps && m_phase == Phase::WarmingUp
                        ? "No step of its training loop was seen. Record by time."
                        : "Its folder may not be writable for " + name() + ", the disk full, a GPU buffer have overflowed, or the program's own profiler, which wins, "
                          "have cancelled the recording.");
    if (now > m_end && still > m_patience.silent && since(client->lastAsked, now) > m_patience.silent)
        fail("Nothing was heard of " + name() + " for " + seconds(still) + ", and its file is not complete.", "It may be stopped.");
}

void DaemonRank::end(Time now)
{
    if (!m_handed) return fail("Process " + std::to_string(pid()) + " ended before anything was recorded.");
    if (m_output.keepRest()) {
        m_cutOff = true;
        m_seen.state = TraceOutput::State::Whole;
        m_phase = Phase::Done;
        return;
    }
    if (now < m_start) return fail("Process " + std::to_string(pid()) + " ended before anything was recorded.");
    fail("Process " + std::to_string(pid()) + " ended before the recording was complete.", "Kineto keeps events in the process until the end: record for a shorter time.");
}

void DaemonRank::fail(std::string message, std::string advice)
{
    m_phase = Phase::Failed;
    m_failure = {.message = std::move(message), .advice = std::move(advice)};
}

DaemonRank::Progress DaemonRank::progress(Time now) const
{
    switch (m_phase) {
    case Phase::Asking: {
        const auto client = m_ticket ? m_ticket->client() : std::nullopt;
        if (client && client->asked && !client->free(now) && client->lastAsked > m_asked)
            return {"Waiting for the profiler, which is in use", since(m_asked, now), m_configuration.duration + m_patience.busy};
        const milliseconds waited = since(m_asked, now);
        return {"Waiting for the process to ask", waited, waited <= m_firstWait ? m_firstWait : m_patience.contact};
    }
    case Phase::WarmingUp:
        if (m_configuration.steps) return {"Waiting for the next step", since(m_handed->at, now), {}};
        return {"Warming up", since(m_handed->at, now), since(m_handed->at, m_start)};
    case Phase::Recording:
        if (m_configuration.steps) return {"Recording " + std::to_string(m_configuration.steps) + (m_configuration.steps == 1 ? " step" : " steps"), since(m_start, now), {}};
        return {"Recording", since(m_start, now), m_configuration.duration};
    case Phase::Writing: return {"Writing", since(m_end, now), {}};
    case Phase::Done:
    case Phase::Failed: break;
    }
    return {};
}

} // namespace opscope::daemon
