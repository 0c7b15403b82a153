#pragma once

#include <QSocketNotifier>
#include <QTimer>

#include "core/record/ProcessWatch.h"
#include "core/record/launch/Command.h"
#include "core/record/launch/OutputText.h"
#include "core/record/torch/Courier.h"

#include <memory>
#include <optional>

namespace opscope::launch {

/// Delivers by starting the command with the shim in its PYTHONPATH (README.md here). Its output is captured when somebody listens to printed() by
/// then; else it goes where ours goes. Destroyed, it leaves the command running; takeBack() ends it.
class LaunchCourier final : public torch::Courier
{
    Q_OBJECT

public:
    using Courier::Courier;
    void deliver(const RecordTarget& target, const torch::Exchange& exchange) override;
    void takeBack() override;
    void catchUp() override;

private:
    void follow();
    void read();
    void flush();

    std::optional<Command> m_command;
    std::unique_ptr<ProcessWatch> m_watch;
    std::unique_ptr<QSocketNotifier> m_notifier;
    QTimer m_flush;
    OutputText m_text;
};

} // namespace opscope::launch
