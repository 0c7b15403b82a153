#include "widgets/document/Job.h"

#include <QSignalSpy>
#include <QtTest>

#include <atomic>
#include <memory>
#include <thread>

using namespace opscope;

namespace {

void sleepUntilStopped(const JobControl& job)
{
    while (!job.cancelled())
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

} // namespace

class tst_Job : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void theResultArrivesOnTheThreadOfTheJob()
    {
        Job job;
        std::thread::id worker, receiver;
        int answer = 0;
        job.run([&worker](const JobControl&) { worker = std::this_thread::get_id(); return 42; },
                [&](int value) { answer = value; receiver = std::this_thread::get_id(); });
        QVERIFY(job.running());
        QTRY_COMPARE(answer, 42);
        QVERIFY(!job.running());
        QCOMPARE(receiver, std::this_thread::get_id());
        QVERIFY(worker != receiver);
    }
    void aResultThatCannotBeCopiedIsMoved()
    {
        Job job;
        std::unique_ptr<int> got;
        job.run([](const JobControl&) { return std::make_unique<int>(7); }, [&got](std::unique_ptr<int> value) { got = std::move(value); });
        QTRY_VERIFY(got);
        QCOMPARE(*got, 7);
    }
    void cancellingStopsTheWorkerAndDropsTheResult()
    {
        Job job;
        QSignalSpy changes(&job, &Job::runningChanged);
        std::atomic<bool> ended = false;
        bool delivered = false;
        job.run([&ended](const JobControl& control) { sleepUntilStopped(control); ended = true; return 1; }, [&delivered](int) { delivered = true; });
        job.cancel();
        QVERIFY(!job.running());
        QTRY_VERIFY(ended);
        QTest::qWait(30);
        QVERIFY(!delivered);
        QCOMPARE(changes.size(), 2);
    }
    void aLateResultOfAnOlderJobIsDropped()
    {
        Job job;
        QStringList received;
        std::atomic<bool> go = false;
        job.run([&go](const JobControl&) { while (!go) std::this_thread::yield(); return 1; }, [&](int) { received << QStringLiteral("old"); });
        job.run([](const JobControl&) { return 2; }, [&](int) { received << QStringLiteral("new"); });
        QTRY_COMPARE(received, QStringList{QStringLiteral("new")});
        go = true;
        QTest::qWait(50);
        QCOMPARE(received, QStringList{QStringLiteral("new")});
    }
    void aResultAlreadyOnItsWayIsDroppedToo()
    {
        Job job;
        std::atomic<bool> computed = false;
        bool delivered = false;
        job.run([&computed](const JobControl&) { computed = true; return 1; }, [&delivered](int) { delivered = true; });
        while (!computed)
            std::this_thread::yield();
        std::this_thread::sleep_for(std::chrono::milliseconds(20)); // posted by now, since no event loop has run
        job.cancel();
        QTest::qWait(30);
        QVERIFY(!delivered);
    }
    void destroyingWaitsForTheWorker()
    {
        std::atomic<bool> ended = false;
        {
            Job job;
            job.run([&ended](const JobControl& control) { sleepUntilStopped(control); ended = true; return 1; }, [](int) { QFAIL("delivered"); });
        }
        QVERIFY(ended);
        QTest::qWait(20);
    }
    void progressIsPolledWhileItRuns()
    {
        Job job;
        std::uint64_t seen = 0;
        connect(&job, &Job::progressed, this, [&] { seen = job.progress().done; });
        job.run([](const JobControl& control) { control.progress->done = 5; sleepUntilStopped(control); return 0; }, [](int) {});
        QTRY_COMPARE(seen, std::uint64_t(5));
        job.cancel();
        QCOMPARE(job.progress().done.load(), std::uint64_t(0));
    }
    void aReceiverMayStartTheNextJob()
    {
        Job job;
        int steps = 0;
        job.run([](const JobControl&) { return 1; }, [&](int) {
            ++steps;
            job.run([](const JobControl&) { return 2; }, [&](int) { ++steps; });
        });
        QTRY_COMPARE(steps, 2);
    }
};

QTEST_MAIN(tst_Job)
#include "tst_Job.moc"
