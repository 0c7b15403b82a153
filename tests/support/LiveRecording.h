#pragma once

#include "core/trace/Trace.h"
#include "tests/support/LiveProgram.h"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace opscope::test {

/// A program of tests/live, and how its functions look among the slices of a recording.
struct LiveCase
{
    std::string name;       ///< "python3.12"; for rows of tests
    std::string missing;    ///< why it cannot be run here; else empty
    QString program;
    QStringList arguments;
    std::function<bool(std::string_view slice, const std::string& function)> is;
    bool namesThreads = false; ///< CPython before 3.14 does not tell the system
};
/// Native, Python with its trampoline (each that is found, or OPSCOPE_PERF_PYTHON), PyTorch (OPSCOPE_PYTHON).
std::vector<LiveCase> liveCases();
/// Empty, or why nothing can be sampled here.
std::string whyNothingIsRecorded();

/// What a recording says of a thread. Nanoseconds.
struct LiveThread
{
    std::string name;
    std::int64_t sampled = 0;                      ///< length of its outermost slices: what it ran, by samples
    std::int64_t running = 0, state = 0;           ///< of its row of states: running, and all of it
    std::map<std::string, std::int64_t> functions; ///< length of the slices of a function, with what it called
    std::int64_t nameless = 0;                     ///< own time of frames without a name
};

/// What recordings say, all together.
struct LiveRecording
{
    void add(const Trace& trace, const LiveCase& live, const LiveTruth& truth);
    std::int64_t sampled() const;
    std::int64_t of(const std::string& function) const;

    std::map<std::int64_t, LiveThread> threads;    ///< by tid
};

/// Functions and threads, true and recorded side by side, for people.
std::string sideBySide(const LiveTruth& truth, const LiveRecording& recording);
/// What differs by more than 5 points: shares of functions in processor time, shares of running in the time of each thread; threads that are
/// missing. Lines; empty when nothing does.
std::string differences(const LiveTruth& truth, const LiveRecording& recording);

/// What tests of live recordings have in common, whoever records. A test inherits it beside QObject.
class LiveComparison
{
protected:
    /// Of initTestCase().
    void findCases();
    /// Of the _data slot: a row for each case.
    void rows() const;
    /// Of its slot: the program of the row runs and is recorded until enough is known. `record` is given its process and how often it was recorded
    /// before; without a trace the test has failed.
    void compare(const std::function<TracePtr(qint64 pid, int round)>& record) const;

private:
    std::vector<LiveCase> m_cases;
};

} // namespace opscope::test
