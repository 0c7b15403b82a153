#include <QRegularExpression>

#include "tests/app/RecordRun.h"
#include "tests/support/Golden.h"

#include <csignal>
#include <filesystem>
#include <sys/mount.h>
#include <sys/resource.h>

using namespace opscope::test;
namespace fs = std::filesystem;

/// What ends a recording, and that it is saved then. With the first backend that is ready; skipped where none is.
class tst_RecordEnd : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void theFirstInterruptSavesTheSecondCancels();
    void terminateAndHangUpSave_data();
    void terminateAndHangUpSave();
    void ignoredSignalsStayIgnored();
    void theEndOfTheProcessSaves();
    void aKilledProcessIsSaved();
    void withoutADurationAProcessIsRecordedForHalfAMinute();
    void theSizeLimitSaves();
    void aFullDiskIsASentence();
    void aFileThatMayNotGrowKeepsWhatThereIs();
    void beingKilledLeavesAValidPartAndTheProcessAlone();
};

void tst_RecordEnd::theFirstInterruptSavesTheSecondCancels()
{
    NEEDS_A_BACKEND();
    const ChildProcess child = busyProgram();
    {
        RecordRun r;
        QVERIFY(r.start({"--pid", pidText(child), "-o", "a.fxt"}));
        QVERIFY(child.works());
        r.signal(SIGINT);
        const Ran ran = r.end();
        QCOMPARE(ran.status, 0);
        QVERIFY2(ran.out.endsWith("; stopped\n"), ran.out.constData());
        QVERIFY(Loaded(r.at("a.fxt")));
    }
    RecordRun r;
    QVERIFY(r.start({"--pid", pidText(child), "-o", "a.fxt"}));
    r.signal(SIGINT);
    r.signal(SIGTERM); // another number, so that the kernel does not make one of both
    const Ran ran = r.end();
    // The first one may have saved all before the second one came.
    QVERIFY(ran.status == 130 || ran.status == 0);
    QCOMPARE(r.files(), ran.status == 0 ? QStringList{QStringLiteral("a.fxt")} : QStringList{});
    if (ran.status == 130) QVERIFY2(ran.err.endsWith("opscope record: cancelled, nothing was kept\n"), ran.err.constData());
    QVERIFY(!child.hasEnded());
}

void tst_RecordEnd::terminateAndHangUpSave_data()
{
    QTest::addColumn<int>("number");
    QTest::newRow("SIGTERM") << SIGTERM;
    QTest::newRow("SIGHUP") << SIGHUP;
}

void tst_RecordEnd::terminateAndHangUpSave()
{
    NEEDS_A_BACKEND();
    QFETCH(const int, number);
    const ChildProcess child = busyProgram();
    RecordRun r;
    QVERIFY(r.start({"--pid", pidText(child), "-o", "a.fxt"}));
    QVERIFY(child.works());
    r.signal(number);
    QCOMPARE(r.end().status, 0);
    QVERIFY(Loaded(r.at("a.fxt")));
}

void tst_RecordEnd::ignoredSignalsStayIgnored()
{
    NEEDS_A_BACKEND();
    const ChildProcess child = busyProgram();
    RecordRun r;
    r.process.setChildProcessModifier([] { ::signal(SIGHUP, SIG_IGN); }); // as nohup does
    QVERIFY(r.start({"--pid", pidText(child), "--duration", "500ms", "-o", "a.fxt"}));
    r.signal(SIGHUP);
    const Ran ran = r.end();
    QCOMPARE(ran.status, 0);
    QVERIFY(ran.out.endsWith("; the time was up\n"));
}

void tst_RecordEnd::theEndOfTheProcessSaves()
{
    NEEDS_A_BACKEND();
    RecordRun r;
    const ChildProcess child({"sh", "-c", "while [ ! -e \"$0\" ]; do i=0; while [ $i -lt 5000 ]; do i=$((i+1)); done; done", r.at("end").toStdString()});
    QVERIFY(r.start({"--pid", pidText(child), "-o", "a.fxt"}));
    QVERIFY(child.works());
    writeFile(r.at("end").toStdString(), "now");
    const Ran ran = r.end();
    QCOMPARE(ran.status, 0);
    QVERIFY2(ran.out.endsWith("; the process ended\n"), ran.out.constData());
    QVERIFY(Loaded(r.at("a.fxt")));
}

void tst_RecordEnd::aKilledProcessIsSaved()
{
    NEEDS_A_BACKEND();
    ChildProcess child = busyProgram();
    RecordRun r;
    QVERIFY(r.start({"--pid", pidText(child), "-o", "a.fxt", "--duration", "1m"}));
    QVERIFY(child.works());
    child.signal(SIGKILL);
    child.reap();
    const Ran ran = r.end();
    QCOMPARE(ran.status, 0);
    QVERIFY2(ran.out.endsWith("; the process ended\n"), ran.out.constData());
    QVERIFY(Loaded(r.at("a.fxt")));
}

void tst_RecordEnd::withoutADurationAProcessIsRecordedForHalfAMinute()
{
    NEEDS_A_BACKEND();
    const ChildProcess child = busyProgram();
    RecordRun r;
    QVERIFY(r.start({"--pid", pidText(child), "-o", "a.fxt"}));
    QVERIFY2(r.err.contains(" for 30"), r.err.constData());
    r.signal(SIGINT);
    QCOMPARE(r.end().status, 0);
    RecordRun other;
    QVERIFY(other.start({"--pid", pidText(child), "--duration", "none", "-o", "a.fxt"}));
    QVERIFY2(other.err.contains(" until it ends, at most "), other.err.constData());
    other.signal(SIGINT);
    QCOMPARE(other.end().status, 0);
    RecordRun command;
    QVERIFY(command.start({"-o", "a.fxt", "--", "true"}));
    QVERIFY2(command.err.contains(" until it ends, at most "), command.err.constData());
    QCOMPARE(command.end().status, 0);
}

void tst_RecordEnd::theSizeLimitSaves()
{
    NEEDS_A_BACKEND();
    const ChildProcess child = busyProgram();
    RecordRun r;
    QVERIFY(r.start({"--pid", pidText(child), "--max-size", "20kB", "--duration", "1m", "-o", "a.fxt"}));
    const Ran ran = r.end();
    QCOMPARE(ran.status, 0);
    QVERIFY2(ran.out.endsWith("; it reached 19.53 KiB\n"), ran.out.constData());
    QVERIFY(Loaded(r.at("a.fxt")));
}

void tst_RecordEnd::aFullDiskIsASentence()
{
    NEEDS_A_BACKEND();
    const ChildProcess child = busyProgram();
    RecordRun r;
    const std::string disk = r.at("disk").toStdString();
    fs::create_directory(disk);
    if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=20M") != 0) QSKIP("skipped: a small disk can be made as root only");
    const auto unmount = qScopeGuard([&] { ::umount2(disk.c_str(), MNT_DETACH); });
    QVERIFY(r.start({"--pid", pidText(child), "-o", "disk/a.fxt"}));
    QVERIFY(child.works());
    writeFile(disk + "/other", std::string(17 << 20, 'x'));
    const Ran ran = r.end();
    QCOMPARE(ran.status, 0);
    QVERIFY2(ran.out.endsWith("; the disk is full\n"), ran.out.constData());
    QVERIFY(Loaded(r.at("disk/a.fxt")));
    const Ran next = record({"--pid", pidText(child), "-o", r.at("disk/b.fxt")});
    QCOMPARE(next.status, 1);
    QVERIFY2(next.err.contains("left; a recording needs 16.00 MiB to begin.\n  Make room or choose a folder on another disk.\n"), next.err.constData());
}

void tst_RecordEnd::aFileThatMayNotGrowKeepsWhatThereIs()
{
    NEEDS_A_BACKEND();
    const ChildProcess child = busyProgram();
    RecordRun r;
    r.process.setChildProcessModifier([] {
        const rlimit limit{30 << 10, 30 << 10}; // less than what is written at once
        ::setrlimit(RLIMIT_FSIZE, &limit);
    });
    QVERIFY(r.start({"--pid", pidText(child), "--duration", "1m", "-o", "a.fxt"}));
    const Ran ran = r.end();
    QCOMPARE(ran.status, 0);
    QVERIFY2(ran.out.endsWith("; the disk is full\n"), ran.out.constData()); // as far as we can see
    QVERIFY(Loaded(r.at("a.fxt")));
    QVERIFY(!child.hasEnded());
}

void tst_RecordEnd::beingKilledLeavesAValidPartAndTheProcessAlone()
{
    NEEDS_A_BACKEND();
    const ChildProcess child = busyProgram();
    RecordRun r;
    QVERIFY(r.start({"--pid", pidText(child), "-o", "a.fxt"}));
    const auto onDisk = [&] {
        const QFileInfoList files = QDir(r.dir.path()).entryInfoList(QDir::Files);
        return files.size() == 1 ? files.front().size() : 0;
    };
    // Its processor time is there with what is written after it: the second time.
    QVERIFY(child.works());
    for (int writes = 0; writes < 2; ++writes) {
        const qint64 before = onDisk();
        QTRY_VERIFY_WITH_TIMEOUT(onDisk() > before, 60'000);
    }
    r.signal(SIGKILL);
    QCOMPARE(r.end().status, -1);
    QCOMPARE(r.files().size(), 1);
    QVERIFY2(r.files().front().contains(QStringLiteral(".part")), qPrintable(r.files().front()));
    QVERIFY(Loaded(r.at(r.files().front().toLatin1().constData())));
    QVERIFY(child.works());
}

QTEST_GUILESS_MAIN(tst_RecordEnd)
#include "tst_RecordEnd.moc"
