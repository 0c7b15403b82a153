#include <QTemporaryDir>
#include <QTest>

#include "core/record/ProcessList.h"
#include "core/record/launch/Command.h"
#include "core/record/launch/Launch.h"
#include "core/record/launch/OutputText.h"
#include "core/record/launch/Spawn.h"
#include "tests/support/LiveTorch.h"
#include "tests/support/Recorded.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace opscope;
using namespace opscope::test;
using State = Recorder::State;
namespace fs = std::filesystem;

namespace {

constexpr int kLong = Recorded::kLong;
const std::vector<std::int64_t> kIndices{7, 0, 9, 3}; // of LiveTorch's embedding

bool runs(pid_t pid)
{
    const auto process = processInfo(pid);
    return process && !process->zombie();
}

std::string someOf(int pipe)
{
    std::array<char, 64> bytes{};
    return {bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(::read(pipe, bytes.data(), bytes.size()), 0))};
}

} // namespace

class tst_Launch : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void pythonCommandsAreTold_data();
    void pythonCommandsAreTold();
    void whatIsPrintedIsPresentableAndBounded();
    void aCommandPrintsOnWhenWeAreGone();
    void aCommandHasItsFolderEnvironmentAndGroup();
    void aCommandLetsUsAttachToIt();
    void aProgramIsFoundAsByAShell();

    void anUnmodifiedLoopIsRecordedFromItsFirstOperator();
    void aWholeRunIsRecordedToItsEnd();
    void whatItForksIsToldAndNotRecorded();
    void itBeginsAtAStep();
    void stopLeavesTheCommandRunning();
    void cancelEndsTheCommand();
    void severalProcessesWriteFilesOfTheirOwn();
    void aCommandThatKeepsTheRecorderOut();
    void aCommandWithoutTorch();
    void aProgramThatCannotBeStarted();
    void aKilledProgramLeavesItsExecutionTrace();

private:
    void python(const std::vector<std::string>& arguments)
    {
        request.target.command = {LiveTorch::python().toStdString()};
        request.target.command.insert(request.target.command.end(), arguments.begin(), arguments.end());
    }
    std::string script() const { return LiveTorch::script(*place).toStdString(); }
    bool begins(Recorded& recorded)
    {
        const bool began = recorded.begins(request);
        command = recorded.recorder.status().pid;
        return began;
    }
    bool succeeds(Recorded& recorded)
    {
        const bool done = recorded.succeeds(request);
        if (const pid_t pid = recorded.recorder.status().pid; runs(pid)) command = pid;
        return done;
    }

    std::unique_ptr<QTemporaryDir> place;
    RecordRequest request;
    pid_t command = 0;
};

void tst_Launch::init()
{
    place = std::make_unique<QTemporaryDir>();
    request = {};
    request.path = place->filePath(QStringLiteral("run")).toStdString();
    command = 0;
}

void tst_Launch::cleanup()
{
    if (command > 0) ::kill(-command, SIGKILL); // it runs on by design
}

void tst_Launch::pythonCommandsAreTold_data()
{
    QTest::addColumn<QStringList>("words");
    QTest::addColumn<bool>("ready");
    const auto row = [](const char* name, const QStringList& words, bool ready) { QTest::newRow(name) << words << ready; };
    row("a script for Python", {QStringLiteral("%/script.py")}, true);
    row("a shell script that starts it", {QStringLiteral("%/train.sh")}, true);
    row("a shell script that does not", {QStringLiteral("%/other.sh")}, false);
    row("a shell that is told to", {QStringLiteral("sh"), QStringLiteral("-c"), QStringLiteral("python3 train.py")}, true);
    row("a launcher", {QStringLiteral("env"), QStringLiteral("torchrun"), QStringLiteral("train.py")}, true);
    row("another program", {QStringLiteral("sleep"), QStringLiteral("1000")}, false);
}

void tst_Launch::pythonCommandsAreTold()
{
    QFETCH(QStringList, words);
    QFETCH(bool, ready);
    const std::string folder = place->path().toStdString();
    writeFile(folder + "/script.py", "#!/usr/bin/env python3\n");
    writeFile(folder + "/train.sh", "#!/bin/sh\nexec python3 train.py\n");
    writeFile(folder + "/other.sh", "#!/bin/sh\necho hello\n");
    for (const QString& word : words) request.target.command.push_back(QString(word).replace(QLatin1Char('%'), place->path()).toStdString());
    const Readiness readiness = launchBackend().check(request.target, {});
    QCOMPARE(readiness.state == Readiness::State::Ready, ready);
    QCOMPARE(readiness.reason, ready ? std::string() : std::string("Not a Python program"));
}

void tst_Launch::whatIsPrintedIsPresentableAndBounded()
{
    launch::OutputText text;
    text.add("one\ntw");
    QCOMPARE(text.take(), std::string("one\n"));
    text.add("o\r\n  5%\r 10%\r\x1b[31m100%\n");
    const std::string shown = text.take();
    QVERIFY2(shown.starts_with("two\n") && shown.ends_with("100%\n") && shown.find(" 5%") == shown.npos && shown.find('\x1b') == shown.npos, shown.c_str());
    text.add(std::string(launch::OutputText::kLine + 10, 'x') + "\n");
    QVERIFY(text.take().ends_with("x [...]\n"));
    for (int i = 0; i < 100'000; ++i) text.add("a line that is long enough\n");
    const std::string much = text.take(true);
    QVERIFY(much.size() < 2 * launch::OutputText::kPerSecond + 1000);
    QVERIFY2(much.ends_with("left out]\n"), much.substr(much.size() - 60).c_str());
}

void tst_Launch::aCommandPrintsOnWhenWeAreGone()
{
    RecordTarget target;
    target.command = {"sh", "-c", "while :; do echo something; sleep 0.01; done"};
    {
        auto started = launch::Command::start(target, {}, launch::Output::Captured);
        QVERIFY(started.ok());
        command = started->pid();
        std::string got;
        QTRY_VERIFY_WITH_TIMEOUT((got += someOf(started->output())).starts_with("something"), kLong);
    }
    // It has lost its reader: written again and again, a broken pipe would end it by now.
    const auto before = processInfo(command);
    QVERIFY(before.ok());
    QTRY_VERIFY_WITH_TIMEOUT(!runs(command) || processInfo(command)->cpuNs > before->cpuNs, kLong);
    QVERIFY(runs(command));
}

void tst_Launch::aCommandHasItsFolderEnvironmentAndGroup()
{
    RecordTarget target;
    target.folder = place->path().toStdString();
    target.command = {"sh", "-c", "echo $A-$HOME > told; ps -o pgid= -p $$ >> told; echo $$ >> told; mv told done"};
    auto started = launch::Command::start(target, {{"A", "b"}, {"HOME", ""}}, launch::Output::Ours);
    QVERIFY(started.ok());
    const std::string file = target.folder + "/done";
    QTRY_VERIFY_WITH_TIMEOUT(fs::exists(file), kLong);
    std::ifstream told(file);
    std::string variables, group, pid;
    told >> variables >> group >> pid;
    QCOMPARE(variables, std::string("b-"));
    QCOMPARE(group, pid);
    QTRY_COMPARE_WITH_TIMEOUT(started->exitStatus().value_or(-1), 0, kLong);
    target.command = {"/nowhere/at/all"};
    const auto missing = launch::Command::start(target, {}, launch::Output::Ours);
    QVERIFY(!missing);
    QCOMPARE(missing.error().message, std::string("all cannot be started: there is no such program"));
}

/// There is no Yama on many machines, but what it would be told can be seen: who says just that is killed here by a filter of system calls.
void tst_Launch::aCommandLetsUsAttachToIt()
{
    const pid_t child = ::fork();
    if (child == 0) {
        const auto at = [](std::size_t offset) { return static_cast<std::uint32_t>(offset); };
        sock_filter program[] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at(offsetof(seccomp_data, nr))),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 5),
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at(offsetof(seccomp_data, args[0]))),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_PTRACER, 0, 3),
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at(offsetof(seccomp_data, args[1]))),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(::getpid()), 0, 1),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        const sock_fprog filter{static_cast<unsigned short>(std::size(program)), program};
        if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) ::_exit(2);
        pid_t started = -1;
        int status = 0;
        if (launch::spawn({.words = {"true"}}, started) != 0 || ::waitpid(started, &status, 0) != started) ::_exit(3);
        ::_exit(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS ? 0 : 4);
    }
    int status = 0;
    QCOMPARE(::waitpid(child, &status, 0), child);
    QVERIFY(WIFEXITED(status));
    if (WEXITSTATUS(status) == 2) QSKIP("skipped: no seccomp here");
    QCOMPARE(WEXITSTATUS(status), 0);
}

void tst_Launch::aProgramIsFoundAsByAShell()
{
    const auto folder = [&](const char* name) {
        fs::create_directory(place->filePath(QString::fromLatin1(name)).toStdString());
        return place->filePath(QString::fromLatin1(name)).toStdString();
    };
    const std::string first = folder("first"), second = folder("second");
    const auto reason = [](const char* name) {
        pid_t started = -1;
        const int why = launch::spawn({.words = {name}}, started);
        int status = 0;
        return why ? why : ::waitpid(started, &status, 0) == started && WIFEXITED(status) ? -WEXITSTATUS(status) : 1000;
    };
    const QByteArray before = qgetenv("PATH");
    qputenv("PATH", QByteArray::fromStdString(first + ":/nowhere:" + second));
    writeFile(first + "/tool", "#!/bin/sh\nexit 1\n");
    writeFile(second + "/tool", "#!/bin/sh\nexit 7\n");
    writeFile(second + "/text", "exit 7\n");
    QCOMPARE(reason("tool"), EACCES);
    for (const char* name : {"/tool", "/text"}) fs::permissions(second + name, fs::perms::owner_exec, fs::perm_options::add);
    QCOMPARE(reason("tool"), -7); // past the one that may not be executed
    QCOMPARE(reason("text"), ENOEXEC);
    QCOMPARE(reason("tools"), ENOENT);
    QCOMPARE(reason("second/tool"), ENOENT); // of the working folder
    qputenv("PATH", before);
}

void tst_Launch::anUnmodifiedLoopIsRecordedFromItsFirstOperator()
{
    NEEDS_TORCH();
    python({script(), "100000"});
    request.options = {{"et", "on"}, {"integral", "aten::embedding"}};
    request.steps = 5;
    Recorded recorded(launchBackend());
    recorded.listen();
    QVERIFY2(succeeds(recorded), recorded.why());
    QVERIFY2(recorded.complaint().empty(), recorded.complaint().c_str());
    QVERIFY(recorded.captured(kIndices));
    QVERIFY2(recorded.printed.find("ready\n") != std::string::npos, recorded.why());
    QVERIFY(command > 0 && runs(command));
    QVERIFY(!recorded.recorder.status().exitStatus);
}

void tst_Launch::aWholeRunIsRecordedToItsEnd()
{
    NEEDS_TORCH();
    python({script(), "20"});
    request.options = {{"et", "on"}};
    Recorded recorded(launchBackend());
    recorded.listen();
    QVERIFY2(succeeds(recorded), recorded.why());
    QCOMPARE(recorded.recorder.end(), RecordEnd::TargetEnded);
    QCOMPARE(recorded.recorder.status().exitStatus.value_or(-1), 0);
    QVERIFY2(recorded.complaint().empty(), recorded.complaint().c_str());
    QVERIFY2(recorded.printed.find("steps 20\n") != std::string::npos, recorded.why());
}

void tst_Launch::whatItForksIsToldAndNotRecorded()
{
    NEEDS_TORCH();
    python({LiveTorch::script(*place, {.worker = true}).toStdString(), "20"});
    Recorded recorded(launchBackend());
    recorded.start(request);
    QTRY_VERIFY_WITH_TIMEOUT(recorded.over(), kLong);
    QVERIFY2(recorded.is(State::Done), recorded.why());
    QCOMPARE(recorded.traces().size(), std::size_t{1});
    QVERIFY2(recorded.says("Processes that a recorded one forks are not recorded"), recorded.why());
}

void tst_Launch::itBeginsAtAStep()
{
    NEEDS_TORCH();
    python({script(), "200"});
    request.options = {{"et", "on"}, {"from", "step:10"}};
    request.steps = 3;
    Recorded recorded(launchBackend());
    QVERIFY2(succeeds(recorded), recorded.why());
    QVERIFY2(recorded.complaint().empty(), recorded.complaint().c_str());
    const int steps = recorded.times("aten::embedding");
    QVERIFY2(steps >= 2 && steps <= 4, std::to_string(steps).c_str());
}

void tst_Launch::stopLeavesTheCommandRunning()
{
    NEEDS_TORCH();
    python({script(), "1000000"});
    Recorded recorded(launchBackend());
    QVERIFY2(begins(recorded), recorded.why());
    recorded.recorder.stop();
    QVERIFY2(recorded.ends(State::Done), recorded.why());
    QCOMPARE(recorded.recorder.end(), RecordEnd::Stopped);
    QVERIFY(runs(command));
}

void tst_Launch::cancelEndsTheCommand()
{
    NEEDS_TORCH();
    python({script(), "1000000"});
    Recorded recorded(launchBackend());
    QVERIFY2(begins(recorded), recorded.why());
    recorded.recorder.cancel();
    QTRY_VERIFY_WITH_TIMEOUT(!runs(command), kLong);
    command = 0;
    QVERIFY(!fs::exists(request.path));
}

void tst_Launch::severalProcessesWriteFilesOfTheirOwn()
{
    NEEDS_TORCH();
    request.target.command = {"sh", "-c", "\"$0\" \"$1\" 20 & \"$0\" \"$1\" 20; wait", LiveTorch::python().toStdString(), script()};
    request.options = {{"et", "on"}};
    Recorded recorded(launchBackend());
    QVERIFY2(succeeds(recorded), recorded.why());
    QCOMPARE(recorded.traces().size(), 4u);
    QVERIFY2(recorded.complaint().empty(), recorded.complaint().c_str());
}

void tst_Launch::aCommandThatKeepsTheRecorderOut()
{
    NEEDS_TORCH();
    python({"-I", "-c", "print(1)"});
    Recorded recorded(launchBackend());
    QVERIFY2(recorded.fails(request, "The command ended before a Python program announced itself."), recorded.why());
}

void tst_Launch::aCommandWithoutTorch()
{
    NEEDS_TORCH();
    python({"-c", "import time; time.sleep(0.5)"});
    Recorded recorded(launchBackend());
    QVERIFY2(recorded.fails(request, "The command ended without having imported PyTorch."), recorded.why());
    QVERIFY(!fs::exists(request.path));
}

void tst_Launch::aProgramThatCannotBeStarted()
{
    const std::string file = place->filePath(QStringLiteral("script.py")).toStdString();
    writeFile(file, "#!/nowhere/python\n");
    ::chmod(file.c_str(), 0755);
    request.target.command = {file};
    Recorded recorded(launchBackend());
    QVERIFY2(recorded.fails(request, "script.py cannot be started: there is no such program."), recorded.why());
}

void tst_Launch::aKilledProgramLeavesItsExecutionTrace()
{
    NEEDS_TORCH();
    python({script(), "1000000"});
    request.options = {{"et", "on"}};
    Recorded recorded(launchBackend());
    recorded.start(request);
    QTRY_VERIFY_WITH_TIMEOUT(recorded.over() || recorded.recorder.status().bytes > 200'000, kLong);
    command = recorded.recorder.status().pid;
    QVERIFY2(recorded.is(State::Recording), recorded.why());
    ::kill(command, SIGKILL);
    QVERIFY2(recorded.ends(State::Done), recorded.why());
    command = 0;
    QCOMPARE(recorded.recorder.end(), RecordEnd::TargetEnded);
    QVERIFY2(recorded.says("ended without finishing its recording"), recorded.why());
    const TracePtr trace = recorded.load();
    QVERIFY(trace && trace->executionTrace() && trace->executionTrace()->nodes().size() > 100);
}

QTEST_GUILESS_MAIN(tst_Launch)
#include "tst_Launch.moc"
