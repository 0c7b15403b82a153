#pragma once

#include "core/base/Result.h"
#include "core/query/AggregateTable.h"
#include "widgets/table/AggregateAnswer.h"

#include <string>

namespace opscope {

/// The whole table in the order of `order`, as text.
std::string tableText(const AggregateAsk& asked, const AggregateAnswer& answer, const std::vector<std::uint32_t>& order, TableFormat format);
/// The same into a file, which is there as a whole or not at all. Errors: CannotWrite.
Status saveTable(const AggregateAsk& asked, const AggregateAnswer& answer, const std::vector<std::uint32_t>& order, TableFormat format,
                 const std::string& path);
/// "total 775012 ns, …": one row for a copy, times whole and plain.
std::string rowText(const AggregateAnswer& answer, const AggregateRow& row);

} // namespace opscope
