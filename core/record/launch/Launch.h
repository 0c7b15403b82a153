#pragma once

#include "core/record/RecorderBackend.h"

namespace opscope {

/// Starts a command and records the PyTorch in it from its first operator on.
RecorderBackend launchBackend();

} // namespace opscope
