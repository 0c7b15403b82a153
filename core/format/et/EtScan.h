#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#if defined(__SSE2__)
#include <bit>
#include <emmintrin.h>
#endif

namespace opscope {

/// Steps over JSON text without building anything; used where an execution trace is read at speed. Strict about
/// punctuation: what it refuses goes to JsonDocument. Views are into the text, as written (strings with their quotes).
namespace et {

inline bool isBlank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

/// The next quote, backslash or newline at or behind `at`; text.size() when there is none.
inline std::size_t stringStop(std::string_view text, std::size_t at)
{
    const char* const data = text.data();
#if defined(__SSE2__)
    for (; at + 16 <= text.size(); at += 16) {
        const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(data + at));
        const __m128i quotes =
            _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('"')), _mm_cmpeq_epi8(block, _mm_set1_epi8('\\')));
        const __m128i stops = _mm_or_si128(quotes, _mm_cmpeq_epi8(block, _mm_set1_epi8('\n')));
        if (const auto found = static_cast<unsigned>(_mm_movemask_epi8(stops)); found != 0)
            return at + static_cast<std::size_t>(std::countr_zero(found));
    }
#endif
    while (at < text.size() && data[at] != '"' && data[at] != '\\' && data[at] != '\n') ++at;
    return at;
}

std::size_t skipBlank(std::string_view text, std::size_t at);
/// End of the value that begins at `at` (brackets counted, strings stepped over); npos when the text ends before it
/// does, or when no value begins there.
std::size_t skipValue(std::string_view text, std::size_t at);

/// Elements of "[...]" one after the other, up to the first wrong punctuation. Anything else has none.
class Elements
{
public:
    explicit Elements(std::string_view array);
    bool next(std::string_view& element);

private:
    std::string_view m_text;
    std::size_t m_at = 0;
    bool m_more = false;
};

/// Members of "{...}" one after the other; keys without their quotes, not unescaped.
class Members
{
public:
    explicit Members(std::string_view object);
    bool next(std::string_view& key, std::string_view& value);

private:
    std::string_view m_text;
    std::size_t m_at = 0;
    bool m_more = false;
};

/// Goes through nested values in one pass, strictly; once something is not as it should be, it stops for good.
/// for (Level l = cursor.open('['); cursor.more(l, ']');) { cursor.skip() or open again }
class Cursor
{
public:
    struct Level
    {
        bool first = true;
    };
    explicit Cursor(std::string_view text) : m_text(text) {}
    char here() const { return m_at < m_text.size() ? m_text[m_at] : '\0'; }
    Level open(char bracket);
    /// Whether another element or member follows; steps over the comma, or over `close` when there is none.
    bool more(Level& level, char close);
    /// The key of a member and its colon.
    std::string_view key();
    /// The value at the cursor, as written.
    std::string_view skip();
    bool ok() const { return m_ok; }
    bool atEnd() const { return skipBlank(m_text, m_at) == m_text.size(); }

private:
    void fail();

    std::string_view m_text;
    std::size_t m_at = 0;
    bool m_ok = true;
};

/// Whole numbers as JsonDocument::Ref::integer() reads them; false for anything else.
bool integer(std::string_view token, std::int64_t& out);
/// A string token without its quotes; "" when it is none.
inline std::string_view unquoted(std::string_view token)
{
    return token.size() >= 2 && token.front() == '"' && token.back() == '"' ? token.substr(1, token.size() - 2)
                                                                            : std::string_view();
}

} // namespace et
} // namespace opscope
