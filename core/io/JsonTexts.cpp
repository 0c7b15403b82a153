#include "core/io/JsonTexts.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace opscope {
namespace {

/// Behind the closing quote of a text that begins at `at`, or the end.
std::size_t closingQuote(std::string_view json, std::size_t at)
{
    for (std::size_t i = at; i < json.size();) {
        const void* found = std::memchr(json.data() + i, '"', json.size() - i);
        if (!found) return json.size();
        const auto quote = static_cast<std::size_t>(static_cast<const char*>(found) - json.data());
        std::size_t backslashes = 0;
        while (quote - backslashes > i && json[quote - backslashes - 1] == '\\') ++backslashes;
        if (backslashes % 2 == 0) return quote;
        i = quote + 1;
    }
    return json.size();
}

bool isBlank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

/// -1: not four hexadecimal digits.
int codeUnit(std::string_view raw, std::size_t at)
{
    if (at + 4 > raw.size()) return -1;
    int value = 0;
    for (const char c : raw.substr(at, 4)) {
        const char lower = static_cast<char>(c | 0x20);
        if (c >= '0' && c <= '9') value = value * 16 + (c - '0');
        else if (lower >= 'a' && lower <= 'f') value = value * 16 + (lower - 'a' + 10);
        else return -1;
    }
    return value;
}

void appendUtf8(std::string& out, std::uint32_t code)
{
    const auto byte = [&](std::uint32_t value) { out += static_cast<char>(value); };
    if (code < 0x80) return byte(code);
    if (code < 0x800) {
        byte(0xC0 | code >> 6);
    } else {
        if (code < 0x10000) {
            byte(0xE0 | code >> 12);
        } else {
            byte(0xF0 | code >> 18);
            byte(0x80 | (code >> 12 & 0x3F));
        }
        byte(0x80 | (code >> 6 & 0x3F));
    }
    byte(0x80 | (code & 0x3F));
}

} // namespace

void JsonTexts::structure(std::string_view bytes)
{
    for (const char c : bytes) {
        if (c == '{' || c == '[') {
            ++m_depth;
            if (c == '{' && m_class == KeyClass::Environment && !m_environment) m_environment = m_depth;
        } else if ((c == '}' || c == ']') && m_depth) {
            if (m_depth == m_environment) m_environment = 0;
            --m_depth;
            if (c == '}') m_class = KeyClass::None;
        }
    }
}

bool JsonTexts::next(JsonText& text, std::string_view& between)
{
    const std::size_t begin = m_at, from = std::min(m_at + (m_inText ? 1 : 0), m_json.size());
    const void* found = from < m_json.size() ? std::memchr(m_json.data() + from, '"', m_json.size() - from) : nullptr;
    if (!found) {
        between = m_json.substr(begin);
        m_at = m_json.size();
        m_inText = false;
        return false;
    }
    const auto open = static_cast<std::size_t>(static_cast<const char*>(found) - m_json.data());
    between = m_json.substr(begin, open + 1 - begin);
    structure(between);
    const std::size_t close = closingQuote(m_json, open + 1);
    text.raw = m_json.substr(open + 1, close - open - 1);
    m_at = close;                       // the closing quote goes with what follows
    m_inText = close < m_json.size();
    std::size_t behind = close + 1;
    while (behind < m_json.size() && isBlank(m_json[behind])) ++behind;
    text.isKey = behind < m_json.size() && m_json[behind] == ':';
    if (text.isKey) {
        m_class = m_topLevel || m_environment ? topLevelKeyClass(text.raw) : eventKeyClass(text.raw);
        if (m_environment && (m_class == KeyClass::None || m_class == KeyClass::Version)) m_class = KeyClass::Environment;
    }
    text.key = m_class;
    return true;
}

void UnescapedText::assign(std::string_view raw)
{
    const auto copy = [&](bool literal) {
        text.clear();
        from.clear();
        const auto put = [&](std::size_t at, std::uint32_t code) {
            appendUtf8(text, code);
            from.resize(text.size(), at);
        };
        for (std::size_t i = 0; i < raw.size();) {
            const std::size_t at = i;
            const char c = raw[i++];
            if (c != '\\' || i == raw.size()) {
                text += c;
                from.push_back(at);
                continue;
            }
            const char escape = raw[i++];
            switch (escape) {
            case '"': case '\\': case '/': put(at, static_cast<unsigned char>(escape)); continue;
            default: break;
            }
            if (!literal) {
                static constexpr std::string_view kLetters = "bfnrt", kMeanings = "\b\f\n\r\t";
                if (const std::size_t k = kLetters.find(escape); k != std::string_view::npos) {
                    put(at, static_cast<unsigned char>(kMeanings[k]));
                    continue;
                }
                if (escape != 'u') return false;
                int unit = codeUnit(raw, i);
                if (unit < 0) return false;
                i += 4;
                std::uint32_t code = static_cast<std::uint32_t>(unit);
                if (code >= 0xD800 && code < 0xDC00 && raw.substr(i, 2) == "\\u") {
                    if (unit = codeUnit(raw, i + 2); unit >= 0xDC00 && unit < 0xE000) {
                        code = 0x10000 + ((code - 0xD800) << 10) + (static_cast<std::uint32_t>(unit) - 0xDC00);
                        i += 6;
                    }
                }
                put(at, code);
                continue;
            }
            text += '\\';
            from.push_back(at);
            i = at + 1;
        }
        from.push_back(raw.size());
        return true;
    };
    if (!copy(false)) copy(true);
}

} // namespace opscope
