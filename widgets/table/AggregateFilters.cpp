#include "widgets/table/AggregateFilters.h"

namespace opscope {

namespace {

/// "[[32, 512], [], [[2], [3]]]" -> "[32, 512]", "[]", "[[2], [3]]". Keys are made by us; anything else gives what can be told apart.
std::vector<std::string_view> entriesOf(std::string_view list)
{
    std::vector<std::string_view> entries;
    int depth = 0;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (list[i] == '[' && ++depth == 2) begin = i;
        if (list[i] == ']' && --depth == 1) entries.push_back(list.substr(begin, i + 1 - begin));
    }
    return entries;
}

Filter parsed(const std::string& text)
{
    const auto result = Filter::parse(text);
    const Filter* filter = std::get_if<Filter>(&result);
    return filter ? *filter : Filter();
}

/// Lists of tensors are not told apart: a filter has no words for their shapes.
Filter ofShapes(std::string_view key)
{
    Filter all;
    const std::vector<std::string_view> entries = entriesOf(key);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const std::string input = "input[" + std::to_string(i) + "]";
        const std::string_view shape = entries[i];
        if (shape == "[]") all = both(all, parsed("not (" + input + ".rank > 0)"));
        else if (!shape.starts_with("[[")) all = both(all, equals(input + ".shape", shape));
    }
    return all;
}

} // namespace

Filter filterFor(const std::vector<GroupBy>& by, const AggregateRow& row)
{
    Filter all;
    for (std::size_t i = 0; i < by.size() && i < row.keys.size(); ++i) {
        const std::string& key = row.keys[i];
        const bool isNumber = by[i] == GroupBy::Device || by[i] == GroupBy::Stream || by[i] == GroupBy::Rank;
        if (by[i] == GroupBy::Shapes) all = both(all, ofShapes(key));
        else if (isNumber) all = both(all, key.empty() ? Filter() : parsed(std::string(id(by[i])) + " == " + key));
        else all = both(all, equals(id(by[i]), key));
    }
    return all;
}

} // namespace opscope
