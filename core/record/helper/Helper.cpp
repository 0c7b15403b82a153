#include "core/record/helper/Helper.h"

#include "core/record/helper/HelperCourier.h"
#include "core/record/torch/ScriptSession.h"
#include "core/record/torch/TorchOptions.h"
#include "core/record/torch/TorchProcess.h"

namespace opscope {
namespace {

Readiness check(const RecordTarget& target, const OptionValues& options)
{
    using State = Readiness::State;
    if (const Status fine = torch::checkWish(options); !fine) return {State::NotPossible, fine.error().message};
    if (target.pid == 0) return {};
    const auto process = torch::torchProcess(target.pid);
    if (!process) return {State::NotPossible, "No PyTorch in it"};
    if (!process->python) return {State::NotPossible, "Not a Python program"};
    if (process->helperControl.empty())
        return {State::NotPossible, "Does not listen", "Programs that may be changed import Opscope's helper and call opscope.listen().", "import opscope; opscope.listen()"};
    return {};
}

std::unique_ptr<torch::Courier> courier(const RecordRequest&) { return std::make_unique<helper::HelperCourier>(); }

std::unique_ptr<RecordSession> session(const RecordRequest& request) { return std::make_unique<torch::ScriptSession>(request, courier); }

} // namespace

RecorderBackend helperBackend()
{
    return {
        .id = "helper",
        .title = "PyTorch, by its helper",
        .shortTitle = "Helper",
        .summary = "Operators, kernels and execution trace of a program that imports Opscope's helper and listens.",
        .family = torch::kFamily,
        .product = RecorderBackend::Product::Folder,
        .takesSeveral = true,
        .countsSteps = true,
        .keepsTime = true,
        .options = torch::options,
        .check = check,
        .session = session,
    };
}

} // namespace opscope
