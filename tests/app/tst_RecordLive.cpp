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

void tst_RecordLive::sharesThreadsAndWaitsAreTrue()
{
    QFETCH(std::size_t, index);
    const LiveCase& live = m_cases[index];
    if (!live.missing.empty()) QSKIP(live.missing.c_str());
    QTemporaryDir folder;
    const QString file = folder.filePath(QStringLiteral("live.fxt"));
    LiveProgram program(live.program, live.arguments);
    QVERIFY2(program.works(3), "the program does not print");
    const Ran ran = runOpscope({QStringLiteral("record"), QStringLiteral("--pid"), QString::number(program.pid()), QStringLiteral("--duration"),
                                QStringLiteral("3s"), QStringLiteral("-o"), file});
    QVERIFY2(ran.status == 0, ran.err + ran.out);
    const std::string paths[] = {file.toStdString()};
    const auto trace = loadTrace(paths);
    QVERIFY2(trace.ok(), trace.ok() ? "" : trace.error().text().c_str());
    QCOMPARE((*trace)->diagnostics().countOf(Severity::Error), 0u);

    const TimeRange extent = (*trace)->extent();
    QVERIFY2(extent.length() > 2'500'000'000 && extent.length() < 6'000'000'000, qPrintable(QString::number(extent.length())));
    const LiveTruth truth = program.during((*trace)->baseTime() + extent.start, (*trace)->baseTime() + extent.end);
    const LiveRecording recording(**trace, live, truth);
    qInfo("%s", sideBySide(truth, recording).c_str());
    QCOMPARE(QString::fromStdString(differences(truth, recording)), QString());
    if (live.namesThreads)
        for (const auto& [tid, thread] : truth.threads) QCOMPARE(recording.threads.at(tid).name, thread.name);
}

QTEST_GUILESS_MAIN(tst_RecordLive)
#include "tst_RecordLive.moc"
