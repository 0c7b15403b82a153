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

void FxtStager::nameTrack(const FxtTables::Track& track, StagedTrack& staged, bool magicTrace)
{
    staged.events = track.events;
    staged.hostEvents = track.hostEvents;
    staged.deviceEvents = track.deviceEvents;
    if (!track.known) {
        const std::uint32_t provider = m_notes.provider(static_cast<std::uint32_t>(track.process)).id;
        staged.tid = {TrackKey::Kind::Text, 0, intern("index " + std::to_string(track.thread) + (provider ? " of provider " + std::to_string(provider) : ""))};
        return;
    }
    const bool nowhere = track.process == 0 && !track.hasEvents; // only switched, and nothing says where it belongs
    staged.pid = nowhere ? TrackKey() : keyOf(track.process);
    staged.tid = keyOf(track.thread);
    Told told{.process = m_notes.notes().object(ObjectType::Process, track.process), .thread = m_notes.notes().object(ObjectType::Thread, track.thread, track.process),
              .saidOfProcess = saidOf(ObjectType::Process, 0, track.process), .saidOfThread = saidOf(ObjectType::Thread, track.process, track.thread)};
    if (told.process) told.processName = m_notes.view(told.process->name);
    if (told.thread) told.threadName = m_notes.view(told.thread->name);
    takeIdsOfNames(track, staged, told, magicTrace);
    takeSaidIds(track, staged, told);
    stageMeta(staged, told);
}

/// What does not fit is its digits.
TrackKey FxtStager::keyOf(std::uint64_t koid)
{
    if (koid <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return number(static_cast<std::int64_t>(koid));
    return {TrackKey::Kind::Other, 0, intern(std::to_string(koid))};
}

/// Names without the ids that are in them.
void FxtStager::takeIdsOfNames(const FxtTables::Track& track, StagedTrack& staged, Told& told, bool magicTrace)
{
    FxtNotes::RealIds real{track.process, track.thread, {}, {}};
    if (const auto ids = idsInName(told.processName, magicTrace)) {
        const std::int64_t tid = ids->tid.value_or(ids->pid);
        real.pid = staged.pid = number(ids->pid);
        real.tid = staged.tid;
        told.processName = ids->name;
        if (magicTrace && told.threadName == "main") {
            real.tid = staged.tid = number(tid);
            if (tid != ids->pid) told.threadName = {};
        } else if (magicTrace) { // samples of one thread beside it
            const std::string key = std::string(told.threadName) + " of " + std::to_string(tid);
            staged.tid = {TrackKey::Kind::Text, 0, intern(key)};
            real.tid = {TrackKey::Kind::Text, 0, m_notes.text(key)};
        }
        m_notes.add(real);
    } else if (magicTrace && !told.processName.empty()) { // its number could be that of a real one
        staged.pid = {TrackKey::Kind::Text, 0, intern(told.processName)};
        real.pid = {TrackKey::Kind::Text, 0, m_notes.text(told.processName)};
        real.tid = staged.tid;
        if (real.tid.kind == TrackKey::Kind::Other) real.tid.text = m_notes.text(std::to_string(track.thread));
        m_notes.add(real);
    }
}

void FxtStager::takeSaidIds(const FxtTables::Track& track, StagedTrack& staged, const Told& told)
{
    const auto id = [](const Said* said) { return said ? said->id : std::nullopt; };
    const std::optional<TrackKey> pid = id(told.saidOfProcess), tid = id(told.saidOfThread);
    if (!pid && !tid) return;
    if (pid) staged.pid = stagedKey(*pid);
    if (tid) staged.tid = stagedKey(*tid);
    const auto noted = [&](const TrackKey& key) {
        TrackKey copy = key;
        if (key.text.valid()) copy.text = m_notes.text(m_staged.strings.view(key.text));
        return copy;
    };
    m_notes.add(FxtNotes::RealIds{track.process, track.thread, noted(staged.pid), noted(staged.tid)});
}

void FxtStager::stageMeta(const StagedTrack& staged, const Told& told)
{
    std::vector<StagedMeta>& meta = m_parts.front().meta;
    const auto ofProcess = [&](MetaKind kind, StringId text, std::int64_t value = 0) { meta.push_back({staged.pid, {}, kind, text, value, told.process->offset}); };
    const auto ofThread = [&](MetaKind kind, StringId text, std::int64_t value = 0) { meta.push_back({staged.pid, staged.tid, kind, text, value, told.thread->offset}); };
    const Said *process = told.saidOfProcess, *thread = told.saidOfThread;
    if (!told.processName.empty()) ofProcess(MetaKind::ProcessName, intern(told.processName));
    if (!told.threadName.empty()) ofThread(MetaKind::ThreadName, intern(told.threadName));
    if (process && process->labels.valid()) ofProcess(MetaKind::ProcessLabels, intern(m_notes.view(process->labels)));
    if (process && process->sortIndex) ofProcess(MetaKind::ProcessSortIndex, {}, *process->sortIndex);
    if (thread && thread->sampledHz) ofThread(MetaKind::SampledHz, {}, thread->sampledHz);
    // What else their records say goes with parts, whether they have a name or not.
    if (process) ofProcess(MetaKind::Other, intern("kernel object"));
    if (thread) ofThread(MetaKind::Other, intern("kernel object"));
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
