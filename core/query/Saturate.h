#pragma once

#include <cstdint>
#include <limits>

namespace opscope {

/// Sums of what a hostile file says stop at the end of int64 instead of turning round.
inline std::int64_t saturatingSum(std::int64_t a, std::int64_t b)
{
    std::int64_t sum = 0;
    if (!__builtin_add_overflow(a, b, &sum)) return sum;
    return b < 0 ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
}

} // namespace opscope
