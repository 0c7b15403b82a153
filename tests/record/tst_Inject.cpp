#include <QTemporaryDir>
#include <QtTest>

#include "tests/support/InjectAttempt.h"
#include "tests/support/PythonTarget.h"
#include "core/record/sampling/ProcFiles.h"

#include <algorithm>
#include <fstream>
#include <sys/ptrace.h>
#include <thread>

using namespace opscope;
using namespace opscope::test;
using inject::Order;
using inject::Step;

/// Attaches to real programs that look after themselves: their sums, registers, system calls, children and timers.
class TstInject : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    std::vector<Python> m_pythons;

    QString python() const { return m_pythons.front().path; }
    QStringList way(const char* name) const { return {QString::fromLatin1(name), QStringLiteral(OPSCOPE_INJECT_LIBRARY)}; }
    QString mark() const { return m_folder.filePath(QStringLiteral("mark")); }

    Order order(const PythonTarget& target) const
    {
        const auto stat = sampling::procStat(target.pid());
        return {.pid = target.pid(), .startTicks = stat ? stat->startTicks : 0,
                .statement = "with open('" + mark().toStdString() + "','a') as f: f.write('x')"};
    }
    qint64 runs() const { return QFileInfo(mark()).size(); }
    /// `times` deliveries, of which each is run once.
    void deliver(const PythonTarget& target, int times)
    {
        const qint64 before = runs();
        for (int i = 0; i < times; ++i) {
            const Attempt made = attempt(order(target));
            QVERIFY2(made.result == "queued", (made.result + ": " + made.reason).c_str());
            QTRY_COMPARE_WITH_TIMEOUT(runs(), before + i + 1, 60'000);
        }
    }
    static char stateOf(pid_t pid)
    {
        const auto stat = sampling::procStat(pid);
        return stat ? stat->state : '-';
    }

private Q_SLOTS:
    void initTestCase()
    {
        m_pythons = pythons();
        if (m_pythons.empty()) QSKIP("skipped: no CPython 3.8 to 3.13 here");
#if !defined(__x86_64__)
        QSKIP("skipped: x86-64 only");
#endif
        const Attempt probe = [&] {
            PythonTarget target(python(), way("loop"));
            return target.isReady() ? attempt(order(target)) : Attempt{};
        }();
        if (probe.reason == "not-permitted") QSKIP("skipped: this system does not let programs attach to others");
    }
    void init() { QFile::remove(mark()); }

    void everyPythonRunsWhatItIsGiven_data()
    {
        QTest::addColumn<QString>("path");
        for (const Python& one : m_pythons) QTest::addRow("3.%d", one.minor) << one.path;
    }
    void everyPythonRunsWhatItIsGiven()
    {
        QFETCH(QString, path);
        PythonTarget target(path, way("loop"));
        QVERIFY(target.isReady());
        deliver(target, 10);
        QCOMPARE(target.verdict(), QByteArray());
    }

    void whateverItDoesItDoesNotNotice_data()
    {
        QTest::addColumn<QString>("name");
        for (const char* name : {"threads", "allocations", "sleep", "read", "registers", "fork", "alarm"}) QTest::addRow("%s", name) << QString::fromLatin1(name);
    }
    void whateverItDoesItDoesNotNotice()
    {
        QFETCH(QString, name);
        PythonTarget target(python(), way(name.toLatin1().constData()));
        QVERIFY(target.isReady());
        deliver(target, 10);
        QCOMPARE(target.verdict(), QByteArray());
    }

    void theMemoryIsGivenBack()
    {
        PythonTarget target(python(), way("loop"));
        QVERIFY(target.isReady());
        const auto mappings = [&] {
            QFile maps(QStringLiteral("/proc/%1/maps").arg(target.pid()));
            return maps.open(QIODevice::ReadOnly) ? maps.readAll().count('\n') : 0;
        };
        deliver(target, 1);
        const auto before = mappings();
        deliver(target, 5);
        QTRY_VERIFY_WITH_TIMEOUT(mappings() <= before, 60'000);
        QCOMPARE(target.verdict(), QByteArray());
    }

    void weMayBeKilledBehindEveryStep_data()
    {
        QTest::addColumn<QString>("name");
        for (const char* name : {"registers", "sleep", "read", "alarm"}) QTest::addRow("%s", name) << QString::fromLatin1(name);
    }
    void weMayBeKilledBehindEveryStep()
    {
        QFETCH(QString, name);
        PythonTarget target(python(), way(name.toLatin1().constData()));
        QVERIFY(target.isReady());
        Order doomed = order(target);
        doomed.statement = "pass";
        int killed = 0;
        for (int step = 0; step < inject::kSteps; ++step) {
            for (int i = 0; i < 3; ++i)
                killed += attempt(doomed, [step](Step done) {
                    if (static_cast<int>(done) == step) ::raise(SIGKILL);
                }).result.empty();
            deliver(target, 1);
        }
        QVERIFY(killed > 20);
        QByteArray verdict = target.verdict();
        if (name == QLatin1String("sleep")) // what only the kernel can take up again ends early then: the one thing that is not as if we had never been there
            verdict.replace("\"nanosleep was interrupted (errno 4)\"", "").replace("\"nanosleep was too short\"", "").replace(",", "").replace("[]", "");
        QCOMPARE(verdict, QByteArray());
    }

    void aLongNativeCallIsWaitedFor()
    {
        PythonTarget target(python(), way("long-call"));
        QVERIFY(target.isReady());
        const Attempt made = attempt(order(target));
        QCOMPARE(made.result, std::string("queued"));
        QTRY_COMPARE_WITH_TIMEOUT(runs(), qint64{1}, 60'000);
        QCOMPARE(target.verdict(), QByteArray());
    }
    void aFullQueueIsTold()
    {
        PythonTarget target(python(), way("long-call"));
        QVERIFY(target.isReady());
        qint64 queued = 0;
        Attempt last;
        for (int tries = 0; tries < 1000 && last.result != "queue-full"; ++tries) {
            last = attempt(order(target));
            queued += last.result == "queued";
        }
        QCOMPARE(last.result, std::string("queue-full"));
        QTRY_COMPARE_WITH_TIMEOUT(runs(), queued, 60'000);
        QCOMPARE(target.verdict(), QByteArray());
    }

    void aStoppedProcessStaysStopped()
    {
        PythonTarget target(python(), way("loop"));
        QVERIFY(target.isReady());
        ::kill(target.pid(), SIGSTOP);
        QTRY_COMPARE_WITH_TIMEOUT(stateOf(target.pid()), 'T', 60'000);
        const Attempt made = attempt(order(target));
        QCOMPARE(made.result + " " + made.reason, std::string("refused stopped"));
        QCOMPARE(stateOf(target.pid()), 'T');
        ::kill(target.pid(), SIGCONT);
        QCOMPARE(target.verdict(), QByteArray());
    }
    void stoppedMeanwhileItStopsBehindUs()
    {
        PythonTarget target(python(), way("registers"));
        QVERIFY(target.isReady());
        const pid_t pid = target.pid();
        Order some = order(target);
        some.statement = "pass";
        for (int step = static_cast<int>(Step::Seized); step <= static_cast<int>(Step::Called); ++step) {
            attempt(some, [step, pid](Step done) {
                if (static_cast<int>(done) == step) ::kill(pid, SIGSTOP);
            });
            QTRY_COMPARE_WITH_TIMEOUT(stateOf(pid), 'T', 60'000);
            ::kill(pid, SIGCONT);
            deliver(target, 1);
        }
        QCOMPARE(target.verdict(), QByteArray());
    }

    void endingMeanwhileIsToldAndNoHarm_data()
    {
        QTest::addColumn<int>("step");
        for (int step = 0; step < inject::kSteps; ++step) QTest::addRow("step %d", step) << step;
    }
    void endingMeanwhileIsToldAndNoHarm()
    {
        QFETCH(int, step);
        PythonTarget target(python(), way("loop"));
        QVERIFY(target.isReady());
        const pid_t pid = target.pid();
        const Attempt made = attempt(order(target), [step, pid](Step done) {
            if (static_cast<int>(done) == step) ::kill(pid, SIGKILL);
        });
        if (step < static_cast<int>(Step::Called)) QVERIFY2(made.result == "refused" || made.result == "failed", made.result.c_str());
    }

    void anotherProgramMeanwhileIsLeftAlone_data()
    {
        QTest::addColumn<int>("step");
        for (int step = 0; step < inject::kSteps; ++step) QTest::addRow("step %d", step) << step;
    }
    void anotherProgramMeanwhileIsLeftAlone()
    {
        QFETCH(int, step);
        const std::string go = m_folder.filePath(QStringLiteral("go%1").arg(step)).toStdString();
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("OPSCOPE_GO"), QString::fromStdString(go));
        PythonTarget target(python(), way("exec"), environment);
        QVERIFY(target.isReady());
        const pid_t pid = target.pid();
        const std::string before = sampling::readSmallFile("/proc/" + std::to_string(pid) + "/cmdline");
        attempt(order(target), [&](Step done) {
            if (static_cast<int>(done) != step) return;
            std::ofstream(go).flush();
            for (int waits = 0; waits < 300 && sampling::readSmallFile("/proc/" + std::to_string(pid) + "/cmdline") == before; ++waits)
                std::this_thread::sleep_for(std::chrono::milliseconds(1)); // the thread may need what we hold: then it comes later
        });
        std::ofstream(go).flush(); // steps that this attempt has not
        QCOMPARE(target.line(), QByteArray("another program"));
        QVERIFY(target.runs());
    }

    void aTracedProcessIsLeftAlone()
    {
        PythonTarget target(python(), way("loop"));
        QVERIFY(target.isReady());
        QCOMPARE(::ptrace(PTRACE_SEIZE, target.pid(), nullptr, nullptr), 0L);
        const Attempt made = attempt(order(target));
        QCOMPARE(made.result + " " + made.reason, std::string("refused traced"));
        ::ptrace(PTRACE_INTERRUPT, target.pid(), nullptr, nullptr);
        int status = 0;
        QCOMPARE(::waitpid(target.pid(), &status, __WALL), target.pid());
        QCOMPARE(::ptrace(PTRACE_DETACH, target.pid(), nullptr, nullptr), 0L);
        QCOMPARE(target.verdict(), QByteArray());
    }
    void othersMayNotAttach()
    {
        if (::geteuid() != 0) QSKIP("skipped: needs root, to be somebody else");
        PythonTarget target(python(), way("loop"));
        QVERIFY(target.isReady());
        constexpr uid_t kNobody = 65534;
        const Attempt made = attempt(order(target), {}, kNobody);
        QCOMPARE(made.result + " " + made.reason, std::string("refused not-permitted"));
        QCOMPARE(target.verdict(), QByteArray());
    }
    void whatIsNoPythonIsRefused_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QByteArray>("reason");
        QTest::addRow("another program") << QString::fromLatin1("sleeper") << QByteArray("not-python");
        QTest::addRow("called so, without its names") << QString::fromLatin1("python3.11") << QByteArray("no-symbols");
    }
    void whatIsNoPythonIsRefused()
    {
        QFETCH(QString, name);
        QFETCH(QByteArray, reason);
        const QString copy = m_folder.filePath(name);
        QFile::copy(QStandardPaths::findExecutable(QStringLiteral("sleep")), copy);
        QProcess sleeper;
        sleeper.start(copy, {QStringLiteral("1000")});
        QVERIFY(sleeper.waitForStarted());
        const auto pid = static_cast<pid_t>(sleeper.processId());
        QTRY_COMPARE_WITH_TIMEOUT(stateOf(pid), 'S', 60'000); // its loader may run still
        const Attempt made = attempt({.pid = pid, .statement = "pass"});
        QCOMPARE(QByteArray::fromStdString(made.result + " " + made.reason), "refused " + reason);
        QTRY_COMPARE_WITH_TIMEOUT(stateOf(pid), 'S', 60'000);
        sleeper.kill();
        sleeper.waitForFinished();
    }
    void theNumberOfAnotherProcessIsNoticed()
    {
        PythonTarget target(python(), way("loop"));
        QVERIFY(target.isReady());
        Order wrong = order(target);
        ++wrong.startTicks;
        QCOMPARE(attempt(wrong).reason, std::string("other-process"));
        QCOMPARE(attempt({.pid = 4'194'305, .statement = "pass"}).reason, std::string("ended")); // above the greatest there can be
        Order bad = order(target);
        bad.statement = std::string(5000, ' ');
        QCOMPARE(attempt(bad).reason, std::string("statement"));
        QCOMPARE(target.verdict(), QByteArray());
    }
    void aZombieIsRefused()
    {
        const pid_t child = ::fork();
        if (child == 0) ::_exit(0);
        QTRY_COMPARE_WITH_TIMEOUT(stateOf(child), 'Z', 60'000);
        QCOMPARE(attempt({.pid = child, .statement = "pass"}).reason, std::string("zombie"));
        ::waitpid(child, nullptr, 0);
    }

    void aSandboxThatGivesNoMemoryIsTold_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QByteArray>("reason");
        QTest::addRow("denied") << QString::fromLatin1("deny") << QByteArray("no-memory");
        QTest::addRow("trapped") << QString::fromLatin1("trap") << QByteArray("seccomp");
    }
    void aSandboxThatGivesNoMemoryIsTold()
    {
        QFETCH(QString, name);
        QFETCH(QByteArray, reason);
        PythonTarget target(python(), way(name.toLatin1().constData()));
        QVERIFY(target.isReady());
        for (int i = 0; i < 5; ++i) QCOMPARE(QByteArray::fromStdString(attempt(order(target)).reason), reason);
        QCOMPARE(target.verdict(), QByteArray());
    }

    void theProgramPrintsWhatItDid()
    {
        PythonTarget target(python(), way("loop"));
        QVERIFY(target.isReady());
        QProcess program;
        program.start(QStringLiteral(OPSCOPE_BIN "/opscope-inject"),
                      {QStringLiteral("--pid"), QString::number(target.pid()), QStringLiteral("--start-ticks"), QString::number(order(target).startTicks)});
        program.write(QByteArray::fromStdString(order(target).statement));
        program.closeWriteChannel();
        QVERIFY(program.waitForFinished(60'000));
        const QByteArray said = program.readAllStandardOutput();
        const auto json = nlohmann::json::parse(said.begin(), said.end());
        QCOMPARE(QByteArray::fromStdString(json["result"]), QByteArray("queued"));
        QVERIFY(json["stopped_us"] > 0);
        QCOMPARE(program.exitCode(), 0);
        QTRY_COMPARE_WITH_TIMEOUT(runs(), qint64{1}, 60'000);
        for (const QStringList& words : {QStringList{}, QStringList{QStringLiteral("--pid"), QStringLiteral("-1")}, QStringList{QStringLiteral("--pid")}}) {
            program.start(QStringLiteral(OPSCOPE_BIN "/opscope-inject"), words);
            QVERIFY(program.waitForFinished(60'000));
            QCOMPARE(program.exitCode(), 2);
        }
        QCOMPARE(target.verdict(), QByteArray());
    }
};

QTEST_GUILESS_MAIN(TstInject)
#include "tst_Inject.moc"
