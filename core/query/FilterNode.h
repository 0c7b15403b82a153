#pragma once

#include "core/query/FilterFields.h"

#include <cstdint>
#include <string>
#include <vector>

namespace opscope {

enum class FilterOp : std::uint8_t {
    Equal, NotEqual, Contains, Regex, Like,      // texts; the first two also numbers
    Less, LessEqual, Greater, GreaterEqual,      // numbers
    In,                                          // values and ranges
    Present                                      // has(field)
};
std::string_view spelling(FilterOp op);          ///< "==", "like", "in"; "has"

/// A number or a text, as written. Numbers of times are in ns, those of sizes in bytes.
struct FilterValue
{
    enum class Kind : std::uint8_t { Text, Number, Open };
    Kind kind = Kind::Open;                      ///< Open: an end of a range that is not there
    std::string text;                            ///< Text: unescaped. Number: as written, with its unit
    std::int64_t whole = 0;                      ///< Number: in ns, bytes or ones; see `exact`
    double real = 0;                             ///< the same, for numbers that raw arguments compare with
    bool exact = true;                           ///< `whole` says all of it
    friend bool operator==(const FilterValue&, const FilterValue&) = default;
};
/// One entry of `in (…)`: a value (`to` as `from`), or a range.
struct FilterItem
{
    FilterValue from, to;
    bool range = false;
    friend bool operator==(const FilterItem&, const FilterItem&) = default;
};

/// The parsed expression as plain values. `a and b and c` is one node, so depth grows with brackets and `not` only; the parser
/// refuses more than kFilterDepth of those.
struct FilterNode
{
    enum class Kind : std::uint8_t { And, Or, Not, Compare, Link };

    Kind kind = Kind::Compare;
    std::vector<FilterNode> children;            ///< And, Or: two or more. Not, Link: one
    FilterLink link = FilterLink::Inside;        ///< Link
    FilterFieldRef field;                        ///< Compare
    FilterOp op = FilterOp::Equal;               ///< Compare
    std::vector<FilterItem> items;               ///< Compare: one; In: one or more; Present: none
    friend bool operator==(const FilterNode&, const FilterNode&) = default;
};
inline constexpr int kFilterDepth = 200;
inline constexpr std::size_t kFilterBytes = 64 * 1024;

/// As the language writes it, with no more brackets than needed; parsing it gives an equal node.
std::string text(const FilterNode& node);

} // namespace opscope
