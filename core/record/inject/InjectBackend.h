#pragma once

#include "core/record/RecorderBackend.h"

namespace opscope {

/// PyTorch by our script inside the process: needs nothing of the program, but the right to attach to it, and a person who agrees.
RecorderBackend injectBackend();

} // namespace opscope
