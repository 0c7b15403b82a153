#pragma once

#include "core/base/Time.h"

#include <cstdint>
#include <span>
#include <vector>

/// Depth and parent of the slices of one track; what overlaps spills to further stacks of lanes.
///
///     A ████████████████████          lane 0   A ends behind everything below it
///     B   ██████                      lane 1   inside A
///     C       ███████                 lane 2   overlaps B, inside A: a stack of its own (base 2), parent A
///     D         ██                    lane 3   inside C
///
/// The rule: a slice that has ended (end <= start of the next) is closed; the next one goes on top of the open slice that
/// encloses it, and into a further stack when the open slices end too early for it. O(n log n) whatever the input.
namespace opscope {

/// Lane of a slice that lies deeper than 65,534 rows: it is in every table, but no picture can show it.
inline constexpr std::uint16_t kNoLane = UINT16_MAX;

struct NestInput
{
    std::span<const Nanos> start, duration; ///< by (start, longer first); duration >= 0, start + duration fits
    /// Async tracks: slices nest only within their group (one id), groups lie side by side. Empty for all other tracks.
    std::span<const std::uint32_t> group;
    std::uint32_t firstRow = 0;             ///< row of SliceTable of the first one
};

struct NestOutput
{
    std::span<std::uint32_t> parent;        ///< rows of SliceTable, SliceId::kNone at the top
    std::span<std::uint16_t> lane;
    std::span<Nanos> self;                  ///< duration less the union of the children
    std::span<std::uint8_t> flags;          ///< kSpilled is set where it applies
};

struct NestSummary
{
    std::uint16_t lanes = 0;
    std::vector<std::uint16_t> spillBases;  ///< first lane of each further stack
    std::uint64_t spilled = 0;              ///< those that began a further stack; what nests in them there is not counted
    std::uint64_t undrawn = 0;              ///< those with kNoLane
};

NestSummary nest(const NestInput& in, const NestOutput& out);

} // namespace opscope
