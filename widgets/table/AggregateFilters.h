#pragma once

#include "core/query/Aggregates.h"
#include "core/query/Filter.h"

namespace opscope {

/// What is true of the slices of a row: `name == "aten::mm"`, with input shapes also `input[0].shape == "[32, 512]"`. The empty
/// filter where the language has no words for it (slices that belong to no device). `by` and the keys of the row go together.
Filter filterFor(const std::vector<GroupBy>& by, const AggregateRow& row);

} // namespace opscope
