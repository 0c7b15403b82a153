#pragma once

#include "core/base/JobControl.h"
#include "core/base/Result.h"
#include "core/query/Query.h"

#include <cstdint>
#include <vector>

namespace opscope {

/// What else is kept beside the matches.
struct SubsetOptions
{
    bool links = true;       ///< calls and operators that launched kept device ops, the other end of flows into kept slices, enclosing annotations
    bool effects = false;    ///< also what kept operators and calls launched
    bool parents = false;    ///< also everything that encloses a kept slice on its track
    bool producers = false;  ///< execution trace: also the nodes that made the inputs of kept nodes
    bool subtrees = false;   ///< execution trace: also everything below kept nodes
};

/// A set of rows closed for saving: nothing in it dangles. Flow points only as whole flows, each point bound to a kept slice;
/// nodes with all their ancestors; slices <-> nodes of a joined run both ways (a filter on one side brings the other's part).
struct Subset
{
    Matches rows;                       ///< matches and what was added
    FlowPointSet flows;
    std::uint64_t matched = 0;          ///< rows that the filter matched (slices, instants, samples, nodes) ...
    std::uint64_t added = 0;            ///< ... and rows added by the options
    bool whole = false;                 ///< nothing was left out: the file as it stands

    struct OfSource
    {
        std::uint64_t events = 0;       ///< elements of traceEvents that will be written, metadata included; nodes of an ET
        std::uint64_t estimatedBytes = 0; ///< unpacked
    };
    std::vector<OfSource> sources;      ///< by SourceId
};

/// Cost: one pass over each table. Errors: Cancelled.
Result<Subset> closeSubset(const Trace& trace, Matches matches, const SubsetOptions& options, const JobControl& job = {});
/// The whole trace.
Subset wholeTrace(const Trace& trace);

} // namespace opscope
