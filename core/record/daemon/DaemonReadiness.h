#pragma once

#include "core/record/RecorderBackend.h"
#include "core/record/torch/TorchProcess.h"

#include <optional>

namespace opscope::daemon {

/// Whether Kineto's daemon protocol can record a process, by what is seen from outside.
Readiness readiness(const RecordTarget& target, const OptionValues& options);

/// The same as a table of facts.
struct DaemonFacts
{
    std::optional<torch::TorchProcess> process = {}; ///< none: no PyTorch in it
    bool otherDaemon = false;                        ///< has the name that this process sends to
    bool ownSockets = false;                         ///< its network namespace is not ours
    bool ownFiles = false;                           ///< nor its files
};
Readiness readinessOf(const DaemonFacts& facts);

} // namespace opscope::daemon
