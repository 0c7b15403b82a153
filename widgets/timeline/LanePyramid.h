#pragma once

#include "core/base/JobControl.h"
#include "core/trace/Trace.h"

#include <span>
#include <vector>

namespace opscope {

/// One drawn row, ready to be drawn at any zoom: its slices in time order and, above them, levels of blocks of eight that say
/// where a block begins and ends and which of its slices is the longest.
///
///     slices   ▌▌█▌▌▌██ ▌▌▌▌▌▌▌▌ ▌▌...
///     level 1  [start, end, longest] [...]       8 slices each
///     level 2  [...]                             64 slices each
///
/// Drawing walks the coarsest blocks that are still narrower than a pixel: the work grows with pixels, not with slices, and
/// runs through memory in order, where searching the slice table once a pixel would miss the cache a dozen times.
/// 24 bytes per 7 slices; made once per trace on a worker.
class LanePyramid
{
public:
    static constexpr std::uint32_t kFan = 8;
    struct Block
    {
        Nanos start = 0;
        Nanos end = 0;
        std::uint32_t longest = 0;   ///< row of SliceTable
        float duration = 0;          ///< of the longest, for comparing only
    };
    /// What stands between two borders: one slice, or several that are one block of the pyramid.
    struct Atom
    {
        Nanos start;
        Nanos end;
        std::uint32_t slice;         ///< row of SliceTable of the longest
        std::uint32_t count;
        float duration;
        std::uint32_t position;      ///< of the first in the row
        std::uint8_t level;          ///< 0: one slice, else the level of the block
    };

    /// Borrows `rows` (slices by time, not overlapping): they must outlive the pyramid.
    LanePyramid(const SliceTable& slices, std::span<const std::uint32_t> rows);

    std::uint32_t size() const { return static_cast<std::uint32_t>(m_rows.size()); }
    SliceId slice(std::uint32_t i) const { return SliceId(m_rows[i]); }
    std::size_t levels() const { return m_levels.size(); } ///< of blocks; 0 for a handful of slices
    /// First position whose slice ends behind t, or has length 0 and lies at t or later; size() if none.
    std::uint32_t firstEndingAfter(const SliceTable& slices, Nanos t) const;
    /// First position whose slice starts at or behind t; size() if none.
    std::uint32_t firstStartingAt(const SliceTable& slices, Nanos t) const;
    /// Position of a slice, size() when it is not in this row.
    std::uint32_t positionOf(const SliceTable& slices, SliceId slice) const;
    std::size_t bytes() const;

    /// Calls `visit(Atom)` from left to right over everything that touches `range`. Blocks shorter than `grain` come as one
    /// atom. Returns early when `visit` says false.
    template <class Visit>
    void walk(const SliceTable& slices, TimeRange range, std::uint64_t grain, Visit&& visit) const
    {
        std::size_t level = 0;
        for (std::uint32_t i = firstEndingAfter(slices, range.start); i < size();) {
            // up while aligned and narrow, down while wide; neighbours are alike, so this rarely moves by more than one
            while (level > 0 && !(aligned(i, level) && narrow(block(i, level), grain))) --level;
            while (level < m_levels.size() && aligned(i, level + 1) && narrow(block(i, level + 1), grain)) ++level;
            Atom atom = level == 0 ? leaf(slices, i) : whole(block(i, level), i, level);
            if (atom.start >= range.end) return;
            if (!visit(atom)) return;
            i += atom.count;
        }
    }

private:
    static bool aligned(std::uint32_t i, std::size_t level) { return (i & ((1u << (3 * level)) - 1)) == 0; }
    static bool narrow(const Block& b, std::uint64_t grain)
    {
        return static_cast<std::uint64_t>(b.end) - static_cast<std::uint64_t>(b.start) < grain;
    }
    const Block& block(std::uint32_t i, std::size_t level) const { return m_levels[level - 1][i >> (3 * level)]; }
    Atom leaf(const SliceTable& slices, std::uint32_t i) const
    {
        // Slices of a row lie scattered over the table: ask for the one after next while this one is looked at.
        constexpr std::uint32_t kAhead = 6;
        if (i + kAhead < size()) {
            __builtin_prefetch(slices.starts().data() + m_rows[i + kAhead]);
            __builtin_prefetch(slices.durations().data() + m_rows[i + kAhead]);
        }
        const SliceId s(m_rows[i]);
        const Nanos duration = slices.duration(s);
        return {slices.start(s), slices.end(s), s.value, 1, static_cast<float>(duration), i, 0};
    }
    Atom whole(const Block& b, std::uint32_t i, std::size_t level) const
    {
        return {b.start, b.end, b.longest, std::min(1u << (3 * level), size() - i), b.duration, i, static_cast<std::uint8_t>(level)};
    }

    std::span<const std::uint32_t> m_rows;
    std::vector<std::vector<Block>> m_levels;
};

} // namespace opscope
