#include "core/base/Path.h"
#include "core/trace/Finisher.h"

#include <algorithm>

// What the workers learned becomes one set of tables: strings, categories, signatures and (pid, tid)s, merged by content.
namespace opscope {

namespace {

constexpr std::size_t kMostCategories = 65'535; // rows hold 16 bits
constexpr Nanos kDay = 86'400'000'000'000;
constexpr Nanos kFarApart = 7 * kDay;           // no run is recorded in parts with a week between them

/// Adds what `from` counted.
void addCounts(std::map<std::string, std::uint64_t>& to, const std::map<std::string, std::uint64_t>& from)
{
    for (const auto& [key, count] : from) to[key] += count;
}

} // namespace

std::size_t TraceBuilder::Finisher::KeyHash::operator()(const std::pair<TrackKey, TrackKey>& k) const noexcept
{
    const auto one = [](const TrackKey& key) {
        return (static_cast<std::uint64_t>(key.number) ^ (static_cast<std::uint64_t>(key.text.value) << 8) ^
                static_cast<std::uint64_t>(key.kind)) * 0x9E3779B97F4A7C15ull;
    };
    const std::uint64_t h = one(k.first) * 31 + one(k.second);
    return static_cast<std::size_t>(h ^ (h >> 29));
}

/// A (pid or tid) with the trace's strings; parts that its kind does not use are blank, so that equal means equal.
TrackKey TraceBuilder::Finisher::key(const Worker& worker, const TrackKey& local) const
{
    const bool isText = local.kind == TrackKey::Kind::Text || local.kind == TrackKey::Kind::Other;
    return {local.kind, local.kind == TrackKey::Kind::Number ? local.number : 0, isText ? text(worker, local.text) : StringId()};
}

void TraceBuilder::Finisher::mergeTables()
{
    if (in.sources.empty()) {
        in.sources.push_back({});
        in.diagnostics.emplace_back();
    }
    if (!in.handTables.tracks.empty() || !in.handPart.meta.empty()) {
        in.batches.push_back({SourceId(0), {}, {}});
        in.batches.back().tables.push_back(std::move(in.handTables));
        in.batches.back().parts.push_back(std::move(in.handPart));
    }
    for (State::Batch& batch : in.batches) {
        const auto first = static_cast<std::uint32_t>(workers.size());
        for (StagingTables& tables : batch.tables) {
            workers.emplace_back();
            workers.back().source = batch.source;
            workers.back().tables = &tables;
        }
        for (StagedPart& part : batch.parts) {
            parts.push_back({&part, first + part.worker});
            totalRows += part.events.size() + part.idEvents.size() + part.ends.size() + part.switches.size();
            nodeOrder = nodeOrder && !part.events.size() && !part.idEvents.size() && !part.counters.size() && !part.ends.size() &&
                        !part.switches.size();
        }
    }
    nodeOrder = nodeOrder && !in.nodes.empty();
    for (auto* maps : {&rawTrackOf, &namesOf}) maps->resize(in.sources.size());

    for (Worker& worker : workers) mergeStrings(worker);
    mergeCategories();
    for (Worker& worker : workers) mergeTracks(worker);
    for (Worker& worker : workers) {
        worker.mixed.resize(worker.rawTracks.size());
        for (std::size_t i = 0; i < worker.mixed.size(); ++i) worker.mixed[i] = rawTracks[worker.rawTracks[i]].mixed();
        mergeStats(worker.tables->stats);
    }
}

void TraceBuilder::Finisher::mergeStrings(Worker& worker)
{
    StagingTables& tables = *worker.tables;
    if (&worker == workers.data()) {
        trace->m_strings = std::move(tables.strings); // the first one's numbers stay as they are
    } else {
        worker.strings.resize(tables.strings.size());
        for (std::size_t i = 0; i < worker.strings.size(); ++i)
            worker.strings[i] = trace->m_strings.intern(tables.strings.view(StringId(i)));
    }
    worker.signatures.resize(tables.signatures.size());
    for (std::size_t i = 0; i < worker.signatures.size(); ++i) {
        const Signature& s = tables.signatures[SignatureId(i)];
        worker.signatures[i] =
            trace->m_signatures.intern({text(worker, s.dims), text(worker, s.types), text(worker, s.strides)});
    }
}

/// Numbered by name, so that the numbers do not depend on which worker met a category first.
void TraceBuilder::Finisher::mergeCategories()
{
    std::map<std::string, std::uint64_t> events;
    for (const Worker& worker : workers)
        for (const Category& c : worker.tables->categories) events[c.name] += c.events;
    if (nodeOrder) events["cpu_op"] = events["user_annotation"] = 0;

    std::map<std::string, std::uint16_t, std::less<>> numbers;
    for (const auto& [name, count] : events) {
        if (trace->m_categories.size() < kMostCategories) trace->m_categories.push_back({name, classify(name), count});
        else trace->m_categories.back().events += count; // hostile; the last one stands for the rest
        numbers[name] = static_cast<std::uint16_t>(trace->m_categories.size() - 1);
    }
    for (Worker& worker : workers) {
        for (const Category& c : worker.tables->categories) {
            worker.categories.push_back(numbers[c.name]);
            worker.onDevice.push_back(sideOf(classify(c.name)) == Side::Device);
        }
    }
}

void TraceBuilder::Finisher::mergeTracks(Worker& worker)
{
    KeyMap& known = rawTrackOf[worker.source.index()];
    for (const StagedTrack& track : worker.tables->tracks) {
        const std::pair keys(key(worker, track.pid), key(worker, track.tid));
        const auto [it, isNew] = known.try_emplace(keys, static_cast<std::uint32_t>(rawTracks.size()));
        if (isNew) rawTracks.push_back({worker.source, keys.first, keys.second});
        RawTrack& raw = rawTracks[it->second];
        raw.events += track.events;
        raw.hostEvents += track.hostEvents;
        raw.deviceEvents += track.deviceEvents;
        worker.rawTracks.push_back(it->second);
    }
}

void TraceBuilder::Finisher::mergeStats(const TraceStats& from)
{
    TraceStats& to = trace->m_stats;
    to.elements += from.elements;
    to.malformedEvents += from.malformedEvents;
    to.unmatchedEnds += from.unmatchedEnds;
    to.unclosedBegins += from.unclosedBegins;
    to.memoryEvents += from.memoryEvents;
    addCounts(to.byPhase, from.byPhase);
    addCounts(to.malformedByReason, from.malformedByReason);
}

/// Times of all sources count from one base time: the difference of the bases is added to the rows of the others (survey). Sources
/// that would leave a desert between them are refused: they were not recorded together, or do not share a clock.
Status TraceBuilder::Finisher::shareClock()
{
    in.baseTimes.resize(in.sources.size());
    const auto given = std::find_if(in.baseTimes.begin(), in.baseTimes.end(), [](const auto& base) { return base.has_value(); });
    trace->m_baseTime = given == in.baseTimes.end() ? 0 : **given;
    std::vector<SourceTimes> times;
    for (Worker& worker : workers) {
        const std::int64_t base = in.baseTimes[worker.source.index()].value_or(0);
        if (__builtin_sub_overflow(base, trace->m_baseTime, &worker.shift))
            return Error{ErrorCode::Usage, "the base times of the files are too far apart for one time axis", {}};
        const TraceStats& stats = worker.tables->stats;
        if (!stats.minTime || !stats.maxEnd) continue;
        const ExactTime from{shifted(stats.minTime->ns, worker.shift), stats.minTime->atto};
        const ExactTime to{shifted(stats.maxEnd->ns, worker.shift), stats.maxEnd->atto};
        TraceStats& all = trace->m_stats;
        if (!all.minTime || from < *all.minTime) all.minTime = from;
        if (!all.maxEnd || *all.maxEnd < to) all.maxEnd = to;
        times.push_back({from.ns, to.ns, worker.source});
    }
    return checkGaps(std::move(times));
}

Status TraceBuilder::Finisher::checkGaps(std::vector<SourceTimes> times) const
{
    std::sort(times.begin(), times.end(), [](const SourceTimes& a, const SourceTimes& b) { return a.from < b.from; });
    const auto nameOf = [this](SourceId source) { return displayName(in.sources[source.index()].path); };
    for (std::size_t i = 1; i < times.size(); ++i) {
        SourceTimes& last = times[i - 1];
        if (times[i].source != last.source && distance(last.to, times[i].from) > kFarApart)
            return Error{ErrorCode::Usage,
                         nameOf(last.source) + " and " + nameOf(times[i].source) + " do not fit on one time axis: " +
                             std::to_string(distance(last.to, times[i].from) / kDay) + " days lie between them; open them apart",
                         {}};
        if (times[i].to < last.to) times[i] = {times[i].from, last.to, last.source};
    }
    return Done{};
}

} // namespace opscope
