#include "widgets/timeline/TimelineModel.h"

#include "core/base/StringPool.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace opscope {
namespace {

enum Part : std::uint8_t { kAnnotations, kModules, kFrames, kOperators, kParts };

// Stack and depth of slices within one part of a track. What overlaps on the track as a whole (a data loader that reaches over
// the end of a step) need not overlap here, so the part is nested anew: a slice goes to the first stack that it fits into.
class PartNesting
{
public:
    struct Spot
    {
        std::size_t stack, depth;
    };
    // Slices come in order (start, longer first), so whoever ended before `start` is gone for good. `trackStack`: its stack
    // on the track, where it is known to fit; used when too many others were tried.
    Spot place(Nanos start, Nanos end, std::size_t trackStack)
    {
        constexpr std::size_t kTried = 16;
        for (std::size_t i = 0; i < kTried; ++i)
            if (fits(i, start, end)) return push(i, end);
        fits(kTried + trackStack, start, end);
        return push(kTried + trackStack, end);
    }

private:
    bool fits(std::size_t stack, Nanos start, Nanos end)
    {
        if (stack >= m_ends.size()) m_ends.resize(stack + 1);
        std::vector<Nanos>& ends = m_ends[stack];
        while (!ends.empty() && ends.back() <= start) ends.pop_back();
        return ends.empty() || ends.back() >= end;
    }
    Spot push(std::size_t stack, Nanos end)
    {
        m_ends[stack].push_back(end);
        return {stack, m_ends[stack].size() - 1};
    }
    std::vector<std::vector<Nanos>> m_ends;
};

struct PartRows
{
    std::vector<std::vector<std::vector<std::uint32_t>>> stacks; ///< [stack][depth] -> slices
    void add(std::size_t stack, std::size_t depth, std::uint32_t row)
    {
        if (stack >= stacks.size()) stacks.resize(stack + 1);
        if (depth >= stacks[stack].size()) stacks[stack].resize(depth + 1);
        stacks[stack][depth].push_back(row);
    }
};

bool isModuleFrame(std::string_view name) { return name.starts_with("nn.Module: "); }

bool isAnnotation(CategoryClass kind)
{
    return kind == CategoryClass::UserAnnotation || kind == CategoryClass::GpuAnnotation || kind == CategoryClass::ProfilerRange
        || kind == CategoryClass::Span;
}

std::size_t stackOf(const Track& track, std::uint16_t lane)
{
    const auto it = std::upper_bound(track.spillBases.begin(), track.spillBases.end(), lane);
    return static_cast<std::size_t>(it - track.spillBases.begin());
}

} // namespace

class TimelineModelBuilder
{
public:
    TimelineModelBuilder(TimelineModel& model, const JobControl& job) : m_model(model), m_trace(*model.trace), m_job(job) {}

    bool run()
    {
        if (m_model.only) m_only = &m_model.only->slices;
        for (std::size_t i = 0; i < m_trace.tracks().size(); ++i) {
            if (m_job.cancelled()) return false;
            if (m_trace.tracks()[i].visible()) addTrack(TrackId(i));
        }
        const auto series = m_trace.counters().series();
        for (const CounterSeries& s : series) m_model.counters.emplace_back(m_trace.counters().values(s));
        nameGroups();
        if (m_job.cancelled()) return false;
        m_model.overview = OverviewData::build(m_model, m_job, m_only);
        return !m_job.cancelled();
    }

private:
    void addTrack(TrackId id)
    {
        const Track& track = m_trace.track(id);
        std::vector<std::uint32_t> instants = shownInstants(track);
        if (!hasSlices(track) && !hasSeries(track) && instants.empty()) return;
        if (track.kind == TrackKind::State && isShownWithThread(id)) return;
        if (m_model.groups.empty() || m_model.groups.back().process != track.process)
            m_model.groups.push_back({track.process, {}, {}, false, static_cast<std::uint32_t>(m_model.bands.size()), 0});
        const std::size_t before = m_model.bands.size();
        if (track.kind == TrackKind::Thread && hasPython(track)) addSplit(id, track);
        else addWhole(id, track);
        m_model.bands[before].instants = std::move(instants);
        addStates(m_model.bands[before], id);
        m_model.groups.back().bandCount += static_cast<std::uint32_t>(m_model.bands.size() - before);
    }

    bool hasSlices(const Track& track) const
    {
        if (!m_only) return track.sliceCount > 0;
        return m_only->any(SliceId(track.firstSlice), SliceId(track.firstSlice + track.sliceCount));
    }

    bool hasSeries(const Track& track) const
    {
        if (!m_only) return track.seriesCount > 0;
        for (const CounterSeries& s : m_trace.counters().series().subspan(track.firstSeries, track.seriesCount))
            if (m_model.only->samples.any(SampleId(s.first), SampleId(s.first + s.count))) return true;
        return false;
    }

    static bool areOneThread(const Track& states, const Track& thread)
    {
        return states.kind == TrackKind::State && thread.kind == TrackKind::Thread && states.process == thread.process && states.tid == thread.tid;
    }

    // Tracks are sorted so that the states of a thread stand right before it.
    bool isShownWithThread(TrackId states) const
    {
        if (states.index() + 1 >= m_trace.tracks().size()) return false;
        const Track& next = m_trace.tracks()[states.index() + 1];
        return areOneThread(m_trace.track(states), next) && (hasSlices(next) || hasSeries(next) || !shownInstants(next).empty());
    }

    // The strip of a thread's first band; states of a thread without anything else are all that its band has.
    void addStates(Band& band, TrackId id)
    {
        const Track& track = m_trace.track(id);
        if (track.kind == TrackKind::State) band.stateTrack = id;
        else if (id.index() > 0 && areOneThread(m_trace.tracks()[id.index() - 1], track)) band.stateTrack = TrackId(id.index() - 1);
        if (!band.stateTrack.valid()) return;
        const Track& states = m_trace.track(band.stateTrack);
        band.states = m_only ? addNested(states) : addAsTheyLie(states);
        for (std::uint32_t lane = band.states.first; lane < band.states.first + band.states.count; ++lane) m_model.lanes[lane].states = true;
    }

    // In the order of their rows: by time, what encloses in front of what is inside.
    template <class Visit>
    void forEachSlice(const Track& track, Visit&& visit) const
    {
        const std::uint32_t end = track.firstSlice + track.sliceCount;
        if (!m_only) {
            for (std::uint32_t i = track.firstSlice; i < end; ++i) visit(SliceId(i));
            return;
        }
        for (SliceId s = m_only->next(SliceId(track.firstSlice)); s.valid() && s.value < end; s = m_only->next(SliceId(s.value + 1))) visit(s);
    }

    std::vector<std::uint32_t> shownInstants(const Track& track) const
    {
        std::vector<std::uint32_t> shown;
        const StringId memory = m_trace.strings().find("[memory]");
        for (std::uint32_t i = track.firstInstant; i < track.firstInstant + track.instantCount; ++i)
            if (m_trace.instants().name(InstantId(i)) != memory && (!m_only || m_model.only->instants.contains(InstantId(i)))) shown.push_back(i);
        return shown;
    }

    bool hasPython(const Track& track) const
    {
        const auto categories = m_trace.slices().categories();
        for (std::uint32_t i = track.firstSlice; i < track.firstSlice + track.sliceCount; ++i)
            if (m_trace.categories()[categories[i]].kind == CategoryClass::PythonFunction) return true;
        return false;
    }

    Band makeBand(TrackId id, const Track& track, BandKind kind) const
    {
        Band band;
        band.track = id;
        band.process = track.process;
        band.kind = kind;
        band.name = m_trace.trackName(id);
        if (kind != BandKind::Counter && kind != BandKind::Async) band.side = m_trace.keyText(track.tid);
        if (track.kind == TrackKind::Cpu) band.side.clear(); // the name says it
        if (track.kind == TrackKind::State) band.name = track.name.valid() ? std::string(m_trace.text(track.name)) : "thread " + band.side;
        if (track.kind == TrackKind::Thread || track.kind == TrackKind::State) nameThread(band, track);
        return band;
    }

    // PyTorch writes "thread 2919752 (pt_autograd_0)": people look for "autograd 0", the rest is what the raw id says anyway.
    void nameThread(Band& band, const Track& track) const
    {
        const std::string prefix = "thread " + band.side;
        std::string inner;
        if (!band.side.empty() && band.name.starts_with(prefix)) {
            inner = band.name.substr(prefix.size());
            if (inner.starts_with(" (") && inner.ends_with(')')) inner = inner.substr(2, inner.size() - 3);
            else if (!inner.empty()) return;
        } else {
            inner = band.name;
        }
        const TrackKey& pid = m_trace.process(track.process).pid;
        if (inner == "pt_main_thread" || (pid.kind == TrackKey::Kind::Number && pid == track.tid)) band.name = "main thread";
        else if (inner.starts_with("pt_autograd_")) band.name = "autograd " + inner.substr(12);
        else if (!inner.empty()) band.name = inner;
        if (inner != band.name) band.note = inner;
    }

    void addWhole(TrackId id, const Track& track)
    {
        Band band = makeBand(id, track, kindOf(track));
        if (track.kind != TrackKind::State) band.full = m_only ? addNested(track) : addAsTheyLie(track);
        band.folded = {band.full.first, std::min(band.full.count, TimelineModel::kFoldedLanes)};
        // folding away one or two rows would cost more attention than it saves room
        if (band.full.count <= band.folded.count + 2) band.folded = band.full;
        if (band.kind == BandKind::Stream) describeStream(band, track);
        m_model.bands.push_back(std::move(band));
    }

    LaneSpan addAsTheyLie(const Track& track)
    {
        const LaneSpan span{static_cast<std::uint32_t>(m_model.lanes.size()), track.laneCount};
        for (std::uint16_t row = 0; row < track.laneCount; ++row) {
            const LaneIndex::Lane& lane = m_trace.lanes().lane(track, row);
            m_model.lanes.push_back({LanePyramid(m_trace.slices(), m_trace.lanes().rows(lane)), false});
        }
        return span;
    }

    LaneSpan addNested(const Track& track)
    {
        PartRows part;
        PartNesting nesting;
        const SliceTable& slices = m_trace.slices();
        forEachSlice(track, [&](SliceId s) {
            const std::size_t stack = track.spillBases.empty() ? 0 : stackOf(track, slices.lane(s));
            const PartNesting::Spot spot = nesting.place(slices.start(s), slices.end(s), stack);
            part.add(spot.stack, spot.depth, s.value);
        });
        return addLanes(std::move(part), false);
    }

    static BandKind kindOf(const Track& track)
    {
        switch (track.kind) {
        case TrackKind::Stream: return BandKind::Stream;
        case TrackKind::Async: return BandKind::Async;
        case TrackKind::Counter: return BandKind::Counter;
        case TrackKind::NodeOrder: return BandKind::NodeOrder;
        case TrackKind::State:
        case TrackKind::Cpu:
        case TrackKind::Thread: break;
        }
        return BandKind::Thread;
    }

    // "compute", "communication" or "memory", by a sample: more useful than the raw id that its name repeats.
    void describeStream(Band& band, const Track& track) const
    {
        std::array<std::uint32_t, 3> votes{};
        const std::uint32_t step = std::max(1u, track.sliceCount / 512);
        for (std::uint32_t i = 0; i < track.sliceCount; i += step) {
            const SliceId s(track.firstSlice + i);
            const CategoryClass kind = m_trace.kindOf(s);
            const bool nccl = m_trace.name(s).starts_with("nccl") || kind == CategoryClass::Collective;
            if (kind == CategoryClass::Kernel || nccl) ++votes[nccl ? 1 : 0];
            else if (kind == CategoryClass::Memcpy || kind == CategoryClass::Memset) ++votes[2];
        }
        constexpr std::array<const char*, 3> kUse{"compute", "collectives", "memory"};
        const auto most = std::max_element(votes.begin(), votes.end());
        if (*most) band.side = kUse[static_cast<std::size_t>(most - votes.begin())];
    }

    void addSplit(TrackId id, const Track& track)
    {
        std::array<PartRows, kParts> parts;
        std::array<PartNesting, kParts> nestings;
        const SliceTable& slices = m_trace.slices();
        const auto put = [&](Part part, std::size_t stack, SliceId s) {
            const PartNesting::Spot spot = nestings[part].place(slices.start(s), slices.end(s), stack);
            parts[part].add(spot.stack, spot.depth, s.value);
        };
        forEachSlice(track, [&](SliceId s) {
            const std::size_t stack = track.spillBases.empty() ? 0 : stackOf(track, slices.lane(s));
            const CategoryClass kind = m_trace.kindOf(s);
            if (isAnnotation(kind)) put(kAnnotations, stack, s);
            else if (kind != CategoryClass::PythonFunction) put(kOperators, stack, s);
            else {
                put(kFrames, stack, s);
                if (isModuleFrame(m_trace.name(s))) put(kModules, stack, s);
            }
        });
        std::array<LaneSpan, kParts> spans;
        for (std::size_t part = 0; part < kParts; ++part)
            spans[part] = addLanes(std::move(parts[part]), part == kModules || part == kFrames);
        const bool onlyOperators = m_only && spans[kOperators].count && !spans[kAnnotations].count && !spans[kFrames].count;
        if (!onlyOperators) m_model.bands.push_back(pythonBand(id, track, spans));
        if (spans[kOperators].count) m_model.bands.push_back(operatorBand(id, track, spans[kOperators]));
    }

    Band pythonBand(TrackId id, const Track& track, const std::array<LaneSpan, kParts>& spans) const
    {
        Band band = makeBand(id, track, BandKind::Python);
        band.note = band.name;
        band.name = "Python"; // the other half says more about the thread
        band.side = m_trace.keyText(track.tid);
        band.common = spans[kAnnotations];
        band.full = spans[kFrames];
        band.modulesOnly = spans[kModules].count > 0;
        band.folded = band.modulesOnly ? spans[kModules] : spans[kFrames];
        constexpr std::uint32_t kFramesShown = 4;
        if (!band.modulesOnly && band.full.count > kFramesShown + 2) band.folded.count = kFramesShown;
        return band;
    }

    Band operatorBand(TrackId id, const Track& track, LaneSpan lanes) const
    {
        Band band = makeBand(id, track, BandKind::Operators);
        band.note = band.name;
        band.name = "operators";
        band.full = band.folded = lanes;
        if (lanes.count > TimelineModel::kFoldedLanes + 2) band.folded.count = TimelineModel::kFoldedLanes;
        return band;
    }

    LaneSpan addLanes(PartRows part, bool python)
    {
        const LaneSpan span{static_cast<std::uint32_t>(m_model.lanes.size()), 0};
        for (auto& stack : part.stacks)
            for (auto& rows : stack) {
                m_model.m_ownRows.push_back(std::move(rows)); // a moved vector keeps its rows where they are
                m_model.lanes.push_back({LanePyramid(m_trace.slices(), m_model.m_ownRows.back()), python});
            }
        return {span.first, static_cast<std::uint32_t>(m_model.lanes.size()) - span.first};
    }

    void nameGroups()
    {
        const auto devices = deviceNames();
        for (BandGroup& group : m_model.groups) {
            const Process& process = m_trace.process(group.process);
            group.name = m_trace.processName(group.process);
            group.quiet = m_model.groups.size() > 1 && onlyMarks(group);
            if (const std::size_t comma = group.name.find(", "); comma != std::string::npos) {
                group.note = group.name.substr(comma + 2);
                group.name.resize(comma);
            }
            const auto number = static_cast<std::size_t>(process.pid.number);
            if (process.side == Side::Device && process.pid.kind == TrackKey::Kind::Number && process.pid.number >= 0
                && number < devices.size() && !devices[number].empty())
                group.note = devices[number];
        }
    }

    // "Spans", "Traces" and the end of the recording: there for whoever asks, in nobody's way.
    bool onlyMarks(const BandGroup& group) const
    {
        constexpr std::uint32_t kFew = 4;
        for (std::uint32_t i = group.firstBand; i < group.firstBand + group.bandCount; ++i) {
            const Track& track = m_trace.track(m_model.bands[i].track);
            if (track.seriesCount || track.sliceCount > kFew || track.instantCount > kFew) return false;
            for (std::uint32_t s = track.firstSlice; s < track.firstSlice + track.sliceCount; ++s)
                if (m_trace.kindOf(SliceId(s)) != CategoryClass::Span) return false;
        }
        return true;
    }

    // Names by number from "deviceProperties": [{"id": 0, "name": "NVIDIA H100 80GB HBM3", ...}, ...]
    std::vector<std::string> deviceNames() const
    {
        std::vector<std::string> names;
        for (const TopLevelEntry& entry : m_trace.topLevel()) {
            if (entry.key != "deviceProperties") continue;
            const auto list = nlohmann::json::parse(entry.json, nullptr, false);
            if (!list.is_array()) continue;
            for (const auto& device : list) {
                if (!device.is_object() || !device.contains("id") || !device["id"].is_number_unsigned()) continue;
                if (!device.contains("name") || !device["name"].is_string()) continue;
                const auto number = device["id"].get<std::size_t>();
                if (number >= 1024) continue;
                if (number >= names.size()) names.resize(number + 1);
                names[number] = withoutControls(device["name"].get<std::string>());
            }
        }
        return names;
    }

    TimelineModel& m_model;
    const Trace& m_trace;
    const JobControl& m_job;
    const SliceSet* m_only = nullptr;
};

TimelineModelPtr TimelineModel::build(TracePtr trace, const JobControl& job)
{
    auto model = std::make_shared<TimelineModel>();
    model->trace = std::move(trace);
    return TimelineModelBuilder(*model, job).run() ? model : nullptr;
}

TimelineModelPtr TimelineModel::matching(const TimelineModel& full, MatchesPtr only, const JobControl& job)
{
    auto model = std::make_shared<TimelineModel>();
    model->trace = full.trace;
    model->only = std::move(only);
    model->overview.steps = full.overview.steps;
    return TimelineModelBuilder(*model, job).run() ? model : nullptr;
}

std::vector<std::uint32_t> TimelineModel::bandsOf(TrackId track) const
{
    std::vector<std::uint32_t> found;
    for (std::uint32_t i = 0; i < bands.size(); ++i)
        if (bands[i].track == track || bands[i].stateTrack == track) found.push_back(i);
    return found;
}

TimelineModel::Place TimelineModel::placeOf(SliceId slice) const
{
    const SliceTable& slices = trace->slices();
    for (const std::uint32_t i : bandsOf(trace->trackOf(slice))) {
        const Band& band = bands[i];
        const auto search = [&](LaneSpan span) {
            for (std::uint32_t lane = span.first; lane < span.first + span.count; ++lane) {
                const LanePyramid& pyramid = lanes[lane].pyramid;
                if (pyramid.positionOf(slices, slice) < pyramid.size()) return lane;
            }
            return Place::kNowhere;
        };
        if (const std::uint32_t lane = search(band.states); lane != Place::kNowhere) return {i, lane, false};
        if (const std::uint32_t lane = search(band.common); lane != Place::kNowhere) return {i, lane, false};
        if (const std::uint32_t lane = search(band.folded); lane != Place::kNowhere) return {i, lane, false};
        if (!band.foldable()) continue;
        if (const std::uint32_t lane = search(band.full); lane != Place::kNowhere) return {i, lane, true};
    }
    return {};
}

} // namespace opscope
