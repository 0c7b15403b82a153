#include "core/trace/Staging.h"

#include "core/base/Prefault.h"

#include <algorithm>
#include <utility>

namespace opscope {

namespace {

constexpr std::size_t kAlignment = 64, kBlock = std::size_t{8} << 20, kStep = std::size_t{256} << 10;

} // namespace

void* RowMemory::take(std::size_t bytes)
{
    bytes = (bytes + kAlignment - 1) / kAlignment * kAlignment;
    if (bytes > m_left) {
        m_left = std::max(bytes + kAlignment, kBlock);
        void* place = m_blocks.emplace_back(m_left).data();
        m_next = m_present = static_cast<std::byte*>(std::align(kAlignment, bytes, place, m_left));
    }
    m_left -= bytes;
    std::byte* const end = m_next + bytes;
    if (end > m_present) {
        const std::size_t step = std::min(std::max(kStep, bytes), static_cast<std::size_t>(end + m_left - m_present));
        prefault(m_present, step);
        m_present += step;
    }
    return std::exchange(m_next, end);
}

} // namespace opscope
