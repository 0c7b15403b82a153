#include "core/base/Parallel.h"
#include "core/link/GroupByKey.h"
#include "core/link/IdIndex.h"
#include "core/link/LinkBuilder.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <optional>

// Device op -> call -> operator (linking.md 2).
namespace opscope {

namespace {

constexpr std::size_t kChunk = 32 * 1024;        ///< device ops of one task
constexpr double kRepeatsCorrelation = 0.9;      ///< share from which on External ids are correlations in disguise

/// Calls that put work on a device, by name. Only for counting what they should have launched: links never look at names
/// (except between calls that share a correlation).
bool namesLaunch(std::string_view name)
{
    if (name.find("Graph") != std::string_view::npos) return name.find("GraphLaunch") != std::string_view::npos;
    if (name.find("HostFunc") != std::string_view::npos) return false;
    for (const std::string_view part : {"Launch", "Memcpy", "Memset", "memcpy", "memset", "runFunction"})
        if (name.find(part) != std::string_view::npos) return true;
    return false;
}

/// namesLaunch(), looked up once a text.
class LaunchNames
{
public:
    explicit LaunchNames(const Trace& trace) : m_trace(trace) {}
    bool launches(StringId name)
    {
        if (!name) return false;
        if (m_known.empty()) m_known.resize(m_trace.strings().size());
        std::uint8_t& known = m_known[name.index()];
        if (!known) known = namesLaunch(m_trace.text(name)) ? 2 : 1;
        return known == 2;
    }

private:
    const Trace& m_trace;
    std::vector<std::uint8_t> m_known; ///< by text: 1 no launch, 2 launch
};

std::uint64_t idOf(std::int64_t arg) { return arg == BlockColumn::kNone ? 0 : static_cast<std::uint64_t>(arg); }

} // namespace

/// The calls of one source by correlation.
struct LinkBuilder::CallIndex
{
    CallIndex(const LinkBuilder& builder, SourceId source);
    const Call* ofDeviceOp(SliceId op, bool& isGuess) const;

    const LinkBuilder& builder;
    const RawVector<Call>& calls;
    IdIndex byCorrelation;
    std::vector<std::pair<SliceId, std::uint32_t>> byFlow;
    mutable std::vector<std::uint8_t> linked;    ///< by call: a device op was found; written atomically
    std::vector<std::uint8_t> launches;          ///< by call, of those with a correlation that others have, too: by its name
    std::vector<std::uint64_t> repeated;         ///< offsets of calls whose correlation another one has, too
    Nanos firstCall = 0;
};

LinkBuilder::CallIndex::CallIndex(const LinkBuilder& b, SourceId source)
    : builder(b), calls(b.m_sources[source.index()].calls), byCorrelation(IdIndex::over([this](auto&& take) {
          for (std::uint32_t i = 0; i < calls.size(); ++i) take(calls[i].correlation, i);
      })), linked(calls.size(), 0)
{
    const SliceTable& slices = b.m_trace.m_slices;
    LaunchNames names(b.m_trace);
    byCorrelation.forEachRepeated([&](std::span<std::uint32_t> rows) {
        if (launches.empty()) launches.resize(calls.size());
        for (const std::uint32_t row : rows) {
            launches[row] = names.launches(slices.name(calls[row].slice));
            repeated.push_back(slices.sourceOffset(calls[row].slice));
        }
        // Launches first, each part by start: the latest in front of a device op is found by halving.
        sortShort(rows.begin(), rows.end(), [&](std::uint32_t x, std::uint32_t y) {
            return std::pair(!launches[x], slices.start(calls[x].slice)) < std::pair(!launches[y], slices.start(calls[y].slice));
        });
    });
    for (std::size_t i = 0; i < calls.size(); ++i)
        if (i == 0 || slices.start(calls[i].slice) < firstCall) firstCall = slices.start(calls[i].slice);
    if (!b.m_sources[source.index()].correlated) byFlow = b.launchFlows(source);
}

const LinkBuilder::Call* LinkBuilder::CallIndex::ofDeviceOp(SliceId op, bool& isGuess) const
{
    const std::uint64_t correlation = idOf(builder.arg(op, ArgField::Correlation));
    if (!correlation) {
        const auto it = std::ranges::lower_bound(byFlow, op, {}, &std::pair<SliceId, std::uint32_t>::first);
        return it != byFlow.end() && it->first == op ? &calls[it->second] : nullptr;
    }
    const auto rows = byCorrelation.find(correlation);
    if (rows.empty()) return nullptr;
    if (rows.size() == 1) return &calls[rows.front()];
    const SliceTable& slices = builder.m_trace.m_slices;
    const auto others = std::partition_point(rows.begin(), rows.end(), [&](std::uint32_t row) { return launches[row] != 0; });
    const auto begin = others != rows.begin() ? rows.begin() : others, end = others != rows.begin() ? others : rows.end();
    const auto behind = std::partition_point(begin, end, [&](std::uint32_t row) { return slices.start(calls[row].slice) <= slices.start(op); });
    isGuess = end - begin > 1;
    return &calls[behind == begin ? *begin : *std::prev(behind)];
}

/// Calls take(id, row) for operators and annotations with an External id.
template <class Take>
void LinkBuilder::eachOperatorId(const SourceRows& source, Take&& take) const
{
    const BlockColumn& ids = m_trace.m_slices.column(ArgField::ExternalId);
    for (const TrackId id : source.tracks) {
        const Track& track = m_trace.track(id);
        for (std::uint32_t row = track.firstSlice; m_hasOperators[id.index()] && row < track.firstSlice + track.sliceCount; ++row)
            if (isOperator(SliceId(row))) take(idOf(ids[row]), row);
    }
}

/// Who a device op works for, by External id.
struct LinkBuilder::Owners
{
    Owners(const LinkBuilder& builder, const SourceRows& source) : byId(IdIndex::over([&](auto&& take) {
        if (source.externalIdsUsable) builder.eachOperatorId(source, take);
    }))
    {
        const SliceTable& slices = builder.m_trace.m_slices;
        byId.forEachRepeated([&](std::span<std::uint32_t> same) {
            sortShort(same.begin(), same.end(), [&](std::uint32_t a, std::uint32_t b) { return slices.start(SliceId(a)) < slices.start(SliceId(b)); });
        });
    }
    /// The operator with that id; of several the last that had begun by then.
    SliceId find(const SliceTable& slices, std::uint64_t id, Nanos time) const
    {
        const auto same = byId.find(id);
        if (same.empty()) return {};
        const auto behind = std::partition_point(same.begin(), same.end(), [&](std::uint32_t r) { return slices.start(SliceId(r)) <= time; });
        return SliceId(behind == same.begin() ? same.front() : *std::prev(behind));
    }

    IdIndex byId; ///< of slices
};

/// What one task found.
struct LinkBuilder::LaunchChunk
{
    const SourceRows* source = nullptr;
    std::span<const SliceId> ops;
    std::vector<Link> links = {};
    ReportRow toCall = {}, toOp = {};
    Diagnostics defects = {};
    Finding before{"launched-before-recording", "device span was launched before the recording began", "device spans were launched before the recording began"};
    Finding lostCall{"call-missing", "device span has a correlation that no call carries", "device spans have correlations that no call carries"};
    Finding noCorrelation{"no-correlation", "device span without correlation: work of the hardware itself",
                          "device spans without correlation: work of the hardware itself"};
    Finding early{"starts-before-launch", "device span starts before its launch: the clocks differ",
                  "device spans start before their launch: the clocks differ", false};
    Finding repeated{"repeated-correlation", "device span has several calls with its correlation: the latest launch in front of it is taken",
                     "device spans have several calls with their correlation: the latest launch in front of them is taken", false};
    Finding noCall{"no-call", "device span has no call to ask", "device spans have no call to ask"};
    Finding foreignLane{"foreign-lane", "device span was launched on a thread without operators: none is guessed",
                        "device spans were launched on threads without operators: none is guessed"};
    Finding outside{"outside-operators", "device span was launched outside of all operators", "device spans were launched outside of all operators"};
    Finding twoOwners{"two-owners", "device span has two answers: both owners are kept", "device spans have two answers: both owners are kept", false};
    Finding idIsCorrelation{"external-id-is-correlation", "External id repeats the correlation: not used",
                            "External ids repeat the correlation: not used", false};
};

/// Old files write the correlation once more as "External id"; part of it collides with real ids of operators (linking.md 2.4).
void LinkBuilder::learnExternalIds(SourceRows& rows)
{
    struct Counts
    {
        std::uint64_t correlated = 0, withId = 0, equal = 0;
    };
    std::vector<Counts> counts((rows.deviceOps.size() + kChunk - 1) / kChunk);
    parallelFor(counts.size(), m_threads, [&](std::size_t c) {
        for (std::size_t i = c * kChunk; i < std::min((c + 1) * kChunk, rows.deviceOps.size()); ++i) {
            const std::uint64_t correlation = idOf(arg(rows.deviceOps[i], ArgField::Correlation));
            const std::uint64_t external = idOf(arg(rows.deviceOps[i], ArgField::ExternalId));
            counts[c].correlated += correlation != 0;
            counts[c].withId += external != 0;
            counts[c].equal += external != 0 && external == correlation;
        }
    });
    Counts all;
    for (const Counts& c : counts) {
        all.correlated += c.correlated;
        all.withId += c.withId;
        all.equal += c.equal;
    }
    rows.correlated = all.correlated != 0;
    rows.externalIdsRepeat = all.withId && static_cast<double>(all.equal) >= kRepeatsCorrelation * static_cast<double>(all.withId);
    rows.externalIdsUsable = all.withId && !rows.externalIdsRepeat;
}

void LinkBuilder::linkDeviceOps()
{
    for (std::size_t s = 0; s < m_sources.size(); ++s)
        if (!m_sources[s].deviceOps.empty() || !m_sources[s].calls.empty()) linkDeviceOps(SourceId(s));
}

void LinkBuilder::linkDeviceOps(SourceId source)
{
    const SourceRows& rows = m_sources[source.index()];
    std::optional<CallIndex> callIndex;
    std::optional<Owners> ownerIndex;
    parallelFor(2, m_threads, [&](std::size_t part) { part == 0 ? (void)callIndex.emplace(*this, source) : (void)ownerIndex.emplace(*this, rows); });
    const CallIndex& calls = *callIndex;
    const Owners& owners = *ownerIndex;
    std::vector<LaunchChunk> chunks;
    for (std::size_t i = 0; i < rows.deviceOps.size(); i += kChunk)
        chunks.push_back({&rows, std::span(rows.deviceOps).subspan(i, std::min(kChunk, rows.deviceOps.size() - i))});
    parallelFor(chunks.size(), m_threads, [&](std::size_t i) { linkChunk(chunks[i], calls, owners); });

    std::size_t count = m_links.size();
    for (const LaunchChunk& chunk : chunks) count += chunk.links.size();
    m_links.reserve(count);
    row("device_to_call", "Device span to call");
    row("device_to_op", "Device span to operator");
    for (LaunchChunk& chunk : chunks) {
        m_links.insert(m_links.end(), chunk.links.begin(), chunk.links.end());
        ReportRow& toCall = row("device_to_call", {});
        toCall.add(chunk.toCall);
        for (Finding* f : {&chunk.before, &chunk.lostCall, &chunk.noCorrelation, &chunk.early, &chunk.repeated}) report(toCall, std::move(*f));
        ReportRow& toOp = row("device_to_op", {});
        toOp.add(chunk.toOp);
        for (Finding* f : {&chunk.twoOwners, &chunk.noCall, &chunk.foreignLane, &chunk.outside, &chunk.idIsCorrelation}) report(toOp, std::move(*f));
        defects(source).merge(chunk.defects, source.value);
        chunk = {};
    }
    reportCalls(source, calls);
    noteRepeats(source, calls);
}

/// Problems of the file that the report alone would not tell.
void LinkBuilder::noteRepeats(SourceId source, const CallIndex& calls)
{
    const SliceTable& slices = m_trace.m_slices;
    const SourceRows& rows = m_sources[source.index()];
    const auto repeats = [&](SliceId s) {
        const std::uint64_t external = idOf(arg(s, ArgField::ExternalId));
        return external && external == idOf(arg(s, ArgField::Correlation));
    };
    if (rows.externalIdsRepeat)
        for (const SliceId op : rows.deviceOps)
            if (repeats(op)) defects(source).note(Defect::ExternalIdNotUsed, slices.sourceOffset(op), "device span");
    if (rows.externalIdsUsable)
        for (const Call& call : rows.calls)
            if (repeats(call.slice)) defects(source).note(Defect::ExternalIdNotUsed, slices.sourceOffset(call.slice), "call");
    std::vector<std::uint64_t> offsets = calls.repeated;
    std::sort(offsets.begin(), offsets.end());
    for (const std::uint64_t offset : offsets) defects(source).note(Defect::RepeatedCorrelation, offset);
}

void LinkBuilder::linkChunk(LaunchChunk& chunk, const CallIndex& calls, const Owners& owners) const
{
    chunk.links.reserve(2 * chunk.ops.size());
    for (const SliceId op : chunk.ops) linkDeviceOp(op, chunk, calls, owners);
}

void LinkBuilder::linkDeviceOp(SliceId op, LaunchChunk& chunk, const CallIndex& calls, const Owners& owners) const
{
    const SliceTable& slices = m_trace.m_slices;
    const std::uint64_t correlation = idOf(arg(op, ArgField::Correlation));
    std::uint64_t external = idOf(arg(op, ArgField::ExternalId));
    if (static_cast<std::int64_t>(correlation) < 0 || static_cast<std::int64_t>(external) < 0) chunk.defects.note(Defect::WideId, slices.sourceOffset(op));

    bool isGuess = false;
    const Call* call = calls.ofDeviceOp(op, isGuess);
    if (call) {
        std::atomic_ref(calls.linked[static_cast<std::size_t>(call - calls.calls.data())]).store(1, std::memory_order_relaxed);
        const LinkMethod method = correlation ? LinkMethod::Correlation : LinkMethod::FlowEvent;
        const LinkConfidence confidence = isGuess ? LinkConfidence::Inferred : LinkConfidence::Exact;
        chunk.links.push_back({call->slice, op, LinkKind::Launch, method, confidence});
        chunk.toCall.matched(method, confidence);
        if (isGuess) chunk.repeated.add(op);
        if (slices.start(op) < slices.start(call->slice)) {
            chunk.early.add(op);
            chunk.defects.note(Defect::StartsBeforeLaunch, slices.sourceOffset(op));
        }
    } else if (!correlation) {
        chunk.noCorrelation.add(op);
    } else {
        const bool before = slices.start(op) < calls.firstCall || correlation < calls.byCorrelation.smallest();
        (before ? chunk.before : chunk.lostCall).add(op);
    }

    // Both answers, by id and by time (linking.md 2.5).
    std::uint64_t itsCorrelation = correlation;
    if (!external && call) {
        external = idOf(arg(call->slice, ArgField::ExternalId));
        itsCorrelation = call->correlation;
    }
    SliceId byId = chunk.source->externalIdsUsable && external ? owners.find(slices, external, slices.start(call ? call->slice : op)) : SliceId();
    if (external && external == itsCorrelation && (!byId || !call || !encloses(byId, call->slice))) {
        chunk.idIsCorrelation.add(op);
        byId = {};
    }
    const SliceId byTime = call ? call->op : SliceId();
    if (byId) {
        chunk.links.push_back({byId, op, LinkKind::Operator, LinkMethod::ExternalId, LinkConfidence::Exact});
        const bool differs = byTime && byTime != byId;
        if (differs) {
            chunk.links.push_back({byTime, op, LinkKind::Operator, LinkMethod::Nesting, LinkConfidence::Ambiguous});
            chunk.twoOwners.add(op);
        }
        chunk.toOp.matched(LinkMethod::ExternalId, differs ? LinkConfidence::Ambiguous : LinkConfidence::Exact);
    } else if (byTime) {
        chunk.links.push_back({byTime, op, LinkKind::Operator, LinkMethod::Nesting, LinkConfidence::Inferred});
        chunk.toOp.matched(LinkMethod::Nesting, LinkConfidence::Inferred);
    } else if (!call) {
        chunk.noCall.add(op);
    } else {
        (m_hasOperators[m_trace.trackOf(call->slice).index()] ? chunk.outside : chunk.foreignLane).add(op);
    }
}

/// Calls that should have launched something, or did.
void LinkBuilder::reportCalls(SourceId source, const CallIndex& calls)
{
    const SliceTable& slices = m_trace.m_slices;
    const SourceRows& rows = m_sources[source.index()];
    Finding missing{"device-record-missing", "launching call has no device record", "launching calls have no device record"};
    Finding after{"device-after-recording", "launching call whose work ran behind the recording, or on no device",
                  "launching calls whose work ran behind the recording, or on no device"};
    Nanos lastStart = std::numeric_limits<Nanos>::min();
    for (const SliceId op : rows.deviceOps) lastStart = std::max(lastStart, slices.start(op));
    LaunchNames names(m_trace);
    ReportRow& out = row("call_to_device", "Launching call to device span");
    for (std::size_t i = 0; i < calls.calls.size(); ++i) {
        const SliceId call = calls.calls[i].slice;
        if (static_cast<std::int64_t>(calls.calls[i].correlation) < 0) defects(source).note(Defect::WideId, slices.sourceOffset(call));
        if (calls.linked[i]) {
            out.matched(rows.correlated ? LinkMethod::Correlation : LinkMethod::FlowEvent, LinkConfidence::Exact);
            continue;
        }
        if (names.launches(slices.name(call))) (slices.start(call) > lastStart ? after : missing).add(call);
    }
    report(out, std::move(missing));
    report(out, std::move(after));
}

/// linking.md 2, "Flow events": only the start on a call and the end on a device count; every other end is dropped.
std::vector<std::pair<SliceId, std::uint32_t>> LinkBuilder::launchFlows(SourceId source) const
{
    const RawVector<Call>& calls = m_sources[source.index()].calls;
    const auto points = std::ranges::equal_range(m_trace.m_flows.points(), source, {}, [&](const FlowPoint& p) { return sourceOf(m_trace.track(p.track)); });
    std::vector<std::pair<SliceId, std::uint32_t>> found;
    std::uint32_t call = UINT32_MAX; // of the flow at hand
    std::uint32_t nearStart = 0, nearEnd = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
        const FlowPoint& p = points[i];
        if (i == 0 || p.id != points[i - 1].id || p.idKind != points[i - 1].idKind || p.category != points[i - 1].category) call = UINT32_MAX;
        if (!isLaunchFlow(p.category)) continue;
        const auto [first, last] = startingAt(p.track, p.time, p.phase == 's' ? nearStart : nearEnd);
        for (std::uint32_t r = last; r-- > first;) {
            const CategoryClass c = kind(SliceId(r));
            if (p.phase == 's' && (c == CategoryClass::Runtime || c == CategoryClass::Driver)) {
                const auto it = std::ranges::lower_bound(calls, SliceId(r), {}, &Call::slice);
                if (it != calls.end() && it->slice == SliceId(r)) call = static_cast<std::uint32_t>(it - calls.begin());
                break;
            }
            if (p.phase == 'f' && call != UINT32_MAX && (c == CategoryClass::Kernel || c == CategoryClass::Memcpy || c == CategoryClass::Memset)) {
                found.emplace_back(SliceId(r), call);
                break;
            }
        }
    }
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first == b.first; }), found.end());
    return found;
}

} // namespace opscope
