#pragma once

#include <cstddef>
#include <string_view>

namespace opscope::fxt {

/// `text` as far as `bytes` go, not cut inside a UTF-8 character.
inline std::string_view cutText(std::string_view text, std::size_t bytes)
{
    if (text.size() <= bytes) return text;
    const auto continues = [&](std::size_t at) { return (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80; };
    std::size_t end = bytes;
    for (int back = 0; back < 3 && end > 0 && continues(end); ++back) --end;
    return text.substr(0, continues(end) ? bytes : end);
}

} // namespace opscope::fxt
