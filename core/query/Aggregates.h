#pragma once

#include "core/base/JobControl.h"
#include "core/base/Result.h"
#include "core/query/Query.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace opscope {

/// What slices are put together by. Several together: one row for each combination that occurs.
enum class GroupBy : std::uint8_t { Name, ShortName, Shapes, Category, Family, Track, Process, Device, Stream, Rank };
std::string_view id(GroupBy by);                         ///< "name", "short", "shapes", "cat" ...
std::optional<GroupBy> groupById(std::string_view text);

/// Figures of one group. Times in ns. Children on the same track count in `total` of their parent too; `self` counts each moment once a track.
struct AggregateRow
{
    std::vector<std::string> keys;     ///< by GroupBy asked for, as people read it; UTF-8, may hold anything the file has
    std::uint64_t count = 0;
    std::int64_t total = 0, self = 0, min = 0, max = 0, median = 0, p99 = 0; ///< median, p99: nearest rank of the durations
    double mean() const { return count ? static_cast<double>(total) / static_cast<double>(count) : 0; }
    DeviceWork device;                 ///< what devices did for these slices and what is inside them; of device ops their own
    std::uint32_t group = 0;           ///< row of Aggregates::members
};

/// A table of groups, largest total first (ties: by keys), and who is in each.
struct Aggregates
{
    std::vector<GroupBy> by;
    std::vector<AggregateRow> rows;
    std::uint64_t slices = 0;          ///< in all groups
    std::int64_t total = 0;            ///< sum of their durations
    std::int64_t self = 0;
    std::uint64_t beyondRange = 0;     ///< slices that begin before the range or end behind it; they count whole
    std::vector<SliceId> members;      ///< slices by group, each group by time of start
    std::vector<std::uint32_t> firstMember; ///< by group, one longer
    std::span<const SliceId> of(const AggregateRow& row) const
    {
        return std::span(members).subspan(firstMember[row.group], firstMember[row.group + 1] - firstMember[row.group]);
    }
};

/// Which slices go in, beside a filter's.
enum class Population : std::uint8_t { All, Kernels, DeviceOps, Operators, Runtime, Memory, Annotations, Python };

struct AggregateQuery
{
    std::vector<GroupBy> by{GroupBy::Name};
    Population population = Population::All;
    const SliceSet* matches = nullptr;      ///< borrowed; null: all
    std::optional<TimeRange> range;         ///< what overlaps it
};
/// 5 M slices in 300 ms on two threads. Whole-recording spans ("Trace") are left out. Errors: Cancelled.
Result<Aggregates> aggregate(const Trace& trace, const AggregateQuery& query, const JobControl& job = {});

/// Durations of some slices in bins, logarithmic where they span more than a decade.
struct DurationHistogram
{
    bool logarithmic = false;
    std::vector<std::int64_t> edges;        ///< ns, one longer than counts; half-open, the last bin closed
    std::vector<std::uint64_t> counts;
    std::int64_t median = 0, p95 = 0, p99 = 0;
    std::vector<SliceId> slowest;           ///< longest first, at most 50
};
DurationHistogram durationHistogram(const Trace& trace, std::span<const SliceId> slices, std::size_t bins = 32);

} // namespace opscope
