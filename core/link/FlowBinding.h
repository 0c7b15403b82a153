#pragma once

#include "core/trace/Trace.h"

#include <cstdint>
#include <string_view>
#include <utility>

/// What the points of flows lie on. Linking and saving a part must agree on it: an arrow that is drawn is an arrow that is kept.
namespace opscope {

/// Flows that the PyTorch profiler writes, under any of the names that it gave them, and those of others.
enum class FlowUse : std::uint8_t { Other, Launch, Backward };
FlowUse flowUse(std::string_view category);

/// Rows of a track that start exactly then, [first, second). Fastest when `near` is a row close to them; it is moved there.
std::pair<std::uint32_t, std::uint32_t> rowsStartingAt(const Trace& trace, TrackId track, Nanos time, std::uint32_t& near);

/// The span that a point lies on: the innermost that starts exactly then (`exact`), else what the format says: a start, a step and
/// "bp":"e" lie inside of their span, any other end is in front of it. None when there is none.
SliceId flowBinding(const Trace& trace, const FlowPoint& point, std::uint32_t& near, bool& exact);

} // namespace opscope
