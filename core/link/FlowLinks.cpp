#include "core/link/FlowBinding.h"
#include "core/link/LinkBuilder.h"

// Flows of other producers: s -> t -> f, keyed by (file, category, id).
namespace opscope {

/// Launches come from correlations or launchFlows(), backward nodes from linkBackward(): no second arrow beside theirs.
bool LinkBuilder::ownStepDraws(const FlowPoint& point) const
{
    const SourceRows& source = m_sources[sourceOf(m_trace.track(point.track)).index()];
    if (isLaunchFlow(point.category)) return !source.calls.empty() || !source.deviceOps.empty();
    return isBackwardFlow(point.category) && !source.numbered.empty();
}

void LinkBuilder::linkFlows()
{
    ReportRow& out = row("flows", "Flow of the file to its end");
    Finding noStart{"flow-without-start", "flow end without a start", "flow ends without a start"};
    Finding noEnd{"flow-without-end", "flow start without an end", "flow starts without an end"};
    Finding nothing{"flow-to-nothing", "flow end where no span is", "flow ends where no span is"};
    Finding within{"flow-within-span", "flow begins and ends in one span", "flows begin and end in one span"};
    const auto points = m_trace.m_flows.points();
    const auto sourceOfPoint = [&](const FlowPoint& p) { return sourceOf(m_trace.track(p.track)); };
    std::uint32_t nearStart = 0, nearEnd = 0;
    for (std::size_t i = 0, end = 0; i < points.size(); i = end) {
        const FlowPoint& first = points[i];
        const SourceId source = sourceOfPoint(first);
        const auto sameFlow = [&](const FlowPoint& p) {
            return p.id == first.id && p.idKind == first.idKind && p.category == first.category && sourceOfPoint(p) == source;
        };
        for (end = i + 1; end < points.size() && sameFlow(points[end]);) ++end;
        if (ownStepDraws(first)) continue;
        SliceId from;
        bool begun = false, ended = true, fromExact = false;
        for (std::size_t p = i; p < end; ++p) {
            bool exact = false;
            const SliceId slice = flowBinding(m_trace, points[p], points[p].phase == 's' ? nearStart : nearEnd, exact);
            if (points[p].phase == 's') {
                if (begun && !ended) noEnd.add(from);
                from = slice;
                fromExact = exact;
                begun = true;
                ended = false;
                continue;
            }
            ended = true;
            if (!begun) {
                noStart.add(slice);
                continue;
            }
            if (!slice || !from) {
                nothing.add(slice ? slice : from);
                defects(source).note(Defect::DanglingLink, points[p].source, "a flow binds to no span");
            } else if (slice == from) {
                within.add(slice);
            } else {
                const LinkConfidence confidence = exact && fromExact ? LinkConfidence::Exact : LinkConfidence::Inferred;
                add(from, slice, LinkKind::Flow, LinkMethod::FlowEvent, confidence);
                out.matched(LinkMethod::FlowEvent, confidence);
            }
            if (points[p].phase == 't') {
                from = slice;
                fromExact = exact;
            }
        }
        if (begun && !ended) noEnd.add(from);
    }
    for (Finding* f : {&noStart, &noEnd, &nothing, &within}) report(out, std::move(*f));
}

} // namespace opscope
