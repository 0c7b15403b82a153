#include "core/link/IdIndex.h"

namespace opscope {

/// Rows whose slot was taken, and the one that took it: behind each other in m_rows.
void IdIndex::group(std::vector<IdRow>& again)
{
    if (again.empty()) return;
    if (!std::is_sorted(again.begin(), again.end())) std::sort(again.begin(), again.end());
    m_rows.reserve(2 * again.size());
    for (std::size_t i = 0; i < again.size();) {
        std::uint32_t& slot = m_slots[again[i].id - m_low];
        m_rows.push_back(slot);
        slot = kSeveral | static_cast<std::uint32_t>(m_groups.size());
        m_groups.push_back(static_cast<std::uint32_t>(m_rows.size() - 1));
        for (const std::uint64_t id = again[i].id; i < again.size() && again[i].id == id; ++i) m_rows.push_back(again[i].row);
    }
    m_groups.push_back(static_cast<std::uint32_t>(m_rows.size()));
}

void IdIndex::keepSorted(std::vector<IdRow>& rows)
{
    std::sort(rows.begin(), rows.end());
    m_sorted.reserve(rows.size());
    m_rows.reserve(rows.size());
    for (const IdRow& row : rows) {
        m_sorted.push_back(row.id);
        m_rows.push_back(row.row);
    }
}

std::span<const std::uint32_t> IdIndex::findSparse(std::uint64_t id) const
{
    const auto [begin, end] = std::equal_range(m_sorted.begin(), m_sorted.end(), id);
    return std::span(m_rows).subspan(static_cast<std::size_t>(begin - m_sorted.begin()), static_cast<std::size_t>(end - begin));
}

} // namespace opscope
