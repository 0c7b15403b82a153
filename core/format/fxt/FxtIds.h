#pragma once

#include "core/format/fxt/FxtWriter.h"
#include "core/query/Subset.h"
#include "core/trace/Trace.h"

#include <map>
#include <set>
#include <tuple>
#include <vector>

namespace opscope {

/// Ids of the processes and threads of any trace in an .fxt, where one number must not stand for two things: pid and tid as they are where
/// that can be, else numbers of our own. Ours are:
///   * what is no number (Kineto's pid "Spans"), not there, 0 (idle, to readers of context switches) or negative;
///   * a thread that has the number of a process other than its own (stream 7 of GPU 0 beside GPU 7) or of a thread of another process
///     (stream 7 of GPU 0 and of GPU 1): names of threads are kept by thread alone;
///   * a process of another file with the same pid.
/// The same trace gives the same numbers.
class FxtIds
{
public:
    static constexpr std::uint64_t kFirstInvented = 2'000'000'000; ///< above all pids, and within the 32 bits that some readers keep

    FxtIds(const Trace& trace, const TrackSet& tracks);

    /// Whether a track is a thread or a stream, which has ids of its own.
    static bool hasThread(const Track& track);
    std::uint64_t process(ProcessId process) const { return m_processes.at(keyOf(process)).koid; }
    /// Of a thread or a stream. What has no thread of its own (counters, async events) goes to the first thread of its process.
    FxtWriter::Thread thread(TrackId track) const;
    bool invented(ProcessId process) const { return m_processes.at(keyOf(process)).invented; }
    bool invented(TrackId track) const { return m_invented.contains(thread(track).thread); }

private:
    /// One pid of one file can be a process and a device.
    using ProcessKey = std::pair<SourceId, TrackKey>;
    using ThreadKey = std::tuple<SourceId, TrackKey, TrackKey>;
    struct ProcessIds
    {
        std::uint64_t koid = 0;
        bool invented = false;
        std::uint64_t firstThread = 0;   ///< 0: it has none that is kept
    };
    ProcessKey keyOf(ProcessId process) const { return {m_trace.process(process).source, m_trace.process(process).pid}; }
    void nameProcesses(const TrackSet& tracks);
    void nameThreads(const TrackSet& tracks);
    std::uint64_t invent();

    const Trace& m_trace;
    std::map<ProcessKey, ProcessIds> m_processes;
    std::map<ThreadKey, std::uint64_t> m_threads;
    std::set<std::uint64_t> m_taken, m_invented;
    std::uint64_t m_next = kFirstInvented;
};

} // namespace opscope
