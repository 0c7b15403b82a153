#pragma once

#include "core/base/Time.h"
#include "core/format/fxt/FxtRecords.h"
#include "core/record/sampling/Symbols.h"

#include <cstdint>
#include <optional>
#include <span>
#include <sys/types.h>
#include <vector>

namespace opscope::sampling {

struct StackFrame
{
    FrameId function;
    std::optional<std::uint64_t> offset = {}; ///< of the sampled address within it; callers have none
};

struct ThreadKey
{
    pid_t process = 0, thread = 0;
    friend auto operator<=>(const ThreadKey&, const ThreadKey&) = default;
};

/// Where a timeline goes to. Per thread in order of the (first) time, outer before inner, an end before what begins at the same time.
class TimelineSink
{
public:
    virtual ~TimelineSink() = default;
    virtual void slice(ThreadKey thread, Nanos start, Nanos end, const StackFrame& frame) = 0;
    virtual void begin(ThreadKey thread, Nanos time, const StackFrame& frame) = 0;
    virtual void end(ThreadKey thread, Nanos time, FrameId function) = 0;
    /// One of both threads is none: somebody who is not recorded.
    virtual void switched(std::uint16_t cpu, Nanos time, ThreadKey outgoing, fxt::ThreadState state, ThreadKey incoming) = 0;
    /// From now on it waits for a processor.
    virtual void woken(std::uint16_t cpu, Nanos time, ThreadKey thread) = 0;
};

/// Makes nested slices of the sampled stacks of one thread, and running and waiting of its switches (recording.md "Timeline"):
///
///     samples     abc    abc    abd                   ab
///     switches ▏in                   ▏preempted ▏in            ▏waits      ▏in
///     a           ████████████████████          ████████████████
///     b           ████████████████████          ████████████████
///     c, d        ██████████████▒▒▒▒▒▒          ▒▒▒▒▒▒
///
/// A stack lasts until the next sample, until the thread is switched out, or for two and a half periods of running where no sample
/// follows. Whoever is preempted goes on later with the stack that it had; who waited comes back from somewhere that no sample has seen
/// yet: its first stack is taken to be that place, unless it ran for more than a period before. (Otherwise threads that run for less than
/// a period at a time would hardly be seen.) Times that run backwards, which records of different rings can, are taken for the latest one.
///
/// Slices are told when the stack has emptied, all that there were in the order of their beginnings: complete, which is shortest. What is
/// open at writeOpen() is told by begin and end.
class ThreadTimeline
{
public:
    /// What is known of the thread before its first record: nothing, that it was created at `since`, or that it was seen asleep then.
    enum class Before : std::uint8_t { Unknown, Born, Blocked };

    /// `period`: between two samples of a thread that runs.
    ThreadTimeline(ThreadKey key, Nanos since, Before before, Nanos period);

    void sample(std::uint16_t cpu, Nanos time, std::span<const StackFrame> rootFirst, TimelineSink& sink);
    void switchedIn(std::uint16_t cpu, Nanos time, TimelineSink& sink);
    void switchedOut(std::uint16_t cpu, Nanos time, bool preempted, TimelineSink& sink);
    /// The frames of its stack are no more (exec, records lost): what runs next is another stack.
    void closeFrames(Nanos time, TimelineSink& sink);
    /// Tells the begins of what is open, so that what was told so far stands for itself.
    void writeOpen(TimelineSink& sink) { tellHeld(sink); }
    void exited(std::uint16_t cpu, Nanos time, TimelineSink& sink);
    /// The recording ends; the thread goes on.
    void finish(Nanos time, TimelineSink& sink);

private:
    enum class State : std::uint8_t { Unknown, Running, Out };
    Nanos forward(Nanos time);
    void beganRunning(std::uint16_t cpu, Nanos time, TimelineSink& sink);
    void open(std::span<const StackFrame> frames, Nanos time);
    void tellHeld(TimelineSink& sink);
    void closeOpen(Nanos time, TimelineSink& sink);
    void closeFrom(std::size_t depth, Nanos time, TimelineSink& sink);

    ThreadKey m_key;
    Nanos m_since, m_period, m_patience;
    Before m_before;
    State m_state = State::Unknown;
    Nanos m_latest = 0;     // of all records
    Nanos m_switchedOut = 0;
    std::optional<Nanos> m_cameBack; // from waiting, and no sample has seen it since
    Nanos m_lastSample = 0; // of the open frames, as if the thread had run ever since
    struct OpenFrame
    {
        StackFrame frame;
        std::size_t held; // its place there, unless it has been told
    };
    struct HeldSlice
    {
        StackFrame frame;
        Nanos start;
        std::optional<Nanos> end; // none: it is open
    };
    std::vector<OpenFrame> m_open;
    std::size_t m_begun = 0;           // of them, from the root on, have been told
    std::vector<HeldSlice> m_held;     // to be told, in the order of their beginnings
    std::vector<StackFrame> m_resumed; // that it had when it was preempted, until it goes on
};

} // namespace opscope::sampling
