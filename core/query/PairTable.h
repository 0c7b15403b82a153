#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace opscope {

/// Numbers pairs in the order in which they are first asked for. Longer keys are folded: the number of what stands in front, and
/// the next part. Open addressing, 16 bytes a place, at least half of them free.
class PairTable
{
public:
    PairTable() : m_slots(kLeast) {}

    std::uint32_t numberOf(std::uint32_t first, std::uint64_t second)
    {
        for (std::size_t at = place(first, second);; at = (at + 1) & (m_slots.size() - 1)) {
            Slot& slot = m_slots[at];
            if (slot.number == kFree) return insert(slot, first, second);
            if (slot.second == second && slot.first == first) return slot.number;
        }
    }
    std::uint32_t size() const { return m_size; }

private:
    static constexpr std::uint32_t kFree = 0xFFFFFFFFu;
    static constexpr std::size_t kLeast = 1024;
    struct Slot
    {
        std::uint64_t second = 0;
        std::uint32_t first = 0, number = kFree;
    };

    std::size_t place(std::uint32_t first, std::uint64_t second) const
    {
        std::uint64_t h = (second ^ (std::uint64_t{first} << 32 | first)) * 0x9E3779B97F4A7C15ull;
        h = (h ^ (h >> 32)) * 0xD6E8FEB86659FD93ull;
        return static_cast<std::size_t>(h ^ (h >> 32)) & (m_slots.size() - 1);
    }
    std::uint32_t insert(Slot& slot, std::uint32_t first, std::uint64_t second)
    {
        const std::uint32_t number = m_size++;
        slot = {second, first, number};
        if (std::size_t{m_size} * 2 > m_slots.size()) grow();
        return number;
    }
    void grow()
    {
        std::vector<Slot> old(m_slots.size() * 2);
        old.swap(m_slots);
        for (const Slot& slot : old) {
            if (slot.number == kFree) continue;
            std::size_t at = place(slot.first, slot.second);
            while (m_slots[at].number != kFree) at = (at + 1) & (m_slots.size() - 1);
            m_slots[at] = slot;
        }
    }

    std::vector<Slot> m_slots; // power of two
    std::uint32_t m_size = 0;
};

} // namespace opscope
