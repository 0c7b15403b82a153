#include <QDir>
#include <QFloat16> // nlohmann_json asks what it is
#include <QProcess>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>

#include "core/base/Time.h"
#include "core/io/Loader.h"
#include "core/trace/Trace.h"
#include "tests/app/RunOpscope.h"
#include "tests/support/ChildProcess.h"
#include "tests/support/Golden.h"

#include <nlohmann/json.hpp>

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

using namespace opscope;
using namespace opscope::test;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

QString text(pid_t pid) { return QString::number(pid); }

Ran record(const QStringList& arguments) { return runOpscope(QStringList{QStringLiteral("record")} + arguments); }

Json jsonOf(const Ran& ran) { return Json::parse(ran.out.toStdString(), nullptr, false); }

/// Something to record: keeps a processor busy half of the time.
ChildProcess busyProgram()
{
    return ChildProcess({"sh", "-c", "while :; do i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; sleep 0.02; done"});
}

/// `opscope record` that runs beside the test, in a folder of its own.
struct Recording
{
    QTemporaryDir dir;
    QProcess process;
    QByteArray err;

    ~Recording()
    {
        if (process.state() == QProcess::NotRunning) return;
        process.kill();
        process.waitForFinished();
    }
    QString at(const char* name) const { return dir.filePath(QString::fromLatin1(name)); }
    /// Waits until it says that it records, which is when it does.
    bool start(const QStringList& arguments)
    {
        process.setWorkingDirectory(dir.path());
        process.start(QStringLiteral(OPSCOPE_BIN "/opscope"), QStringList{QStringLiteral("record")} + arguments);
        while (!err.contains("Recording ")) {
            if (!process.waitForReadyRead(100) && process.state() == QProcess::NotRunning) return false;
            err += process.readAllStandardError();
        }
        return true;
    }
    void signal(int number) const
    {
        if (process.processId() > 0) ::kill(static_cast<pid_t>(process.processId()), number); // 0 would be ourselves
    }
    Ran end()
    {
        const bool ended = process.state() == QProcess::NotRunning || process.waitForFinished(60'000);
        const bool normal = ended && process.exitStatus() == QProcess::NormalExit;
        return {normal ? process.exitCode() : -1, process.readAllStandardOutput(), err + process.readAllStandardError()};
    }
    QStringList files() const { return QDir(dir.path()).entryList(QDir::Files | QDir::Hidden); }
};

/// Channels of `process` that QProcess does not offer: a terminal for stderr.
struct Terminal
{
    int ours = ::posix_openpt(O_RDWR | O_NOCTTY);
    Terminal()
    {
        ::grantpt(ours);
        ::unlockpt(ours);
        ::fcntl(ours, F_SETFL, O_NONBLOCK);
    }
    ~Terminal() { ::close(ours); }
    void become(QProcess& process) const
    {
        const std::string name = ::ptsname(ours);
        process.setChildProcessModifier([name] { ::dup2(::open(name.c_str(), O_RDWR | O_NOCTTY), STDERR_FILENO); });
    }
    QByteArray read() const
    {
        QByteArray all(65536, '\0');
        const ssize_t got = ::read(ours, all.data(), static_cast<std::size_t>(all.size()));
        all.resize(std::max<ssize_t>(got, 0));
        return all;
    }
};

/// What the ordinary loader finds in a file.
struct Loaded
{
    TracePtr trace;
    std::size_t threads = 0;
    explicit Loaded(const QString& path)
    {
        const std::string file = path.toStdString();
        if (auto loaded = loadTrace(std::span(&file, 1))) trace = *loaded;
        else qWarning("%s", loaded.error().text().c_str());
        for (const Track& track : trace ? trace->tracks() : std::span<const Track>()) threads += track.kind == TrackKind::Thread;
    }
    explicit operator bool() const { return trace && trace->slices().size() > 0; }
};

} // namespace

class tst_RecordCommand : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void helpHasTheOptionsOfEveryBackend();
    void listShowsThisProcess();
    void listOfOneProcessSaysWhatCanRecordIt();
    void listLeavesKernelThreadsOut();
    void namesOfProcessesActOnNoTerminal();
    void backendsTellTheirOptions();
    void wrongUsageIsOneSentence_data();
    void wrongUsageIsOneSentence();
    void whatCannotBeRecordedIsOneSentence();
    void processesOfOthersAreOneSentence();
    void refusalsAreJsonToo();
    void commandsThatAreNotThereAreOneSentence();

    // With the first backend that is ready; skipped where none is.
    void aRecordingOfSomeTime();
    void withoutOptionsTheFileHasNameNumberAndDate();
    void aFileIsReplacedOnlyByForce();
    void theFirstInterruptSavesTheSecondCancels();
    void terminateAndHangUpSave_data();
    void terminateAndHangUpSave();
    void ignoredSignalsStayIgnored();
    void theEndOfTheProcessSaves();
    void aKilledProcessIsSaved();
    void aCommandIsRecordedFromItsStart();
    void theStatusOfTheCommandIsTold_data();
    void theStatusOfTheCommandIsTold();
    void argumentsReachTheCommandAsTheyAre();
    void interruptsFromTheTerminalAreForTheRecording();
    void withoutADurationAProcessIsRecordedForHalfAMinute();
    void theSizeLimitSaves();
    void aFullDiskIsASentence();
    void aFileThatMayNotGrowKeepsWhatThereIs();
    void beingKilledLeavesAValidPartAndTheProcessAlone();
    void aTerminalSeesProgress();
    void withoutATerminalItIsQuiet();
    void jsonSaysAllOfIt();

private:
    /// Why nothing can be recorded here; empty when something can.
    static QByteArray cannotRecord();
};

#define NEEDS_A_BACKEND()                                                                                                                            \
    if (const QByteArray reason = cannotRecord(); !reason.isEmpty()) QSKIP(("skipped: nothing can record here: " + reason).constData())

QByteArray tst_RecordCommand::cannotRecord()
{
    static const QByteArray why = [] {
        const Json backends = jsonOf(record({"--backends", "--json"}))["backends"];
        QByteArray reasons = "there is no backend";
        for (const Json& backend : backends) {
            if (backend["family"] != "") continue; // of --torch: tst_RecordTorchCommand
            if (backend["state"] == "ready" && backend["starts_commands"] == true) return QByteArray();
            reasons = QByteArray::fromStdString(backend["reason"].get<std::string>());
        }
        return reasons;
    }();
    return why;
}

void tst_RecordCommand::helpHasTheOptionsOfEveryBackend()
{
    const Ran help = record({"--help"});
    QCOMPARE(help.status, 0);
    const Json backends = jsonOf(record({"--backends", "--json"}))["backends"];
    QVERIFY(!backends.empty());
    for (const Json& backend : backends) {
        const std::string family = backend["family"], of = family.empty() ? "--backend " + backend["id"].get<std::string>() : "--" + family;
        QVERIFY(help.out.contains(QByteArray::fromStdString("\nOf " + of + ":\n")));
        for (const Json& option : backend["options"]) {
            const QByteArray flag = QByteArray::fromStdString("\n  " + option["flag"].get<std::string>());
            QVERIFY2(help.out.contains(flag), flag.constData());
        }
    }
    QVERIFY(help.out.contains("Examples:\n  opscope record --list\n"));
    for (const QByteArray& line : help.out.split('\n')) QVERIFY2(QString::fromUtf8(line).size() <= 120, line.constData());
}

void tst_RecordCommand::listShowsThisProcess()
{
    const Ran plain = record({"--list"});
    QCOMPARE(plain.status, 0);
    QVERIFY(plain.err.isEmpty());
    const QRegularExpression line(QStringLiteral("^ *%1  .*tst_RecordCommand").arg(::getpid()), QRegularExpression::MultilineOption);
    QVERIFY2(line.match(QString::fromUtf8(plain.out)).hasMatch(), plain.out.constData());

    const Json list = jsonOf(record({"--list", "--json"}));
    const auto self = std::find_if(list["processes"].begin(), list["processes"].end(), [](const Json& p) { return p["pid"] == ::getpid(); });
    QVERIFY(self != list["processes"].end());
    QCOMPARE((*self)["name"].get<std::string>(), std::string("tst_RecordComma")); // the kernel keeps 15
    QCOMPARE((*self)["uid"].get<uid_t>(), ::geteuid());
    QVERIFY((*self)["refused"].is_null());
    QVERIFY((*self)["cpu"].is_number() && (*self)["resident_bytes"] > 100'000 && (*self)["threads"] >= 1 && (*self)["start_ticks"] > 0);
    QVERIFY(!list["backends"].empty());
    for (const Json& backend : list["backends"]) QVERIFY(backend["state"] == "ready" || !backend["reason"].get<std::string>().empty());
}

void tst_RecordCommand::listOfOneProcessSaysWhatCanRecordIt()
{
    const ChildProcess child = ChildProcess::sleeping();
    const Ran one = record({"--list", "--pid", text(child.pid())});
    QCOMPARE(one.status, 0);
    QVERIFY(one.out.contains("sleep 1000"));
    QCOMPARE(jsonOf(record({"--list", "--pid", text(child.pid()), "--json"}))["processes"].size(), std::size_t{1});
    child.becomeZombie();
    const Ran ended = record({"--list", "--pid", text(child.pid())});
    QVERIFY2(ended.out.contains("has ended; only its entry"), ended.out.constData());
}

void tst_RecordCommand::listLeavesKernelThreadsOut()
{
    const auto isKernel = [](const Json& p) { return p["kernel_thread"] == true; };
    const Json all = jsonOf(record({"--list", "--json"}))["processes"];
    if (std::none_of(all.begin(), all.end(), isKernel)) QSKIP("skipped: no thread of the kernel is to be seen");
    QVERIFY(!record({"--list"}).out.contains("[kthreadd]"));
    QVERIFY(record({"--list"}).out.contains("of the kernel are left out; --all shows them"));
    QVERIFY(record({"--list", "--all"}).out.contains("[kthreadd]"));
}

void tst_RecordCommand::namesOfProcessesActOnNoTerminal()
{
    const ChildProcess child({"sh", "-c", "while :; do sleep 0.1; done", "\033[2J\a\r\n\xFF"});
    for (const char* how : {"--list", "--json"}) {
        const Ran ran = record({"--list", QString::fromLatin1(how)});
        QVERIFY(!hasControls(ran.out));
        QCOMPARE(QString::fromUtf8(ran.out).toUtf8(), ran.out);
    }
}

void tst_RecordCommand::backendsTellTheirOptions()
{
    const Ran plain = record({"--backends"});
    QCOMPARE(plain.status, 0);
    const Json all = jsonOf(record({"--backends", "--json"}));
    for (const Json& backend : all["backends"]) {
        QVERIFY(plain.out.contains(QByteArray::fromStdString(backend["id"].get<std::string>())));
        for (const Json& option : backend["options"]) {
            QVERIFY(plain.out.contains(QByteArray::fromStdString(option["flag"].get<std::string>())));
            QVERIFY(!option["title"].get<std::string>().empty() && !option["help"].get<std::string>().empty());
        }
    }
}

void tst_RecordCommand::wrongUsageIsOneSentence_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QString>("sentence");
    const QString self = text(::getpid());
    const auto row = [](const char* name, const QStringList& arguments, const char* sentence) { QTest::newRow(name) << arguments << QString::fromUtf8(sentence); };
    row("nothing", {}, "say what to record: --pid PID, or -- COMMAND; --list shows processes");
    row("both", {"--pid", self, "--", "true"}, "--pid and a command cannot be recorded together");
    for (const char* pid : {"abc", "0", "-5", "1.5", "99999999999", "12x", " 1"})
        QTest::addRow("pid %s", pid) << QStringList{"--pid=" + QString::fromLatin1(pid)} << "\"" + QString::fromLatin1(pid) + "\" is no process number";
    for (const char* duration : {"5", "s", "5d", "ms", "m", "5 s m", "1e99s", "five", "5sm", "99999999999h"})
        QTest::addRow("duration %s", duration) << QStringList{"--pid", self, "--duration", QString::fromLatin1(duration)}
                                               << "--duration: \"" + QString::fromLatin1(duration) + "\" is no duration; write 5s, 1.5s, 500ms, 2m or 1h";
    row("duration of nothing", {"--pid", self, "--duration", "0s"}, "--duration: a recording takes at least a millisecond, not \"0s\"");
    row("negative duration", {"--pid", self, "--duration=-1s"}, "--duration: a recording takes at least a millisecond, not \"-1s\"");
    row("too exact", {"--pid", self, "--duration", "1.0005s"}, "--duration: \"1.0005s\" is not in whole milliseconds");
    row("too short", {"--pid", self, "--duration", "10us"}, "--duration: \"10us\" is not in whole milliseconds");
    for (const char* size : {"big", "1.5GB", "-1", "1TB", "99999999999GiB", "MB"})
        QTest::addRow("size %s", size) << QStringList{"--pid", self, "--max-size=" + QString::fromLatin1(size)}
                                       << "--max-size: \"" + QString::fromLatin1(size) + "\" is no size; write 200MB, 1GiB or 0 for no limit";
    row("unknown option", {"--nonsense", "--pid", self}, "there is no option --nonsense; see opscope record --help");
    row("unknown option at the end", {"--pid", self, "--nonsense"}, "there is no option --nonsense; see opscope record --help");
    row("a list and a command", {"--list", "--", "true"}, "--list and --backends start no command");
}

void tst_RecordCommand::wrongUsageIsOneSentence()
{
    QFETCH(const QStringList, arguments);
    QFETCH(const QString, sentence);
    const Ran ran = record(arguments);
    QCOMPARE(ran.status, 2);
    QVERIFY(ran.out.isEmpty());
    QCOMPARE(ran.err.count('\n'), 1);
    QVERIFY2(ran.err.startsWith("opscope record: ") && QString::fromUtf8(ran.err).contains(sentence), ran.err.constData());
}

void tst_RecordCommand::whatCannotBeRecordedIsOneSentence()
{
    const auto refusal = [](pid_t pid) {
        const Ran ran = record({"--pid", text(pid), "--duration", "10ms"});
        return ran.status == 1 && ran.out.isEmpty() ? QString::fromUtf8(ran.err).section(QLatin1Char('\n'), 0, 0) : QStringLiteral("status %1: %2").arg(ran.status).arg(QString::fromUtf8(ran.err));
    };
    ChildProcess child = ChildProcess::sleeping();
    const pid_t pid = child.pid();
    child.becomeZombie();
    QCOMPARE(refusal(pid), QStringLiteral("opscope record: Process %1 (sleep) has ended; only its entry in the list of processes is left.").arg(pid));
    child.reap();
    QCOMPARE(refusal(pid), QStringLiteral("opscope record: There is no process %1.").arg(pid));
    if (QFile kernel(QStringLiteral("/proc/2/comm")); kernel.open(QIODevice::ReadOnly) && kernel.readAll() == "kthreadd\n")
        QCOMPARE(refusal(2), QStringLiteral("opscope record: Process 2 (kthreadd) is a thread of the kernel, not a program."));

    std::atomic<pid_t> thread = 0;
    std::atomic<bool> end = false;
    std::thread other([&] {
        thread = ::gettid();
        while (!end) ::usleep(1000);
    });
    while (!thread) std::this_thread::yield();
    const QString said = refusal(thread);
    end = true;
    other.join();
    QCOMPARE(said, QStringLiteral("opscope record: %1 is a thread of process %2, not a process.").arg(thread.load()).arg(::getpid()));
}

void tst_RecordCommand::processesOfOthersAreOneSentence()
{
    if (::geteuid() != 0) QSKIP("skipped: needs root, to become another user");
    const ChildProcess child = ChildProcess::sleeping(); // of root
    QTemporaryDir dir;                                   // that everybody may look into
    QVERIFY(QFile::copy(QStringLiteral(OPSCOPE_BIN "/opscope"), dir.filePath(QStringLiteral("opscope"))));
    fs::permissions(dir.path().toStdString(), fs::perms::all);
    fs::permissions(dir.filePath(QStringLiteral("opscope")).toStdString(), static_cast<fs::perms>(0755));
    QProcess process;
    process.setWorkingDirectory(dir.path());
    process.setChildProcessModifier([] {
        if (::setresgid(65534, 65534, 65534) != 0 || ::setresuid(65534, 65534, 65534) != 0) ::_exit(99);
    });
    process.start(dir.filePath(QStringLiteral("opscope")), {"record", "--pid", text(child.pid()), "--duration", "1s"});
    QVERIFY(process.waitForFinished());
    QCOMPARE(process.exitCode(), 1);
    QCOMPARE(QString::fromUtf8(process.readAllStandardError()),
             QStringLiteral("opscope record: Process %1 (sleep) belongs to root; the system lets you record only your own processes.\n"
                            "  Record it as that user or as root, for example with sudo.\n").arg(child.pid()));
}

void tst_RecordCommand::refusalsAreJsonToo()
{
    const Ran ran = record({"--json", "--pid", text(::getpid()), "--duration", "soon"});
    QCOMPARE(ran.status, 2);
    const Json json = jsonOf(ran);
    QVERIFY(json["file"].is_null());
    QCOMPARE(json["ended"].get<std::string>(), std::string("failed"));
    QVERIFY(json["failure"]["message"].get<std::string>().find("is no duration") != std::string::npos);
}

void tst_RecordCommand::commandsThatAreNotThereAreOneSentence()
{
    const Ran none = record({"--", "opscope-no-such-command", "--version"});
    QCOMPARE(none.status, 1);
    QCOMPARE(none.err, QByteArray("opscope record: There is no command opscope-no-such-command.\n  It was looked for in the folders of PATH.\n"));
    const Ran path = record({"--", "/no/such/program"});
    QCOMPARE(path.status, 1);
    QCOMPARE(path.err, QByteArray("opscope record: /no/such/program is not there.\n"));
    const Ran folder = record({"--", "/usr"});
    QVERIFY(folder.err.startsWith("opscope record: /usr is not a program that can be started.\n"));
}

void tst_RecordCommand::aRecordingOfSomeTime()
{
    NEEDS_A_BACKEND();
    const ChildProcess child = busyProgram();
    Recording r;
    QVERIFY(r.start({"--pid", text(child.pid()), "--duration", "500ms", "-o", "a.fxt"}));
    QVERIFY2(r.err.contains("for 500.000 ms") && r.err.contains("at most 1.00 GiB; Ctrl+C stops and saves"), r.err.constData());
    const Ran ran = r.end();
    QCOMPARE(ran.status, 0);
    const QRegularExpression line(QStringLiteral("^a\\.fxt: [\\d,]+ events?( and [\\d,]+ scheduling records?)? of [\\d,]+ threads? in [\\d.]+ m?s, [\\d,]+ samples?, 0 lost, .*; the time was up\n$"));
    QVERIFY2(line.match(QString::fromUtf8(ran.out)).hasMatch(), ran.out.constData());
    QCOMPARE(r.files(), QStringList{QStringLiteral("a.fxt")});
    const Loaded loaded(r.at("a.fxt"));
    QVERIFY(loaded);
    QVERIFY(loaded.threads >= 1);
    QVERIFY(!child.hasEnded());
}

void tst_RecordCommand::withoutOptionsTheFileHasNameNumberAndDate()
{
    NEEDS_A_BACKEND();
    const ChildProcess child = busyProgram();
    Recording r;
    QVERIFY(r.start({"--pid", text(child.pid()), "--duration", "100ms"}));
    QCOMPARE(r.end().status, 0);
    QCOMPARE(r.files().size(), 1);
    const QRegularExpression name(QStringLiteral("^sh-%1-\\d{8}-\\d{6}\\.fxt$").arg(child.pid()));
    QVERIFY2(name.match(r.files().front()).hasMatch(), qPrintable(r.files().front()));
}

void tst_RecordCommand::aFileIsReplacedOnlyByForce()
{
    NEEDS_A_BACKEND();
    const ChildProcess child = busyProgram();
    Recording r;
    writeFile(r.at("a.fxt").toStdString(), "precious");
    QVERIFY(!r.start({"--pid", text(child.pid()), "--duration", "100ms", "-o", "a.fxt"}));
    const Ran refused = r.end();
    QCOMPARE(refused.status, 1);
    QVERIFY2(refused.err.contains("opscope record: a.fxt is there already.\n  --force replaces it.\n"), refused.err.constData());
    QCOMPARE(readFile(r.at("a.fxt").toStdString()), std::string("precious"));
    r.err.clear();
    QVERIFY(r.start({"--pid", text(child.pid()), "--duration", "100ms", "-o", "a.fxt", "--force"}));
    QCOMPARE(r.end().status, 0);
    QVERIFY(Loaded(r.at("a.fxt")));
    QCOMPARE(record({"--pid", text(child.pid()), "-o", r.at("a.json")}).status, 2);
}

void tst_RecordCommand::theFirstInterruptSavesTheSecondCancels()
{
    NEEDS_A_BACKEND();
    const ChildProcess child = busyProgram();
    {
        Recording r;
        QVERIFY(r.start({"--pid", text(child.pid()), "-o", "a.fxt"}));
        QVERIFY(child.works());
        r.signal(SIGINT);
        const Ran ran = r.end();
        QCOMPARE(ran.status, 0);
        QVERIFY2(ran.out.endsWith("; stopped\n"), ran.out.constData());
        QVERIFY(Loaded(r.at("a.fxt")));
    }
    Recording r;
    QVERIFY(r.start({"--pid", text(child.pid()), "-o", "a.fxt"}));
    r.signal(SIGINT);
    r.signal(SIGTERM); // another number, so that the kernel does not make one of both
    const Ran ran = r.end();
    // The first one may have saved all before the second one came.
    QVERIFY(ran.status == 130 || ran.status == 0);
    QCOMPARE(r.files(), ran.status == 0 ? QStringList{QStringLiteral("a.fxt")} : QStringList{});
    if (ran.status == 130) QVERIFY2(ran.err.endsWith("opscope record: cancelled, nothing was kept\n"), ran.err.constData());
    QVERIFY(!child.hasEnded());
}

void tst_RecordCommand::terminateAndHangUpSave_data()
{
    QTest::addColumn<int>("number");
    QTest::newRow("SIGTERM") << SIGTERM;
    QTest::newRow("SIGHUP") << SIGHUP;
}

void tst_RecordCommand::terminateAndHangUpSave()
{
    NEEDS_A_BACKEND();
    QFETCH(const int, number);
    const ChildProcess child = busyProgram();
    Recording r;
    QVERIFY(r.start({"--pid", text(child.pid()), "-o", "a.fxt"}));
    QVERIFY(child.works());
    r.signal(number);
    QCOMPARE(r.end().status, 0);
    QVERIFY(Loaded(r.at("a.fxt")));
}

void tst_RecordCommand::ignoredSignalsStayIgnored()
{
    NEEDS_A_BACKEND();
    const ChildProcess child = busyProgram();
    Recording r;
    r.process.setChildProcessModifier([] { ::signal(SIGHUP, SIG_IGN); }); // as nohup does
    QVERIFY(r.start({"--pid", text(child.pid()), "--duration", "500ms", "-o", "a.fxt"}));
    r.signal(SIGHUP);
    const Ran ran = r.end();
    QCOMPARE(ran.status, 0);
    QVERIFY(ran.out.endsWith("; the time was up\n"));
}

void tst_RecordCommand::theEndOfTheProcessSaves()
{
    NEEDS_A_BACKEND();
    Recording r;
    const ChildProcess child({"sh", "-c", "while [ ! -e \"$0\" ]; do i=0; while [ $i -lt 5000 ]; do i=$((i+1)); done; done", r.at("end").toStdString()});
    QVERIFY(r.start({"--pid", text(child.pid()), "-o", "a.fxt"}));
    QVERIFY(child.works());
    writeFile(r.at("end").toStdString(), "now");
    const Ran ran = r.end();
    QCOMPARE(ran.status, 0);
    QVERIFY2(ran.out.endsWith("; the process ended\n"), ran.out.constData());
    QVERIFY(Loaded(r.at("a.fxt")));
}

void tst_RecordCommand::aKilledProcessIsSaved()
{
    NEEDS_A_BACKEND();
    ChildProcess child = busyProgram();
    Recording r;
    QVERIFY(r.start({"--pid", text(child.pid()), "-o", "a.fxt", "--duration", "1m"}));
    QVERIFY(child.works());
    child.signal(SIGKILL);
    child.reap();
    const Ran ran = r.end();
    QCOMPARE(ran.status, 0);
    QVERIFY2(ran.out.endsWith("; the process ended\n"), ran.out.constData());
    QVERIFY(Loaded(r.at("a.fxt")));
}

void tst_RecordCommand::aCommandIsRecordedFromItsStart()
{
    NEEDS_A_BACKEND();
    Recording r;
    QVERIFY(r.start({"--", "sh", "-c", "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; echo from the command"}));
    const Ran ran = r.end();
    QCOMPARE(ran.status, 0);
    QVERIFY(ran.out.startsWith("from the command\n")); // its output is its own
    QVERIFY2(ran.out.endsWith("; the command ended with status 0\n"), ran.out.constData());
    QCOMPARE(r.files().size(), 1);
    QVERIFY(QRegularExpression(QStringLiteral("^sh-\\d{8}-\\d{6}\\.fxt$")).match(r.files().front()).hasMatch());
    QVERIFY(Loaded(r.at(r.files().front().toLatin1().constData())));
}

void tst_RecordCommand::theStatusOfTheCommandIsTold_data()
{
    QTest::addColumn<QString>("script");
    QTest::addColumn<QString>("said");
    QTest::addColumn<int>("status");
    QTest::addColumn<int>("signal");
    QTest::newRow("status") << "i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done; exit 7" << "the command ended with status 7" << 7 << 0;
    QTest::newRow("signal") << "i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done; kill -9 $$" << "the command was killed by signal 9 (Killed)" << 0 << 9;
}

void tst_RecordCommand::theStatusOfTheCommandIsTold()
{
    NEEDS_A_BACKEND();
    QFETCH(const QString, script);
    QFETCH(const QString, said);
    QFETCH(const int, status);
    QFETCH(const int, signal);
    Recording r;
    QVERIFY(r.start({"-o", "a.fxt", "--", "sh", "-c", script}));
    const Ran plain = r.end();
    QCOMPARE(plain.status, 0); // ours
    QVERIFY2(plain.out.endsWith("; " + said.toUtf8() + "\n"), plain.out.constData());
    const Json json = jsonOf(record({"--json", "--force", "-o", r.at("a.fxt"), "--", "sh", "-c", script}));
    QCOMPARE(json["ended"].get<std::string>(), std::string("target_ended"));
    QVERIFY(json["command_status"] == (signal ? Json() : Json(status)));
    QVERIFY(json["command_signal"] == (signal ? Json(signal) : Json()));
}

void tst_RecordCommand::argumentsReachTheCommandAsTheyAre()
{
    NEEDS_A_BACKEND();
    Recording r;
    const QStringList words{"", "-x", "--pid", "--", "[1,2]", "{}", "a b", "a,b", "'", "%s", "é", "--json=1", "-o"};
    QVERIFY(r.start(QStringList{"-o", "a.fxt", "--", "sh", "-c", "for word; do printf '<%s>' \"$word\"; done; echo", "sh"} + words));
    const Ran ran = r.end();
    QCOMPARE(QString::fromUtf8(ran.out.left(ran.out.indexOf('\n'))), QLatin1Char('<') + words.join(QStringLiteral("><")) + QLatin1Char('>'));
}

/// On a terminal, below a shell that leads its session: the command reads from it, and Ctrl+C saves and leaves the command running.
void tst_RecordCommand::interruptsFromTheTerminalAreForTheRecording()
{
    NEEDS_A_BACKEND();
    const Terminal terminal;
    Recording r;
    const std::string name = ::ptsname(terminal.ours);
    r.process.setChildProcessModifier([name] {
        ::setsid();
        const int slave = ::open(name.c_str(), O_RDWR);
        ::ioctl(slave, TIOCSCTTY, 0);
        for (const int channel : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(slave, channel);
    });
    const QString command = QStringLiteral("read line; echo $$ >pid; echo \"heard $line\" >heard; while [ ! -e stop ]; do i=0; while [ $i -lt 5000 ]; do i=$((i+1)); done; "
                                           "done; echo over >over");
    const QString shell = QStringLiteral("trap : INT; \"$0\" record -o a.fxt -- sh -c '%1' >said 2>&1; echo $? >status; while [ ! -e over ]; do sleep 0.02; done").arg(command);
    r.process.setWorkingDirectory(r.dir.path());
    r.process.start(QStringLiteral("sh"), {QStringLiteral("-c"), shell, QStringLiteral(OPSCOPE_BIN "/opscope")});
    const auto content = [&r](const char* file) { return QFile::exists(r.at(file)) ? QByteArray::fromStdString(readFile(r.at(file).toStdString())) : QByteArray(); };
    QTRY_VERIFY_WITH_TIMEOUT(content("said").contains("Recording "), 60'000);
    QCOMPARE(::write(terminal.ours, "hello\n", 6), 6);
    QTRY_COMPARE_WITH_TIMEOUT(content("heard"), QByteArray("heard hello\n"), 60'000);
    QTest::qWait(100); // so that there are samples; nothing depends on it
    QCOMPARE(::write(terminal.ours, "\003", 1), 1);
    QTRY_COMPARE_WITH_TIMEOUT(content("status"), QByteArray("0\n"), 60'000);
    const pid_t pid = content("pid").toInt();
    const auto kill = qScopeGuard([pid] { ::kill(pid, SIGKILL); });
    QVERIFY2(content("said").contains("; stopped; the command runs on as process " + QByteArray::number(pid) + "\n"), content("said").constData());
    QVERIFY(Loaded(r.at("a.fxt")).trace);
    QCOMPARE(::kill(pid, 0), 0);
    writeFile(r.at("stop").toStdString(), "now");
    QVERIFY(r.process.waitForFinished(60'000));
    QCOMPARE(content("over"), QByteArray("over\n"));
}

void tst_RecordCommand::withoutADurationAProcessIsRecordedForHalfAMinute()
{
    NEEDS_A_BACKEND();
    const ChildProcess child = busyProgram();
    Recording r;
    QVERIFY(r.start({"--pid", text(child.pid()), "-o", "a.fxt"}));
    QVERIFY2(r.err.contains(" for 30"), r.err.constData());
    r.signal(SIGINT);
    QCOMPARE(r.end().status, 0);
    Recording other;
    QVERIFY(other.start({"--pid", text(child.pid()), "--duration", "none", "-o", "a.fxt"}));
    QVERIFY2(other.err.contains(" until it ends, at most "), other.err.constData());
    other.signal(SIGINT);
    QCOMPARE(other.end().status, 0);
    Recording command;
    QVERIFY(command.start({"-o", "a.fxt", "--", "true"}));
    QVERIFY2(command.err.contains(" until it ends, at most "), command.err.constData());
    QCOMPARE(command.end().status, 0);
}

void tst_RecordCommand::theSizeLimitSaves()
{
    NEEDS_A_BACKEND();
    const ChildProcess child = busyProgram();
    Recording r;
    QVERIFY(r.start({"--pid", text(child.pid()), "--max-size", "20kB", "--duration", "1m", "-o", "a.fxt"}));
    const Ran ran = r.end();
    QCOMPARE(ran.status, 0);
    QVERIFY2(ran.out.endsWith("; it reached 19.53 KiB\n"), ran.out.constData());
    QVERIFY(Loaded(r.at("a.fxt")));
}

void tst_RecordCommand::aFullDiskIsASentence()
{
    NEEDS_A_BACKEND();
    const ChildProcess child = busyProgram();
    Recording r;
    const std::string disk = r.at("disk").toStdString();
    fs::create_directory(disk);
    if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=20M") != 0) QSKIP("skipped: a small disk can be made as root only");
    const auto unmount = qScopeGuard([&] { ::umount2(disk.c_str(), MNT_DETACH); });
    QVERIFY(r.start({"--pid", text(child.pid()), "-o", "disk/a.fxt"}));
    QVERIFY(child.works());
    writeFile(disk + "/other", std::string(17 << 20, 'x'));
    const Ran ran = r.end();
    QCOMPARE(ran.status, 0);
    QVERIFY2(ran.out.endsWith("; the disk is full\n"), ran.out.constData());
    QVERIFY(Loaded(r.at("disk/a.fxt")));
    const Ran next = record({"--pid", text(child.pid()), "-o", r.at("disk/b.fxt")});
    QCOMPARE(next.status, 1);
    QVERIFY2(next.err.contains("left; a recording needs 16.00 MiB to begin.\n  Make room or choose a folder on another disk.\n"), next.err.constData());
}

void tst_RecordCommand::aFileThatMayNotGrowKeepsWhatThereIs()
{
    NEEDS_A_BACKEND();
    const ChildProcess child = busyProgram();
    Recording r;
    r.process.setChildProcessModifier([] {
        const rlimit limit{30 << 10, 30 << 10}; // less than what is written at once
        ::setrlimit(RLIMIT_FSIZE, &limit);
    });
    QVERIFY(r.start({"--pid", text(child.pid()), "--duration", "1m", "-o", "a.fxt"}));
    const Ran ran = r.end();
    QCOMPARE(ran.status, 0);
    QVERIFY2(ran.out.endsWith("; the disk is full\n"), ran.out.constData()); // as far as we can see
    QVERIFY(Loaded(r.at("a.fxt")));
    QVERIFY(!child.hasEnded());
}

void tst_RecordCommand::beingKilledLeavesAValidPartAndTheProcessAlone()
{
    NEEDS_A_BACKEND();
    const ChildProcess child = busyProgram();
    Recording r;
    QVERIFY(r.start({"--pid", text(child.pid()), "-o", "a.fxt"}));
    const auto onDisk = [&] {
        const QFileInfoList files = QDir(r.dir.path()).entryInfoList(QDir::Files);
        return files.size() == 1 ? files.front().size() : 0;
    };
    // Its processor time is there with what is written after it: the second time.
    QVERIFY(child.works());
    for (int writes = 0; writes < 2; ++writes) {
        const qint64 before = onDisk();
        QTRY_VERIFY_WITH_TIMEOUT(onDisk() > before, 60'000);
    }
    r.signal(SIGKILL);
    QCOMPARE(r.end().status, -1);
    QCOMPARE(r.files().size(), 1);
    QVERIFY2(r.files().front().contains(QStringLiteral(".part")), qPrintable(r.files().front()));
    QVERIFY(Loaded(r.at(r.files().front().toLatin1().constData())));
    QVERIFY(child.works());
}

void tst_RecordCommand::aTerminalSeesProgress()
{
    NEEDS_A_BACKEND();
    const ChildProcess child = busyProgram();
    const Terminal terminal;
    Recording r;
    terminal.become(r.process);
    r.process.setWorkingDirectory(r.dir.path());
    r.process.start(QStringLiteral(OPSCOPE_BIN "/opscope"), {"record", "--pid", text(child.pid()), "--duration", "1500ms", "-o", "a.fxt"});
    QByteArray seen;
    while (!r.process.waitForFinished(50) && r.process.state() != QProcess::NotRunning) seen += terminal.read();
    seen += terminal.read();
    const QRegularExpression line(QStringLiteral("\r\033\\[K\\d\\.\\d s  [\\d,]+ samples  0 lost  [\\d.]+ [KM]?i?B  CPU \\d\\.\\d\\d"));
    QVERIFY2(line.match(QString::fromUtf8(seen)).hasMatch(), seen.constData());
    QVERIFY(seen.endsWith("\r\033[K")); // nothing of it stays
}

void tst_RecordCommand::withoutATerminalItIsQuiet()
{
    NEEDS_A_BACKEND();
    const ChildProcess child = busyProgram();
    Recording r;
    QVERIFY(r.start({"--pid", text(child.pid()), "--duration", "600ms", "-o", "a.fxt"}));
    const Ran ran = r.end();
    QVERIFY(!hasControls(ran.err));
    QCOMPARE(ran.err.count("Recording "), 1);
    QCOMPARE(ran.out.count('\n'), 1);
}

void tst_RecordCommand::jsonSaysAllOfIt()
{
    NEEDS_A_BACKEND();
    const ChildProcess child = busyProgram();
    QTemporaryDir dir;
    const Ran ran = record({"--json", "--pid", text(child.pid()), "--duration", "700ms", "-o", dir.filePath(QStringLiteral("a.fxt"))});
    QCOMPARE(ran.status, 0);
    const Json json = jsonOf(ran);
    QCOMPARE(json["file"].get<std::string>(), dir.filePath(QStringLiteral("a.fxt")).toStdString());
    QCOMPARE(json["ended"].get<std::string>(), std::string("time_limit"));
    QCOMPARE(json["target"]["pid"].get<pid_t>(), child.pid());
    QVERIFY(json["target"]["command"].is_null() && json["notes"].is_array() && !json.contains("failure"));
    QVERIFY(json["elapsed_ms"] >= 700 && json["samples"] > 0 && json["lost"] == 0 && json["events"] > 0 && json["threads"] >= 1 && json["extent_ns"] > 0);
    const Loaded loaded(dir.filePath(QStringLiteral("a.fxt")));
    QVERIFY(loaded);
    QCOMPARE(json["events"].get<std::uint64_t>() + json["scheduling_records"].get<std::uint64_t>(), loaded.trace->stats().elements);
    const QString file = dir.filePath(QStringLiteral("a.fxt"));
    const Ran info = runOpscope({QStringLiteral("info"), file});
    const Json facts = jsonOf(runOpscope({QStringLiteral("info"), QStringLiteral("--json"), file}));
    QCOMPARE(json["events"], facts["events"]["total"]);
    QCOMPARE(json["scheduling_records"].get<std::uint64_t>(), facts["records_by_type"].value("scheduling", std::uint64_t{0}));
    QVERIFY2(info.out.contains("  " + QByteArray::fromStdString(formatCount(json["events"].get<std::int64_t>())) + " and ") ||
             json["scheduling_records"] == 0, info.out.constData());
    QCOMPARE(json["threads"].get<std::size_t>(), loaded.threads);
    QCOMPARE(json["bytes"].get<qint64>(), QFile(dir.filePath(QStringLiteral("a.fxt"))).size());
}

QTEST_GUILESS_MAIN(tst_RecordCommand)
#include "tst_RecordCommand.moc"
