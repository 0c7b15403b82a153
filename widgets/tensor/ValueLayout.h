#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace opscope {

/// Where the values of a tensor stand in a grid of so many columns: bags and rows of the last dimension each begin a new line.
///
///     offsets 0 3 3 8, 4 columns        line 0   bag 0   0 1 2
///                                       line 1   bag 1
///                                       line 2   bag 2   3 4 5 6
///                                       line 3           7
///
/// Nothing is kept a value; 8 bytes a bag. Line numbers go beyond 32 bits.
class ValueLayout
{
public:
    using Starts = std::shared_ptr<const std::vector<std::uint64_t>>;
    struct Line
    {
        std::uint64_t first = 0;       ///< value
        std::uint64_t count = 0;       ///< of values; 0 only for an empty bag
        std::uint64_t segment = 0;     ///< bag, or row of the last dimension
        bool opens = false;            ///< the first line of its segment
    };

    ValueLayout() = default;
    /// Segments of equal length; 0, or at least `count`: all in one.
    ValueLayout(std::uint64_t count, std::uint64_t segmentLength, std::uint64_t columns);
    /// Segment i is [starts[i], starts[i + 1]), the last one ends at `count`. Rising, the first is 0.
    ValueLayout(std::uint64_t count, Starts starts, std::uint64_t columns);

    std::uint64_t values() const { return m_count; }
    std::uint64_t columns() const { return m_columns; }
    std::uint64_t lines() const { return m_lines; }
    std::uint64_t segments() const;
    /// [first, end) of a segment.
    std::uint64_t segmentBegin(std::uint64_t segment) const;
    std::uint64_t segmentEnd(std::uint64_t segment) const;
    std::uint64_t segmentOf(std::uint64_t value) const;
    /// `line` < lines(). O(log bags).
    Line line(std::uint64_t line) const;
    /// `value` < values(). O(log bags).
    std::uint64_t lineOf(std::uint64_t value) const;

private:
    std::uint64_t linesOf(std::uint64_t length) const;

    std::uint64_t m_count = 0, m_segment = 0, m_columns = 1, m_lines = 0;
    Starts m_starts;
    std::vector<std::uint64_t> m_firstLine; ///< of each bag
};

} // namespace opscope
