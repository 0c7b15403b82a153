#pragma once

#include "core/query/FilterCursor.h"
#include "core/query/FilterFields.h"
#include "core/query/FilterGrammar.h"
#include "core/query/FilterNode.h"

/// Internal to core/query.
namespace opscope {

/// What stands behind an operator: values, typed by the field that they are compared with, ranges and lists. False: fail() was called.
class FilterValueParser : protected FilterCursor
{
protected:
    using FilterCursor::FilterCursor;

    static FilterValue textValue(std::string text);
    bool list(FilterNode& out, const FieldInfo& field);
    bool value(FilterValue& out, const FieldInfo& field, FilterOp op);

private:
    bool itemOf(FilterItem& item, const FieldInfo& field);
    bool knownWord(FilterValue& value, const FieldInfo& field, const FilterToken& token);
    /// [32, 512] without quotes.
    bool bracketList(FilterValue& out);
    static const char* unitsOf(FieldType type);
    static std::string wanted(const FieldInfo& field, FilterOp op);
    const FilterUnit* unitOf(const FilterToken& number, std::string_view& written);
    bool numberValue(FilterValue& out, const FieldInfo& field, FilterOp op);
};

} // namespace opscope
