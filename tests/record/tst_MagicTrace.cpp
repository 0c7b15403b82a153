#include <QtTest>

#include "tests/support/MagicTraceScene.h"

using namespace opscope;
using namespace opscope::test;

/// Recordings of a magic-trace that works, played by the stand-in.
class tst_MagicTrace : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void aRecordingIsAttachedStoppedOnceAndDecoded();
    void anExistingFileIsReplacedOnlyByAWholeOne();
    void aFileThatMayNotBeReplacedIsKeptBesideIt();
    void theTargetsEndStopsItAndKeepsTheResult();
    void aTriggerEndsItByItself();
    void snapshotsAtEveryHitAreCountedUntilStop();
    void warningsBecomeNotes();
    void withoutProcessorTraceItSamplesAndSaysSo();
    void muchOutputDoesNotBlockIt();
    void anOldVersionIsAskedForNothingItLacks();
    void anOldVersionWithoutProcessorTraceIsNotStarted();
};

void tst_MagicTrace::aRecordingIsAttachedStoppedOnceAndDecoded()
{
    Scene scene;
    Run run(scene);
    QVERIFY2(run.begins(), run.message().c_str());
    QVERIFY(!run.collecting);
    QCOMPARE(scene.arguments(), std::string("attach -pid PID -o PRIVATE/trace.fxt -multi-thread -working-directory PRIVATE/perf"));
    run.session.stop();
    run.session.stop();
    QVERIFY(run.collecting);
    QVERIFY(run.ends());
    QCOMPARE(run.message(), std::string("no failure"));
    QCOMPARE(*run.path, scene.request.path);
    QCOMPARE(run.end, RecordEnd::Stopped);
    QCOMPARE(scene.logged("signals").size(), 1);
    QTRY_COMPARE(scene.made(), QStringList{QStringLiteral("run.fxt")});
    QCOMPARE(contentOf(scene.path("out/run.fxt")), written(Events::Some));
    QCOMPARE(run.session.status().bytes, static_cast<std::uint64_t>(written(Events::Some).size()));
    QVERIFY(scene.target.state() == QProcess::Running);
}

void tst_MagicTrace::anExistingFileIsReplacedOnlyByAWholeOne()
{
    for (const char* how : {"undecodable", "empty", "good"}) {
        Scene scene(how);
        write(scene.path("out/run.fxt"), "of old");
        scene.request.replace = true;
        Run run(scene);
        QVERIFY(run.begins());
        QCOMPARE(contentOf(scene.path("out/run.fxt")), QByteArray("of old"));
        run.session.stop();
        QVERIFY(run.ends());
        const bool good = qstrcmp(how, "good") == 0;
        QCOMPARE(contentOf(scene.path("out/run.fxt")), good ? written(Events::Some) : QByteArray("of old"));
        QTRY_COMPARE(scene.made(), QStringList{QStringLiteral("run.fxt")});
    }
}

void tst_MagicTrace::aFileThatMayNotBeReplacedIsKeptBesideIt()
{
    Scene scene;
    Run run(scene);
    QVERIFY(run.begins());
    write(scene.path("out/run.fxt"), "of somebody else");
    run.session.stop();
    QVERIFY(run.ends());
    QCOMPARE(run.message(), std::string("no failure"));
    QCOMPARE(*run.path, bytes(scene.path("out/run-2.fxt")));
    QCOMPARE(run.said(), std::string("run.fxt appeared meanwhile and is kept; the recording is run-2.fxt\n"));
    QCOMPARE(contentOf(scene.path("out/run.fxt")), QByteArray("of somebody else"));
    QCOMPARE(contentOf(scene.path("out/run-2.fxt")), written(Events::Some));
    QTRY_COMPARE(scene.made(), (QStringList{QStringLiteral("run-2.fxt"), QStringLiteral("run.fxt")}));
}

void tst_MagicTrace::theTargetsEndStopsItAndKeepsTheResult()
{
    Scene scene;
    Run run(scene);
    QVERIFY(run.begins());
    scene.endTarget();
    QVERIFY(run.ends());
    QCOMPARE(run.message(), std::string("no failure"));
    QCOMPARE(run.end, RecordEnd::TargetEnded);
    QCOMPARE(scene.logged("signals").size(), 1);
    QCOMPARE(contentOf(scene.path("out/run.fxt")), written(Events::Some));
}

void tst_MagicTrace::aTriggerEndsItByItself()
{
    Scene scene("trigger");
    scene.request.options = {{"trigger", "frobnicate"}, {"all-threads", "off"}};
    Run run(scene);
    QVERIFY(run.ends());
    QCOMPARE(run.message(), std::string("no failure"));
    QCOMPARE(run.end, RecordEnd::Stopped);
    QCOMPARE(run.said(), std::string("The trigger was hit.\n"));
    QVERIFY(run.recording && run.collecting);
    QVERIFY(!QFile::exists(scene.path("log/signals")));
    QCOMPARE(scene.arguments(), std::string("attach -pid PID -o PRIVATE/trace.fxt -trigger frobnicate -working-directory PRIVATE/perf"));
}

void tst_MagicTrace::snapshotsAtEveryHitAreCountedUntilStop()
{
    Scene scene("snapshots");
    scene.request.options = {{"trigger", "."}, {"multi-snapshot", "on"}};
    Run run(scene);
    QVERIFY(run.begins());
    QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(scene.path("log/pids")), kSoon); // both were taken, and it goes on
    QVERIFY(!run.collecting);
    run.session.stop();
    QVERIFY(run.ends());
    QCOMPARE(run.said(), std::string("3 snapshots.\n"));
}

void tst_MagicTrace::warningsBecomeNotes()
{
    Scene scene("warnings");
    Run run(scene);
    QVERIFY(run.begins());
    run.session.stop();
    QVERIFY(run.ends());
    QCOMPARE(run.message(), std::string("no failure"));
    QCOMPARE(run.said(), std::string("Without debug information there are no file names and line numbers.\n"
                                     "2 places of the recording could not be decoded.\n"
                                     "1 line of perf's output was not understood by magic-trace.\n"));
}

void tst_MagicTrace::withoutProcessorTraceItSamplesAndSaysSo()
{
    Scene scene("sampling");
    QVERIFY(QDir(scene.path("devices")).rmdir(QStringLiteral("intel_pt")));
    Run run(scene);
    QVERIFY(run.begins());
    run.session.stop();
    QVERIFY(run.ends());
    QCOMPARE(run.message(), std::string("no failure"));
    QCOMPARE(run.said(), std::string("Sampled, since there is no Intel Processor Trace: short calls are missing.\n"
                                     "Callers are found by copies of the stack, which slows the program down.\n"));
}

void tst_MagicTrace::muchOutputDoesNotBlockIt()
{
    Scene scene("chatty");
    Run run(scene);
    QVERIFY(run.begins());
    QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(scene.path("log/chatted")), kSoon);
    run.session.stop();
    QVERIFY(run.ends());
    QCOMPARE(run.message(), std::string("no failure"));
}

void tst_MagicTrace::anOldVersionIsAskedForNothingItLacks()
{
    Scene scene("good", "v1.0.2");
    scene.request.options = {{"filter", "a b"}};
    Run refused(scene);
    QVERIFY(refused.ends());
    QCOMPARE(refused.message(), std::string("This magic-trace (v1.0.2) does not know -filter."));
    QVERIFY(!QFile::exists(scene.path("log/arguments")));
    scene.request.options = {};
    Run run(scene);
    QVERIFY(run.begins());
    run.session.stop();
    QVERIFY(run.ends());
    QCOMPARE(run.message(), std::string("no failure"));
}

void tst_MagicTrace::anOldVersionWithoutProcessorTraceIsNotStarted()
{
    Scene scene("good", "v1.0.2");
    QVERIFY(QDir(scene.path("devices")).rmdir(QStringLiteral("intel_pt")));
    Run run(scene);
    QVERIFY(run.ends());
    QCOMPARE(run.message(),
             std::string("This computer has no Intel Processor Trace (needed: Intel CPU from 2015/16 on, not in a virtual machine)."));
    QVERIFY(!QFile::exists(scene.path("log/arguments")));
}

QTEST_GUILESS_MAIN(tst_MagicTrace)
#include "tst_MagicTrace.moc"
