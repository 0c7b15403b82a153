#include <QTest>

#include "core/record/sampling/SampleTrace.h"
#include "tests/support/FxtText.h"

#include <linux/perf_event.h>
#include <sstream>
#include <unistd.h>

using namespace opscope;
using namespace opscope::sampling;

extern "C" __attribute__((noinline)) int outer_function_of_the_test(int value) { return value * 3 + 1; }
extern "C" __attribute__((noinline)) int inner_function_of_the_test(int value) { return value * 5 + 2; }

namespace {

constexpr std::uint64_t kStart = 1'000'000'000;

std::uint64_t addressOf(int (*function)(int)) { return reinterpret_cast<std::uint64_t>(function); }

/// Of records of our own process: its functions are known. Times are µs since the start.
struct Fixture
{
    explicit Fixture(SampleTrace::Known known = SampleTrace::Known::FromMaps)
        : trace(buffer, {.layout = {.chain = true}, .frequency = 1000, .start = kStart, .wallClockNs = 5})
    {
        trace.addTarget(pid, kStart, known);
    }
    PerfRecord record(PerfKind kind, std::uint64_t us, pid_t tid = ::getpid()) const
    {
        PerfRecord made;
        made.kind = kind;
        made.pid = pid;
        made.tid = tid;
        made.time = kStart + us * 1000;
        made.cpu = 1;
        return made;
    }
    void sample(std::uint64_t us, std::vector<std::uint64_t> chain)
    {
        PerfRecord made = record(PerfKind::Sample, us);
        made.chain = chain;
        trace.beginBatch();
        trace.take(made);
    }
    void switched(std::uint64_t us, bool out, pid_t tid = ::getpid())
    {
        PerfRecord made = record(PerfKind::Switch, us, tid);
        made.out = out;
        trace.take(made);
    }
    /// The lines that begin so, or hold it.
    std::string lines(std::string_view part, std::uint64_t endUs = 1'000'000)
    {
        trace.finish(kStart + endUs * 1000);
        const test::FxtText text = test::fxtText(buffer);
        std::string found = text.error;
        for (const std::string& line : text.lines)
            if (line.find(part) != line.npos) found += line + "\n";
        return found;
    }
    std::string id() const { return std::to_string(pid); }

    pid_t pid = ::getpid();
    std::string buffer;
    SampleTrace trace;
};

} // namespace

class tst_SampleTrace : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aChainBecomesNestedSlicesWithTheirModules()
    {
        Fixture f;
        f.switched(0, false);
        f.sample(200, {});
        f.sample(500, {static_cast<std::uint64_t>(PERF_CONTEXT_USER), addressOf(inner_function_of_the_test) + 4, addressOf(outer_function_of_the_test) + 5});
        f.switched(900, true);
        const std::string own = f.id() + "/" + f.id();
        // The return address may lie behind the function: the one before it counts. Only the sampled place has an offset.
        QCOMPARE(f.lines("function_of_the_test"),
                 "complete " + own + " 500000 \"tst_SampleTrace\" \"outer_function_of_the_test\" {} tail 900000\n" +
                     "complete " + own + " 500000 \"tst_SampleTrace\" \"inner_function_of_the_test\" {offset=int32:4} tail 900000\n");
    }
    void aReturnAddressThatIsNowhereEndsTheChain()
    {
        Fixture f;
        f.sample(500, {static_cast<std::uint64_t>(PERF_CONTEXT_USER), addressOf(inner_function_of_the_test), 12345, addressOf(outer_function_of_the_test)});
        QVERIFY(f.lines("outer_function").empty());
    }
    void kernelFramesLieOnTopOfThoseOfTheProgram()
    {
        Fixture f;
        f.sample(500, {static_cast<std::uint64_t>(PERF_CONTEXT_KERNEL), 0xffffffff81000010, static_cast<std::uint64_t>(PERF_CONTEXT_USER),
                       addressOf(inner_function_of_the_test)});
        const std::string lines = f.lines("complete ");
        QVERIFY2(lines.find("inner_function_of_the_test") < lines.find("[kernel]"), lines.c_str());
    }
    void lostSamplesAreCountedAndMarked()
    {
        Fixture f;
        PerfRecord lost = f.record(PerfKind::Lost, 700);
        lost.lost = 42;
        f.trace.take(lost);
        QCOMPARE(f.trace.counts().lost, 42u);
        const std::string lines = f.lines("");
        QVERIFY2(lines.find("700000 \"opscope\" \"samples lost\" {count=int32:42, reason=\"the buffer was full\"}") != std::string::npos, lines.c_str());
        QVERIFY2(lines.find("provider 1 event") != std::string::npos || lines.find("filled") != std::string::npos, lines.c_str());
    }
    void throttlingCountsWhatItWouldHaveTaken()
    {
        Fixture f;
        f.trace.take(f.record(PerfKind::Throttle, 1'000));
        f.trace.take(f.record(PerfKind::Unthrottle, 11'000));
        f.trace.take(f.record(PerfKind::Unthrottle, 12'000));
        QCOMPARE(f.trace.counts().lost, 10u);
        QVERIFY(f.lines("samples lost").find("the system throttled sampling") != std::string::npos);
    }
    void aThreadIsNamedOnceItsNameHasSettled()
    {
        Fixture f;
        PerfRecord fork = f.record(PerfKind::Fork, 10, f.pid + 1'000'000);
        fork.parentPid = f.pid;
        fork.parentTid = f.pid;
        f.trace.take(fork);
        PerfRecord comm = f.record(PerfKind::Comm, 20, f.pid + 1'000'000);
        comm.text = "pool\x01 worker";
        f.trace.take(comm);
        const std::string lines = f.lines("thread " + std::to_string(f.pid + 1'000'000));
        QCOMPARE(std::count(lines.begin(), lines.end(), '\n'), 1);
        QVERIFY2(lines.find("pool") != std::string::npos && lines.find('\x01') == std::string::npos, lines.c_str());
        QVERIFY2(lines.find("sampled_hz=int32:1000") != std::string::npos, lines.c_str());
    }
    void whoHasAnotherNameLaterSaysWhichItHad()
    {
        Fixture f;
        f.trace.writeOpen();
        f.trace.writeOpen(); // once is enough
        PerfRecord comm = f.record(PerfKind::Comm, 20);
        comm.text = "between";
        f.trace.take(comm);
        comm.text = "another";
        f.trace.take(comm);
        const std::string own = f.lines(f.id() + " \"");
        const std::string before = "\"tst_SampleTrace\"", after = " \"another\"";
        const auto count = [&own](const std::string& part) {
            int found = 0;
            for (std::size_t at = own.find(part); at != own.npos; at = own.find(part, at + 1)) ++found;
            return found;
        };
        QCOMPARE(count("process " + f.id() + ' ' + before), 1);
        QCOMPARE(count("process " + f.id() + after + " {renamed_from=" + before), 1);
        QCOMPARE(count("renamed_from="), 2); // its first thread too
        QCOMPARE(count("between"), 0);
    }
    void threadsThatNobodyNamedHaveTheirNumber()
    {
        Fixture f;
        PerfRecord fork = f.record(PerfKind::Fork, 10, f.pid + 1'000'000);
        fork.parentPid = f.pid;
        fork.parentTid = f.pid;
        f.trace.take(fork);
        const std::string number = std::to_string(f.pid + 1'000'000);
        QVERIFY2(f.lines("thread " + number).find(" " + number + "\"") != std::string::npos, f.buffer.c_str());
    }
    void aForkMakesAProcessThatEndsByItself()
    {
        Fixture f;
        const pid_t child = f.pid + 1'000'000;
        PerfRecord fork = f.record(PerfKind::Fork, 10, child);
        fork.pid = child;
        fork.parentPid = f.pid;
        fork.parentTid = f.pid;
        f.trace.take(fork);
        PerfRecord exit = f.record(PerfKind::Exit, 30, child);
        exit.pid = child;
        f.trace.take(exit);
        f.switched(40, true, child); // the last switch of a thread that has ended
        const std::string lines = f.lines(std::to_string(child));
        QVERIFY2(lines.find("process " + std::to_string(child) + " \"tst_SampleTrace\"") != std::string::npos, lines.c_str());
        QVERIFY2(lines.find("at 30000: " + std::to_string(child) + "/" + std::to_string(child) + " (dead) -> 0/0") != std::string::npos, lines.c_str());
        QVERIFY2(lines.find("40000") == std::string::npos, lines.c_str());
    }
    void mappingsThatMakeNoSenseAreLeftOut()
    {
        Fixture f;
        PerfRecord mapped = f.record(PerfKind::Mmap, 10);
        mapped.start = ~std::uint64_t{0} - 4095;
        mapped.length = 8192;
        mapped.executable = true;
        f.trace.take(mapped);
        mapped.length = 0;
        f.trace.take(mapped);
        f.sample(500, {static_cast<std::uint64_t>(PERF_CONTEXT_USER), addressOf(inner_function_of_the_test)});
        QVERIFY(!f.lines("inner_function_of_the_test").empty());
    }
};

QTEST_GUILESS_MAIN(tst_SampleTrace)
#include "tst_SampleTrace.moc"
