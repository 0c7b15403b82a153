#pragma once

#include "core/base/JobControl.h"
#include "core/trace/Trace.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// Internal to core/link: how the nodes of one execution trace find their events in one timed trace (linking.md 4). Nothing is
/// linked here; LinkBuilder::linkNodes() decides which match is taken.
namespace opscope {

/// One execution trace held against one timed trace.
struct NodeMatchInput
{
    const Trace& trace;
    const EtFile& file;
    std::span<const TrackId> tracks;   ///< host tracks with operators
    bool samePid = false;
};

struct NodeMatch
{
    bool passed = false;
    LinkMethod method = LinkMethod::RecordFunctionId;
    LinkConfidence confidence = LinkConfidence::Exact;
    std::optional<std::int64_t> difference;   ///< of sequence numbers, timed minus nodes; method B
    std::uint64_t places = 0;                 ///< method B: where the names of the longest thread fit
    std::uint64_t matched = 0;
    std::uint64_t met = 0;                    ///< ids that are in both, whatever the names
    std::uint64_t firstId = 0, lastId = 0;    ///< of the events, methods A and C
    std::vector<NodeId> otherNames;           ///< nodes whose id meets an event of another name; sorted
    std::vector<SliceId> slices;              ///< by row within the file; empty unless passed
    std::string finding;                      ///< a clause: "14,388 of 14,388 record function ids meet an event of the same name"
};

/// Nodes and operators that take part.
bool takesPart(const EtNode& node);
bool takesPart(const Trace& trace, SliceId slice);

/// Methods A and C: rf_id = `field` (RecordFunctionId, ExternalId), checked by the names.
NodeMatch matchById(const NodeMatchInput& input, ArgField field);

/// Method B: the same order of names, anchored by sequence numbers. Work is bounded whatever the file; the finding says so when
/// the bound was met.
NodeMatch matchByOrder(const NodeMatchInput& input, const JobControl& job);

/// Shares of matched nodes whose input shapes are those of the event, and whose parent's event encloses theirs.
struct MatchCheck
{
    std::uint64_t shapesCompared = 0, shapesEqual = 0;
    std::uint64_t parentsCompared = 0, parentsEnclose = 0;
    bool good() const { return shapesEqual * 10 >= shapesCompared * 9 && parentsEnclose * 100 >= parentsCompared * 95; }
};
MatchCheck checkMatch(const NodeMatchInput& input, std::span<const SliceId> slices);

} // namespace opscope
