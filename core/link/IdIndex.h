#pragma once

#include "core/base/Id.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace opscope {

/// From an id of a file to the rows that carry it, in the order in which they were given. Ids are 64 bits, compared as they stand; 0 is
/// no id.
/// Where they are dense, as those of a recording mostly are, a lookup is one read, or three where rows share an id; else a binary search.
class IdIndex
{
public:
    /// `ids[i]` belongs to row i.
    explicit IdIndex(std::span<const std::uint64_t> ids)
    {
        fill([ids](auto&& take) {
            for (std::uint32_t i = 0; i < ids.size(); ++i) take(ids[i], i);
        });
    }
    /// Without a list of the ids: `each` calls what it is given with (id, row), rows ascending. It is called twice.
    template <class Each>
    static IdIndex over(Each&& each)
    {
        IdIndex index(std::span<const std::uint64_t>{});
        index.fill(each);
        return index;
    }
    /// Rows with that id, ascending.
    std::span<const std::uint32_t> find(std::uint64_t id) const
    {
        if (m_slots.empty()) return findSparse(id);
        if (id < m_low || id - m_low >= m_slots.size()) return {};
        const std::uint32_t& slot = m_slots[id - m_low];
        if (slot == kNone) return {};
        if (!(slot & kSeveral)) return {&slot, 1};
        const std::uint32_t group = slot & ~kSeveral;
        return std::span(m_rows).subspan(m_groups[group], m_groups[group + 1] - m_groups[group]);
    }
    /// Calls work(span of rows) for each id that several rows carry, ids ascending. It may reorder them: find() then returns them so.
    template <class Work>
    void forEachRepeated(Work&& work)
    {
        for (std::size_t group = 0; group + 1 < m_groups.size(); ++group)
            work(std::span(m_rows).subspan(m_groups[group], m_groups[group + 1] - m_groups[group]));
        for (std::size_t i = 0, end = 0; i < m_sorted.size(); i = end) {
            for (end = i + 1; end < m_sorted.size() && m_sorted[end] == m_sorted[i];) ++end;
            if (end - i > 1) work(std::span(m_rows).subspan(i, end - i));
        }
    }
    std::uint64_t smallest() const { return m_low; }   ///< 0 when there are none

private:
    static constexpr std::uint32_t kNone = 0xFFFFFFFFu, kSeveral = 0x80000000u;
    static constexpr std::uint64_t kSlotsPerRow = 16; ///< more than that and sorting is cheaper than a table
    struct IdRow
    {
        std::uint64_t id;
        std::uint32_t row;
        friend auto operator<=>(const IdRow&, const IdRow&) = default;
    };

    template <class Each>
    void fill(Each&& each)
    {
        std::uint64_t low = UINT64_MAX, high = 0, count = 0;
        std::uint32_t last = 0;
        each([&](std::uint64_t id, std::uint32_t row) {
            if (!id) return;
            low = std::min(low, id);
            high = std::max(high, id);
            last = row;
            ++count;
        });
        if (!count) return;
        m_low = low;
        std::vector<IdRow> rows; // dense: those whose id has been there; else all
        if (high - low < kSlotsPerRow * count && last < kSeveral) {
            m_slots.assign(high - low + 1, kNone);
            each([&](std::uint64_t id, std::uint32_t row) {
                if (!id) return;
                std::uint32_t& slot = m_slots[id - low];
                if (slot == kNone) slot = row;
                else rows.push_back({id, row});
            });
            group(rows);
        } else {
            rows.reserve(count);
            each([&](std::uint64_t id, std::uint32_t row) {
                if (id) rows.push_back({id, row});
            });
            keepSorted(rows);
        }
    }
    void group(std::vector<IdRow>& again);
    void keepSorted(std::vector<IdRow>& rows);
    std::span<const std::uint32_t> findSparse(std::uint64_t id) const;

    std::uint64_t m_low = 0;
    std::vector<std::uint32_t> m_slots;     ///< dense, by id - m_low: the row, or kSeveral and a row of m_groups
    std::vector<std::uint32_t> m_groups;    ///< first of m_rows; one longer
    std::vector<std::uint64_t> m_sorted;    ///< sparse: ids of m_rows
    std::vector<std::uint32_t> m_rows;
};

} // namespace opscope
