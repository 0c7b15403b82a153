#pragma once

#include "core/query/FilterNode.h"

#include <variant>

namespace opscope {

/// The expression of a text that is not white space alone.
std::variant<FilterNode, FilterError> parseFilterNode(std::string_view text);

/// Units behind numbers, in the order in which completion shows them, and what one is in ns or bytes.
struct FilterUnit
{
    std::string_view name;
    std::int64_t factor;
    bool time;
};
std::span<const FilterUnit> filterUnits();

/// Operators that a type of field takes, best first: "==", "in".
std::vector<std::string_view> operatorsOf(FieldType type);

} // namespace opscope
