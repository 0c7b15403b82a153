#pragma once

#include "core/format/fxt/FxtIds.h"
#include "core/format/fxt/FxtWriter.h"
#include "core/query/Subset.h"

#include <functional>
#include <vector>

namespace opscope::fxt {

/// Something that happened to a thread on a CPU, made of slices on tracks of states and CPUs.
struct StateChange
{
    enum class Kind : std::uint8_t { Leaves, Wakes, Comes }; ///< in the order in which they are written at one time
    Nanos time = 0;
    std::uint64_t thread = 0;
    std::uint16_t cpu = 0;
    Kind kind = Kind::Leaves;
    ThreadState leftAs = ThreadState::Dead;
    friend bool operator<(const StateChange& a, const StateChange& b) { return a.time != b.time ? a.time < b.time : a.kind < b.kind; }
};

/// In order of time. `range` says where a slice begins and ends in the target. What a thread did until the end of the trace is left open.
/// Memory: 32 bytes a change; traces of several formats alone come here.
std::vector<StateChange> stateChanges(const Trace& trace, const Subset& subset, const FxtIds& ids, const std::function<TimeRange(SliceId)>& range);

} // namespace opscope::fxt
