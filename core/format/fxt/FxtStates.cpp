#include "core/format/fxt/FxtStates.h"

#include <algorithm>
#include <optional>
#include <unordered_map>

namespace opscope::fxt {

namespace {

constexpr std::uint16_t kNoCpu = 0xFFFF; ///< where none is known: no CPU's time begins or ends there

std::uint64_t placeOf(const Trace& trace, const Track& track, SliceId slice)
{
    return std::uint64_t{trace.process(track.process).source.value} << 40 | trace.slices().sourceOffset(slice);
}

/// Whose states, one after the other.
class States
{
public:
    States(const Trace& trace, const Subset& subset, const FxtIds& ids, const std::function<TimeRange(SliceId)>& range)
        : m_trace(trace), m_subset(subset), m_ids(ids), m_range(range)
    {
        eachSlice(TrackKind::Cpu, [&](TrackId id, SliceId slice) {
            const Track& track = trace.track(id);
            m_cpuOf[placeOf(trace, track, slice)] = static_cast<std::uint16_t>(track.tid.number);
        });
    }

    std::vector<StateChange> run()
    {
        eachSlice(TrackKind::State, [&](TrackId track, SliceId slice) { add(track, slice); });
        std::stable_sort(m_changes.begin(), m_changes.end());
        return std::move(m_changes);
    }

private:
    template <class Visit>
    void eachSlice(TrackKind kind, Visit&& visit) const
    {
        m_subset.tracks.forEach([&](TrackId id) {
            const Track& track = m_trace.track(id);
            if (track.kind != kind) return;
            for (std::uint32_t row = track.firstSlice; row < track.firstSlice + track.sliceCount; ++row)
                if (m_subset.rows.slices.contains(SliceId(row))) visit(id, SliceId(row));
        });
    }
    bool runs(SliceId slice) const { return m_trace.name(slice) == "Running"; }
    ThreadState leftAs(SliceId waits) const
    {
        if (m_trace.name(waits) == "Blocked") return ThreadState::Blocked;
        return m_trace.name(waits) == "Suspended" ? ThreadState::Suspended : ThreadState::Running;
    }
    /// The kept slice that begins where this one ends, or ends where it begins; `by` is 1 or -1.
    std::optional<SliceId> beside(const Track& track, SliceId slice, int by) const
    {
        const auto row = static_cast<std::uint32_t>(static_cast<std::int64_t>(slice.value) + by);
        const SliceId other(row);
        if (row < track.firstSlice || row >= track.firstSlice + track.sliceCount || !m_subset.rows.slices.contains(other)) return {};
        const bool touch = by > 0 ? m_range(other).start == m_range(slice).end : m_range(other).end == m_range(slice).start;
        return touch ? std::optional(other) : std::nullopt;
    }

    void add(TrackId id, SliceId slice)
    {
        const Track& track = m_trace.track(id);
        const TimeRange when = m_range(slice);
        const std::uint64_t thread = m_ids.thread(id).thread;
        const bool open = (m_trace.slices().flags(slice) & kUnclosed) && when.end == m_trace.slices().end(slice);
        const auto next = beside(track, slice, 1);
        if (runs(slice)) {
            const auto known = m_cpuOf.find(placeOf(m_trace, track, slice));
            const std::uint16_t cpu = known == m_cpuOf.end() ? kNoCpu : known->second;
            m_changes.push_back({when.start, thread, cpu, StateChange::Kind::Comes, {}});
            if (!open) m_changes.push_back({when.end, thread, cpu, StateChange::Kind::Leaves, next && !runs(*next) ? leftAs(*next) : ThreadState::Dead});
            return;
        }
        const auto before = beside(track, slice, -1);
        if (!before || !runs(*before)) { // else it says so where it leaves
            const bool woken = leftAs(slice) == ThreadState::Running;
            m_changes.push_back({when.start, thread, kNoCpu, woken ? StateChange::Kind::Wakes : StateChange::Kind::Leaves, leftAs(slice)});
        }
        if (!open && !next) m_changes.push_back({when.end, thread, kNoCpu, StateChange::Kind::Leaves, ThreadState::Dead});
    }

    const Trace& m_trace;
    const Subset& m_subset;
    const FxtIds& m_ids;
    const std::function<TimeRange(SliceId)>& m_range;
    std::unordered_map<std::uint64_t, std::uint16_t> m_cpuOf; // by the record that began it
    std::vector<StateChange> m_changes;
};

} // namespace

std::vector<StateChange> stateChanges(const Trace& trace, const Subset& subset, const FxtIds& ids, const std::function<TimeRange(SliceId)>& range)
{
    return States(trace, subset, ids, range).run();
}

} // namespace opscope::fxt
