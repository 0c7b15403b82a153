#include <QFloat16>
#include <QPointer>
#include <QTemporaryDir>
#include <QTest>

#include "core/record/torch/ScriptRequest.h"
#include "core/record/torch/ScriptSession.h"
#include "tests/support/ChildProcess.h"
#include "tests/support/SessionWatch.h"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>

using namespace opscope;
using namespace opscope::torch;
using test::ChildProcess;
using test::SessionWatch;
namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

constexpr int kLong = 60'000; // ms; of conditions, on a machine that is busy

/// In place of a process that runs the script: the test says what it writes.
class StandIn : public Courier
{
public:
    explicit StandIn(const RecordRequest& request) : pid(request.target.pid) { all.push_back(this); }
    void deliver(const RecordTarget&, const Exchange& exchange) override
    {
        folder = exchange.folder();
        ++deliveries;
        if (refuses) Q_EMIT refused({"It does not want to be recorded.", "Ask again."});
        else Q_EMIT delivered();
    }
    bool deliverAgain() override { return ++deliveries; }
    void takeBack() override { takenBack = true; }

    void put(const std::string& name, const std::string& text) const
    {
        std::ofstream(folder / ("." + name), std::ios::binary) << text;
        fs::rename(folder / ("." + name), folder / name);
    }
    Json request() const
    {
        std::ifstream file(folder / "request.json");
        return Json::parse(file);
    }
    /// As opscope.py writes it.
    void say(const std::string& phase, const Json& more = Json::object()) const
    {
        Json status{{"id", request()["id"]}, {"phase", phase}, {"error", nullptr}, {"notes", Json::array()}, {"pid", pid}, {"rank", nullptr}, {"python", "3.12.1"},
                    {"torch", "2.13.0"}, {"kineto", true}, {"cuda", false}, {"start_ns", 0}, {"stop_ns", 0}, {"events", -1}, {"nodes", -1}, {"step", -1},
                    {"stall_ms", -1}, {"files", Json::array()}};
        if (phase == "recording" || phase == "stopping" || phase == "writing" || phase == "done") status["start_ns"] = 1'700'000'000'000'000'000;
        status.update(more);
        put("status-" + std::to_string(pid) + ".json", status.dump());
    }
    /// The end of a recording that went well.
    void finish(const Json& more = Json::object()) const
    {
        const std::string name = "host_" + std::to_string(pid) + ".et.json";
        put(name, "{}");
        Json status{{"files", {name}}, {"events", 5}, {"nodes", 5}};
        status.update(more);
        say("done", status);
    }
    bool has(const std::string& name) const { return fs::exists(folder / name); }

    static inline std::vector<StandIn*> all;
    static inline bool refuses = false;
    pid_t pid;
    fs::path folder;
    int deliveries = 0;
    bool takenBack = false;
};

std::unique_ptr<Courier> courier(const RecordRequest& request) { return std::make_unique<StandIn>(request); }

} // namespace

class tst_ScriptSession : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void theRequestSaysWhatIsWanted();
    void beginningsAreRead();
    void aRecordingFromDeliveryToFolder();
    void itSaysWhatItWaitsFor();
    void severalBeginAtOneInstant();
    void oneThatFailsIsToldAndTheOthersAreKept();
    void stopReachesTheScript();
    void whatIsLostOnTheWayIsDeliveredAgain();
    void aRefusalIsTheFailure();
    void errorsOfTheScriptAreSentences_data();
    void errorsOfTheScriptAreSentences();
    void filesThatAreSaidToBeThereAndAreNotAreTold();
    void aKilledProcessLeavesWhatItWrote();
    void aProcessThatEndsBeforeIsAFailure();
    void aScriptThatStopsForEverIsLeft();
    void statusesOfStrangersDoNotCount();
    void aStatusThatCannotBeReadIsTold_data();
    void aStatusThatCannotBeReadIsTold();
    void cancelLeavesNothing_data();
    void cancelLeavesNothing();
    void cancelFromItsOwnSignalsLeavesNothing_data();
    void cancelFromItsOwnSignalsLeavesNothing();
    void whatCannotBeTakenIsKeptAndTold();
    void notesAreToldOnce();

private:
    void start(const OptionValues& options = {}, const ScriptPatience& patience = {});
    StandIn& script(std::size_t number = 0) const { return *StandIn::all[number]; }
    std::string step() const { return session->status().step; }

    std::unique_ptr<QTemporaryDir> place;
    std::vector<std::unique_ptr<ChildProcess>> processes;
    RecordRequest request;
    std::unique_ptr<ScriptSession> session;
    std::unique_ptr<SessionWatch> watch;
};

void tst_ScriptSession::init()
{
    StandIn::all.clear();
    StandIn::refuses = false;
    place = std::make_unique<QTemporaryDir>();
    processes.clear();
    processes.push_back(std::make_unique<ChildProcess>(std::vector<std::string>{"sleep", "1000"}));
    request = {};
    request.target.pid = processes[0]->pid();
    request.path = place->filePath(QStringLiteral("run")).toStdString();
}

void tst_ScriptSession::cleanup()
{
    session.reset();
    watch.reset();
    processes.clear();
}

void tst_ScriptSession::start(const OptionValues& options, const ScriptPatience& patience)
{
    request.options = options;
    session = std::make_unique<ScriptSession>(request, courier, nullptr, patience);
    watch = std::make_unique<SessionWatch>(*session);
    session->start();
    QTRY_VERIFY_WITH_TIMEOUT(watch->over() || (!StandIn::all.empty() && StandIn::all.back()->deliveries), kLong);
}

void tst_ScriptSession::theRequestSaysWhatIsWanted()
{
    request.duration = std::chrono::milliseconds(1500);
    start({{"et", "on"}, {"stacks", "on"}, {"integral", "aten::embedding, aten::\"odd\""}, {"warmup", "2"}});
    const Json json = script().request();
    QVERIFY(json["version"] == 1);
    QCOMPARE(json["id"].get<std::string>().size(), 16u);
    QCOMPARE(json["folder"].get<std::string>(), script().folder.string());
    QVERIFY(json["et"] == true);
    QVERIFY(json["stacks"] == true);
    QVERIFY(json["shapes"] == true);
    QVERIFY(json["memory"] == false);
    QVERIFY(json["integral_ops"] == (Json{"aten::embedding", "aten::\"odd\""}));
    QVERIFY(json["seconds"] == 1.5);
    QVERIFY(json["steps"] == nullptr);
    QVERIFY(json["warmup"] == 2);
    QVERIFY(json["start_at_ns"] == nullptr);
    QVERIFY(json["from"] == "now");
    QVERIFY(script().has("opscope.py") && script().has("alive"));
}

void tst_ScriptSession::beginningsAreRead()
{
    QCOMPARE(parseBegin("").value().at, Begin::At::Now);
    QCOMPARE(parseBegin("first-op").value().at, Begin::At::FirstOperator);
    QCOMPARE(parseBegin("5s").value().time.count(), 5000);
    QCOMPARE(parseBegin("250ms").value().time.count(), 250);
    QCOMPARE(parseBegin("step:100").value().step, 100u);
    for (const char* bad : {"s", "-5s", "5", "5 s", "step:", "step:-1", "99999999999999999999s", "first", "step:99999999999"}) QVERIFY2(!parseBegin(bad), bad);
}

void tst_ScriptSession::aRecordingFromDeliveryToFolder()
{
    start();
    script().say("started");
    QTRY_COMPARE_WITH_TIMEOUT(step(), std::string("Starting the recorder"), kLong);
    script().say("recording");
    QTRY_COMPARE_WITH_TIMEOUT(watch->said, std::string("recording "), kLong);
    QCOMPARE(step(), std::string("Recording"));
    script().put("host_1.et.json", "123456");
    QTRY_COMPARE_WITH_TIMEOUT(session->status().bytes, 6u, kLong);
    script().say("stopping");
    QTRY_COMPARE_WITH_TIMEOUT(watch->said, std::string("recording collecting "), kLong);
    const fs::path folder = script().folder;
    fs::create_directory(folder / "host_1.et_resources");
    script().put("host_1.pt.trace.json", "{}");
    script().say("done", {{"files", {"host_1.pt.trace.json", "host_1.et.json", "host_1.et_resources"}}, {"events", 7}, {"nodes", 4}});
    QTRY_VERIFY_WITH_TIMEOUT(watch->over(), kLong);
    QCOMPARE(watch->said, std::string("recording collecting finished"));
    QCOMPARE(watch->path, request.path);
    for (const char* name : {"host_1.pt.trace.json", "host_1.et.json", "host_1.et_resources"}) QVERIFY2(fs::exists(fs::path(request.path) / name), name);
    QVERIFY2(watch->notes.empty(), qPrintable(watch->notesText()));
    QCOMPARE(session->status().samples, 11u);
    QVERIFY(!fs::exists(folder));
    QVERIFY(!script().takenBack || processes[0]->pid() > 0);
}

void tst_ScriptSession::itSaysWhatItWaitsFor()
{
    request.steps = 3;
    start({{"warmup", "1"}});
    QCOMPARE(step(), std::string("Waiting for the process to reach Python code"));
    Q_EMIT script().waitingFor(QStringLiteral("native code"));
    QTRY_COMPARE_WITH_TIMEOUT(step(), std::string("Waiting for the process to reach Python code (native code)"), kLong);
    script().say("waiting", {{"torch", ""}});
    QTRY_COMPARE_WITH_TIMEOUT(step(), std::string("Waiting for PyTorch to be imported"), kLong);
    script().say("waiting");
    QTRY_COMPARE_WITH_TIMEOUT(step(), std::string("Waiting for the first step"), kLong);
    script().say("warming");
    QTRY_COMPARE_WITH_TIMEOUT(step(), std::string("Warming up"), kLong);
    script().say("recording");
    QTRY_COMPARE_WITH_TIMEOUT(step(), std::string("Recording"), kLong);
    script().say("writing");
    QTRY_COMPARE_WITH_TIMEOUT(step(), std::string("Writing"), kLong);
}

void tst_ScriptSession::severalBeginAtOneInstant()
{
    for (int i = 0; i < 2; ++i) processes.push_back(std::make_unique<ChildProcess>(std::vector<std::string>{"sleep", "1000"}));
    for (int i = 1; i < 3; ++i) request.others.push_back({.pid = processes[static_cast<std::size_t>(i)]->pid()});
    start();
    QCOMPARE(StandIn::all.size(), 3u);
    const Json at = script(0).request()["start_at_ns"];
    QVERIFY(at.is_number_integer() && at.get<std::int64_t>() > 0);
    for (std::size_t i = 1; i < 3; ++i) QVERIFY(script(i).request()["start_at_ns"] == at);
    script(0).say("recording");
    script(1).say("recording");
    QTRY_COMPARE_WITH_TIMEOUT(step(), std::string("Waiting for the process to reach Python code"), kLong);
    QCOMPARE(watch->said, std::string());
    script(2).say("recording");
    QTRY_COMPARE_WITH_TIMEOUT(watch->said, std::string("recording "), kLong);
    for (std::size_t i = 0; i < 3; ++i) script(i).finish();
    QTRY_COMPARE_WITH_TIMEOUT(watch->said, std::string("recording collecting finished"), kLong);
    for (const auto& process : processes) QVERIFY(fs::exists(watch->path + "/host_" + std::to_string(process->pid()) + ".et.json"));
}

void tst_ScriptSession::oneThatFailsIsToldAndTheOthersAreKept()
{
    processes.push_back(std::make_unique<ChildProcess>(std::vector<std::string>{"sleep", "1000"}));
    request.others.push_back({.pid = processes[1]->pid()});
    start();
    script(0).say("error", {{"error", {{"code", "busy"}, {"text", "in use"}}}});
    script(1).say("recording");
    QTRY_COMPARE_WITH_TIMEOUT(watch->said, std::string("recording "), kLong);
    script(1).finish();
    QTRY_COMPARE_WITH_TIMEOUT(watch->said, std::string("recording collecting finished"), kLong);
    QVERIFY2(watch->hasNote("The profiler of process " + std::to_string(processes[0]->pid()) + " (sleep) is in use"), qPrintable(watch->notesText()));
    QVERIFY(fs::exists(watch->path + "/host_" + std::to_string(processes[1]->pid()) + ".et.json"));
}

void tst_ScriptSession::stopReachesTheScript()
{
    start();
    script().say("recording");
    QTRY_COMPARE_WITH_TIMEOUT(watch->said, std::string("recording "), kLong);
    session->stop();
    QVERIFY(script().has("stop"));
    QCOMPARE(step(), std::string("Stopping"));
    script().finish();
    QTRY_VERIFY_WITH_TIMEOUT(watch->over(), kLong);
    QCOMPARE(watch->end, RecordEnd::Stopped);
}

void tst_ScriptSession::whatIsLostOnTheWayIsDeliveredAgain()
{
    start({}, {.again = std::chrono::milliseconds(50)});
    QTRY_VERIFY_WITH_TIMEOUT(script().deliveries >= 3, kLong);
    script().put("claimed-1", "");
    const int before = script().deliveries;
    script().say("recording");
    QTRY_COMPARE_WITH_TIMEOUT(watch->said, std::string("recording "), kLong);
    QVERIFY(script().deliveries <= before + 1);
}

void tst_ScriptSession::aRefusalIsTheFailure()
{
    StandIn::refuses = true;
    start();
    QTRY_COMPARE_WITH_TIMEOUT(watch->said, std::string("failed"), kLong);
    QCOMPARE(watch->failure.message, std::string("It does not want to be recorded."));
    QCOMPARE(watch->failure.advice, std::string("Ask again."));
    QVERIFY(watch->kept.empty());
}

void tst_ScriptSession::errorsOfTheScriptAreSentences_data()
{
    QTest::addColumn<QString>("code");
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("sentence");
    QTest::newRow("no torch") << "no-torch" << "" << "Process % (sleep) has not imported PyTorch.";
    QTest::newRow("busy") << "busy" << "" << "The profiler of process % (sleep) is in use: the program runs its own torch.profiler.";
    QTest::newRow("another observer") << "busy-et" << "" << "Process % (sleep) writes an execution trace already; PyTorch writes one at a time.";
    QTest::newRow("no profiler") << "no-profiler" << "" << "The PyTorch of process % (sleep) has no profiler.";
    QTest::newRow("full") << "cannot-write" << "a.et.json: No space left on device" << "Process % (sleep) could not write the recording: the disk of its /tmp is full.";
    QTest::newRow("not permitted") << "cannot-write" << "Permission denied" << "Process % (sleep) could not write the recording: Permission denied.";
    QTest::newRow("ended") << "ended" << "" << "Process % (sleep) ended before anything was recorded.";
    QTest::newRow("failed") << "failed" << "RuntimeError: it did" << "The recorder failed in process % (sleep).";
    QTest::newRow("unknown") << "from-a-later-version" << "?" << "The recorder failed in process % (sleep).";
}

void tst_ScriptSession::errorsOfTheScriptAreSentences()
{
    QFETCH(QString, code);
    QFETCH(QString, text);
    QFETCH(QString, sentence);
    start();
    const fs::path folder = script().folder;
    script().say("error", {{"error", {{"code", code.toStdString()}, {"text", text.toStdString()}}}});
    QTRY_COMPARE_WITH_TIMEOUT(watch->said, std::string("failed"), kLong);
    QCOMPARE(QString::fromStdString(watch->failure.message), sentence.replace(QLatin1Char('%'), QString::number(processes[0]->pid())));
    QVERIFY(!watch->failure.advice.empty());
    QTRY_VERIFY_WITH_TIMEOUT(!fs::exists(folder), kLong);
    QVERIFY(!fs::exists(request.path));
}

void tst_ScriptSession::filesThatAreSaidToBeThereAndAreNotAreTold()
{
    start();
    script().say("recording");
    script().finish({{"files", {"gone.pt.trace.json", "host_" + std::to_string(processes[0]->pid()) + ".et.json"}}});
    QTRY_VERIFY_WITH_TIMEOUT(watch->over(), kLong);
    QCOMPARE(watch->said, std::string("recording collecting finished"));
    QVERIFY2(watch->hasNote("gone.pt.trace.json, which is not there"), qPrintable(watch->notesText()));
    cleanup();
    init();
    start();
    script().say("done", {{"files", {"gone.pt.trace.json"}}});
    QTRY_VERIFY_WITH_TIMEOUT(watch->over(), kLong);
    QVERIFY2(watch->failure.message.find("gone.pt.trace.json") != std::string::npos, watch->said.c_str());
    cleanup();
    init();
    start();
    fs::create_symlink("/etc/passwd", script().folder / "link.et.json");
    script().finish({{"files", {"link.et.json", "host_" + std::to_string(processes[0]->pid()) + ".et.json"}}});
    QTRY_VERIFY_WITH_TIMEOUT(watch->over(), kLong);
    QCOMPARE(watch->said, std::string("recording collecting finished"));
    QVERIFY(!fs::exists(fs::symlink_status(watch->path + "/link.et.json")));
}

void tst_ScriptSession::aKilledProcessLeavesWhatItWrote()
{
    start({{"et", "on"}});
    script().say("recording");
    QTRY_COMPARE_WITH_TIMEOUT(watch->said, std::string("recording "), kLong);
    const std::string name = "host_" + std::to_string(processes[0]->pid()) + ".et.json";
    script().put(name, R"({"schema": "1.1.0", "nodes": [ {"id": 1)");
    script().put("host_999999.et.json", "of somebody else");
    processes[0]->signal(SIGKILL);
    processes[0]->reap();
    QTRY_VERIFY_WITH_TIMEOUT(watch->over(), kLong);
    QCOMPARE(watch->said, std::string("recording collecting finished"));
    QCOMPARE(watch->end, RecordEnd::TargetEnded);
    QVERIFY2(watch->hasNote("ended without finishing its recording"), qPrintable(watch->notesText()));
    QVERIFY(fs::exists(watch->path + "/" + name));
    QVERIFY(!fs::exists(watch->path + "/host_999999.et.json"));
}

void tst_ScriptSession::aProcessThatEndsBeforeIsAFailure()
{
    start();
    const std::string pid = std::to_string(processes[0]->pid());
    processes[0]->signal(SIGKILL);
    processes[0]->reap();
    QTRY_COMPARE_WITH_TIMEOUT(watch->said, std::string("failed"), kLong);
    QCOMPARE(watch->failure.message, "Process " + pid + " (sleep) ended before anything was recorded.");
}

void tst_ScriptSession::aScriptThatStopsForEverIsLeft()
{
    start({}, {.quiet = std::chrono::milliseconds(100)});
    script().put("host_" + std::to_string(processes[0]->pid()) + ".et.json", "{}");
    script().say("stopping");
    QTRY_VERIFY_WITH_TIMEOUT(watch->over(), kLong);
    QCOMPARE(watch->said, std::string("recording collecting finished"));
    QVERIFY(watch->hasNote("without finishing"));
}

void tst_ScriptSession::statusesOfStrangersDoNotCount()
{
    start();
    script().say("recording", {{"id", "0123456789abcdef"}});
    script().put("status-2.json", "no json");
    script().put("status-3.json", std::string(3 << 20, ' '));
    fs::create_symlink("/dev/zero", script().folder / "status-4.json");
    fs::create_directory(script().folder / "status-5.json");
    Q_EMIT script().waitingFor(QStringLiteral("a look"));
    QTRY_COMPARE_WITH_TIMEOUT(step(), std::string("Waiting for the process to reach Python code (a look)"), kLong);
    QCOMPARE(watch->said, std::string());
    script().say("recording");
    QTRY_COMPARE_WITH_TIMEOUT(watch->said, std::string("recording "), kLong);
}

void tst_ScriptSession::aStatusThatCannotBeReadIsTold_data()
{
    QTest::addColumn<QString>("content");
    QTest::addColumn<QString>("why");
    QTest::newRow("no JSON") << "no json" << "";
    QTest::newRow("a link") << "" << "it is no file, or too large";
    QTest::newRow("too large") << QString(3 << 20, QLatin1Char(' ')) << "it is no file, or too large";
    QTest::newRow("of another recording") << R"({"id": "0123456789abcdef", "phase": "done"})" << "it belongs to another recording";
}

void tst_ScriptSession::aStatusThatCannotBeReadIsTold()
{
    QFETCH(QString, content);
    QFETCH(QString, why);
    start({}, {.unreadable = std::chrono::milliseconds(50)});
    if (content.isEmpty()) fs::create_symlink("/dev/zero", script().folder / "status-7.json");
    else script().put("status-7.json", content.toStdString());
    QTRY_VERIFY_WITH_TIMEOUT(!watch->notes.empty(), kLong);
    const QString told = watch->notesText();
    QVERIFY2(told.startsWith(QStringLiteral("The recorder's status file status-7.json cannot be read: ") + why) && told.endsWith(QStringLiteral(".\n")), qPrintable(told));
    QVERIFY2(!told.contains(QStringLiteral("..")), qPrintable(told));
    script().put("status-8.json", "no json either");
    script().say("recording"); // the right one is followed all the same
    script().finish();
    QTRY_COMPARE_WITH_TIMEOUT(watch->said, std::string("recording collecting finished"), kLong);
    QCOMPARE(watch->notes.size(), std::size_t{1});
}

void tst_ScriptSession::cancelLeavesNothing_data()
{
    QTest::addColumn<QString>("phase");
    for (const char* phase : {"", "started", "waiting", "warming", "recording", "stopping", "writing"}) QTest::newRow(*phase ? phase : "delivered") << phase;
}

void tst_ScriptSession::cancelLeavesNothing()
{
    QFETCH(QString, phase);
    start();
    const fs::path folder = script().folder;
    if (!phase.isEmpty()) {
        script().put("claimed-1", "");
        script().say(phase.toStdString());
        script().put("host_1.et.json", "{");
        QTRY_VERIFY_WITH_TIMEOUT(step() != "Waiting for the process to reach Python code", kLong);
    }
    QPointer<StandIn> courier(&script());
    session->cancel();
    QVERIFY(courier->takenBack);
    if (!phase.isEmpty()) {
        QVERIFY(script().has("cancel"));
        script().say("done");
    }
    const std::string before = watch->said;
    session.reset();
    QTRY_VERIFY_WITH_TIMEOUT(!fs::exists(folder), kLong);
    QVERIFY(fs::is_empty(place->path().toStdString()));
    QCOMPARE(watch->said, before);
    QVERIFY(!processes[0]->hasEnded());
}

void tst_ScriptSession::cancelFromItsOwnSignalsLeavesNothing_data()
{
    QTest::addColumn<QString>("signal");
    for (const char* signal : {"recording", "collecting", "noted"}) QTest::newRow(signal) << signal;
}

void tst_ScriptSession::cancelFromItsOwnSignalsLeavesNothing()
{
    QFETCH(QString, signal);
    start();
    const auto cancel = [this] { session->cancel(); };
    if (signal == QStringLiteral("recording")) connect(session.get(), &RecordSession::recording, this, cancel);
    if (signal == QStringLiteral("collecting")) connect(session.get(), &RecordSession::collecting, this, cancel);
    if (signal == QStringLiteral("noted")) connect(session.get(), &RecordSession::noted, this, cancel);
    const fs::path folder = script().folder;
    script().finish({{"notes", {"one"}}});
    QTRY_VERIFY_WITH_TIMEOUT(!fs::exists(folder), kLong);
    QVERIFY(!watch->over());
    QVERIFY(fs::is_empty(place->path().toStdString()));
}

void tst_ScriptSession::whatCannotBeTakenIsKeptAndTold()
{
    start();
    script().say("recording");
    QTRY_COMPARE_WITH_TIMEOUT(watch->said, std::string("recording "), kLong);
    place->remove();
    script().finish();
    QTRY_VERIFY_WITH_TIMEOUT(watch->over(), kLong);
    QVERIFY(watch->said.ends_with("failed"));
    QVERIFY2(watch->failure.message.find("its folder is not there") != std::string::npos, watch->failure.message.c_str());
    QVERIFY(watch->failure.advice.find(watch->kept) != std::string::npos && !watch->kept.empty());
    QVERIFY(fs::exists(watch->kept + "/host_" + std::to_string(processes[0]->pid()) + ".et.json"));
    fs::remove_all(watch->kept);
}

void tst_ScriptSession::notesAreToldOnce()
{
    processes.push_back(std::make_unique<ChildProcess>(std::vector<std::string>{"sleep", "1000"}));
    request.others.push_back({.pid = processes[1]->pid()});
    start();
    for (std::size_t i = 0; i < 2; ++i) {
        script(i).say("recording", {{"notes", {"This PyTorch was built without Kineto"}}});
        script(i).finish({{"notes", {"This PyTorch was built without Kineto"}}});
    }
    QTRY_VERIFY_WITH_TIMEOUT(watch->over(), kLong);
    QCOMPARE(std::count(watch->notes.begin(), watch->notes.end(), "This PyTorch was built without Kineto"), 1);
}

QTEST_GUILESS_MAIN(tst_ScriptSession)
#include "tst_ScriptSession.moc"
