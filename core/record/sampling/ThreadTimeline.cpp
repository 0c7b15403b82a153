#include "core/record/sampling/ThreadTimeline.h"

#include <algorithm>

namespace opscope::sampling {

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
    sink.switched(cpu, time, 0, fxt::ThreadState::Running, m_key.thread);
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
    open(rootFirst.subspan(same), sinceItCameBack ? *m_cameBack : time);
    m_cameBack.reset();
    m_lastSample = time;
}

void ThreadTimeline::open(std::span<const StackFrame> frames, Nanos time)
{
    for (const StackFrame& frame : frames) m_open.push_back({frame, time});
}

void ThreadTimeline::beginUpTo(std::size_t depth, TimelineSink& sink)
{
    for (; m_begun < depth; ++m_begun) sink.begin(m_key, m_open[m_begun].start, m_open[m_begun].frame);
}

void ThreadTimeline::switchedIn(std::uint16_t cpu, Nanos time, TimelineSink& sink)
{
    time = forward(time);
    if (m_state == State::Running) closeFrames(time, sink); // the switch before it was lost
    const bool known = m_state == State::Unknown && m_since <= time;
    if (known && m_before == Before::Blocked) sink.switched(cpu, m_since, m_key.thread, fxt::ThreadState::Blocked, 0);
    if (known && m_before == Before::Born) sink.woken(cpu, m_since, m_key.thread);
    sink.switched(cpu, time, 0, fxt::ThreadState::Running, m_key.thread);
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
        for (const OpenFrame& open : m_open) m_resumed.push_back(open.frame);
    m_cameBack.reset();
    m_switchedOut = time;
    closeOpen(time, sink);
    sink.switched(cpu, time, m_key.thread, preempted ? fxt::ThreadState::Running : fxt::ThreadState::Blocked, 0);
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
    beginUpTo(depth, sink); // they go on around what is told now
    for (std::size_t i = m_begun; i < m_open.size(); ++i) sink.slice(m_key, m_open[i].start, time, m_open[i].frame);
    for (; m_begun > depth; --m_begun) sink.end(m_key, time, m_open[m_begun - 1].frame.function);
    m_open.resize(depth);
}

void ThreadTimeline::exited(std::uint16_t cpu, Nanos time, TimelineSink& sink)
{
    time = forward(time);
    closeFrames(time, sink);
    sink.switched(cpu, time, m_key.thread, fxt::ThreadState::Dead, 0);
    m_state = State::Out;
}

void ThreadTimeline::finish(Nanos time, TimelineSink& sink)
{
    closeFrames(time, sink);
    if (m_state == State::Unknown && m_before == Before::Blocked) sink.switched(0, m_since, m_key.thread, fxt::ThreadState::Blocked, 0);
}

} // namespace opscope::sampling
