#pragma once

#include "core/query/Aggregates.h"

#include <array>
#include <cstdint>
#include <vector>

namespace opscope {

/// Columns of the Aggregates table: one or two texts that make a group, then its figures.
enum class AggregateColumn : std::uint8_t { Key, Second, Calls, Total, Share, Self, Mean, Median, P99, Min, Max, Device, Count_ };
inline constexpr std::size_t kAggregateColumns = static_cast<std::size_t>(AggregateColumn::Count_);

inline bool isText(AggregateColumn column) { return column <= AggregateColumn::Second; }
/// Says nothing where "time" counts nodes.
inline bool isTime(AggregateColumn column) { return column > AggregateColumn::Calls; }

/// Stable ids: as the layout is remembered.
const char* id(AggregateColumn column);

/// A column and a direction.
struct TableOrder
{
    AggregateColumn column = AggregateColumn::Total;
    bool descending = true;
    friend bool operator==(TableOrder, TableOrder) = default;
};
/// Row numbers of the table in that order. Stable: rows that are equal keep the order of the table, largest total first.
std::vector<std::uint32_t> sortedRows(const Aggregates& table, TableOrder sort);

/// Whole nanoseconds, rounded half up; 0 of nothing.
std::int64_t meanOf(const AggregateRow& row);

} // namespace opscope
