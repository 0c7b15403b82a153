#pragma once

#include "core/query/FilterNode.h"

#include <variant>

namespace opscope {

/// The expression of a text that is not white space alone.
std::variant<FilterNode, FilterError> parseFilterNode(std::string_view text);

} // namespace opscope
