#pragma once

#include "core/base/Table.h"
#include "core/query/Aggregates.h"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace opscope {

/// By what rows are sorted: largest first, keys in ascending order. Ties as aggregate() leaves them.
enum class AggregateSort : std::uint8_t { Total, Self, Count, Mean, Median, P99, Min, Max, Device, Key };
std::string_view id(AggregateSort sort);                 ///< "total", "self" ... "name" for Key
std::optional<AggregateSort> aggregateSortById(std::string_view text);
void sortRows(std::span<AggregateRow> rows, AggregateSort sort);

/// Columns as files name them: the keys by id(GroupBy), then count, total_ns, self_ns, mean_ns, median_ns, p99_ns, min_ns, max_ns,
/// share, device_ops, device_ns. In traces made of nodes alone "_nodes" stands for "_ns": nothing there is a duration.
std::vector<std::string> aggregateColumns(const Trace& trace, const Aggregates& table);
std::vector<Cell> aggregateCells(const Aggregates& table, const AggregateRow& row);

/// What a table covers, for whoever reads the file later.
struct TableScope
{
    std::string filter;                  ///< its text, "" for none
    std::optional<TimeRange> range;      ///< in the trace's own times; written as filters count, from the first event
    Population population = Population::All;
};

/// Takes the next piece of a file; false: no more of them.
using TextSink = std::function<bool(std::string_view)>;

/// `rows` (some of the table's, in the order wanted) as a file. JSON says beside the rows what they cover: "by", "population", "filter",
/// "range_start_ns" and "range_end_ns" (null without a range), "files", "groups" and "slices" (of the whole table), "total_ns", "self_ns",
/// "beyond_range" (slices that stick out of the range), "saturated". False when the sink had enough.
bool writeAggregates(const Trace& trace, const Aggregates& table, std::span<const AggregateRow> rows, const TableScope& scope,
                     TableFormat format, const TextSink& sink);

/// Single slices: start_ns (as filters count), duration_ns, track, process, name, cat.
std::vector<std::string> sliceColumns(const Trace& trace);
std::vector<Cell> sliceCells(const Trace& trace, SliceId slice);
bool writeSlices(const Trace& trace, std::span<const SliceId> slices, const TableScope& scope, TableFormat format, const TextSink& sink);

/// Bins from_ns, to_ns, count as rows; JSON says median, p95, p99 and the slowest slices beside them.
bool writeHistogram(const Trace& trace, const DurationHistogram& histogram, const TableScope& scope, TableFormat format, const TextSink& sink);

} // namespace opscope
