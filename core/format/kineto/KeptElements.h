#pragma once

#include "core/query/Subset.h"

#include <cstdint>
#include <vector>

namespace opscope::kineto {

/// Where the elements of the event array stand that are kept, ascending, each once: slices and the ends of their pairs, instants,
/// samples (several can be one event), flow points, metadata.
std::vector<std::uint64_t> keptElements(const Trace& trace, SourceId source, const Subset& subset);

/// An element whose times a clip cuts.
struct CutElement
{
    std::uint64_t offset = 0;
    enum class Part : std::uint8_t { Complete, Begin, End } part = Part::Complete; ///< Begin and End: of a pair
    friend bool operator<(const CutElement& a, const CutElement& b) { return a.offset < b.offset; }
};
/// Kept slices that a border of the range runs through, by offset. Those that lie outside of it altogether (what links brought) stay
/// as they are.
std::vector<CutElement> cutElements(const Trace& trace, SourceId source, const Subset& subset, TimeRange clip);

/// What is added to times of the source to make them times of the trace.
Nanos timeShift(const Trace& trace, SourceId source);

} // namespace opscope::kineto
