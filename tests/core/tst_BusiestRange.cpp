#include <QtTest>

#include "core/analysis/BusiestRange.h"
#include "tests/support/FxtWords.h"
#include "tests/support/TraceFixture.h"

using namespace opscope;

namespace {

constexpr Nanos kMs = 1'000'000;

} // namespace

class tst_BusiestRange : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aBurstAmongIdleThreadsIsFramed();
    void evenlyBusyIsSeenWhole();
    void severalThreadsAtOnceOutweighOneForLong();
    void nestedSlicesCountOnce();
    void tinyAndEmptyTracesAreSeenWhole();
    void extremeTimesDoNotOverflow();
    void waitingIsNoWork();
};

void tst_BusiestRange::aBurstAmongIdleThreadsIsFramed()
{
    test::TraceFixture f;
    const TrackId thread = f.thread(1, 1, "main");
    f.slice(thread, 0, 1, "begin");
    for (Nanos i = 0; i < 40; ++i) f.slice(thread, 6000 * kMs + i * 10 * kMs, 9 * kMs, "work");
    f.slice(thread, 10'000 * kMs, 1, "end");
    const TimeRange found = busiestRange(*f.finish());
    QVERIFY(found.start <= 6000 * kMs && found.start >= 5900 * kMs);
    QVERIFY(found.end >= 6400 * kMs && found.end <= 6500 * kMs);
}

void tst_BusiestRange::evenlyBusyIsSeenWhole()
{
    test::TraceFixture f;
    const TrackId thread = f.thread(1, 1, "main");
    for (Nanos i = 0; i < 1000; ++i) f.slice(thread, i * kMs, kMs / 2, "work");
    const TracePtr trace = f.finish();
    QCOMPARE(busiestRange(*trace), trace->extent());
}

void tst_BusiestRange::severalThreadsAtOnceOutweighOneForLong()
{
    test::TraceFixture f;
    f.slice(f.thread(1, 1, "main"), 0, 10'000 * kMs, "all the time");
    for (int i = 2; i < 10; ++i) f.slice(f.thread(1, i, "worker"), 3000 * kMs, 1500 * kMs, "burst");
    const TimeRange found = busiestRange(*f.finish());
    QVERIFY(found.start <= 3000 * kMs && found.end >= 4500 * kMs && found.length() < 2500 * static_cast<std::uint64_t>(kMs));
}

// A thread that runs for a tenth of the time and is blocked for the rest.
void tst_BusiestRange::waitingIsNoWork()
{
    test::FxtWords states;
    states.kernelObject(1, 1, "server").kernelObject(2, 2, "main", {test::FxtWords::arg64("process", 8, 1)}).thread(1, 1, 2);
    states.contextSwitch(0, 100, 2, 3, 0).contextSwitch(0, 6'000, 0, 0, 2).contextSwitch(0, 7'000, 2, 3, 0).contextSwitch(0, 10'000, 0, 0, 2).contextSwitch(0, 10'001, 2, 3, 0);
    const TimeRange ran = busiestRange(*test::traceFromText(states.bytes()));
    QVERIFY(ran.start <= 6'000 && ran.start >= 5'000 && ran.end >= 7'000 && ran.end <= 8'000);
    // where threads have slices of their own, those tell, and nothing else
    test::FxtWords both(states);
    both.event(4, 1, "app", "work", 1'000, {}, 1'500);
    const TimeRange worked = busiestRange(*test::traceFromText(both.bytes()));
    QVERIFY(worked.start <= 1'000 && worked.end >= 1'500 && worked.end <= 2'500);
}

void tst_BusiestRange::nestedSlicesCountOnce()
{
    test::TraceFixture f;
    const TrackId thread = f.thread(1, 1, "main");
    f.slice(thread, 0, 10'000 * kMs, "outer");
    for (Nanos i = 0; i < 50; ++i) f.slice(thread, 2000 * kMs + i * kMs, kMs, "inner"); // deep, and no busier
    const TracePtr trace = f.finish();
    QCOMPARE(busiestRange(*trace), trace->extent());
}

void tst_BusiestRange::tinyAndEmptyTracesAreSeenWhole()
{
    test::TraceFixture empty;
    const TracePtr none = empty.finish();
    QCOMPARE(busiestRange(*none), none->extent());
    test::TraceFixture f;
    f.slice(f.thread(1, 1, "main"), 5, 3, "short");
    const TracePtr tiny = f.finish();
    QCOMPARE(busiestRange(*tiny), tiny->extent());
}

void tst_BusiestRange::extremeTimesDoNotOverflow()
{
    test::TraceFixture f;
    const TrackId thread = f.thread(1, 1, "main");
    f.slice(thread, INT64_MIN / 2, 1, "early");
    f.slice(thread, INT64_MAX / 2 - 100, 50, "late");
    const TracePtr trace = f.finish();
    const TimeRange found = busiestRange(*trace), whole = trace->extent();
    QVERIFY(found.start >= whole.start && found.end <= whole.end && !found.empty());
}

QTEST_GUILESS_MAIN(tst_BusiestRange)
#include "tst_BusiestRange.moc"
