#pragma once

#include <QObject>

#include "core/record/RecorderBackend.h"
#include "core/record/torch/Courier.h"

#include <chrono>
#include <memory>

namespace opscope::torch {

/// How long a script session waits; tests have less patience.
struct ScriptPatience
{
    std::chrono::milliseconds again{5'000};         ///< of silence behind the delivery, then it is delivered once more, and again after as long
    std::chrono::milliseconds announce{30'000};     ///< launch: until the first recorder has announced itself
    std::chrono::milliseconds quiet{600'000};       ///< a recorder that is stopping tells nothing new: then what is there is taken
    std::chrono::milliseconds leaving{15'000};      ///< launch: a program that says it ends takes seconds to take PyTorch down
    std::chrono::milliseconds unreadable{5'000};    ///< a status file that cannot be read: then that is told
    std::chrono::milliseconds stragglers{2'000};    ///< launch: what has not begun when all others are done is waited for so long
};

/// A recording by the recorder script (resources/python/opscope.py), of one process or of several at one instant: makes the exchange folder, writes
/// request and script, has the courier of each process deliver it, follows status-PID.json, and moves the finished files.
/// For the states: Starting until all processes record (launch: the first); recording() then; collecting() with the first that stops.
class ScriptSession : public RecordSession
{
public:
    /// Called for each process, which is the target of the request then and the only one.
    using CourierOf = std::unique_ptr<Courier> (*)(const RecordRequest& request);
    ScriptSession(const RecordRequest& request, CourierOf courier, QObject* parent = nullptr, const ScriptPatience& patience = {});
    ~ScriptSession() override;
    void start() override;
    void stop() override;
    void cancel() override;
    RecordStatus status() const override;

private:
    struct Private;
    std::unique_ptr<Private> m;
};

} // namespace opscope::torch
