#include "core/base/Parallel.h"
#include "core/trace/Finisher.h"
#include "core/trace/MergeSort.h"

#include <algorithm>
#include <array>

// Flow events (s, t, f), so that the points of one flow are neighbours.
namespace opscope {

namespace {

bool sameFlow(const FlowPoint& a, const FlowPoint& b)
{
    return a.id == b.id && a.idKind == b.idKind && a.category == b.category;
}

} // namespace

bool TraceBuilder::Finisher::flowLess(const FlowPoint& a, const FlowPoint& b) const
{
    if (a.category != b.category) return a.category < b.category;
    if (a.idKind != b.idKind) return a.idKind < b.idKind;
    if (a.id != b.id) {
        const bool isText = a.idKind == static_cast<unsigned>(TrackKey::Kind::Text) ||
                            a.idKind == static_cast<unsigned>(TrackKey::Kind::Other);
        if (!isText) return a.id < b.id;
        // Numbers of texts depend on which worker was first; the texts do not.
        return trace->text(StringId(static_cast<std::uint32_t>(a.id))) < trace->text(StringId(static_cast<std::uint32_t>(b.id)));
    }
    if (a.time != b.time) return a.time < b.time;
    if (a.source != b.source) return a.source < b.source;
    return a.phase > b.phase; // by hand without offsets: s, then f
}

/// Ids of different files are different things even when they are equal: one range for each source.
void TraceBuilder::Finisher::addFlows()
{
    std::vector<std::vector<std::uint32_t>> partsOf(in.sources.size());
    std::vector<std::size_t> first(parts.size(), 0);
    for (std::uint32_t p = 0; p < parts.size(); ++p) partsOf[workers[parts[p].worker].source.index()].push_back(p);
    std::vector<SortRange> ranges;
    std::vector<std::uint32_t> sourceOf;
    std::size_t total = 0;
    for (std::uint32_t source = 0; source < partsOf.size(); ++source) {
        const std::size_t begin = total;
        for (const std::uint32_t p : partsOf[source]) {
            first[p] = total;
            total += parts[p].flows;
        }
        if (total == begin) continue;
        ranges.push_back({begin, total});
        sourceOf.push_back(source);
    }
    auto& points = trace->m_flows.m_points;
    points.resize(total);
    parallelFor(parts.size(), threads(), [&](std::size_t p) {
        FlowPoint* out = points.data() + first[p];
        gatherFlows(parts[p], out);
    });
    for (const SortRange& r : ranges) sortFlows(r.begin, r.end);
    for (std::size_t r = 0; r < ranges.size(); ++r) countLooseFlows(ranges[r].begin, ranges[r].end, SourceId(sourceOf[r]));
}

/// Ids are mostly numbers given one after the other: then one counting pass by (category, id) brings the points of a flow
/// together, and what is left to sort are handfuls. Sparse ids (pointers, hashes, texts) take the general way.
void TraceBuilder::Finisher::sortFlows(std::size_t begin, std::size_t end)
{
    FlowPoint* const points = trace->m_flows.m_points.data() + begin;
    const std::size_t count = end - begin;
    const auto less = [this](const FlowPoint& a, const FlowPoint& b) { return flowLess(a, b); };
    std::vector<std::uint64_t> low(trace->m_categories.size(), UINT64_MAX), width(low.size(), 0);
    bool dense = true;
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t c = points[i].category.index();
        low[c] = std::min<std::uint64_t>(low[c], points[i].id);
        width[c] = std::max<std::uint64_t>(width[c], points[i].id);
        dense = dense && points[i].idKind == static_cast<unsigned>(TrackKey::Kind::Number);
    }
    std::uint64_t slots = 0;
    std::vector<std::uint64_t> first(low.size(), 0);
    for (std::size_t c = 0; c < low.size(); ++c) {
        if (low[c] > width[c]) continue; // no flow of this category
        first[c] = slots;
        dense = dense && width[c] - low[c] < 16 * count;
        slots += dense ? width[c] - low[c] + 1 : 0;
    }
    if (!dense || slots > 16 * count + 1024) {
        mergeSort(points, {{0, count}}, threads(), less);
        return;
    }
    const auto slotOf = [&](const FlowPoint& p) { return first[p.category.index()] + (p.id - low[p.category.index()]); };
    std::vector<std::uint32_t> next(slots + 1, 0); // counts, then where the next point of the slot goes
    for (std::size_t i = 0; i < count; ++i) ++next[slotOf(points[i]) + 1];
    for (std::size_t s = 1; s <= slots; ++s) next[s] += next[s - 1];
    RawVector<FlowPoint> sorted(count);
    for (std::size_t i = 0; i < count; ++i) sorted[next[slotOf(points[i])]++] = points[i];
    for (std::size_t i = 0, n = 0; i < count; i = n) {
        for (n = i + 1; n < count && sameFlow(sorted[i], sorted[n]);) ++n;
        if (n - i > 1) std::sort(sorted.data() + i, sorted.data() + n, less);
    }
    if (count == trace->m_flows.m_points.size()) trace->m_flows.m_points = std::move(sorted);
    else std::copy(sorted.begin(), sorted.end(), points);
}

void TraceBuilder::Finisher::gatherFlows(Part& part, FlowPoint* out)
{
    const Worker& worker = workers[part.worker];
    for (std::size_t i = 0, n = part.staged->idEvents.size(); i < n; ++i) {
        const StagedIdEvent& e = part.staged->idEvents[i];
        if (!isFlow(e.phase)) continue;
        FlowPoint point;
        point.time = e.time;
        point.id = idOf(worker, e);
        point.source = e.offset;
        point.phase = static_cast<unsigned char>(e.phase);
        point.idKind = e.idKind;
        point.bindsEnclosing = e.bindsEnclosing;
        point.track = worker.tracks[place(worker, e.track, e.category)];
        point.category = CategoryId(static_cast<std::uint32_t>(category(worker, e.category)));
        *out++ = point;
    }
    part.staged->idEvents.clear();
}

void TraceBuilder::Finisher::countLooseFlows(std::size_t begin, std::size_t end, SourceId source)
{
    const auto& points = trace->m_flows.m_points;
    std::vector<std::uint64_t> loose; // offsets
    for (std::size_t i = begin; i < end;) {
        std::size_t next = i;
        bool starts = false, finishes = false;
        for (; next < end && sameFlow(points[i], points[next]); ++next) {
            starts |= points[next].phase == 's';
            finishes |= points[next].phase == 'f';
        }
        for (; i < next; ++i)
            if (!starts || !finishes) loose.push_back(points[i].source);
    }
    if (loose.empty()) return;
    const std::size_t kept = std::min(loose.size(), Diagnostics::kPlacesKept);
    std::partial_sort(loose.begin(), loose.begin() + static_cast<std::ptrdiff_t>(kept), loose.end());
    for (std::size_t i = 0; i < kept; ++i) defects(source).note(Defect::FlowWithoutPartner, loose[i]);
    if (loose.size() > kept) defects(source).note(Defect::FlowWithoutPartner, loose[kept], loose.size() - kept, {});
}

} // namespace opscope
