#pragma once

#include "core/query/Filter.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace opscope {

/// One piece of a filter text.
struct FilterToken
{
    enum class Kind : std::uint8_t { End, Word, Text, Number, Symbol };
    Kind kind = Kind::End;
    std::size_t at = 0, length = 0;  ///< bytes of the filter text
    std::string text;                ///< Word, Symbol: as written. Text: unescaped. Number: digits, sign not included
    std::string unit;                ///< Number: letters that follow at once: "us"
    bool is(std::string_view symbol) const { return kind == Kind::Symbol && text == symbol; }
    bool isWord(std::string_view word) const; ///< in any case
};

struct FilterTokens
{
    std::vector<FilterToken> tokens;         ///< the last one is End
    std::optional<FilterError> error;        ///< the tokens in front of it are good
};
FilterTokens lexFilter(std::string_view text);

/// Whether a byte may begin, or stand in, a word.
bool beginsWord(char c);
bool insideWord(char c);

} // namespace opscope
