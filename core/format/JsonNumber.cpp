#include "core/format/JsonNumber.h"

#include <algorithm>
#include <cstddef>

namespace opscope {

namespace {

bool isDigit(char c) { return c >= '0' && c <= '9'; }

bool equalsIgnoringCase(std::string_view text, std::string_view lower)
{
    return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                      [](char a, char b) { return (a >= 'A' && a <= 'Z' ? static_cast<char>(a | 0x20) : a) == b; });
}

} // namespace

bool isNonFinite(std::string_view word)
{
    if (!word.empty() && (word[0] == '-' || word[0] == '+')) word.remove_prefix(1);
    return equalsIgnoringCase(word, "nan") || equalsIgnoringCase(word, "inf") || equalsIgnoringCase(word, "infinity") ||
           equalsIgnoringCase(word.substr(0, 4), "nan(");
}

Numeral numeralOf(std::string_view word)
{
    std::size_t i = 0;
    bool strict = true;
    const auto digits = [&] {
        const std::size_t from = i;
        while (i < word.size() && isDigit(word[i])) ++i;
        return i - from;
    };
    if (i < word.size() && (word[i] == '-' || word[i] == '+')) strict = word[i++] == '-';
    const std::size_t whole = i;
    const std::size_t wholeDigits = digits();
    strict = strict && wholeDigits > 0 && (wholeDigits == 1 || word[whole] != '0');
    std::size_t fraction = 0;
    if (i < word.size() && word[i] == '.') {
        ++i;
        fraction = digits();
        strict = strict && fraction > 0;
    }
    if (wholeDigits + fraction == 0) return Numeral::None;
    if (i < word.size() && (word[i] == 'e' || word[i] == 'E')) {
        ++i;
        if (i < word.size() && (word[i] == '-' || word[i] == '+')) ++i;
        if (digits() == 0) return Numeral::None;
    }
    if (i != word.size()) return Numeral::None;
    return strict ? Numeral::Strict : Numeral::Loose;
}

bool wholeNumber(std::string_view text, std::int64_t& out)
{
    if (numeralOf(text) == Numeral::None) return false;
    const bool negative = text[0] == '-';
    std::int64_t exponent = 0;
    if (const std::size_t e = text.find_first_of("eE"); e != std::string_view::npos) {
        std::string_view digits = text.substr(e + 1);
        const bool down = digits[0] == '-';
        if (digits[0] == '-' || digits[0] == '+') digits.remove_prefix(1);
        for (const char c : digits) exponent = std::min<std::int64_t>(exponent * 10 + (c - '0'), std::int64_t{1} << 40);
        exponent = down ? -exponent : exponent;
        text = text.substr(0, e);
    }
    const std::size_t point = std::min(text.find('.'), text.size());
    std::int64_t left = static_cast<std::int64_t>(point) + exponent; // characters in front of the shifted point
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (!isDigit(text[i])) {
            left += i == point ? 1 : 0; // the point itself is no digit
            continue;
        }
        const auto digit = static_cast<std::uint64_t>(text[i] - '0');
        if (static_cast<std::int64_t>(i) >= left) {
            if (digit != 0) return false;
        } else if (__builtin_mul_overflow(value, std::uint64_t{10}, &value) ||
                   __builtin_add_overflow(value, digit, &value)) {
            return false;
        }
    }
    const std::int64_t written = static_cast<std::int64_t>(text.size());
    for (std::int64_t i = written; value != 0 && i < left; ++i) {
        if (__builtin_mul_overflow(value, std::uint64_t{10}, &value)) return false;
    }
    if (negative && value > (std::uint64_t{1} << 63)) return false;
    out = static_cast<std::int64_t>(negative ? 0 - value : value);
    return true;
}

} // namespace opscope
