#pragma once

#include "core/query/FilterNode.h"

#include <span>
#include <string>
#include <vector>

namespace opscope {

// What goes with what: operators and units by the type of a field.

struct FilterOperator
{
    std::string_view text;
    FilterOp op;
};
/// As completion shows them, best first.
std::span<const FilterOperator> filterOperators();
bool takesOperator(FieldType type, FilterOp op);
/// "==", "in".
std::vector<std::string_view> operatorsOf(FieldType type);

/// A unit behind a number and what one of it is, in ns or bytes.
struct FilterUnit
{
    std::string_view name;
    std::int64_t factor;
    bool time;
};
std::span<const FilterUnit> filterUnits();
bool takesUnit(FieldType type, const FilterUnit& unit);

bool isTime(FieldType type);
bool takesTexts(FieldType type);
bool takesNumbers(FieldType type);
bool ordersNumbers(FilterOp op);   ///< < <= > >=
bool looksInTexts(FilterOp op);    ///< ~ =~ like

/// Digits ("12.50") times a unit, exactly: nothing goes through a double that is compared with whole numbers. Sets the number of
/// `out`; "" or why it is none for such a field.
std::string numberOf(FilterValue& out, std::string digits, bool minus, std::int64_t factor, FieldType type);

} // namespace opscope
