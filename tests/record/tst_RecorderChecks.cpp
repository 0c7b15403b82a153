#include <QTest>

#include "core/record/ProcessList.h"
#include "core/record/RecordChecks.h"
#include "tests/support/ScriptedRecording.h"

#include <filesystem>
#include <sys/mount.h>
#include <unistd.h>

using namespace opscope;
using namespace opscope::test;
namespace fs = std::filesystem;

/// What is refused before anything starts, and in which words.
class tst_RecorderChecks : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void targetsThatCannotBeRecordedAreRefused();
    void processesOfOthersAreRefused();
    void placesThatCannotBeWrittenAreRefused();
    void aFullDiskIsRefusedBeforeTheStart();
    void optionsAreChecked();
    void commandsAreLookedFor();
    void backendsThatAreNotReadySayWhy();
};

void tst_RecorderChecks::targetsThatCannotBeRecordedAreRefused()
{
    Recording r;
    const std::string pid = std::to_string(r.target.pid());
    const std::uint64_t ticks = processInfo(r.target.pid())->startTicks;
    r.request.target.startTicks = ticks + 1;
    QCOMPARE(r.refusal(), "Process " + pid + " has ended; another one, sleep, has its number now.");
    r.request.target.startTicks = 0;
    r.target.becomeZombie();
    QCOMPARE(r.refusal(), "Process " + pid + " (sleep) has ended; only its entry in the list of processes is left.");
    r.target.reap();
    QCOMPARE(r.refusal(), "There is no process " + pid + ".");
    r.request.target.startTicks = ticks;
    QCOMPARE(r.refusal(), "Process " + pid + " has ended.");
    r.request.target = {.pid = ::getpid()};
    QCOMPARE(r.refusal(), "Process " + std::to_string(::getpid()) + " (" + processInfo(::getpid())->name + ") is Opscope itself.");
    r.request.target = {};
    QCOMPARE(r.refusal(), std::string("0 is no process number."));

    ProcessInfo kernel{.pid = 2, .name = "kthreadd", .kernelThread = true};
    QCOMPARE(checkProcess(kernel)->message, std::string("Process 2 (kthreadd) is a thread of the kernel, not a program."));
    if (const auto real = processInfo(2); real && real->kernelThread) {
        r.request.target = {.pid = 2};
        QCOMPARE(r.refusal(), "Process 2 (" + real->name + ") is a thread of the kernel, not a program.");
    }
}

void tst_RecorderChecks::processesOfOthersAreRefused()
{
    const bool root = ::geteuid() == 0;
    if (root && ::seteuid(65534) != 0) QSKIP("skipped: cannot become another user");
    const auto init = processInfo(1);
    const auto refused = init ? checkProcess(*init) : std::nullopt;
    RecordTarget hidden{.pid = 1};
    const auto target = checkTarget(hidden);
    if (root) QCOMPARE(::seteuid(0), 0);
    QVERIFY(target);
    if (!init) QSKIP("skipped: the system hides processes of others"); // told by checkTarget
    QVERIFY(refused);
    QCOMPARE(refused->message, "Process " + processLabel(*init) + " belongs to root; the system lets you record only your own processes.");
    QVERIFY(!refused->advice.empty());
    if (root) QVERIFY(!checkProcess(*init));
}

void tst_RecorderChecks::placesThatCannotBeWrittenAreRefused()
{
    Recording r;
    const std::string folder = r.dir.path().toStdString();
    const auto refusal = [&](const std::string& path) {
        r.request.path = path;
        r.states.clear();
        r.start();
        return r.recorder.state() == Recorder::State::Failed ? r.recorder.failure().message : "not refused";
    };
    QCOMPARE(refusal(folder + "/none/x.fxt"), "The folder " + folder + "/none cannot be used: No such file or directory.");
    QCOMPARE(refusal(folder + "/"), std::string("The recording needs the name of a file, not of a folder."));
    QCOMPARE(refusal(""), std::string("The recording needs the name of a file, not of a folder."));
    fs::create_directory(folder + "/sub");
    QCOMPARE(refusal(folder + "/sub"), std::string("sub is there already and not a file."));
    writeFile(folder + "/file", "x");
    QCOMPARE(refusal(folder + "/file/x.fxt"), folder + "/file is not a folder.");
    const bool root = ::geteuid() == 0;
    if (root && ::seteuid(65534) != 0) QSKIP("skipped: cannot become another user");
    const auto others = checkPlace("/usr/x.fxt");
    if (root) QCOMPARE(::seteuid(0), 0);
    QCOMPARE(others.value_or(RecordFailure{}).message, std::string("The folder /usr cannot be written to: Permission denied."));
}

void tst_RecorderChecks::aFullDiskIsRefusedBeforeTheStart()
{
    Recording r;
    const std::string disk = r.dir.path().toStdString() + "/disk";
    fs::create_directory(disk);
    if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=1M") != 0) QSKIP("skipped: no right to mount a small disk");
    r.request.path = disk + "/x.fxt";
    const std::string sentence = r.refusal();
    ::umount2(disk.c_str(), MNT_DETACH);
    QCOMPARE(sentence, "The disk of " + disk + " has 1.00 MiB left; a recording needs 16.00 MiB to begin.");
}

void tst_RecorderChecks::optionsAreChecked()
{
    const auto options = someOptions();
    QCOMPARE(optionValue(options, {}, "frequency"), std::string("999"));
    QCOMPARE(optionValue(options, {{"frequency", "99"}}, "frequency"), std::string("99"));
    QCOMPARE(optionValue(options, {}, "nothing"), std::string());
    QVERIFY(checkOptions(options, {{"frequency", "1"}, {"stacks", "dwarf"}, {"kernel", "on"}, {"where", "/tmp/a b"}}).ok());
    const auto sentence = [&](const std::string& id, const std::string& value) {
        const Status status = checkOptions(options, {{id, value}});
        return status ? "good" : status.error().message;
    };
    QCOMPARE(sentence("frequency", "0"), std::string("Samples per second: \"0\" is no whole number from 1 to 10,000 Hz"));
    for (const char* bad : {"10001", "", "9x", " 9", "99999999999999999999", "1.5", "-1", "0x10"}) QVERIFY(sentence("frequency", bad) != "good");
    QCOMPARE(sentence("stacks", "lbr\033"), std::string("Call stacks: \"lbr␛\" is none of fp, dwarf"));
    QCOMPARE(sentence("kernel", "true"), std::string("Kernel code: \"true\" is neither on nor off"));
    QCOMPARE(sentence("where", std::string("a\0b", 3)), std::string("Folder: \"a␀b\" holds a NUL"));
    QCOMPARE(sentence("speed", "1"), std::string("\"speed\" is no option of this backend"));
    Recording r;
    r.request.options = {{"kernel", "yes"}};
    QCOMPARE(r.refusal(), std::string("Kernel code: \"yes\" is neither on nor off."));
}

void tst_RecorderChecks::commandsAreLookedFor()
{
    Recording r;
    r.request.target = {.command = {"opscope-no-such-command"}};
    QCOMPARE(r.refusal(), std::string("There is no command opscope-no-such-command."));
    r.request.target.command = {""};
    QCOMPARE(r.refusal(), std::string("There is no command to start."));
    r.request.target.command = {"/no/such\n"};
    QCOMPARE(r.refusal(), std::string("/no/such␊ is not there."));
    const std::string file = r.dir.path().toStdString() + "/text";
    writeFile(file, "x");
    r.request.target.command = {file};
    QCOMPARE(r.refusal(), file + " is not a program that can be started.");
    r.request.target.command = {r.dir.path().toStdString() + "/"};
    QVERIFY(r.refusal().ends_with("is not a program that can be started."));
    r.request.target = {.command = {"./text"}, .folder = r.dir.path().toStdString()};
    QCOMPARE(r.refusal(), std::string("./text is not a program that can be started."));
    fs::permissions(file, fs::perms::owner_all);
    QVERIFY(!checkTarget(r.request.target));
    r.request.target.folder += "/none";
    QCOMPARE(r.refusal(), "There is no folder " + r.request.target.folder + " for the command to start in.");
    r.request.target = {.command = {"true", "x"}};
    r.states.clear();
    r.start();
    QCOMPARE(r.states, std::string("Starting Recording"));
    r.recorder.cancel();
    r.backend.startsCommands = false;
    QCOMPARE(r.refusal(), std::string("Scripted cannot start a command."));
}

void tst_RecorderChecks::backendsThatAreNotReadySayWhy()
{
    Recording r;
    script.readiness = {.state = Readiness::State::NeedsPermission, .reason = "perf_event_paranoid is 3", .advice = "Ask for sysctl kernel.perf_event_paranoid=2."};
    QCOMPARE(r.refusal(), std::string("Scripted cannot record this: perf_event_paranoid is 3."));
    QCOMPARE(r.recorder.failure().advice, std::string("Ask for sysctl kernel.perf_event_paranoid=2."));
    script.readiness = {.state = Readiness::State::NotPossible, .reason = "No Intel Processor Trace here"};
    QCOMPARE(r.refusal(), std::string("Scripted cannot record this: No Intel Processor Trace here."));
}

QTEST_GUILESS_MAIN(tst_RecorderChecks)
#include "tst_RecorderChecks.moc"
