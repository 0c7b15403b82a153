#include <QDateTime>
#include <QElapsedTimer>
#include <QFileInfo>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "core/record/ProcessList.h"
#include "core/record/ProcessWatch.h"
#include "tests/support/ChildProcess.h"
#include "tests/support/Golden.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <pwd.h>
#include <thread>

using namespace opscope;
using namespace opscope::test;
namespace fs = std::filesystem;

namespace {

/// A /proc by hand; in memory where there is such a place: thousands of files take seconds on some disks.
struct FakeProc
{
    QTemporaryDir dir{QFileInfo(QStringLiteral("/dev/shm")).isWritable() ? QStringLiteral("/dev/shm/opscope-XXXXXX") : QString()};
    std::string root = dir.path().toStdString();

    struct Process
    {
        std::string name = "prog", command = {};
        unsigned long flags = 0, user = 0, system = 0, start = 100;
        char state = 'S';
    };
    void add(int pid, const Process& p)
    {
        const std::string folder = root + "/" + std::to_string(pid);
        fs::create_directories(folder);
        const auto n = [](unsigned long value) { return std::to_string(value) + " "; };
        std::string stat = n(static_cast<unsigned long>(pid)) + "(" + p.name + ") " + p.state + " 7 1 1 0 -1 " + n(p.flags) + "0 0 0 0 " + n(p.user) + n(p.system) +
                           "0 0 20 0 3 0 " + n(p.start) + "4096000 25 18446744073709551615 1 1\n";
        writeFile(folder + "/stat", stat);
        writeFile(folder + "/status", "Name:\tx\nTgid:\t" + std::to_string(pid) + "\nUid:\t1\t4000000001\t1\t1\n");
        writeFile(folder + "/cmdline", p.command);
    }
};

std::string with(std::initializer_list<std::string_view> words)
{
    std::string text;
    for (const std::string_view word : words) text += std::string(word) + '\0';
    return text;
}

const ProcessInfo* find(const std::vector<ProcessInfo>& all, pid_t pid)
{
    const auto found = std::find_if(all.begin(), all.end(), [pid](const ProcessInfo& p) { return p.pid == pid; });
    return found == all.end() ? nullptr : &*found;
}

} // namespace

class tst_ProcessList : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void thisProcessIsInTheList();
    void aChildHasItsNameAndCommand();
    void namesMayHoldBracketsAndBlanks();
    void commandLinesAreQuotedWhereTheyNeedIt();
    void aCommandLineIsNeverLongerThanItsLimit();
    void labelsHoldNoControlCharacters();
    void kernelThreadsAndZombiesAreToldApart();
    void processorTimeCountsFromTheLastScan();
    void anotherProcessOfTheSamePidStartsAnew();
    void whatCannotBeReadIsLeftOut();
    void processesThatComeAndGoDoNoHarm();
    void twoThousandProcessesAreListed();
    void aSingleProcessOrASentence();
    void theEndOfAProcessIsTold_data();
    void theEndOfAProcessIsTold();
    void theEndOfAProcessThatHasGoneIsToldLater_data();
    void theEndOfAProcessThatHasGoneIsToldLater();
    void anotherProcessOfTheSamePidIsNotWatched();
};

void tst_ProcessList::thisProcessIsInTheList()
{
    ProcessScanner scanner;
    const auto all = scanner.scan();
    QVERIFY(std::is_sorted(all.begin(), all.end(), [](const ProcessInfo& a, const ProcessInfo& b) { return a.pid < b.pid; }));
    const ProcessInfo* self = find(all, ::getpid());
    QVERIFY(self);
    QCOMPARE(self->name, std::string("tst_ProcessList"));
    QCOMPARE(self->parent, ::getppid());
    QCOMPARE(self->user, ::geteuid());
    QCOMPARE(self->userName, std::string(::getpwuid(::geteuid()) ? ::getpwuid(::geteuid())->pw_name : std::to_string(::geteuid()).c_str()));
    QVERIFY(self->command.find("tst_ProcessList") != std::string::npos);
    QVERIFY(self->threads >= 1 && self->residentBytes > 100'000 && self->startTicks > 0);
    QVERIFY(!self->kernelThread && !self->zombie());
    QVERIFY(self->cpu < 0);
    const std::int64_t now = QDateTime::currentMSecsSinceEpoch() * 1'000'000;
    QVERIFY(self->startedNs > now - std::int64_t{3600} * 1'000'000'000 && self->startedNs <= now + 1'000'000'000);
}

void tst_ProcessList::aChildHasItsNameAndCommand()
{
    const ChildProcess child = ChildProcess::sleeping();
    const auto info = processInfo(child.pid());
    QVERIFY(info.ok());
    QCOMPARE(info->name, std::string("sleep"));
    QCOMPARE(info->command, std::string("sleep 1000"));
    QCOMPARE(info->parent, ::getpid());
    QCOMPARE(info->threads, 1u);
}

void tst_ProcessList::namesMayHoldBracketsAndBlanks()
{
    FakeProc proc;
    proc.add(5, {.name = "a) S 1 (b) 2", .state = 'R'});
    proc.add(6, {.name = ")))"});
    proc.add(7, {.name = ""});
    proc.add(8, {.name = "line\nbreak"});
    const auto all = ProcessScanner(proc.root).scan();
    QCOMPARE(all.size(), 4u);
    QCOMPARE(all[0].name, std::string("a) S 1 (b) 2"));
    QCOMPARE(all[0].state, 'R');
    QCOMPARE(all[0].parent, 7);
    QCOMPARE(all[0].threads, 3u);
    QCOMPARE(all[0].startTicks, std::uint64_t{100});
    QCOMPARE(all[0].residentBytes, static_cast<std::uint64_t>(25 * ::sysconf(_SC_PAGESIZE)));
    QCOMPARE(all[0].user, uid_t{4000000001});
    QCOMPARE(all[0].userName, std::string("4000000001"));
    QCOMPARE(all[1].name, std::string(")))"));
    QCOMPARE(all[2].name, std::string());
    QCOMPARE(all[3].name, std::string("line\nbreak"));
}

void tst_ProcessList::commandLinesAreQuotedWhereTheyNeedIt()
{
    FakeProc proc;
    proc.add(1, {.command = with({"python3", "-c", "print('a b')", ""})});
    proc.add(2, {.command = with({"nginx: master process"}) + std::string(40, '\0')}); // setproctitle
    proc.add(3, {.command = "no end"});
    proc.add(4, {.command = with({"ls", "--color=auto", "/a/b.c", "é", "$HOME", "a\nb"})});
    proc.add(5, {});
    const auto all = ProcessScanner(proc.root).scan();
    QCOMPARE(all[0].command, std::string("python3 -c 'print('\\''a b'\\'')'")); // the kernel does not tell empty last words from rewritten ones
    QCOMPARE(all[1].command, std::string("nginx: master process"));
    QCOMPARE(all[2].command, std::string("no end"));
    QCOMPARE(all[3].command, std::string("ls --color=auto /a/b.c é '$HOME' 'a\nb'"));
    QCOMPARE(all[4].command, std::string());
    QCOMPARE(commandLine({"a", "", "b"}), std::string("a '' b"));
    QCOMPARE(commandLine({}), std::string());
}

void tst_ProcessList::aCommandLineIsNeverLongerThanItsLimit()
{
    FakeProc proc;
    proc.add(1, {.command = with({"a", std::string(1'000'000, 'x')})});
    proc.add(2, {.command = std::string(1'000'000, '\0')});
    const auto all = ProcessScanner(proc.root).scan();
    QCOMPARE(all[0].command.size(), std::size_t{(16 << 10) + 3});
    QVERIFY(all[0].command.ends_with("x…"));
    QCOMPARE(all[1].command, std::string());
}

void tst_ProcessList::labelsHoldNoControlCharacters()
{
    ProcessInfo process;
    process.pid = 12;
    process.name = "a\033[31mb\xFF";
    const std::string label = processLabel(process);
    QVERIFY(label.starts_with("12 (a␛[31mb") && label.ends_with(")"));
    QVERIFY(std::none_of(label.begin(), label.end(), [](char c) { return static_cast<unsigned char>(c) < 32; }));
    QCOMPARE(QString::fromStdString(label).toStdString(), label); // valid UTF-8
}

void tst_ProcessList::kernelThreadsAndZombiesAreToldApart()
{
    FakeProc proc;
    proc.add(2, {.name = "kthreadd", .flags = 2129984});
    proc.add(3, {.name = "gone", .state = 'Z'});
    proc.add(4, {});
    const auto all = ProcessScanner(proc.root).scan();
    QVERIFY(all[0].kernelThread && !all[0].zombie());
    QVERIFY(!all[1].kernelThread && all[1].zombie());
    QVERIFY(!all[2].kernelThread && !all[2].zombie());

    const ChildProcess child = ChildProcess::sleeping();
    child.becomeZombie();
    const auto info = processInfo(child.pid());
    QVERIFY(info.ok());
    QVERIFY(info->zombie());
    QCOMPARE(info->command, std::string());
}

void tst_ProcessList::processorTimeCountsFromTheLastScan()
{
    FakeProc proc;
    proc.add(1, {.user = 100, .system = 20});
    proc.add(2, {.user = 5});
    ProcessScanner scanner(proc.root);
    const auto first = scanner.scan();
    const auto tick = 1'000'000'000 / ::sysconf(_SC_CLK_TCK);
    QCOMPARE(first[0].cpuNs, std::int64_t{120} * tick);
    QVERIFY(first[0].cpu < 0);
    proc.add(1, {.user = 150, .system = 30});
    const auto second = scanner.scan();
    QVERIFY(second[0].cpu > 0);
    QCOMPARE(second[1].cpu, 0.0);
    proc.add(2, {.user = 3}); // a clock that runs backwards is no time
    proc.add(3, {.user = 9});
    const auto third = scanner.scan();
    QCOMPARE(third[0].cpu, 0.0);
    QCOMPARE(third[1].cpu, 0.0);
    QVERIFY(third[2].cpu < 0);
}

void tst_ProcessList::anotherProcessOfTheSamePidStartsAnew()
{
    FakeProc proc;
    proc.add(1, {.user = 10, .start = 100});
    ProcessScanner scanner(proc.root);
    scanner.scan();
    proc.add(1, {.user = 50, .start = 900});
    QVERIFY(scanner.scan()[0].cpu < 0);
    fs::remove_all(proc.root + "/1");
    QVERIFY(scanner.scan().empty());
    proc.add(1, {.user = 90, .start = 900});
    QVERIFY(scanner.scan()[0].cpu < 0); // forgotten in between
}

void tst_ProcessList::whatCannotBeReadIsLeftOut()
{
    FakeProc proc;
    proc.add(1, {});
    proc.add(2, {});
    fs::remove(proc.root + "/2/stat");
    proc.add(3, {});
    fs::remove(proc.root + "/3/status");
    proc.add(4, {});
    fs::remove(proc.root + "/4/cmdline"); // hidden alone: still a process
    fs::create_directories(proc.root + "/5");
    writeFile(proc.root + "/6", "a file");
    writeFile(proc.root + "/meminfo", "x");
    fs::create_directories(proc.root + "/99999999999999999999");
    fs::create_directories(proc.root + "/7x");
    proc.add(8, {});
    for (const char* text : {"", "8", "8 (", "8 (x", "8 )x( S", "8 (x) S 1 2", "8 (x) S a b c d e f g h i j k l m n o p q r s t u v w x y z", "\xFF\xFE"}) {
        writeFile(proc.root + "/8/stat", text);
        const auto all = ProcessScanner(proc.root).scan();
        QCOMPARE(all.size(), 2u);
        QCOMPARE(all[0].pid, 1);
        QCOMPARE(all[1].pid, 4);
    }
    QVERIFY(ProcessScanner(proc.root + "/none").scan().empty());
}

void tst_ProcessList::processesThatComeAndGoDoNoHarm()
{
    std::atomic<bool> end = false;
    std::thread busy([&] {
        while (!end) ChildProcess({"true"}).reap();
    });
    ProcessScanner scanner;
    bool selfAlways = true;
    for (int i = 0; i < 20; ++i) selfAlways = selfAlways && find(scanner.scan(), ::getpid());
    end = true;
    busy.join();
    QVERIFY(selfAlways);
}

void tst_ProcessList::twoThousandProcessesAreListed()
{
    FakeProc proc;
    for (int pid = 1; pid <= 2000; ++pid) proc.add(pid, {.name = "p" + std::to_string(pid), .command = with({"prog", std::to_string(pid)})});
    ProcessScanner scanner(proc.root);
    QElapsedTimer time;
    time.start();
    const auto all = scanner.scan();
    qInfo("2,000 processes took %lld ms", time.elapsed());
    QCOMPARE(all.size(), 2000u);
    QCOMPARE(all[1999].command, std::string("prog 2000"));
}

void tst_ProcessList::aSingleProcessOrASentence()
{
    QCOMPARE(processInfo(::getpid())->pid, ::getpid());
    QCOMPARE(processInfo(0).error().message, std::string("0 is no process number"));
    QCOMPARE(processInfo(-5).error().message, std::string("-5 is no process number"));
    ChildProcess child = ChildProcess::sleeping();
    const pid_t gone = child.pid();
    child.signal(SIGKILL);
    child.reap();
    QCOMPARE(processInfo(gone).error().message, "there is no process " + std::to_string(gone));

    std::atomic<pid_t> thread = 0;
    std::atomic<bool> end = false;
    std::thread other([&] {
        thread = ::gettid();
        while (!end) std::this_thread::yield();
    });
    while (!thread) std::this_thread::yield();
    const auto info = processInfo(thread);
    end = true;
    other.join();
    QVERIFY(!info.ok());
    QCOMPARE(info.error().message, std::to_string(thread) + " is a thread of process " + std::to_string(::getpid()) + ", not a process");
}

void tst_ProcessList::theEndOfAProcessIsTold_data()
{
    QTest::addColumn<bool>("looking");
    QTest::newRow("pidfd") << false;
    QTest::newRow("/proc") << true;
}

void tst_ProcessList::theEndOfAProcessIsTold()
{
    QFETCH(const bool, looking);
    const ChildProcess child = ChildProcess::sleeping();
    ProcessWatch watch(child.pid(), 0, nullptr, looking ? ProcessWatch::Way::Looking : ProcessWatch::Way::Best);
    QSignalSpy ended(&watch, &ProcessWatch::ended);
    QTest::qWait(300);
    QVERIFY(watch.alive());
    QCOMPARE(ended.size(), 0);
    child.becomeZombie();
    QVERIFY(!watch.alive());
    QVERIFY(ended.size() == 1 || ended.wait(10'000));
    QTest::qWait(300);
    QCOMPARE(ended.size(), 1);
}

void tst_ProcessList::theEndOfAProcessThatHasGoneIsToldLater_data() { theEndOfAProcessIsTold_data(); }

void tst_ProcessList::theEndOfAProcessThatHasGoneIsToldLater()
{
    QFETCH(const bool, looking);
    const ChildProcess child = ChildProcess::sleeping();
    child.becomeZombie();
    ProcessWatch watch(child.pid(), 0, nullptr, looking ? ProcessWatch::Way::Looking : ProcessWatch::Way::Best);
    QSignalSpy ended(&watch, &ProcessWatch::ended);
    QVERIFY(!watch.alive());
    QCOMPARE(ended.size(), 0);
    QVERIFY(ended.wait(10'000));
    QCOMPARE(ended.size(), 1);
}

void tst_ProcessList::anotherProcessOfTheSamePidIsNotWatched()
{
    const ChildProcess child = ChildProcess::sleeping();
    const std::uint64_t ticks = processInfo(child.pid())->startTicks;
    QVERIFY(ProcessWatch(child.pid(), ticks).alive());
    ProcessWatch watch(child.pid(), ticks + 1);
    QVERIFY(!watch.alive());
    QSignalSpy ended(&watch, &ProcessWatch::ended);
    QVERIFY(ended.wait(10'000));
    QVERIFY(processInfo(child.pid()).ok()); // and it was left alone
}

QTEST_GUILESS_MAIN(tst_ProcessList)
#include "tst_ProcessList.moc"
