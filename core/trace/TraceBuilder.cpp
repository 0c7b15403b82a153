#include "core/trace/TraceBuilder.h"

#include "core/trace/Finisher.h"
#include "core/trace/TraceBuilderState.h"

#include <algorithm>
#include <new>

namespace opscope {

namespace {

std::uint16_t categoryOf(StagingTables& tables, std::string_view name)
{
    auto& all = tables.categories;
    const auto it = std::find_if(all.begin(), all.end(), [&](const Category& c) { return c.name == name; });
    if (it != all.end()) return static_cast<std::uint16_t>(it - all.begin());
    all.push_back({std::string(name), classify(name), 0});
    return static_cast<std::uint16_t>(all.size() - 1);
}

TrackKey number(std::int64_t value) { return {TrackKey::Kind::Number, value, {}}; }

/// What an importer counts for each event that lies on a track.
void count(StagingTables& tables, std::uint32_t track, std::uint16_t category, char phase, Nanos start, Nanos duration)
{
    ++tables.stats.elements;
    ++tables.stats.byPhase[std::string(1, phase)];
    ++tables.categories[category].events;
    const Side side = sideOf(tables.categories[category].kind);
    StagedTrack& t = tables.tracks[track];
    ++t.events;
    t.hostEvents += side == Side::Host;
    t.deviceEvents += side == Side::Device;
    const ExactTime from{start, 0}, to{start + clampedDuration(start, duration), 0};
    TraceStats& stats = tables.stats;
    if (!stats.minTime || from < *stats.minTime) stats.minTime = from;
    if (!stats.maxEnd || *stats.maxEnd < to) stats.maxEnd = to;
}

std::uint32_t stagedArg(StagedPart& part, ArgField field, std::int64_t value)
{
    if (value >= 0 && value < kArgWide) return static_cast<std::uint32_t>(value);
    part.wide.push_back({static_cast<std::uint32_t>(part.events.size() - 1), field, value});
    return kArgWide;
}

} // namespace

TraceBuilder::TraceBuilder() : m_state(std::make_unique<State>()) {}
TraceBuilder::~TraceBuilder() = default;
TraceBuilder::TraceBuilder(TraceBuilder&&) noexcept = default;

SourceId TraceBuilder::addSource(SourceFile source)
{
    m_state->sources.push_back(std::move(source));
    m_state->diagnostics.emplace_back();
    return SourceId(m_state->sources.size() - 1);
}

SourceFile& TraceBuilder::source(SourceId id) { return m_state->sources[id.index()]; }
Diagnostics& TraceBuilder::diagnostics(SourceId source) { return m_state->diagnostics[source.index()]; }
void TraceBuilder::addCheck(SourceId source, Check check) { m_state->checks.emplace_back(source, std::move(check)); }
void TraceBuilder::addTopLevel(TopLevelEntry entry) { m_state->topLevel.push_back(std::move(entry)); }

void TraceBuilder::setBaseTime(SourceId source, std::int64_t nanoseconds)
{
    auto& times = m_state->baseTimes;
    times.resize(std::max(times.size(), source.index() + 1));
    times[source.index()] = nanoseconds;
}

void TraceBuilder::setAlignClocks(bool align) { m_state->alignClocks = align; }

void TraceBuilder::addStaged(SourceId source, std::vector<StagingTables> tables, std::vector<StagedPart> parts)
{
    m_state->batches.push_back({source, std::move(tables), std::move(parts)});
}

void TraceBuilder::addExecutionTrace(SourceId source, std::unique_ptr<ExecutionTrace> trace, StringPool strings, EtStats stats)
{
    m_state->nodes.push_back({source, std::move(trace), std::move(strings), std::move(stats)});
}

StringId TraceBuilder::intern(std::string_view text) { return m_state->handTables.strings.intern(text); }

TrackId TraceBuilder::addTrack(std::int64_t pid, std::int64_t tid, std::string_view threadName, std::string_view processName)
{
    State& s = *m_state;
    const auto same = [&](const StagedTrack& t) { return t.pid == number(pid) && t.tid == number(tid); };
    auto& tracks = s.handTables.tracks;
    const auto it = std::find_if(tracks.begin(), tracks.end(), same);
    const TrackId id(static_cast<std::size_t>(it - tracks.begin()));
    if (it == tracks.end()) tracks.push_back({number(pid), number(tid)});
    if (!threadName.empty())
        s.handPart.meta.push_back({number(pid), number(tid), MetaKind::ThreadName, intern(threadName), 0, 0});
    if (!processName.empty())
        s.handPart.meta.push_back({number(pid), {}, MetaKind::ProcessName, intern(processName), 0, 0});
    return id;
}

void TraceBuilder::add(const Slice& slice)
{
    StagingTables& tables = m_state->handTables;
    StagedPart& part = m_state->handPart;
    StagedEvent& event = part.events.append();
    event.start = slice.start;
    event.duration = slice.duration;
    event.offset = slice.offset;
    event.name = slice.name;
    event.track = slice.track.value;
    event.category = categoryOf(tables, slice.category);
    if (!slice.args.empty()) {
        StagedArgs& args = part.addArgs(event);
        for (const auto& [field, value] : slice.args) args[field] = stagedArg(part, field, value);
    }
    count(tables, event.track, event.category, 'X', slice.start, slice.duration);
}

void TraceBuilder::addInstant(TrackId track, Nanos time, StringId name, std::string_view category)
{
    StagingTables& tables = m_state->handTables;
    StagedEvent& event = m_state->handPart.events.append();
    event.start = time;
    event.name = name;
    event.track = track.value;
    event.category = categoryOf(tables, category);
    event.phase = 'i';
    count(tables, event.track, event.category, 'i', time, 0);
}

void TraceBuilder::addCounter(std::int64_t pid, std::string_view counter, std::string_view series, Nanos time, double value)
{
    const TrackId track = addTrack(pid, 0);
    StagingTables& tables = m_state->handTables;
    m_state->handPart.counters.append() = {time, value, 0, intern(counter), intern(series), track.value, false, false};
    count(tables, track.value, categoryOf(tables, ""), 'C', time, 0);
}

Result<TracePtr> TraceBuilder::finish(const JobControl& job) &&
{
    const std::unique_ptr<State> state = std::exchange(m_state, std::make_unique<State>());
    try {
        return Finisher(*state, job).run();
    } catch (const std::bad_alloc&) {
        return Error{ErrorCode::TooLarge, "There is not enough memory for this trace", {}};
    }
}

} // namespace opscope
