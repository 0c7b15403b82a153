#include "core/format/fxt/FxtStager.h"
#include "core/format/fxt/RealIds.h"

#include <algorithm>
#include <limits>

// After the last record: what could not be known where it was read.
namespace opscope::fxt {

namespace {

TrackKey number(std::int64_t value) { return {TrackKey::Kind::Number, value, {}}; }

} // namespace

FxtStager::Staged FxtStager::finish()
{
    m_notes.settleObjects([&](const FxtNotes::Object& last) { m_diagnostics.note(Defect::RenamedTrack, last.offset, m_notes.view(last.name)); });
    placeSwitches();
    nameCounters();
    nameTracks();
    m_pairs.settle(m_parts, m_staged.tracks, m_staged.strings, m_diagnostics);
    fillStats();
    Staged staged;
    staged.tables.push_back(std::move(m_staged));
    staged.parts = std::move(m_parts);
    return staged;
}

/// Bare threads by their rows.
void FxtStager::placeSwitches()
{
    const std::vector<std::uint32_t> rows = m_tables.threadRows();
    const auto placed = [&](std::uint32_t thread) { return thread != StagedSwitch::kNobody && thread & kBare ? rows[thread & ~kBare] : thread; };
    for (StagedPart& part : m_parts) {
        for (std::size_t i = 0, n = part.switches.size(); i < n; ++i) {
            StagedSwitch& row = part.switches[i];
            row.outgoing = placed(row.outgoing);
            row.incoming = placed(row.incoming);
        }
    }
}

/// Several counters of one name in a process have their number behind it.
void FxtStager::nameCounters()
{
    if (m_counterKeys.empty()) return;
    std::map<std::pair<std::uint64_t, StringId>, int> ids; // of each (process, name)
    for (const CounterKey& key : m_counterKeys) ++ids[{key.process, key.name}];
    std::vector<StringId> names;
    for (const CounterKey& key : m_counterKeys) {
        const bool several = ids[{key.process, key.name}] > 1;
        names.push_back(several ? m_staged.strings.intern(std::string(m_staged.strings.view(key.name)) + " " + std::to_string(key.id)) : key.name);
    }
    for (StagedPart& part : m_parts)
        for (std::size_t i = 0, n = part.counters.size(); i < n; ++i) part.counters[i].counter = names[part.counters[i].counter.index()];
}

/// (pid, tid) of each track, and names. magic-trace numbers processes and threads from 1 in one row and puts the real ids into names.
void FxtStager::nameTracks()
{
    bool magicTrace = false;
    for (std::uint32_t life = 0; life < m_notes.providers(); ++life)
        magicTrace = magicTrace || m_notes.view(m_notes.provider(life).name) == "jane_tracing";
    if (m_parts.empty()) m_parts.emplace_back();
    m_staged.tracks.resize(m_tables.tracks().size());
    for (std::size_t row = 0; row < m_staged.tracks.size(); ++row) nameTrack(m_tables.tracks()[row], m_staged.tracks[row], magicTrace);
}

void FxtStager::nameTrack(FxtTables::Track& track, StagedTrack& staged, bool magicTrace)
{
    staged.events = track.events;
    staged.hostEvents = track.hostEvents;
    staged.deviceEvents = track.deviceEvents;
    const auto intern = [&](std::string_view text) { return m_staged.strings.intern(text); };
    if (!track.known) {
        const std::uint32_t provider = m_notes.provider(static_cast<std::uint32_t>(track.process)).id;
        staged.tid = {TrackKey::Kind::Text, 0, intern("index " + std::to_string(track.thread) + (provider ? " of provider " + std::to_string(provider) : ""))};
        return;
    }
    const auto keyOf = [&](std::uint64_t koid) { // what does not fit is its digits
        if (koid <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return number(static_cast<std::int64_t>(koid));
        return TrackKey{TrackKey::Kind::Other, 0, intern(std::to_string(koid))};
    };
    const FxtNotes::Object* process = m_notes.notes().object(ObjectType::Process, track.process);
    const FxtNotes::Object* thread = m_notes.notes().object(ObjectType::Thread, track.thread, track.process);
    std::string_view processName = process ? m_notes.view(process->name) : std::string_view();
    std::string_view threadName = thread ? m_notes.view(thread->name) : std::string_view();
    const bool nowhere = track.process == 0 && !track.hasEvents; // only switched, and nothing says where it belongs
    staged.pid = nowhere ? TrackKey() : keyOf(track.process);
    staged.tid = keyOf(track.thread);
    FxtNotes::RealIds real{track.process, track.thread, {}, {}};
    if (const auto ids = idsInName(processName, magicTrace)) {
        const std::int64_t tid = ids->tid.value_or(ids->pid);
        real.pid = staged.pid = number(ids->pid);
        real.tid = staged.tid;
        processName = ids->name;
        if (magicTrace && threadName == "main") {
            real.tid = staged.tid = number(tid);
            if (tid != ids->pid) threadName = {};
        } else if (magicTrace) { // samples of one thread beside it
            const std::string key = std::string(threadName) + " of " + std::to_string(tid);
            staged.tid = {TrackKey::Kind::Text, 0, intern(key)};
            real.tid = {TrackKey::Kind::Text, 0, m_notes.text(key)};
        }
        m_notes.add(real);
    } else if (magicTrace && !processName.empty()) { // its number could be that of a real one
        staged.pid = {TrackKey::Kind::Text, 0, intern(processName)};
        real.pid = {TrackKey::Kind::Text, 0, m_notes.text(processName)};
        real.tid = staged.tid;
        if (real.tid.kind == TrackKey::Kind::Other) real.tid.text = m_notes.text(std::to_string(track.thread));
        m_notes.add(real);
    }
    const Said* ofProcess = saidOf(ObjectType::Process, 0, track.process);
    const Said* ofThread = saidOf(ObjectType::Thread, track.process, track.thread);
    if ((ofProcess && ofProcess->id) || (ofThread && ofThread->id)) {
        if (ofProcess && ofProcess->id) staged.pid = stagedKey(*ofProcess->id);
        if (ofThread && ofThread->id) staged.tid = stagedKey(*ofThread->id);
        const auto noted = [&](const TrackKey& key) {
            TrackKey copy = key;
            if (key.text.valid()) copy.text = m_notes.text(m_staged.strings.view(key.text));
            return copy;
        };
        m_notes.add(FxtNotes::RealIds{track.process, track.thread, noted(staged.pid), noted(staged.tid)});
    }
    std::vector<StagedMeta>& meta = m_parts.front().meta;
    if (!processName.empty()) meta.push_back({staged.pid, {}, MetaKind::ProcessName, intern(processName), 0, process->offset});
    if (!threadName.empty()) meta.push_back({staged.pid, staged.tid, MetaKind::ThreadName, intern(threadName), 0, thread->offset});
    if (ofProcess && ofProcess->labels.valid()) meta.push_back({staged.pid, {}, MetaKind::ProcessLabels, intern(m_notes.view(ofProcess->labels)), 0, process->offset});
    if (ofProcess && ofProcess->sortIndex) meta.push_back({staged.pid, {}, MetaKind::ProcessSortIndex, {}, *ofProcess->sortIndex, process->offset});
    if (ofThread && ofThread->sampledHz) meta.push_back({staged.pid, staged.tid, MetaKind::SampledHz, {}, ofThread->sampledHz, thread->offset});
    // What else their records say goes with parts, whether they have a name or not.
    if (ofProcess) meta.push_back({staged.pid, {}, MetaKind::Other, intern("kernel object"), 0, process->offset});
    if (ofThread) meta.push_back({staged.pid, staged.tid, MetaKind::Other, intern("kernel object"), 0, thread->offset});
}

const FxtStager::Said* FxtStager::saidOf(ObjectType type, std::uint64_t process, std::uint64_t koid) const
{
    const auto found = m_said.find({type, process, koid});
    return found == m_said.end() ? nullptr : &found->second;
}

/// `key`: with a text of the notes.
TrackKey FxtStager::stagedKey(const TrackKey& key)
{
    TrackKey staged = key;
    if (key.text.valid()) staged.text = m_staged.strings.intern(m_notes.view(key.text));
    return staged;
}

void FxtStager::fillStats()
{
    for (std::size_t phase = 0; phase < m_phases.size(); ++phase)
        if (m_phases[phase]) m_stats.byPhase[std::string(1, static_cast<char>(phase))] = m_phases[phase];
    if (m_first <= m_last) {
        m_stats.minTime = ExactTime{m_first, 0};
        m_stats.maxEnd = ExactTime{m_last, 0};
    }
    m_staged.stats = std::move(m_stats);
    if (m_anyTicks) {
        m_counts.minTicks = m_minTicks;
        m_counts.maxTicks = m_maxTicks;
    }
    m_tables.fill(m_counts);
}

} // namespace opscope::fxt
