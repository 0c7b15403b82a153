#include <QtTest>

#include "core/record/RecorderBackends.h"
#include "tests/support/MagicTraceScene.h"

using namespace opscope;
using namespace opscope::test;

namespace {

std::string text(const Readiness& ready)
{
    constexpr const char* kStates[] = {"ready", "needs permission", "not possible"};
    return std::string(kStates[static_cast<int>(ready.state)]) + " | " + ready.reason + " | " + ready.advice;
}

} // namespace

/// What is known before magic-trace starts: whether it can, what its options mean, and what its lines say.
class tst_MagicTraceChecks : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void itIsOfferedWithoutBeingStarted();
    void aMachineIsJudgedByItsEventSources_data();
    void aMachineIsJudgedByItsEventSources();
    void whatIsMissingIsSaidBeforeItStarts();
    void aCopyInAFolderOfEverybodyIsTakenOnlyWhenAllowed();
    void onlyOwnProcessesAndNoEndedOnesAreReady();
    void optionsThatItWouldMisunderstandAreRefused_data();
    void optionsThatItWouldMisunderstandAreRefused();
    void optionsBecomeFlags_data();
    void optionsBecomeFlags();
    void flagsAreReadFromItsHelp();
    void everyKnownLineHasItsMeaning_data();
    void everyKnownLineHasItsMeaning();
};

void tst_MagicTraceChecks::itIsOfferedWithoutBeingStarted()
{
    const RecorderBackend* backend = findBackend("magic-trace");
    QVERIFY(backend);
    QVERIFY(!backend->startsCommands);
    for (const RecordOption& option : backend->options()) {
        QVERIFY2(!option.title.empty() && option.help.ends_with('.'), option.id.c_str());
        QVERIFY2(checkValues({{option.id, option.standard}}).ok(), option.id.c_str());
        for (const RecordOption::Choice& choice : option.choices) QVERIFY2(checkValues({{option.id, choice.value}}).ok(), choice.value.c_str());
    }
    backend->check({.pid = ::getpid()}, {}); // whatever it says of this machine
}

void tst_MagicTraceChecks::aMachineIsJudgedByItsEventSources_data()
{
    QTest::addColumn<QStringList>("sources");
    QTest::addColumn<bool>("sampling");
    QTest::addColumn<QString>("expected");
    const auto add = [](const char* name, QStringList sources, bool sampling, const char* expected) {
        QTest::newRow(name) << sources << sampling << QString::fromUtf8(expected);
    };
    const QString pt = QStringLiteral("intel_pt"), cpu = QStringLiteral("cpu"), core = QStringLiteral("cpu_core"), sw = QStringLiteral("software");
    const char* sampled = "ready |  | Sampled, since there is no Intel Processor Trace: short calls are missing.";
    add("processor trace", {pt, cpu, sw}, false, "ready |  | ");
    add("processor trace, sampling asked for", {pt, cpu}, true, "ready |  | ");
    add("counters alone", {cpu, sw}, false, sampled);
    add("counters of two kinds of cores", {core, sw}, false, sampled);
    add("a virtual machine", {sw}, false,
        "not possible | No Intel Processor Trace here | This machine cannot run magic-trace. Record with samples instead.");
    add("a virtual machine, sampling asked for", {sw}, true,
        "not possible | No Intel Processor Trace here | This machine cannot run magic-trace. Record with samples instead.");
}

void tst_MagicTraceChecks::aMachineIsJudgedByItsEventSources()
{
    QFETCH(QStringList, sources);
    QFETCH(bool, sampling);
    QFETCH(QString, expected);
    Scene scene;
    QDir(scene.path("devices")).removeRecursively();
    for (const QString& source : sources) QDir().mkpath(scene.path("devices/") + source);
    QCOMPARE(text(readiness(scene.machine, scene.request.target, {{"sampling", sampling ? "on" : "off"}})), bytes(expected));
}

void tst_MagicTraceChecks::whatIsMissingIsSaidBeforeItStarts()
{
    Scene scene;
    const auto said = [&](const OptionValues& values = {}) { return text(readiness(scene.machine, scene.request.target, values)); };
    QCOMPARE(said(), std::string("ready |  | "));
    const std::string nowhere = bytes(scene.path("nowhere")), plain = bytes(scene.path("some.fxt")), folder = bytes(scene.path("bin"));
    QCOMPARE(said({{"magic-trace", nowhere}}), "not possible | magic-trace cannot be started | " + nowhere + " cannot be started: No such file or directory.");
    QCOMPARE(said({{"magic-trace", plain}}), "not possible | magic-trace cannot be started | " + plain + " cannot be started: Permission denied.");
    QCOMPARE(said({{"magic-trace", folder}}), "not possible | magic-trace cannot be started | " + folder + " cannot be started: Is a directory.");
    QVERIFY(QFile::remove(scene.path("bin/perf")));
    QCOMPARE(said(), std::string("not possible | perf is missing | magic-trace needs the perf program (package linux-perf)."));
    QVERIFY(QFile::remove(scene.path("bin/magic-trace")));
    QCOMPARE(said(), std::string("not possible | Not installed | magic-trace is not installed. Choose its location, or record with samples instead."));
}

void tst_MagicTraceChecks::aCopyInAFolderOfEverybodyIsTakenOnlyWhenAllowed()
{
    Scene scene;
    QVERIFY(QFile::rename(scene.path("bin/magic-trace"), scene.path("cache")));
    const OptionValues allowed{{"magic-trace-cache", "on"}};
    QCOMPARE(findProgram(scene.machine, {}).problem,
             "magic-trace is not installed. Choose its location, or record with samples instead. The copy that PyTorch's helper left in "
                 + scene.machine.cache + " is used when you allow it.");
    QCOMPARE(findProgram(scene.machine, allowed).problem, std::string());
    QCOMPARE(findProgram(scene.machine, allowed).path, scene.machine.cache);
    QFile file(scene.path("cache"));
    QVERIFY(file.setPermissions(file.permissions() | QFile::WriteOther));
    QCOMPARE(findProgram(scene.machine, allowed).problem, scene.machine.cache + " can be changed by other users, so it is not started.");
    Machine other = scene.machine;
    other.user = ::geteuid() + 1;
    if (::geteuid() != 0) // what belongs to root is fine
        QCOMPARE(findProgram(other, allowed).problem, scene.machine.cache + " belongs to another user, so it is not started.");
    QVERIFY(QFile::remove(scene.path("cache")));
    QVERIFY(QFile::link(scene.path("bin/perf"), scene.path("cache")));
    QCOMPARE(findProgram(scene.machine, allowed).problem, scene.machine.cache + " is not a plain file, so it is not started.");
}

void tst_MagicTraceChecks::onlyOwnProcessesAndNoEndedOnesAreReady()
{
    Scene scene;
    Machine other = scene.machine;
    other.user = ::geteuid() + 1;
    QCOMPARE(text(readiness(other, scene.request.target, {})),
             std::string("needs permission | Another user's process | You may record only your own processes."));
    QCOMPARE(text(readiness(other, {.pid = 1}, {{"trace-kernel", "only"}})),
             std::string("needs permission | Another user's process | You may record only your own processes."));
    QCOMPARE(text(readiness(scene.machine, {.pid = 0, .command = {"true"}}, {})),
             std::string("not possible | Only for processes that run | Start the program and choose it then, or record it with samples from its "
                         "first instruction."));
    scene.endTarget();
    const std::string pid = std::to_string(scene.request.target.pid);
    QCOMPARE(text(readiness(scene.machine, scene.request.target, {})), "not possible | Ended | Process " + pid + " has ended.");
    Scene another; // exited, but nobody asks for its status, since no event loop turns: it has no program file any more
    ::kill(another.request.target.pid, SIGKILL);
    const QString stat = QStringLiteral("/proc/%1/stat").arg(another.request.target.pid);
    for (int tries = 0; tries < 2000 && !contentOf(stat).contains(") Z "); ++tries) QTest::qSleep(5);
    QCOMPARE(text(readiness(another.machine, another.request.target, {})),
             "not possible | No program file | Process " + std::to_string(another.request.target.pid)
                 + " runs no program file: it is a part of the kernel, or has just ended.");
}

void tst_MagicTraceChecks::optionsThatItWouldMisunderstandAreRefused_data()
{
    QTest::addColumn<QString>("id");
    QTest::addColumn<QString>("value");
    QTest::addColumn<QString>("expected");
    const auto add = [](const char* id, const char* value, const char* expected) {
        QTest::newRow(qPrintable(QStringLiteral("%1 %2").arg(QString::fromLatin1(id), QString::fromLatin1(value))))
            << QString::fromLatin1(id) << QString::fromLatin1(value) << QString::fromLatin1(expected);
    };
    constexpr const char* kTrigger = "The trigger must be the name of a function.";
    constexpr const char* kBetween = "\"Only between\" takes two functions, parted by a blank.";
    add("trigger", "?", kTrigger); // would open a picker that needs a terminal
    add("trigger", "-serve", kTrigger);
    add("trigger", "a\nb", kTrigger);
    add("multi-snapshot", "on", "A snapshot at every hit needs a trigger.");
    add("filter", "start", kBetween);
    add("filter", "a b c", kBetween);
    add("filter", "a) (b", "\"Only between\" takes plain names of functions.");
    add("trace-kernel", "include", "Only root may record kernel code.");
    add("callgraph-mode", "fp", "\"Stacks of samples\" is only for sampling: switch that on, or set it to \"Automatic\".");
}

void tst_MagicTraceChecks::optionsThatItWouldMisunderstandAreRefused()
{
    QFETCH(QString, id);
    QFETCH(QString, value);
    QFETCH(QString, expected);
    Scene scene;
    RecordTarget target = scene.request.target;
    if (id == QStringLiteral("trace-kernel")) {
        if (::geteuid() != 0) QCOMPARE(readiness(scene.machine, target, {{bytes(id), bytes(value)}}).advice, bytes(expected));
        else QCOMPARE(readiness(scene.machine, target, {{bytes(id), bytes(value)}}).advice, std::string());
        return;
    }
    QCOMPARE(readiness(scene.machine, target, {{bytes(id), bytes(value)}}).advice, bytes(expected));
}

void tst_MagicTraceChecks::optionsBecomeFlags_data()
{
    QTest::addColumn<QStringList>("values");
    QTest::addColumn<QString>("expected");
    const auto add = [](const char* name, const char* values, const char* expected) {
        QTest::newRow(name) << QString::fromLatin1(values).split(QLatin1Char(','), Qt::SkipEmptyParts) << QString::fromLatin1(expected);
    };
    add("standard", "", "-multi-thread -working-directory WORK");
    add("main thread", "all-threads=off", "-working-directory WORK");
    add("trigger", "all-threads=off,trigger=frob,multi-snapshot=on", "-trigger frob -multi-snapshot -working-directory WORK");
    add("everything", "full-execution=on,snapshot-size=16M", "-multi-thread -full-execution -snapshot-size 16M -working-directory WORK");
    add("kernel", "trace-kernel=include", "-multi-thread -trace-include-kernel -working-directory WORK");
    add("kernel only", "trace-kernel=only,timer-resolution=high", "-multi-thread -trace-kernel-only -timer-resolution High -working-directory WORK");
    add("sampling", "sampling=on,callgraph-mode=fp,timer-resolution=low",
        "-multi-thread -sampling -timer-resolution Low -callgraph-mode fp -working-directory WORK");
    add("filter", "filter=  start  stop ", "-multi-thread -filter (start stop) -working-directory WORK");
    add("raw data", "working-directory=/data", "-multi-thread -working-directory /data");
}

void tst_MagicTraceChecks::optionsBecomeFlags()
{
    QFETCH(QStringList, values);
    QFETCH(QString, expected);
    OptionValues options;
    for (const QString& value : values) options[bytes(value.section(QLatin1Char('='), 0, 0))] = bytes(value.section(QLatin1Char('='), 1));
    QVERIFY(checkValues(options).ok());
    const Version all{.text = "v1.2.4", .flags = {"multi-thread", "trigger", "multi-snapshot", "full-execution", "snapshot-size",
        "trace-include-kernel", "trace-kernel-only", "timer-resolution", "sampling", "callgraph-mode", "filter", "working-directory"}};
    const auto arguments = attachArguments(17, "OUT", "WORK", options, all);
    QVERIFY(arguments.ok());
    std::string line;
    for (const std::string& argument : arguments->list) line += argument + " ";
    line.pop_back();
    QCOMPARE(line, "attach -pid 17 -o OUT " + bytes(expected));
}

void tst_MagicTraceChecks::flagsAreReadFromItsHelp()
{
    const std::set<std::string> flags = flagsOfHelp("Traces a -running process.\n\n=== flags ===\n\n"
                                                    "  [-o FILE], -output         . Where to output the -trace\n"
                                                    "  [-p PID]                   . Process to attach to.\n"
                                                    "                               (alias: -pid)\n"
                                                    "  [-help]                    . print this help text and exit\n"
                                                    "                               (alias: -?)\n");
    QCOMPARE(flags, (std::set<std::string>{"help", "o", "output", "p", "pid"}));
}

void tst_MagicTraceChecks::everyKnownLineHasItsMeaning_data()
{
    QTest::addColumn<QString>("line");
    QTest::addColumn<int>("meaning");
    QTest::addColumn<QString>("note");
    const auto add = [](const char* line, Line meaning, const char* note = "") {
        QTest::newRow(line) << QString::fromUtf8(line) << static_cast<int>(meaning) << QString::fromUtf8(note);
    };
    add("[ Attached. Press Ctrl-C to stop recording. ]", Line::Attached);
    add("[Attached! Press Ctrl-C to stop recording]", Line::Attached);
    add("[ Attaching to frob @ 0x401136 ]", Line::Silence);
    add("[ Got signal, detaching... ]", Line::GotSignal);
    add("[ Snapshot taken. ]", Line::SnapshotTaken);
    add("[ Finished recording. ]", Line::Finished);
    add("[ Decoding, this takes a while... ]", Line::Decoding);
    add("[ perf record: Woken up 3 times to write data ]", Line::Silence);
    add("[ perf record: Captured and wrote 0.5 MB perf.data (2 samples) ]", Line::Silence);
    add("Visit https://magic-trace.org/ and open a.fxt to view trace.", Line::Silence);
    add("Warning: magic-trace will only be able to snapshot when magic-trace is Ctrl+C'd, not when", Line::Silence);
    add("Warning: skipping unrecognized perf output: x", Line::SkippedOutput);
    add("Warning: perf reported an error decoding the trace: 'Overflow packet' @ IP 0x0", Line::DecodeError);
    add("Intel PT support not found. magic-trace will continue and use sampling instead.", Line::Note,
        "Sampled, since there is no Intel Processor Trace: short calls are missing.");
    add("Warning: [-callgraph-mode] is defaulting to [Dwarf] which may have high overhead and decoding time.", Line::Note,
        "Callers are found by copies of the stack, which slows the program down.");
    add("Warning: [-callgraph-mode] is defaulting to [Last_branch_record] which may lose some frames.", Line::Note,
        "Callers are found by the processor's last branch records: deep stacks are cut.");
    add("Warning: This machine has an older generation processor, timing granularity will be ~1us instead of ~10ns.", Line::Note,
        "Times are exact to about 1 µs: the processor is of an older generation.");
    add("Warning: Debug info is unavailable, so filenames and line numbers will not be available in the trace.", Line::Note,
        "Without debug information there are no file names and line numbers.");
    add("Warning: something \x1b[1mnew", Line::Note, "Warning: something \xe2\x90\x9b[1mnew");
    add("anything else", Line::Other);
}

void tst_MagicTraceChecks::everyKnownLineHasItsMeaning()
{
    QFETCH(QString, line);
    QFETCH(int, meaning);
    QFETCH(QString, note);
    QCOMPARE(static_cast<int>(meaningOf(bytes(line))), meaning);
    if (meaning == static_cast<int>(Line::Note)) QCOMPARE(noteOf(bytes(line)), bytes(note));
}

QTEST_GUILESS_MAIN(tst_MagicTraceChecks)
#include "tst_MagicTraceChecks.moc"
