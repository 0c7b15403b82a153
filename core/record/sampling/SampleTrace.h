#pragma once

#include "core/format/fxt/FxtWriter.h"
#include "core/record/sampling/PerfRecord.h"
#include "core/record/sampling/StackUnwinder.h"
#include "core/record/sampling/ThreadTimeline.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace opscope::sampling {

/// Turns the records of a recording, in order of time, into an .fxt: processes and threads with their names, nested slices, running and
/// waiting, what was lost. Memory: what the processes that run at the moment need. Of the collector's thread.
class SampleTrace final : private TimelineSink
{
public:
    struct Settings
    {
        SampleLayout layout;
        std::uint32_t frequency = 999;
        bool switches = true;           ///< the records tell when threads run
        std::uint64_t start = 0;        ///< time of the records that is 0 in the file; 0: that of the first record
        std::int64_t wallClockNs = 0;   ///< the same, Unix time
    };
    struct Counts
    {
        std::uint64_t samples = 0, lost = 0;
        std::uint64_t stacks = 0, cut = 0;  ///< unwound ones; those among them that lack callers
        std::uint64_t deep = 0, deepCut = 0; ///< that go on behind what was copied of them; those among them that lack callers
    };

    /// Appends to `buffer`, which may be emptied at any time between two calls.
    SampleTrace(std::string& buffer, const Settings& settings);
    ~SampleTrace() override;

    enum class Known : std::uint8_t { FromMaps, FromItsExec };
    /// The process that is recorded, right after attaching at `time`, with its threads. FromItsExec: it has not begun.
    void addTarget(pid_t pid, std::uint64_t time, Known known);
    /// A sentence about the recording itself on the target's first thread.
    void mark(std::uint64_t time, std::string_view name, FxtWriter::Arguments arguments);
    /// Between batches: perf maps are looked at once for each.
    void beginBatch();
    void take(const PerfRecord& record);
    /// Before the buffer goes to the disk: what is open is told, so that the file stands for itself should nothing follow.
    void writeOpen();
    /// The end of the recording: everything that is open ends.
    void finish(std::uint64_t time);
    const Counts& counts() const { return m_counts; }

private:
    struct Process;
    struct Thread;

    void slice(ThreadKey thread, Nanos start, Nanos end, const StackFrame& frame) override;
    void begin(ThreadKey thread, Nanos time, const StackFrame& frame) override;
    void end(ThreadKey thread, Nanos time, FrameId function) override;
    void switched(std::uint16_t cpu, Nanos time, ThreadKey outgoing, fxt::ThreadState state, ThreadKey incoming) override;
    void woken(std::uint16_t cpu, Nanos time, ThreadKey thread) override;

    Nanos at(std::uint64_t time) const;
    Process& process(pid_t pid);
    Process& addProcess(pid_t pid, std::unique_ptr<Symbols> symbols, std::string name);
    Thread& thread(const PerfRecord& record);
    Thread& addThread(ThreadKey key, std::string name, Nanos since, ThreadTimeline::Before before);
    void writeNames(Thread& thread, Process& process);
    FxtWriter::Arguments renamedFrom(const std::optional<std::string>& name);
    void sample(const PerfRecord& record);
    void switchRecord(const PerfRecord& record);
    void fork(const PerfRecord& record);
    void exit(const PerfRecord& record);
    void comm(const PerfRecord& record);
    void mapped(const PerfRecord& record);
    void lost(const PerfRecord& record, std::uint64_t count, std::string_view reason);
    void throttled(const PerfRecord& record);
    void buildStack(const PerfRecord& record, Process& process, Thread& thread);
    void addKernelPart(const PerfRecord& record, Symbols& symbols);
    void addUserChain(std::span<const std::uint64_t> chain, Symbols& symbols);
    void addUnwound(const PerfRecord& record, Process& process, Thread& thread);
    void addFrame(Symbols& symbols, std::uint64_t address, bool exact);
    FxtWriter::Arguments offsetOf(const StackFrame& frame);
    bool completeFrom(const Thread& thread);
    const Frame& codeOf(FrameId function) const;

    Settings m_settings;
    FxtWriter m_writer;
    Nanos m_period;
    pid_t m_target = 0;
    std::unordered_map<pid_t, std::unique_ptr<Process>> m_processes;
    std::unordered_map<pid_t, std::unique_ptr<Thread>> m_threads;
    std::unordered_map<std::uint16_t, std::uint64_t> m_throttledSince; // by processor
    Process* m_current = nullptr;              // whose thread's timeline is being told
    std::vector<StackFrame> m_frames;          // of the sample at hand, innermost first, turned round at the end
    std::vector<std::uint64_t> m_addresses;    // of its user part
    FxtWriter::Argument m_offset;              // of the frame at hand
    FxtWriter::Argument m_before;              // the name that a process or a thread had
    Counts m_counts;
};

} // namespace opscope::sampling
