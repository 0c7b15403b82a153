#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace opscope {

/// Bytes of a storage, the end not included.
struct ByteRange
{
    std::int64_t begin = 0, end = 0;
};

/// Over a row of byte ranges: finds the next or the previous one that touches a given range, without looking at the others one by
/// one. Holds the hull of every 16 neighbours, of every 16 of those, and so on: about a byte a row. Internal to core/tensor.
class RangeHulls
{
public:
    static constexpr std::size_t kNowhere = SIZE_MAX;

    /// `rangeOf(i, range)` is false where row i is to be passed over.
    template<typename RangeOf>
    void build(std::size_t rows, const RangeOf& rangeOf)
    {
        m_levels.clear();
        if (rows < kWidth) return;
        std::vector<ByteRange>& first = m_levels.emplace_back(rows / kWidth, kEmpty);
        for (std::size_t i = 0; i < first.size() * kWidth; ++i) {
            ByteRange range;
            if (rangeOf(i, range)) join(first[i / kWidth], {std::min(range.begin, range.end), std::max(range.begin, range.end)});
        }
        while (m_levels.back().size() >= kWidth) {
            const std::vector<ByteRange>& below = m_levels.back();
            std::vector<ByteRange> above(below.size() / kWidth, kEmpty);
            for (std::size_t i = 0; i < above.size() * kWidth; ++i) join(above[i / kWidth], below[i]);
            m_levels.push_back(std::move(above));
        }
    }

    /// The first row in [begin, end) that is right; rows of blocks that do not touch the range are not asked. Every row or block
    /// that is looked at counts as a step; at `most` steps it is nowhere.
    template<typename IsRight>
    std::size_t next(std::size_t begin, std::size_t end, const ByteRange& range, std::size_t& steps, std::size_t most, const IsRight& isRight) const
    {
        for (std::size_t i = begin; i < end && steps < most; ++steps) {
            std::size_t level = alignment(i);
            while (level > 0 && (end - i < width(level) || touches(m_levels[level - 1][i / width(level)], range))) --level;
            if (level == 0 && isRight(i)) return i;
            i += width(level);
        }
        return kNowhere;
    }

    /// The last row in [begin, end) that is right.
    template<typename IsRight>
    std::size_t previous(std::size_t begin, std::size_t end, const ByteRange& range, std::size_t& steps, std::size_t most, const IsRight& isRight) const
    {
        for (std::size_t i = end; i > begin && steps < most; ++steps) {
            std::size_t level = alignment(i);
            while (level > 0 && (i - begin < width(level) || touches(m_levels[level - 1][i / width(level) - 1], range))) --level;
            if (level == 0 && isRight(i - 1)) return i - 1;
            i -= width(level);
        }
        return kNowhere;
    }

    std::size_t bytes() const
    {
        std::size_t sum = 0;
        for (const auto& level : m_levels) sum += level.capacity() * sizeof(ByteRange);
        return sum;
    }

private:
    static constexpr std::size_t kBits = 4, kWidth = std::size_t{1} << kBits;
    static constexpr ByteRange kEmpty{std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()};

    static std::size_t width(std::size_t level) { return std::size_t{1} << (kBits * level); }
    std::size_t alignment(std::size_t i) const { return std::min<std::size_t>(m_levels.size(), static_cast<std::size_t>(std::countr_zero(i)) / kBits); }
    /// What is empty or ends where the other begins may still be meant: the row itself decides.
    static bool touches(const ByteRange& hull, const ByteRange& range)
    {
        return hull.begin <= hull.end && std::min(range.begin, range.end) <= hull.end && std::max(range.begin, range.end) >= hull.begin;
    }
    static void join(ByteRange& hull, const ByteRange& range)
    {
        hull.begin = std::min(hull.begin, range.begin);
        hull.end = std::max(hull.end, range.end);
    }

    std::vector<std::vector<ByteRange>> m_levels;
};

} // namespace opscope
