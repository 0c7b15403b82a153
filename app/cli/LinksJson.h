#pragma once

#include "core/trace/Trace.h"

#include <nlohmann/json_fwd.hpp>

namespace opscope {

/// What `opscope info --links --json` says: {"files": [...], "links": {...}, "diagnostics": [...]}. Stable keys; `opscope info --help` tells of them.
nlohmann::ordered_json linksJson(const Trace& trace);

} // namespace opscope
