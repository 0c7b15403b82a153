#pragma once

#include "app/cli/Console.h"
#include "core/base/Time.h"
#include "core/query/Filter.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace opscope {

/// The filter of `--filter`. When it is none, says why on stderr, with a line under the piece that is wrong, and gives nothing: wrong usage.
///
///     opscope query: "durr" is no field; did you mean dur? (column 1)
///       durr > 50us
///       ^^^^
std::optional<Filter> readFilter(Console& console, std::string_view command, const std::string& text);

/// The range of `--range`, as it was written: what it counts from is the command's affair. When it is none, says so: wrong usage.
std::optional<TimeRange> readRange(Console& console, std::string_view command, const std::string& text);
/// `time in A..B`: what overlaps a range that counts from the first event, as filters do.
Filter timeFilter(TimeRange sinceFirstEvent);

/// The two lines under the sentence. Of a long filter what is around the mistake; columns are those of a terminal.
std::vector<std::string> pointedAt(std::string_view text, const FilterError& error);

} // namespace opscope
