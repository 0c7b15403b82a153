#include <QtTest>

#include "core/io/Loader.h"
#include "tests/app/RunOpscope.h"
#include "tests/support/LiveRecording.h"

using namespace opscope;
using namespace opscope::test;

/// Real programs, recorded for three seconds by the command line, against what they know of themselves.
class tst_RecordLive : public QObject, private LiveComparison
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { findCases(); }
    void sharesThreadsAndWaitsAreTrue_data() { rows(); }
    void sharesThreadsAndWaitsAreTrue() { compare(record); }

private:
    /// Null: the test has failed.
    static TracePtr record(qint64 pid, int round);
};

TracePtr tst_RecordLive::record(qint64 pid, int)
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
        const TimeRange extent = (*loaded)->extent();
        QVERIFY2(extent.length() > 2'500'000'000 && extent.length() < 60'000'000'000, qPrintable(QString::number(extent.length())));
        trace = *loaded;
    }();
    return trace;
}

QTEST_GUILESS_MAIN(tst_RecordLive)
#include "tst_RecordLive.moc"
