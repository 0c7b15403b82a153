#include "core/base/Path.h"
#include "core/link/LinkBuilder.h"

#include "core/base/Time.h"
#include "core/link/NodeMatch.h"

#include <algorithm>

// Nodes of execution traces -> events (linking.md 4): which file goes with which, by which method, and why the rest is left over.
namespace opscope {

namespace {

constexpr std::size_t kStrangers = 8; // timed traces of other processes that one execution trace is held against

/// How much two names have in common: letters at the front, case aside.
std::size_t commonStart(std::string_view a, std::string_view b)
{
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return static_cast<std::size_t>(
        std::mismatch(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); }).first - a.begin());
}

/// The host side of one timed trace.
struct Timeline
{
    SourceId source;
    std::vector<TrackId> tracks;           ///< with operators
    std::vector<std::int64_t> pids;        ///< of these tracks
    bool hasIds = false, allIdsZero = true;
    std::vector<TrackId> tracksOf(const Trace& trace, std::int64_t pid) const
    {
        std::vector<TrackId> own;
        for (const TrackId id : tracks)
            if (trace.process(trace.track(id).process).pid.number == pid) own.push_back(id);
        return own;
    }
};

void lookAtTrack(const Trace& trace, TrackId id, Timeline& timeline)
{
    const Track& track = trace.track(id);
    const BlockColumn& ids = trace.slices().column(ArgField::RecordFunctionId);
    bool operators = false;
    for (std::uint32_t s = track.firstSlice; s < track.firstSlice + track.sliceCount && (!operators || timeline.allIdsZero); ++s) {
        if (!takesPart(trace, SliceId(s))) continue;
        operators = true;
        if (const std::int64_t rf = ids[s]; rf != BlockColumn::kNone) {
            timeline.hasIds = true;
            timeline.allIdsZero = timeline.allIdsZero && rf == 0;
        }
    }
    if (!operators) return;
    timeline.tracks.push_back(id);
    const TrackKey& pid = trace.process(track.process).pid;
    if (pid.kind == TrackKey::Kind::Number && std::ranges::find(timeline.pids, pid.number) == timeline.pids.end())
        timeline.pids.push_back(pid.number);
}

std::vector<Timeline> timelines(const Trace& trace)
{
    std::vector<Timeline> all;
    for (std::uint32_t t = 0; t < trace.tracks().size(); ++t) {
        const Track& track = trace.tracks()[t];
        if (track.kind != TrackKind::Thread || !track.sliceCount) continue;
        const SourceId source = trace.process(track.process).source;
        auto it = std::ranges::find(all, source, &Timeline::source);
        if (it == all.end()) {
            all.emplace_back().source = source;
            it = std::prev(all.end());
        }
        lookAtTrack(trace, TrackId(t), *it);
    }
    std::erase_if(all, [](const Timeline& t) { return t.tracks.empty(); });
    return all;
}

/// An execution trace and what it was held against.
struct Attempt
{
    const EtFile* file = nullptr;
    const Timeline* timeline = nullptr;
    bool samePid = false;
    NodeMatch match;
    RunRelation relation = RunRelation::Unrelated;
    std::string refused;                   ///< what each method found, when none passed
};

RunRelation relationOf(const NodeMatch& match, bool samePid)
{
    if (!match.passed) return RunRelation::Unrelated;
    if (!samePid) return RunRelation::OtherProcess;
    const bool byId = match.method == LinkMethod::RecordFunctionId || match.method == LinkMethod::ExternalIdAsRf;
    return byId || match.difference == 0 ? RunRelation::SameRun : RunRelation::OtherIteration;
}

/// The first method whose check passes (4.1). Method C in front of a match by order that is not of this very run: it is surer.
Attempt attempt(const Trace& trace, const EtFile& file, const Timeline& timeline, const JobControl& job)
{
    Attempt a{&file, &timeline, file.pid && std::ranges::find(timeline.pids, *file.pid) != timeline.pids.end(), {}, {}, {}};
    const std::vector<TrackId> own = a.samePid ? timeline.tracksOf(trace, *file.pid) : timeline.tracks;
    const NodeMatchInput input{trace, file, own, a.samePid};
    const auto refuse = [&](const NodeMatch& match) { a.refused += (a.refused.empty() ? "" : "; ") + match.finding; };
    if (timeline.hasIds && !timeline.allIdsZero) {
        a.match = matchById(input, ArgField::RecordFunctionId);
        if (!a.match.passed) refuse(a.match);
    }
    if (!a.match.passed) {
        a.match = matchByOrder(input, job);
        if (!a.match.passed) refuse(a.match);
        if (!a.match.passed || a.match.difference != 0) {
            NodeMatch byExternalId = matchById(input, ArgField::ExternalId);
            if (byExternalId.passed) a.match = std::move(byExternalId);
            else if (!a.match.passed) refuse(byExternalId);
        }
    }
    a.relation = relationOf(a.match, a.samePid);
    return a;
}

/// Likely ones first: the same process, the same rank, a name alike.
std::vector<const Timeline*> likelyOrder(const Trace& trace, const EtFile& file, const std::vector<Timeline>& all)
{
    struct Key
    {
        bool otherPid, otherRank;
        std::ptrdiff_t unlike;
        std::size_t row;
        auto operator<=>(const Key&) const = default;
    };
    const SourceFile& own = trace.sources()[file.source.index()];
    std::vector<std::pair<Key, const Timeline*>> keyed;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const SourceFile& other = trace.sources()[all[i].source.index()];
        const bool samePid = file.pid && std::ranges::find(all[i].pids, *file.pid) != all[i].pids.end();
        keyed.push_back({{!samePid, !own.rank || own.rank != other.rank,
                          -static_cast<std::ptrdiff_t>(commonStart(fileName(own.path), fileName(other.path))), i}, &all[i]});
    }
    std::ranges::sort(keyed, {}, &std::pair<Key, const Timeline*>::first);
    std::vector<const Timeline*> order;
    for (const auto& [key, timeline] : keyed) order.push_back(timeline);
    return order;
}

/// The best of them; when none passes, the likeliest, with its reasons.
Attempt bestAttempt(const Trace& trace, const EtFile& file, const std::vector<Timeline>& all, const JobControl& job)
{
    Attempt best;
    std::size_t strangers = 0;
    for (const Timeline* timeline : likelyOrder(trace, file, all)) {
        const bool samePid = file.pid && std::ranges::find(timeline->pids, *file.pid) != timeline->pids.end();
        if (!samePid && (best.match.passed || ++strangers > kStrangers)) break;
        Attempt a = attempt(trace, file, *timeline, job);
        if (!best.file || (a.match.passed && (!best.match.passed || a.relation < best.relation))) best = std::move(a);
        if (best.relation == RunRelation::SameRun || job.cancelled()) break;
    }
    return best;
}

std::string sentenceOf(const Trace& trace, const Attempt& a)
{
    std::string pids;
    if (!a.file->pid) pids = "The execution trace names no process";
    else if (a.samePid) pids = "Process " + std::to_string(*a.file->pid) + " in both";
    else if (a.timeline->pids.size() == 1)
        pids = "Process numbers differ (" + std::to_string(*a.file->pid) + " and " + std::to_string(a.timeline->pids.front()) + ")";
    else pids = "Process " + std::to_string(*a.file->pid) + " is not in the timeline";
    if (!a.match.passed) return pids + ", and nothing fits: " + a.refused + ". Nothing is linked.";
    std::string sentence = pids + ", " + a.match.finding + ".";
    const auto& own = trace.sources()[a.file->source.index()];
    const auto& other = trace.sources()[a.timeline->source.index()];
    switch (a.relation) {
    case RunRelation::SameRun: break;
    case RunRelation::OtherIteration:
        sentence += a.match.difference ? " Another iteration of the same run: times are examples."
                                       : " It may be another iteration of the run: times are examples.";
        break;
    case RunRelation::OtherProcess:
        sentence += own.rank && other.rank && own.rank != other.rank
                        ? " Another rank of the program: times are examples, tensor ids and captured data are not those of this timeline."
                        : " The same program ran twice: times are examples, tensor ids and captured data are not those of this timeline.";
        break;
    case RunRelation::Unrelated: break;
    }
    if (a.match.confidence == LinkConfidence::Ambiguous) sentence += " The first place that fits was taken.";
    return sentence;
}

} // namespace

/// Why each node of a file is without an event, counted.
struct LinkBuilder::NodeReasons
{
    Finding processes{"process-node", "process node stands for no event", "process nodes stand for no event"};
    Finding threads{"thread-node", "thread node stands for no event", "thread nodes stand for no event"};
    Finding unfinished{"unfinished-scope", "scope never ended and was made while reading", "scopes never ended and were made while reading"};
    Finding noId{"no-record-function", "node has no record function id", "nodes have no record function id"};
    Finding outside{"outside-recording", "node was begun before or behind the timeline's recording", "nodes were begun before or behind the timeline's recording"};
    Finding edge{"open-at-edge", "node has no event: its scope was open when a recording began or ended", "nodes have no event: their scopes were open when a recording began or ended"};
    Finding names{"name-differs", "node meets an event of another name", "nodes meet events of other names"};
    Finding taken{"event-taken", "node's event is linked to another execution trace", "nodes' events are linked to another execution trace"};
    Finding unrelated{"not-a-pair", "node of a file that does not fit the timeline", "nodes of a file that does not fit the timeline"};
    Finding alone{"no-timeline", "node without a timeline", "nodes without a timeline"};

    std::array<Finding*, 10> all() { return {&processes, &threads, &unfinished, &noId, &outside, &edge, &names, &taken, &unrelated, &alone}; }
};

void LinkBuilder::linkNodes()
{
    const ExecutionTrace* et = m_trace.m_executionTrace.get();
    if (!et) return;
    if (m_trace.m_timeBase == TimeBase::NodeOrder) {
        for (const EtFile& file : et->files()) pairNodes(file, nullptr, {}, RunRelation::Unrelated, "No timeline is open with it.");
        return;
    }
    const std::vector<Timeline> all = timelines(m_trace);
    m_trace.m_sliceNode.assign(m_trace.m_slices.size(), NodeId());
    m_trace.m_nodeSlice.assign(et->nodes().size(), SliceId());
    std::vector<Attempt> attempts;
    for (const EtFile& file : et->files()) {
        if (m_job.cancelled()) return;
        attempts.push_back(bestAttempt(m_trace, file, all, m_job));
        attempts.back().file = &file;
    }
    for (const Timeline& timeline : all)
        if (timeline.hasIds && timeline.allIdsZero) defects(timeline.source).note(Defect::ZeroRecordFunctionIds, 0);
    for (const EtFile& file : et->files()) {
        for (const EtNode& node : et->nodes(file))
            if (static_cast<std::int64_t>(node.rfId) < 0) defects(file.source).note(Defect::WideId, node.sourceOffset);
    }

    // An event belongs to one node: those of its own run come first, whatever the order of the files.
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < attempts.size(); ++i) order.push_back(i);
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return attempts[i].relation; });
    for (const std::size_t i : order) {
        const Attempt& a = attempts[i];
        if (!a.timeline) {
            pairNodes(*a.file, nullptr, {}, RunRelation::Unrelated, "The timeline has no operators that nodes could be.");
            continue;
        }
        const SourceId kineto = a.timeline->source;
        pairNodes(*a.file, &kineto, a.match, a.relation, sentenceOf(m_trace, a));
        inheritRank(a.file->source, kineto, a.relation);
    }
    std::ranges::sort(m_trace.m_links.m_pairings, {}, &EtPairing::et);
}

/// An execution trace says nothing of its rank; the timeline of its run does.
void LinkBuilder::inheritRank(SourceId et, SourceId kineto, RunRelation relation)
{
    SourceFile& own = m_trace.m_sources[et.index()];
    const SourceFile& other = m_trace.m_sources[kineto.index()];
    const bool better = !own.rank || (own.rankFrom == RankOrigin::FileName && other.rankFrom != RankOrigin::FileName);
    if (relation > RunRelation::OtherIteration || !other.rank || !better) return;
    own.rank = other.rank;
    own.worldSize = other.worldSize;
    own.rankFrom = RankOrigin::Pairing;
}

void LinkBuilder::pairNodes(const EtFile& file, const SourceId* kineto, const NodeMatch& match, RunRelation relation, std::string sentence)
{
    EtPairing pairing;
    pairing.et = file.source;
    if (kineto) pairing.kineto = *kineto;
    pairing.relation = relation;
    pairing.method = match.method;
    pairing.confidence = match.confidence;
    pairing.sequenceDifference = match.passed ? match.difference : std::nullopt;
    pairing.places = match.places;
    pairing.nodes = file.nodeCount;
    pairing.withRfId = file.stats.nodesWithRfId;
    pairing.sentence = std::move(sentence);
    if (kineto) {
        if (relation == RunRelation::OtherProcess) defects(file.source).note(Defect::OtherProcess, 0, pairing.sentence);
        if (relation == RunRelation::Unrelated) defects(file.source).note(Defect::UnrelatedTraces, 0, pairing.sentence);
    }

    NodeReasons reasons;
    std::uint64_t linked = 0;
    for (std::uint32_t i = 0; i < file.nodeCount; ++i) {
        const NodeId node(file.firstNode.value + i);
        const SliceId slice = match.passed ? match.slices[i] : SliceId();
        if (slice && !m_trace.m_sliceNode[slice.index()]) {
            m_trace.m_sliceNode[slice.index()] = node;
            m_trace.m_nodeSlice[node.index()] = slice;
            ++linked;
        } else {
            reasonFor(node, slice.valid(), kineto != nullptr, match, reasons).add({{}, node});
        }
    }
    const bool byId = match.method == LinkMethod::RecordFunctionId || match.method == LinkMethod::ExternalIdAsRf;
    (byId ? pairing.exact : pairing.byOrder) = linked;
    pairing.unmatched = file.nodeCount - linked;
    ReportRow counted; // of this file alone, then of all
    for (Finding* finding : reasons.all()) report(counted, Finding(*finding));
    pairing.reasons = counted.count.reasons;
    m_trace.m_links.m_pairings.push_back(std::move(pairing));
    if (!kineto) return;
    ReportRow& all = row("node_to_event", "Node to event");
    for (std::uint64_t n = 0; n < linked; ++n) all.matched(match.method, match.confidence);
    for (Finding* finding : reasons.all()) report(all, std::move(*finding));
}

LinkBuilder::Finding& LinkBuilder::reasonFor(NodeId id, bool taken, bool hasTimeline, const NodeMatch& match, NodeReasons& reasons) const
{
    const EtNode& node = m_trace.m_executionTrace->node(id);
    if (taken) return reasons.taken;
    if (node.synthetic) return reasons.unfinished;
    if (!node.rfId) {
        const std::string_view name = m_trace.text(node.name);
        if (name.ends_with("|process]") || name == "__ROOT_PROCESS__") return reasons.processes;
        if (name.ends_with("|thread]")) return reasons.threads;
    }
    if (!hasTimeline) return reasons.alone;
    if (!match.passed) return reasons.unrelated;
    if (!node.rfId) return reasons.noId;
    if (match.method == LinkMethod::RecordFunctionId || match.method == LinkMethod::ExternalIdAsRf) {
        if (node.rfId < match.firstId || node.rfId > match.lastId) return reasons.outside;
        if (std::ranges::binary_search(match.otherNames, id)) return reasons.names;
    }
    return reasons.edge;
}

} // namespace opscope
