#include "core/analysis/BusiestRange.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>

namespace opscope {
namespace {

constexpr std::size_t kColumns = 500;
constexpr std::size_t kWindow = kColumns / 5;
// A fifth that holds less than this share of all is no place of its own: evenly busy would be 0.2.
constexpr double kWorthIt = 0.35;

using Columns = std::array<double, kColumns>; ///< nanoseconds busy, only ever compared

class Busy
{
public:
    explicit Busy(TimeRange extent) : m_extent(extent), m_width(std::max(1.0, static_cast<double>(extent.length()) / kColumns)) {}

    void add(Nanos start, Nanos duration)
    {
        const double from = offset(start), to = std::min(from + static_cast<double>(duration), m_width * kColumns);
        if (!(to > from)) return;
        const auto first = column(from), last = column(to);
        for (std::size_t i = first; i <= last; ++i)
            m_columns[i] += std::min(to, m_width * static_cast<double>(i + 1)) - std::max(from, m_width * static_cast<double>(i));
    }
    const Columns& columns() const { return m_columns; }
    TimeRange range(std::size_t from, std::size_t to) const
    {
        return {place(from), to == kColumns ? m_extent.end : place(to)};
    }

private:
    double offset(Nanos t) const
    {
        return t <= m_extent.start ? 0 : static_cast<double>(static_cast<std::uint64_t>(t) - static_cast<std::uint64_t>(m_extent.start));
    }
    std::size_t column(double at) const { return std::min(kColumns - 1, static_cast<std::size_t>(at / m_width)); }
    Nanos place(std::size_t column) const
    {
        const auto length = static_cast<__int128>(m_extent.length()) * static_cast<__int128>(column) / static_cast<__int128>(kColumns);
        return static_cast<Nanos>(static_cast<__int128>(m_extent.start) + length);
    }

    TimeRange m_extent;
    double m_width;
    Columns m_columns{};
};

/// Of every track of these kinds what its outermost slices cover; of states only "Running": to wait for something is no work.
bool addTracks(Busy& busy, const Trace& trace, std::initializer_list<TrackKind> kinds)
{
    const SliceTable& slices = trace.slices();
    bool any = false;
    for (const Track& track : trace.tracks()) {
        if (track.laneCount == 0 || std::ranges::find(kinds, track.kind) == kinds.end()) continue;
        const auto addLane = [&](std::uint16_t row) {
            for (const std::uint32_t slice : trace.lanes().rows(trace.lanes().lane(track, row))) {
                const SliceId s(slice);
                if (track.kind == TrackKind::State && trace.name(s) != "Running") continue;
                busy.add(slices.start(s), slices.duration(s));
                any = true;
            }
        };
        addLane(0);
        for (const std::uint16_t base : track.spillBases) addLane(base);
    }
    return any;
}

Busy measure(const Trace& trace)
{
    Busy busy(trace.extent());
    if (!addTracks(busy, trace, {TrackKind::Thread, TrackKind::Stream}) && !addTracks(busy, trace, {TrackKind::State}))
        addTracks(busy, trace, {TrackKind::Cpu});
    return busy;
}

} // namespace

TimeRange busiestRange(const Trace& trace)
{
    const TimeRange whole = trace.extent();
    if (trace.timeBase() != TimeBase::Nanoseconds || whole.length() < kColumns) return whole;
    const Busy busy = measure(trace);
    const Columns& columns = busy.columns();
    double total = 0, window = 0, best = 0;
    std::size_t from = 0;
    for (std::size_t i = 0; i < kColumns; ++i) {
        total += columns[i];
        window += columns[i] - (i >= kWindow ? columns[i - kWindow] : 0);
        // Adding and taking away leaves crumbs: a later window must be truly busier.
        if (i + 1 >= kWindow && window > best * (1 + 1e-9)) {
            best = window;
            from = i + 1 - kWindow;
        }
    }
    if (total <= 0 || best < kWorthIt * total) return whole;
    std::size_t to = from + kWindow;
    while (from + 1 < to && columns[from] <= 0) ++from;
    while (to > from + 1 && columns[to - 1] <= 0) --to;
    const std::size_t margin = std::max<std::size_t>(1, (to - from) / 20);
    return busy.range(from - std::min(from, margin), std::min(kColumns, to + margin));
}

} // namespace opscope
