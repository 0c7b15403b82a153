#include <QTest>

#include "core/record/sampling/PerfErrors.h"
#include "core/record/sampling/ProcFiles.h"
#include "core/record/sampling/SamplingBackend.h"

#include <cerrno>
#include <sys/wait.h>
#include <unistd.h>

using namespace opscope;
using namespace opscope::sampling;

namespace {

std::string said(int error, bool own = true, std::int64_t paranoid = 2)
{
    const RecordFailure failure = refusalText({.error = error, .pid = 42, .ownProcess = own, .paranoid = paranoid});
    return failure.message + " " + failure.advice;
}

std::string text(const Readiness& readiness)
{
    const char* state = readiness.state == Readiness::State::Ready ? "ready" : readiness.state == Readiness::State::NeedsPermission ? "permission" : "not possible";
    return std::string(state) + ": " + readiness.reason;
}

} // namespace

class tst_SamplingErrors : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyRefusalHasItsSentence()
    {
        QCOMPARE(said(EACCES, false), std::string("The system allows recording only your own processes (perf_event_paranoid is 2). "
                                                  "Record as the user who owns the process, as root, or with the capability CAP_PERFMON."));
        QCOMPARE(said(EPERM, true, 4), std::string("The system allows nobody but administrators to record (perf_event_paranoid is 4). "
                                                   "An administrator can allow it: sysctl kernel.perf_event_paranoid=2"));
        QVERIFY(said(EACCES, true, 2).find("A container or sandbox may filter perf_event_open") != std::string::npos);
        QCOMPARE(said(ESRCH), std::string("Process 42 has ended. Choose another one."));
        QCOMPARE(said(EMFILE), std::string("There are not enough file descriptors to record this process. Raise the limit: ulimit -n 65536"));
        QCOMPARE(said(ENFILE), said(EMFILE));
        QVERIFY(said(ENOSYS).starts_with("This system cannot record samples: its kernel is built without perf events"));
        QCOMPARE(said(ENOENT), std::string("This system cannot record samples: its kernel does not have the event cpu-clock. Choose the event cpu-clock."));
        QCOMPARE(said(EOPNOTSUPP), said(ENODEV));
        QVERIFY(said(E2BIG).starts_with("This system cannot record samples: "));
        QCOMPARE(refusalText({.error = EBUSY, .paranoid = {}}).details, std::string("perf_event_open: Device or resource busy"));
    }
    void optionsBecomeSettings()
    {
        const EventSettings standard = eventSettings({});
        QCOMPARE(standard.frequency, 999u);
        QCOMPARE(standard.stackBytes, 24'576u); // of commands, which nobody knows yet
        QVERIFY(standard.stackByTarget);
        QVERIFY(standard.kernel && !standard.cycles);
        const EventSettings other = eventSettings({{"frequency", "4999"}, {"call-stacks", "frame-pointers"}, {"kernel", "off"}, {"event", "cycles"}});
        QCOMPARE(other.frequency, 4999u);
        QCOMPARE(other.stackBytes, 0u);
        QVERIFY(!other.stackByTarget);
        QVERIFY(!other.kernel && other.cycles);
        for (const std::uint32_t bytes : {8'192u, 24'576u, 65'528u}) {
            const EventSettings chosen = eventSettings({{"stack-bytes", std::to_string(bytes)}});
            QCOMPARE(chosen.stackBytes, bytes);
            QVERIFY(!chosen.stackByTarget);
            QVERIFY(checkOptions(options(), {{"stack-bytes", std::to_string(bytes)}}).ok());
        }
        QVERIFY(checkOptions(options(), {}).ok());
        for (const RecordOption& option : options()) QVERIFY2(checkOption(option, option.standard).ok(), option.id.c_str());
        QVERIFY(!checkOptions(options(), {{"frequency", "1000"}}).ok());
        QVERIFY(!checkOptions(options(), {{"stack-bytes", "70000"}}).ok());
    }
    void processesThatCannotBeRecordedAreToldBefore()
    {
        const pid_t child = ::fork();
        if (child == 0) ::_exit(0);
        siginfo_t ended = {};
        QCOMPARE(::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT), 0);
        QCOMPARE(text(readiness({.pid = child}, {})), std::string("not possible: Ended")); // a zombie
        QCOMPARE(::waitpid(child, nullptr, 0), child);
        QCOMPARE(text(readiness({.pid = child}, {})), std::string("not possible: Ended"));
        QCOMPARE(text(readiness({.pid = ::getpid()}, {{"frequency", "7"}})), std::string("not possible: Check the options"));
        const auto stat = procStat(2);
        if (!stat || !stat->kernelThread) QSKIP("skipped: no threads of the kernel are seen here");
        QCOMPARE(text(readiness({.pid = 2}, {})), std::string("not possible: A thread of the kernel"));
    }
    void listsOfProcessorsAreRead()
    {
        QCOMPARE(parseCpuList("0-3,5\n"), (std::vector<int>{0, 1, 2, 3, 5}));
        QCOMPARE(parseCpuList("7"), (std::vector<int>{7}));
        QCOMPARE(parseCpuList(""), (std::vector<int>{}));
        QCOMPARE(parseCpuList("x,3-,2"), (std::vector<int>{2}));
        QVERIFY(parseCpuList("0-999999999").size() < 10'000);
    }
    void theNameInStatMayHoldAnything()
    {
        const auto stat = parseStat("12 (a) b (c)) S 1 2 3 4 5 2097216 0 0 0 0 11 22 0 0 20 0 1 0 4711 0");
        QVERIFY(stat.has_value());
        QCOMPARE(stat->state, 'S');
        QVERIFY(stat->kernelThread);
        QCOMPARE(stat->cpuTicks, 33u);
        QCOMPARE(stat->startTicks, 4711u);
        QVERIFY(!parseStat("").has_value());
        QVERIFY(!parseStat("12 (a) S 1 2").has_value());
    }
    void ourOwnProcessIsSeen()
    {
        QVERIFY(isAlive(::getpid(), 0));
        QVERIFY(isAlive(::getpid(), procStat(::getpid())->startTicks));
        QVERIFY(!isAlive(::getpid(), 1));
        QCOMPARE(programName(::getpid()), std::string("tst_SamplingErrors"));
        QCOMPARE(userOf(::getpid()).value_or(0), ::getuid());
        const std::vector<pid_t> threads = threadsOf(::getpid());
        QVERIFY(std::find(threads.begin(), threads.end(), ::getpid()) != threads.end());
    }
};

QTEST_GUILESS_MAIN(tst_SamplingErrors)
#include "tst_SamplingErrors.moc"
