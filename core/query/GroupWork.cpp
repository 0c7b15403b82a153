#include "core/query/GroupWork.h"

#include "core/query/RowSet.h"
#include "core/query/Saturate.h"

#include <algorithm>

namespace opscope {
namespace {

void add(DeviceWork& sum, const DeviceWork& work)
{
    sum.ops += work.ops;
    sum.time = saturatingSum(sum.time, work.time);
}

/// Walks the slices of host tracks with a stack of those that are open. A group is paid when the outermost of its open slices
/// closes: with everything charged since it opened.
///
///     a ───────────────────────    group of the a: paid once, for both kernels
///       b ──────────  a ──────
///          launch k1  launch k2
class WorkSweep
{
public:
    WorkSweep(const Trace& trace, std::span<const std::uint32_t> groupOf, std::size_t groups)
        : m_trace(trace), m_groupOf(groupOf), m_owners(trace.workOwners()), m_sums(trace.workSums()), m_open(groups, 0), m_work(groups),
          m_counted(trace.slices().size())
    {
    }

    void track(const Track& track)
    {
        const auto begin = std::ranges::lower_bound(m_owners, SliceId(track.firstSlice));
        const auto end = std::lower_bound(begin, m_owners.end(), SliceId(track.firstSlice + track.sliceCount));
        if (begin == end || noneInAGroup(track)) return;
        m_owner = static_cast<std::size_t>(begin - m_owners.begin());
        m_ownerEnd = static_cast<std::size_t>(end - m_owners.begin());
        if (track.spillBases.empty()) {
            for (std::uint32_t i = 0; i < track.sliceCount; ++i) visit(SliceId(track.firstSlice + i), nextOwner(SliceId(track.firstSlice + i)));
        } else {
            for (const std::uint32_t row : parentsFirst(track)) visit(SliceId(row), ownerRow(SliceId(row)));
        }
        closeDownTo({});
    }

    std::vector<DeviceWork> finish(const JobControl& job)
    {
        std::vector<std::uint8_t> isOp;
        for (const Category& category : m_trace.categories()) isOp.push_back(isDeviceOp(category.kind));
        const SliceTable& slices = m_trace.slices();
        for (std::uint32_t row = 0; row < slices.size(); ++row) {
            if (row % 65536 == 0 && job.cancelled()) break;
            if (!isOp[slices.categories()[row]] || m_groupOf[row] == kNoGroup || m_counted.contains(SliceId(row))) continue;
            add(m_work[m_groupOf[row]], {1, slices.duration(SliceId(row))});
        }
        return std::move(m_work);
    }

private:
    static constexpr std::size_t kNoOwner = SIZE_MAX;
    struct Open
    {
        SliceId slice;
        std::uint32_t group = kNoGroup;
        bool outermost = false;        ///< of its group
        DeviceWork before;             ///< what was charged when it opened
    };

    /// A table of kernels asks nothing of hosts.
    bool noneInAGroup(const Track& track) const
    {
        return std::ranges::all_of(m_groupOf.subspan(track.firstSlice, track.sliceCount), [](std::uint32_t group) { return group == kNoGroup; });
    }
    void visit(SliceId slice, std::size_t owner)
    {
        closeDownTo(m_trace.slices().parent(slice));
        Open open{slice, m_groupOf[slice.index()], false, m_charged};
        if (open.group != kNoGroup) open.outermost = m_open[open.group]++ == 0;
        m_stack.push_back(open);
        if (owner != kNoOwner) charge(slice, owner);
    }
    void charge(SliceId slice, std::size_t owner)
    {
        add(m_charged, {m_sums[owner + 1].ops - m_sums[owner].ops, m_sums[owner + 1].time - m_sums[owner].time});
        // A device op that is in a group with what it was done for (rank, family) must not count a second time.
        for (const Link& link : m_trace.links().out(slice)) {
            if (link.kind != LinkKind::Operator) continue;
            const std::uint32_t group = m_groupOf[link.to.index()];
            if (group != kNoGroup && m_open[group]) m_counted.insert(link.to);
        }
    }
    void closeDownTo(SliceId parent)
    {
        while (!m_stack.empty() && m_stack.back().slice != parent) {
            const Open& open = m_stack.back();
            if (open.group != kNoGroup) {
                --m_open[open.group];
                if (open.outermost) add(m_work[open.group], {m_charged.ops - open.before.ops, m_charged.time - open.before.time});
            }
            m_stack.pop_back();
        }
    }
    /// Number of the slice among the owners; for slices in ascending order.
    std::size_t nextOwner(SliceId slice)
    {
        return m_owner < m_ownerEnd && m_owners[m_owner] == slice ? m_owner++ : kNoOwner;
    }
    std::size_t ownerRow(SliceId slice) const
    {
        const auto owners = m_owners.subspan(m_owner, m_ownerEnd - m_owner);
        const auto found = std::ranges::lower_bound(owners, slice);
        return found != owners.end() && *found == slice ? m_owner + static_cast<std::size_t>(found - owners.begin()) : kNoOwner;
    }
    /// Where slices overlap, rows in order of time are not in order of the tree: parents, then all that is inside, as rows.
    std::vector<std::uint32_t> parentsFirst(const Track& track) const
    {
        const SliceTable& slices = m_trace.slices();
        const auto local = [&](SliceId s) { return s.value - track.firstSlice; };
        std::vector<std::uint32_t> firstChild(track.sliceCount, kNoGroup), nextSibling(track.sliceCount, kNoGroup), waiting, order;
        const auto lastFirst = [&](auto&& take) {
            for (std::uint32_t i = track.sliceCount; i-- > 0;) take(i, slices.parent(SliceId(track.firstSlice + i)));
        };
        lastFirst([&](std::uint32_t i, SliceId parent) {
            if (!parent) {
                waiting.push_back(i);
                return;
            }
            nextSibling[i] = firstChild[local(parent)];
            firstChild[local(parent)] = i;
        });
        order.reserve(track.sliceCount);
        while (!waiting.empty()) {
            const std::uint32_t i = waiting.back();
            waiting.pop_back();
            order.push_back(track.firstSlice + i);
            const std::size_t old = waiting.size();
            for (std::uint32_t child = firstChild[i]; child != kNoGroup; child = nextSibling[child]) waiting.push_back(child);
            std::reverse(waiting.begin() + static_cast<std::ptrdiff_t>(old), waiting.end());
        }
        return order;
    }

    const Trace& m_trace;
    std::span<const std::uint32_t> m_groupOf;
    std::span<const SliceId> m_owners;
    std::span<const DeviceWork> m_sums;
    std::size_t m_owner = 0, m_ownerEnd = 0;
    std::vector<std::uint32_t> m_open;   ///< by group: how many of its slices are on the stack
    std::vector<Open> m_stack;
    std::vector<DeviceWork> m_work;      ///< by group
    DeviceWork m_charged;                ///< so far, by all owners visited
    SliceSet m_counted;                  ///< device ops that their group has through an owner
};

} // namespace

std::vector<DeviceWork> deviceWorkByGroup(const Trace& trace, std::span<const std::uint32_t> groupOf, std::size_t groups, const JobControl& job)
{
    WorkSweep sweep(trace, groupOf, groups);
    for (const Track& track : trace.tracks()) {
        if (job.cancelled()) break;
        sweep.track(track);
    }
    return sweep.finish(job);
}

} // namespace opscope
