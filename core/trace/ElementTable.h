#pragma once

#include "core/base/Id.h"

#include <cstdint>
#include <span>
#include <vector>

namespace opscope {

/// An element of the event array that is no row of its own, but belongs to rows: without it a saved part would dangle.
struct ExtraElement
{
    enum class Kind : std::uint8_t {
        PairEnd,    ///< the E, e or F of a slice that was made of two events: `row` is the slice
        Metadata    ///< ph M: `row` is the track it speaks of, kNone when it speaks of the process or of all
    };
    std::uint64_t offset : 40 = 0;   ///< in the unpacked source
    std::uint64_t source : 16 = 0;   ///< SourceId
    std::uint64_t kind : 8 = 0;
    std::uint32_t row = SliceId::kNone;
    ProcessId process;               ///< metadata: the process it speaks of; none: of none that has events, or of two of one pid
};
static_assert(sizeof(ExtraElement) == 16);

/// Sorted by (source, offset). Of metadata that repeats itself the last one only: of names and sort indexes the last of each track or
/// process, of what we do not interpret the last of each that says the same.
class ElementTable
{
public:
    std::span<const ExtraElement> all() const { return m_elements; }
    std::span<const ExtraElement> of(SourceId source) const;
    /// How many elements of the event array belong to nothing: malformed ones, ends without a begin. Nothing can be asked of them.
    std::uint64_t rowless(SourceId source) const { return source.index() < m_rowless.size() ? m_rowless[source.index()] : 0; }
    /// The PairEnd of a slice; null when it has none. O(1).
    const ExtraElement* endOf(SliceId slice) const
    {
        return slice.index() < m_endOf.size() && m_endOf[slice.index()] != SliceId::kNone ? &m_elements[m_endOf[slice.index()]] : nullptr;
    }
    std::size_t bytes() const { return m_elements.capacity() * sizeof(ExtraElement) + m_endOf.capacity() * sizeof(std::uint32_t); }

private:
    friend class TraceBuilder;
    std::vector<ExtraElement> m_elements;
    std::vector<std::uint64_t> m_rowless;
    std::vector<std::uint32_t> m_endOf;   // by slice: row of m_elements; empty when there are no pairs
};

} // namespace opscope
