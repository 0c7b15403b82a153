#include "core/query/FilterCursor.h"

#include "core/base/StringPool.h"

namespace opscope {

std::string shownPiece(std::string_view text)
{
    constexpr std::size_t kMost = 40;
    std::string piece(text.substr(0, kMost));
    if (text.size() > kMost) {
        while (!piece.empty() && (static_cast<unsigned char>(piece.back()) & 0xC0) == 0x80) piece.pop_back();
        if (!piece.empty() && (static_cast<unsigned char>(piece.back()) & 0x80)) piece.pop_back();
        piece += "\xE2\x80\xA6";
    }
    return '"' + withoutControls(piece) + '"';
}

} // namespace opscope
