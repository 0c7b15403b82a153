#include "core/query/TextTest.h"

#include <re2/re2.h>

#include <algorithm>

namespace opscope {

namespace {

enum class Case { Matters, Ignored };

RE2::Options options(Case letters, bool literal)
{
    RE2::Options o;
    o.set_log_errors(false);
    o.set_case_sensitive(letters == Case::Matters);
    o.set_literal(literal);
    o.set_dot_nl(true);
    o.set_max_mem(4 << 20); // a pattern that needs more is refused; a DFA that does starts anew
    return o;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// *, ? and everything else as itself; the whole text.
std::string globPattern(std::string_view glob)
{
    std::string out = "\\A";
    for (const char c : glob) {
        if (c == '*') out += out.ends_with(".*") ? "" : ".*";
        else if (c == '?') out += '.';
        else if (static_cast<unsigned char>(c) >= 0x80) out += c;
        else out += RE2::QuoteMeta(std::string(1, c));
    }
    return out + "\\z";
}

bool isAscii(std::string_view text)
{
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// Whether `text` has `word` (in lower case) in it, letters of either case.
bool containsLower(std::string_view text, std::string_view word)
{
    if (word.empty()) return true;
    if (word.size() > text.size()) return false;
    const char first = word.front();
    const std::size_t last = text.size() - word.size();
    for (std::size_t i = 0; i <= last; ++i) {
        if (lower(text[i]) != first) continue;
        std::size_t j = 1;
        while (j < word.size() && lower(text[i + j]) == word[j]) ++j;
        if (j == word.size()) return true;
    }
    return false;
}

/// Longer words could make the loop above quadratic.
constexpr std::size_t kPlainSearch = 64;

} // namespace

std::string TextTest::whyNoRegex(std::string_view pattern)
{
    const RE2 regex(re2::StringPiece(pattern.data(), pattern.size()), options(Case::Matters, false));
    return regex.ok() ? std::string() : regex.error();
}

TextTest::TextTest(const FilterNode& comparison) : m_op(comparison.op)
{
    for (const FilterItem& item : comparison.items)
        if (!item.range && item.from.kind == FilterValue::Kind::Text) m_texts.push_back(item.from.text);
    std::ranges::sort(m_texts);
    if (m_texts.empty()) return;
    const std::string& text = m_texts.front();
    if (m_op == FilterOp::Contains) {
        if (isAscii(text) && text.size() <= kPlainSearch) {
            m_lower = text;
            std::ranges::transform(m_lower, m_lower.begin(), lower);
        } else {
            m_regex = std::make_shared<const RE2>(text, options(Case::Ignored, true));
        }
    }
    if (m_op == FilterOp::Regex) m_regex = std::make_shared<const RE2>(text, options(Case::Matters, false));
    if (m_op == FilterOp::Like) m_regex = std::make_shared<const RE2>(globPattern(text), options(Case::Matters, false));
}

bool TextTest::operator()(std::string_view text) const
{
    if (m_op == FilterOp::Present) return true;
    if (m_texts.empty()) return false;
    switch (m_op) {
    case FilterOp::Equal: return text == m_texts.front();
    case FilterOp::NotEqual: return text != m_texts.front();
    case FilterOp::In: return std::ranges::binary_search(m_texts, text);
    case FilterOp::Contains:
        if (!m_regex) return containsLower(text, m_lower);
        [[fallthrough]];
    case FilterOp::Regex:
    case FilterOp::Like:
        return m_regex && m_regex->ok() && RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *m_regex);
    default: return false;
    }
}

} // namespace opscope
