#pragma once

#include "core/base/JobControl.h"
#include "core/base/Result.h"
#include "core/base/Time.h"
#include "core/query/Filter.h"
#include "core/query/RowSet.h"
#include "core/trace/Trace.h"

#include <memory>

namespace opscope {

/// Rows of all tables that a filter can match. Flow points are none of them: they follow the slices that they join (Subset).
struct Matches
{
    SliceSet slices;
    InstantSet instants;
    SampleSet samples;       ///< counter values
    NodeSet nodes;           ///< of the execution trace; in traces made of nodes alone the same nodes as `slices`

    /// Everything of a trace, or nothing.
    static Matches all(const Trace& trace);
    static Matches none(const Trace& trace);
    /// Slices, instants and samples; nodes only where the trace has nothing else.
    std::size_t count() const;
    bool empty() const { return slices.empty() && instants.empty() && samples.empty() && nodes.empty(); }
    friend bool operator==(const Matches&, const Matches&) = default;
};
using MatchesPtr = std::shared_ptr<const Matches>;

/// Every row that the filter is true of. Synchronous, on at most two threads; frozen trace, so from any thread. Texts are decided
/// once for each different one, then a row costs an array read. Errors: Cancelled; CannotRead when raw arguments must be read back
/// and the source changed or vanished.
Result<Matches> runQuery(const Trace& trace, const Filter& filter, const JobControl& job = {});

/// Rows that overlap the range (instants and samples: that lie in it).
Matches inRange(const Trace& trace, TimeRange range);
/// `time in A..B` as the language counts times, for a range of the trace's own times.
Filter rangeFilter(const Trace& trace, TimeRange range);
/// The same range the other way round: what "A..B" of a filter or of `--range` means in the trace's own times.
TimeRange fromFilterTimes(const Trace& trace, TimeRange sinceFirstEvent);

} // namespace opscope
