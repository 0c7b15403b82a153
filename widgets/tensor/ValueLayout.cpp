#include "widgets/tensor/ValueLayout.h"

#include <algorithm>

namespace opscope {

ValueLayout::ValueLayout(std::uint64_t count, std::uint64_t segmentLength, std::uint64_t columns)
    : m_count(count), m_segment(segmentLength == 0 || segmentLength > count ? std::max<std::uint64_t>(count, 1) : segmentLength),
      m_columns(std::max<std::uint64_t>(columns, 1))
{
    const std::uint64_t whole = m_count / m_segment, rest = m_count % m_segment;
    m_lines = whole * linesOf(m_segment) + linesOf(rest);
}

ValueLayout::ValueLayout(std::uint64_t count, Starts starts, std::uint64_t columns)
    : m_count(count), m_columns(std::max<std::uint64_t>(columns, 1)), m_starts(std::move(starts))
{
    m_firstLine.reserve(m_starts->size());
    for (std::uint64_t bag = 0; bag < m_starts->size(); ++bag) {
        m_firstLine.push_back(m_lines);
        m_lines += std::max<std::uint64_t>(linesOf(segmentEnd(bag) - segmentBegin(bag)), 1); // an empty bag is seen to be empty
    }
}

std::uint64_t ValueLayout::linesOf(std::uint64_t length) const { return length / m_columns + (length % m_columns != 0); }

std::uint64_t ValueLayout::segments() const
{
    if (m_starts) return m_starts->size();
    return m_segment == 0 ? 0 : m_count / m_segment + (m_count % m_segment != 0);
}

std::uint64_t ValueLayout::segmentBegin(std::uint64_t segment) const
{
    return m_starts ? (*m_starts)[segment] : segment * m_segment;
}

std::uint64_t ValueLayout::segmentEnd(std::uint64_t segment) const
{
    if (m_starts) return segment + 1 < m_starts->size() ? (*m_starts)[segment + 1] : m_count;
    return m_count - segment * m_segment < m_segment ? m_count : (segment + 1) * m_segment;
}

std::uint64_t ValueLayout::segmentOf(std::uint64_t value) const
{
    if (!m_starts) return value / m_segment;
    // The last bag that begins at or before it: empty ones in front of it begin there as well.
    return static_cast<std::uint64_t>(std::ranges::upper_bound(*m_starts, value) - m_starts->begin()) - 1;
}

ValueLayout::Line ValueLayout::line(std::uint64_t line) const
{
    Line out;
    std::uint64_t within = 0;
    if (m_starts) {
        out.segment = static_cast<std::uint64_t>(std::ranges::upper_bound(m_firstLine, line) - m_firstLine.begin()) - 1;
        within = line - m_firstLine[out.segment];
    } else {
        const std::uint64_t each = linesOf(m_segment);
        out.segment = line / each;
        within = line % each;
    }
    out.opens = within == 0;
    out.first = segmentBegin(out.segment) + within * m_columns;
    out.count = std::min(m_columns, segmentEnd(out.segment) - out.first);
    return out;
}

std::uint64_t ValueLayout::lineOf(std::uint64_t value) const
{
    const std::uint64_t segment = segmentOf(value);
    const std::uint64_t within = (value - segmentBegin(segment)) / m_columns;
    return (m_starts ? m_firstLine[segment] : segment * linesOf(m_segment)) + within;
}

} // namespace opscope
