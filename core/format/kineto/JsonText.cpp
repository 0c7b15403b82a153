#include "core/format/kineto/JsonText.h"

#include "core/base/StringPool.h"

#include <charconv>
#include <limits>

namespace opscope::kineto {
namespace {

void appendUtf8(std::string& out, std::uint32_t code)
{
    const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xC0 | code >> 6);
        put(0x80 | (code & 63));
    } else if (code < 0x10000) {
        put(0xE0 | code >> 12);
        put(0x80 | (code >> 6 & 63));
        put(0x80 | (code & 63));
    } else {
        put(0xF0 | code >> 18);
        put(0x80 | (code >> 12 & 63));
        put(0x80 | (code >> 6 & 63));
        put(0x80 | (code & 63));
    }
}

/// Four hexadecimal digits at `at`.
bool hex4(std::string_view text, std::size_t at, std::uint32_t& out)
{
    if (at + 4 > text.size())
        return false;
    const char* const first = text.data() + at;
    return std::from_chars(first, first + 4, out, 16).ptr == first + 4;
}

/// Behind `\u` at `at`; advances over what was used. Pairs of surrogates are one character, lone ones U+FFFD.
bool unicodeEscape(std::string_view raw, std::size_t& at, std::string& out, TextTrouble& trouble)
{
    std::uint32_t code = 0, low = 0;
    if (!hex4(raw, at, code))
        return false;
    at += 4;
    if (code >= 0xD800 && code < 0xDC00 && raw.substr(at, 2) == "\\u" && hex4(raw, at + 2, low) && low >= 0xDC00 && low < 0xE000) {
        at += 6;
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xD800 && code < 0xE000) {
        trouble.badUtf8 = true;
        code = 0xFFFD;
    }
    appendUtf8(out, code);
    return true;
}

} // namespace

TextTrouble unescape(std::string_view raw, std::string& out)
{
    TextTrouble trouble;
    std::string text;
    text.reserve(raw.size());
    for (std::size_t i = 0; i < raw.size();) {
        const char c = raw[i++];
        if (c != '\\' || i >= raw.size()) {
            text += c;
            continue;
        }
        constexpr std::string_view kNames = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
        const char name = raw[i++];
        if (const auto which = kNames.find(name); which != kNames.npos) {
            text += kMeanings[which];
        } else if (name != 'u' || !unicodeEscape(raw, i, text, trouble)) {
            trouble.unknownEscape = true;
            text += '\\';
            text += name;
        }
    }
    if (isValidUtf8(text)) {
        out = std::move(text);
    } else {
        out.clear();
        trouble.badUtf8 |= sanitizeUtf8(text, out);
    }
    return trouble;
}

double numberOf(const Scalar& value)
{
    if (value.form == Form::Integer)
        return static_cast<double>(value.number);
    double out = std::numeric_limits<double>::quiet_NaN();
    if (value.form != Form::Number && value.form != Form::String)
        return out;
    const char* end = value.begin + value.length;
    const auto [stop, error] = std::from_chars(value.begin, end, out);
    return error == std::errc() && stop == end ? out : std::numeric_limits<double>::quiet_NaN();
}

} // namespace opscope::kineto
