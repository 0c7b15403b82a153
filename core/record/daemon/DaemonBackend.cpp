#include "core/record/daemon/DaemonBackend.h"

#include "core/record/daemon/DaemonReadiness.h"
#include "core/record/daemon/DaemonSession.h"
#include "core/record/daemon/KinetoClients.h"
#include "core/record/daemon/KinetoDaemon.h"
#include "core/record/torch/TorchOptions.h"

namespace opscope {
namespace {

daemon::DaemonTarget daemonTarget(const RecordTarget& target)
{
    daemon::DaemonTarget found{.target = target};
    if (const auto process = torch::torchProcess(target.pid)) {
        found.socketFolder = daemon::socketFolderOf(process->kinetoClient);
        found.gpu = process->gpuInUse;
    }
    return found;
}

std::unique_ptr<RecordSession> session(const RecordRequest& request)
{
    std::vector<daemon::DaemonTarget> targets{daemonTarget(request.target)};
    for (const RecordTarget& other : request.others) targets.push_back(daemonTarget(other));
    return std::make_unique<daemon::DaemonSession>(request, std::move(targets));
}

/// A process that looks for its daemon in vain tries again more and more rarely: by the time that Record is pressed it has found us.
RecordStandby standBy()
{
    auto held = daemon::KinetoDaemon::hold();
    if (!held) return {};
    return {std::move(held).value(), "Opscope is Kineto's daemon while this is open."};
}

} // namespace

RecorderBackend daemonBackend()
{
    return {.id = "daemon",
            .title = "Kineto daemon",
            .shortTitle = "Daemon",
            .summary = "Operators and GPU kernels of a PyTorch program that was started with KINETO_USE_DAEMON=1. Nothing of ours runs in it.",
            .family = torch::kFamily,
            .product = RecorderBackend::Product::Folder,
            .takesSeveral = true,
            .countsSteps = true,
            .keepsTime = true,
            .standBy = standBy,
            .options = torch::options,
            .check = daemon::readiness,
            .session = session};
}

} // namespace opscope
