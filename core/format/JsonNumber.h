#pragma once

#include <cstdint>
#include <string_view>

namespace opscope {

enum class Numeral : std::uint8_t { Strict, Loose, None };

/// What kind of number a word of a JSON text is: strict is RFC 8259; loose also takes +1, 007, .5 and 5.
Numeral numeralOf(std::string_view word);
/// nan, inf, infinity in any case and with any sign, and the nan(ind) of some C libraries.
bool isNonFinite(std::string_view word);
/// The whole number that a decimal spells, from its digits alone: 12, 12.0, 1.2e1. Up to 2^64 - 1, which keeps its
/// bits.
bool wholeNumber(std::string_view text, std::int64_t& out);

} // namespace opscope
