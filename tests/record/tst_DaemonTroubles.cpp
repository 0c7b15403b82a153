#include <QSignalSpy>
#include <QTest>

#include "core/record/daemon/DaemonSession.h"
#include "core/record/daemon/KinetoDaemon.h"
#include "tests/support/ChildProcess.h"
#include "tests/support/DaemonScene.h"

using namespace opscope;
using namespace opscope::daemon;
using namespace opscope::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

/// What goes wrong in a recording over the daemon protocol, with the process's side played by hand: each is a sentence.
class tst_DaemonTroubles : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aBusyProfilerIsWaitedFor()
    {
        DaemonScene s;
        const KinetoClient client(s.socketFolder());
        s.session->start();
        QCOMPARE(client.request(false), std::optional(std::string()));
        QTRY_COMPARE(s.session->status().step, std::string("Waiting for the profiler, which is in use"));
        QVERIFY(!client.request(true)->empty());
    }

    void aProfilerThatStaysBusyIsASentence()
    {
        DaemonScene s(100ms, 0, {.contact = 20s, .busy = 100ms, .still = 200ms, .silent = 1s});
        const KinetoClient client(s.socketFolder());
        s.session->start();
        QTRY_VERIFY_WITH_TIMEOUT((client.request(false), s.over()), kPatience);
        QVERIFY(s.failure.message.starts_with("The profiler in process ") && s.failure.message.ends_with("is running its own torch.profiler."));
    }

    void aProcessThatDoesNotAskIsASentence()
    {
        DaemonScene s(100ms, 0, kShort);
        s.session->start();
        QTRY_COMPARE_WITH_TIMEOUT(s.states, std::string("failed"), kPatience);
        QVERIFY(s.failure.message.starts_with("The process is not asking for requests"));
        QTRY_VERIFY(!KinetoDaemon::isHeld(s.socketFolder()));
    }

    void aRequestWithoutAFileIsASentence()
    {
        DaemonScene s(100ms, 0, kShort);
        const KinetoClient client(s.socketFolder());
        s.session->start();
        QVERIFY(!client.request(true)->empty());
        QTRY_VERIFY_WITH_TIMEOUT((client.request(true), s.over()), kPatience);
        QCOMPARE(s.failure.message, std::string("The process accepted the request but wrote no file."));
        QVERIFY(s.notes.find("so it was asked once more") != s.notes.npos);
    }

    void aFileThatDoesNotGrowAnyMoreIsASentence()
    {
        DaemonScene s(100ms, 0, kShort);
        const KinetoClient client(s.socketFolder());
        s.session->start();
        const Lines lines = linesOf(*client.request(true));
        writeFile(fileOf(lines) + ".tmp", traceOf(lines.at("REQUEST_TRACE_ID")).substr(0, 200));
        QTRY_VERIFY_WITH_TIMEOUT((client.request(true), s.over()), kPatience);
        QCOMPARE(s.failure.message, std::string("The process accepted the request but wrote no file."));
    }

    void aProcessThatFallsSilentIsASentence()
    {
        DaemonScene s(100ms, 0, kShort);
        const KinetoClient client(s.socketFolder());
        s.session->start();
        QVERIFY(!client.request(true)->empty());
        QTRY_COMPARE_WITH_TIMEOUT(s.states, std::string("recording collecting failed"), kPatience);
        QVERIFY(s.failure.message.starts_with("Nothing was heard of process "));
    }

    void anEmptyTraceIsASentence()
    {
        DaemonScene s;
        const KinetoClient client(s.socketFolder());
        s.session->start();
        const Lines lines = linesOf(*client.request(true));
        finish(fileOf(lines), traceOf(lines.at("REQUEST_TRACE_ID"), false));
        QTRY_VERIFY_WITH_TIMEOUT(s.over(), kPatience);
        QVERIFY(s.failure.message.starts_with("No op ran on any thread"));
    }

    void theTraceOfAnotherRequestIsNotTaken()
    {
        DaemonScene s;
        const KinetoClient client(s.socketFolder());
        s.session->start();
        finish(fileOf(linesOf(*client.request(true))), traceOf("ffffffffffffffff"));
        QTRY_VERIFY_WITH_TIMEOUT(s.over(), kPatience);
        QVERIFY(s.failure.message.starts_with("The file that appeared is not the trace"));
        QCOMPARE(s.made, std::string());
    }

    void aLinkIsNotFollowed()
    {
        DaemonScene s(100ms, 0, kShort);
        const KinetoClient client(s.socketFolder());
        s.session->start();
        const Lines lines = linesOf(*client.request(true));
        const std::string elsewhere = s.product.filePath(QStringLiteral("precious.json")).toStdString();
        writeFile(elsewhere, traceOf(lines.at("REQUEST_TRACE_ID")));
        fs::create_symlink(elsewhere, fileOf(lines));
        QTRY_VERIFY_WITH_TIMEOUT(s.over(), kPatience);
        QCOMPARE(s.states.substr(s.states.size() - 6), std::string("failed"));
        QVERIFY(fs::exists(elsewhere));
    }

    void aProcessWithoutStepsIsASentence()
    {
        DaemonScene s(std::nullopt, 3, kShort);
        const KinetoClient client(s.socketFolder());
        s.session->start();
        QVERIFY(!client.request(true)->empty());
        QTRY_VERIFY_WITH_TIMEOUT((client.request(true), s.over()), kPatience);
        QVERIFY(s.failure.advice.starts_with("No step of its training loop was seen"));
    }

    void whatCannotBeMovedIsKept()
    {
        DaemonScene s;
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
        DaemonScene s;
        s.session->start();
        DaemonSession second(s.request, {{.target = s.request.target, .socketFolder = s.socketFolder()}});
        QSignalSpy failed(&second, &RecordSession::failed);
        second.start();
        QTRY_COMPARE(failed.size(), 1);
        QVERIFY(failed.front().front().value<RecordFailure>().message.find("is being recorded already") != std::string::npos);
    }

    void aProcessThatEndsIsASentence()
    {
        const ChildProcess child = ChildProcess::sleeping();
        DaemonScene s(100ms, 0, {}, child.pid());
        s.session->start();
        child.signal(SIGKILL);
        QTRY_VERIFY_WITH_TIMEOUT(s.over(), kPatience);
        QCOMPARE(s.states, std::string("failed"));
        QVERIFY(s.failure.message.ends_with("ended before anything was recorded."));
    }
};

QTEST_GUILESS_MAIN(tst_DaemonTroubles)
#include "tst_DaemonTroubles.moc"
