#pragma once

#include "core/trace/Trace.h"

#include <cstddef>
#include <optional>

namespace opscope {

/// How the ranks of one collective came together (linking.md 6.6). ns.
struct CollectiveSkew
{
    std::size_t ranks = 0;      ///< open ones that took part
    SliceId last;               ///< the straggler: the last to begin, with the shortest kernel
    SliceId first;              ///< the first to begin
    Nanos early = 0;            ///< how long before the last one this one began: what it waits
    Nanos behindFirst = 0;      ///< how long after the first one it began
    Nanos spread = 0;           ///< from the first to the last beginning
    Nanos endSpread = 0;        ///< from the first to the last end
};

/// None for a slice that is no collective, or is matched with no other rank. O(ranks).
std::optional<CollectiveSkew> collectiveSkew(const Trace& trace, SliceId slice);

} // namespace opscope
