#include "core/format/fxt/JsonPieces.h"

#include "core/base/StringPool.h"

#include <cmath>

namespace opscope::fxt {

void JsonPieces::quote(std::string_view text)
{
    std::string repaired;
    if (!isValidUtf8(text)) {
        sanitizeUtf8(text, repaired);
        text = repaired;
    }
    m_text += '"';
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            m_text += '\\';
            m_text += c;
        } else if (byte < 0x20) {
            constexpr std::string_view kDigits = "0123456789abcdef";
            m_text += "\\u00";
            m_text += kDigits[byte >> 4];
            m_text += kDigits[byte & 15];
        } else {
            m_text += c;
        }
    }
    m_text += '"';
}

JsonPieces& JsonPieces::raw(std::string_view key, std::string_view json)
{
    if (!empty()) m_text += ',';
    quote(key);
    m_text += ':';
    m_text += json;
    return *this;
}

JsonPieces& JsonPieces::text(std::string_view key, std::string_view value)
{
    raw(key, "");
    quote(value);
    return *this;
}

JsonPieces& JsonPieces::real(std::string_view key, double value)
{
    if (std::isnan(value)) return text(key, "NaN");
    if (std::isinf(value)) return text(key, value > 0 ? "Infinity" : "-Infinity");
    return number(key, value);
}

JsonPieces& JsonPieces::hex(std::string_view key, std::uint64_t value, std::string_view label)
{
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof digits, value, 16).ptr;
    std::string shown = "0x" + std::string(digits, end);
    if (!label.empty()) shown += " (" + std::string(label) + ")";
    return text(key, shown);
}

JsonPieces& JsonPieces::microseconds(std::string_view key, std::int64_t nanoseconds)
{
    const bool negative = nanoseconds < 0;
    const std::uint64_t ns = negative ? 0 - static_cast<std::uint64_t>(nanoseconds) : static_cast<std::uint64_t>(nanoseconds);
    std::string digits = (negative ? "-" : "") + std::to_string(ns / 1000);
    if (const std::uint64_t rest = ns % 1000) {
        std::string decimals = std::to_string(1000 + rest).substr(1);
        while (decimals.back() == '0') decimals.pop_back();
        digits += "." + decimals;
    }
    return raw(key, digits);
}

} // namespace opscope::fxt
