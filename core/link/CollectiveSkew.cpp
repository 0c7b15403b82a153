#include "core/link/CollectiveSkew.h"

#include <algorithm>

namespace opscope {

std::optional<CollectiveSkew> collectiveSkew(const Trace& trace, SliceId slice)
{
    // Links lead from the last one to begin to all others.
    const Link* to = trace.links().into(slice, LinkKind::Collective);
    CollectiveSkew skew;
    skew.last = to ? to->from : slice;
    skew.first = skew.last;
    skew.ranks = 1;
    const SliceTable& slices = trace.slices();
    Nanos firstEnd = slices.end(skew.last), lastEnd = firstEnd;
    for (const Link& link : trace.links().out(skew.last)) {
        if (link.kind != LinkKind::Collective) continue;
        ++skew.ranks;
        if (slices.start(link.to) < slices.start(skew.first)) skew.first = link.to;
        firstEnd = std::min(firstEnd, slices.end(link.to));
        lastEnd = std::max(lastEnd, slices.end(link.to));
    }
    if (skew.ranks < 2) return std::nullopt;
    skew.early = slices.start(skew.last) - slices.start(slice);
    skew.behindFirst = slices.start(slice) - slices.start(skew.first);
    skew.spread = slices.start(skew.last) - slices.start(skew.first);
    skew.endSpread = lastEnd - firstEnd;
    return skew;
}

} // namespace opscope
