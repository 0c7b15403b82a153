#include "core/trace/Finisher.h"

#include <algorithm>
#include <map>

// Context switches and wakeups: what each thread was doing, and whom each CPU ran. Slices on tracks made for them; the record that
// began one is its event, the record that ended it its pair's end.
namespace opscope {

/// Of one source, in order of time.
class TraceBuilder::Finisher::States
{
public:
    States(Finisher& finisher, SourceId source) : m_f(finisher), m_source(source), m_threads(finisher.rawTracks.size())
    {
        const auto text = [&](std::string_view t) { return m_f.trace->m_strings.intern(t); };
        m_names = {StringId(), text("Running"), text("Waiting for a CPU"), text("Blocked"), text("Suspended")};
        m_cpus = text("CPUs");
    }

    void take(const Worker& worker, const StagedSwitch& change)
    {
        m_category = m_f.category(worker, change.category);
        const auto rawOf = [&](std::uint32_t track) { return track == StagedSwitch::kNobody ? StagedSwitch::kNobody : worker.rawTracks[track]; };
        const std::uint32_t outgoing = rawOf(change.outgoing), incoming = rawOf(change.incoming);
        if (change.wakes) {
            if (incoming == StagedSwitch::kNobody) return;
            const State now = m_threads[incoming].state;
            if (now != State::Running && now != State::Ready) enter(incoming, State::Ready, change);
            return;
        }
        if (outgoing != StagedSwitch::kNobody) enter(outgoing, stateOf(static_cast<LeftAs>(change.leftAs)), change);
        if (incoming != StagedSwitch::kNobody) enter(incoming, State::Running, change);
        run(incoming, change);
    }

    /// What is still going on reaches to the last event.
    void finish()
    {
        for (std::uint32_t t = 0; t < m_threads.size(); ++t) close(m_threads[t], m_f.rawTracks[t].statePlan, nullptr);
        for (auto& [cpu, span] : m_running) close(span, m_cpuPlans[cpu], nullptr);
    }

private:
    enum class State : std::uint8_t { None, Running, Ready, Blocked, Suspended };
    struct Span
    {
        State state = State::None;
        Nanos since = 0;
        std::uint64_t offset = 0;
        StringId name;
        std::uint16_t length = 0;
    };

    static State stateOf(LeftAs how)
    {
        switch (how) {
        case LeftAs::Ready: return State::Ready;
        case LeftAs::Blocked: return State::Blocked;
        case LeftAs::Suspended: return State::Suspended;
        case LeftAs::Gone: return State::None;
        }
        return State::None;
    }

    void enter(std::uint32_t raw, State state, const StagedSwitch& change)
    {
        Span& span = m_threads[raw];
        close(span, m_f.rawTracks[raw].statePlan, &change);
        span = {state, change.time, change.offset, m_names[static_cast<std::size_t>(state)], change.length};
    }

    void run(std::uint32_t raw, const StagedSwitch& change)
    {
        const auto cpu = static_cast<std::uint16_t>(change.cpu);
        const auto [plan, isNew] = m_cpuPlans.try_emplace(cpu, 0);
        if (isNew) {
            const TrackKey key{TrackKey::Kind::Text, 0, m_cpus};
            plan->second = m_f.addPlan(m_f.groupOf(m_source, key, Side::Host), TrackKind::Cpu, {});
            m_f.plans[plan->second].track.tid = {TrackKey::Kind::Number, cpu, {}};
        }
        Span& span = m_running[cpu];
        close(span, plan->second, &change);
        span = {};
        if (raw != StagedSwitch::kNobody) span = {State::Running, change.time, change.offset, nameOf(raw), change.length};
    }

    /// `end` null: never ended.
    void close(const Span& span, std::uint32_t plan, const StagedSwitch* end)
    {
        const Nanos until = end ? end->time : m_f.lastTime;
        if (span.state == State::None || (end && until <= span.since)) return; // of no length: it says nothing
        StagedEvent& event = m_f.own.events.append();
        event.start = span.since;
        event.duration = distance(span.since, until);
        event.offset = span.offset;
        event.length = span.length;
        event.name = span.name;
        event.track = plan;
        event.category = m_category;
        event.flags = static_cast<std::uint8_t>(end ? kFromPair : kFromPair | kUnclosed);
        ++m_f.plans[plan].track.events;
        if (end) m_f.ownEnds.push_back({static_cast<std::uint32_t>(m_f.own.events.size() - 1), end->offset, m_source});
    }

    /// The thread's name, else "thread 12".
    StringId nameOf(std::uint32_t raw)
    {
        const auto [it, isNew] = m_threadNames.try_emplace(raw, StringId());
        if (!isNew) return it->second;
        const Track& track = m_f.plans[m_f.rawTracks[raw].statePlan].track;
        it->second = track.name;
        if (m_f.trace->text(track.name).empty()) it->second = m_f.trace->m_strings.intern("thread " + m_f.trace->keyText(track.tid));
        return it->second;
    }

    Finisher& m_f;
    SourceId m_source;
    std::array<StringId, 5> m_names;
    StringId m_cpus;
    std::uint16_t m_category = 0;
    std::vector<Span> m_threads;                 // by raw track
    std::map<std::uint16_t, Span> m_running;     // by CPU
    std::map<std::uint16_t, std::uint32_t> m_cpuPlans;
    std::map<std::uint32_t, StringId> m_threadNames;
};

/// The track of the states of a thread, beside its own.
std::uint32_t TraceBuilder::Finisher::planStates(const RawTrack& raw)
{
    const Side side = raw.deviceEvents && !raw.hostEvents ? Side::Device : Side::Host;
    const std::uint32_t plan = addPlan(groupOf(raw.source, raw.pid, side), TrackKind::State, {});
    Track& track = plans[plan].track;
    track.tid = raw.tid;
    if (Names* given = findNames(raw.source, raw.pid, raw.tid)) {
        given->used = true;
        track.name = given->name;
        track.sortIndex = given->sortIndex;
    }
    return plan;
}

void TraceBuilder::Finisher::layOutStates()
{
    std::map<SourceId, std::vector<std::pair<Nanos, StagedPlace>>> bySource;
    for (std::uint32_t p = 0; p < parts.size(); ++p) {
        const Chunked<StagedSwitch>& changes = parts[p].staged->switches;
        if (!changes.size()) continue;
        auto& rows = bySource[workers[parts[p].worker].source];
        for (std::uint32_t i = 0; i < changes.size(); ++i) rows.push_back({changes[i].time, {p, i}});
    }
    for (auto& [source, rows] : bySource) {
        std::sort(rows.begin(), rows.end()); // those of one time in the order of the file
        States states(*this, source);
        for (const auto& [time, place] : rows) states.take(workers[parts[place.part].worker], parts[place.part].staged->switches[place.row]);
        states.finish();
    }
}

} // namespace opscope
