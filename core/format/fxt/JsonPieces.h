#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace opscope::fxt {

/// A JSON object as text, written member by member.
class JsonPieces
{
public:
    JsonPieces() : m_text("{") {}

    JsonPieces& text(std::string_view key, std::string_view value);   ///< any bytes: repaired and escaped
    JsonPieces& raw(std::string_view key, std::string_view json);
    JsonPieces& real(std::string_view key, double value);             ///< shortest; not finite: as a text
    JsonPieces& hex(std::string_view key, std::uint64_t value, std::string_view label = {});
    JsonPieces& microseconds(std::string_view key, std::int64_t nanoseconds); ///< exact
    template <class T>
    JsonPieces& number(std::string_view key, T value)
    {
        char digits[24];
        const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
        return raw(key, {digits, static_cast<std::size_t>(end - digits)});
    }
    bool empty() const { return m_text.size() == 1; }
    std::string take() && { return std::move(m_text) + "}"; }

private:
    void quote(std::string_view text);
    std::string m_text;
};

} // namespace opscope::fxt
