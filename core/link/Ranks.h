#pragma once

#include "core/trace/Trace.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace opscope {

/// The rank that a file name tells: "rank-0.json", "worker3_step_12.pt.trace.json.gz", "trace_rank_1". Of several the last. A guess.
std::optional<std::int64_t> rankOfName(std::string_view path);

/// Rank and world size of each file: distributedInfo, else the name (linking.md 6.1).
void setRanks(std::span<SourceFile> sources, std::span<const TopLevelEntry> topLevel);

} // namespace opscope
