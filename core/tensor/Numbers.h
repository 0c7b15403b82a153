#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

namespace opscope {

/// "5,000": whole numbers as sentences and checks show them.
template <class Integer>
std::string grouped(Integer value)
{
    static_assert(std::is_integral_v<Integer>);
    std::string text = std::to_string(value);
    const std::size_t first = text[0] == '-' ? 1 : 0;
    for (std::size_t at = text.size(); at > first + 3; at -= 3) text.insert(at - 3, 1, ',');
    return text;
}

} // namespace opscope
