#include <QTest>

#include "core/record/ProcessList.h"
#include "tests/support/ScriptedRecording.h"

#include <filesystem>
#include <sys/mount.h>

using namespace opscope;
using namespace opscope::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

/// The states of a recording, its limits and its ends.
class tst_Recorder : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void aRecordingGoesFromStartToFile();
    void aSessionMayFinishWithinStop();
    void stoppingTwiceSavesOnce();
    void stoppingWhileStartingCancels();
    void cancelLeavesNothingInEveryState();
    void nothingIsHeardOfACancelledSession();
    void onlyTheFirstEndCounts();
    void listenersMayCancelAtAnyTime();
    void destroyingTheRecorderCancels();
    void itStartsAgainFromAnEnd();
    void startingTwiceRecordsOnce();
    void theTimeLimitSaves();
    void theSizeLimitSaves();
    void aTargetThatEndsIsSaved();
    void aTargetThatEndsWhileStartingIsASentence();
    void aTargetThatEndsWhileCollectingChangesNothing();
    void theSessionMayKnowFirstThatTheTargetEnded();
    void aFailureKeepsWhatThereIs();
    void anEndWithoutAFileIsAFailure();
    void aSessionThatFailsAtOnce();
    void notesAreMadePresentable();
    void theProcessorTimeOfTheTargetIsMeasured();
    void aDiskThatFillsUpSaves();
};

void tst_Recorder::aRecordingGoesFromStartToFile()
{
    Recording r;
    QCOMPARE(r.recorder.state(), Recorder::State::Idle);
    QCOMPARE(r.recorder.status().samples, 0u);
    r.start();
    QCOMPARE(r.states, std::string("Starting Recording"));
    QCOMPARE(r.recorder.status().samples, 7u);
    QVERIFY(r.recorder.request().target.startTicks > 0);
    r.recorder.stop();
    QCOMPARE(r.recorder.state(), Recorder::State::Collecting);
    QTRY_VERIFY(r.ended());
    QCOMPARE(r.states, std::string("Starting Recording Collecting Done"));
    QCOMPARE(r.recorder.end(), RecordEnd::Stopped);
    QCOMPARE(r.recorder.path().toStdString(), r.request.path);
    QCOMPARE(r.recorder.status().samples, 7u);
    QVERIFY(r.fileExists());
    QTRY_COMPARE(ScriptedSession::destroyed, 1);
    QCOMPARE(ScriptedSession::cancelled, 0);
    QVERIFY(processInfo(r.target.pid()).ok());
}

void tst_Recorder::aSessionMayFinishWithinStop()
{
    Recording r;
    script.stop = Script::Stop::FinishesAtOnce;
    r.start();
    r.recorder.stop();
    QCOMPARE(r.states, std::string("Starting Recording Collecting Done"));
}

void tst_Recorder::stoppingTwiceSavesOnce()
{
    Recording r;
    r.recorder.stop(); // nothing runs
    QCOMPARE(r.recorder.state(), Recorder::State::Idle);
    r.start();
    r.recorder.stop();
    r.recorder.stop();
    QTRY_VERIFY(r.ended());
    r.recorder.stop();
    r.recorder.cancel();
    QCOMPARE(ScriptedSession::stopped, 1);
    QCOMPARE(ScriptedSession::cancelled, 0);
    QCOMPARE(r.recorder.state(), Recorder::State::Done);
    QVERIFY(r.fileExists());
}

void tst_Recorder::stoppingWhileStartingCancels()
{
    Recording r;
    script.start = Script::Start::Waits;
    r.start();
    r.recorder.stop();
    QCOMPARE(r.states, std::string("Starting Cancelled"));
    QCOMPARE(r.recorder.end(), RecordEnd::Cancelled);
    QCOMPARE(ScriptedSession::stopped, 0);
    QCOMPARE(ScriptedSession::cancelled, 1);
}

void tst_Recorder::cancelLeavesNothingInEveryState()
{
    for (const auto& [until, expected] : std::vector<std::pair<Recorder::State, std::string>>{
             {Recorder::State::Starting, "Starting Cancelled"},
             {Recorder::State::Recording, "Starting Recording Cancelled"},
             {Recorder::State::Collecting, "Starting Recording Collecting Cancelled"}}) {
        Recording r;
        script.start = until == Recorder::State::Starting ? Script::Start::Waits : Script::Start::Records;
        script.stop = Script::Stop::Waits;
        r.start();
        session->makeFile();
        if (until == Recorder::State::Collecting) r.recorder.stop();
        QCOMPARE(r.recorder.state(), until);
        r.recorder.cancel();
        r.recorder.cancel();
        QCOMPARE(r.states, expected);
        QCOMPARE(ScriptedSession::cancelled, 1);
        QVERIFY(!r.fileExists());
        QVERIFY(r.recorder.path().isEmpty());
        QTRY_COMPARE(ScriptedSession::destroyed, 1);
    }
}

void tst_Recorder::nothingIsHeardOfACancelledSession()
{
    Recording r;
    script.stop = Script::Stop::Waits;
    r.start();
    const QPointer<ScriptedSession> late = session;
    r.recorder.cancel();
    QVERIFY(late);
    late->finish(RecordEnd::Stopped);
    Q_EMIT late->recording();
    Q_EMIT late->noted(QStringLiteral("late"));
    Q_EMIT late->failed({"late"}, {});
    QCOMPARE(r.states, std::string("Starting Recording Cancelled"));
    QVERIFY(r.recorder.notes().empty());
}

void tst_Recorder::onlyTheFirstEndCounts()
{
    Recording r;
    r.start();
    const QPointer<ScriptedSession> late = session;
    late->finish(RecordEnd::SizeLimit);
    QVERIFY(late);
    late->finish(RecordEnd::Stopped);
    Q_EMIT late->failed({"late"}, {});
    QCOMPARE(r.states, std::string("Starting Recording Collecting Done"));
    QCOMPARE(r.recorder.end(), RecordEnd::SizeLimit);
}

void tst_Recorder::listenersMayCancelAtAnyTime()
{
    for (const Recorder::State at : {Recorder::State::Starting, Recorder::State::Recording, Recorder::State::Collecting}) {
        Recording r;
        script.stop = Script::Stop::FinishesAtOnce;
        connect(&r.recorder, &Recorder::stateChanged, &r.recorder, [&](Recorder::State state) {
            if (state == at) r.recorder.cancel();
        });
        r.start();
        r.recorder.stop();
        QTest::qWait(20);
        QCOMPARE(r.recorder.state(), Recorder::State::Cancelled);
        QVERIFY(r.states.ends_with(std::string(name(at)) + " Cancelled"));
    }
}

void tst_Recorder::destroyingTheRecorderCancels()
{
    Recording r;
    script.stop = Script::Stop::Waits;
    {
        Recorder recorder;
        recorder.start(r.backend, r.request);
        session->makeFile();
        QCOMPARE(recorder.state(), Recorder::State::Recording);
    }
    QCOMPARE(ScriptedSession::cancelled, 1);
    QCOMPARE(ScriptedSession::destroyed, 1);
    QVERIFY(!r.fileExists());
    QVERIFY(processInfo(r.target.pid()).ok());
}

void tst_Recorder::itStartsAgainFromAnEnd()
{
    Recording r;
    script.start = Script::Start::Fails;
    QCOMPARE(r.refusal(), std::string("It did not want to."));
    script.start = Script::Start::Records;
    r.states.clear();
    r.start();
    QVERIFY(r.recorder.failure().message.empty());
    r.recorder.cancel();
    r.start();
    r.recorder.stop();
    QTRY_COMPARE(r.recorder.state(), Recorder::State::Done);
    QCOMPARE(r.states, std::string("Starting Recording Cancelled Starting Recording Collecting Done"));
}

void tst_Recorder::startingTwiceRecordsOnce()
{
    Recording r;
    r.start();
    const QPointer<ScriptedSession> first = session;
    r.start();
    QCOMPARE(session, first);
    QCOMPARE(r.states, std::string("Starting Recording"));
}

void tst_Recorder::theTimeLimitSaves()
{
    Recording r;
    r.request.duration = 60ms;
    QElapsedTimer time;
    time.start();
    r.start();
    QTRY_VERIFY(r.ended());
    QVERIFY(time.elapsed() >= 60);
    QCOMPARE(r.recorder.state(), Recorder::State::Done);
    QCOMPARE(r.recorder.end(), RecordEnd::TimeLimit); // not what the session says: it was told to stop
    QCOMPARE(ScriptedSession::stopped, 1);
    r.request.duration = 0ms;
    fs::remove(r.request.path);
    QCOMPARE(r.refusal(), std::string("A recording takes at least a millisecond."));
}

void tst_Recorder::theSizeLimitSaves()
{
    Recording r;
    r.request.maxBytes = 1000;
    r.start();
    QTest::qWait(500);
    QCOMPARE(r.recorder.state(), Recorder::State::Recording);
    script.bytes = 1000;
    QTRY_VERIFY(r.ended());
    QCOMPARE(r.recorder.end(), RecordEnd::SizeLimit);
    QVERIFY(r.fileExists());
}

void tst_Recorder::aTargetThatEndsIsSaved()
{
    Recording r;
    r.start();
    r.target.becomeZombie();
    QTRY_VERIFY(r.ended());
    QCOMPARE(r.states, std::string("Starting Recording Collecting Done"));
    QCOMPARE(r.recorder.end(), RecordEnd::TargetEnded);
    QVERIFY(r.fileExists());
}

void tst_Recorder::aTargetThatEndsWhileStartingIsASentence()
{
    Recording r;
    script.start = Script::Start::Waits;
    r.start();
    r.target.becomeZombie();
    QTRY_VERIFY(r.ended());
    QCOMPARE(r.states, std::string("Starting Failed"));
    QCOMPARE(r.recorder.failure().message, "Process " + std::to_string(r.target.pid()) + " ended before anything was recorded.");
    QCOMPARE(ScriptedSession::cancelled, 1);
}

void tst_Recorder::aTargetThatEndsWhileCollectingChangesNothing()
{
    Recording r;
    script.stop = Script::Stop::Waits;
    r.start();
    r.recorder.stop();
    r.target.becomeZombie();
    QTest::qWait(300);
    QCOMPARE(r.recorder.state(), Recorder::State::Collecting);
    session->finish(RecordEnd::TargetEnded);
    QCOMPARE(r.recorder.state(), Recorder::State::Done);
    QCOMPARE(r.recorder.end(), RecordEnd::Stopped);
    QCOMPARE(ScriptedSession::stopped, 1);
}

void tst_Recorder::theSessionMayKnowFirstThatTheTargetEnded()
{
    Recording r;
    r.start();
    session->finish(RecordEnd::TargetEnded);
    QCOMPARE(r.states, std::string("Starting Recording Collecting Done"));
    QCOMPARE(r.recorder.end(), RecordEnd::TargetEnded);

    Recording short_; // all of it was over before it was said to have begun
    script.start = Script::Start::Waits;
    short_.start();
    session->finish(RecordEnd::TargetEnded);
    QCOMPARE(short_.states, std::string("Starting Done"));
}

void tst_Recorder::aFailureKeepsWhatThereIs()
{
    Recording r;
    r.start();
    session->makeFile();
    Q_EMIT session->failed({"The disk is full.", "Make room.", "write: 28"}, QString::fromStdString(r.request.path));
    QCOMPARE(r.states, std::string("Starting Recording Failed"));
    QCOMPARE(r.recorder.path().toStdString(), r.request.path);
    QCOMPARE(r.recorder.failure().advice, std::string("Make room."));
    QVERIFY(r.fileExists());

    Recording none;
    none.start();
    Q_EMIT session->failed({"It broke."}, QStringLiteral("/nowhere/kept.part"));
    QVERIFY(none.recorder.path().isEmpty());
}

void tst_Recorder::anEndWithoutAFileIsAFailure()
{
    Recording r;
    r.start();
    Q_EMIT session->finished(QString::fromStdString(r.request.path), RecordEnd::Stopped);
    QCOMPARE(r.recorder.state(), Recorder::State::Failed);
    QCOMPARE(r.recorder.failure().message, std::string("The recording ended without a file."));
    QVERIFY(r.recorder.path().isEmpty());
}

void tst_Recorder::aSessionThatFailsAtOnce()
{
    Recording r;
    script.start = Script::Start::Fails;
    QCOMPARE(r.refusal(), std::string("It did not want to."));
    r.backend.session = [](const RecordRequest&) { return std::unique_ptr<RecordSession>(); };
    QCOMPARE(r.refusal(), std::string("Scripted could not be started."));
}

void tst_Recorder::notesAreMadePresentable()
{
    Recording r;
    QStringList heard;
    connect(&r.recorder, &Recorder::noted, &r.recorder, [&](const QString& note) { heard += note; });
    r.start();
    Q_EMIT session->noted(QStringLiteral("user code\033[2J only"));
    QCOMPARE(heard, QStringList{QStringLiteral("user code␛[2J only")});
    QCOMPARE(r.recorder.notes(), std::vector<std::string>{"user code␛[2J only"});
}

void tst_Recorder::theProcessorTimeOfTheTargetIsMeasured()
{
    Recording r;
    const ChildProcess busy({"sh", "-c", "while :; do :; done"});
    r.request.target.pid = busy.pid();
    r.start();
    QTRY_VERIFY(r.recorder.status().targetCpu > 0);
    Recording idle;
    idle.start();
    QTRY_COMPARE(idle.recorder.status().targetCpu, 0.0);
}

void tst_Recorder::aDiskThatFillsUpSaves()
{
    Recording r;
    const std::string disk = r.dir.path().toStdString() + "/disk";
    fs::create_directory(disk);
    if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=20M") != 0) QSKIP("skipped: no right to mount a small disk");
    r.request.path = disk + "/x.fxt";
    r.start();
    writeFile(disk + "/other", std::string(17 << 20, 'x'));
    const bool ended = QTest::qWaitFor([&] { return r.ended(); }, 10'000);
    const bool there = r.fileExists();
    ::umount2(disk.c_str(), MNT_DETACH);
    QVERIFY(ended && there);
    QCOMPARE(r.recorder.end(), RecordEnd::DiskFull);
    QCOMPARE(r.recorder.state(), Recorder::State::Done);
}

QTEST_GUILESS_MAIN(tst_Recorder)
#include "tst_Recorder.moc"
