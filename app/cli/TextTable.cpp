#include "app/cli/TextTable.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace opscope {
namespace {

/// The character at `at` and where the next one begins. The text is valid UTF-8 (withoutControls and sanitizeUtf8 see to it).
char32_t characterAt(std::string_view text, std::size_t& at)
{
    const auto byte = [&](std::size_t i) -> char32_t { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0x80u; };
    const char32_t lead = byte(at);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    char32_t character = length == 1 ? lead : lead & (0xFFu >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) character = (character << 6) | (byte(at + i) & 0x3Fu);
    at = std::min(at + length, text.size());
    return character;
}

std::size_t widthOf(char32_t c)
{
    struct Range { char32_t first, last; };
    static constexpr std::array<Range, 10> kWide{{{0x1100, 0x115F}, {0x2E80, 0x303E}, {0x3041, 0xA4CF}, {0xAC00, 0xD7A3},
        {0xF900, 0xFAFF}, {0xFE30, 0xFE6F}, {0xFF00, 0xFF60}, {0xFFE0, 0xFFE6}, {0x1F300, 0x1FAFF}, {0x20000, 0x3FFFD}}};
    static constexpr std::array<Range, 4> kNone{{{0x0300, 0x036F}, {0x200B, 0x200F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}}};
    const auto in = [c](Range r) { return c >= r.first && c <= r.last; };
    if (std::any_of(kNone.begin(), kNone.end(), in)) return 0;
    return std::any_of(kWide.begin(), kWide.end(), in) ? 2 : 1;
}

void trimEnd(std::string& line)
{
    line.erase(line.find_last_not_of(' ') + 1);
}

} // namespace

std::size_t displayWidth(std::string_view utf8)
{
    std::size_t width = 0;
    for (std::size_t at = 0; at < utf8.size();) {
        if (utf8[at] == '\033') at = std::min(utf8.find('m', at), utf8.size() - 1) + 1; // our own bold and colours
        else width += widthOf(characterAt(utf8, at));
    }
    return width;
}

std::string elided(std::string_view utf8, std::size_t width)
{
    std::size_t used = 0, fits = 0;
    for (std::size_t at = 0; at < utf8.size();) {
        used += widthOf(characterAt(utf8, at));
        if (used + 1 <= width) fits = at;
        if (used > width) return std::string(utf8.substr(0, fits)) + "\u2026";
    }
    return std::string(utf8);
}

std::string padded(std::string_view utf8, std::size_t width)
{
    const std::size_t used = displayWidth(utf8);
    return std::string(utf8) + std::string(used < width ? width - used : 0, ' ');
}

std::vector<std::string> TextTable::lines() const
{
    std::vector<std::size_t> widths(m_columns.size(), 0);
    for (const auto& row : m_rows)
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], displayWidth(row[i]));
    std::vector<std::string> lines;
    for (const auto& row : m_rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (i) line += "  ";
            const std::string blanks(widths[i] - displayWidth(row[i]), ' ');
            line += m_columns[i] == Align::Left ? row[i] + blanks : blanks + row[i];
        }
        trimEnd(line);
        lines.push_back(std::move(line));
    }
    return lines;
}

std::vector<std::string> sideBySide(const std::vector<std::string>& left, const std::vector<std::string>& right, std::size_t column)
{
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
        std::string line = padded(i < left.size() ? left[i] : "", column);
        if (i < right.size()) line += right[i];
        trimEnd(line);
        lines.push_back(std::move(line));
    }
    return lines;
}

} // namespace opscope
