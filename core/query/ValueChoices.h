#pragma once

#include "core/query/FilterFields.h"
#include "core/trace/Trace.h"

#include <string>
#include <string_view>
#include <vector>

namespace opscope {

/// A value that rows of a trace have, for completion.
struct ValueChoice
{
    std::string text;      ///< as it is
    std::string written;   ///< as a filter writes it: in quotes where it must
    std::string detail;
};
/// Values of a field with `typed` in them (in any case), frequent ones first, about `most` of them. Looks at a sample where a trace
/// has many rows: a few milliseconds whatever its size.
std::vector<ValueChoice> valueChoices(const Trace& trace, FieldId field, std::string_view typed, std::size_t most);

} // namespace opscope
