#pragma once

#include "core/query/Filter.h"
#include "core/query/FilterLexer.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

/// Internal to core/query.
namespace opscope {

/// A piece of the filter for a message: short, in quotes, nothing that acts on a terminal.
std::string shownPiece(std::string_view text);

/// The place in the pieces of a filter, and the first thing that is wrong with them. What the parts of the parser share.
class FilterCursor
{
public:
    explicit FilterCursor(std::string_view text) : m_lexed(lexFilter(text)) {}

    const FilterToken& peek(std::size_t ahead = 0) const { return m_lexed.tokens[std::min(m_at + ahead, m_lexed.tokens.size() - 1)]; }
    const FilterToken& take() { return m_lexed.tokens[m_at < m_lexed.tokens.size() - 1 ? m_at++ : m_at]; }
    bool accept(std::string_view symbol)
    {
        if (!peek().is(symbol)) return false;
        take();
        return true;
    }
    bool acceptWord(std::string_view word)
    {
        if (!peek().isWord(word)) return false;
        take();
        return true;
    }

    bool fail(std::size_t at, std::size_t length, std::string message)
    {
        if (!m_error) m_error = FilterError{at, length, std::move(message)};
        return false;
    }
    bool fail(const FilterToken& token, std::string message) { return fail(token.at, token.length, std::move(message)); }
    /// Where the pieces end early because one could not be read, that is what is wrong.
    FilterError error() const
    {
        if (m_lexed.error && (!m_error || m_error->column >= m_lexed.error->column)) return *m_lexed.error;
        return *m_error;
    }
    /// What ended the pieces early; none when all could be read.
    const std::optional<FilterError>& unreadable() const { return m_lexed.error; }
    /// The byte behind the piece that was taken last; there must be one.
    std::size_t endOfTaken() const { return m_lexed.tokens[m_at - 1].at + m_lexed.tokens[m_at - 1].length; }
    void skip(std::size_t pieces) { m_at += pieces; }

private:
    FilterTokens m_lexed;
    std::size_t m_at = 0;
    std::optional<FilterError> m_error;
};

} // namespace opscope
