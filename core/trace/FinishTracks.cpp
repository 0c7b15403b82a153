#include "core/trace/Finisher.h"

#include <algorithm>
#include <numeric>

// Which processes and tracks there are, what they are called, and in which order they are shown.
namespace opscope {

namespace {

constexpr std::size_t kHost = 0, kDevice = 1;
constexpr std::int64_t kDeviceSortIndex = 5'000'000; // and above: Kineto's numbers for devices

std::string_view trimmed(std::string_view s)
{
    constexpr std::string_view kBlank = " \t\r\n";
    const std::size_t first = s.find_first_not_of(kBlank);
    return first == s.npos ? std::string_view() : s.substr(first, s.find_last_not_of(kBlank) - first + 1);
}

/// Where one pid is both a process and a device, the names it was given are told apart by how they look.
std::size_t looksLike(std::string_view name)
{
    return name.starts_with("GPU") || name.starts_with("stream") || name.starts_with("XPU") ? kDevice : kHost;
}

} // namespace

void TraceBuilder::Finisher::readNames()
{
    for (const Part& part : parts) {
        const Worker& worker = workers[part.worker];
        for (const StagedMeta& meta : part.staged->meta) {
            const bool ofThread = meta.kind == MetaKind::ThreadName || meta.kind == MetaKind::ThreadSortIndex || meta.kind == MetaKind::SampledHz;
            if (meta.kind == MetaKind::Other) {
                keepMeta(worker.source, meta, {key(worker, meta.pid), key(worker, meta.tid)}, kHost, text(worker, meta.text));
                continue;
            }
            const std::pair keys(key(worker, meta.pid), ofThread ? key(worker, meta.tid) : kProcess);
            const auto [it, isNew] =
                namesOf[worker.source.index()].try_emplace(keys, static_cast<std::uint32_t>(names.size()));
            if (isNew) names.push_back({});
            Names& entry = names[it->second];
            if (meta.kind == MetaKind::SampledHz) {
                entry.sampledHz = static_cast<std::uint32_t>(meta.number);
                continue;
            }
            if (meta.kind == MetaKind::ProcessSortIndex || meta.kind == MetaKind::ThreadSortIndex) {
                const std::size_t side = meta.number >= kDeviceSortIndex ? kDevice : kHost;
                entry.sortIndex = entry.sortIndexOf[side] = meta.number;
                keepMeta(worker.source, meta, keys, side, {});
                continue;
            }
            const StringId name = text(worker, meta.text);
            const std::size_t side = looksLike(trace->text(name));
            keepMeta(worker.source, meta, keys, side, {});
            if (meta.kind == MetaKind::ProcessLabels) {
                entry.labels = entry.labelsOf[side] = name;
                continue;
            }
            if (entry.name.valid() && entry.name != name)
                defects(worker.source).note(Defect::RenamedTrack, meta.offset, trace->text(name));
            entry.name = entry.nameOf[side] = name;
            entry.offset = meta.offset;
        }
    }
}

TraceBuilder::Finisher::Names* TraceBuilder::Finisher::findNames(SourceId source, const TrackKey& pid, const TrackKey& tid)
{
    const KeyMap& map = namesOf[source.index()];
    const auto it = map.find({pid, tid});
    return it == map.end() ? nullptr : &names[it->second];
}

std::uint32_t TraceBuilder::Finisher::groupOf(SourceId source, const TrackKey& pid, Side side)
{
    const std::size_t s = side == Side::Device ? kDevice : kHost;
    const auto [it, isNew] =
        groupOfPid[2 * source.index() + s].try_emplace({pid, kProcess}, static_cast<std::uint32_t>(groups.size()));
    if (!isNew) return it->second;
    Process process;
    process.source = source;
    process.pid = pid;
    process.side = side == Side::Device ? Side::Device : Side::Host;
    process.sortIndex = kNoSortIndex;
    if (Names* given = findNames(source, pid, kProcess)) {
        given->used = true;
        const bool both = pidSides[source.index()][{pid, kProcess}] == 3;
        process.name = both ? given->nameOf[s] : given->name;
        process.labels = both ? given->labelsOf[s] : given->labels;
        process.sortIndex = both ? given->sortIndexOf[s] : given->sortIndex;
    }
    groups.push_back(process);
    return it->second;
}

std::uint32_t TraceBuilder::Finisher::addPlan(std::uint32_t group, TrackKind kind, StringId name)
{
    Track track;
    track.kind = kind;
    track.name = name;
    track.fromFile = kind == TrackKind::Thread || kind == TrackKind::Stream;
    plans.push_back({std::move(track), group});
    return static_cast<std::uint32_t>(plans.size() - 1);
}

/// The track of a (pid, tid), or of one side of it.
std::uint32_t TraceBuilder::Finisher::planRaw(const RawTrack& raw, Side side)
{
    const std::uint32_t plan = addPlan(groupOf(raw.source, raw.pid, side),
                                       side == Side::Device ? TrackKind::Stream : TrackKind::Thread, {});
    Track& track = plans[plan].track;
    track.tid = raw.tid;
    if (Names* given = findNames(raw.source, raw.pid, raw.tid)) {
        given->used = true;
        const std::size_t s = side == Side::Device ? kDevice : kHost;
        const std::string_view name = trimmed(trace->text(raw.mixed() ? given->nameOf[s] : given->name));
        if (!name.empty()) track.name = trace->m_strings.intern(name);
        track.sortIndex = raw.mixed() ? given->sortIndexOf[s] : given->sortIndex;
        track.sampledHz = given->sampledHz;
    }
    return plan;
}

/// A pid is a process or a device by what happened on it, not by its number: in containers the numbers meet. Tracks whose
/// events say nothing (flow ends, other producers) go with the rest of their pid.
void TraceBuilder::Finisher::planTracks()
{
    pidSides.resize(in.sources.size());
    groupOfPid.resize(2 * in.sources.size());
    for (const RawTrack& raw : rawTracks)
        pidSides[raw.source.index()][{raw.pid, kProcess}] |= (raw.hostEvents ? 1u : 0u) | (raw.deviceEvents ? 2u : 0u);
    for (RawTrack& raw : rawTracks) {
        if (raw.scheduled) raw.statePlan = planStates(raw);
        if (!raw.events) continue;
        ++trace->m_stats.pidTidPairs;
        const bool deviceOnly = pidSides[raw.source.index()][{raw.pid, kProcess}] == 2;
        const Side side = raw.deviceEvents || (!raw.hostEvents && deviceOnly) ? Side::Device : Side::Host;
        raw.plan[kHost] = raw.plan[kDevice] = planRaw(raw, side);
        plans[raw.plan[kDevice]].track.events = raw.events;
        if (!raw.mixed()) continue;
        plans[raw.plan[kDevice]].track.events = raw.deviceEvents;
        raw.plan[kHost] = planRaw(raw, Side::Host);
        plans[raw.plan[kHost]].track.events = raw.events - raw.deviceEvents;
    }
    for (std::size_t s = 0; s < namesOf.size(); ++s) {
        std::vector<std::uint64_t> unused;
        for (const auto& [keys, row] : namesOf[s])
            if (!names[row].used && names[row].name.valid()) unused.push_back(names[row].offset);
        std::sort(unused.begin(), unused.end());
        for (const std::uint64_t offset : unused) in.diagnostics[s].note(Defect::NamedButUnused, offset);
    }
}

/// Numbers by value, then texts, then the rest; missing ones last.
std::strong_ordering TraceBuilder::Finisher::compareKeys(const TrackKey& a, const TrackKey& b) const
{
    const auto rank = [](TrackKey::Kind kind) {
        switch (kind) {
        case TrackKey::Kind::Number: return 0;
        case TrackKey::Kind::Text: return 1;
        case TrackKey::Kind::Other: return 2;
        case TrackKey::Kind::None: return 3;
        }
        return 3;
    };
    if (a.kind != b.kind) return rank(a.kind) <=> rank(b.kind);
    if (a.kind == TrackKey::Kind::Number) return a.number <=> b.number;
    return trace->text(a.text) <=> trace->text(b.text);
}

bool TraceBuilder::Finisher::groupLess(const Process& a, const Process& b) const
{
    if (a.source != b.source) return a.source < b.source;
    if (a.sortIndex != b.sortIndex) return a.sortIndex < b.sortIndex;
    if (a.side != b.side) return a.side < b.side;
    return compareKeys(a.pid, b.pid) < 0;
}

bool TraceBuilder::Finisher::trackLess(const Track& a, const Track& b) const
{
    const auto rank = [](TrackKind kind) { return kind == TrackKind::Async ? 1 : kind == TrackKind::Counter ? 2 : 0; };
    if (rank(a.kind) != rank(b.kind)) return rank(a.kind) < rank(b.kind);
    if (a.sortIndex != b.sortIndex) return a.sortIndex < b.sortIndex;
    if (const auto order = compareKeys(a.tid, b.tid); order != 0) return order < 0;
    if ((a.kind == TrackKind::State) != (b.kind == TrackKind::State)) return a.kind == TrackKind::State; // what it does, then how
    return trace->text(a.name) < trace->text(b.name);
}

void TraceBuilder::Finisher::orderTracks()
{
    const auto numbers = [](std::size_t n) {
        std::vector<std::uint32_t> v(n);
        std::iota(v.begin(), v.end(), 0u);
        return v;
    };
    std::vector<std::uint32_t> groupOrder = numbers(groups.size()), planOrder = numbers(plans.size());
    std::sort(groupOrder.begin(), groupOrder.end(),
              [&](std::uint32_t a, std::uint32_t b) { return groupLess(groups[a], groups[b]); });
    std::vector<std::uint32_t> rankOf(groups.size());
    finalProcess.resize(groups.size());
    for (std::uint32_t rank = 0; rank < groupOrder.size(); ++rank) {
        rankOf[groupOrder[rank]] = rank;
        finalProcess[groupOrder[rank]] = ProcessId(rank);
        trace->m_processes.push_back(groups[groupOrder[rank]]);
    }
    std::sort(planOrder.begin(), planOrder.end(), [&](std::uint32_t a, std::uint32_t b) {
        if (plans[a].group != plans[b].group) return rankOf[plans[a].group] < rankOf[plans[b].group];
        return trackLess(plans[a].track, plans[b].track);
    });
    finalTrack.resize(plans.size());
    for (const std::uint32_t plan : planOrder) {
        Track& track = plans[plan].track;
        track.process = ProcessId(rankOf[plans[plan].group]);
        if (track.fromFile) trace->m_processes[track.process.index()].events += track.events;
        finalTrack[plan] = TrackId(trace->m_tracks.size());
        trace->m_tracks.push_back(std::move(track));
    }
    for (Worker& worker : workers) {
        for (const std::uint32_t raw : worker.rawTracks)
            for (const std::uint32_t plan : rawTracks[raw].plan)
                worker.tracks.push_back(plan == kNoPlan ? TrackId() : finalTrack[plan]);
    }
}

} // namespace opscope
