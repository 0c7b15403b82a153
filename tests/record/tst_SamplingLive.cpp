#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "core/record/RecorderBackends.h"
#include "core/record/sampling/Collector.h"
#include "core/record/sampling/PerfEvents.h"
#include "core/record/sampling/ProcFiles.h"
#include "core/record/sampling/RecordMerge.h"
#include "tests/support/ChildProcess.h"
#include "tests/support/FxtProfile.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace opscope;
using namespace opscope::sampling;
using opscope::test::ChildProcess;
using opscope::test::FxtProfile;
using opscope::test::fxtProfile;
using Line = opscope::test::FxtProfile::Line;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> target(std::vector<std::string> arguments)
{
    arguments.insert(arguments.begin(), OPSCOPE_SAMPLING_TARGET);
    return arguments;
}

/// Whether it becomes true, however slow the machine is.
template <class Condition>
bool becomes(Condition condition) { return QTest::qWaitFor(condition, 60'000); }

/// Its threads have been made.
bool hasThreads(const ChildProcess& child, std::size_t count)
{
    return becomes([&] { return threadsOf(child.pid()).size() >= count; });
}

/// Far longer than any test takes: targets run until they are told to go on.
const char* const kLong = "600000";

/// Processor time of a process in ns, to 10 ms.
std::int64_t cpuOf(pid_t pid)
{
    const auto stat = procStat(pid);
    return stat ? static_cast<std::int64_t>(stat->cpuTicks) * 1'000'000'000 / ::sysconf(_SC_CLK_TCK) : 0;
}

/// A session and what it said.
struct Session
{
    Session(RecordTarget target, const std::string& path, OptionValues options = {}, bool replace = false)
    {
        RecordRequest request;
        request.target = std::move(target);
        request.path = path;
        request.options = std::move(options);
        request.replace = replace;
        session = findBackend("samples")->session(request);
        began = std::make_unique<QSignalSpy>(session.get(), &RecordSession::recording);
        noted = std::make_unique<QSignalSpy>(session.get(), &RecordSession::noted);
        QObject::connect(session.get(), &RecordSession::finished, [this](const QString& made, RecordEnd how) { ++ends, end = how, file = made; });
        QObject::connect(session.get(), &RecordSession::noted, [this](const QString& note) { notes << note; });
        QObject::connect(session.get(), &RecordSession::failed, [this](const RecordFailure& why, const QString& what) {
            ++ends;
            end = RecordEnd::Failed;
            failure = why;
            kept = what;
        });
    }
    bool start()
    {
        session->start();
        return becomes([this] { return began->count() == 1 || ends; }) && !ends;
    }
    bool ended()
    {
        return becomes([this] { return ends > 0; }) && ends == 1;
    }
    bool taken(std::uint64_t samples)
    {
        return becomes([&] { return session->status().samples >= samples || ends; }) && !ends;
    }
    bool stop()
    {
        session->stop();
        return ended();
    }
    std::string problem() const { return failure.message + " " + failure.details; }

    std::unique_ptr<RecordSession> session;
    std::unique_ptr<QSignalSpy> began, noted;
    int ends = 0;
    RecordEnd end = RecordEnd::Cancelled;
    RecordFailure failure;
    QString kept, file;
    QStringList notes;
};

} // namespace

class tst_SamplingLive : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(m_folder.isValid());
        const int error = PerfEvents::tryToOpen(0, {.kernel = false});
        if (error) QSKIP(("perf_event_open is refused here: " + std::string(std::strerror(error))).c_str());
        sigset_t goOn; // targets inherit it: one that comes before they are ready waits
        ::sigemptyset(&goOn);
        ::sigaddset(&goOn, SIGUSR1);
        QCOMPARE(::sigprocmask(SIG_BLOCK, &goOn, nullptr), 0);
    }
    void cleanup()
    {
        for (const auto& entry : fs::directory_iterator(m_folder.path().toStdString())) fs::remove_all(entry);
    }

    void sharesOfFunctionsAreThoseOfProcessorTime_data()
    {
        QTest::addColumn<QString>("stacks");
        QTest::newRow("unwound") << "unwound";
        QTest::newRow("frame pointers") << "frame-pointers";
    }
    void sharesOfFunctionsAreThoseOfProcessorTime()
    {
        QFETCH(QString, stacks);
        ChildProcess child(target({"threads", kLong, "8"}));
        QVERIFY(hasThreads(child, 9));
        Session session({.pid = child.pid()}, at("a.fxt"), {{"call-stacks", stacks.toStdString()}});
        const std::int64_t before = cpuOf(child.pid());
        QVERIFY2(session.start(), session.problem().c_str());
        const std::int64_t began = cpuOf(child.pid());
        QVERIFY(child.works(2'500));
        const std::int64_t least = cpuOf(child.pid()) - began;
        QVERIFY2(session.stop(), session.problem().c_str());
        const std::int64_t most = cpuOf(child.pid()) - before;
        QCOMPARE(session.end, RecordEnd::Stopped);
        const FxtProfile recording = fxtProfile(at("a.fxt"));
        QCOMPARE(recording.error, std::string());
        std::int64_t covered = 0, hot = 0, warm = 0;
        int workers = 0;
        for (const auto& [key, line] : recording.threads) {
            QCOMPARE(line.problem, std::string());
            QVERIFY2(line.open.empty(), key.c_str());
            covered += line.covered;
            workers += line.name.starts_with("worker ");
            for (const auto& [function, time] : line.time) {
                if (function == "hot_function") hot += time;
                if (function == "warm_function") warm += time;
            }
        }
        QCOMPARE(workers, 8);
        // None, if the machine does not let us wait for a tenth of a second; bench_record has the figure.
        const RecordStatus status = session.session->status();
        QVERIFY2(status.lost * 20 <= status.samples, (std::to_string(status.lost) + " lost, " + std::to_string(status.samples) + " taken").c_str());
        // Time until the first sample after each switch has no stack; all the rest has.
        QVERIFY2(covered > least * 7 / 10 && covered < most * 115 / 100,
                 (std::to_string(covered) + " of " + std::to_string(least) + " to " + std::to_string(most)).c_str());
        if (stacks == u"unwound") {
            const double share = static_cast<double>(hot) / static_cast<double>(hot + warm);
            QVERIFY2(share > 0.70 && share < 0.80, std::to_string(share).c_str());
            const Line* worker = recording.named("worker 3");
            QVERIFY(worker);
            QVERIFY2(worker->callers.at("burn").ends_with("worker > hot_function > ") || worker->callers.at("burn").ends_with("worker > warm_function > "),
                     worker->callers.at("burn").c_str());
            QVERIFY(recording.switches.contains(recording.threadId(worker) + " out blocked"));
        }
        QVERIFY(recording.began.find("sampled_hz=") != std::string::npos);
        QVERIFY(!recording.ended.empty());
    }
    void stacksThatAreDeeperThanTheCopyAreTold_data()
    {
        QTest::addColumn<QString>("asked");
        QTest::addColumn<QString>("copied");
        QTest::newRow("chosen for a native program") << "auto" << "8192";
        QTest::newRow("chosen by the person") << "24576" << "24576";
    }
    void stacksThatAreDeeperThanTheCopyAreTold()
    {
        QFETCH(QString, asked);
        QFETCH(QString, copied);
        ChildProcess child(target({"deep", kLong}));
        QVERIFY(child.works());
        Session session({.pid = child.pid()}, at("a.fxt"), {{"stack-bytes", asked.toStdString()}});
        QVERIFY2(session.start(), session.problem().c_str());
        QVERIFY2(session.taken(50), session.problem().c_str());
        QVERIFY2(session.stop(), session.problem().c_str());
        const FxtProfile recording = fxtProfile(at("a.fxt"));
        QCOMPARE(recording.error, std::string());
        QVERIFY2(recording.began.find("stack_bytes=int32:" + copied.toStdString()) != std::string::npos, recording.began.c_str());
        const Line* line = recording.with("late_function");
        QVERIFY(line);
        const QString notes = session.notes.join(QLatin1Char('\n'));
        const bool cut = asked == u"auto";
        QCOMPARE(line->time.contains("[callers missing]"), cut);
        QCOMPARE(line->time.contains("main"), !cut);
        QVERIFY2(notes.contains(QStringLiteral("they are deeper than the 8 KiB that are copied; --stack-bytes 24576 copies more")) == cut, qPrintable(notes));
        const std::uint64_t samples = session.session->status().samples;
        QVERIFY2(recording.ended.find("samples=int32:" + std::to_string(samples)) != std::string::npos, recording.ended.c_str());
        QVERIFY2((recording.ended.find("without_callers=int32:0,") == std::string::npos) == cut, recording.ended.c_str());
    }
    void aThreadBornLaterIsRecorded()
    {
        ChildProcess child(target({"born", kLong}));
        Session session({.pid = child.pid()}, at("a.fxt"));
        QVERIFY2(session.start(), session.problem().c_str());
        child.signal(SIGUSR1);
        QVERIFY(hasThreads(child, 2) && child.works());
        child.signal(SIGUSR1);
        QVERIFY(session.ended());
        QCOMPARE(session.end, RecordEnd::TargetEnded);
        const FxtProfile recording = fxtProfile(at("a.fxt"));
        QCOMPARE(recording.error, std::string());
        const Line* late = recording.with("late_function");
        QVERIFY(late);
        QCOMPARE(late->name, "sampling_target " + recording.threadId(late));
    }
    void threadsBornLaterAreRecordedWithOneRingEach()
    {
        // What is done where there are too few descriptors.
        ChildProcess child(target({"born", kLong}));
        PerfEvents events({.kernel = false, .perThread = true});
        RecordMerge merge;
        RingInboxes inboxes;
        const auto failure = events.attach(child.pid(), inboxes);
        QVERIFY2(!failure, failure ? failure->message.c_str() : "");
        child.signal(SIGUSR1);
        std::map<pid_t, int> samples;
        PerfRecord record;
        while (events.wait(std::chrono::milliseconds(20), -1) != PerfEvents::Wake::AllGone) {
            events.drain(inboxes);
            events.rescan();
            for (std::size_t i = 0; i < inboxes.size(); ++i) merge.add(i, std::exchange(inboxes[i], {}));
            merge.releaseAll([&](std::span<const std::uint64_t> words) {
                if (decodeRecord(words, events.layout(), record) && record.kind == PerfKind::Sample) ++samples[record.tid];
            });
            if (!samples.empty() && samples.rbegin()->first != child.pid() && samples.rbegin()->second > 3) child.signal(SIGUSR1);
        }
        QVERIFY(samples.size() >= 1);
        QVERIFY2(samples.rbegin()->first != child.pid() && samples.rbegin()->second > 3, std::to_string(samples.rbegin()->second).c_str());
    }
    void theEndOfTheTargetEndsTheRecording()
    {
        ChildProcess child(target({"threads", kLong, "2"}));
        QVERIFY(hasThreads(child, 3));
        Session session({.pid = child.pid()}, at("a.fxt"));
        QVERIFY2(session.start(), session.problem().c_str());
        child.signal(SIGUSR1);
        QVERIFY(session.ended());
        QCOMPARE(session.end, RecordEnd::TargetEnded);
        QCOMPARE(WEXITSTATUS(child.reap()), 7);
        QCOMPARE(fxtProfile(at("a.fxt")).error, std::string());
        QVERIFY(!fs::exists(at("a.fxt.part")));
    }
    void aTargetThatIsKilledLeavesAWholeFile()
    {
        ChildProcess child(target({"threads", kLong, "2"}));
        QVERIFY(hasThreads(child, 3));
        Session session({.pid = child.pid()}, at("a.fxt"));
        QVERIFY2(session.start(), session.problem().c_str());
        QVERIFY(child.works());
        child.signal(SIGKILL);
        QVERIFY(session.ended());
        QCOMPARE(session.end, RecordEnd::TargetEnded);
        const FxtProfile recording = fxtProfile(at("a.fxt"));
        QCOMPARE(recording.error, std::string());
        QVERIFY(recording.with("hot_function"));
    }
    void anExecChangesNameAndFunctions()
    {
        ChildProcess child(target({"exec", kLong}));
        const pid_t pid = child.pid();
        Session session({.pid = pid}, at("a.fxt"));
        QVERIFY2(session.start(), session.problem().c_str());
        QVERIFY(child.works());
        child.signal(SIGUSR1);
        QVERIFY(becomes([&] { return programName(pid) == "exe"; }) && child.works());
        child.signal(SIGUSR1);
        QVERIFY(session.ended());
        QCOMPARE(WEXITSTATUS(child.reap()), 7);
        const FxtProfile recording = fxtProfile(at("a.fxt"));
        QCOMPARE(recording.error, std::string());
        const Line* line = recording.with("before_exec");
        QVERIFY(line);
        QVERIFY(line->time.contains("after_exec"));
        QVERIFY2(line->callers.at("after_exec").find("before_exec") == std::string::npos, line->callers.at("after_exec").c_str());
        QCOMPARE(recording.processes.at(std::to_string(pid)), std::string("exe"));
    }
    void aForkedChildIsAProcessOfItsOwn()
    {
        ChildProcess child(target({"fork", kLong}));
        Session session({.pid = child.pid()}, at("a.fxt"));
        QVERIFY2(session.start(), session.problem().c_str());
        child.signal(SIGUSR1);
        QVERIFY2(session.taken(50), session.problem().c_str());
        child.signal(SIGUSR1);
        QVERIFY(session.ended());
        const FxtProfile recording = fxtProfile(at("a.fxt"));
        QCOMPARE(recording.error, std::string());
        QCOMPARE(recording.processes.size(), std::size_t{2});
        const Line* forked = recording.with("child_function");
        QVERIFY(forked);
        QVERIFY(!recording.threads.contains(std::to_string(child.pid()) + "/" + recording.threadId(forked)));
    }
    void sleepIsToldFromTheFirstMoment()
    {
        ChildProcess child(target({"asleep", kLong}));
        QVERIFY(hasThreads(child, 2));
        QVERIFY(becomes([&] { const auto stat = threadStat(child.pid(), child.pid()); return stat && stat->state == 'S'; }));
        Session session({.pid = child.pid()}, at("a.fxt"));
        QVERIFY2(session.start(), session.problem().c_str());
        QVERIFY2(session.taken(50), session.problem().c_str());
        QVERIFY(session.stop());
        const FxtProfile recording = fxtProfile(at("a.fxt"));
        QCOMPARE(recording.switches.at(std::to_string(child.pid()) + " out blocked"), 1);
        QVERIFY(!recording.switches.contains(std::to_string(child.pid()) + " in"));
    }
    void cancelLeavesNothingAndTheTargetRunsOn()
    {
        ChildProcess child(target({"threads", kLong, "2"}));
        QVERIFY(hasThreads(child, 3));
        std::ofstream(at("a.fxt")) << "an older file";
        Session session({.pid = child.pid()}, at("a.fxt"));
        QVERIFY2(session.start(), session.problem().c_str());
        QVERIFY2(session.taken(1), session.problem().c_str());
        session.session->cancel();
        session.session.reset();
        QVERIFY(becomes([this] { return !fs::exists(at("a.fxt.part")); })); // nobody waits for the thread
        QCOMPARE(session.ends, 0);
        QCOMPARE(fs::file_size(at("a.fxt")), std::uintmax_t{13});
        QVERIFY(isAlive(child.pid(), 0));
    }
    void destroyedInTheMiddleItLeavesNothing()
    {
        ChildProcess child(target({"threads", kLong, "2"}));
        Session session({.pid = child.pid()}, at("a.fxt"));
        QVERIFY2(session.start(), session.problem().c_str());
        session.session.reset();
        QVERIFY(becomes([this] { return fs::is_empty(m_folder.path().toStdString()); }));
        QVERIFY(isAlive(child.pid(), 0));
    }
    void whatAppearsUnderItsNameIsKept_data()
    {
        QTest::addColumn<bool>("replace");
        QTest::newRow("both are kept") << false;
        QTest::newRow("it may be replaced") << true;
    }
    void whatAppearsUnderItsNameIsKept()
    {
        QFETCH(bool, replace);
        ChildProcess child(target({"threads", kLong, "2"}));
        QVERIFY(hasThreads(child, 3));
        Session session({.pid = child.pid()}, at("a.fxt"), {}, replace);
        QVERIFY2(session.start(), session.problem().c_str());
        std::ofstream(at("a.fxt")) << "of somebody else";
        QVERIFY(session.stop());
        const std::string made = replace ? at("a.fxt") : at("a-2.fxt");
        QCOMPARE(session.file, QString::fromStdString(made));
        QCOMPARE(fxtProfile(made).error, std::string());
        QCOMPARE(fs::exists(at("a-2.fxt")), !replace);
        QCOMPARE(fs::file_size(at("a.fxt")) == 16, !replace);
        QCOMPARE(session.notes.contains(QStringLiteral("a.fxt appeared meanwhile and is kept; the recording is a-2.fxt")), !replace);
    }
    void aCommandIsRecordedFromItsFirstInstruction()
    {
        Session session({.command = target({"threads", kLong, "2"})}, at("a.fxt"));
        QVERIFY2(session.start(), session.problem().c_str());
        QVERIFY2(session.taken(50), session.problem().c_str());
        ::kill(session.session->status().pid, SIGUSR1);
        QVERIFY(session.ended());
        QCOMPARE(session.end, RecordEnd::TargetEnded);
        const RecordStatus status = session.session->status();
        QVERIFY(status.exitStatus && WEXITSTATUS(*status.exitStatus) == 7);
        const FxtProfile recording = fxtProfile(at("a.fxt"));
        QCOMPARE(recording.error, std::string());
        QCOMPARE(recording.processes.at(std::to_string(status.pid)), std::string("sampling_target"));
        QVERIFY(recording.with("hot_function"));
        QVERIFY(recording.began.find("threads 600000 2") != std::string::npos);
    }
    void aCommandThatDoesNotExistIsASentence()
    {
        Session session({.command = {"/nowhere/program"}}, at("a.fxt"));
        QVERIFY(!session.start());
        QCOMPARE(session.failure.message, std::string("program cannot be started: there is no such program."));
        QVERIFY(session.kept.isEmpty());
        session.session.reset();
        QVERIFY(becomes([this] { return fs::is_empty(m_folder.path().toStdString()); }));
    }
    void stopLeavesACommandRunningAndCancelEndsIt()
    {
        pid_t pid = 0;
        {
            Session session({.command = target({"threads", kLong, "1"})}, at("a.fxt"));
            QVERIFY2(session.start(), session.problem().c_str());
            QVERIFY2(session.taken(1), session.problem().c_str());
            QVERIFY(session.stop());
            pid = session.session->status().pid;
            QVERIFY(isAlive(pid, 0));
        }
        QVERIFY(isAlive(pid, 0));
        ::kill(pid, SIGKILL);
        Session session({.command = target({"threads", kLong, "1"})}, at("b.fxt"));
        QVERIFY2(session.start(), session.problem().c_str());
        pid = session.session->status().pid;
        session.session->cancel();
        session.session.reset();
        QVERIFY(becomes([&] { return !isAlive(pid, 0); }));
    }
    void aProcessThatIsGoneIsASentence()
    {
        ChildProcess child(target({"threads", "1", "1"}));
        const pid_t gone = child.pid();
        child.reap();
        Session session({.pid = gone}, at("a.fxt"));
        QVERIFY(!session.start());
        QCOMPARE(session.failure.message, "Process " + std::to_string(gone) + " has ended.");
        Session other({.pid = ::getpid(), .startTicks = 1}, at("b.fxt"));
        QVERIFY(!other.start());
        QCOMPARE(other.failure.message, "Process " + std::to_string(::getpid()) + " has ended.");
    }
    void aRecorderThatIsKilledLeavesWhatItHad()
    {
        ChildProcess child(target({"threads", kLong, "2"}));
        QVERIFY(hasThreads(child, 3));
        const std::string path = at("a.fxt");
        const pid_t recorder = ::fork();
        if (recorder == 0) {
            Collector collector({.target = {.pid = child.pid()}, .path = path, .events = {.stackBytes = 8192}},
                                {.recording = [] {}, .collecting = [] {}, .noted = [](const std::string&) {}, .over = [] {}});
            ::sleep(60);
            ::_exit(0);
        }
        // Twice written to the disk, so that it holds more than the names.
        QTRY_VERIFY_WITH_TIMEOUT(fs::exists(path + ".part") && fs::file_size(path + ".part") > 20'000, 60'000);
        ::kill(recorder, SIGKILL);
        ::waitpid(recorder, nullptr, 0);
        QVERIFY(!fs::exists(path));
        const FxtProfile recording = fxtProfile(path + ".part");
        QCOMPARE(recording.error, std::string());
        QVERIFY(recording.with("hot_function"));
        QVERIFY(isAlive(child.pid(), 0));
    }
    void aDiskThatIsFullEndsTheRecordingAndKeepsIt_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<int>("room");
        // What is written at once, after some tenths of a second or a MiB, is more than all of the room.
        QTest::newRow("plain") << "a.fxt" << 30'000;
        QTest::newRow("packed") << "a.fxt.gz" << 6'000;
    }
    void aDiskThatIsFullEndsTheRecordingAndKeepsIt()
    {
        QFETCH(QString, name);
        QFETCH(int, room);
        ChildProcess child(target({"threads", kLong, "4"}));
        QVERIFY(hasThreads(child, 5));
        ::signal(SIGXFSZ, SIG_IGN);
        rlimit before = {};
        QCOMPARE(::getrlimit(RLIMIT_FSIZE, &before), 0);
        rlimit small = before;
        small.rlim_cur = static_cast<rlim_t>(room); // stands for the disk
        QCOMPARE(::setrlimit(RLIMIT_FSIZE, &small), 0);
        Session session({.pid = child.pid()}, at(name.toStdString()));
        const bool ended = session.start() && session.ended();
        QCOMPARE(::setrlimit(RLIMIT_FSIZE, &before), 0);
        ::signal(SIGXFSZ, SIG_DFL);
        QVERIFY2(ended, session.problem().c_str());
        QCOMPARE(session.end, RecordEnd::DiskFull);
        const int size = static_cast<int>(fs::file_size(at(name.toStdString())));
        QVERIFY2(size <= room && size > room * 9 / 10, std::to_string(size).c_str());
        const FxtProfile recording = fxtProfile(at(name.toStdString()));
        QCOMPARE(recording.error, std::string());
        QVERIFY(recording.with("hot_function"));
        QVERIFY(recording.named("worker 3")); // names come first
        QVERIFY(isAlive(child.pid(), 0));
    }
    void packedFilesAreRecordedToo()
    {
        ChildProcess child(target({"threads", kLong, "2"}));
        QVERIFY(hasThreads(child, 3));
        Session session({.pid = child.pid()}, at("a.fxt.gz"));
        QVERIFY2(session.start(), session.problem().c_str());
        QVERIFY(child.works());
        QVERIFY(session.stop());
        std::ifstream file(at("a.fxt.gz"), std::ios::binary);
        char magic[2] = {};
        file.read(magic, 2);
        QCOMPARE(magic[0], '\x1f');
        QCOMPARE(magic[1], '\x8b');
        QVERIFY(fxtProfile(at("a.fxt.gz")).with("hot_function"));
    }

private:
    std::string at(const std::string& name) const { return m_folder.path().toStdString() + "/" + name; }

    QTemporaryDir m_folder;
};

QTEST_GUILESS_MAIN(tst_SamplingLive)
#include "tst_SamplingLive.moc"
