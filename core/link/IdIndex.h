#pragma once

#include "core/base/Id.h"

#include <cstdint>
#include <span>
#include <vector>

namespace opscope {

/// From an id of a file to the rows that carry it, in the order in which they were given. Ids are 64 bits, compared as they stand; 0 is
/// no id.
/// Where they are dense, as those of a recording mostly are, a lookup is two reads; else a binary search.
class IdIndex
{
public:
    /// `ids[i]` belongs to row i.
    explicit IdIndex(std::span<const std::uint64_t> ids);
    /// Rows with that id, ascending.
    std::span<const std::uint32_t> find(std::uint64_t id) const;
    /// Calls work(span of rows) for each id that several rows carry. It may reorder them: find() then returns them so.
    template <class Work>
    void forEachRepeated(Work&& work)
    {
        const auto take = [&](std::size_t begin, std::size_t end) {
            if (end - begin > 1) work(std::span(m_rows).subspan(begin, end - begin));
        };
        for (std::size_t slot = 0; slot + 1 < m_first.size(); ++slot) take(m_first[slot], m_first[slot + 1]);
        for (std::size_t i = 0, end = 0; i < m_sorted.size(); i = end) {
            for (end = i + 1; end < m_sorted.size() && m_sorted[end] == m_sorted[i];) ++end;
            take(i, end);
        }
    }
    std::uint64_t smallest() const { return m_low; }   ///< 0 when there are none
    bool empty() const { return m_rows.empty(); }

private:
    void fillDense(std::span<const std::uint64_t> ids, std::uint64_t high);
    void fillSparse(std::span<const std::uint64_t> ids);

    std::uint64_t m_low = 0;
    std::vector<std::uint32_t> m_first;     ///< dense: by id - m_low, one longer
    std::vector<std::uint64_t> m_sorted;    ///< sparse: ids of m_rows
    std::vector<std::uint32_t> m_rows;
};

} // namespace opscope
