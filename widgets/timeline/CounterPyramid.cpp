#include "widgets/timeline/CounterPyramid.h"

#include <algorithm>
#include <limits>

namespace opscope {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr CounterPyramid::Extremes kNothing{kInfinity, -kInfinity};

void include(CounterPyramid::Extremes& all, const CounterPyramid::Extremes& one)
{
    all.low = std::min(all.low, one.low);
    all.high = std::max(all.high, one.high);
}
void include(CounterPyramid::Extremes& all, double value)
{
    if (value < all.low) all.low = value; // comparisons with NaN are false
    if (value > all.high) all.high = value;
}

} // namespace

CounterPyramid::CounterPyramid(std::span<const double> values) : m_values(values)
{
    const auto fold = [](const auto& below) {
        std::vector<Extremes> above((below.size() + kFan - 1) / kFan, kNothing);
        for (std::size_t i = 0; i < below.size(); ++i) include(above[i / kFan], below[i]);
        return above;
    };
    if (values.size() < 2 * kFan) return;
    m_levels.push_back(fold(values));
    while (m_levels.back().size() >= 2 * kFan) m_levels.push_back(fold(m_levels.back()));
}

CounterPyramid::Extremes CounterPyramid::between(std::size_t from, std::size_t to) const
{
    Extremes all = kNothing;
    for (std::size_t i = from; i < to;) {
        std::size_t level = 0;
        std::size_t size = 1;
        while (level < m_levels.size() && i % (size * kFan) == 0 && i + size * kFan <= to) {
            ++level;
            size *= kFan;
        }
        if (level == 0) include(all, m_values[i]);
        else include(all, m_levels[level - 1][i / size]);
        i += size;
    }
    return all.low <= all.high ? all : Extremes{};
}

} // namespace opscope
