#pragma once

#include "core/base/StringPool.h"
#include "core/query/Aggregates.h"
#include "core/query/PairTable.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace opscope {

/// One thing that slices are put together by, in two steps, so that no row costs a look at a text: mark() is a number that decides
/// the key and is read from columns; keyOf() makes the key of it, once for each mark that occurs.
///
///     row ──► mark (name 17) ──► key 3, "gemm_kernel"        names 17 and 29 are two template instances of it
class GroupKey
{
public:
    GroupKey(const Trace& trace, GroupBy by);

    /// Marks are below it; 0: any number.
    std::size_t markCount() const { return m_markCount; }
    /// Marks of ascending rows. From any thread.
    void marks(std::span<const std::uint32_t> rows, std::uint64_t* out) const;
    /// Equal for rows of one group, different for others. One thread at a time.
    std::uint32_t keyOf(SliceId row);
    /// The key as people read it. Tracks and processes of one name are different groups.
    std::string text(SliceId row) const;

private:
    template <class Visit>
    void eachWithTrack(std::span<const std::uint32_t> rows, Visit&& visit) const;
    void numberNodeShapes();
    std::uint64_t shapeMark(std::uint32_t row) const;
    std::string shapeText(SliceId row) const;
    std::string numberText(SliceId row, ArgField field, bool ofTrack) const;
    std::string rankText(SliceId row) const;

    const Trace& m_trace;
    GroupBy m_by;
    std::size_t m_markCount = 0;
    std::vector<std::uint32_t> m_nodeShapes;   ///< by node: equal for equal shapes of inputs
    StringPool m_texts;                        ///< keys that are only known by their text
};

} // namespace opscope
