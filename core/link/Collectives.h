#pragma once

#include "core/trace/Trace.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Internal to core/link: collectives of one rank as items, and which items of several ranks are one (linking.md 6.2 to 6.4).
namespace opscope {

/// One collective, or one side of a send, on one rank.
struct CollectiveItem
{
    SliceId slice;
    std::string kind;                       ///< "allreduce", "alltoall", "send": one spelling for all writers
    std::string group;                      ///< name and ranks of the process group; or the stream, where nothing tells the group
    std::optional<std::uint64_t> commsId;
    std::optional<std::int64_t> sequence;
    std::optional<std::int64_t> source, destination; ///< ranks, of send and recv
    std::int64_t in = -1, out = -1;         ///< elements; -1: not told
    std::string dtype;
    bool hasArgs = false;
    bool pointToPoint() const { return kind == "send" || kind == "recv"; }
    /// Nobody is done before all have begun: such kernels end together.
    bool synchronises() const;
};

/// The same collective, one item a rank.
struct CollectiveMatch
{
    std::vector<SliceId> slices;            ///< by rank of the source
    LinkMethod method = LinkMethod::CollectiveOrder;
    bool synchronises = false;
};

/// The ranks of a load against each other.
class CollectiveMatcher
{
public:
    struct Rank
    {
        SourceId source;
        std::int64_t rank = 0;
        std::vector<CollectiveItem> items;  ///< by start
        std::vector<bool> matched;
        std::vector<SliceId> differing;     ///< where its order of kinds leaves that of the first rank
        std::string difference;             ///< "allreduce where rank 0 has alltoall", of the first of them
    };

    /// Ranks in rising order; of two files of one rank the first only.
    explicit CollectiveMatcher(std::vector<Rank> ranks);
    std::span<const Rank> ranks() const { return m_ranks; }
    std::span<const CollectiveMatch> matches() const { return m_matches; }

private:
    void matchByKey();
    void matchByOrder();
    std::vector<Rank> m_ranks;
    std::vector<CollectiveMatch> m_matches;
};

/// Kernels of collectives of one file; where a device has none, record_param_comms of the host. `rankInArgs` gets the "Rank" that
/// they tell.
std::vector<CollectiveItem> collectiveItems(const Trace& trace, SourceId source, std::optional<std::int64_t>& rankInArgs);

/// The first "Rank" that collectives of any file tell; far cheaper than all of what they say.
std::optional<std::int64_t> rankInArgs(const Trace& trace);

/// "AllReduce", "all_reduce", "allreduce_coalesced" -> "allreduce"; what is not known comes back in small letters.
std::string collectiveKind(std::string_view name);

} // namespace opscope
