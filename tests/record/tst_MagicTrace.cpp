#include <QtTest>

#include "core/format/fxt/FxtWriter.h"
#include "core/record/RecorderBackends.h"
#include "core/record/magictrace/Program.h"
#include "core/record/magictrace/Readiness.h"
#include "core/record/magictrace/Session.h"

#include <csignal>
#include <optional>
#include <unistd.h>

using namespace opscope;
using namespace opscope::magictrace;
using namespace std::chrono_literals;

namespace QTest {

template<>
inline char* toString(const std::string& text)
{
    return qstrdup(text.c_str());
}

} // namespace QTest

namespace {

constexpr int kSoon = 20'000; // a busy machine; nothing waits that long

std::string bytes(const QString& text)
{
    return text.toStdString();
}

QByteArray contentOf(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("(no file)");
}

void write(const QString& path, const QByteArray& content, bool executable = false)
{
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(content);
    if (executable) file.setPermissions(file.permissions() | QFile::ExeOwner);
}

enum class Events { None, Some };

QByteArray written(Events events)
{
    std::string made;
    FxtWriter writer(made, {.provider = "jane_tracing"});
    writer.threadName({1, 2}, "main");
    if (events == Events::Some) {
        writer.begin({1, 2}, 10, "", "work");
        writer.end({1, 2}, 30, "", "work");
    }
    return QByteArray::fromStdString(made);
}

/// A computer with everything: its folder of event sources, a magic-trace (the stand-in) and a perf; and somebody to be recorded.
struct Scene
{
    QTemporaryDir folder;
    Machine machine;
    RecordRequest request;
    Patience patience;
    QProcess target;

    explicit Scene(const char* how = "good", const char* version = "v1.2.4")
    {
        const QDir dir(folder.path());
        for (const char* name : {"devices/intel_pt", "devices/cpu", "bin", "log", "out"}) dir.mkpath(QString::fromLatin1(name));
        QFile::copy(QStringLiteral(OPSCOPE_TEST_DATA "/../support/magic-trace-standin"), path("bin/magic-trace"));
        write(path("bin/perf"), "#!/bin/sh\n", true);
        write(path("some.fxt"), written(Events::Some));
        machine = {.devices = bytes(path("devices")), .searchPath = bytes(path("bin")), .cache = bytes(path("cache")), .user = ::geteuid()};
        target.start(QStringLiteral("sleep"), {QStringLiteral("1000")});
        target.waitForStarted();
        request.target.pid = static_cast<pid_t>(target.processId());
        request.path = bytes(path("out/run.fxt"));
        qputenv("STANDIN", how);
        qputenv("STANDIN_VERSION", version);
        qputenv("STANDIN_LOG", path("log").toLocal8Bit());
        qputenv("STANDIN_FXT", path("some.fxt").toLocal8Bit());
    }
    ~Scene() { endTarget(); }
    void endTarget()
    {
        target.kill();
        target.waitForFinished();
    }
    QString path(const char* name) const { return folder.filePath(QString::fromLatin1(name)); }
    QStringList made() const { return QDir(path("out")).entryList(QDir::AllEntries | QDir::NoDotAndDotDot | QDir::Hidden); }
    QStringList logged(const char* name) const
    {
        return QString::fromUtf8(contentOf(path("log") + QLatin1Char('/') + QString::fromLatin1(name))).split(QLatin1Char('\n'), Qt::SkipEmptyParts);
    }
    std::string arguments() const
    {
        QString text = logged("arguments").join(QLatin1Char(' '));
        text.replace(QString::number(request.target.pid), QStringLiteral("PID"));
        static const QRegularExpression kPrivate(QStringLiteral("\\S*\\.recording-[^/]*/"));
        return bytes(text.replace(kPrivate, QStringLiteral("PRIVATE/")));
    }
    /// Whether all processes that the stand-in wrote down are gone.
    bool allGone() const
    {
        const QStringList pids = logged("pids").join(QLatin1Char(' ')).split(QLatin1Char(' '), Qt::SkipEmptyParts);
        return std::ranges::none_of(pids, [](const QString& pid) { // zombies have no command line
            const QByteArray command = contentOf(QStringLiteral("/proc/%1/cmdline").arg(pid));
            return command.contains("magic-trace") || command.startsWith("sleep");
        });
    }
};

/// A session, and all it said.
struct Run
{
    Session session;
    bool recording = false, collecting = false;
    std::vector<std::string> notes;
    std::optional<RecordFailure> failure;
    std::optional<std::string> path;
    RecordEnd end = RecordEnd::Failed;

    explicit Run(const Scene& scene) : session(scene.request, scene.machine, scene.patience)
    {
        QObject::connect(&session, &RecordSession::recording, [this] { recording = true; });
        QObject::connect(&session, &RecordSession::collecting, [this] { collecting = true; });
        QObject::connect(&session, &RecordSession::noted, [this](const QString& note) { notes.push_back(bytes(note)); });
        QObject::connect(&session, &RecordSession::failed, [this](const RecordFailure& why, const QString&) { failure = why; });
        QObject::connect(&session, &RecordSession::finished, [this](const QString& made, RecordEnd why) {
            path = bytes(made);
            end = why;
        });
        session.start();
    }
    bool over() const { return failure || path; }
    bool begins() { return QTest::qWaitFor([this] { return recording || over(); }, kSoon) && recording; }
    bool ends() { return QTest::qWaitFor([this] { return over(); }, kSoon); }
    bool steps(std::string_view step)
    {
        return QTest::qWaitFor([&] { return session.status().step.starts_with(step); }, kSoon);
    }
    std::string message() const { return failure ? failure->message : "no failure"; }
    std::string said() const
    {
        std::string all;
        for (const std::string& note : notes) all += note + "\n";
        return all;
    }
};

std::string text(const Readiness& ready)
{
    constexpr const char* kStates[] = {"ready", "needs permission", "not possible"};
    return std::string(kStates[static_cast<int>(ready.state)]) + " | " + ready.reason + " | " + ready.advice;
}

} // namespace

class tst_MagicTrace : public QObject
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

    void aRecordingIsAttachedStoppedOnceAndDecoded();
    void anExistingFileIsReplacedOnlyByAWholeOne();
    void theTargetsEndStopsItAndKeepsTheResult();
    void aTriggerEndsItByItself();
    void snapshotsAtEveryHitAreCountedUntilStop();
    void warningsBecomeNotes();
    void withoutProcessorTraceItSamplesAndSaysSo();
    void muchOutputDoesNotBlockIt();
    void anOldVersionIsAskedForNothingItLacks();
    void anOldVersionWithoutProcessorTraceIsNotStarted();

    void everyFailureHasItsSentence_data();
    void everyFailureHasItsSentence();
    void detailsHaveTheCommandAndCleanOutput();
    void rawDataIsKeptForAnotherVersion();
    void aProgramThatIsSomethingElseIsNamed();
    void aProgramThatCannotRunHereIsNamed();
    void itIsNotWaitedForEndlesslyBeforeItAttaches();
    void itIsNotWaitedForEndlesslyWhenItStops();
    void aTargetThatEndsBeforeItIsAttachedIsNamed();
    void cancelLeavesNoProcessAndNoFile_data();
    void cancelLeavesNoProcessAndNoFile();
    void stopBeforeItIsAttachedSavesNothing();
    void stopWhileItDecodesDoesNotSignalIt();
    void aFolderThatCannotBeWrittenIsNamed();
    void ourOwnDeathLeavesAWholeFile();
};

// ---- before anything starts

void tst_MagicTrace::itIsOfferedWithoutBeingStarted()
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

void tst_MagicTrace::aMachineIsJudgedByItsEventSources_data()
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

void tst_MagicTrace::aMachineIsJudgedByItsEventSources()
{
    QFETCH(QStringList, sources);
    QFETCH(bool, sampling);
    QFETCH(QString, expected);
    Scene scene;
    QDir(scene.path("devices")).removeRecursively();
    for (const QString& source : sources) QDir().mkpath(scene.path("devices/") + source);
    QCOMPARE(text(readiness(scene.machine, scene.request.target, {{"sampling", sampling ? "on" : "off"}})), bytes(expected));
}

void tst_MagicTrace::whatIsMissingIsSaidBeforeItStarts()
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

void tst_MagicTrace::aCopyInAFolderOfEverybodyIsTakenOnlyWhenAllowed()
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

void tst_MagicTrace::onlyOwnProcessesAndNoEndedOnesAreReady()
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

void tst_MagicTrace::optionsThatItWouldMisunderstandAreRefused_data()
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

void tst_MagicTrace::optionsThatItWouldMisunderstandAreRefused()
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

void tst_MagicTrace::optionsBecomeFlags_data()
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

void tst_MagicTrace::optionsBecomeFlags()
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

void tst_MagicTrace::flagsAreReadFromItsHelp()
{
    const std::set<std::string> flags = flagsOfHelp("Traces a -running process.\n\n=== flags ===\n\n"
                                                    "  [-o FILE], -output         . Where to output the -trace\n"
                                                    "  [-p PID]                   . Process to attach to.\n"
                                                    "                               (alias: -pid)\n"
                                                    "  [-help]                    . print this help text and exit\n"
                                                    "                               (alias: -?)\n");
    QCOMPARE(flags, (std::set<std::string>{"help", "o", "output", "p", "pid"}));
}

void tst_MagicTrace::everyKnownLineHasItsMeaning_data()
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

void tst_MagicTrace::everyKnownLineHasItsMeaning()
{
    QFETCH(QString, line);
    QFETCH(int, meaning);
    QFETCH(QString, note);
    QCOMPARE(static_cast<int>(meaningOf(bytes(line))), meaning);
    if (meaning == static_cast<int>(Line::Note)) QCOMPARE(noteOf(bytes(line)), bytes(note));
}

// ---- recordings

void tst_MagicTrace::aRecordingIsAttachedStoppedOnceAndDecoded()
{
    Scene scene;
    Run run(scene);
    QVERIFY2(run.begins(), run.message().c_str());
    QVERIFY(!run.collecting);
    QCOMPARE(scene.arguments(), std::string("attach -pid PID -o PRIVATE/trace.fxt -multi-thread -working-directory PRIVATE/perf"));
    run.session.stop();
    run.session.stop();
    QVERIFY(run.collecting);
    QVERIFY(run.ends());
    QCOMPARE(run.message(), std::string("no failure"));
    QCOMPARE(*run.path, scene.request.path);
    QCOMPARE(run.end, RecordEnd::Stopped);
    QCOMPARE(scene.logged("signals").size(), 1);
    QCOMPARE(scene.made(), QStringList{QStringLiteral("run.fxt")});
    QCOMPARE(contentOf(scene.path("out/run.fxt")), written(Events::Some));
    QCOMPARE(run.session.status().bytes, static_cast<std::uint64_t>(written(Events::Some).size()));
    QVERIFY(scene.target.state() == QProcess::Running);
}

void tst_MagicTrace::anExistingFileIsReplacedOnlyByAWholeOne()
{
    for (const char* how : {"undecodable", "empty", "good"}) {
        Scene scene(how);
        write(scene.path("out/run.fxt"), "of old");
        Run run(scene);
        QVERIFY(run.begins());
        QCOMPARE(contentOf(scene.path("out/run.fxt")), QByteArray("of old"));
        run.session.stop();
        QVERIFY(run.ends());
        const bool good = qstrcmp(how, "good") == 0;
        QCOMPARE(contentOf(scene.path("out/run.fxt")), good ? written(Events::Some) : QByteArray("of old"));
        QCOMPARE(scene.made(), QStringList{QStringLiteral("run.fxt")});
    }
}

void tst_MagicTrace::theTargetsEndStopsItAndKeepsTheResult()
{
    Scene scene;
    Run run(scene);
    QVERIFY(run.begins());
    scene.endTarget();
    QVERIFY(run.ends());
    QCOMPARE(run.message(), std::string("no failure"));
    QCOMPARE(run.end, RecordEnd::TargetEnded);
    QCOMPARE(scene.logged("signals").size(), 1);
    QCOMPARE(contentOf(scene.path("out/run.fxt")), written(Events::Some));
}

void tst_MagicTrace::aTriggerEndsItByItself()
{
    Scene scene("trigger");
    scene.request.options = {{"trigger", "frobnicate"}, {"all-threads", "off"}};
    Run run(scene);
    QVERIFY(run.ends());
    QCOMPARE(run.message(), std::string("no failure"));
    QCOMPARE(run.end, RecordEnd::Stopped);
    QCOMPARE(run.said(), std::string("The trigger was hit.\n"));
    QVERIFY(run.recording && run.collecting);
    QVERIFY(!QFile::exists(scene.path("log/signals")));
    QCOMPARE(scene.arguments(), std::string("attach -pid PID -o PRIVATE/trace.fxt -trigger frobnicate -working-directory PRIVATE/perf"));
}

void tst_MagicTrace::snapshotsAtEveryHitAreCountedUntilStop()
{
    Scene scene("snapshots");
    scene.request.options = {{"trigger", "."}, {"multi-snapshot", "on"}};
    Run run(scene);
    QVERIFY(run.begins());
    QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(scene.path("log/pids")), kSoon); // both were taken, and it goes on
    QVERIFY(!run.collecting);
    run.session.stop();
    QVERIFY(run.ends());
    QCOMPARE(run.said(), std::string("3 snapshots.\n"));
}

void tst_MagicTrace::warningsBecomeNotes()
{
    Scene scene("warnings");
    Run run(scene);
    QVERIFY(run.begins());
    run.session.stop();
    QVERIFY(run.ends());
    QCOMPARE(run.message(), std::string("no failure"));
    QCOMPARE(run.said(), std::string("Without debug information there are no file names and line numbers.\n"
                                     "2 places of the recording could not be decoded.\n"
                                     "1 line of perf's output was not understood by magic-trace.\n"));
}

void tst_MagicTrace::withoutProcessorTraceItSamplesAndSaysSo()
{
    Scene scene("sampling");
    QVERIFY(QDir(scene.path("devices")).rmdir(QStringLiteral("intel_pt")));
    Run run(scene);
    QVERIFY(run.begins());
    run.session.stop();
    QVERIFY(run.ends());
    QCOMPARE(run.message(), std::string("no failure"));
    QCOMPARE(run.said(), std::string("Sampled, since there is no Intel Processor Trace: short calls are missing.\n"
                                     "Callers are found by copies of the stack, which slows the program down.\n"));
}

void tst_MagicTrace::muchOutputDoesNotBlockIt()
{
    Scene scene("chatty");
    Run run(scene);
    QVERIFY(run.begins());
    QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(scene.path("log/chatted")), kSoon);
    run.session.stop();
    QVERIFY(run.ends());
    QCOMPARE(run.message(), std::string("no failure"));
}

void tst_MagicTrace::anOldVersionIsAskedForNothingItLacks()
{
    Scene scene("good", "v1.0.2");
    scene.request.options = {{"filter", "a b"}};
    Run refused(scene);
    QVERIFY(refused.ends());
    QCOMPARE(refused.message(), std::string("This magic-trace (v1.0.2) does not know -filter."));
    QVERIFY(!QFile::exists(scene.path("log/arguments")));
    scene.request.options = {};
    Run run(scene);
    QVERIFY(run.begins());
    run.session.stop();
    QVERIFY(run.ends());
    QCOMPARE(run.message(), std::string("no failure"));
}

void tst_MagicTrace::anOldVersionWithoutProcessorTraceIsNotStarted()
{
    Scene scene("good", "v1.0.2");
    QVERIFY(QDir(scene.path("devices")).rmdir(QStringLiteral("intel_pt")));
    Run run(scene);
    QVERIFY(run.ends());
    QCOMPARE(run.message(),
             std::string("This computer has no Intel Processor Trace (needed: Intel CPU from 2015/16 on, not in a virtual machine)."));
    QVERIFY(!QFile::exists(scene.path("log/arguments")));
}

// ---- failures

void tst_MagicTrace::everyFailureHasItsSentence_data()
{
    QTest::addColumn<QString>("message");
    QTest::addColumn<QString>("advice");
    const auto add = [](const char* how, const char* message, const char* advice) {
        QTest::newRow(how) << QString::fromUtf8(message) << QString::fromUtf8(advice);
    };
    constexpr const char* kSamples = "Record with samples instead: that needs no program and no special processor.";
    constexpr const char* kDetails = "The details have what it printed.";
    add("dies-early", "magic-trace ended before it was attached (exit status 2).", kDetails);
    add("leaves-early", "magic-trace ended before it was attached (exit status 0).", kDetails);
    add("no-perf", "magic-trace needs the perf program (package linux-perf).", kSamples);
    add("gone", "Process PID has ended.", "Choose another process.");
    add("denied", "You may record only your own processes.", "Choose one of yours, or start Opscope as that user.");
    add("perf-denied", "You may record only your own processes.",
        "If it is yours, the system refuses more than usual: an administrator can run \"sysctl kernel.perf_event_paranoid=2\".");
    add("kernel", "Only root may record kernel code.", "Set \"Kernel code\" to \"Leave out\", or start Opscope as root.");
    add("no-pt", "This computer has no Intel Processor Trace (needed: Intel CPU from 2015/16 on, not in a virtual machine).", kSamples);
    add("no-symbol", "The program has no function of the trigger's name.",
        "Look at the field \"Trigger\": it takes mangled names of the main program file.");
    add("no-table", "The program has no symbol table in which the trigger could be looked up.",
        "Leave the field \"Trigger\" empty to take the snapshot at Stop.");
    add("flag", "This magic-trace does not know one of its options.", "Leave the advanced options at their standard.");
    add("controls", "magic-trace ended before it was attached (exit status 1).", kDetails);
    add("dies-recording", "magic-trace ended while it recorded (exit status 3).", kDetails);
    add("killed", "magic-trace ended while it recorded (signal 9, Killed).", kDetails);
    add("ack", "perf did not answer when the recording was to stop.", "Try again; on a busy machine with fewer threads or a smaller history.");
    add("perf-dies", "perf ended before the recording was stopped.", "It said: perf: Segmentation fault");
    add("cpu-clock", "This machine cannot run magic-trace. Record with samples instead.", "");
    add("disk-full", "The disk is full.", "Make room, choose another folder, or record for a shorter time.");
    add("undecodable", "magic-trace could not decode the recording (exit status 1).", kDetails);
    add("empty", "magic-trace wrote an empty file.", kDetails);
    add("no-file", "magic-trace wrote no file.", kDetails);
    add("strange", "What magic-trace wrote is not a Fuchsia trace.", kDetails);
    add("no-events", "No thread of the process ran during the recording.", "Record for longer.");
    add("no-events, main thread", "The traced thread did not run during the recording.", "Switch on \"All threads\".");
}

void tst_MagicTrace::everyFailureHasItsSentence()
{
    QFETCH(QString, message);
    QFETCH(QString, advice);
    Scene scene(QTest::currentDataTag());
    if (QByteArray(QTest::currentDataTag()).startsWith("no-events")) write(scene.path("some.fxt"), written(Events::None));
    if (QByteArray(QTest::currentDataTag()).endsWith("main thread")) scene.request.options["all-threads"] = "off";
    Run run(scene);
    QObject::connect(&run.session, &RecordSession::recording, &run.session, &RecordSession::stop, Qt::QueuedConnection);
    QVERIFY(run.ends());
    QCOMPARE(run.message(), bytes(message.replace(QStringLiteral("PID"), QString::number(scene.request.target.pid))));
    QCOMPARE(run.failure->advice, bytes(advice));
    QVERIFY(run.failure->details.find("magic-trace attach -pid ") != std::string::npos);
    QCOMPARE(scene.made(), QStringList());
    QVERIFY(scene.target.state() == QProcess::Running);
}

void tst_MagicTrace::detailsHaveTheCommandAndCleanOutput()
{
    Scene scene("controls");
    scene.request.options = {{"trigger", "it's"}};
    Run run(scene);
    QVERIFY(run.ends());
    QString details = QString::fromStdString(run.failure->details);
    details.replace(QString::number(scene.request.target.pid), QStringLiteral("PID"));
    static const QRegularExpression kFolders(QStringLiteral("/\\S*/(?=magic-trace|trace\\.fxt|perf)"));
    details.replace(kFolders, QStringLiteral("/.../"));
    QCOMPARE(details, QStringLiteral("/.../magic-trace attach -pid PID -o /.../trace.fxt -multi-thread -trigger 'it'\\''s' "
                                     "-working-directory /.../perf\n"
                                     "perf: \u241b[2J\u241b]0;owned\u2407 broken \ufffd\n"));
}

void tst_MagicTrace::rawDataIsKeptForAnotherVersion()
{
    Scene scene("bug");
    Run run(scene);
    QVERIFY(run.begins());
    run.session.stop();
    QVERIFY(run.ends());
    QCOMPARE(run.message(), std::string("Your magic-trace does not understand this perf version."));
    const std::string raw = scene.request.path + ".perf";
    const QString program = QFile::symLinkTarget(QStringLiteral("/proc/%1/exe").arg(scene.request.target.pid));
    QCOMPARE(run.failure->advice, "Install a newer magic-trace, or name an older perf in MAGIC_TRACE_PERF_PATH. The raw data is kept: "
                                  "magic-trace decode -working-directory " + raw + " -executable " + bytes(program) + " -o " + scene.request.path);
    QCOMPARE(scene.made(), QStringList{QStringLiteral("run.fxt.perf")});
    QCOMPARE(contentOf(scene.path("out/run.fxt.perf/perf.data")), QByteArray("raw\n"));
}

void tst_MagicTrace::aProgramThatIsSomethingElseIsNamed()
{
    Scene other("other"), silent("silent"), mute;
    silent.patience.probe = 100ms;
    write(mute.path("bin/magic-trace"), "#!/bin/sh\necho hello\n", true);
    for (Scene* scene : {&other, &silent, &mute}) {
        qputenv("STANDIN", scene == &other ? "other" : "silent");
        Run run(*scene);
        QVERIFY(run.ends());
        QCOMPARE(run.message(), bytes(scene->path("bin/magic-trace")) + " does not answer like magic-trace.");
        QCOMPARE(run.failure->advice, std::string("Choose its location."));
        QCOMPARE(scene->made(), QStringList());
    }
}

void tst_MagicTrace::aProgramThatCannotRunHereIsNamed()
{
    Scene scene;
    write(scene.path("bin/magic-trace"), QByteArray("\x7f" "ELF of another machine"), true);
    Run run(scene);
    QVERIFY(run.ends());
    const std::string expected = bytes(scene.path("bin/magic-trace")) + " cannot be started: ";
    QVERIFY2(run.message().starts_with(expected) && run.message().ends_with("."), run.message().c_str());
    QVERIFY2(run.message().find("format") != std::string::npos, run.message().c_str());
}

void tst_MagicTrace::itIsNotWaitedForEndlesslyBeforeItAttaches()
{
    Scene scene("never-attaches");
    scene.patience.attach = 300ms;
    Run run(scene);
    QVERIFY(run.ends());
    QCOMPARE(run.message(), std::string("magic-trace was not attached within 0 s."));
    QTRY_VERIFY(scene.allGone());
    QCOMPARE(scene.made(), QStringList());
}

void tst_MagicTrace::itIsNotWaitedForEndlesslyWhenItStops()
{
    Scene scene("hangs-on-stop");
    scene.patience.offer = 200ms;
    scene.patience.giveUp = 1200ms;
    Run run(scene);
    QVERIFY(run.begins());
    run.session.stop();
    QVERIFY(run.steps("magic-trace does not stop"));
    QCOMPARE(run.said(), std::string("magic-trace has not stopped for 0 s. Cancel ends it; the recording is lost then.\n"));
    QVERIFY(run.ends());
    QCOMPARE(run.message(), std::string("magic-trace did not stop within 1 s, so it was ended."));
    QTRY_VERIFY(scene.allGone());
    QCOMPARE(scene.logged("signals").size(), 1);
    QVERIFY(scene.target.state() == QProcess::Running);
}

void tst_MagicTrace::aTargetThatEndsBeforeItIsAttachedIsNamed()
{
    Scene scene("never-attaches");
    Run run(scene);
    QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(scene.path("log/pids")), kSoon);
    scene.endTarget();
    QVERIFY(run.ends());
    QCOMPARE(run.message(), "Process " + std::to_string(scene.request.target.pid) + " has ended.");
    QTRY_VERIFY(scene.allGone());
    QCOMPARE(scene.made(), QStringList());
}

void tst_MagicTrace::cancelLeavesNoProcessAndNoFile_data()
{
    QTest::addColumn<QString>("step");
    QTest::newRow("never-attaches") << QStringLiteral("Attaching");
    QTest::newRow("good") << QString();
    QTest::newRow("hangs-on-stop") << QStringLiteral("Stopping");
    QTest::newRow("slow") << QStringLiteral("Decoding for 0 s");
}

void tst_MagicTrace::cancelLeavesNoProcessAndNoFile()
{
    QFETCH(QString, step);
    Scene scene(QTest::currentDataTag());
    Run run(scene);
    if (step != QStringLiteral("Attaching")) QVERIFY(run.begins());
    if (step == QStringLiteral("Stopping") || step.startsWith(QStringLiteral("Decoding"))) run.session.stop();
    QVERIFY(run.steps(bytes(step)));
    QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(scene.path("log/pids")), kSoon);
    QVERIFY(!scene.allGone());
    run.session.cancel();
    QTRY_VERIFY(scene.allGone());
    QCOMPARE(scene.made(), QStringList());
    QCoreApplication::processEvents();
    QVERIFY(!run.over());
    QVERIFY(scene.target.state() == QProcess::Running);
}

void tst_MagicTrace::stopBeforeItIsAttachedSavesNothing()
{
    Scene scene("never-attaches");
    Run run(scene);
    QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(scene.path("log/pids")), kSoon);
    run.session.stop();
    QTRY_VERIFY(scene.allGone());
    QVERIFY(!run.over());
    QCOMPARE(scene.made(), QStringList());
}

void tst_MagicTrace::stopWhileItDecodesDoesNotSignalIt()
{
    Scene scene("slow");
    Run run(scene);
    QVERIFY(run.begins());
    run.session.stop();
    QVERIFY(run.steps("Decoding"));
    run.session.stop();
    QTest::qWait(100); // a signal would have killed it by then
    QVERIFY(!run.over());
    run.session.cancel();
}

void tst_MagicTrace::aFolderThatCannotBeWrittenIsNamed()
{
    Scene scene;
    scene.request.path = bytes(scene.path("nowhere/run.fxt"));
    Run run(scene);
    QVERIFY(run.ends());
    QVERIFY2(run.message().starts_with("Nothing can be written to " + bytes(scene.path("nowhere")) + ": "), run.message().c_str());
}

void tst_MagicTrace::ourOwnDeathLeavesAWholeFile()
{
    Scene scene;
    // The kernel tells a child of the end of the thread that started it as it does of a whole process, and nobody cleans up here either.
    static Run* abandoned = nullptr;
    const std::unique_ptr<QThread> mortal(QThread::create([&] {
        abandoned = new Run(scene);
        abandoned->begins();
    }));
    mortal->start();
    QVERIFY(mortal->wait(kSoon));
    QVERIFY(abandoned->recording);
    const auto left = [&] { return scene.made().isEmpty() ? QString() : scene.path("out/") + scene.made().first() + QStringLiteral("/trace.fxt"); };
    QTRY_COMPARE_WITH_TIMEOUT(contentOf(left()), written(Events::Some), kSoon);
    QTRY_VERIFY(scene.allGone());
    QCOMPARE(scene.logged("signals").size(), 1);
    QVERIFY2(scene.made().first().startsWith(QStringLiteral("run.fxt.recording-")), qPrintable(scene.made().first()));
    QVERIFY(scene.target.state() == QProcess::Running);
}

QTEST_GUILESS_MAIN(tst_MagicTrace)
#include "tst_MagicTrace.moc"
