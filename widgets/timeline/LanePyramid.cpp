#include "widgets/timeline/LanePyramid.h"

#include <algorithm>

namespace opscope {

LanePyramid::LanePyramid(const SliceTable& slices, std::span<const std::uint32_t> rows) : m_rows(rows)
{
    if (rows.size() < 2 * kFan) return; // a handful is drawn one by one
    std::vector<Block> level((rows.size() + kFan - 1) / kFan);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const SliceId s(rows[i]);
        const auto duration = static_cast<float>(slices.duration(s));
        Block& b = level[i / kFan];
        if (i % kFan == 0) b.start = slices.start(s);
        if (i % kFan == 0 || duration > b.duration) {
            b.longest = s.value;
            b.duration = duration;
        }
        b.end = slices.end(s);
    }
    m_levels.push_back(std::move(level));
    while (m_levels.back().size() >= 2 * kFan && m_levels.size() < 10) {
        const std::vector<Block>& below = m_levels.back();
        std::vector<Block> above((below.size() + kFan - 1) / kFan);
        for (std::size_t i = 0; i < below.size(); ++i) {
            Block& b = above[i / kFan];
            if (i % kFan == 0) b = below[i];
            b.end = below[i].end;
            if (below[i].duration > b.duration) {
                b.longest = below[i].longest;
                b.duration = below[i].duration;
            }
        }
        m_levels.push_back(std::move(above));
    }
}

std::uint32_t LanePyramid::firstEndingAfter(const SliceTable& slices, Nanos t) const
{
    const auto before = [&](std::uint32_t row) {
        const SliceId s(row);
        const Nanos end = slices.end(s);
        return end < t || (end == t && slices.duration(s) > 0);
    };
    return static_cast<std::uint32_t>(std::partition_point(m_rows.begin(), m_rows.end(), before) - m_rows.begin());
}

std::uint32_t LanePyramid::firstStartingAt(const SliceTable& slices, Nanos t) const
{
    const auto before = [&](std::uint32_t row) { return slices.start(SliceId(row)) < t; };
    return static_cast<std::uint32_t>(std::partition_point(m_rows.begin(), m_rows.end(), before) - m_rows.begin());
}

std::uint32_t LanePyramid::positionOf(const SliceTable& slices, SliceId slice) const
{
    for (std::uint32_t i = firstStartingAt(slices, slices.start(slice)); i < size(); ++i) {
        if (m_rows[i] == slice.value) return i;
        if (slices.start(SliceId(m_rows[i])) > slices.start(slice)) break;
    }
    return size();
}

std::size_t LanePyramid::bytes() const
{
    std::size_t total = 0;
    for (const auto& level : m_levels) total += level.capacity() * sizeof(Block);
    return total;
}

} // namespace opscope
