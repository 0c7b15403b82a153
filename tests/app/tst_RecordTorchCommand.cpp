#include <QDirIterator>
#include <QRegularExpression>

#include "tests/app/RecordRun.h"
#include "tests/support/Golden.h"
#include "tests/support/LiveTorch.h"
#include "tests/support/Pythons.h"

#include <algorithm>

using namespace opscope::test;

namespace {

/// Ids of the family that this build has, with what --backends says of them.
const Json& torchWays()
{
    static const Json ways = [] {
        Json found = Json::object();
        const Json all = jsonOf(record({"--backends", "--json"}));
        for (const Json& backend : all["backends"])
            if (backend["family"] == "torch") found[backend["id"].get<std::string>()] = backend;
        return found;
    }();
    return ways;
}

/// Whether a backend can record here.
bool canRecord(const char* id)
{
    const Json backends = jsonOf(record({"--backends", "--json"}))["backends"];
    return std::any_of(backends.begin(), backends.end(), [id](const Json& backend) { return backend["id"] == id && backend["state"] == "ready"; });
}

/// Why a way cannot be tried for this process; empty when it can.
QByteArray notReady(const char* way, const QString& pid)
{
    const Json torch = jsonOf(record({"--list", "--torch", "--pid", pid, "--json"}))["processes"][0]["torch"];
    for (const Json& each : torch["ways"])
        if (each["id"] == way && each["state"] == "ready") return {};
        else if (each["id"] == way) return QByteArray::fromStdString("skipped: not ready: " + each["reason"].get<std::string>() + " " + each["advice"].get<std::string>());
    return QByteArray("skipped: not among the ways of the process: ") + way;
}

const Json* rowOf(const Json& list, pid_t pid)
{
    const Json& rows = list["processes"];
    const auto found = std::find_if(rows.begin(), rows.end(), [pid](const Json& row) { return row["pid"] == pid; });
    return found == rows.end() ? nullptr : &*found;
}

/// Says "" where the recording of one process holds operators with shapes, and, where it was asked for, an execution trace that is linked with them.
std::string complaintOf(const Ran& ran, const std::string& way, bool et)
{
    const Json json = jsonOf(ran);
    const auto bad = [&](const std::string& what) { return what + "; " + ran.out.toStdString() + ran.err.toStdString(); };
    if (ran.status != 0 || json.is_discarded()) return bad("it failed");
    if (json["backend"] != way) return bad("it was another way");
    std::string kineto;
    bool nodes = false;
    for (const Json& file : json["files"]) {
        if (file["format"] == "et") nodes = file["nodes"] > 0;
        else if (file["events"] > 0 && file["threads"] > 0) kineto = file["file"].get<std::string>();
    }
    if (kineto.empty()) return bad("no events");
    if (nodes != et) return bad("the execution trace");
    const Json info = jsonOf(runOpscope({"info", "--json", QString::fromStdString(kineto)}));
    if (info["cpu_ops"]["total"] == 0 || info["cpu_ops"]["with_input_dims"] == 0) return bad("no operators with shapes");
    if (!et) return {};
    const Json& linked = json["links"]["et_nodes"];
    if (linked["with_rf_id"] == 0 || linked["exact"] != linked["with_rf_id"]) return bad("not all linked: " + linked.dump());
    return {};
}

} // namespace

/// Before a program is started in vain.
#define NEEDS_WAY(way)                                                                                                                               \
    NEEDS_TORCH();                                                                                                                                   \
    if (!torchWays().contains(way)) QSKIP(("skipped: this build has no way " + std::string(way)).c_str())

#define NEEDS_READY(way, program)                                                                                                                    \
    QVERIFY((program).isReady());                                                                                                                    \
    if (const QByteArray why = notReady(way, (program).pidText()); !why.isEmpty()) QSKIP(why.constData())

class tst_RecordTorchCommand : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void helpTellsOfTorch();
    void wrongUsageIsOneSentence_data();
    void wrongUsageIsOneSentence();
    void optionsOfTorchNeedTorch();
    void senselessWishesAreOneSentence();
    void aProcessWithoutTorchIsToldSo();
    void commandsGetTheirFolderAndVariables();
    void aFolderMeansTheTracesInIt();
    void aFolderWithoutTracesIsASentence();

    void theListMarksPyTorch();
    void samplingAPyTorchProcessTellsOfTorch();
    void jobsAreFoundByTheirName();
    void consentIsAskedForOnATerminalOnly();
    void theDaemonRecords();
    void theHelperRecords();
    void injectionRecords_data();
    void injectionRecords();
    void aPyTorchWithoutKinetoIsRecorded();
    void aCommandIsRecordedFromItsFirstOperator();
    void severalAreRecordedAtOnce_data();
    void severalAreRecordedAtOnce();

private:
    static void wayRecords(const char* way, const LiveTorch::How& how, const QStringList& options);
};

void tst_RecordTorchCommand::helpTellsOfTorch()
{
    const QByteArray help = record({"--help"}).out;
    for (const char* flag : {"  --torch  ", "  --job ID", "  --steps N", "  --backend,--mechanism ID", "  --yes", "  --env NAME=VALUE", "  --cwd FOLDER"})
        QVERIFY2(help.contains(flag), flag);
    QVERIFY(help.contains("opscope record --pid 1234 --torch\n"));
    QCOMPARE(help.contains("\nOf --torch:\n"), !torchWays().empty());
    QCOMPARE(help.count("\n  --et "), torchWays().empty() ? 0 : 1); // the same options for all ways
}

void tst_RecordTorchCommand::wrongUsageIsOneSentence_data()
{
    usageColumns();
    usage("nothing", {"--torch"}, "say what to record: --pid PID, or -- COMMAND; --list shows processes");
    usage("pid and job", {"--torch", "--pid", "1", "--job", "7"}, "--pid and --job cannot be given together");
    usage("job and command", {"--torch", "--job", "7", "--", "true"}, "--job and a command cannot be recorded together");
    usage("steps and duration", {"--torch", "--steps", "3", "--duration", "1s", "--", "true"}, "--duration and --steps cannot be given together");
    for (const char* steps : {"0", "-1", "1.5", "many", "99999999999"})
        QTest::addRow("steps %s", steps) << QStringList{"--torch", "--steps=" + QString::fromLatin1(steps), "--", "true"}
                                         << "--steps: \"" + QString::fromLatin1(steps) + "\" is no number of steps; write 1 or more";
    usage("a variable for a process", {"--pid", "1", "--env", "A=b"}, "--env and --cwd are for a command that is started, not for a process that runs");
    usage("children of a job", {"--torch", "--job", "1", "--children"}, "--children is for --torch with --pid");
    usage("children without PyTorch", {"--pid", "1", "--children"}, "--children is for --torch with --pid");
    usage("a folder for a process", {"--pid", "1", "--cwd", "/"}, "--env and --cwd are for a command that is started, not for a process that runs");
    for (const char* variable : {"A", "=b", "="})
        QTest::addRow("variable %s", variable) << QStringList{"--env=" + QString::fromLatin1(variable), "--", "true"}
                                               << "--env: \"" + QString::fromLatin1(variable) + "\" is no variable; write NAME=VALUE, or NAME= to take it away";
    usage("samples of torch", {"--torch", "--backend", "samples", "--", "true"}, "--torch records what PyTorch tells, which samples does not; leave one of them out");
    usage("an unknown way", {"--torch", "--mechanism", "magic", "--", "true"}, "there is no backend \"magic\"; there are: ");
}

void tst_RecordTorchCommand::wrongUsageIsOneSentence() { checkUsage(); }

void tst_RecordTorchCommand::optionsOfTorchNeedTorch()
{
    if (torchWays().empty()) QSKIP("skipped: this build has no way to record PyTorch");
    const ChildProcess child = ChildProcess::sleeping();
    for (const char* option : {"--et", "--no-ops"}) {
        const Ran ran = record({QString::fromLatin1(option), "--pid", pidText(child)});
        QCOMPARE(ran.status, 2);
        QCOMPARE(ran.err, QByteArray("opscope record: ") + option + " is an option of --torch\n");
    }
}

void tst_RecordTorchCommand::senselessWishesAreOneSentence()
{
    if (torchWays().empty()) QSKIP("skipped: this build has no way to record PyTorch");
    const Ran nothing = record({"--torch", "--no-ops", "--no-kernels", "--", "true"});
    QCOMPARE(nothing.status, 2);
    QVERIFY2(nothing.err.contains("There is nothing to record: choose CPU operators, GPU kernels or the execution trace"), nothing.err.constData());
    const Ran captured = record({"--torch", "--integral", "aten::embedding", "--", "true"});
    QCOMPARE(captured.status, 2);
    QVERIFY2(captured.err.contains("belong to an execution trace: choose it as well (--et)"), captured.err.constData());
}

void tst_RecordTorchCommand::aProcessWithoutTorchIsToldSo()
{
    const ChildProcess child = ChildProcess::sleeping();
    const QString pid = pidText(child);
    const Ran ran = record({"--torch", "--pid", pid});
    QCOMPARE(ran.status, 1);
    QCOMPARE(QString::fromUtf8(ran.err).section(QLatin1Char('\n'), 0, 0), QStringLiteral("opscope record: Process %1 (sleep) has not loaded PyTorch, or may not be looked into.").arg(pid));
    QVERIFY(ran.err.contains("opscope record --torch -- COMMAND"));
    const Json list = jsonOf(record({"--list", "--torch", "--json"}));
    QVERIFY(!rowOf(list, child.pid()));
    const Json all = jsonOf(record({"--list", "--json"}));
    QVERIFY(rowOf(all, child.pid()) && (*rowOf(all, child.pid()))["torch"].is_null());
}

void tst_RecordTorchCommand::commandsGetTheirFolderAndVariables()
{
    if (!canRecord("samples")) QSKIP("skipped: samples are not permitted here");
    const QTemporaryDir dir, startsIn;
    const QString there = startsIn.filePath(QStringLiteral("seen"));
    const Ran ran = record({"--backend", "samples", "-o", dir.filePath(QStringLiteral("a.fxt")), "--cwd", startsIn.path(), "--env", "FRUIT=red apple", "--env", "HOME=", "--", "sh",
                            "-c", "echo \"$FRUIT ${HOME-none}\" > seen"});
    QCOMPARE(ran.status, 0);
    QCOMPARE(readFile(there.toStdString()), std::string("red apple none\n"));
    const Ran nowhere = record({"--cwd", "/no/such/folder", "--", "true"});
    QCOMPARE(nowhere.status, 1);
    QCOMPARE(nowhere.err, QByteArray("opscope record: There is no folder /no/such/folder for the command to start in.\n"));
}

void tst_RecordTorchCommand::aFolderMeansTheTracesInIt()
{
    const QTemporaryDir dir;
    const QString a = dir.filePath(QStringLiteral("a.json")), b = dir.filePath(QStringLiteral("b.json"));
    for (const QString& path : {a, b}) writeFile(path.toStdString(), R"([{"name":"x","ph":"X","ts":1,"dur":2,"pid":1,"tid":1}])");
    writeFile(dir.filePath(QStringLiteral("notes.txt")).toStdString(), "no trace");
    QDir(dir.path()).mkdir(QStringLiteral("a_resources"));
    QCOMPARE(runOpscope({"info", dir.path()}).out, runOpscope({"info", a, b}).out);
    QCOMPARE(jsonOf(runOpscope({"info", "--json", dir.path()})).size(), std::size_t{2});
    QCOMPARE(runOpscope({"info", "--links", dir.path()}).out, runOpscope({"info", "--links", a, b}).out);
    QCOMPARE(runOpscope({"info", "--links", dir.path()}).status, 0);
}

void tst_RecordTorchCommand::aFolderWithoutTracesIsASentence()
{
    const QTemporaryDir dir;
    const Ran ran = runOpscope({"info", dir.path()});
    QCOMPARE(ran.status, 1);
    QVERIFY2(ran.err.contains("folder"), ran.err.constData());
}

void tst_RecordTorchCommand::theListMarksPyTorch()
{
    NEEDS_TORCH();
    const QString job = QStringLiteral("list-%1").arg(::getpid());
    LiveTorch program({.environment = {{"RANK", "1"}, {"WORLD_SIZE", "4"}, {"TORCHELASTIC_RUN_ID", job}}, .worker = true});
    QVERIFY(program.isReady());
    const Ran plain = record({"--list", "--torch"});
    QCOMPARE(plain.status, 0);
    const QRegularExpression title(QStringLiteral("^ *pid .*rank +Python +PyTorch +GPU +ready by +command$"), QRegularExpression::MultilineOption);
    QVERIFY2(title.match(QString::fromUtf8(plain.out)).hasMatch(), plain.out.constData());
    const QRegularExpression line(QStringLiteral("^ *%1 .* 1/4 +3\\.\\d+ +\\d+\\.\\d+\\S* .*\\(and 1 worker\\) .*train\\.py$").arg(program.pid()), QRegularExpression::MultilineOption);
    QVERIFY2(line.match(QString::fromUtf8(plain.out)).hasMatch(), plain.out.constData());
    const QRegularExpression worker(QStringLiteral("^ *%1 .*\n *\\d+ .* worker .*└ .*train\\.py$").arg(program.pid()), QRegularExpression::MultilineOption);
    QVERIFY(!worker.match(QString::fromUtf8(plain.out)).hasMatch());
    const Ran all = record({"--list", "--torch", "--all"});
    QVERIFY2(worker.match(QString::fromUtf8(all.out)).hasMatch(), all.out.constData());

    const Json list = jsonOf(record({"--list", "--job", job, "--json"}));
    QCOMPARE(list["processes"].size(), std::size_t{2});
    const Json& torch = (*rowOf(list, program.pid()))["torch"];
    QCOMPARE(torch["rank"], 1);
    QCOMPARE(torch["world_size"], 4);
    QCOMPARE(torch["job"].get<std::string>(), job.toStdString());
    QCOMPARE(torch["workers"], 1);
    QVERIFY(torch["worker_of"].is_null() && torch["kineto_client"].is_null() && torch["daemon_asked"] == false && torch["kineto_build"].is_boolean());
    QCOMPARE(torch["ways"].size(), static_cast<std::size_t>(std::count_if(torchWays().begin(), torchWays().end(), [](const Json& way) { return way["only_commands"] == false; })));
    QCOMPARE(program.end(), 0);
}

void tst_RecordTorchCommand::samplingAPyTorchProcessTellsOfTorch()
{
    NEEDS_TORCH();
    if (!canRecord("samples")) QSKIP("skipped: samples are not permitted here");
    LiveTorch program;
    QVERIFY(program.isReady());
    const QTemporaryDir dir;
    const Ran ran = record({"--pid", program.pidText(), "--duration", "100ms", "-o", dir.filePath(QStringLiteral("a.fxt"))});
    QCOMPARE(ran.status, 0);
    QVERIFY2(ran.err.contains("--torch records its operators and GPU kernels\n"), ran.err.constData());
    QVERIFY2(ran.err.contains(" with Samples "), ran.err.constData());
    QCOMPARE(program.end(), 0);
}

void tst_RecordTorchCommand::jobsAreFoundByTheirName()
{
    const Ran nobody = record({"--torch", "--job", "no-such-job"});
    QCOMPARE(nobody.status, 1);
    QVERIFY2(nobody.err.startsWith("opscope record: No process with PyTorch here belongs to the job no-such-job.\n"), nobody.err.constData());
    const ChildProcess childless = ChildProcess::sleeping();
    const Ran none = record({"--torch", "--children", "--pid", QString::number(childless.pid())});
    QCOMPARE(none.status, 1);
    QVERIFY2(none.err.startsWith("opscope record: Neither the process nor one that it started has loaded PyTorch"), none.err.constData());
}

void tst_RecordTorchCommand::consentIsAskedForOnATerminalOnly()
{
    NEEDS_WAY("inject");
    LiveTorch program;
    NEEDS_READY("inject", program);
    const QTemporaryDir dir;
    const QStringList arguments{"record", "--torch", "--mechanism", "inject", "--pid", program.pidText(), "-o", dir.filePath(QStringLiteral("out"))};
    const Ran silent = runOpscope(arguments);
    QCOMPARE(silent.status, 1);
    QVERIFY2(silent.err.contains(program.pidText().toUtf8()) && silent.err.contains("--yes agrees to it"), silent.err.constData());
    const Terminal terminal;
    QProcess process;
    terminal.become(process, {STDIN_FILENO, STDERR_FILENO});
    process.start(QStringLiteral(OPSCOPE_BIN "/opscope"), arguments);
    QByteArray said;
    QTRY_VERIFY_WITH_TIMEOUT((said += terminal.read()).contains("Go on? [y/N] ") || process.state() == QProcess::NotRunning, 60'000);
    QVERIFY2(said.contains(program.pidText().toUtf8()) && said.contains("Go on? [y/N] "), said.constData());
    QCOMPARE(::write(terminal.ours, "n\n", 2), 2);
    QVERIFY(process.waitForFinished(60'000));
    QCOMPARE(process.exitCode(), 130);
    QVERIFY(!QDir(dir.filePath(QStringLiteral("out"))).exists());
    QCOMPARE(program.end(), 0);
}

/// A program that runs: half a second of it is recorded, and it trains on to its end.
void tst_RecordTorchCommand::wayRecords(const char* way, const LiveTorch::How& how, const QStringList& options)
{
    NEEDS_WAY(way);
    LiveTorch program(how);
    NEEDS_READY(way, program);
    const QTemporaryDir dir;
    const Ran ran = record(QStringList{"--torch", "--pid", program.pidText(), "--duration", "500ms", "-o", dir.filePath(QStringLiteral("out")), "--json"} + options);
    const std::string complaint = complaintOf(ran, way, options.contains("--et"));
    QVERIFY2(complaint.empty(), complaint.c_str());
    QCOMPARE(program.end(), 0);
}

void tst_RecordTorchCommand::theDaemonRecords()
{
    const QTemporaryDir sockets; // of its own: the name of the machine's daemon may be in use
    wayRecords("daemon", {.environment = {{"KINETO_USE_DAEMON", "1"}, {"KINETO_IPC_SOCKET_DIR", sockets.path()}}}, {});
}

void tst_RecordTorchCommand::theHelperRecords()
{
    const QString folder = QStringLiteral(OPSCOPE_TEST_DATA "/../../resources/python");
    wayRecords("helper", {.before = QStringLiteral("import sys\nsys.path.insert(0, '%1')\nimport opscope\nopscope.listen()\n").arg(folder)}, {"--et", "--mechanism", "helper"});
}

void tst_RecordTorchCommand::injectionRecords_data()
{
    QTest::addColumn<QString>("python");
    QTest::newRow("the Python of the tests") << LiveTorch::python();
    const auto all = pythonsOf(14, 99);
    const auto recent = std::find_if(all.begin(), all.end(), hasTorch);
    QTest::newRow("Python 3.14, which is asked") << (recent == all.end() ? QString() : recent->path);
}

void tst_RecordTorchCommand::injectionRecords()
{
    QFETCH(QString, python);
    if (python.isEmpty()) QSKIP("skipped: no such Python with PyTorch: see OPSCOPE_PYTHON and OPSCOPE_PYTHONS in tests/README.md");
    wayRecords("inject", {.python = python}, {"--et", "--yes"});
}

/// Debian's PyTorch 1.13: an execution trace of the first format, and operators without shapes.
void tst_RecordTorchCommand::aPyTorchWithoutKinetoIsRecorded()
{
    NEEDS_WAY("inject");
    const QString python = qEnvironmentVariable("OPSCOPE_PYTHON_OLD");
    if (python.isEmpty()) QSKIP("skipped: OPSCOPE_PYTHON_OLD names no Python with a PyTorch without Kineto");
    LiveTorch program({.python = python});
    NEEDS_READY("inject", program);
    const QTemporaryDir dir;
    const Ran ran = record({"--torch", "--et", "--yes", "--pid", program.pidText(), "--duration", "500ms", "-o", dir.filePath(QStringLiteral("out")), "--json"});
    QVERIFY2(ran.status == 0, ran.err.constData());
    const Json json = jsonOf(ran);
    QCOMPARE(json["backend"], "inject");
    QCOMPARE(json["files"].size(), std::size_t{2});
    for (const Json& file : json["files"]) QVERIFY2(file[file["format"] == "et" ? "nodes" : "events"] > 100, ran.out.constData());
    QVERIFY2(json["notes"].dump().find("without Kineto") != std::string::npos, ran.out.constData());
    QCOMPARE(program.end(), 0);
}

void tst_RecordTorchCommand::aCommandIsRecordedFromItsFirstOperator()
{
    NEEDS_WAY("launch");
    const QTemporaryDir dir;
    const Ran ran = record({"--torch", "--et", "--integral", "aten::embedding", "--duration", "none", "-o", dir.filePath(QStringLiteral("out")), "--json", "--", LiveTorch::python(), LiveTorch::script(dir), "20"});
    const std::string complaint = complaintOf(ran, "launch", true);
    QVERIFY2(complaint.empty(), complaint.c_str());
    const std::int64_t indices[] = {7, 0, 9, 3}; // of each lookup
    const std::string_view bytes(reinterpret_cast<const char*>(indices), sizeof indices);
    int lookups = 0;
    for (QDirIterator each(dir.filePath(QStringLiteral("out")), {"*.dat"}, QDir::Files, QDirIterator::Subdirectories); each.hasNext(); ++lookups)
        QCOMPARE(readFile(each.next().toStdString()), std::string(bytes));
    QVERIFY(lookups > 0);
}

void tst_RecordTorchCommand::severalAreRecordedAtOnce_data()
{
    QTest::addColumn<bool>("byJob");
    QTest::newRow("those of a job") << true;
    QTest::newRow("those that a process started") << false;
}

void tst_RecordTorchCommand::severalAreRecordedAtOnce()
{
    QFETCH(bool, byJob);
    NEEDS_WAY("daemon");
    const QTemporaryDir sockets;
    const QString job = QStringLiteral("both-%1").arg(::getpid());
    const auto rank = [&](const char* number) {
        return LiveTorch::How{.environment = {{"KINETO_USE_DAEMON", "1"}, {"KINETO_IPC_SOCKET_DIR", sockets.path()}, {"RANK", QString::fromLatin1(number)}, {"WORLD_SIZE", "2"}, {"TORCHELASTIC_RUN_ID", job}}};
    };
    LiveTorch first(rank("0")), second(rank("1"));
    QVERIFY(second.isReady());
    NEEDS_READY("daemon", first);
    const QTemporaryDir dir;
    const QStringList which = byJob ? QStringList{"--job", job} : QStringList{"--children", "--pid", QString::number(::getpid())};
    const Ran ran = record(which + QStringList{"--torch", "--duration", "500ms", "-o", dir.filePath(QStringLiteral("out")), "--json"});
    QVERIFY2(ran.status == 0, ran.err.constData());
    const Json json = jsonOf(ran);
    QCOMPARE(json["target"]["pid"], first.pid()); // by rank
    QCOMPARE(json["others"][0]["pid"], second.pid());
    QCOMPARE(json["files"].size(), std::size_t{2});
    for (const Json& file : json["files"]) QVERIFY(file["events"] > 0);
    QCOMPARE(first.end(), 0);
    QCOMPARE(second.end(), 0);
}

QTEST_GUILESS_MAIN(tst_RecordTorchCommand)
#include "tst_RecordTorchCommand.moc"
