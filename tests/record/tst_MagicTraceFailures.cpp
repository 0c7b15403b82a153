#include <QtTest>

#include "tests/support/MagicTraceScene.h"

using namespace opscope;
using namespace opscope::test;

/// Each way in which magic-trace, perf or the target fails, is slow or is cancelled, played by the stand-in.
class tst_MagicTraceFailures : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void everyFailureHasItsSentence_data();
    void everyFailureHasItsSentence();
    void detailsHaveTheCommandAndCleanOutput();
    void rawDataIsKeptForAnotherVersion();
    void aProgramThatIsSomethingElseIsNamed();
    void aProgramThatCannotRunHereIsNamed();
    void itIsNotWaitedForEndlesslyBeforeItAttaches();
    void itIsNotWaitedForEndlesslyWhenItStops();
    void aTargetThatEndsBeforeItIsAttachedIsNamed();
    void cancelLeavesNoProcessAndNoFile_data();
    void cancelLeavesNoProcessAndNoFile();
    void stopBeforeItIsAttachedSavesNothing();
    void stopWhileItDecodesDoesNotSignalIt();
    void aFolderThatCannotBeWrittenIsNamed();
    void ourOwnDeathLeavesAWholeFile();
};

void tst_MagicTraceFailures::everyFailureHasItsSentence_data()
{
    QTest::addColumn<QString>("message");
    QTest::addColumn<QString>("advice");
    const auto add = [](const char* how, const char* message, const char* advice) {
        QTest::newRow(how) << QString::fromUtf8(message) << QString::fromUtf8(advice);
    };
    constexpr const char* kSamples = "Record with samples instead: that needs no program and no special processor.";
    constexpr const char* kDetails = "The details have what it printed.";
    add("dies-early", "magic-trace ended before it was attached (exit status 2).", kDetails);
    add("leaves-early", "magic-trace ended before it was attached (exit status 0).", kDetails);
    add("no-perf", "magic-trace needs the perf program (package linux-perf).", kSamples);
    add("gone", "Process PID has ended.", "Choose another process.");
    add("denied", "You may record only your own processes.", "Choose one of yours, or start Opscope as that user.");
    add("perf-denied", "You may record only your own processes.",
        "If it is yours, the system refuses more than usual: an administrator can run \"sysctl kernel.perf_event_paranoid=2\".");
    add("kernel", "Only root may record kernel code.", "Set \"Kernel code\" to \"Leave out\", or start Opscope as root.");
    add("no-pt", "This computer has no Intel Processor Trace (needed: Intel CPU from 2015/16 on, not in a virtual machine).", kSamples);
    add("no-symbol", "The program has no function of the trigger's name.",
        "Look at the field \"Trigger\": it takes mangled names of the main program file.");
    add("no-table", "The program has no symbol table in which the trigger could be looked up.",
        "Leave the field \"Trigger\" empty to take the snapshot at Stop.");
    add("flag", "This magic-trace does not know one of its options.", "Leave the advanced options at their standard.");
    add("controls", "magic-trace ended before it was attached (exit status 1).", kDetails);
    add("dies-recording", "magic-trace ended while it recorded (exit status 3).", kDetails);
    add("killed", "magic-trace ended while it recorded (signal 9, Killed).", kDetails);
    add("ack", "perf did not answer when the recording was to stop.", "Try again; on a busy machine with fewer threads or a smaller history.");
    add("perf-dies", "perf ended before the recording was stopped.", "It said: perf: Segmentation fault");
    add("cpu-clock", "This machine cannot run magic-trace. Record with samples instead.", "");
    add("disk-full", "The disk is full.", "Make room, choose another folder, or record for a shorter time.");
    add("undecodable", "magic-trace could not decode the recording (exit status 1).", kDetails);
    add("empty", "magic-trace wrote an empty file.", kDetails);
    add("no-file", "magic-trace wrote no file.", kDetails);
    add("strange", "What magic-trace wrote is not a Fuchsia trace.", kDetails);
    add("no-events", "No thread of the process ran during the recording.", "Record for longer.");
    add("no-events, main thread", "The traced thread did not run during the recording.", "Switch on \"All threads\".");
}

void tst_MagicTraceFailures::everyFailureHasItsSentence()
{
    QFETCH(QString, message);
    QFETCH(QString, advice);
    Scene scene(QTest::currentDataTag());
    if (QByteArray(QTest::currentDataTag()).startsWith("no-events")) write(scene.path("some.fxt"), written(Events::None));
    if (QByteArray(QTest::currentDataTag()).endsWith("main thread")) scene.request.options["all-threads"] = "off";
    Run run(scene);
    QObject::connect(&run.session, &RecordSession::recording, &run.session, &RecordSession::stop, Qt::QueuedConnection);
    QVERIFY(run.ends());
    QCOMPARE(run.message(), bytes(message.replace(QStringLiteral("PID"), QString::number(scene.request.target.pid))));
    QCOMPARE(run.failure->advice, bytes(advice));
    QVERIFY(run.failure->details.find("magic-trace attach -pid ") != std::string::npos);
    QTRY_COMPARE(scene.made(), QStringList());
    QVERIFY(scene.target.state() == QProcess::Running);
}

void tst_MagicTraceFailures::detailsHaveTheCommandAndCleanOutput()
{
    Scene scene("controls");
    scene.request.options = {{"trigger", "it's"}};
    Run run(scene);
    QVERIFY(run.ends());
    QString details = QString::fromStdString(run.failure->details);
    details.replace(QString::number(scene.request.target.pid), QStringLiteral("PID"));
    static const QRegularExpression kFolders(QStringLiteral("/\\S*/(?=magic-trace|trace\\.fxt|perf)"));
    details.replace(kFolders, QStringLiteral("/.../"));
    QCOMPARE(details, QStringLiteral("/.../magic-trace attach -pid PID -o /.../trace.fxt -multi-thread -trigger 'it'\\''s' "
                                     "-working-directory /.../perf\n"
                                     "perf: \u241b[2J\u241b]0;owned\u2407 broken \ufffd\n"));
}

void tst_MagicTraceFailures::rawDataIsKeptForAnotherVersion()
{
    Scene scene("bug");
    Run run(scene);
    QVERIFY(run.begins());
    run.session.stop();
    QVERIFY(run.ends());
    QCOMPARE(run.message(), std::string("Your magic-trace does not understand this perf version."));
    const std::string raw = scene.request.path + ".perf";
    const QString program = QFile::symLinkTarget(QStringLiteral("/proc/%1/exe").arg(scene.request.target.pid));
    QCOMPARE(run.failure->advice, "Install a newer magic-trace, or name an older perf in MAGIC_TRACE_PERF_PATH. The raw data is kept: "
                                  "magic-trace decode -working-directory " + raw + " -executable " + bytes(program) + " -o " + scene.request.path);
    QTRY_COMPARE(scene.made(), QStringList{QStringLiteral("run.fxt.perf")});
    QCOMPARE(contentOf(scene.path("out/run.fxt.perf/perf.data")), QByteArray("raw\n"));
}

void tst_MagicTraceFailures::aProgramThatIsSomethingElseIsNamed()
{
    Scene other("other"), silent("silent"), mute;
    silent.patience.probe = 100ms;
    write(mute.path("bin/magic-trace"), "#!/bin/sh\necho hello\n", true);
    for (Scene* scene : {&other, &silent, &mute}) {
        qputenv("STANDIN", scene == &other ? "other" : "silent");
        Run run(*scene);
        QVERIFY(run.ends());
        QCOMPARE(run.message(), bytes(scene->path("bin/magic-trace")) + " does not answer like magic-trace.");
        QCOMPARE(run.failure->advice, std::string("Choose its location."));
        QTRY_COMPARE(scene->made(), QStringList());
    }
}

void tst_MagicTraceFailures::aProgramThatCannotRunHereIsNamed()
{
    Scene scene;
    write(scene.path("bin/magic-trace"), QByteArray("\x7f" "ELF of another machine"), true);
    Run run(scene);
    QVERIFY(run.ends());
    const std::string expected = bytes(scene.path("bin/magic-trace")) + " cannot be started: ";
    QVERIFY2(run.message().starts_with(expected) && run.message().ends_with("."), run.message().c_str());
    QVERIFY2(run.message().find("format") != std::string::npos, run.message().c_str());
}

void tst_MagicTraceFailures::itIsNotWaitedForEndlesslyBeforeItAttaches()
{
    Scene scene("never-attaches");
    scene.patience.attach = 300ms;
    Run run(scene);
    QVERIFY(run.ends());
    QCOMPARE(run.message(), std::string("magic-trace was not attached within 0 s."));
    QTRY_VERIFY(scene.allGone());
    QTRY_COMPARE(scene.made(), QStringList());
}

void tst_MagicTraceFailures::itIsNotWaitedForEndlesslyWhenItStops()
{
    Scene scene("hangs-on-stop");
    scene.patience.offer = 200ms;
    scene.patience.giveUp = 1200ms;
    Run run(scene);
    QVERIFY(run.begins());
    run.session.stop();
    QVERIFY(run.steps("magic-trace does not stop"));
    QCOMPARE(run.said(), std::string("magic-trace has not stopped for 0 s. Cancel ends it; the recording is lost then.\n"));
    QVERIFY(run.ends());
    QCOMPARE(run.message(), std::string("magic-trace did not stop within 1 s, so it was ended."));
    QTRY_VERIFY(scene.allGone());
    QCOMPARE(scene.logged("signals").size(), 1);
    QVERIFY(scene.target.state() == QProcess::Running);
}

void tst_MagicTraceFailures::aTargetThatEndsBeforeItIsAttachedIsNamed()
{
    Scene scene("never-attaches");
    Run run(scene);
    QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(scene.path("log/pids")), kSoon);
    scene.endTarget();
    QVERIFY(run.ends());
    QCOMPARE(run.message(), "Process " + std::to_string(scene.request.target.pid) + " has ended.");
    QTRY_VERIFY(scene.allGone());
    QTRY_COMPARE(scene.made(), QStringList());
}

void tst_MagicTraceFailures::cancelLeavesNoProcessAndNoFile_data()
{
    QTest::addColumn<QString>("step");
    QTest::newRow("never-attaches") << QStringLiteral("Attaching");
    QTest::newRow("good") << QString();
    QTest::newRow("hangs-on-stop") << QStringLiteral("Stopping");
    QTest::newRow("slow") << QStringLiteral("Decoding for 0 s");
}

void tst_MagicTraceFailures::cancelLeavesNoProcessAndNoFile()
{
    QFETCH(QString, step);
    Scene scene(QTest::currentDataTag());
    Run run(scene);
    if (step != QStringLiteral("Attaching")) QVERIFY(run.begins());
    if (step == QStringLiteral("Stopping") || step.startsWith(QStringLiteral("Decoding"))) run.session.stop();
    QVERIFY(run.steps(bytes(step)));
    QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(scene.path("log/pids")), kSoon);
    QVERIFY(!scene.allGone());
    run.session.cancel();
    QTRY_VERIFY(scene.allGone());
    QTRY_COMPARE(scene.made(), QStringList());
    QCoreApplication::processEvents();
    QVERIFY(!run.over());
    QVERIFY(scene.target.state() == QProcess::Running);
}

void tst_MagicTraceFailures::stopBeforeItIsAttachedSavesNothing()
{
    Scene scene("never-attaches");
    Run run(scene);
    QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(scene.path("log/pids")), kSoon);
    run.session.stop();
    QTRY_VERIFY(scene.allGone());
    QVERIFY(!run.over());
    QTRY_COMPARE(scene.made(), QStringList());
}

void tst_MagicTraceFailures::stopWhileItDecodesDoesNotSignalIt()
{
    Scene scene("slow");
    Run run(scene);
    QVERIFY(run.begins());
    run.session.stop();
    QVERIFY(run.steps("Decoding"));
    run.session.stop();
    QTest::qWait(100); // a signal would have killed it by then
    QVERIFY(!run.over());
    run.session.cancel();
}

void tst_MagicTraceFailures::aFolderThatCannotBeWrittenIsNamed()
{
    Scene scene;
    scene.request.path = bytes(scene.path("nowhere/run.fxt"));
    Run run(scene);
    QVERIFY(run.ends());
    QVERIFY2(run.message().starts_with("Nothing can be written to " + bytes(scene.path("nowhere")) + ": "), run.message().c_str());
}

void tst_MagicTraceFailures::ourOwnDeathLeavesAWholeFile()
{
    Scene scene;
    // The kernel tells a child of the end of the thread that started it as it does of a whole process, and nobody cleans up here either.
    static Run* abandoned = nullptr;
    const std::unique_ptr<QThread> mortal(QThread::create([&] {
        abandoned = new Run(scene);
        abandoned->begins();
    }));
    mortal->start();
    QVERIFY(mortal->wait(kSoon));
    QVERIFY(abandoned->recording);
    const auto left = [&] { return scene.made().isEmpty() ? QString() : scene.path("out/") + scene.made().first() + QStringLiteral("/trace.fxt"); };
    QTRY_COMPARE_WITH_TIMEOUT(contentOf(left()), written(Events::Some), kSoon);
    QTRY_VERIFY(scene.allGone());
    QCOMPARE(scene.logged("signals").size(), 1);
    QVERIFY2(scene.made().first().startsWith(QStringLiteral("run.fxt.recording-")), qPrintable(scene.made().first()));
    QVERIFY(scene.target.state() == QProcess::Running);
}

QTEST_GUILESS_MAIN(tst_MagicTraceFailures)
#include "tst_MagicTraceFailures.moc"
