#pragma once

#include "core/trace/CounterTable.h"

#include <span>
#include <vector>

namespace opscope {

/// Smallest and largest value of any stretch of a counter series in O(log n): block minima and maxima, 64 values a block.
class CounterPyramid
{
public:
    struct Extremes
    {
        double low = 0;
        double high = 0;
    };
    explicit CounterPyramid(std::span<const double> values);
    /// Of values [from, to), from < to. NaN is skipped; all NaN gives {0, 0}.
    Extremes between(std::size_t from, std::size_t to) const;

private:
    static constexpr std::size_t kFan = 64;
    std::span<const double> m_values;
    std::vector<std::vector<Extremes>> m_levels;
};

} // namespace opscope
