#pragma once

#include <QProcess>
#include <QTimer>

#include "core/record/torch/Courier.h"

#include <string>

namespace opscope::inject {

/// Brings the recorder script into a process that runs, by the program opscope-inject.
class InjectCourier : public torch::Courier
{
    Q_OBJECT

public:
    explicit InjectCourier(QObject* parent = nullptr);
    ~InjectCourier() override;              ///< an attempt that is under way comes to its end by itself
    void deliver(const RecordTarget& target, const torch::Exchange& exchange) override;
    bool deliverAgain() override;

private:
    void start();
    void hear(int status, QProcess::ExitStatus how);
    void refuse(const RecordFailure& failure);
    void look();

    RecordTarget m_target;
    std::string m_label, m_statement, m_script; ///< m_script: for Python 3.14 and later, as the target sees it
    QProcess* m_process = nullptr;
    QTimer m_looks;
    QString m_waitsFor;
    bool m_delivered = false;
};

/// Why the main thread does not come to the script, by its state and what it waits for in the kernel (/proc/PID/wchan): "running in native code".
std::string whatItDoes(char state, const std::string& waitsIn);

} // namespace opscope::inject
