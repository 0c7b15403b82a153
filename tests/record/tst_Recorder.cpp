#include <QPointer>
#include <QTemporaryDir>
#include <QTest>

#include "core/record/ProcessList.h"
#include "core/record/RecordChecks.h"
#include "core/record/Recorder.h"
#include "tests/support/ChildProcess.h"
#include "tests/support/Golden.h"

#include <filesystem>
#include <sys/mount.h>
#include <sys/stat.h>
#include <thread>

using namespace opscope;
using namespace opscope::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

/// What a session of the test does by itself; everything else the test makes it do.
struct Script
{
    enum class Start { Records, Waits, Fails } start = Start::Records;
    enum class Stop { FinishesAtOnce, FinishesLater, Waits } stop = Stop::FinishesLater;
    std::uint64_t bytes = 100;
    Readiness readiness = {};
};
Script script;

/// Makes a real file, and takes it away when it is cancelled.
class ScriptedSession : public RecordSession
{
public:
    explicit ScriptedSession(const RecordRequest& request) : m_request(request) {}
    ~ScriptedSession() override { ++destroyed; }

    void start() override
    {
        if (script.start == Script::Start::Records) Q_EMIT recording();
        if (script.start == Script::Start::Fails) Q_EMIT failed({"It did not want to."}, {});
    }
    void stop() override
    {
        ++stopped;
        if (script.stop == Script::Stop::FinishesAtOnce) finish(RecordEnd::Stopped);
        if (script.stop == Script::Stop::FinishesLater) QTimer::singleShot(0, this, [this] { finish(RecordEnd::Stopped); });
    }
    void cancel() override
    {
        ++cancelled;
        fs::remove(m_request.path);
    }
    RecordStatus status() const override
    {
        RecordStatus now;
        now.samples = 7;
        now.bytes = script.bytes;
        return now;
    }
    void finish(RecordEnd end)
    {
        Q_EMIT collecting();
        makeFile();
        Q_EMIT finished(QString::fromStdString(m_request.path), end);
    }
    void makeFile() { writeFile(m_request.path, "recorded"); }

    static inline int stopped = 0, cancelled = 0, destroyed = 0;

private:
    RecordRequest m_request;
};
QPointer<ScriptedSession> session;

std::vector<RecordOption> someOptions()
{
    using Kind = RecordOption::Kind;
    return {{.id = "frequency", .title = "Samples per second", .help = "How often.", .kind = Kind::Number, .standard = "999", .unit = "Hz", .low = 1, .high = 10'000},
            {.id = "stacks", .title = "Call stacks", .help = "Which.", .kind = Kind::Choice, .standard = "fp", .choices = {{"fp", "Fast"}, {"dwarf", "Deep"}}},
            {.id = "kernel", .title = "Kernel code", .help = "Too.", .kind = Kind::Switch, .standard = "off"},
            {.id = "where", .title = "Folder", .help = "Of it.", .kind = Kind::Path}};
}

RecorderBackend scripted()
{
    return {.id = "scripted", .title = "Scripted", .summary = "For tests.", .startsCommands = true, .options = someOptions,
            .check = [](const RecordTarget&, const OptionValues&) { return script.readiness; },
            .session = [](const RecordRequest& request) -> std::unique_ptr<RecordSession> {
                auto made = std::make_unique<ScriptedSession>(request);
                session = made.get();
                return made;
            }};
}

const char* name(Recorder::State state)
{
    return QMetaEnum::fromType<Recorder::State>().valueToKey(static_cast<int>(state));
}

/// A target that sleeps, a folder, a recorder whose states are written down.
struct Recording
{
    ChildProcess target = ChildProcess::sleeping();
    QTemporaryDir dir;
    RecordRequest request;
    RecorderBackend backend = scripted();
    Recorder recorder;
    std::string states;

    Recording()
    {
        script = {};
        ScriptedSession::stopped = ScriptedSession::cancelled = ScriptedSession::destroyed = 0;
        request.target.pid = target.pid();
        request.path = dir.path().toStdString() + "/out.fxt";
        QObject::connect(&recorder, &Recorder::stateChanged, &recorder, [this](Recorder::State state) { states += std::string(states.empty() ? "" : " ") + name(state); });
    }
    void start() { recorder.start(backend, request); }
    bool ended() const { return recorder.state() != Recorder::State::Idle && !recorder.running(); }
    bool fileExists() const { return fs::exists(request.path); }
    /// Starts it, which must fail: the sentence.
    std::string refusal()
    {
        states.clear();
        start();
        if (states != "Starting Failed" || recorder.end() != RecordEnd::Failed) return "not refused: " + states;
        if (fileExists()) return "a file was made";
        return recorder.failure().message;
    }
};

} // namespace

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
    void targetsThatCannotBeRecordedAreRefused();
    void processesOfOthersAreRefused();
    void placesThatCannotBeWrittenAreRefused();
    void aFullDiskIsRefusedBeforeTheStart();
    void aDiskThatFillsUpSaves();
    void optionsAreChecked();
    void commandsAreLookedFor();
    void backendsThatAreNotReadySayWhy();
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

void tst_Recorder::targetsThatCannotBeRecordedAreRefused()
{
    Recording r;
    const std::string pid = std::to_string(r.target.pid());
    const std::uint64_t ticks = processInfo(r.target.pid())->startTicks;
    r.request.target.startTicks = ticks + 1;
    QCOMPARE(r.refusal(), "Process " + pid + " has ended; another one, sleep, has its number now.");
    r.request.target.startTicks = 0;
    r.target.becomeZombie();
    QCOMPARE(r.refusal(), "Process " + pid + " (sleep) has ended; only its entry in the list of processes is left.");
    r.target.reap();
    QCOMPARE(r.refusal(), "There is no process " + pid + ".");
    r.request.target.startTicks = ticks;
    QCOMPARE(r.refusal(), "Process " + pid + " has ended.");
    r.request.target = {.pid = ::getpid()};
    QCOMPARE(r.refusal(), "Process " + std::to_string(::getpid()) + " (tst_Recorder) is Opscope itself.");
    r.request.target = {};
    QCOMPARE(r.refusal(), std::string("0 is no process number."));

    ProcessInfo kernel{.pid = 2, .name = "kthreadd", .kernelThread = true};
    QCOMPARE(checkProcess(kernel)->message, std::string("Process 2 (kthreadd) is a thread of the kernel, not a program."));
    if (const auto real = processInfo(2); real && real->kernelThread) {
        r.request.target = {.pid = 2};
        QCOMPARE(r.refusal(), "Process 2 (" + real->name + ") is a thread of the kernel, not a program.");
    }
}

void tst_Recorder::processesOfOthersAreRefused()
{
    const bool root = ::geteuid() == 0;
    if (root && ::seteuid(65534) != 0) QSKIP("skipped: cannot become another user");
    const auto init = processInfo(1);
    const auto refused = init ? checkProcess(*init) : std::nullopt;
    RecordTarget hidden{.pid = 1};
    const auto target = checkTarget(hidden);
    if (root) QCOMPARE(::seteuid(0), 0);
    QVERIFY(target);
    if (!init) QSKIP("skipped: the system hides processes of others"); // told by checkTarget
    QVERIFY(refused);
    QCOMPARE(refused->message, "Process " + processLabel(*init) + " belongs to root; the system lets you record only your own processes.");
    QVERIFY(!refused->advice.empty());
    if (root) QVERIFY(!checkProcess(*init));
}

void tst_Recorder::placesThatCannotBeWrittenAreRefused()
{
    Recording r;
    const std::string folder = r.dir.path().toStdString();
    const auto refusal = [&](const std::string& path) {
        r.request.path = path;
        r.states.clear();
        r.start();
        return r.recorder.state() == Recorder::State::Failed ? r.recorder.failure().message : "not refused";
    };
    QCOMPARE(refusal(folder + "/none/x.fxt"), "The folder " + folder + "/none cannot be used: No such file or directory.");
    QCOMPARE(refusal(folder + "/"), std::string("The recording needs the name of a file, not of a folder."));
    QCOMPARE(refusal(""), std::string("The recording needs the name of a file, not of a folder."));
    fs::create_directory(folder + "/sub");
    QCOMPARE(refusal(folder + "/sub"), std::string("sub is there already and not a file."));
    writeFile(folder + "/file", "x");
    QCOMPARE(refusal(folder + "/file/x.fxt"), folder + "/file is not a folder.");
    const bool root = ::geteuid() == 0;
    if (root && ::seteuid(65534) != 0) QSKIP("skipped: cannot become another user");
    const auto others = checkPlace("/usr/x.fxt");
    if (root) QCOMPARE(::seteuid(0), 0);
    QCOMPARE(others.value_or(RecordFailure{}).message, std::string("The folder /usr cannot be written to: Permission denied."));
}

void tst_Recorder::aFullDiskIsRefusedBeforeTheStart()
{
    Recording r;
    const std::string disk = r.dir.path().toStdString() + "/disk";
    fs::create_directory(disk);
    if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=1M") != 0) QSKIP("skipped: no right to mount a small disk");
    r.request.path = disk + "/x.fxt";
    const std::string sentence = r.refusal();
    ::umount2(disk.c_str(), MNT_DETACH);
    QCOMPARE(sentence, "The disk of " + disk + " has 1.00 MiB left; a recording needs 16.00 MiB to begin.");
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

void tst_Recorder::optionsAreChecked()
{
    const auto options = someOptions();
    QCOMPARE(optionValue(options, {}, "frequency"), std::string("999"));
    QCOMPARE(optionValue(options, {{"frequency", "99"}}, "frequency"), std::string("99"));
    QCOMPARE(optionValue(options, {}, "nothing"), std::string());
    QVERIFY(checkOptions(options, {{"frequency", "1"}, {"stacks", "dwarf"}, {"kernel", "on"}, {"where", "/tmp/a b"}}).ok());
    const auto sentence = [&](const std::string& id, const std::string& value) {
        const Status status = checkOptions(options, {{id, value}});
        return status ? "good" : status.error().message;
    };
    QCOMPARE(sentence("frequency", "0"), std::string("Samples per second: \"0\" is no whole number from 1 to 10,000 Hz"));
    for (const char* bad : {"10001", "", "9x", " 9", "99999999999999999999", "1.5", "-1", "0x10"}) QVERIFY(sentence("frequency", bad) != "good");
    QCOMPARE(sentence("stacks", "lbr\033"), std::string("Call stacks: \"lbr␛\" is none of fp, dwarf"));
    QCOMPARE(sentence("kernel", "true"), std::string("Kernel code: \"true\" is neither on nor off"));
    QCOMPARE(sentence("where", std::string("a\0b", 3)), std::string("Folder: \"a␀b\" holds a NUL"));
    QCOMPARE(sentence("speed", "1"), std::string("\"speed\" is no option of this backend"));
    Recording r;
    r.request.options = {{"kernel", "yes"}};
    QCOMPARE(r.refusal(), std::string("Kernel code: \"yes\" is neither on nor off."));
}

void tst_Recorder::commandsAreLookedFor()
{
    Recording r;
    r.request.target = {.command = {"opscope-no-such-command"}};
    QCOMPARE(r.refusal(), std::string("There is no command opscope-no-such-command."));
    r.request.target.command = {""};
    QCOMPARE(r.refusal(), std::string("There is no command to start."));
    r.request.target.command = {"/no/such\n"};
    QCOMPARE(r.refusal(), std::string("/no/such␊ is not there."));
    const std::string file = r.dir.path().toStdString() + "/text";
    writeFile(file, "x");
    r.request.target.command = {file};
    QCOMPARE(r.refusal(), file + " is not a program that can be started.");
    r.request.target.command = {r.dir.path().toStdString() + "/"};
    QVERIFY(r.refusal().ends_with("is not a program that can be started."));
    r.request.target = {.command = {"./text"}, .folder = r.dir.path().toStdString()};
    QCOMPARE(r.refusal(), std::string("./text is not a program that can be started."));
    fs::permissions(file, fs::perms::owner_all);
    QVERIFY(!checkTarget(r.request.target));
    r.request.target.folder += "/none";
    QCOMPARE(r.refusal(), "There is no folder " + r.request.target.folder + " for the command to start in.");
    r.request.target = {.command = {"true", "x"}};
    r.states.clear();
    r.start();
    QCOMPARE(r.states, std::string("Starting Recording"));
    r.recorder.cancel();
    r.backend.startsCommands = false;
    QCOMPARE(r.refusal(), std::string("Scripted cannot start a command."));
}

void tst_Recorder::backendsThatAreNotReadySayWhy()
{
    Recording r;
    script.readiness = {.state = Readiness::State::NeedsPermission, .reason = "perf_event_paranoid is 3", .advice = "Ask for sysctl kernel.perf_event_paranoid=2."};
    QCOMPARE(r.refusal(), std::string("Scripted cannot record this: perf_event_paranoid is 3."));
    QCOMPARE(r.recorder.failure().advice, std::string("Ask for sysctl kernel.perf_event_paranoid=2."));
    script.readiness = {.state = Readiness::State::NotPossible, .reason = "No Intel Processor Trace here"};
    QCOMPARE(r.refusal(), std::string("Scripted cannot record this: No Intel Processor Trace here."));
}

QTEST_GUILESS_MAIN(tst_Recorder)
#include "tst_Recorder.moc"
