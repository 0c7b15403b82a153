#pragma once

#include "core/base/Id.h"
#include "core/base/Time.h"

#include <optional>
#include <vector>

namespace opscope {

/// What is chosen, everywhere at once. At most one focus: a slice, an instant or a node; with an execution trace alone
/// a slice and its node are the same thing and both are set.
struct Selection
{
    SliceId slice;
    InstantId instant;
    NodeId node;
    TrackId track;                      ///< of the slice or instant
    std::optional<TimeRange> range;     ///< a stretch of time, independent of the focus

    bool empty() const { return !slice && !instant && !node && !range; }
    friend bool operator==(const Selection&, const Selection&) = default;
};

} // namespace opscope
