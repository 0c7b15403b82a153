#include "core/link/LinkWalk.h"

#include <algorithm>
#include <array>
#include <unordered_set>

namespace opscope {

namespace {

constexpr std::array<std::string_view, 15> kTitles{
    "Call", "Launched by", "Launches", "Forward", "Backward", "Annotation", "On the device",
    "Synchronises", "Waited for by", "Recorded by", "Flow from", "Flow to", "Other rank", "Node", "Python frame"};

/// How many links of one subtree are looked at: a frame that holds the whole run has millions of them, and an answer must not
/// take longer than somebody notices.
constexpr std::size_t kLinksSeen = 1 << 14;
/// Children of an engine wrapper that are searched for the backward node; it is the first or second.
constexpr std::uint32_t kWrapperChildren = 64;

bool isOperator(CategoryClass kind) { return kind == CategoryClass::CpuOp || kind == CategoryClass::UserAnnotation; }

/// Differences of times at both ends of int64 do not fit; what is that far apart is "very far".
Nanos difference(Nanos later, Nanos earlier)
{
    Nanos result = 0;
    if (!__builtin_sub_overflow(later, earlier, &result)) return result;
    return later > earlier ? INT64_MAX : INT64_MIN;
}

/// Rows of a track are in the order of their starts, so what lies inside a slice stands behind it, up to the first row that
/// starts at its end.
SliceId behindSubtree(const Trace& trace, SliceId slice)
{
    const Track& track = trace.track(trace.trackOf(slice));
    const auto starts = trace.slices().starts().subspan(slice.index(), track.firstSlice + track.sliceCount - slice.index());
    const auto behind = std::lower_bound(starts.begin() + 1, starts.end(), trace.slices().end(slice));
    return SliceId(slice.index() + static_cast<std::size_t>(behind - starts.begin()));
}

/// Calls `see` with every Launch and Operator link that leads away from the slice or from something inside it, in the order of
/// what they lead away from. Says whether there were too many to look at all.
template <class See>
bool forLinksInside(const Trace& trace, SliceId slice, See see)
{
    const auto links = trace.links().all();
    const SliceId last = behindSubtree(trace, slice);
    const Nanos end = trace.slices().end(slice);
    auto it = std::ranges::lower_bound(links, slice, {}, &Link::from);
    for (std::size_t seen = 0; it != links.end() && it->from < last; ++it, ++seen) {
        if (seen == kLinksSeen) return true;
        if (it->kind != LinkKind::Launch && it->kind != LinkKind::Operator) continue;
        if (it->from != slice && trace.slices().end(it->from) > end) continue; // overlaps, so lies beside it
        if (!see(*it)) return true;
    }
    return false;
}

/// The Python function of the same lane that is innermost at the start of a slice.
SliceId frameAround(const Trace& trace, SliceId slice)
{
    const SliceTable& slices = trace.slices();
    SliceId above = slices.parent(slice);
    while (above && trace.kindOf(above) != CategoryClass::PythonFunction) above = slices.parent(above);
    const Track& track = trace.track(trace.trackOf(slice));
    if (above || track.spillBases.empty()) return above;
    for (std::uint16_t row = 0; row < track.laneCount; ++row) { // frames that overlap it hold its start all the same
        const SliceId at = trace.lanes().at(slices, trace.lanes().lane(track, row), slices.start(slice));
        if (!at || at == slice || trace.kindOf(at) != CategoryClass::PythonFunction) continue;
        if (!above || slices.start(at) >= slices.start(above)) above = at;
    }
    return above;
}

/// The Forward link that leads to an operator, to what encloses it, or, for an engine wrapper, to the node inside.
const Link* forwardLink(const Trace& trace, SliceId op)
{
    const SliceTable& slices = trace.slices();
    for (SliceId at = op; at && isOperator(trace.kindOf(at)); at = slices.parent(at))
        if (const Link* link = trace.links().into(at, LinkKind::Forward)) return link;
    if (!trace.name(op).starts_with("autograd::engine::evaluate_function")) return nullptr;
    const std::uint32_t last = std::min(behindSubtree(trace, op).value, op.value + kWrapperChildren);
    for (std::uint32_t row = op.value + 1; row < last; ++row)
        if (const Link* link = trace.links().into(SliceId(row), LinkKind::Forward)) return link;
    return nullptr;
}

/// The Forward link that leads away from an operator. The number stands on an operator and on those inside it; the link hangs
/// on the innermost (linking.md 3.2), so it is looked for inside those that carry the number, then around the others, annotations
/// included: what lies inside a forward op is part of it.
const Link* backwardLink(const Trace& trace, SliceId op)
{
    const SliceTable& slices = trace.slices();
    const auto of = [&](SliceId at) -> const Link* {
        for (const Link& link : trace.links().out(at))
            if (link.kind == LinkKind::Forward) return &link;
        return nullptr;
    };
    if (const Link* link = of(op)) return link;
    if (const std::int64_t number = slices.arg(op, ArgField::SequenceNumber); number != BlockColumn::kNone && number >= 0) {
        const auto links = trace.links().all();
        const SliceId last = behindSubtree(trace, op);
        auto it = std::ranges::lower_bound(links, op, {}, &Link::from);
        for (std::size_t seen = 0; it != links.end() && it->from < last && seen < kLinksSeen; ++it, ++seen)
            if (it->kind == LinkKind::Forward && slices.arg(it->from, ArgField::SequenceNumber) == number) return &*it;
    }
    for (SliceId at = slices.parent(op); at && isOperator(trace.kindOf(at)); at = slices.parent(at))
        if (const Link* link = of(at)) return link;
    return nullptr;
}

class Walker
{
public:
    using Role = LinkedThing::Role;
    Walker(const Trace& trace, SliceId slice, std::size_t limit) : m_trace(trace), m_slice(slice), m_limit(limit) {}

    std::vector<LinkedThing> run(std::uint64_t* total)
    {
        const CategoryClass kind = m_trace.kindOf(m_slice);
        m_call = m_trace.links().into(m_slice, LinkKind::Launch);
        m_operator = isOperator(kind) ? m_slice : m_trace.operatorOf(m_slice);
        if (!m_operator && m_call) m_operator = m_trace.operatorOf(m_call->from);
        addNode();
        const bool isCall = kind == CategoryClass::Runtime || kind == CategoryClass::Driver;
        if (isCall) addLaunches();
        addCauses();
        addForward();
        addOthers();
        if (!isCall) addLaunches();
        addFrame();
        if (total) *total = m_things.size() + m_left;
        return std::move(m_things);
    }

private:
    void add(Role role, bool ahead, SliceId other, LinkMethod method, LinkConfidence confidence, SliceId carrier = {})
    {
        LinkedThing thing;
        thing.role = role;
        thing.ahead = ahead;
        thing.slice = other;
        thing.method = method;
        thing.confidence = confidence;
        thing.carrier = carrier ? carrier : m_slice;
        const Nanos mine = m_trace.slices().start(thing.carrier), its = m_trace.slices().start(other);
        thing.delay = ahead ? difference(its, mine) : difference(mine, its);
        m_things.push_back(thing);
    }
    void add(Role role, bool ahead, const Link& link) { add(role, ahead, ahead ? link.to : link.from, link.method, link.confidence); }
    void addInherited(Role role, bool ahead, const Link& link)
    {
        add(role, ahead, ahead ? link.to : link.from, link.method, link.confidence, ahead ? link.from : link.to);
    }

    /// Of the slice, else of the operator that it works for, else of the nearest one around that: a device op always belongs to
    /// the node in whose time it was launched.
    void addNode()
    {
        if (m_trace.timeBase() == TimeBase::NodeOrder) return; // there the slice is the node
        const auto climb = [this](SliceId from) {
            while (from && !m_trace.nodeOf(from)) from = m_trace.slices().parent(from);
            return from;
        };
        const SliceId start = m_trace.nodeOf(m_slice) ? m_slice : m_operator;
        const SliceId of = climb(start);
        if (!of) return;
        LinkedThing thing;
        thing.role = Role::Node;
        thing.node = m_trace.nodeOf(of);
        thing.slice = thing.carrier = of;
        const Trace::NodeLink link = m_trace.nodeLink(thing.node);
        thing.method = of == start ? link.method : LinkMethod::Nesting;
        thing.confidence = of == start ? link.confidence : LinkConfidence::Inferred;
        m_things.push_back(thing);
    }

    void addCauses()
    {
        const TraceLinks& links = m_trace.links();
        for (const std::uint32_t row : links.into(m_slice))
            if (links.all()[row].kind == LinkKind::Operator) add(Role::LaunchedBy, false, links.all()[row]);
        if (m_operator && m_operator != m_slice && !hasLaunchedBy())
            add(Role::LaunchedBy, false, m_operator, LinkMethod::Nesting, LinkConfidence::Inferred);
        for (const std::uint32_t row : links.into(m_slice))
            if (links.all()[row].kind == LinkKind::Launch) add(Role::Call, false, links.all()[row]);
        for (const std::uint32_t row : links.into(m_slice)) {
            const Link& link = links.all()[row];
            if (link.kind != LinkKind::Sync) continue;
            add(link.method == LinkMethod::WaitCorrelation ? Role::Recorded : Role::Call, false, link);
        }
    }

    bool hasLaunchedBy() const
    {
        return std::ranges::any_of(m_things, [](const LinkedThing& t) { return t.role == Role::LaunchedBy; });
    }

    void addForward()
    {
        if (!m_operator) return;
        m_forward = forwardLink(m_trace, m_operator);
        if (m_forward) {
            const TraceLinks& links = m_trace.links();
            for (const std::uint32_t row : links.into(m_forward->to)) // several where it may be one of several
                if (links.all()[row].kind == LinkKind::Forward) addInherited(Role::Forward, false, links.all()[row]);
        }
        if (const Link* link = backwardLink(m_trace, m_operator); link && !m_forward) addInherited(Role::Backward, true, *link);
    }

    void addOthers()
    {
        const TraceLinks& links = m_trace.links();
        std::size_t flows = 0;
        const auto flow = [&](Role role, bool ahead, const Link& link) {
            if (flows++ < m_limit) add(role, ahead, link);
            else ++m_left;
        };
        for (const std::uint32_t row : links.into(m_slice)) {
            const Link& link = links.all()[row];
            if (link.kind == LinkKind::Annotation) add(Role::HostAnnotation, false, link);
            if (link.kind == LinkKind::Collective) flow(Role::OtherRank, false, link);
            if (link.kind == LinkKind::Flow) flow(Role::FlowFrom, false, link);
        }
        for (const Link& link : links.out(m_slice)) {
            if (link.kind == LinkKind::Annotation) flow(Role::DeviceAnnotation, true, link);
            if (link.kind == LinkKind::Sync)
                flow(link.method == LinkMethod::WaitCorrelation ? Role::Waits : Role::Synchronises, true, link);
            if (link.kind == LinkKind::Collective) flow(Role::OtherRank, true, link);
            if (link.kind == LinkKind::Flow) flow(Role::FlowTo, true, link);
        }
    }

    void addLaunches()
    {
        std::unordered_set<std::uint32_t> known;
        const auto first = static_cast<std::ptrdiff_t>(m_things.size());
        const bool cut = forLinksInside(m_trace, m_slice, [&](const Link& link) {
            if (link.to == m_slice || !known.insert(link.to.value).second) return true;
            if (known.size() <= m_limit) add(Role::Launches, true, link);
            return true;
        });
        const SliceTable& slices = m_trace.slices();
        std::sort(m_things.begin() + first, m_things.end(), [&](const LinkedThing& a, const LinkedThing& b) {
            return slices.start(a.slice) != slices.start(b.slice) ? slices.start(a.slice) < slices.start(b.slice) : a.slice < b.slice;
        });
        std::uint64_t all = known.size();
        if (cut) all = std::max(all, m_trace.deviceWork(m_slice).ops);
        m_left += all - std::min<std::uint64_t>(known.size(), m_limit);
    }

    /// Backward ops run in a thread of the engine, where there is no Python: theirs is the stack of their forward op.
    void addFrame()
    {
        const SliceId from = m_operator ? m_operator : m_call ? m_call->from : m_slice;
        if (const SliceId frame = frameAround(m_trace, from))
            return add(Role::PythonFrame, false, frame, LinkMethod::Nesting, LinkConfidence::Exact);
        if (!m_forward) return;
        if (const SliceId frame = frameAround(m_trace, m_forward->from))
            add(Role::PythonFrame, false, frame, m_forward->method,
                m_forward->confidence == LinkConfidence::Ambiguous ? LinkConfidence::Ambiguous : LinkConfidence::Inferred);
    }

    const Trace& m_trace;
    const SliceId m_slice;
    const std::size_t m_limit;
    const Link* m_call = nullptr;
    const Link* m_forward = nullptr;
    SliceId m_operator;               ///< the slice itself when it is one
    std::vector<LinkedThing> m_things;
    std::uint64_t m_left = 0;         ///< not listed: over the limit
};

} // namespace

std::string_view title(LinkedThing::Role role)
{
    return kTitles[static_cast<std::size_t>(role)];
}

std::vector<LinkedThing> linkedThings(const Trace& trace, SliceId slice, std::size_t limit, std::uint64_t* total)
{
    if (total) *total = 0;
    if (slice.index() >= trace.slices().size()) return {};
    return Walker(trace, slice, limit).run(total);
}

std::vector<LinkedThing> linkedThings(const Trace& trace, NodeId node, std::size_t limit, std::uint64_t* total)
{
    return linkedThings(trace, trace.sliceOf(node), limit, total);
}

std::vector<SliceId> linkChain(const Trace& trace, SliceId slice, std::size_t limit)
{
    const SliceTable& slices = trace.slices();
    if (slice.index() >= slices.size()) return {};
    std::vector<SliceId> chain{slice};
    std::unordered_set<std::uint32_t> known{slice.value};
    const auto add = [&](SliceId other) {
        if (chain.size() < limit && known.insert(other.value).second) chain.push_back(other);
    };
    for (const LinkedThing& thing : linkedThings(trace, slice, 0)) {
        using Role = LinkedThing::Role;
        const bool cause = thing.role == Role::Call || thing.role == Role::LaunchedBy || thing.role == Role::HostAnnotation;
        if (cause || (thing.role == Role::PythonFrame && thing.method == LinkMethod::Nesting)) add(thing.slice);
    }
    forLinksInside(trace, slice, [&](const Link& link) {
        add(link.from);
        add(link.to);
        return chain.size() < limit;
    });
    std::ranges::sort(chain, [&](SliceId a, SliceId b) {
        return slices.start(a) != slices.start(b) ? slices.start(a) < slices.start(b) : a < b;
    });
    return chain;
}

} // namespace opscope
