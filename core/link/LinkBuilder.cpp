#include "core/link/LinkBuilder.h"

#include "core/base/Parallel.h"
#include "core/base/Time.h"
#include "core/link/GroupByKey.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <numeric>

// The list of steps, the report, and how links are put away.
namespace opscope {

namespace {

/// Rows of the report in the order in which people read them.
constexpr std::string_view kRowOrder[] = {"node_to_event",       "device_to_call", "device_to_op", "call_to_device", "backward_to_forward",
                                          "gpu_annotation_to_annotation", "sync_to_call", "flows", "collectives"};

/// Hostile durations add up to the largest number, not to a negative one.
Nanos sumOf(Nanos a, Nanos b)
{
    Nanos sum = 0;
    return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<Nanos>::max() : sum;
}

} // namespace

void LinkBuilder::ReportRow::matched(LinkMethod method, LinkConfidence confidence)
{
    ++byMethod[static_cast<std::size_t>(method)];
    switch (confidence) {
    case LinkConfidence::Exact: ++count.exact; break;
    case LinkConfidence::Inferred: ++count.inferred; break;
    case LinkConfidence::Ambiguous: ++count.ambiguous; break;
    }
    ++count.total;
}

void LinkBuilder::ReportRow::add(const ReportRow& other)
{
    count.total += other.count.total;
    count.exact += other.count.exact;
    count.inferred += other.count.inferred;
    count.ambiguous += other.count.ambiguous;
    count.unmatched += other.count.unmatched;
    for (std::size_t m = 0; m < byMethod.size(); ++m) byMethod[m] += other.byMethod[m];
}

void LinkBuilder::Finding::add(LinkPlace place)
{
    ++count;
    if (places.size() < LinkReason::kPlacesKept) places.push_back(place);
}

LinkBuilder::ReportRow& LinkBuilder::row(std::string_view id, std::string_view title)
{
    const auto it = std::find_if(m_rows.begin(), m_rows.end(), [id](const ReportRow& r) { return r.count.id == id; });
    if (it != m_rows.end()) return *it;
    ReportRow& made = m_rows.emplace_back();
    made.count.id = id;
    made.count.title = title;
    return made;
}

void LinkBuilder::report(ReportRow& row, Finding&& finding)
{
    if (!finding.count) return;
    if (finding.unmatched) {
        row.count.unmatched += finding.count;
        row.count.total += finding.count;
    }
    auto& reasons = row.count.reasons;
    auto it = std::ranges::find(reasons, finding.id, &LinkReason::id);
    if (it == reasons.end()) {
        reasons.push_back({std::string(finding.id), {}, 0, finding.unmatched, {}});
        it = std::prev(reasons.end());
    }
    it->count += finding.count;
    it->text = formatCount(static_cast<std::int64_t>(it->count)) + " " + std::string(it->count == 1 ? finding.one : finding.many);
    for (const LinkPlace& place : finding.places)
        if (it->places.size() < LinkReason::kPlacesKept) it->places.push_back(place);
}

void LinkBuilder::learnCategories()
{
    for (const Category& category : m_trace.m_categories) {
        m_kinds.push_back(category.kind);
        m_survey->flowUses.push_back(flowUse(category.name));
    }
}

bool LinkBuilder::encloses(SliceId outer, SliceId inner) const
{
    const SliceTable& slices = m_trace.m_slices;
    return slices.start(outer) <= slices.start(inner) && slices.end(inner) <= slices.end(outer) && m_trace.trackOf(outer) == m_trace.trackOf(inner);
}

bool LinkBuilder::run()
{
    m_trace.m_links = {};
    m_sources.resize(m_trace.m_sources.size());
    m_defects.resize(m_trace.m_sources.size());
    learnCategories();
    survey();
    if (m_job.cancelled()) return false;
    for (SourceRows& source : m_sources) learnExternalIds(source);
    LinkBuilder host = *this; // nothing is found yet
    linkNodes();
    if (m_job.cancelled()) return false;
    parallelFor(2, m_threads, [&](std::size_t lot) { lot == 0 ? linkDeviceOps() : host.linkHost(); });
    absorb(std::move(host));
    if (m_job.cancelled()) return false;
    linkCollectives(); // moves the clocks
    if (m_job.cancelled()) return false;
    seal();
    return true;
}

/// What does not ask for the launches of device ops.
void LinkBuilder::linkHost()
{
    using Step = void (LinkBuilder::*)();
    for (const Step step : {&LinkBuilder::linkBackward, &LinkBuilder::linkAnnotations, &LinkBuilder::linkSyncs, &LinkBuilder::linkFlows})
        if (!m_job.cancelled()) (this->*step)();
}

/// Rows of the report are made by one step each, so none is there twice.
void LinkBuilder::absorb(LinkBuilder&& other)
{
    m_links.insert(m_links.end(), other.m_links.begin(), other.m_links.end());
    std::move(other.m_rows.begin(), other.m_rows.end(), std::back_inserter(m_rows));
    for (std::uint32_t s = 0; s < m_defects.size(); ++s) m_defects[s].merge(other.m_defects[s], s);
}

void LinkBuilder::seal()
{
    sortLinks();
    const std::vector<SliceId> twoOwners = ambiguousOps();
    parallelFor(2, m_threads, [&](std::size_t part) {
        if (part == 0) indexBack();
        else if (twoOwners.empty()) sumWork({}); // else it asks for the way back
    });
    if (!twoOwners.empty()) sumWork(twoOwners);
    sumNodeWork();
    finishReport();
    TraceLinks& out = m_trace.m_links;
    out.m_externalIds.clear();
    for (const SourceRows& source : m_sources) out.m_externalIds.push_back(source.externalIdsUsable);
    for (std::uint32_t s = 0; s < m_defects.size(); ++s) m_trace.m_diagnostics.merge(m_defects[s], s);
}

/// By (from, kind, to). Sources and kinds come in runs, so counting beats comparing.
void LinkBuilder::sortLinks()
{
    std::vector<Link>& sorted = m_trace.m_links.m_links;
    sorted.clear();
    sorted.resize(m_links.size());
    const auto less = [](const Link& a, const Link& b) { return std::pair(a.kind, a.to) < std::pair(b.kind, b.to); };
    groupByKey(m_links.size(), m_trace.m_slices.size(), m_threads, [&](std::size_t i) { return m_links[i].from.index(); },
               [&](std::size_t place, std::size_t i) { sorted[place] = m_links[i]; },
               [&](std::size_t begin, std::size_t last) {
                   for (std::size_t i = begin, end = 0; i < last; i = end) {
                       for (end = i + 1; end < last && sorted[end].from == sorted[i].from;) ++end;
                       sortShort(sorted.data() + i, sorted.data() + end, less);
                   }
               });
    std::vector<Link>().swap(m_links);
}

/// By (to, kind, surest first, from).
void LinkBuilder::indexBack()
{
    const std::vector<Link>& links = m_trace.m_links.m_links;
    std::vector<std::uint32_t>& into = m_trace.m_links.m_into;
    into.clear();
    into.resize(links.size());
    const auto less = [&](std::uint32_t a, std::uint32_t b) {
        return std::pair(links[a].kind, links[a].confidence) < std::pair(links[b].kind, links[b].confidence);
    };
    groupByKey(links.size(), m_trace.m_slices.size(), m_threads, [&](std::size_t i) { return links[i].to.index(); },
               [&](std::size_t place, std::size_t i) { into[place] = static_cast<std::uint32_t>(i); }, // by from: the order of links
               [&](std::size_t begin, std::size_t last) {
                   for (std::size_t i = begin, end = 0; i < last; i = end) {
                       for (end = i + 1; end < last && links[into[end]].to == links[into[i]].to;) ++end;
                       sortShort(into.data() + i, into.data() + end, less);
                   }
               });
}

/// Who a device op is counted for when it has two owners: the inner one, so that both see it in what lies inside them; where
/// neither encloses the other, the surer one.
SliceId LinkBuilder::charged(SliceId deviceOp) const
{
    const SliceTable& slices = m_trace.m_slices;
    SliceId owner;
    for (const std::uint32_t row : m_trace.m_links.into(deviceOp)) {
        const Link& link = m_trace.m_links.m_links[row];
        if (link.kind != LinkKind::Operator) continue;
        const bool inside = owner && owner < link.from && slices.end(link.from) <= slices.end(owner) &&
                            m_trace.trackOf(owner) == m_trace.trackOf(link.from);
        if (!owner || inside) owner = link.from;
    }
    return owner;
}

/// Those with two owners: rare, and told by the second link.
std::vector<SliceId> LinkBuilder::ambiguousOps() const
{
    std::vector<SliceId> found;
    for (const Link& link : m_trace.m_links.m_links)
        if (link.kind == LinkKind::Operator && link.confidence == LinkConfidence::Ambiguous) found.push_back(link.to);
    std::sort(found.begin(), found.end());
    return found;
}

void LinkBuilder::sumWork(std::span<const SliceId> twoOwners)
{
    const std::vector<Link>& links = m_trace.m_links.m_links;
    std::vector<SliceId>& from = m_trace.m_workFrom;
    std::vector<DeviceWork>& sum = m_trace.m_workSum;
    from.clear();
    sum.assign(1, {});
    for (const Link& link : links) {
        if (link.kind != LinkKind::Operator) continue;
        if (!twoOwners.empty() && std::ranges::binary_search(twoOwners, link.to) && charged(link.to) != link.from) continue;
        if (from.empty() || from.back() != link.from) {
            from.push_back(link.from);
            sum.push_back(sum.back());
        }
        ++sum.back().ops;
        sum.back().time = sumOf(sum.back().time, m_trace.m_slices.duration(link.to));
    }
    from.shrink_to_fit();
    sum.shrink_to_fit();
}

/// Each device op once, for the nearest node around its operator; then up the tree. Parents stand in front of their children.
void LinkBuilder::sumNodeWork()
{
    m_trace.m_nodeWork.clear();
    if (m_trace.m_nodeSlice.empty() || !m_trace.m_executionTrace || m_trace.m_workFrom.empty()) return;
    const SliceTable& slices = m_trace.m_slices;
    std::vector<NodeId> nearest(slices.size());
    for (std::uint32_t i = 0; i < nearest.size(); ++i) {
        const SliceId parent = slices.parent(SliceId(i));
        nearest[i] = m_trace.nodeOf(SliceId(i));
        if (!nearest[i] && parent) nearest[i] = nearest[parent.index()];
    }
    const ExecutionTrace& et = *m_trace.m_executionTrace;
    m_trace.m_nodeWork.resize(et.nodes().size());
    for (std::size_t i = 0; i < m_trace.m_workFrom.size(); ++i) {
        const NodeId node = nearest[m_trace.m_workFrom[i].index()];
        if (!node) continue;
        DeviceWork& work = m_trace.m_nodeWork[node.index()];
        work.ops += m_trace.m_workSum[i + 1].ops - m_trace.m_workSum[i].ops;
        work.time = sumOf(work.time, m_trace.m_workSum[i + 1].time - m_trace.m_workSum[i].time);
    }
    std::vector<NodeId> order(et.roots().begin(), et.roots().end());
    order.reserve(et.nodes().size());
    for (std::size_t i = 0; i < order.size() && order.size() <= et.nodes().size(); ++i)
        for (const NodeId child : et.children(order[i])) order.push_back(child);
    for (std::size_t i = order.size(); i-- > 0;) {
        const NodeId parent = et.node(order[i]).parent;
        if (!parent) continue;
        DeviceWork& above = m_trace.m_nodeWork[parent.index()];
        above.ops += m_trace.m_nodeWork[order[i].index()].ops;
        above.time = sumOf(above.time, m_trace.m_nodeWork[order[i].index()].time);
    }
}

void LinkBuilder::finishReport()
{
    std::stable_sort(m_rows.begin(), m_rows.end(), [](const ReportRow& a, const ReportRow& b) {
        return std::ranges::find(kRowOrder, a.count.id) < std::ranges::find(kRowOrder, b.count.id);
    });
    for (ReportRow& row : m_rows) {
        if (!row.count.total) continue;
        for (std::size_t m = 0; m < row.byMethod.size(); ++m)
            if (row.byMethod[m]) row.count.methods.push_back(static_cast<LinkMethod>(m));
        std::stable_sort(row.count.methods.begin(), row.count.methods.end(), [&](LinkMethod a, LinkMethod b) {
            return row.byMethod[static_cast<std::size_t>(a)] > row.byMethod[static_cast<std::size_t>(b)];
        });
        m_trace.m_links.m_report.push_back(std::move(row.count));
    }
}

} // namespace opscope
