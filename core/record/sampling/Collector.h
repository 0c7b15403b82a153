#pragma once

#include <QObject>

#include "core/io/GrowingFile.h"
#include "core/record/RecorderBackend.h"
#include "core/record/sampling/LaunchedCommand.h"
#include "core/record/sampling/PerfEvents.h"
#include "core/record/sampling/RecordMerge.h"

#include <atomic>
#include <csignal>
#include <functional>
#include <optional>
#include <string>
#include <thread>

namespace opscope::sampling {

class SampleTrace;

struct CollectorRequest
{
    RecordTarget target;
    std::string path;
    EventSettings events;
};

/// How it ended. With a file there is something to keep: it wants its name (GrowingFile::takeName).
struct CollectorOutcome
{
    RecordEnd end = RecordEnd::Stopped;
    std::optional<RecordFailure> failure = {};
    std::optional<GrowingFile> file = {};
};

/// The thread that records: attaches, drains the rings, writes the file. Plain C++; whoever owns it talks to it by calls that return
/// at once, and hears of it by functions that are called on the thread.
class Collector
{
public:
    struct Listener
    {
        std::function<void()> recording, collecting;
        std::function<void(std::string)> noted;
        std::function<void()> over;  ///< the last call: outcome() is there
    };

    Collector(CollectorRequest request, Listener listener);
    ~Collector();                    ///< abandon(), and waits: milliseconds, or until the symbols of a large library are read
    Collector(const Collector&) = delete;
    Collector& operator=(const Collector&) = delete;

    void stop();
    void cancel();                   ///< no file; a command that we started is asked to end
    void abandon();                  ///< no file; a command that we started runs on, unless cancel() was called
    /// From any thread.
    RecordStatus status() const;
    /// After over().
    CollectorOutcome& outcome() { return m_outcome; }

private:
    enum class Wish : int { Record, Stop, Cancel, Abandon };
    void wish(Wish wish);
    Wish wished() const { return m_wish.load(std::memory_order_acquire); }
    bool wantsNothing() const { return wished() >= Wish::Cancel; }
    bool isTargetGone() const;

    void run();
    std::optional<RecordFailure> record();
    std::optional<RecordFailure> begin();
    std::optional<RecordFailure> attach();
    void began();
    void markBegin();
    void collect();
    void periodically();
    void finish();
    void process(std::uint64_t horizon);
    void addDrained();
    void flush();
    void measureCpu();
    void tellMissingCallers();
    void tell(const std::string& note);
    void tellNotes();

    CollectorRequest m_request;
    Listener m_listener;
    CollectorOutcome m_outcome;
    Descriptor m_wakeUp;
    std::atomic<Wish> m_wish = Wish::Record;

    // Of the thread alone.
    sigset_t m_signals = {};
    pid_t m_pid = 0;
    std::optional<LaunchedCommand> m_command;
    std::optional<GrowingFile> m_file;
    std::unique_ptr<PerfEvents> m_events;
    RingInboxes m_inboxes;
    RecordMerge m_merge;
    std::string m_buffer;
    std::unique_ptr<SampleTrace> m_trace;
    std::uint64_t m_startTime = 0, m_flushedAt = 0, m_measuredAt = 0, m_cpuTicks = 0; // ns of CLOCK_MONOTONIC
    std::size_t m_told = 0;
    bool m_gone = false;
    int m_writeError = 0;

    // Read by status().
    std::atomic<std::uint64_t> m_begun = 0, m_ended = 0, m_samples = 0, m_lost = 0, m_bytes = 0;
    std::atomic<double> m_cpu = -1;
    std::atomic<pid_t> m_commandPid = 0;
    std::atomic<int> m_exitStatus = -1; // none yet

    std::thread m_thread; // last: it uses all of the above
};

} // namespace opscope::sampling
