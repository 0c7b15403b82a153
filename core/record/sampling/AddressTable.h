#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace opscope::sampling {

/// address → a small value, for what is asked a million times a second: open addressing, one cache line a look. Forgets everything at a million
/// entries, so it is a cache, no store.
template <class Value>
class AddressTable
{
public:
    const Value* find(std::uint64_t address) const
    {
        if (m_slots.empty()) return nullptr;
        for (std::size_t i = place(address);; i = (i + 1) & (m_slots.size() - 1)) {
            if (m_slots[i].address == address) return &m_slots[i].value;
            if (m_slots[i].address == kFree) return nullptr;
        }
    }
    /// Of an address that is not in it.
    void insert(std::uint64_t address, const Value& value)
    {
        if (address == kFree) return;
        if (m_used >= kMax) clear();
        if (2 * (m_used + 1) > m_slots.size()) grow();
        put(address, value);
        ++m_used;
    }
    void clear()
    {
        if (m_used == 0) return;
        m_slots.clear();
        m_used = 0;
    }

private:
    struct Slot
    {
        std::uint64_t address = kFree;
        Value value{};
    };
    static constexpr std::uint64_t kFree = ~std::uint64_t{0};
    static constexpr std::size_t kMax = 1u << 20;

    std::size_t place(std::uint64_t address) const { return static_cast<std::size_t>((address * 0x9E3779B97F4A7C15u) >> m_shift); }
    void put(std::uint64_t address, const Value& value)
    {
        std::size_t i = place(address);
        while (m_slots[i].address != kFree) i = (i + 1) & (m_slots.size() - 1);
        m_slots[i] = {address, value};
    }
    void grow()
    {
        std::vector<Slot> old = std::move(m_slots);
        m_shift = old.empty() ? 54 : m_shift - 1;
        m_slots.assign(std::size_t{1} << (64 - m_shift), Slot{});
        for (const Slot& slot : old)
            if (slot.address != kFree) put(slot.address, slot.value);
    }

    std::vector<Slot> m_slots;
    std::size_t m_used = 0;
    int m_shift = 54;
};

} // namespace opscope::sampling
