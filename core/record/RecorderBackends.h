#pragma once

#include "core/record/RecorderBackend.h"

#include <span>

namespace opscope {

/// All ways to record, in the order in which they are offered.
std::span<const RecorderBackend> recorderBackends();
/// Null when there is none of this id.
const RecorderBackend* findBackend(std::string_view id);

} // namespace opscope
