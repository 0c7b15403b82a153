#include "core/query/RowTest.h"

#include <algorithm>
#include <limits>

// What functions of another filter give: relations of rows to the rows that it matched. One pass over links or parents each.

namespace opscope {

namespace {

bool launches(const Link& link) { return link.kind == LinkKind::Launch || link.kind == LinkKind::Operator; }

enum class Ends : std::uint8_t { Effects, Causes, Both };

template <class Wanted>
SliceSet across(const Trace& trace, const SliceSet& from, Ends ends, Wanted&& wanted)
{
    SliceSet out(trace.slices().size());
    for (const Link& link : trace.links().all()) {
        if (!wanted(link)) continue;
        if (ends != Ends::Causes && from.contains(link.from)) out.insert(link.to);
        if (ends != Ends::Effects && from.contains(link.to)) out.insert(link.from);
    }
    return out;
}

// slices: what encloses a slice stands in front of it

SliceSet slicesInside(const Trace& trace, const SliceSet& matches)
{
    SliceSet out(matches.size());
    for (std::size_t i = 0; i < matches.size(); ++i) {
        const SliceId parent = trace.slices().parent(SliceId(i));
        if (parent && (matches.contains(parent) || out.contains(parent))) out.insert(SliceId(i));
    }
    return out;
}

SliceSet slicesAround(const Trace& trace, const SliceSet& matches)
{
    SliceSet out(matches.size());
    for (std::size_t i = matches.size(); i-- > 0;) {
        const SliceId parent = trace.slices().parent(SliceId(i));
        if (parent && (matches.contains(SliceId(i)) || out.contains(SliceId(i)))) out.insert(parent);
    }
    return out;
}

SliceSet slicesDirectly(const Trace& trace, const SliceSet& matches, FilterLink link)
{
    SliceSet out(matches.size());
    for (std::size_t i = 0; i < matches.size(); ++i) {
        const SliceId parent = trace.slices().parent(SliceId(i));
        if (!parent) continue;
        if (link == FilterLink::ChildOf && matches.contains(parent)) out.insert(SliceId(i));
        if (link == FilterLink::ParentOf && matches.contains(SliceId(i))) out.insert(parent);
    }
    return out;
}

// moments on the track of a slice

/// Instants that lie in a slice of the set: its end is the latest one of those that began.
InstantSet instantsInside(const Trace& trace, const SliceSet& matches)
{
    InstantSet out(trace.instants().size());
    for (const Track& track : trace.tracks()) {
        Nanos covered = std::numeric_limits<Nanos>::min();
        std::uint32_t next = track.firstSlice;
        for (std::uint32_t i = track.firstInstant; i < track.firstInstant + track.instantCount; ++i) {
            const Nanos t = trace.instants().time(InstantId(i));
            for (; next < track.firstSlice + track.sliceCount && trace.slices().start(SliceId(next)) <= t; ++next) {
                if (matches.contains(SliceId(next))) covered = std::max(covered, trace.slices().end(SliceId(next)));
            }
            if (t < covered) out.insert(InstantId(i));
        }
    }
    return out;
}

/// The innermost slice around each instant of a track; visit(instant, slice or none).
template <class Visit>
void forEachInnermost(const Trace& trace, Visit&& visit)
{
    for (const Track& track : trace.tracks()) {
        std::uint32_t next = track.firstSlice;
        SliceId top; // the latest one that began; its parents are what else may be open
        for (std::uint32_t i = track.firstInstant; i < track.firstInstant + track.instantCount; ++i) {
            const Nanos t = trace.instants().time(InstantId(i));
            for (; next < track.firstSlice + track.sliceCount && trace.slices().start(SliceId(next)) <= t; ++next) top = SliceId(next);
            while (top && trace.slices().end(top) <= t) top = trace.slices().parent(top);
            visit(InstantId(i), top);
        }
    }
}

/// Adds the slices around matched instants.
void addAround(const Trace& trace, const InstantSet& matches, SliceSet& out)
{
    if (matches.empty()) return;
    for (const Track& track : trace.tracks()) {
        std::vector<Nanos> times;
        for (std::uint32_t i = track.firstInstant; i < track.firstInstant + track.instantCount; ++i)
            if (matches.contains(InstantId(i))) times.push_back(trace.instants().time(InstantId(i)));
        if (times.empty()) continue;
        for (std::uint32_t i = track.firstSlice; i < track.firstSlice + track.sliceCount; ++i) {
            const auto found = std::ranges::lower_bound(times, trace.slices().start(SliceId(i)));
            if (found != times.end() && *found < trace.slices().end(SliceId(i))) out.insert(SliceId(i));
        }
    }
}

// nodes: the order of rows says nothing about parents, so the tree is walked

std::vector<NodeId> parentsFirst(const ExecutionTrace& et)
{
    std::vector<NodeId> order, open(et.roots().begin(), et.roots().end());
    order.reserve(et.nodes().size());
    while (!open.empty()) {
        const NodeId node = open.back();
        open.pop_back();
        order.push_back(node);
        open.insert(open.end(), et.children(node).begin(), et.children(node).end());
    }
    return order;
}

NodeSet nodesOfTree(const Trace& trace, const NodeSet& matches, FilterLink link)
{
    NodeSet out(matches.size());
    if (!trace.executionTrace()) return out;
    const ExecutionTrace& et = *trace.executionTrace();
    std::vector<NodeId> order = parentsFirst(et);
    if (link == FilterLink::Contains) std::ranges::reverse(order);
    for (const NodeId node : order) {
        const NodeId parent = et.node(node).parent;
        if (!parent) continue;
        switch (link) {
        case FilterLink::Inside:
            if (matches.contains(parent) || out.contains(parent)) out.insert(node);
            break;
        case FilterLink::Contains:
            if (matches.contains(node) || out.contains(node)) out.insert(parent);
            break;
        case FilterLink::ChildOf:
            if (matches.contains(parent)) out.insert(node);
            break;
        case FilterLink::ParentOf:
            if (matches.contains(node)) out.insert(parent);
            break;
        default: break;
        }
    }
    return out;
}

Matches nesting(const Trace& trace, FilterLink link, const Matches& inner)
{
    Matches out = Matches::none(trace);
    out.nodes = nodesOfTree(trace, inner.nodes, link);
    switch (link) {
    case FilterLink::Inside:
        out.slices = slicesInside(trace, inner.slices);
        out.instants = instantsInside(trace, inner.slices);
        break;
    case FilterLink::Contains:
        out.slices = slicesAround(trace, inner.slices);
        addAround(trace, inner.instants, out.slices);
        break;
    default:
        out.slices = slicesDirectly(trace, inner.slices, link);
        forEachInnermost(trace, [&](InstantId instant, SliceId around) {
            if (!around) return;
            if (link == FilterLink::ChildOf && inner.slices.contains(around)) out.instants.insert(instant);
            if (link == FilterLink::ParentOf && inner.instants.contains(instant)) out.slices.insert(around);
        });
    }
    return out;
}

} // namespace

RowTestPtr linkTest(const Trace& trace, FilterLink link, const Matches& inner)
{
    const auto kind = [](LinkKind wanted) { return [wanted](const Link& l) { return l.kind == wanted; }; };
    Matches rows = Matches::none(trace);
    switch (link) {
    case FilterLink::Inside:
    case FilterLink::Contains:
    case FilterLink::ChildOf:
    case FilterLink::ParentOf: return std::make_unique<SetTest>(trace, nesting(trace, link, inner), true);
    case FilterLink::LaunchedBy: rows.slices = across(trace, inner.slices, Ends::Effects, launches); break;
    case FilterLink::LaunchedIn: {
        SliceSet within = slicesInside(trace, inner.slices);
        within |= inner.slices;
        rows.slices = across(trace, within, Ends::Effects, launches);
        break;
    }
    case FilterLink::Launches: rows.slices = across(trace, inner.slices, Ends::Causes, launches); break;
    case FilterLink::ForwardOf: rows.slices = across(trace, inner.slices, Ends::Causes, kind(LinkKind::Forward)); break;
    case FilterLink::BackwardOf: rows.slices = across(trace, inner.slices, Ends::Effects, kind(LinkKind::Forward)); break;
    case FilterLink::LinkedTo: rows.slices = across(trace, inner.slices, Ends::Both, [](const Link&) { return true; }); break;
    }
    return std::make_unique<SetTest>(trace, std::move(rows), false);
}

} // namespace opscope
