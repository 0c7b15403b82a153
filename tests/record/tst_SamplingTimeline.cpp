#include <QTest>

#include "core/record/sampling/ThreadTimeline.h"

#include <algorithm>
#include <sstream>
#include <string>

using namespace opscope;
using namespace opscope::sampling;

namespace {

constexpr Nanos kPeriod = 10; // so its patience is 25

/// Functions are letters, times stand before what happens. Of slices that is their end, and the start stands behind them.
class TextSink final : public TimelineSink
{
public:
    void slice(ThreadKey, Nanos start, Nanos end, const StackFrame& frame) override
    {
        add(end) << letter(frame.function) << start;
        withoutOffset += frame.offset.has_value() ? 0 : 1;
    }
    void begin(ThreadKey, Nanos time, const StackFrame& frame) override { add(time) << '+' << letter(frame.function); }
    void end(ThreadKey, Nanos time, FrameId function) override { add(time) << '-' << letter(function); }
    void switched(std::uint16_t cpu, Nanos time, ThreadKey outgoing, fxt::ThreadState state, ThreadKey incoming) override
    {
        add(time) << "cpu" << cpu << ' ' << outgoing.thread << '(' << name(state) << ")>" << incoming.thread;
    }
    void woken(std::uint16_t cpu, Nanos time, ThreadKey thread) override { add(time) << "cpu" << cpu << " woken " << thread.thread; }
    std::string take()
    {
        std::string text = m_out.str();
        m_out.str({});
        m_time = -1;
        return text;
    }

    int withoutOffset = 0;

private:
    std::ostream& add(Nanos time)
    {
        if (time != m_time) m_out << (m_out.tellp() > 0 ? " | " : "") << time << ':';
        m_time = time;
        return m_out << ' ';
    }
    static char letter(FrameId id) { return static_cast<char>('a' + id.value); }
    static const char* name(fxt::ThreadState state)
    {
        return state == fxt::ThreadState::Running ? "ready" : state == fxt::ThreadState::Blocked ? "blocked" : state == fxt::ThreadState::Dead ? "dead" : "?";
    }
    std::ostringstream m_out;
    Nanos m_time = -1;
};

std::vector<StackFrame> stack(std::string_view letters)
{
    std::vector<StackFrame> frames;
    for (const char letter : letters) frames.push_back({FrameId(static_cast<std::uint32_t>(letter - 'a')), 0});
    return frames;
}

struct Fixture
{
    explicit Fixture(ThreadTimeline::Before before = ThreadTimeline::Before::Unknown, Nanos since = 0) : line({7, 8}, since, before, kPeriod) {}
    Fixture& sample(Nanos time, std::string_view letters)
    {
        line.sample(0, time, stack(letters), sink);
        return *this;
    }
    /// It runs, and a sample has seen it, with nothing on its stack.
    Fixture& begun() { return in(0).sample(0, ""); }
    Fixture& in(Nanos time)
    {
        line.switchedIn(0, time, sink);
        return *this;
    }
    Fixture& out(Nanos time, bool preempted = false)
    {
        line.switchedOut(0, time, preempted, sink);
        return *this;
    }
    TextSink sink;
    ThreadTimeline line;
};

} // namespace

class tst_SamplingTimeline : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void anEqualPrefixContinuesAndTheRestCloses()
    {
        Fixture f;
        f.begun().sink.take();
        QCOMPARE(f.sample(10, "abc").sink.take(), std::string(""));
        QCOMPARE(f.sample(20, "abc").sink.take(), std::string());
        QCOMPARE(f.sample(30, "abde").sink.take(), std::string());
        QCOMPARE(f.sample(40, "ab").sink.take(), std::string());
        QCOMPARE(f.sample(50, "b").sink.take(), std::string("50: a10 b10 | 30: c10 | 40: d30 e30"));
        QCOMPARE(f.sample(60, "").sink.take(), std::string("60: b50"));
    }
    void recursionIsDeepNotEqual()
    {
        Fixture f;
        f.begun().sample(10, "aa").sink.take();
        QCOMPARE(f.sample(20, "aaa").sink.take(), std::string(""));
        QCOMPARE(f.sample(30, "a").out(40).sink.take(), std::string("40: a10 | 30: a10 a20 | 40: cpu0 8(blocked)>0"));
    }
    void aSwitchEndsTheStack()
    {
        Fixture f;
        f.begun().sample(10, "ab").sink.take();
        QCOMPARE(f.out(15).sink.take(), std::string("15: a10 b10 cpu0 8(blocked)>0"));
        QCOMPARE(f.in(90).sink.take(), std::string("90: cpu0 0(ready)>8"));
        QCOMPARE(f.sample(95, "ab").sink.take(), std::string(""));
        QCOMPARE(f.out(99, true).sink.take(), std::string("99: a90 b90 cpu0 8(ready)>0"));
    }
    void whoWasPreemptedGoesOnWithTheSameStack()
    {
        Fixture f;
        f.begun().sample(10, "ab").sink.take();
        QCOMPARE(f.out(15, true).sink.take(), std::string("15: a10 b10 cpu0 8(ready)>0"));
        QCOMPARE(f.in(90).sink.take(), std::string("90: cpu0 0(ready)>8"));
        QCOMPARE(f.sink.withoutOffset, 0);
        QCOMPARE(f.sample(95, "ac").sink.take(), std::string());
        QCOMPARE(f.out(100, true).sink.take(), std::string("100: a90 | 95: b90 | 100: c95 cpu0 8(ready)>0"));
        QCOMPARE(f.sink.withoutOffset, 2); // a and b were seen where they were before
        // Patience counts running only: 5 of 25 had passed before, so 20 are left.
        f.in(200).sink.take();
        QCOMPARE(f.out(300, true).sink.take(), std::string("220: a200 c200 | 300: cpu0 8(ready)>0"));
        QCOMPARE(f.in(400).sink.take(), std::string("400: cpu0 0(ready)>8"));
    }
    void whoComesBackIsWhereItsFirstSampleFindsIt()
    {
        // Runs that are shorter than a period: as far back as a period, to its edge.
        QCOMPARE(Fixture().in(50).sample(54, "ab").out(56).sink.take(), std::string("50: cpu0 0(ready)>8 | 56: a50 b50 cpu0 8(blocked)>0"));
        QCOMPARE(Fixture().in(50).sample(60, "ab").out(61).sink.take(), std::string("50: cpu0 0(ready)>8 | 61: a50 b50 cpu0 8(blocked)>0"));
        QCOMPARE(Fixture().in(50).sample(61, "ab").out(62).sink.take(), std::string("50: cpu0 0(ready)>8 | 62: a61 b61 cpu0 8(blocked)>0"));
        // Only the first one, and only in the same run.
        QCOMPARE(Fixture().in(50).sample(52, "").sample(54, "a").out(55).sink.take(), std::string("50: cpu0 0(ready)>8 | 55: a54 cpu0 8(blocked)>0"));
        Fixture lost;
        lost.in(50).out(51).sink.take();
        QCOMPARE(lost.sample(54, "a").out(55).sink.take(), std::string("54: cpu0 0(ready)>8 | 55: a54 cpu0 8(blocked)>0"));
        // It has become another program in between.
        Fixture replaced;
        replaced.in(50).line.closeFrames(52, replaced.sink);
        QCOMPARE(replaced.sample(54, "a").out(55).sink.take(), std::string("50: cpu0 0(ready)>8 | 55: a54 cpu0 8(blocked)>0"));
    }
    void withoutSamplesAStackLastsForItsPatience()
    {
        Fixture f;
        f.begun().sample(10, "ab").sink.take();
        QCOMPARE(f.sample(60, "ab").sink.take(), std::string("35: a10 b10"));
        QCOMPARE(f.out(200).sink.take(), std::string("85: a60 b60 | 200: cpu0 8(blocked)>0"));
        Fixture exactly;
        exactly.begun().sample(10, "ab").sink.take();
        QCOMPARE(exactly.sample(35, "ab").sink.take(), std::string());
    }
    void aThreadThatWasRunningBeginsWithItsFirstRecord()
    {
        QCOMPARE(Fixture().sample(10, "a").sink.take(), std::string("10: cpu0 0(ready)>8"));
        QCOMPARE(Fixture().out(10).sink.take(), std::string("10: cpu0 0(ready)>8 cpu0 8(blocked)>0"));
        QCOMPARE(Fixture().in(10).sink.take(), std::string("10: cpu0 0(ready)>8"));
    }
    void aThreadSeenAsleepWasBlockedFromThenOn()
    {
        QCOMPARE(Fixture(ThreadTimeline::Before::Blocked, 5).in(10).sink.take(), std::string("5: cpu0 8(blocked)>0 | 10: cpu0 0(ready)>8"));
        // It woke up between attaching and the look at it.
        QCOMPARE(Fixture(ThreadTimeline::Before::Blocked, 50).in(10).sink.take(), std::string("10: cpu0 0(ready)>8"));
        Fixture always(ThreadTimeline::Before::Blocked, 5);
        always.line.finish(100, always.sink);
        QCOMPARE(always.sink.take(), std::string("5: cpu0 8(blocked)>0"));
    }
    void aThreadIsBornWaitingForAProcessor()
    {
        QCOMPARE(Fixture(ThreadTimeline::Before::Born, 5).in(10).sink.take(), std::string("5: cpu0 woken 8 | 10: cpu0 0(ready)>8"));
    }
    void lostSwitchesAreMadeUpFor()
    {
        Fixture f;
        f.begun().sample(10, "a").sink.take();
        QCOMPARE(f.in(20).sink.take(), std::string("20: a10 cpu0 0(ready)>8"));
        f.out(30).sink.take();
        QCOMPARE(f.sample(40, "a").sink.take(), std::string("40: cpu0 0(ready)>8"));
    }
    void timesThatRunBackwardsAreTakenForTheLatest()
    {
        Fixture f;
        f.in(0).sample(50, "ab").sink.take();
        QCOMPARE(f.sample(40, "ac").sink.take(), std::string());
        QCOMPARE(f.out(45).sink.take(), std::string("50: a50 b50 c50 cpu0 8(blocked)>0"));
    }
    void whatIsOpenCanBeToldInBetween()
    {
        Fixture f;
        f.begun().sample(10, "ab").sink.take();
        f.line.writeOpen(f.sink);
        QCOMPARE(f.sink.take(), std::string("10: +a +b"));
        QCOMPARE(f.sample(20, "abc").sink.take(), std::string(""));
        QCOMPARE(f.sample(30, "a").sink.take(), std::string("30: c20 -b"));
        QCOMPARE(f.out(40).sink.take(), std::string("40: -a cpu0 8(blocked)>0"));
    }
    void whatIsToldIsInTheOrderOfItsBeginning()
    {
        Fixture f;
        f.begun().sample(10, "abc").sample(20, "ab").sample(30, "abd").sink.take();
        f.line.writeOpen(f.sink);
        QCOMPARE(f.sink.take(), std::string("10: +a +b | 20: c10 | 30: +d"));
        QCOMPARE(f.sample(40, "abde").sample(50, "abdf").sample(60, "abd").sink.take(), std::string());
        QCOMPARE(f.sample(70, "ag").sink.take(), std::string("50: e40 | 60: f50 | 70: -d -b"));
        QCOMPARE(f.out(80).sink.take(), std::string("80: g70 -a cpu0 8(blocked)>0"));
    }
    void whoRunsOnAndOnIsToldInBetween()
    {
        Fixture f;
        f.begun().sink.take();
        std::size_t most = 0, told = 0;
        for (Nanos time = 10; time < 200'000; time += 10) {
            const std::size_t size = f.sample(time, time % 20 ? "ab" : "ac").sink.take().size();
            told += size > 0;
            most = std::max(most, size);
        }
        QVERIFY2(told >= 4 && most < 5'000 * 20, std::to_string(most).c_str());
    }
    void theEndClosesWhatIsOpen()
    {
        Fixture ended;
        ended.begun().sample(10, "ab").sink.take();
        ended.line.exited(0, 12, ended.sink);
        QCOMPARE(ended.sink.take(), std::string("12: a10 b10 cpu0 8(dead)>0"));
        Fixture stopped;
        stopped.begun().sample(10, "ab").sink.take();
        stopped.line.finish(20, stopped.sink);
        QCOMPARE(stopped.sink.take(), std::string("20: a10 b10"));
        Fixture late;
        late.begun().sample(10, "ab").sink.take();
        late.line.finish(500, late.sink);
        QCOMPARE(late.sink.take(), std::string("35: a10 b10"));
        Fixture replaced;
        replaced.begun().sample(10, "ab").sink.take();
        replaced.line.closeFrames(15, replaced.sink);
        QCOMPARE(replaced.sink.take(), std::string("15: a10 b10"));
    }
};

QTEST_GUILESS_MAIN(tst_SamplingTimeline)
#include "tst_SamplingTimeline.moc"
