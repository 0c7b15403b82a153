#pragma once

#include "core/base/JobControl.h"
#include "core/trace/Trace.h"

#include <cstdint>

namespace opscope {

/// What stands at a byte of a source. At most one of the three is valid; `exact` says whether the byte lies inside its text
/// or only in front of the next thing that could be shown.
struct Place
{
    SliceId slice;
    InstantId instant;
    NodeId node;
    bool exact = false;

    bool found() const { return slice || instant || node; }
};

/// The slice, instant or node whose text holds `offset`; when none does (what stood there could not be read), the one that
/// begins last before it. Linear over the rows of that source: about 1 ms a million, so big traces ask from a worker.
Place placeAt(const Trace& trace, SourceId source, std::uint64_t offset, const JobControl& job = {});

} // namespace opscope
