#pragma once

#include "core/base/Id.h"
#include "core/base/Time.h"

#include <cstdint>
#include <span>
#include <vector>

namespace opscope {

/// One curve: a key of a counter event's args, or the allocated bytes of one device. Step function: a value holds until the next.
struct CounterSeries
{
    TrackId track;
    StringId name;                  ///< the args key; "" where the file has it so
    std::uint32_t first = 0;        ///< rows of CounterTable, by time
    std::uint32_t count = 0;
    double min = 0;
    double max = 0;
    bool isBytes = false;           ///< memory: show as MiB
};

/// Values are for drawing, hence double; the exact text is read back from the source.
class CounterTable
{
public:
    std::span<const CounterSeries> series() const { return m_series; }
    const CounterSeries& series(SeriesId id) const { return m_series[id.index()]; }
    std::span<const Nanos> times(const CounterSeries& s) const { return std::span(m_time).subspan(s.first, s.count); }
    std::span<const double> values(const CounterSeries& s) const { return std::span(m_value).subspan(s.first, s.count); }
    std::span<const std::uint64_t> offsets(const CounterSeries& s) const
    {
        return std::span(m_offset).subspan(s.first, s.count);
    }
    std::size_t size() const { return m_time.size(); }
    std::size_t bytes() const;

private:
    friend class TraceBuilder;
    friend class LinkBuilder;
    std::vector<CounterSeries> m_series;
    std::vector<Nanos> m_time;
    std::vector<double> m_value;
    std::vector<std::uint64_t> m_offset;
};

} // namespace opscope
