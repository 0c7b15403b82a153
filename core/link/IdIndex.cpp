#include "core/link/IdIndex.h"

#include <algorithm>
#include <numeric>

namespace opscope {

namespace {

constexpr std::uint64_t kSlotsPerRow = 16; ///< more than that and sorting is cheaper than counting

} // namespace

IdIndex::IdIndex(std::span<const std::uint64_t> ids)
{
    std::uint64_t high = 0;
    std::size_t count = 0;
    m_low = UINT64_MAX;
    for (const std::uint64_t id : ids) {
        if (!id) continue;
        m_low = std::min(m_low, id);
        high = std::max(high, id);
        ++count;
    }
    m_rows.resize(count);
    if (!count) {
        m_low = 0;
        return;
    }
    if (high - m_low < kSlotsPerRow * count) fillDense(ids, high);
    else fillSparse(ids);
}

void IdIndex::fillDense(std::span<const std::uint64_t> ids, std::uint64_t high)
{
    m_first.assign(high - m_low + 2, 0);
    for (const std::uint64_t id : ids)
        if (id) ++m_first[id - m_low + 1];
    std::partial_sum(m_first.begin(), m_first.end(), m_first.begin());
    for (std::uint32_t i = 0; i < ids.size(); ++i)
        if (ids[i]) m_rows[m_first[ids[i] - m_low]++] = i;
    std::shift_right(m_first.begin(), m_first.end(), 1); // each slot said where the next one begins
    m_first.front() = 0;
}

void IdIndex::fillSparse(std::span<const std::uint64_t> ids)
{
    std::size_t n = 0;
    for (std::uint32_t i = 0; i < ids.size(); ++i)
        if (ids[i]) m_rows[n++] = i;
    std::sort(m_rows.begin(), m_rows.end(), [&](std::uint32_t a, std::uint32_t b) { return ids[a] != ids[b] ? ids[a] < ids[b] : a < b; });
    m_sorted.reserve(n);
    for (const std::uint32_t row : m_rows) m_sorted.push_back(ids[row]);
}

std::span<const std::uint32_t> IdIndex::find(std::uint64_t id) const
{
    if (!m_first.empty()) {
        if (id < m_low || id - m_low >= m_first.size() - 1) return {};
        const std::size_t slot = id - m_low;
        return std::span(m_rows).subspan(m_first[slot], m_first[slot + 1] - m_first[slot]);
    }
    const auto [begin, end] = std::equal_range(m_sorted.begin(), m_sorted.end(), id);
    return std::span(m_rows).subspan(static_cast<std::size_t>(begin - m_sorted.begin()), static_cast<std::size_t>(end - begin));
}

} // namespace opscope
