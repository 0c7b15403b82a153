#pragma once

#include "app/cli/Console.h"
#include "core/query/AggregateTable.h"

#include <span>
#include <string>
#include <vector>

namespace opscope {

/// Tables as people read them. Long names are cut; CSV and JSON have them whole, and exact numbers.
std::vector<std::string> aggregatesText(const Trace& trace, const Aggregates& table, std::span<const AggregateRow> rows, const Console& console);
/// Start (counted from the first event), duration, track, name, category.
std::string sliceText(const Trace& trace, SliceId slice);
std::vector<std::string> histogramText(const Trace& trace, const DurationHistogram& histogram, const Console& console);

} // namespace opscope
