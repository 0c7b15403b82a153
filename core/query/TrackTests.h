#pragma once

#include "core/query/RowTest.h"

#include <functional>

namespace opscope {

/// Fields that all rows of a track, a counter series or a file have alike: sets of rows, filled by ranges.
RowTestPtr trackFieldTest(const Trace& trace, const FilterNode& comparison);
/// All rows of the tracks that pass.
Matches rowsOfTracks(const Trace& trace, const std::function<bool(const Track&)>& pass);

} // namespace opscope
