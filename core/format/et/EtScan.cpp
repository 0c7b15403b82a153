#include "core/format/et/EtScan.h"

#include "core/format/JsonReader.h"

#include <array>
#include <charconv>

namespace opscope::et {

namespace {

constexpr std::size_t kNone = std::string_view::npos;

enum Class : std::uint8_t { kPlain = 0, kOpen = 1, kClose = 2, kQuote = 4 };

constexpr std::array<std::uint8_t, 256> makeClasses()
{
    std::array<std::uint8_t, 256> classes{};
    classes['{'] = classes['['] = kOpen;
    classes['}'] = classes[']'] = kClose;
    classes['"'] = kQuote;
    return classes;
}
constexpr std::array<std::uint8_t, 256> kClasses = makeClasses();

bool endsWord(char c)
{
    return isBlank(c) || c == ',' || c == ':' || c == '"' || kClasses[static_cast<unsigned char>(c)] != kPlain;
}

/// Behind the closing quote of the string that begins at `at`.
std::size_t skipString(std::string_view text, std::size_t at)
{
    for (std::size_t i = stringStop(text, at + 1); i < text.size(); i = stringStop(text, i)) {
        if (text[i] == '"') return i + 1;
        i += text[i] == '\\' ? 2 : 1;
    }
    return kNone;
}

std::size_t skipContainer(std::string_view text, std::size_t at)
{
    std::size_t open = 0;
    for (std::size_t i = at; i < text.size();) {
        const std::uint8_t what = kClasses[static_cast<unsigned char>(text[i])];
        if (what == kPlain) {
            ++i;
        } else if (what == kQuote) {
            i = skipString(text, i);
            if (i == kNone) return kNone;
        } else {
            ++i;
            if (what == kOpen)
                ++open;
            else if (--open == 0)
                return i;
        }
    }
    return kNone;
}

} // namespace

std::size_t skipBlank(std::string_view text, std::size_t at)
{
    while (at < text.size() && isBlank(text[at])) ++at;
    return at;
}

std::size_t skipValue(std::string_view text, std::size_t at)
{
    if (at >= text.size()) return kNone;
    const std::uint8_t what = kClasses[static_cast<unsigned char>(text[at])];
    if (what == kQuote) return skipString(text, at);
    if (what == kOpen) return skipContainer(text, at);
    std::size_t end = at;
    while (end < text.size() && !endsWord(text[end])) ++end;
    return end == at ? kNone : end;
}

Elements::Elements(std::string_view array) : m_text(array)
{
    if (array.empty() || array.front() != '[') return;
    m_at = skipBlank(array, 1);
    m_more = m_at < array.size() && array[m_at] != ']';
}

bool Elements::next(std::string_view& element)
{
    const std::size_t end = m_more ? skipValue(m_text, m_at) : kNone;
    m_more = false;
    if (end == kNone) return false;
    element = m_text.substr(m_at, end - m_at);
    m_at = skipBlank(m_text, end);
    m_more = m_at < m_text.size() && m_text[m_at] == ',';
    m_at = skipBlank(m_text, m_at + 1);
    return true;
}

Members::Members(std::string_view object) : m_text(object)
{
    if (object.empty() || object.front() != '{') return;
    m_at = skipBlank(object, 1);
    m_more = m_at < object.size() && object[m_at] == '"';
}

bool Members::next(std::string_view& key, std::string_view& value)
{
    if (!m_more) return false;
    m_more = false;
    const std::size_t keyEnd = skipString(m_text, m_at);
    if (keyEnd == kNone) return false;
    key = m_text.substr(m_at + 1, keyEnd - m_at - 2);
    m_at = skipBlank(m_text, keyEnd);
    if (m_at >= m_text.size() || m_text[m_at] != ':') return false;
    m_at = skipBlank(m_text, m_at + 1);
    const std::size_t end = skipValue(m_text, m_at);
    if (end == kNone) return false;
    value = m_text.substr(m_at, end - m_at);
    m_at = skipBlank(m_text, end);
    if (m_at < m_text.size() && m_text[m_at] == ',') m_at = skipBlank(m_text, m_at + 1);
    m_more = m_at < m_text.size() && m_text[m_at] == '"';
    return true;
}

void Cursor::fail()
{
    m_ok = false;
    m_at = m_text.size();
}

Cursor::Level Cursor::open(char bracket)
{
    if (here() != bracket)
        fail();
    else
        m_at = skipBlank(m_text, m_at + 1);
    return {};
}

bool Cursor::more(Level& level, char close)
{
    m_at = skipBlank(m_text, m_at);
    const bool closes = here() == close;
    if (closes && m_ok) {
        ++m_at;
        return false;
    }
    if (!level.first) {
        if (here() != ',') {
            fail();
            return false;
        }
        m_at = skipBlank(m_text, m_at + 1);
    }
    level.first = false;
    if (here() == close || m_at >= m_text.size()) fail();
    return m_ok;
}

std::string_view Cursor::key()
{
    const std::size_t begin = m_at;
    const std::size_t end = here() == '"' ? skipString(m_text, begin) : kNone;
    const std::size_t colon = end == kNone ? end : skipBlank(m_text, end);
    if (colon >= m_text.size() || m_text[colon] != ':') {
        fail();
        return {};
    }
    m_at = skipBlank(m_text, colon + 1);
    return m_text.substr(begin + 1, end - begin - 2);
}

std::string_view Cursor::skip()
{
    const std::size_t begin = m_at;
    const std::size_t end = skipValue(m_text, begin);
    if (end == kNone) {
        fail();
        return {};
    }
    m_at = end;
    return m_text.substr(begin, end - begin);
}

bool integer(std::string_view token, std::int64_t& out)
{
    const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), out);
    if (error == std::errc() && end == token.data() + token.size()) return true;
    if (token.empty() || token.size() > 64 || token[0] == '[' || token[0] == '{') return false;
    const Result<JsonDocument> document = JsonDocument::parse(token);
    return document.ok() && document->root().integer(out);
}

} // namespace opscope::et
