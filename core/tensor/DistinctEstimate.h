#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace opscope {

/// How many different keys there are, within about 1 %, in 16 KiB (HyperLogLog): of keys spread by a hash, as many leading zeros as
/// the longest run has tell how many there were; averaged over 16 384 groups, and by empty groups while there are few.
class DistinctEstimate
{
public:
    void add(std::uint64_t key)
    {
        key ^= key >> 30; // splitmix64: neighbours end up far apart
        key *= 0xBF58476D1CE4E5B9ull;
        key ^= key >> 27;
        key *= 0x94D049BB133111EBull;
        key ^= key >> 31;
        std::uint8_t& longest = m_longest[key >> (64 - kBits)];
        const auto run = static_cast<std::uint8_t>(std::countl_zero((key << kBits) | (std::uint64_t{1} << (kBits - 1))) + 1);
        longest = run > longest ? run : longest;
    }

    void merge(const DistinctEstimate& other)
    {
        for (std::size_t i = 0; i < m_longest.size(); ++i)
            if (other.m_longest[i] > m_longest[i]) m_longest[i] = other.m_longest[i];
    }

    std::uint64_t count() const
    {
        constexpr double kGroups = 1u << kBits;
        double sum = 0;
        std::uint32_t empty = 0;
        for (const std::uint8_t longest : m_longest) {
            sum += std::ldexp(1.0, -longest);
            empty += longest == 0;
        }
        const double raw = 0.7213 / (1 + 1.079 / kGroups) * kGroups * kGroups / sum;
        const double few = empty ? kGroups * std::log(kGroups / empty) : raw;
        return static_cast<std::uint64_t>(std::llround(empty && raw <= 2.5 * kGroups ? few : raw));
    }

private:
    static constexpr unsigned kBits = 14;
    std::array<std::uint8_t, 1u << kBits> m_longest{};
};

} // namespace opscope
