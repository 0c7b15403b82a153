#include "core/link/FlowBinding.h"
#include "core/query/SubsetParts.h"

// Which flow points are kept: never half a flow, never an end where nothing is.
namespace opscope {

namespace {

class FlowKeeper
{
public:
    FlowKeeper(const Trace& trace, Subset& subset) : m_trace(trace), m_subset(subset), m_points(trace.flows().points())
    {
        for (const Category& category : trace.categories()) {
            m_kinds.push_back(category.kind);
            m_uses.push_back(flowUse(category.name));
        }
    }

    bool run(const JobControl& job)
    {
        std::size_t end = 0;
        for (std::size_t i = 0, looked = 0; i < m_points.size(); i = end) {
            for (end = i + 1; end < m_points.size() && same(m_points[i], m_points[end]);) ++end;
            // The profiler's ids are of one launch each, whichever side's clock is ahead; others use theirs again.
            if (use(m_points[i]) != FlowUse::Other) keepOwn(i, end);
            else keepParts(i, end);
            if (i - looked > 4096 && job.cancelled()) return false;
            if (i - looked > 4096) looked = i;
        }
        return true;
    }

private:
    FlowUse use(const FlowPoint& p) const { return p.category ? m_uses[p.category.index()] : FlowUse::Other; }
    CategoryClass kind(std::uint32_t row) const { return m_kinds[m_trace.slices().categories()[row]]; }
    SourceId sourceOf(const FlowPoint& p) const { return m_trace.process(m_trace.track(p.track).process).source; }
    bool same(const FlowPoint& a, const FlowPoint& b) const
    {
        return a.id == b.id && a.idKind == b.idKind && a.category == b.category && (a.track == b.track || sourceOf(a) == sourceOf(b));
    }

    /// Whether the slice of the point is kept.
    bool isKept(const FlowPoint& point)
    {
        if (!m_subset.tracks.contains(point.track)) return false;
        std::uint32_t& near = point.phase == 's' ? m_nearStart : m_nearEnd;
        const auto [first, last] = rowsStartingAt(m_trace, point.track, point.time, near);
        if (use(point) == FlowUse::Launch) {
            for (std::uint32_t row = last; row-- > first;)
                if (fitsLaunch(point, kind(row))) return m_subset.rows.slices.contains(SliceId(row));
        } else if (use(point) == FlowUse::Backward) {
            bool numbered = false;
            for (std::uint32_t row = last; row-- > first;) {
                if (m_trace.slices().arg(SliceId(row), ArgField::SequenceNumber) < 0) continue;
                if (m_subset.rows.slices.contains(SliceId(row))) return true;
                numbered = true;
            }
            if (numbered) return false;
        }
        bool exact = false;
        const SliceId slice = flowBinding(m_trace, point, near, exact);
        return slice && m_subset.rows.slices.contains(slice);
    }

    static bool fitsLaunch(const FlowPoint& point, CategoryClass kind)
    {
        if (point.phase == 's') return kind == CategoryClass::Runtime || kind == CategoryClass::Driver;
        return kind == CategoryClass::Kernel || kind == CategoryClass::Memcpy || kind == CategoryClass::Memset;
    }

    void keepOwn(std::size_t begin, std::size_t end)
    {
        m_kept.clear();
        bool start = false, finish = false;
        for (std::size_t i = begin; i < end; ++i) {
            if (!isKept(m_points[i])) continue;
            (m_points[i].phase == 's' ? start : finish) = true;
            m_kept.push_back(FlowPointId(i));
        }
        if (start && finish) keepFound();
    }

    void keepParts(std::size_t begin, std::size_t end)
    {
        for (std::size_t i = begin, next = 0; i < end; i = next) {
            for (next = i + 1; next < end && m_points[next].phase != 's';) ++next;
            if (m_points[i].phase == 's') keepPart(i, next);
        }
    }

    /// An s and all up to the next.
    void keepPart(std::size_t begin, std::size_t end)
    {
        m_kept.clear();
        bool finish = false;
        for (std::size_t i = begin; i < end; ++i) {
            const bool isEnd = m_points[i].phase == 'f', kept = isKept(m_points[i]);
            if (!kept && !isEnd) return; // what is left would lead elsewhere than the flow did
            if (!kept) continue;
            finish = finish || isEnd;
            m_kept.push_back(FlowPointId(i));
        }
        if (finish) keepFound();
    }

    void keepFound()
    {
        for (const FlowPointId point : m_kept) m_subset.flows.insert(point);
    }

    const Trace& m_trace;
    Subset& m_subset;
    std::span<const FlowPoint> m_points;
    std::vector<CategoryClass> m_kinds;
    std::vector<FlowUse> m_uses;
    std::vector<FlowPointId> m_kept;
    std::uint32_t m_nearStart = 0, m_nearEnd = 0;
};

} // namespace

bool keepFlows(const Trace& trace, Subset& subset, const JobControl& job)
{
    subset.flows = FlowPointSet(trace.flows().points().size());
    return FlowKeeper(trace, subset).run(job);
}

} // namespace opscope
