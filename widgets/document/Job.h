#pragma once

#include "core/base/JobControl.h"

#include <QObject>
#include <QTimer>

#include <functional>
#include <memory>
#include <vector>

namespace opscope {

/// One long core call at a time on a worker thread. Progress is polled by a timer, the result is delivered on the UI thread
/// exactly once or not at all: cancelling, starting anew and destroying drop it. The destructor cancels and waits.
class Job : public QObject
{
    Q_OBJECT

public:
    using Deliver = std::function<void()>;
    /// Runs on the worker; what it returns runs on the UI thread.
    using Work = std::function<Deliver(const JobControl&)>;

    explicit Job(QObject* parent = nullptr);
    ~Job() override;

    /// Replaces a job that is still running; its result is dropped.
    void start(Work work);
    /// `compute(const JobControl&) -> T` on the worker, then `deliver(T)` on the UI thread.
    template <class Compute, class Receive>
    void run(Compute compute, Receive receive)
    {
        start([compute = std::move(compute), receive = std::move(receive)](const JobControl& control) -> Deliver {
            using Value = decltype(compute(control));
            auto value = std::make_shared<Value>(compute(control)); // std::function wants to be copyable
            return [value, receive] { receive(std::move(*value)); };
        });
    }
    /// Asks the worker to stop and drops its result at once; does not wait.
    void cancel();
    bool running() const { return m_current != nullptr; }
    /// Whether any job of the program runs: for whoever must wait until nothing moves any more. UI thread only.
    static bool anyRunning() { return s_running > 0; }
    /// Of the running job; zeros when none runs.
    const Progress& progress() const;

Q_SIGNALS:
    void progressed();          ///< about 15 times a second while running
    void runningChanged();

private:
    struct Run;
    void finished(const std::shared_ptr<Run>& run, const Deliver& deliver);
    void retire();

    inline static int s_running = 0;
    std::shared_ptr<Run> m_current;
    std::vector<std::shared_ptr<Run>> m_retired; ///< cancelled, but not yet done
    QTimer m_timer;
};

} // namespace opscope
