#include <QPointer>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "core/record/daemon/DaemonReadiness.h"
#include "core/record/daemon/DaemonSession.h"
#include "core/record/daemon/KinetoDaemon.h"
#include "core/record/torch/TorchOptions.h"
#include "tests/support/ChildProcess.h"
#include "tests/support/KinetoClient.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <sys/prctl.h>
#include <sys/wait.h>

using namespace opscope;
using namespace opscope::daemon;
using opscope::test::ChildProcess;
using opscope::test::KinetoClient;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

constexpr int kPatience = 30'000;
constexpr DaemonPatience kShort{.contact = 300ms, .busy = 100ms, .still = 200ms, .silent = 1'000ms};

using Lines = std::map<std::string, std::string>;

Lines linesOf(const std::string& text)
{
    Lines lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines[line.substr(0, line.find('='))] = line.substr(line.find('=') + 1);
    return lines;
}

/// What libkineto makes of the name that it is given.
std::string fileOf(const Lines& lines, pid_t pid = ::getpid())
{
    std::string name = lines.at("ACTIVITIES_LOG_FILE");
    return name.replace(name.find(".pt.trace.json"), 14, "_" + std::to_string(pid) + ".pt.trace.json");
}

std::string traceOf(const std::string& id, bool events = true)
{
    return "{\n  \"schemaVersion\": 1,\n  \"deviceProperties\": [],\n\n    \"trace_id\": \"" + id + "\",\n  \"displayTimeUnit\": \"ms\",\n  \"baseTimeNanoseconds\": 0,\n"
           "  \"traceEvents\": [\n" +
           (events ? "  {\n    \"ph\": \"X\",\n    \"cat\": \"cpu_op\", \"name\": \"aten::add\", \"pid\": 1, \"tid\": 1, \"ts\": 1.5, \"dur\": 2\n  }\n" : "") +
           "  ],\n  \"traceName\": \"\"\n}\n";
}

void write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

/// Written as libkineto does.
void finish(const std::string& path, const std::string& text)
{
    write(path + ".tmp", text);
    fs::rename(path + ".tmp", path);
}

/// One recording of this very process, which plays the client by hand.
struct Scene
{
    explicit Scene(std::optional<std::chrono::milliseconds> duration = 100ms, std::uint32_t steps = 0, DaemonPatience patience = {}, pid_t pid = ::getpid())
    {
        request.target.pid = pid;
        request.path = (product.path() + QStringLiteral("/run")).toStdString();
        request.duration = duration;
        request.steps = steps;
        make({{.target = request.target, .socketFolder = sockets.path().toStdString()}}, patience);
    }
    void make(std::vector<DaemonTarget> targets, DaemonPatience patience = {})
    {
        session = std::make_unique<DaemonSession>(request, std::move(targets), patience);
        QObject::connect(session.get(), &RecordSession::noted, [this](const QString& note) { notes += note.toStdString() + "\n"; });
        QObject::connect(session.get(), &RecordSession::recording, [this] { states += "recording "; });
        QObject::connect(session.get(), &RecordSession::collecting, [this] { states += "collecting "; });
        QObject::connect(session.get(), &RecordSession::finished, [this](const QString& path, RecordEnd how) {
            states += "finished";
            made = path.toStdString();
            end = how;
        });
        QObject::connect(session.get(), &RecordSession::failed, [this](const RecordFailure& why, const QString& kept) {
            states += "failed";
            failure = why;
            made = kept.toStdString();
        });
    }
    bool over() const { return states.ends_with("finished") || states.ends_with("failed"); }
    std::string socketFolder() const { return sockets.path().toStdString(); }
    /// The files that were made.
    std::vector<std::string> files() const
    {
        std::vector<std::string> names;
        for (const auto& each : fs::directory_iterator(made)) names.push_back(each.path().filename().string());
        std::sort(names.begin(), names.end());
        return names;
    }

    QTemporaryDir sockets{QStringLiteral("/tmp/opscope-test-XXXXXX")}, product;
    RecordRequest request;
    std::unique_ptr<DaemonSession> session;
    std::string states, notes, made;
    RecordFailure failure;
    RecordEnd end = RecordEnd::Failed;
};

} // namespace

/// A recording over the daemon protocol, with the process's side played by hand.
class tst_DaemonSession : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theFileIsTakenWhenItIsWhole()
    {
        Scene s;
        const KinetoClient client(s.socketFolder());
        s.session->start();
        QTRY_VERIFY(s.session->status().step == "Waiting for the process to ask");
        QVERIFY(s.session->status().stepAtMost > 0ms);
        const Lines lines = linesOf(client.request(true).value_or(""));
        QCOMPARE(lines.at("ACTIVITIES_DURATION_MSECS"), std::string("100"));
        QVERIFY(!lines.contains("PROFILE_START_TIME"));
        const std::string file = fileOf(lines);
        QVERIFY(file.starts_with("/tmp/"));
        QCOMPARE(fs::status(fs::path(file).parent_path()).permissions(), fs::perms::owner_all);
        QTRY_COMPARE(s.session->status().step, std::string("Warming up"));
        QVERIFY(s.session->status().stepAtMost > 1s);
        write(file + ".tmp", "{");
        QTRY_COMPARE_WITH_TIMEOUT(s.states, std::string("recording collecting "), kPatience);
        QCOMPARE(s.session->status().step, std::string("Writing"));
        QCOMPARE(s.session->status().bytes, 1u);
        finish(file, traceOf(lines.at("REQUEST_TRACE_ID")));
        QTRY_COMPARE_WITH_TIMEOUT(s.states, std::string("recording collecting finished"), kPatience);
        QCOMPARE(s.end, RecordEnd::TimeLimit);
        QCOMPARE(s.made, s.request.path);
        QCOMPARE(s.files(), std::vector<std::string>{fs::path(file).filename().string()});
        QTRY_VERIFY(!fs::exists(fs::path(file).parent_path()));
        QCOMPARE(s.notes, std::string());
        QVERIFY(s.session->status().bytes > 100);
    }

    void aBusyProfilerIsWaitedFor()
    {
        Scene s;
        const KinetoClient client(s.socketFolder());
        s.session->start();
        QCOMPARE(client.request(false), std::optional(std::string()));
        QTRY_COMPARE(s.session->status().step, std::string("Waiting for the profiler, which is in use"));
        QVERIFY(!client.request(true)->empty());
    }

    void aProfilerThatStaysBusyIsASentence()
    {
        Scene s(100ms, 0, {.contact = 20s, .busy = 100ms, .still = 200ms, .silent = 1s});
        const KinetoClient client(s.socketFolder());
        s.session->start();
        QTRY_VERIFY_WITH_TIMEOUT((client.request(false), s.over()), kPatience);
        QVERIFY(s.failure.message.starts_with("The profiler in process ") && s.failure.message.ends_with("is running its own torch.profiler."));
    }

    void aProcessThatDoesNotAskIsASentence()
    {
        Scene s(100ms, 0, kShort);
        s.session->start();
        QTRY_COMPARE_WITH_TIMEOUT(s.states, std::string("failed"), kPatience);
        QVERIFY(s.failure.message.starts_with("The process is not asking for requests"));
        QTRY_VERIFY(!KinetoDaemon::isHeld(s.socketFolder()));
    }

    void aRequestWithoutAFileIsASentence()
    {
        Scene s(100ms, 0, kShort);
        const KinetoClient client(s.socketFolder());
        s.session->start();
        QVERIFY(!client.request(true)->empty());
        QTRY_VERIFY_WITH_TIMEOUT((client.request(true), s.over()), kPatience);
        QCOMPARE(s.failure.message, std::string("The process accepted the request but wrote no file."));
        QVERIFY(s.notes.find("so it was asked once more") != s.notes.npos);
    }

    void aRequestThatWasDroppedIsMadeOnceMore()
    {
        Scene s;
        const KinetoClient client(s.socketFolder());
        s.session->start();
        QVERIFY(!client.request(true)->empty());
        std::string again;
        QTRY_VERIFY_WITH_TIMEOUT(!(again = again.empty() ? client.request(true).value_or("") : again).empty(), kPatience);
        const Lines lines = linesOf(again);
        finish(fileOf(lines), traceOf(lines.at("REQUEST_TRACE_ID")));
        QTRY_VERIFY_WITH_TIMEOUT(s.over(), kPatience);
        QCOMPARE(s.states, std::string("recording collecting finished"));
        QCOMPARE(s.files().size(), 1u);
    }

    void aFileThatDoesNotGrowAnyMoreIsASentence()
    {
        Scene s(100ms, 0, kShort);
        const KinetoClient client(s.socketFolder());
        s.session->start();
        const Lines lines = linesOf(*client.request(true));
        write(fileOf(lines) + ".tmp", traceOf(lines.at("REQUEST_TRACE_ID")).substr(0, 200));
        QTRY_VERIFY_WITH_TIMEOUT((client.request(true), s.over()), kPatience);
        QCOMPARE(s.failure.message, std::string("The process accepted the request but wrote no file."));
    }

    void aProcessThatFallsSilentIsASentence()
    {
        Scene s(100ms, 0, kShort);
        const KinetoClient client(s.socketFolder());
        s.session->start();
        QVERIFY(!client.request(true)->empty());
        QTRY_COMPARE_WITH_TIMEOUT(s.states, std::string("recording collecting failed"), kPatience);
        QVERIFY(s.failure.message.starts_with("Nothing was heard of process "));
    }

    void anEmptyTraceIsASentence()
    {
        Scene s;
        const KinetoClient client(s.socketFolder());
        s.session->start();
        const Lines lines = linesOf(*client.request(true));
        finish(fileOf(lines), traceOf(lines.at("REQUEST_TRACE_ID"), false));
        QTRY_VERIFY_WITH_TIMEOUT(s.over(), kPatience);
        QVERIFY(s.failure.message.starts_with("No op ran on any thread"));
    }

    void theTraceOfAnotherRequestIsNotTaken()
    {
        Scene s;
        const KinetoClient client(s.socketFolder());
        s.session->start();
        finish(fileOf(linesOf(*client.request(true))), traceOf("ffffffffffffffff"));
        QTRY_VERIFY_WITH_TIMEOUT(s.over(), kPatience);
        QVERIFY(s.failure.message.starts_with("The file that appeared is not the trace"));
        QCOMPARE(s.made, std::string());
    }

    void aLinkIsNotFollowed()
    {
        Scene s(100ms, 0, kShort);
        const KinetoClient client(s.socketFolder());
        s.session->start();
        const Lines lines = linesOf(*client.request(true));
        const std::string elsewhere = s.product.filePath(QStringLiteral("precious.json")).toStdString();
        write(elsewhere, traceOf(lines.at("REQUEST_TRACE_ID")));
        fs::create_symlink(elsewhere, fileOf(lines));
        QTRY_VERIFY_WITH_TIMEOUT(s.over(), kPatience);
        QCOMPARE(s.states.substr(s.states.size() - 6), std::string("failed"));
        QVERIFY(fs::exists(elsewhere));
    }

    void aProcessThatWritesElsewhereIsFoundByKinetosOwnName()
    {
        Scene s;
        const KinetoClient client(s.socketFolder());
        const std::string fallback = "/tmp/" + fallbackName(::getpid());
        write(fallback, traceOf("of an earlier one"));
        s.session->start();
        const Lines lines = linesOf(*client.request(true));
        QTRY_VERIFY_WITH_TIMEOUT(s.states == "recording collecting ", kPatience);
        QVERIFY(fs::exists(fallback)); // not ours
        finish(fallback, traceOf(lines.at("REQUEST_TRACE_ID")));
        QTRY_VERIFY_WITH_TIMEOUT(s.over(), kPatience);
        QCOMPARE(s.states, std::string("recording collecting finished"));
        QVERIFY(!fs::exists(fallback));
        QCOMPARE(s.files(), std::vector<std::string>{fs::path(fileOf(lines)).filename().string()});
        QVERIFY(s.notes.find("KINETO_ONDEMAND_TRACE_DIR") != s.notes.npos);
    }

    void aTraceInAContainersOwnNumberIsFound()
    {
        // The number by which a process knows itself is taken from what it asks; here it is the same, and the file is named after it.
        Scene s;
        const KinetoClient client(s.socketFolder());
        s.session->start();
        const Lines lines = linesOf(*client.request(true));
        finish(fileOf(lines, ::getpid() + 1), traceOf(lines.at("REQUEST_TRACE_ID"))); // somebody else's
        QTRY_COMPARE_WITH_TIMEOUT(s.states, std::string("recording collecting "), kPatience);
        finish(fileOf(lines), traceOf(lines.at("REQUEST_TRACE_ID")));
        QTRY_COMPARE_WITH_TIMEOUT(s.states, std::string("recording collecting finished"), kPatience);
    }

    void stoppingKeepsWhatWillCome()
    {
        Scene s;
        const KinetoClient client(s.socketFolder());
        s.session->start();
        const Lines lines = linesOf(*client.request(true));
        s.session->stop();
        s.session->stop();
        QVERIFY(s.notes.starts_with("Kineto cannot be stopped from outside: the recording ends by itself in "));
        QCOMPARE(std::count(s.notes.begin(), s.notes.end(), '\n'), 1);
        finish(fileOf(lines), traceOf(lines.at("REQUEST_TRACE_ID")));
        QTRY_VERIFY_WITH_TIMEOUT(s.over(), kPatience);
        QVERIFY(s.states.ends_with("finished"));
    }

    void untilItIsStoppedLastsTheStandardTime()
    {
        Scene s(std::nullopt);
        const KinetoClient client(s.socketFolder());
        s.session->start();
        QCOMPARE(linesOf(*client.request(true)).at("ACTIVITIES_DURATION_MSECS"), std::string("2000"));
        QTRY_COMPARE(s.notes, std::string("Kineto's daemon protocol has no word for stopping, so 2 s are recorded.\n"));
    }

    void cancelTakesTheRequestBack()
    {
        Scene s;
        const KinetoClient client(s.socketFolder());
        s.session->start();
        const auto daemon = *KinetoDaemon::hold(s.socketFolder());
        s.session->cancel();
        QCOMPARE(client.request(true), std::optional(std::string()));
        QCOMPARE(s.states, std::string());
        s.session.reset();
    }

    void cancelOfARequestThatWasTakenLeavesNoFolderAndNoFile()
    {
        Scene s;
        const KinetoClient client(s.socketFolder());
        s.session->start();
        const Lines lines = linesOf(*client.request(true));
        const fs::path file = fileOf(lines);
        QTRY_COMPARE(s.session->status().step, std::string("Warming up"));
        s.session->cancel();
        s.session.reset();
        QTRY_VERIFY_WITH_TIMEOUT(!fs::exists(file.parent_path()), kPatience);
        const std::string fallback = "/tmp/" + fallbackName(::getpid());
        finish(fallback, traceOf(lines.at("REQUEST_TRACE_ID"))); // of a process that writes elsewhere
        QTRY_VERIFY_WITH_TIMEOUT(!fs::exists(fallback), kPatience);
        QCOMPARE(s.states, std::string());
    }

    void deletingItFromItsSignalsIsFine()
    {
        Scene s;
        const KinetoClient client(s.socketFolder());
        s.session->start();
        const Lines lines = linesOf(*client.request(true));
        QObject::connect(s.session.get(), &RecordSession::recording, [&s] { s.session->cancel(); });
        QTRY_COMPARE_WITH_TIMEOUT(s.states, std::string("recording "), kPatience);
        QTRY_VERIFY_WITH_TIMEOUT(!fs::exists(fs::path(fileOf(lines)).parent_path()), kPatience);
        QCOMPARE(s.states, std::string("recording "));
    }

    void stepsAreCountedByTheProcess()
    {
        Scene s(std::nullopt, 3);
        const KinetoClient client(s.socketFolder());
        s.session->start();
        const Lines lines = linesOf(*client.request(true));
        QCOMPARE(lines.at("ACTIVITIES_ITERATIONS"), std::string("3"));
        QTRY_COMPARE(s.session->status().step, std::string("Waiting for the next step"));
        QCOMPARE(client.request(false), std::optional(std::string()));
        QTRY_COMPARE(s.states, std::string("recording "));
        QCOMPARE(s.session->status().step, std::string("Recording 3 steps"));
        finish(fileOf(lines), traceOf(lines.at("REQUEST_TRACE_ID")));
        QTRY_VERIFY_WITH_TIMEOUT(s.over(), kPatience);
        QVERIFY(s.states.ends_with("finished"));
        QCOMPARE(s.notes, std::string());
    }

    void aProcessWithoutStepsIsASentence()
    {
        Scene s(std::nullopt, 3, kShort);
        const KinetoClient client(s.socketFolder());
        s.session->start();
        QVERIFY(!client.request(true)->empty());
        QTRY_VERIFY_WITH_TIMEOUT((client.request(true), s.over()), kPatience);
        QVERIFY(s.failure.advice.starts_with("No step of its training loop was seen"));
    }

    void whatCannotBeMovedIsKept()
    {
        Scene s;
        const KinetoClient client(s.socketFolder());
        s.session->start();
        const Lines lines = linesOf(*client.request(true));
        QVERIFY(s.product.remove());
        finish(fileOf(lines), traceOf(lines.at("REQUEST_TRACE_ID")));
        QTRY_VERIFY_WITH_TIMEOUT(s.over(), kPatience);
        QVERIFY(s.states.ends_with("failed"));
        QCOMPARE(s.made, fs::path(fileOf(lines)).parent_path().string());
        QTest::qWait(100);
        QVERIFY(fs::exists(fileOf(lines)));
        fs::remove_all(s.made);
    }

    void aSecondRecordingOfTheProcessIsRefused()
    {
        Scene s;
        s.session->start();
        DaemonSession second(s.request, {{.target = s.request.target, .socketFolder = s.socketFolder()}});
        QSignalSpy failed(&second, &RecordSession::failed);
        second.start();
        QTRY_COMPARE(failed.size(), 1);
        QVERIFY(failed.front().front().value<RecordFailure>().message.find("is being recorded already") != std::string::npos);
    }

    void severalAreToldTheSameStart()
    {
        Scene s(100ms);
        const pid_t other = startOther(s.socketFolder());
        s.make({{.target = {.pid = ::getpid()}, .socketFolder = s.socketFolder()}, {.target = {.pid = other}, .socketFolder = s.socketFolder()}});
        const KinetoClient client(s.socketFolder());
        const auto daemon = *KinetoDaemon::hold(s.socketFolder());
        QTRY_VERIFY_WITH_TIMEOUT(daemon->client(other), kPatience);
        QVERIFY(client.request(false));
        s.session->start();
        const Lines lines = linesOf(*client.request(true));
        const std::int64_t start = std::stoll(lines.at("PROFILE_START_TIME"));
        const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
        QVERIFY(start > now + 2'000 && start < now + 20'000);
        finish(fileOf(lines), traceOf(lines.at("REQUEST_TRACE_ID")));
        QTRY_VERIFY_WITH_TIMEOUT(s.over(), kPatience);
        QCOMPARE(s.states.substr(s.states.size() - 8), std::string("finished"));
        QCOMPARE(s.files().size(), 2u);
        QCOMPARE(s.notes, std::string());
        ::kill(other, SIGKILL);
        ::waitpid(other, nullptr, 0);
        std::string told;
        std::ifstream(s.socketFolder() + "/told") >> told;
        QCOMPARE(told, std::to_string(start));
    }

    void aProcessThatEndsIsASentence()
    {
        const ChildProcess child = ChildProcess::sleeping();
        Scene s(100ms, 0, {}, child.pid());
        s.session->start();
        child.signal(SIGKILL);
        QTRY_VERIFY_WITH_TIMEOUT(s.over(), kPatience);
        QCOMPARE(s.states, std::string("failed"));
        QVERIFY(s.failure.message.ends_with("ended before anything was recorded."));
    }

    void whatWasWrittenWhenItEndedIsKept()
    {
        Scene s;
        const pid_t child = ::fork(); // asks, writes half of its trace, and dies
        if (child == 0) {
            const KinetoClient client(s.socketFolder());
            for (int i = 0; i < 3'000; ++i, ::usleep(10'000)) {
                const auto text = client.request(true);
                if (!text || text->empty()) continue;
                const Lines lines = linesOf(*text);
                write(fileOf(lines) + ".tmp", traceOf(lines.at("REQUEST_TRACE_ID")).substr(0, 260));
                ::usleep(200'000);
                ::_exit(0);
            }
            ::_exit(1);
        }
        s.make({{.target = {.pid = child}, .socketFolder = s.socketFolder()}});
        s.session->start();
        QTRY_VERIFY_WITH_TIMEOUT(s.over(), kPatience);
        ::waitpid(child, nullptr, 0);
        QVERIFY(s.states.ends_with("finished"));
        QCOMPARE(s.end, RecordEnd::TargetEnded);
        QVERIFY(s.notes.find("its trace is cut off") != s.notes.npos);
        QCOMPARE(s.files().size(), 1u);
    }

    // ---- what is known before

    void readinessHasAReasonForEverything_data()
    {
        QTest::addColumn<QString>("reason");
        QTest::addColumn<int>("which");
        int row = 0;
        for (const char* reason : {"", "No PyTorch in it", "A data loader's worker", "Built without Kineto", "In another network namespace", "Not started with KINETO_USE_DAEMON",
                                   "Registers from PyTorch 2.3 on", "Not registered with the daemon", "Its socket folder is in a container", "Another Kineto daemon is running",
                                   "PyTorch 1.13.1 has no daemon protocol"})
            QTest::newRow(*reason ? reason : "ready") << QString::fromLatin1(reason) << row++;
    }
    void readinessHasAReasonForEverything()
    {
        QFETCH(QString, reason);
        QFETCH(int, which);
        torch::TorchProcess process;
        process.torchVersion = "2.13.0+cpu";
        process.daemonAsked = true;
        process.kinetoClient = "dynoconfigclient049c1639-60ee-4fb3-97a3-8bb86ed43e52";
        DaemonFacts facts{.process = process};
        torch::TorchProcess& its = *facts.process;
        if (which == 1) facts.process.reset();
        if (which == 2) its.worker = true;
        if (which == 3) its.kinetoBuild = false;
        if (which == 4) facts.ownSockets = true;
        if (which >= 5 && which <= 7) its.kinetoClient.clear();
        if (which == 5) its.daemonAsked = false;
        if (which == 6) its.torchVersion = "2.1.2";
        if (which == 8) {
            facts.ownFiles = true;
            its.kinetoClient = "/run/k/" + its.kinetoClient;
        }
        if (which == 9) facts.otherDaemon = true;
        if (which == 10) {
            its.kinetoClient.clear();
            its.torchVersion = "1.13.1";
        }
        const Readiness readiness = readinessOf(facts);
        QCOMPARE(QString::fromStdString(readiness.reason), reason);
        QCOMPARE(readiness.state == Readiness::State::Ready, reason.isEmpty());
        QCOMPARE(readiness.advice.empty(), reason.isEmpty());
    }

    void whatTheProtocolCannotDoIsNotPossible()
    {
        QCOMPARE(daemon::readiness({.pid = ::getpid()}, {{"memory", "on"}}).reason, std::string("No memory events over the daemon"));
        const Readiness readiness = daemon::readiness({.pid = ::getpid()}, {{"et", "on"}});
        QCOMPARE(readiness.reason, std::string("No execution trace over the daemon"));
        QCOMPARE(daemon::readiness({.command = {"true"}}, {}).reason, std::string("Only for processes that run"));
        QCOMPARE(daemon::readiness({.pid = ::getpid()}, {}).reason, std::string("No PyTorch in it"));
    }

private:
    /// A second process that asks every 10 ms, writes what it was told into `folder`/told, and makes its trace at once.
    static pid_t startOther(const std::string& folder)
    {
        const pid_t child = ::fork();
        if (child != 0) return child;
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        const KinetoClient client(folder);
        for (int i = 0; i < 3'000; ++i, ::usleep(10'000)) {
            const auto text = client.request(true);
            if (!text || text->empty()) continue;
            const Lines lines = linesOf(*text);
            write(folder + "/told", lines.at("PROFILE_START_TIME"));
            finish(fileOf(lines), traceOf(lines.at("REQUEST_TRACE_ID")));
            ::pause();
        }
        ::_exit(1);
    }
};

QTEST_GUILESS_MAIN(tst_DaemonSession)
#include "tst_DaemonSession.moc"
