#pragma once

#include <QString>

#include "widgets/table/AggregateAnswer.h"

namespace opscope {

/// "Kernels"
QString title(Population population);
/// "kernel", "operator": with a small letter, for sentences.
QString oneOf(Population population);
/// "Kernel": head of the first column when names are listed.
QString nameHead(Population population, bool isNodes);
QString headOf(GroupBy by, Population population, bool isNodes);
/// "Name and input shapes": for the chooser.
QString titleOf(const std::vector<GroupBy>& by);
/// "Median"; the keys have their own.
QString title(AggregateColumn column);
/// One line on what a figure is, for tips.
QString explained(AggregateColumn column);

/// "1,888 slices"
QString counted(std::uint64_t count, const char* one, const char* many);
/// "336.000 – 356.000 ms", counted from `origin`, as many digits as the length needs; "nodes 12 – 40" where time counts nodes.
QString rangeText(TimeRange range, const Trace& trace);
/// "9.552 ms of device time", "… of own time".
QString totalText(const AggregateAnswer& answer, Population population);
/// What stands there instead of an empty table.
QString emptyText(const AggregateAnswer& answer, const AggregateAsk& ask, bool isView);
/// "at 340.652 592 ms", since the origin of the trace; "node 12".
QString placeText(const Trace& trace, SliceId slice);
/// A duration for people; "–" for none.
QString durationText(std::int64_t duration);

} // namespace opscope
