#pragma once

#include "core/base/Id.h"
#include "core/base/Time.h"

#include <optional>
#include <vector>

namespace opscope {

/// What is chosen, everywhere at once. At most one focus: a slice, an instant or a node. A slice that is known
/// to be a node (Trace::nodeOf) carries both; which pane asks decides what it shows of them.
struct Selection
{
    SliceId slice;
    InstantId instant;
    NodeId node;
    TensorId tensor;                    ///< one tensor of the node, on top of it
    TrackId track;                      ///< of the slice or instant
    std::optional<TimeRange> range;     ///< a stretch of time, independent of the focus

    bool empty() const { return !slice && !instant && !node && !range; }
    friend bool operator==(const Selection&, const Selection&) = default;
};

} // namespace opscope
