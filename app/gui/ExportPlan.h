#pragma once

#include "core/base/JobControl.h"
#include "core/base/Result.h"
#include "core/query/Subset.h"
#include "widgets/timeline/OverviewData.h"

#include <array>
#include <bitset>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace opscope {

/// Which part of a trace somebody wants to save. What is not set restricts nothing; all together: everything.
struct ExportWish
{
    std::optional<std::string> filter;               ///< its text, as it is being written
    std::optional<TimeRange> range;                  ///< in the trace's own times
    std::optional<std::vector<TrackId>> tracks;
    SubsetOptions options;

    bool everything() const { return !filter && !range && !tracks; }
    friend bool operator==(const ExportWish& a, const ExportWish& b);
};

/// Which columns of the overview hold something that is kept, by strip.
using KeptColumns = std::array<std::bitset<OverviewData::kColumns>, OverviewData::kStrips>;

/// What the wish comes to.
struct ExportPlan
{
    std::shared_ptr<const Subset> subset;
    KeptColumns kept;
    std::string filterProblem;                       ///< why the filter is none; then there is no subset
    std::size_t problemColumn = 0;                   ///< byte of the filter's text
};

/// Filter, range and tracks, closed over links: on a worker. Errors: Cancelled, and what runQuery() returns.
Result<ExportPlan> planExport(const Trace& trace, const ExportWish& wish, const JobControl& job = {});
/// Rows of these tracks; of an execution trace the nodes whose slices lie on them.
Matches onTracks(const Trace& trace, const std::vector<TrackId>& tracks);

} // namespace opscope
