#pragma once

#include "core/record/RecorderBackend.h"

namespace opscope {

/// Kineto's daemon protocol, played by us: PyTorch programs that were started with KINETO_USE_DAEMON=1. Whoever shows such processes holds
/// daemon::KinetoDaemon meanwhile: then they have asked before a recording begins, and it begins sooner.
RecorderBackend daemonBackend();

} // namespace opscope
