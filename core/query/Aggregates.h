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

/// Figures of one group. Times in ns, in traces made of nodes alone counts of nodes. Children on the same track count in `total` of
/// their parent too; `self` counts each moment once a track.
struct AggregateRow
{
    std::vector<std::string> keys;     ///< by GroupBy asked for, as people read it, "" where a slice has no such thing; UTF-8, may hold anything the file has
    std::uint64_t count = 0;
    std::int64_t total = 0, self = 0, min = 0, max = 0, median = 0, p99 = 0; ///< median, p99: nearest rank of the durations
    double mean() const { return count ? static_cast<double>(total) / static_cast<double>(count) : 0; }
    /// What devices did for these slices and what is inside them; of device ops (kernels, copies, sets) their own. Each device op
    /// once a group, however many slices of the group it was done for.
    DeviceWork device;
    std::uint32_t group = 0;           ///< row of Aggregates::members
    bool saturated = false;            ///< total or self lie beyond int64 and stand at its end (durations of a hostile file)
};

/// A table of groups, largest total first (ties: by keys), and who is in each.
struct Aggregates
{
    std::vector<GroupBy> by;
    std::vector<AggregateRow> rows;
    std::uint64_t slices = 0;          ///< in all groups
    std::int64_t total = 0;            ///< sum of their durations; what shares are shares of
    std::int64_t self = 0;
    bool saturated = false;            ///< that of any row, or the sum of all
    std::uint64_t beyondRange = 0;     ///< slices that begin before the range or end behind it; they count whole
    std::vector<SliceId> members;      ///< slices by group, each group by time of start, ties by row
    std::vector<std::uint32_t> firstMember; ///< by group, one longer
    /// Part of `total` that a row is, 0 to 1.
    double share(const AggregateRow& row) const { return total ? static_cast<double>(row.total) / static_cast<double>(total) : 0; }
    std::span<const SliceId> of(const AggregateRow& row) const
    {
        return std::span(members).subspan(firstMember[row.group], firstMember[row.group + 1] - firstMember[row.group]);
    }
};

/// Which slices go in, beside a filter's.
enum class Population : std::uint8_t {
    All,
    Kernels,
    DeviceOps,    ///< kernels, copies and sets
    Operators,
    Runtime,      ///< runtime and driver calls
    Memory,       ///< copies and sets on devices
    Annotations,  ///< of hosts and devices
    Python
};
std::string_view id(Population population);              ///< "all", "kernels", "device_ops" ...
std::optional<Population> populationById(std::string_view text);
bool contains(Population population, CategoryClass kind);

struct AggregateQuery
{
    std::vector<GroupBy> by{GroupBy::Name};
    Population population = Population::All;
    const SliceSet* matches = nullptr;      ///< borrowed; null: all
    std::optional<TimeRange> range{};       ///< what overlaps it, in the trace's own times; a slice without length where it begins in it
};
/// 5 M slices in 300 ms on two threads, 16 bytes a slice while it runs. Whole-recording spans ("Trace") are left out. The answer does not depend on
/// the number of threads. Errors: Cancelled.
Result<Aggregates> aggregate(const Trace& trace, const AggregateQuery& query, const JobControl& job = {});
/// The slices that the table would be of, in order of time, ties by row. `by` is of no concern. Errors: Cancelled.
Result<std::vector<SliceId>> slicesOf(const Trace& trace, const AggregateQuery& query, const JobControl& job = {});

/// Durations of some slices in bins, logarithmic where they span more than a decade.
struct DurationHistogram
{
    bool logarithmic = false;
    /// ns, one longer than counts; half-open, the last bin closed. They ascend, except that durations that are all the same make one
    /// bin without width. The first is the shortest duration, the last the longest. Empty without slices.
    std::vector<std::int64_t> edges;
    std::vector<std::uint64_t> counts;
    std::int64_t median = 0, p95 = 0, p99 = 0;
    std::vector<SliceId> slowest;           ///< longest first, ties by row; at most 50
};
/// At most `bins` bins, fewer where there are not so many different nanoseconds. O(slices).
DurationHistogram durationHistogram(const Trace& trace, std::span<const SliceId> slices, std::size_t bins = 32);

} // namespace opscope
