#include "core/query/FilterLexer.h"

#include "core/base/StringPool.h"
#include "core/query/FilterText.h"

#include <algorithm>
#include <array>

namespace opscope {

namespace {

bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

void appendUtf8(std::string& out, std::uint32_t code)
{
    if (code < 0x80) out += static_cast<char>(code);
    else if (code < 0x800) {
        out += static_cast<char>(0xC0 | code >> 6);
        out += static_cast<char>(0x80 | (code & 0x3F));
    } else {
        out += static_cast<char>(0xE0 | code >> 12);
        out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
        out += static_cast<char>(0x80 | (code & 0x3F));
    }
}

class Lexer
{
public:
    explicit Lexer(std::string_view text) : m_text(text) {}

    FilterTokens run()
    {
        while (!m_out.error) {
            while (m_at < m_text.size() && isBlank(m_text[m_at])) ++m_at;
            if (peek() == '#') m_at = std::min(m_text.find('\n', m_at), m_text.size()); // a remark, up to the end of its line
            else if (m_at < m_text.size()) one();
            else break;
        }
        m_out.tokens.push_back({FilterToken::Kind::End, m_text.size(), 0, {}, {}});
        return std::move(m_out);
    }

private:
    char peek(std::size_t ahead = 0) const { return m_at + ahead < m_text.size() ? m_text[m_at + ahead] : '\0'; }

    void one()
    {
        const char c = peek();
        if (c == '"' || c == '\'') return quotedText(c);
        if (isDigit(c)) return number();
        if (beginsWord(c)) return word();
        symbol();
    }

    void add(FilterToken::Kind kind, std::size_t from, std::string text, std::string unit = {})
    {
        m_out.tokens.push_back({kind, from, m_at - from, std::move(text), std::move(unit)});
    }

    void fail(std::size_t at, std::size_t length, std::string message)
    {
        m_out.error = FilterError{at, std::min(length, m_text.size() - at), std::move(message)};
    }

    void word()
    {
        const std::size_t from = m_at;
        while (insideWord(peek()) || (peek() == ':' && peek(1) == ':' && insideWord(peek(2)))) m_at += peek() == ':' ? 2 : 1;
        add(FilterToken::Kind::Word, from, std::string(m_text.substr(from, m_at - from)));
    }

    /// "12", "1.5", with letters at once behind it. "1..2" is 1 and a range, "1.ms" has no digits behind its point.
    void number()
    {
        const std::size_t from = m_at;
        while (isDigit(peek())) ++m_at;
        if (peek() == '.' && isDigit(peek(1))) {
            ++m_at;
            while (isDigit(peek())) ++m_at;
        }
        std::string digits(m_text.substr(from, m_at - from));
        const std::size_t unit = m_at;
        // both letters that look like a µ are taken
        while (insideWord(peek()) || m_text.substr(m_at).starts_with("\xC2\xB5") || m_text.substr(m_at).starts_with("\xCE\xBC")) {
            m_at += insideWord(peek()) ? 1 : 2;
        }
        std::string letters(m_text.substr(unit, m_at - unit));
        add(FilterToken::Kind::Number, from, std::move(digits), std::move(letters));
    }

    void quotedText(char quote)
    {
        const std::size_t from = m_at++;
        std::string out;
        while (m_at < m_text.size() && m_text[m_at] != quote) {
            if (m_text[m_at] != '\\') out += m_text[m_at++];
            else if (!escape(out)) return;
        }
        if (m_at == m_text.size()) return fail(from, m_text.size() - from, "this text has no closing quote");
        ++m_at;
        add(FilterToken::Kind::Text, from, std::move(out));
    }

    /// A backslash and what follows. Only these few mean something; before any other letter it stands for itself, so that regular
    /// expressions need no second backslash: "\d+", "\\" is one backslash.
    bool escape(std::string& out)
    {
        static constexpr std::array<std::pair<char, char>, 6> kLetters{
            {{'"', '"'}, {'\'', '\''}, {'\\', '\\'}, {'n', '\n'}, {'t', '\t'}, {'r', '\r'}}};
        const char c = peek(1);
        if (const auto known = std::ranges::find(kLetters, c, &std::pair<char, char>::first); known != kLetters.end()) {
            out += known->second;
            m_at += 2;
            return true;
        }
        if (c == 'u') return codePoint(out);
        out += m_text[m_at++];
        return true;
    }

    bool codePoint(std::string& out)
    {
        std::uint32_t code = 0;
        for (std::size_t i = 2; i < 6; ++i) {
            const char c = lower(peek(i));
            if (!isDigit(c) && (c < 'a' || c > 'f')) {
                fail(m_at, i, "\\u wants four hexadecimal digits");
                return false;
            }
            code = code * 16 + static_cast<std::uint32_t>(isDigit(c) ? c - '0' : c - 'a' + 10);
        }
        if (code >= 0xD800 && code < 0xE000) {
            fail(m_at, 6, "\\u wants a character, not half of one");
            return false;
        }
        appendUtf8(out, code);
        m_at += 6;
        return true;
    }

    void symbol()
    {
        static constexpr std::array<std::string_view, 20> kSymbols{"==", "!=", "=~", "<=", ">=", "&&", "||", "..", "<", ">",
                                                                   "~",  "!",  "(",  ")",  "[",  "]",  ",",  ".",  "*", "-"};
        const auto found = std::ranges::find_if(kSymbols, [&](std::string_view s) { return m_text.substr(m_at).starts_with(s); });
        if (found != kSymbols.end()) {
            const std::size_t from = m_at;
            m_at += found->size();
            return add(FilterToken::Kind::Symbol, from, std::string(*found));
        }
        if (peek() == '=') return fail(m_at, 1, "a single = is no operator; write == (the same) or =~ (regular expression)");
        if (peek() == '&' || peek() == '|') return fail(m_at, 1, std::string("write ") + peek() + peek());
        std::size_t length = 1;
        while (m_at + length < m_text.size() && (static_cast<unsigned char>(m_text[m_at + length]) & 0xC0) == 0x80) ++length;
        fail(m_at, length, withoutControls("\"" + std::string(m_text.substr(m_at, length)) + "\" means nothing here; texts stand in quotes"));
    }

    std::string_view m_text;
    std::size_t m_at = 0;
    FilterTokens m_out;
};

constexpr std::array<std::string_view, 6> kKeywords{"and", "or", "not", "in", "like", "has"};

} // namespace

bool beginsWord(char c) { return c == '_' || (lower(c) >= 'a' && lower(c) <= 'z'); }
bool insideWord(char c) { return beginsWord(c) || isDigit(c); }

bool FilterToken::isWord(std::string_view word) const
{
    return kind == Kind::Word && std::ranges::equal(text, word, {}, lower);
}

bool isFilterKeyword(std::string_view text)
{
    return std::ranges::any_of(kKeywords, [&](std::string_view word) { return std::ranges::equal(text, word, {}, lower); });
}

bool isPlainWord(std::string_view text)
{
    if (text.empty() || !beginsWord(text.front()) || isFilterKeyword(text)) return false;
    return std::ranges::all_of(text, insideWord);
}

FilterTokens lexFilter(std::string_view text) { return Lexer(text).run(); }

} // namespace opscope
