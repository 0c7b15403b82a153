#include <QSignalSpy>
#include <QTemporaryDir>
#include <QtTest>

#include "core/record/inject/InjectCourier.h"
#include "core/record/inject/InjectProgram.h"
#include "core/record/inject/Permission.h"
#include "core/record/inject/program/Statement.h"
#include "core/record/sampling/ProcFiles.h"
#include "tests/support/ChildProcess.h"
#include "tests/support/PythonTarget.h"

#include <fstream>

using namespace opscope;
using namespace opscope::inject;
using namespace opscope::test;

/// Who may be attached to, what is said of it, and how the courier brings the script in.
class TstInjectWay : public QObject
{
    Q_OBJECT

private:
    static QByteArray phrase(const Tracer& tracer, const Traceable& process)
    {
        const auto no = objection(tracer, process, 123);
        return no ? QByteArray::fromStdString(no->reason) : QByteArray("ready");
    }

private Q_SLOTS:
    void rightsAreTheKernels()
    {
        const Tracer nobody{.pid = 1, .user = 1000};
        const Tracer root{.pid = 1, .user = 0, .mayTraceAll = true};
        const Traceable own{.users = {1000, 1000, 1000}, .state = 'S'};
        const auto with = [](Tracer tracer, int scope) { return tracer.scope = scope, tracer; };
        QCOMPARE(phrase(nobody, own), QByteArray("ready"));
        QCOMPARE(phrase(with(nobody, 1), own), QByteArray("Only own children may be attached to"));
        QCOMPARE(phrase(with(nobody, 2), own), QByteArray("Attaching needs root"));
        QCOMPARE(phrase(with(nobody, 3), own), QByteArray("Attaching is switched off"));
        QCOMPARE(phrase(with(root, 2), own), QByteArray("ready"));
        QCOMPARE(phrase(with(root, 3), own), QByteArray("Attaching is switched off"));
        Traceable other = own;
        other.ours = true;
        QCOMPARE(phrase(with(nobody, 1), other), QByteArray("ready"));
        other.dumpable = false;
        QCOMPARE(phrase(nobody, other), QByteArray("Closed to others"));
        QCOMPARE(phrase(root, other), QByteArray("ready"));
        other.users = {1000, 0, 0};
        QCOMPARE(phrase(nobody, other), QByteArray("Another user's process"));
        other.tracer = 77;
        QCOMPARE(phrase(root, other), QByteArray("Traced already"));
        other = own;
        other.state = 'T';
        QCOMPARE(phrase(root, other), QByteArray("Stopped"));
        QCOMPARE(objection(root, other, 123)->copy, std::string("kill -CONT 123"));
        other.state = 'Z';
        QCOMPARE(phrase(root, other), QByteArray("Its main thread has ended"));
    }
    void everyRefusalHasItsWayOut()
    {
        for (const int scope : {1, 2, 3}) {
            const auto no = objection({.pid = 1, .user = 1000, .scope = scope}, {.users = {1000, 1000, 1000}, .state = 'S'}, 123);
            QVERIFY(no && no->state != Readiness::State::Ready);
            QVERIFY(no->advice.find("start the program from Opscope") != std::string::npos);
        }
    }
    void aProcessIsSeenAsItIs()
    {
        const ChildProcess child = ChildProcess::sleeping();
        const auto about = Traceable::of(child.pid(), ::getpid());
        QVERIFY(about);
        QCOMPARE(about->users, (std::vector<uid_t>{::getuid(), ::geteuid(), ::geteuid()}));
        QVERIFY(about->dumpable && about->ours);
        QCOMPARE(about->tracer, 0);
        QVERIFY(!Traceable::of(1, child.pid())->ours);
        QVERIFY(!Traceable::of(4'194'305, ::getpid()));
        const Tracer us = Tracer::here();
        QCOMPARE(us.user, ::geteuid());
        QVERIFY(us.scope >= 0 && us.scope <= 3);
    }

    void everyReasonHasASentence_data()
    {
        QTest::addColumn<QByteArray>("reason");
        for (const char* reason : {"ended", "zombie", "other-process", "exec", "traced", "stopped", "not-permitted", "architecture", "not-python", "no-symbols", "unknown-python",
                                   "old-python", "free-threaded", "no-library", "shadow-stack", "seccomp", "no-memory", "remote-debug-off", "remote-exec", "no-stop", "bad-place",
                                   "timeout", "fault", "queue-full"})
            QTest::addRow("%s", reason) << QByteArray(reason);
    }
    void everyReasonHasASentence()
    {
        QFETCH(QByteArray, reason);
        const bool full = reason == "queue-full";
        const auto reply = parseReply("{\"result\":\"" + (full ? reason : QByteArray("refused")) + "\",\"reason\":\"" + (full ? QByteArray() : reason) +
                                      "\",\"detail\":\"why\\u0007\",\"python\":\"3.12.1\",\"stopped_us\":12}");
        QVERIFY(reply);
        const RecordFailure failure = failureOf(*reply, "Process 1 (x)");
        QVERIFY(failure.message.starts_with("Process 1 (x) ") && failure.message.ends_with('.'));
        QVERIFY(failure.message != failureOf({.result = "refused", .reason = "never heard"}, "Process 1 (x)").message);
        QVERIFY(failure.details.find('\a') == std::string::npos && failure.details.find("3.12.1") != std::string::npos);
    }
    void whatIsNoReplyIsNone()
    {
        for (const char* text : {"", "[]", "{", "{}", "{\"result\":7}", "queued"}) QVERIFY2(!parseReply(text), text);
    }
    void whatAThreadWaitsForIsSaid()
    {
        QCOMPARE(whatItDoes('R', "0"), std::string("running in native code"));
        QCOMPARE(whatItDoes('S', "hrtimer_nanosleep"), std::string("sleeping"));
        QCOMPARE(whatItDoes('S', "futex_do_wait"), std::string("waiting for another thread"));
        QCOMPARE(whatItDoes('S', "do_poll.constprop.0"), std::string("waiting for files or sockets"));
        QCOMPARE(whatItDoes('S', ""), std::string("sleeping"));
        QCOMPARE(whatItDoes('D', "io_schedule"), std::string("waiting for a disk or a driver"));
    }
    void aStatementIsWrappedWhateverIsInIt()
    {
        const std::string text = wrapped("print('\\n', \"\xc3\xa4\")\n", 7, 4096, 8192);
        QVERIFY(text.find("getpid()==7:exec(b'print(\\x27\\x5cn\\x27, \"\\xc3\\xa4\")\\x0a',{})") != std::string::npos);
        QVERIFY(text.find("c_void_p(4096)") != std::string::npos && text.find("c_size_t(8192)") != std::string::npos);
        QVERIFY(!fits("") && !fits(std::string(4001, 'x')) && !fits(std::string_view("a\0b", 3)) && fits(std::string(4000, '\n')));
        QVERIFY(wrapped(std::string(4000, '\n'), INT32_MAX, UINT64_MAX, UINT64_MAX).size() < kStatementRoom);
    }

    void theCourierBringsTheScriptIn()
    {
        const auto all = pythons();
        if (all.empty()) QSKIP("skipped: no CPython 3.8 to 3.13 here");
        qputenv("OPSCOPE_INJECT", OPSCOPE_BIN "/opscope-inject");
        PythonTarget target(all.front().path, {QStringLiteral("loop")});
        QVERIFY(target.isReady());
        auto exchange = torch::Exchange::make(target.pid());
        QVERIFY(exchange.ok());
        QVERIFY(exchange->write("opscope.py", "import os\nopen(__opscope_folder__ + '/ran-%d' % os.getpid(), 'w').close()\n").ok());
        const RecordTarget asked{.pid = target.pid(), .startTicks = sampling::procStat(target.pid())->startTicks};
        InjectCourier courier;
        QSignalSpy delivered(&courier, &torch::Courier::delivered), refused(&courier, &torch::Courier::refused), waiting(&courier, &torch::Courier::waitingFor);
        courier.deliver(asked, *exchange);
        QTRY_VERIFY_WITH_TIMEOUT(delivered.size() + refused.size() == 1, 60'000);
        if (!refused.isEmpty() && refused.front().front().value<RecordFailure>().message.find("may not be attached") != std::string::npos)
            QSKIP("skipped: this system does not let programs attach to others");
        const std::string mark = exchange->at("ran-" + std::to_string(target.pid()));
        QTRY_VERIFY_WITH_TIMEOUT(std::ifstream(mark).good(), 60'000);
        QTRY_VERIFY_WITH_TIMEOUT(!waiting.isEmpty(), 60'000);
        QVERIFY(courier.deliverAgain());
        QCOMPARE(target.verdict(), QByteArray());
        courier.deliverAgain(); // it has ended: nothing more is said than at first
        QTest::qWait(1);
        QCOMPARE(delivered.size(), 1);
    }
    void whatCannotBeDeliveredIsRefused()
    {
        const ChildProcess child = ChildProcess::sleeping();
        const auto exchange = torch::Exchange::make(0);
        QVERIFY(exchange.ok());
        const auto refusal = [&](const char* program) {
            qputenv("OPSCOPE_INJECT", program);
            InjectCourier courier;
            QSignalSpy refused(&courier, &torch::Courier::refused);
            courier.deliver({.pid = child.pid()}, *exchange);
            return QTest::qWaitFor([&] { return !refused.isEmpty(); }, 60'000) ? QByteArray::fromStdString(refused.front().front().value<RecordFailure>().message) : QByteArray();
        };
        const QByteArray process = "Process " + QByteArray::number(child.pid()) + " (sleep)";
        QCOMPARE(refusal(OPSCOPE_BIN "/opscope-inject"), process + " runs no Python that we know of.");
        QCOMPARE(refusal("/nowhere"), QByteArray("The program opscope-inject is missing."));
        QCOMPARE(refusal("/bin/false"), process + " could not be attached to: the program for it ended early.");
    }
};

QTEST_GUILESS_MAIN(TstInjectWay)
#include "tst_InjectWay.moc"
