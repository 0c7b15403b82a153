#include "core/trace/BlockColumn.h"

#include <algorithm>
#include <cstring>

namespace opscope {

namespace {

template <class T>
std::unique_ptr<std::uint8_t[]> pack(const std::int64_t* values, std::size_t count, std::int64_t base)
{
    std::unique_ptr<std::uint8_t[]> data(new std::uint8_t[count * sizeof(T)]);
    T* out = reinterpret_cast<T*>(data.get());
    for (std::size_t i = 0; i < count; ++i)
        out[i] = values[i] == BlockColumn::kNone
                     ? std::numeric_limits<T>::max()
                     : static_cast<T>(static_cast<std::uint64_t>(values[i]) - static_cast<std::uint64_t>(base));
    return data;
}

} // namespace

void BlockColumn::setBlock(std::size_t block, const std::int64_t* values, std::size_t count)
{
    std::int64_t low = std::numeric_limits<std::int64_t>::max(), high = kNone;
    bool gaps = false;
    for (std::size_t i = 0; i < count; ++i) {
        gaps |= values[i] == kNone;
        low = values[i] == kNone ? low : std::min(low, values[i]);
        high = std::max(high, values[i]);
    }
    Block& b = m_blocks[block];
    b = {};
    if (high == kNone) return; // absent
    b.base = low;
    const std::uint64_t spread = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
    if (spread == 0 && !gaps) {
        b.width = Width::Constant;
    } else if (spread < UINT8_MAX) { // the largest number is "none"
        b.width = Width::One;
        b.data = pack<std::uint8_t>(values, count, low);
    } else if (spread < UINT16_MAX) {
        b.width = Width::Two;
        b.data = pack<std::uint16_t>(values, count, low);
    } else if (spread < UINT32_MAX) {
        b.width = Width::Four;
        b.data = pack<std::uint32_t>(values, count, low);
    } else {
        b.width = Width::Eight;
        b.data.reset(new std::uint8_t[count * sizeof(std::int64_t)]);
        std::memcpy(b.data.get(), values, count * sizeof(std::int64_t));
    }
}

std::size_t BlockColumn::bytes() const
{
    static constexpr std::size_t kWidth[] = {0, 0, 1, 2, 4, 8};
    std::size_t sum = m_blocks.capacity() * sizeof(Block);
    for (std::size_t i = 0; i < m_blocks.size(); ++i)
        sum += kWidth[static_cast<std::size_t>(m_blocks[i].width)] * std::min(kBlockRows, m_rows - i * kBlockRows);
    return sum;
}

} // namespace opscope
