#include "core/base/Parallel.h"
#include "core/link/LinkBuilder.h"
#include "core/trace/MergeSort.h"

#include <algorithm>
#include <map>
#include <tuple>

// Forward -> backward (linking.md 3).
namespace opscope {

namespace {

constexpr int kLooksBack = 64;              ///< forward ops of one number that have not ended when the backward begins
constexpr std::size_t kAnswersKept = 8;     ///< of a number that several threads count

} // namespace

/// An operator with a sequence number. `thread`: of a backward one the RecordFunction number of its forward thread, as written; of
/// a forward one the track that it ran on.
struct LinkBuilder::Numbered
{
    std::int64_t number = 0;
    std::int64_t thread = 0;
    Nanos start = 0;
    SliceId slice;
    TrackId track;
};

struct LinkBuilder::Backward
{
    struct Flow
    {
        SliceId backward, forward;
        bool used = false;
    };
    SourceId source;
    std::vector<Numbered> forward;                  ///< by (number, track, start)
    std::vector<Numbered> backward;                 ///< by (thread, number, start)
    std::vector<Flow> flows;                        ///< by backward
    std::map<std::int64_t, TrackId> trackOf;        ///< of forward threads, as far as it is known
    TrackId onlyTrack;                              ///< with forward ops, when there is but one
    std::vector<SliceId> found;                     ///< answers of findForwards()
    ReportRow counts = {};
    Finding outside{"forward-outside-recording", "backward number whose forward op lies outside of the recording",
                    "backward numbers whose forward ops lie outside of the recording"};
    Finding threads{"forward-thread-unknown", "backward number that several threads count: all answers are kept",
                    "backward numbers that several threads count: all answers are kept", false};
    Finding several{"several-forwards", "number stands on several forward ops: the latest is taken",
                    "numbers stand on several forward ops: the latest is taken", false};
    Finding unnumbered{"without-number", "AccumulateGrad node carries no number", "AccumulateGrad nodes carry no number", false};
    Finding events{"wrapper-and-node", "backward event carries these numbers: wrapper and node are one link",
                   "backward events carry these numbers: wrapper and node are one link", false};
};

void LinkBuilder::linkBackward()
{
    for (std::size_t s = 0; s < m_sources.size(); ++s) {
        if (m_sources[s].numbered.empty()) continue;
        Backward work;
        work.source = SourceId(s);
        splitNumbered(work);
        readBackwardFlows(work);
        learnThreads(work);
        linkRuns(work);
        countUnnumbered(work);
        ReportRow& out = row("backward_to_forward", "Backward to forward");
        out.add(work.counts);
        for (Finding* f : {&work.outside, &work.threads, &work.unnumbered, &work.several, &work.events}) report(out, std::move(*f));
    }
}

void LinkBuilder::splitNumbered(Backward& work) const
{
    const SourceRows& source = m_sources[work.source.index()];
    auto track = source.tracks.begin();
    const SliceTable& slices = m_trace.m_slices;
    for (const SliceId slice : source.numbered) { // ascending, as tracks are
        while (slice.value >= m_trace.track(*track).firstSlice + m_trace.track(*track).sliceCount) ++track;
        const std::int64_t thread = arg(slice, ArgField::FwdThreadId), number = arg(slice, ArgField::SequenceNumber);
        if (thread > 0) work.backward.push_back({number, thread, slices.start(slice), slice, *track});
        else work.forward.push_back({number, track->value, slices.start(slice), slice, *track});
    }
    parallelFor(2, m_threads, [&](std::size_t half) {
        if (half) {
            std::sort(work.backward.begin(), work.backward.end(), [](const Numbered& a, const Numbered& b) {
                return std::tie(a.thread, a.number, a.start, a.slice) < std::tie(b.thread, b.number, b.start, b.slice);
            });
        } else { // mostly in order already: numbers are counted while the forward pass runs
            mergeSort(work.forward.data(), {{0, work.forward.size()}}, 1, [](const Numbered& a, const Numbered& b) {
                return std::tie(a.number, a.track, a.start, a.slice) < std::tie(b.number, b.track, b.start, b.slice);
            });
        }
    });
    const auto sameNumber = [](const Numbered& a, const Numbered& b) { return a.number == b.number && a.track == b.track; };
    bool oneTrack = !work.forward.empty();
    for (std::size_t i = 0, end = 0; i < work.forward.size(); i = end) {
        for (end = i + 1; end < work.forward.size() && sameNumber(work.forward[i], work.forward[end]);) ++end;
        if (end - i > 1) work.several.add(work.forward[end - 1].slice);
        oneTrack = oneTrack && work.forward[i].track == work.forward.front().track;
    }
    if (oneTrack) work.onlyTrack = work.forward.front().track;
}

/// Ends lie on the spans that start exactly there and carry a number, the same one on both sides.
void LinkBuilder::readBackwardFlows(Backward& work)
{
    const auto points = std::ranges::equal_range(m_trace.m_flows.points(), work.source, {},
                                                 [&](const FlowPoint& p) { return sourceOf(m_trace.track(p.track)); });
    const FlowPoint* start = nullptr;
    std::uint32_t nearForward = 0, nearBackward = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
        const FlowPoint& p = points[i];
        if (!isBackwardFlow(p.category)) continue;
        if (start && (start->id != p.id || start->idKind != p.idKind || start->category != p.category)) start = nullptr;
        if (p.phase == 's') start = &p;
        if (p.phase != 'f' || !start) continue;
        const auto [forwardFirst, forwardLast] = startingAt(start->track, start->time, nearForward);
        const auto [backwardFirst, backwardLast] = startingAt(p.track, p.time, nearBackward);
        SliceId forward, backward;
        for (std::uint32_t b = backwardLast; b-- > backwardFirst && !forward;) { // innermost first
            const std::int64_t number = arg(SliceId(b), ArgField::SequenceNumber);
            if (number < 0) continue;
            for (std::uint32_t f = forwardLast; f-- > forwardFirst && !forward;)
                if (arg(SliceId(f), ArgField::SequenceNumber) == number) forward = SliceId(f);
            backward = SliceId(b);
        }
        if (forward && backward && forward != backward) work.flows.push_back({backward, forward});
        else defects(work.source).note(Defect::DanglingLink, p.source, "a flow to a backward node joins no equal numbers");
    }
    std::ranges::sort(work.flows, [](const auto& a, const auto& b) { return std::pair(a.backward, a.forward) < std::pair(b.backward, b.forward); });
}

/// Numbers are counted by thread, and threads are named by a number that only these know (linking.md 3.3).
void LinkBuilder::learnThreads(Backward& work) const
{
    const auto learn = [&](std::int64_t thread, TrackId track) {
        const auto [it, isNew] = work.trackOf.try_emplace(thread, track);
        if (!isNew && it->second != track) it->second = TrackId(); // told two ways: not known
    };
    if (m_trace.m_timeBase == TimeBase::NodeOrder) {
        for (const TrackId track : m_sources[work.source.index()].tracks)
            if (m_trace.track(track).tid.kind == TrackKey::Kind::Number) learn(m_trace.track(track).tid.number, track);
        return;
    }
    for (const Backward::Flow& flow : work.flows)
        if (const std::int64_t thread = arg(flow.backward, ArgField::FwdThreadId); thread > 0) learn(thread, m_trace.trackOf(flow.forward));
    if (!work.trackOf.empty() || work.onlyTrack || !m_trace.m_executionTrace) return;
    for (std::size_t n = 0; n < m_trace.m_nodeSlice.size(); ++n) {
        const SliceId slice = m_trace.m_nodeSlice[n];
        if (!slice) continue;
        const TrackId track = m_trace.trackOf(slice);
        if (sourceOf(m_trace.track(track)) == work.source) learn(m_trace.m_executionTrace->node(NodeId(n)).tid, track);
    }
}

/// Wrapper and node of one number lie in each other: one execution. A number that comes again later is another one.
void LinkBuilder::linkRuns(Backward& work)
{
    const SliceTable& slices = m_trace.m_slices;
    const std::vector<Numbered>& all = work.backward;
    for (std::size_t i = 0, end = 0; i < all.size(); i = end) {
        const Nanos last = slices.end(all[i].slice);
        const auto belongs = [&](const Numbered& n) {
            return n.thread == all[i].thread && n.number == all[i].number && n.track == all[i].track && slices.end(n.slice) <= last;
        };
        for (end = i + 1; end < all.size() && belongs(all[end]);) ++end;
        linkRun(work, std::span(all).subspan(i, end - i));
    }
    for (const Backward::Flow& flow : work.flows) { // ends on events that do not say which thread they belong to
        if (flow.used || arg(flow.backward, ArgField::FwdThreadId) > 0) continue;
        add(flow.forward, flow.backward, LinkKind::Forward, LinkMethod::FlowEvent, LinkConfidence::Exact);
        work.counts.matched(LinkMethod::FlowEvent, LinkConfidence::Exact);
    }
}

void LinkBuilder::linkRun(Backward& work, std::span<const Numbered> run)
{
    const SliceTable& slices = m_trace.m_slices;
    const Numbered* node = &run.front(); // the inner one ends first
    for (const Numbered& n : run)
        if (slices.end(n.slice) <= slices.end(node->slice)) node = &n;
    for (const Numbered& n : run) work.events.add(n.slice);

    for (const Numbered& n : run) {
        auto flow = std::ranges::lower_bound(work.flows, n.slice, {}, &Backward::Flow::backward);
        if (flow == work.flows.end() || flow->backward != n.slice) continue;
        flow->used = true;
        add(flow->forward, node->slice, LinkKind::Forward, LinkMethod::FlowEvent, LinkConfidence::Exact);
        work.counts.matched(LinkMethod::FlowEvent, LinkConfidence::Exact);
        return;
    }
    findForwards(work, *node, slices.start(run.front().slice));
    if (work.found.empty()) {
        work.outside.add(node->slice);
        return;
    }
    const LinkConfidence confidence = work.found.size() > 1 ? LinkConfidence::Ambiguous : LinkConfidence::Inferred;
    for (const SliceId forward : work.found) add(forward, node->slice, LinkKind::Forward, LinkMethod::SequenceNumber, confidence);
    work.counts.matched(LinkMethod::SequenceNumber, confidence);
    if (work.found.size() > 1) work.threads.add(node->slice);
}

/// On each track that may be meant, the latest op with that number that had ended when the backward began.
void LinkBuilder::findForwards(Backward& work, const Numbered& node, Nanos begin)
{
    const SliceTable& slices = m_trace.m_slices;
    work.found.clear();
    const auto known = work.trackOf.find(node.thread);
    const TrackId only = known != work.trackOf.end() ? known->second : work.onlyTrack;
    auto same = std::ranges::equal_range(work.forward, node.number, {}, &Numbered::number);
    if (only) {
        const auto onTrack = std::ranges::equal_range(same, only, {}, &Numbered::track);
        same = {onTrack.begin(), onTrack.end()};
    }
    for (auto it = same.begin(); it != same.end() && work.found.size() < kAnswersKept;) {
        const TrackId track = it->track;
        const auto behind = std::partition_point(it, same.end(), [&](const Numbered& n) { return n.track == track; });
        auto late = std::partition_point(it, behind, [&](const Numbered& n) { return n.start <= begin; });
        SliceId best; // one that is still open is better than none
        for (int looked = 0; late != it && looked < kLooksBack; ++looked) {
            --late;
            if (!best) best = late->slice;
            if (slices.end(late->slice) > begin) continue;
            best = late->slice;
            break;
        }
        if (best && best != node.slice) work.found.push_back(best);
        it = behind;
    }
}

/// AccumulateGrad ends the chain of gradients; it never had a forward op, nor a number.
void LinkBuilder::countUnnumbered(Backward& work) const
{
    if (work.backward.empty()) return;
    std::vector<std::uint8_t> isNode(m_trace.m_strings.size());
    bool any = false;
    for (std::size_t i = 0; i < isNode.size(); ++i) {
        const std::string_view name = m_trace.text(StringId(i));
        isNode[i] = name.ends_with("AccumulateGrad") && !name.starts_with("autograd::engine::");
        any = any || isNode[i];
    }
    if (!any) return;
    std::vector<TrackId> tracks;
    for (const Numbered& n : work.backward) if (tracks.empty() || tracks.back() != n.track) tracks.push_back(n.track);
    std::sort(tracks.begin(), tracks.end());
    tracks.erase(std::unique(tracks.begin(), tracks.end()), tracks.end());
    for (const TrackId id : tracks) {
        const Track& track = m_trace.track(id);
        for (std::uint32_t row = track.firstSlice; row < track.firstSlice + track.sliceCount; ++row) {
            const SliceId s(row);
            const StringId name = m_trace.m_slices.name(s);
            if (name && isNode[name.index()] && kind(s) == CategoryClass::CpuOp && arg(s, ArgField::SequenceNumber) < 0) work.unnumbered.add(s);
        }
    }
}

} // namespace opscope
