#pragma once

#include "core/trace/Trace.h"

#include <nlohmann/json_fwd.hpp>

namespace opscope {

enum class Privacy { Keep, Reveal }; ///< whether members that name people, machines and paths are told

/// Everything `opscope info --json` says of one file. Whole nanoseconds are integers, finer times exact decimal texts.
/// Keys that the facts sheets compare (events, tracks, kernels, nodes, tensors ...) mean what they mean there.
nlohmann::ordered_json infoJson(const Trace& trace, Privacy privacy);
/// Its member "diagnostics": what was wrong and worked around, a row a kind.
nlohmann::ordered_json diagnosticsJson(const Trace& trace);

} // namespace opscope
