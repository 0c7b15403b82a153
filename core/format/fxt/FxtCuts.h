#pragma once

#include "core/format/fxt/FxtNotes.h"
#include "core/query/Subset.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace opscope::fxt {

/// What a clip changes: records of kept slices that a border of the range runs through. Those that lie outside of it altogether (what
/// links brought) stay as they are.
class FxtCuts
{
public:
    FxtCuts() = default;
    FxtCuts(const Trace& trace, SourceId source, const Subset& subset, const FxtNotes& notes, TimeRange clip);

    std::uint64_t slices() const { return m_slices; }
    /// Call with ascending offsets. `record` is what will be written in the place of the one at `offset`; `tail` is the place of its
    /// word behind the arguments, 0 for none. False: nothing is to be written.
    bool apply(std::uint64_t offset, std::uint32_t tail, std::string& record);

private:
    struct Cut
    {
        std::uint64_t offset = 0;
        SliceId slice;
        bool isEnd = false;   ///< of a pair
    };
    void add(SliceId slice);
    std::uint64_t ticks(Nanos time, Nanos knownTime, std::uint64_t knownTicks, std::uint64_t offset, bool isEnd) const;
    void cutBegin(const Cut& cut, std::uint32_t tail, std::string& record);
    bool cutEnd(const Cut& cut, std::string& record);
    TimeRange kept(SliceId slice) const;

    const Trace* m_trace = nullptr;
    const FxtNotes* m_notes = nullptr;
    TimeRange m_clip;
    std::vector<Cut> m_cuts;
    std::size_t m_next = 0;
    std::uint64_t m_slices = 0;
};

} // namespace opscope::fxt
