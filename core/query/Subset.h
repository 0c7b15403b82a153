#pragma once

#include "core/base/JobControl.h"
#include "core/base/Result.h"
#include "core/query/Query.h"

#include <cstdint>
#include <vector>

namespace opscope {

using TrackSet = RowSet<TrackId>;
using ProcessSet = RowSet<ProcessId>;

/// What else is kept beside the matches.
struct SubsetOptions
{
    bool links = true;       ///< calls and operators that launched kept device ops, the other end of flows into matches, enclosing annotations
    bool effects = false;    ///< also what matches, and everything inside them, launched
    bool parents = false;    ///< also everything that encloses a kept slice on its track
    bool producers = false;  ///< execution trace: also the nodes that made the inputs of matched nodes, one step back
    bool subtrees = false;   ///< execution trace: also everything below matched nodes
};

/// A set of rows closed for saving: nothing in it dangles.
///
/// Links (the default) lead from effects to causes, one step from each match and never on from there, so that a part stays a part:
///   * the launching call and the operators of each kept device op (both, where id and time name different ones), of matches and of
///     device ops that were added; the operator around each kept call;
///   * of a match also: the call behind a synchronisation, the forward op of a backward one, the start of a flow that ends in it;
///   * the annotations around every kept slice on its track, and the host's annotation behind each that is on a device.
/// Ranks do not pull each other in. Nothing that a match caused is kept unless it matches or `effects` is on.
///
/// Flow points go by whole flows. The file's own flows of launches and of the backward pass are kept where the call (the forward op)
/// and at least one end are; those of others from s to the next s where the slice of the s, of each t and of at least one f is kept.
/// A point belongs to the slice that linking binds it to (link/FlowBinding.h). Half flows of the source are never kept.
///
/// Nodes come with all their ancestors up to the root. Where a node and a slice are one (a pair), a filter on one side brings the
/// other's part: the node of each kept slice, and the slice of each node that was matched or asked for; with links also the slices of
/// the ancestors, so that both files tell of the same calls in the same order and link with the same counts. In traces of nodes
/// alone the slices are the nodes. A kept collective keeps the nodes that tell of its process groups: readers look names up there.
struct Subset
{
    Matches rows;                       ///< matches and what was added
    FlowPointSet flows;
    TrackSet tracks;                    ///< with kept rows; all of a process where a kept row does not say its thread (counters, async)
    ProcessSet processes;               ///< theirs: whose metadata is kept
    std::uint64_t matched = 0;          ///< rows that the filter matched (slices, instants, samples, nodes) ...
    std::uint64_t added = 0;            ///< ... and rows added by the options
    bool whole = false;                 ///< wholeTrace(): the file as it stands, what is no row included

    struct OfSource
    {
        std::uint64_t events = 0;       ///< elements of traceEvents that will be written, metadata included; nodes of an ET
        std::uint64_t estimatedBytes = 0; ///< unpacked
    };
    std::vector<OfSource> sources;      ///< by SourceId

    /// Metadata of kept tracks and processes, and of all; ends of kept pairs.
    bool keeps(const ExtraElement& element) const
    {
        if (whole) return true;
        if (element.kind == static_cast<std::uint64_t>(ExtraElement::Kind::PairEnd)) return rows.slices.contains(SliceId(element.row));
        if (element.row != TrackId::kNone) return tracks.contains(TrackId(element.row));
        return !element.process.valid() || processes.contains(element.process);
    }
};

/// Cost: one pass over each table of which something is kept. Errors: Cancelled.
Result<Subset> closeSubset(const Trace& trace, Matches matches, const SubsetOptions& options, const JobControl& job = {});
/// The whole trace.
Subset wholeTrace(const Trace& trace);

} // namespace opscope
