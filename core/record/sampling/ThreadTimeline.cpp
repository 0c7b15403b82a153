#include "core/record/sampling/ThreadTimeline.h"

#include <algorithm>

namespace opscope::sampling {

namespace {

constexpr ThreadKey kNobody;
constexpr std::size_t kMostHeld = 4096; ///< slices; whoever runs on and on is told in between

} // namespace

ThreadTimeline::ThreadTimeline(ThreadKey key, Nanos since, Before before, Nanos period)
    : m_key(key), m_since(since), m_period(period), m_patience(period * 5 / 2), m_before(before)
{
}

Nanos ThreadTimeline::forward(Nanos time) { return m_latest = std::max(m_latest, time); }

/// A record shows that the thread runs, and no switch said so: the first one that there is, or the switch was lost.
void ThreadTimeline::beganRunning(std::uint16_t cpu, Nanos time, TimelineSink& sink)
{
    if (m_state == State::Running) return;
    m_resumed.clear();
    sink.switched(cpu, time, kNobody, fxt::ThreadState::Running, m_key);
    m_state = State::Running;
}

void ThreadTimeline::sample(std::uint16_t cpu, Nanos time, std::span<const StackFrame> rootFirst, TimelineSink& sink)
{
    time = forward(time);
    beganRunning(cpu, time, sink);
    if (!m_open.empty() && time - m_lastSample > m_patience) closeFrom(0, m_lastSample + m_patience, sink);
    const std::size_t most = std::min(m_open.size(), rootFirst.size());
    std::size_t same = 0;
    while (same < most && m_open[same].frame.function == rootFirst[same].function) ++same;
    closeFrom(same, time, sink);
    const bool sinceItCameBack = m_cameBack && time - *m_cameBack <= m_period;
    if (m_held.size() >= kMostHeld) writeOpen(sink);
    open(rootFirst.subspan(same), sinceItCameBack ? *m_cameBack : time);
    m_cameBack.reset();
    m_lastSample = time;
}

void ThreadTimeline::open(std::span<const StackFrame> frames, Nanos time)
{
    for (const StackFrame& frame : frames) {
        m_open.push_back({frame, m_held.size()});
        m_held.push_back({frame, time, {}});
    }
}

void ThreadTimeline::tellHeld(TimelineSink& sink)
{
    for (const HeldSlice& slice : m_held) {
        if (slice.end) {
            sink.slice(m_key, slice.start, *slice.end, slice.frame);
        } else {
            sink.begin(m_key, slice.start, slice.frame);
            ++m_begun;
        }
    }
    m_held.clear();
}

void ThreadTimeline::switchedIn(std::uint16_t cpu, Nanos time, TimelineSink& sink)
{
    time = forward(time);
    if (m_state == State::Running) closeFrames(time, sink); // the switch before it was lost
    const bool known = m_state == State::Unknown && m_since <= time;
    if (known && m_before == Before::Blocked) sink.switched(cpu, m_since, m_key, fxt::ThreadState::Blocked, kNobody);
    if (known && m_before == Before::Born) sink.woken(cpu, m_since, m_key);
    sink.switched(cpu, time, kNobody, fxt::ThreadState::Running, m_key);
    m_state = State::Running;
    if (m_resumed.empty()) {
        m_cameBack = time;
        return;
    }
    m_lastSample += time - m_switchedOut;
    open(m_resumed, time);
    m_resumed.clear();
}

void ThreadTimeline::switchedOut(std::uint16_t cpu, Nanos time, bool preempted, TimelineSink& sink)
{
    time = forward(time);
    beganRunning(cpu, time, sink);
    m_resumed.clear();
    if (preempted && time - m_lastSample < m_patience)
        for (const OpenFrame& open : m_open) m_resumed.push_back({open.frame.function}); // no sample will have seen it there
    m_cameBack.reset();
    m_switchedOut = time;
    closeOpen(time, sink);
    sink.switched(cpu, time, m_key, preempted ? fxt::ThreadState::Running : fxt::ThreadState::Blocked, kNobody);
    m_state = State::Out;
}

void ThreadTimeline::closeFrames(Nanos time, TimelineSink& sink)
{
    m_resumed.clear();
    m_cameBack.reset();
    closeOpen(forward(time), sink);
}

void ThreadTimeline::closeOpen(Nanos time, TimelineSink& sink)
{
    if (!m_open.empty()) closeFrom(0, std::min(time, m_lastSample + m_patience), sink);
}

void ThreadTimeline::closeFrom(std::size_t depth, Nanos time, TimelineSink& sink)
{
    if (m_open.size() <= depth) return;
    for (std::size_t i = std::max(depth, m_begun); i < m_open.size(); ++i) m_held[m_open[i].held].end = time;
    if (depth == 0 || m_begun > depth) tellHeld(sink); // all of them are closed
    for (; m_begun > depth; --m_begun) sink.end(m_key, time, m_open[m_begun - 1].frame.function);
    m_open.resize(depth);
}

void ThreadTimeline::exited(std::uint16_t cpu, Nanos time, TimelineSink& sink)
{
    time = forward(time);
    closeFrames(time, sink);
    sink.switched(cpu, time, m_key, fxt::ThreadState::Dead, kNobody);
    m_state = State::Out;
}

void ThreadTimeline::finish(Nanos time, TimelineSink& sink)
{
    closeFrames(time, sink);
    if (m_state == State::Unknown && m_before == Before::Blocked) sink.switched(0, m_since, m_key, fxt::ThreadState::Blocked, kNobody);
}

} // namespace opscope::sampling
