#include <QtTest>

#include "core/io/Loader.h"
#include "tests/app/RunOpscope.h"
#include "tests/support/LiveRecording.h"

using namespace opscope;
using namespace opscope::test;

/// Real programs, recorded for three seconds by the command line, against what they know of themselves.
class tst_RecordLive : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void sharesThreadsAndWaitsAreTrue_data();
    void sharesThreadsAndWaitsAreTrue();

private:
    /// Null: the test has failed.
    static TracePtr record(qint64 pid);

    std::vector<LiveCase> m_cases;
};

void tst_RecordLive::initTestCase()
{
    if (const std::string reason = whyNothingIsRecorded(); !reason.empty()) QSKIP(reason.c_str());
    m_cases = liveCases();
}

void tst_RecordLive::sharesThreadsAndWaitsAreTrue_data()
{
    QTest::addColumn<std::size_t>("index");
    for (std::size_t i = 0; i < m_cases.size(); ++i) QTest::newRow(m_cases[i].name.c_str()) << i;
}

TracePtr tst_RecordLive::record(qint64 pid)
{
    TracePtr trace;
    [&] {
        QTemporaryDir folder;
        const QString file = folder.filePath(QStringLiteral("live.fxt"));
        const Ran ran = runOpscope({QStringLiteral("record"), QStringLiteral("--pid"), QString::number(pid), QStringLiteral("--duration"),
                                    QStringLiteral("3s"), QStringLiteral("-o"), file});
        QVERIFY2(ran.status == 0, ran.err + ran.out);
        const std::string paths[] = {file.toStdString()};
        const auto loaded = loadTrace(paths);
        QVERIFY2(loaded.ok(), loaded.ok() ? "" : loaded.error().text().c_str());
        QCOMPARE((*loaded)->diagnostics().countOf(Severity::Error), 0u);
        trace = *loaded;
    }();
    return trace;
}

void tst_RecordLive::sharesThreadsAndWaitsAreTrue()
{
    QFETCH(std::size_t, index);
    const LiveCase& live = m_cases[index];
    if (!live.missing.empty()) QSKIP(live.missing.c_str());
    LiveProgram program(live.program, live.arguments);
    QVERIFY2(program.works(3), "the program does not print");
    LiveTruth truth;
    LiveRecording recording;
    for (int round = 0; round < kMostRecordings && truth.cpu() < kEnoughCpu; ++round) {
        const TracePtr trace = record(program.pid());
        if (!trace) return;
        const TimeRange extent = trace->extent();
        QVERIFY2(extent.length() > 2'500'000'000 && extent.length() < 60'000'000'000, qPrintable(QString::number(extent.length())));
        truth.add(program.during(trace->baseTime() + extent.start, trace->baseTime() + extent.end));
        recording.add(*trace, live, truth);
    }
    qInfo("%s", sideBySide(truth, recording).c_str());
    QCOMPARE(QString::fromStdString(differences(truth, recording)), QString());
    if (live.namesThreads)
        for (const auto& [tid, thread] : truth.threads) QCOMPARE(recording.threads.at(tid).name, thread.name);
}

QTEST_GUILESS_MAIN(tst_RecordLive)
#include "tst_RecordLive.moc"
