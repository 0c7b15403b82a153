#pragma once

#include <string_view>

namespace opscope {

/// Whether a text may stand without quotes: letters, digits, _ and ::, not beginning with a digit, and no keyword.
bool isPlainWord(std::string_view text);
/// and, or, not, in, like, has: in any case.
bool isFilterKeyword(std::string_view text);

} // namespace opscope
