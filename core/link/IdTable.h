#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace opscope {

/// Numbers of a file -> rows. Open addressing; the first row of a number stays. Value kNone: not there.
class IdTable
{
public:
    static constexpr std::uint32_t kNone = 0xFFFFFFFFu;

    explicit IdTable(std::size_t expected) : m_slots(std::bit_ceil(expected * 2 + 8)) {}

    /// False when the number is there already. At most `expected` different numbers.
    bool insert(std::uint64_t id, std::uint32_t row)
    {
        Slot& slot = m_slots[slotOf(id)];
        if (slot.row != kNone) return false;
        slot = {id, row};
        return true;
    }
    std::uint32_t find(std::uint64_t id) const { return m_slots[slotOf(id)].row; }

private:
    struct Slot
    {
        std::uint64_t id = 0;
        std::uint32_t row = kNone;
    };
    std::size_t slotOf(std::uint64_t id) const
    {
        const std::size_t mask = m_slots.size() - 1;
        std::uint64_t h = (id ^ (id >> 32)) * 0x9E3779B97F4A7C15ull;
        std::size_t i = static_cast<std::size_t>(h >> 20) & mask;
        while (m_slots[i].row != kNone && m_slots[i].id != id) i = (i + 1) & mask;
        return i;
    }
    std::vector<Slot> m_slots;
};

} // namespace opscope
