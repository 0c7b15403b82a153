#include <QTest>

#include "core/record/daemon/DaemonSession.h"
#include "core/record/daemon/KinetoDaemon.h"
#include "tests/support/DaemonScene.h"

#include <csignal>
#include <fstream>
#include <sys/prctl.h>
#include <sys/wait.h>

using namespace opscope;
using namespace opscope::daemon;
using namespace opscope::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

/// A recording over the daemon protocol, with the process's side played by hand.
class tst_DaemonSession : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theFileIsTakenWhenItIsWhole()
    {
        DaemonScene s;
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
        writeFile(file + ".tmp", "{");
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

    void aRequestThatWasDroppedIsMadeOnceMore()
    {
        DaemonScene s;
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

    void aProcessThatWritesElsewhereIsFoundByKinetosOwnName()
    {
        DaemonScene s;
        const KinetoClient client(s.socketFolder());
        const std::string fallback = "/tmp/" + fallbackName(::getpid());
        writeFile(fallback, traceOf("of an earlier one"));
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
        DaemonScene s;
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
        DaemonScene s;
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
        DaemonScene s(std::nullopt);
        const KinetoClient client(s.socketFolder());
        s.session->start();
        QCOMPARE(linesOf(*client.request(true)).at("ACTIVITIES_DURATION_MSECS"), std::string("2000"));
        QTRY_COMPARE(s.notes, std::string("Kineto's daemon protocol has no word for stopping, so 2 s are recorded.\n"));
    }

    void cancelTakesTheRequestBack()
    {
        DaemonScene s;
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
        DaemonScene s;
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
        DaemonScene s;
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
        DaemonScene s(std::nullopt, 3);
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

    void severalAreToldTheSameStart()
    {
        DaemonScene s(100ms);
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

    void whatWasWrittenWhenItEndedIsKept()
    {
        DaemonScene s;
        const pid_t child = ::fork(); // asks, writes half of its trace, and dies
        if (child == 0) {
            const KinetoClient client(s.socketFolder());
            for (int i = 0; i < 3'000; ++i, ::usleep(10'000)) {
                const auto text = client.request(true);
                if (!text || text->empty()) continue;
                const Lines lines = linesOf(*text);
                writeFile(fileOf(lines) + ".tmp", traceOf(lines.at("REQUEST_TRACE_ID")).substr(0, 260));
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
            writeFile(folder + "/told", lines.at("PROFILE_START_TIME"));
            finish(fileOf(lines), traceOf(lines.at("REQUEST_TRACE_ID")));
            ::pause();
        }
        ::_exit(1);
    }
};

QTEST_GUILESS_MAIN(tst_DaemonSession)
#include "tst_DaemonSession.moc"
