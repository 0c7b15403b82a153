#pragma once

#include "core/base/Descriptor.h"
#include "core/record/sampling/PerfErrors.h"
#include "core/record/sampling/PerfRecord.h"
#include "core/record/sampling/PerfRing.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <sys/types.h>
#include <unordered_set>
#include <utility>
#include <vector>

struct perf_event_attr;

namespace opscope::sampling {

struct EventSettings
{
    bool cycles = false;            ///< hardware counter instead of cpu-clock
    std::uint32_t frequency = 999;  ///< Hz; capped by what the system allows
    bool kernel = true;             ///< kernel code as well, where that is allowed
    std::uint32_t stackBytes = 0;   ///< copied with each sample, to be unwound; 0: frame pointers, walked by the kernel
    bool stackByTarget = false;     ///< the Collector takes what suits the process (stackBytesOf) instead; of a command that it starts, `stackBytes`
    bool onExec = false;            ///< a child of ours that waits: recorded from its exec on
    bool perThread = false;         ///< that layout even where descriptors suffice; for tests
};

/// By the number of the ring: whole records that were in it.
using RingInboxes = std::vector<std::vector<std::uint64_t>>;

/// The perf events of one process: opened for all threads, in one ring per processor and inherited by what is born later, or, where
/// the descriptors do not suffice for that, in one ring per thread. What a kernel or the rights do not allow is left out and noted. Not
/// thread-safe.
class PerfEvents
{
public:
    explicit PerfEvents(const EventSettings& settings) : m_settings(settings) {}
    ~PerfEvents();
    PerfEvents(const PerfEvents&) = delete;
    PerfEvents& operator=(const PerfEvents&) = delete;

    /// 0 or the errno of opening an event on the process, which is closed at once. Pid 0 stands for ourselves.
    static int tryToOpen(pid_t pid, const EventSettings& settings);
    /// Recording begins in here; what comes meanwhile goes to `inboxes`. A failure leaves nothing open.
    std::optional<RecordFailure> attach(pid_t pid, RingInboxes& inboxes);
    /// As it turned out.
    const EventSettings& settings() const { return m_settings; }
    SampleLayout layout() const;
    bool hasSwitches() const { return m_features.switches; }
    /// Times are of CLOCK_MONOTONIC; otherwise of a clock of the kernel's own.
    bool monotonic() const { return m_features.clock; }
    bool perThread() const { return m_settings.perThread; }
    const std::vector<std::string>& notes() const { return m_notes; }

    enum class Wake : std::uint8_t { Time, Data, Asked, AllGone };
    /// Until rings are half full, `also` becomes readable (Asked) or the time is over. AllGone: no thread that was recorded runs any more.
    Wake wait(std::chrono::milliseconds time, int also);
    /// Moves what is in the rings there.
    void drain(RingInboxes& inboxes);
    /// No more events, what is in the rings stays.
    void disable();
    /// Per thread: looks for threads that nobody records yet.
    void rescan();

private:
    struct Features
    {
        bool clock = true, commExec = true, switches = true, mmap2 = true;
    };
    /// Of a processor, or of a thread. Its number stays, so that the merge knows it.
    struct Ring
    {
        PerfRing memory;
        std::vector<Descriptor> events; ///< empty: free for another thread
        std::size_t watched = 0;        ///< the event that is polled; behind the last one: all have hung up
        pid_t thread = 0;               ///< per thread
        bool hungUp() const { return watched >= events.size(); }
    };
    void fill(perf_event_attr& attributes) const;
    int open(pid_t tid, int cpu, Descriptor& into);
    int openOnce(pid_t tid, int cpu, Descriptor& into) const;
    bool degrade(int error);
    bool dropFeature();

    std::size_t firstRingPages(std::size_t rings) const;
    int makeRing(pid_t tid, int cpu, Ring& ring);
    int makeCpuRings(pid_t tid);
    void fitCopies(std::size_t pages);
    int joinCpuRings(pid_t tid);
    int attachPerCpu(RingInboxes& inboxes);
    int attachAndCount(const std::vector<pid_t>& threads);
    int attachPerThread();
    int addThread(pid_t tid);
    bool opened() const;
    void noteForks(std::span<const std::uint64_t> words);
    std::vector<pid_t> strangers() const;
    bool lookAt(Ring& ring, short events);
    void closeAll();
    void note(std::string text) { m_notes.push_back(std::move(text)); }

    EventSettings m_settings;
    Features m_features;
    pid_t m_pid = 0;
    std::vector<int> m_cpus;
    std::size_t m_pages = 0;
    bool m_copiesAreSmaller = false;
    bool m_ringTooLarge = false;          // the last ring could not be mapped
    std::vector<Ring> m_rings;
    std::unordered_set<pid_t> m_attached; // also those that inherited it while we attached
    bool m_attaching = false;
    std::vector<pid_t> m_born;            // per thread: told by fork records
    std::size_t m_refused = 0;            // threads
    std::vector<std::string> m_notes;
};

} // namespace opscope::sampling
