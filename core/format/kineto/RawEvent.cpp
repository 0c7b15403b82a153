#include "core/format/kineto/RawEvent.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace opscope::kineto {
namespace {

bool isNumberByte(char c) { return isDigit(c) || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E'; }
bool isWordByte(char c) { return isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == '#'; }
bool endsValue(char c) { return c == ',' || c == '}' || c == ']' || isBlank(c) || c == 0; }

bool isNonFinite(std::string_view word)
{
    if (!word.empty() && (word[0] == '-' || word[0] == '+'))
        word.remove_prefix(1);
    constexpr std::string_view kWords[] = {"nan", "inf", "infinity", "1.#inf", "1.#ind", "1.#qnan"};
    return std::any_of(std::begin(kWords), std::end(kWords), [word](std::string_view known) {
        return std::equal(word.begin(), word.end(), known.begin(), known.end(),
                          [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
    });
}

} // namespace

const char* ValueReader::string(const char* p, Scalar& out)
{
    out.form = Form::String;
    out.flags = 0;
    out.begin = ++p;
    p = stringEnd(p, end, out.flags);
    flags |= out.flags;
    if (p >= end)
        return stop(end);
    out.length = static_cast<std::uint32_t>(p - out.begin);
    return p + 1;
}

const char* ValueReader::word(const char* p, const char* begin, Scalar& out)
{
    while (isWordByte(*p))
        ++p;
    if (p >= end)
        return stop(end);
    const std::string_view text(begin, static_cast<std::size_t>(p - begin));
    out.begin = begin;
    out.length = static_cast<std::uint32_t>(text.size());
    if (text == "true" || text == "false")
        out.form = Form::Bool;
    else if (text == "null")
        out.form = Form::Null;
    else if (isNonFinite(text))
        out.form = Form::NonFinite, nonFinite = true;
    else
        return stop(begin);
    return p;
}

const char* ValueReader::numeric(const char* p, Scalar& out)
{
    const char* const begin = p;
    const bool negative = *p == '-';
    p += negative;
    const char* const digits = p;
    std::uint64_t value = 0;
    while (isDigit(*p))
        value = value * 10 + static_cast<std::uint64_t>(*p++ - '0');
    if (!isNumberByte(*p) && p > digits && p - digits <= 18 && p < end) {
        out.begin = begin;
        out.length = static_cast<std::uint32_t>(p - begin);
        out.form = Form::Integer;
        out.number = negative ? -static_cast<std::int64_t>(value) : static_cast<std::int64_t>(value);
        return endsValue(*p) ? p : word(p, begin, out);
    }
    while (isNumberByte(*p))
        ++p;
    if (!endsValue(*p))
        return word(p, begin, out); // -Infinity, 1.#INF
    if (p >= end)
        return stop(end);
    out.begin = begin;
    out.length = static_cast<std::uint32_t>(p - begin);
    const auto [stopped, error] = std::from_chars(begin, p, out.number);
    out.form = error == std::errc() && stopped == p ? Form::Integer : Form::Number;
    return p;
}

const char* ValueReader::read(const char* p, Scalar& out)
{
    if (isBlank(*p))
        p = skipBlanks(p);
    const char c = *p;
    if (c == '"')
        return string(p, out);
    if (isDigit(c) || c == '-')
        return numeric(p, out);
    if (c != '{' && c != '[')
        return p >= end ? stop(end) : word(*p == '+' ? p + 1 : p, p, out);
    const char* const close = skipContainer(p, end, deepest);
    if (!close || close == p)
        return stop(close ? p : end);
    out.begin = p;
    out.length = static_cast<std::uint32_t>(close - p);
    out.form = Form::Container;
    return close;
}

const char* ValueReader::skip(const char* p)
{
    if (isDigit(*p)) { // the most frequent one
        do
            ++p;
        while (isDigit(*p));
        if (endsValue(*p) && p < end)
            return p;
        while (isNumberByte(*p))
            ++p;
        if (endsValue(*p) && p < end)
            return p;
        return p >= end ? stop(end) : stop(p);
    }
    Scalar unused;
    return read(p, unused);
}

const char* ValueReader::readTime(const char* p, Scalar& out)
{
    const char* const begin = p;
    std::uint64_t value = 0;
    while (isDigit(*p))
        value = value * 10 + static_cast<std::uint64_t>(*p++ - '0');
    if (p == begin || p - begin > 16)
        return read(begin, out);
    int decimals = 0;
    if (*p == '.') {
        ++p;
        for (; decimals < 3 && isDigit(*p); ++decimals)
            value = value * 10 + static_cast<std::uint64_t>(*p++ - '0');
    }
    if (isNumberByte(*p) || p >= end || !endsValue(*p))
        return read(begin, out);
    constexpr std::uint64_t kScale[] = {1000, 100, 10, 1};
    value *= kScale[decimals]; // at most 19 digits
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        return read(begin, out);
    out.number = static_cast<std::int64_t>(value);
    out.begin = begin;
    out.length = static_cast<std::uint32_t>(p - begin);
    out.form = Form::Time;
    return p;
}

bool wholeNumber(const Scalar& value, std::int64_t& out)
{
    if (value.form == Form::Integer) {
        out = value.number;
        return true;
    }
    if (value.form != Form::Number && value.form != Form::String)
        return false;
    std::string_view text = value.view();
    if (const auto dot = text.find('.'); dot != text.npos && dot > 0 && text.find_first_not_of('0', dot + 1) == text.npos)
        text = text.substr(0, dot);
    if (text.empty())
        return false;
    const char* const last = text.data() + text.size();
    if (auto [stopped, error] = std::from_chars(text.data(), last, out); error == std::errc() && stopped == last)
        return true;
    std::uint64_t big = 0;
    if (auto [stopped, error] = std::from_chars(text.data(), last, big); error != std::errc() || stopped != last)
        return false;
    out = static_cast<std::int64_t>(big);
    return true;
}

} // namespace opscope::kineto
