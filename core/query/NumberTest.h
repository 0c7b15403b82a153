#pragma once

#include "core/query/FilterNode.h"

#include <cstdint>
#include <vector>

namespace opscope {

/// One comparison of whole numbers: ranges with both ends in them.
class NumberTest
{
public:
    struct Range
    {
        std::int64_t low, high;
    };
    /// `origin` is added to the numbers of the filter, without overflow. Texts are no numbers: nothing passes.
    explicit NumberTest(const FilterNode& comparison, std::int64_t origin = 0);

    bool operator()(std::int64_t value) const
    {
        if (m_ranges.size() == 1) return in(m_ranges.front(), value) != m_outside;
        bool any = false;
        for (const Range& range : m_ranges) any |= in(range, value);
        return any != m_outside;
    }
    const std::vector<Range>& ranges() const { return m_ranges; }
    /// There is a number to compare with; else nothing passes.
    bool possible() const { return !m_ranges.empty() || m_outside; }

private:
    static bool in(const Range& range, std::int64_t v)
    {
        return static_cast<std::uint64_t>(v) - static_cast<std::uint64_t>(range.low) <=
               static_cast<std::uint64_t>(range.high) - static_cast<std::uint64_t>(range.low);
    }
    std::vector<Range> m_ranges;
    bool m_outside = false;      ///< != and the like: what lies in none
};

/// The same of numbers with a fraction.
class RealTest
{
public:
    explicit RealTest(const FilterNode& comparison) : m_comparison(comparison) {}
    bool operator()(double value) const;

private:
    FilterNode m_comparison;
};

std::int64_t saturatingAdd(std::int64_t a, std::int64_t b);

} // namespace opscope
