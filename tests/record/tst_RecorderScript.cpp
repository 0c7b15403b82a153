#include <QDateTime>
#include <QStandardPaths>
#include <QTest>

#include "core/io/Loader.h"
#include "core/record/torch/RecorderScript.h"
#include "core/tensor/CapturedTensor.h"
#include "tests/support/RecordedPython.h"

#include <algorithm>
#include <csignal>
#include <memory>
#include <set>
#include <sys/stat.h>

using namespace opscope;
using namespace opscope::torch;
using namespace opscope::test;
using Json = nlohmann::json;
using Phase = ScriptStatus::Phase;

namespace {

const QString kLive = QStringLiteral(OPSCOPE_TEST_DATA "/../live");
const QString kTrain = kLive + QStringLiteral("/train.py");

TracePtr load(std::vector<std::string> paths)
{
    const auto trace = loadTrace(paths);
    if (!trace) qFatal("%s", trace.error().message.c_str());
    return *trace;
}

std::set<std::string> categoriesOf(const Trace& trace)
{
    std::set<std::string> names;
    for (const Category& category : trace.categories()) names.insert(category.name);
    return names;
}

/// Statement that prints all in which a recorder may leave something behind.
const char kInspect[] =
    "exec(\"import json, os, sys, threading; import torch; hooks = sys.modules['torch.optim.optimizer']._global_optimizer_post_hooks; "
    "print(json.dumps({'threads': sorted(t.name for t in threading.enumerate()), 'hooks': len(hooks), "
    "'prepare': str(type(torch.autograd.profiler._prepare_profiler)), 'enable': str(type(torch.autograd.profiler._enable_profiler)), "
    "'observer': str(type(torch.profiler.profiler._add_execution_trace_observer)), 'environment': sorted(os.environ), 'path': sys.path, "
    "'meta_path': len(sys.meta_path), 'opscope': [name for name in sys.modules if 'opscope' in name], 'enabled': torch.autograd._profiler_enabled(), "
    "'main': sorted(name for name in vars(sys.modules['__main__']) if name != '__builtins__')}), flush=True)\", {})";

} // namespace

/// The recorder in real programs: those that know nothing of it and execute the bootstrap, those that we start, and those that import it.
class tst_RecorderScript : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void cleanupTestCase();

    void theBootstrapDoesNothingWithoutAFolder();
    void theBootstrapTakesAnyName();
    void theHelperIsKeptUpToDate();
    void withoutTorchItSaysSo_data();
    void withoutTorchItSaysSo();
    void thoseWhoListenAreAnnounced_data() { withoutTorchItSaysSo_data(); }
    void thoseWhoListenAreAnnounced();

    void stepsAreRecordedAndLinkedExactly();
    void whatAnEmbeddingLookedUpIsCaptured();
    void everyOptionArrives();
    void allThreadsAreRecordedWhenAskedFor();
    void aTimeIsRecordedAfterItsWarmUp();
    void severalBeginAtOneInstant();
    void recordingBeginsAtAStep();
    void aStopWritesWhatThereIs();
    void aCancelWritesNothing();
    void aCancelledWaitIsOver();
    void whenOpscopeDiesTheRecorderTidiesUp();
    void nothingIsLeftBehind();
    void aSecondDeliveryDoesNothing();

    void aBusyProfilerIsLeftAlone();
    void aBusyObserverIsLeftAlone();
    void theProgramsOwnProfilerComesFirst();
    void forkedChildrenDoNoHarm_data();
    void forkedChildrenDoNoHarm();
    void aProgramThatEndsLeavesWholeFiles();
    void aKilledProgramLeavesAnExecutionTrace();
    void filesThatCannotBeWrittenAreTold();
    void controlCIsNotLost();

    void aProgramThatWeStartIsRecordedFromTheFirstOperator();
    void blocksRecordThemselves();
    void whoListensIsRecorded();

private:
    /// A training loop that has begun.
    std::unique_ptr<RecordedPython> training(const QStringList& words = {})
    {
        auto program = std::make_unique<RecordedPython>(m_python, RecordedPython::inDeliver(kLive, QStringList{kTrain} + words));
        if (!program->prints(3)) qFatal("no training: %s", program->errors().constData());
        return program;
    }
    /// One that many tests record, one behind the other, and that must come out of it unharmed.
    RecordedPython* shared()
    {
        if (!m_shared) m_shared = training();
        if (!m_shared->prints(1)) qFatal("the training has ended: %s", m_shared->errors().constData());
        return m_shared.get();
    }
    std::unique_ptr<RecordedPython> m_shared;
    QString m_python = qEnvironmentVariable("OPSCOPE_PYTHON");
};

#define NEEDS_TORCH() \
    if (m_python.isEmpty()) QSKIP("OPSCOPE_PYTHON names no Python with PyTorch")

void tst_RecorderScript::initTestCase() { QStandardPaths::setTestModeEnabled(true); }

void tst_RecorderScript::cleanupTestCase()
{
    if (!m_shared) return;
    QCOMPARE(m_shared->end(), 0);
    QVERIFY(m_shared->lines().back() == Json("ended"));
}

void tst_RecorderScript::theBootstrapDoesNothingWithoutAFolder()
{
    const QString python = QStandardPaths::findExecutable(QStringLiteral("python3"));
    if (python.isEmpty()) QSKIP("no python3");
    QProcess process;
    process.start(python, {QStringLiteral("-c"), QString::fromStdString(bootstrapText("/nowhere/at/all") + "\nassert not [n for n in dir() if n[0] != '_'], dir()")});
    QVERIFY(process.waitForFinished(60'000));
    QCOMPARE(process.exitCode(), 0);
    QCOMPARE(process.readAllStandardOutput() + process.readAllStandardError(), QByteArray());
}

void tst_RecorderScript::theBootstrapTakesAnyName()
{
    const QString python = QStandardPaths::findExecutable(QStringLiteral("python3"));
    if (python.isEmpty()) QSKIP("no python3");
    const std::string odd = "o'd\"d \\n\n\t{0} \xc3\xa9\xff";
    const std::string text = bootstrapText(odd);
    for (const char c : text) QVERIFY(c >= 0x20 && c < 0x7f);
    QTemporaryDir folder;
    const QByteArray inside = QFile::encodeName(folder.path()) + '/' + QByteArray::fromStdString(odd);
    QCOMPARE(::mkdir(inside.constData(), 0700), 0);
    std::FILE* script = std::fopen((inside + "/opscope.py").constData(), "w");
    QVERIFY(script);
    std::fputs("import os\nprint(os.fsencode(__opscope_folder__).hex())\n", script);
    std::fclose(script);
    QProcess process;
    process.start(python, {QStringLiteral("-c"), QString::fromStdString(bootstrapText(inside.toStdString()))});
    QVERIFY(process.waitForFinished(60'000));
    QCOMPARE(process.readAllStandardOutput().trimmed(), inside.toHex());
    ::unlink((inside + "/opscope.py").constData()); // Qt does not remove what has such a name
    ::rmdir(inside.constData());
}

void tst_RecorderScript::theHelperIsKeptUpToDate()
{
    const QString path = QString::fromStdString(helperPath());
    QVERIFY(path.endsWith(QStringLiteral("/opscope/python/opscope.py")));
    const auto content = [&] {
        QFile file(path);
        return file.open(QIODevice::ReadOnly) ? file.readAll().toStdString() : std::string();
    };
    const auto put = [&](const QByteArray& text) {
        QFile file(path);
        return file.open(QIODevice::WriteOnly) && file.write(text) == text.size();
    };
    QCOMPARE(content(), std::string(recorderScript()));
    QVERIFY(put("VERSION = 0\n"));
    QCOMPARE(helperPath(), path.toStdString());
    QCOMPARE(content(), std::string(recorderScript()));
    QVERIFY(put("VERSION = 999\n")); // of a later Opscope
    QCOMPARE(helperPath(), path.toStdString());
    QCOMPARE(content(), std::string("VERSION = 999\n"));
    QVERIFY(QFile::remove(path));
}

void tst_RecorderScript::withoutTorchItSaysSo_data()
{
    QTest::addColumn<QString>("python");
    QStringList found{QStandardPaths::findExecutable(QStringLiteral("python3"))};
    const QDir versions(QDir::homePath() + QStringLiteral("/.pyenv/versions"));
    for (const QString& version : versions.entryList({QStringLiteral("3.*")}, QDir::Dirs)) {
        const int minor = version.section(QLatin1Char('.'), 1, 1).toInt();
        if (minor >= 8) found << versions.filePath(version + QStringLiteral("/bin/python3"));
    }
    for (const QString& python : found)
        if (QFile::exists(python)) QTest::newRow(qPrintable(python)) << python;
}

void tst_RecorderScript::withoutTorchItSaysSo()
{
    QFETCH(QString, python);
    QTemporaryDir programs;
    QFile program(programs.filePath(QStringLiteral("loop.py")));
    QVERIFY(program.open(QIODevice::WriteOnly));
    program.write("import time\nprint('1', flush=True)\ntry:\n  while True: time.sleep(0.001)\nexcept KeyboardInterrupt: pass\n");
    program.close();
    RecordedPython loop(python, RecordedPython::inDeliver(kLive, {program.fileName()}));
    QVERIFY2(loop.prints(1), loop.errors().constData());
    RecorderFolder folder(Json{{"seconds", 0.1}});
    loop.deliver(folder);
    const ScriptStatus status = folder.waitForEnd(loop.pid());
    QCOMPARE(status.phase, Phase::Error);
    QCOMPARE(status.errorCode, std::string("no-torch"));
    QVERIFY(status.python.starts_with("3."));
    QCOMPARE(loop.end(), 0);
    QCOMPARE(loop.errors(), QByteArray());
}

void tst_RecorderScript::thoseWhoListenAreAnnounced()
{
    QFETCH(QString, python);
    QTemporaryDir folder;
    QFile helper(folder.filePath(QStringLiteral("opscope.py")));
    QVERIFY(helper.open(QIODevice::WriteOnly));
    helper.write(recorderScript().data(), static_cast<qint64>(recorderScript().size()));
    helper.close();
    RecordedPython program(python, RecordedPython::inDeliver(kLive, {kLive + QStringLiteral("/listening.py"), helper.fileName()}));
    QVERIFY2(program.prints(1), program.errors().constData());
    QCOMPARE(program.lines().front()["listens"].get<bool>(), true);
    const QString control = QStringLiteral("/tmp/opscope-%1/%2.control").arg(::getuid()).arg(program.pid());
    QFile file(control);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray text = file.readAll();
    const Json announced = Json::parse(text.begin(), text.end());
    QCOMPARE(announced["pid"].get<int>(), program.pid());
    QVERIFY(announced["start_ticks"].get<std::int64_t>() > 0);
    QCOMPARE(program.end(), 0);
    QVERIFY(!QFile::exists(control));
}

void tst_RecorderScript::stepsAreRecordedAndLinkedExactly()
{
    NEEDS_TORCH();
    RecordedPython* const program = shared();
    RecorderFolder folder(Json{{"steps", 3}, {"warmup", 1}});
    program->deliver(folder);
    const ScriptStatus status = folder.waitForEnd(program->pid());
    QCOMPARE(status.error, std::string());
    QCOMPARE(status.phase, Phase::Done);
    QCOMPARE(status.step, 4);
    QVERIFY(status.kineto && status.stallMs >= 0 && status.stopNs > status.startNs);
    const std::string timed = folder.made(status, ".pt.trace.json"), nodes = folder.made(status, ".et.json");
    const TracePtr trace = load({timed, nodes});
    QVERIFY(trace->diagnostics().empty());

    // Exactly three steps, and every node of an operator is its event.
    const ExecutionTrace* et = trace->executionTrace();
    QVERIFY(et);
    int optimizerSteps = 0, operators = 0, without = 0;
    for (std::uint32_t i = 0; i < et->nodes().size(); ++i) {
        const EtNode& node = et->nodes()[i];
        const std::string_view name = trace->text(node.name);
        optimizerSteps += name.starts_with("Optimizer.step#");
        if (node.rfId == 0 || name.starts_with("[pytorch|")) continue;
        ++operators;
        without += !trace->sliceOf(NodeId(i)).valid();
        if (const SliceId slice = trace->sliceOf(NodeId(i)); slice.valid()) QCOMPARE(trace->name(slice), name);
    }
    QCOMPARE(optimizerSteps, 3);
    QVERIFY(operators > 300);
    QCOMPARE(without, 0);
    QCOMPARE(et->files().front().stats.danglingParent, 0u);
    const EtPairing& pairing = trace->links().pairings().front();
    QCOMPARE(pairing.relation, RunRelation::SameRun);
    QCOMPARE(pairing.method, LinkMethod::RecordFunctionId);
    QCOMPARE(pairing.confidence, LinkConfidence::Exact);
    QCOMPARE(pairing.exact, std::uint64_t(operators));
    QCOMPARE(status.events, operators);
}

void tst_RecorderScript::whatAnEmbeddingLookedUpIsCaptured()
{
    NEEDS_TORCH();
    RecordedPython* const program = shared();
    RecorderFolder folder(Json{{"steps", 4}, {"integral_ops", Json::array({"aten::embedding"})}, {"integral_range", true}});
    program->deliver(folder);
    const ScriptStatus status = folder.waitForEnd(program->pid());
    QCOMPARE(status.error, std::string());
    QVERIFY(!folder.made(status, ".et_resources").empty());
    QVERIFY(program->prints(1));

    std::vector<std::vector<std::int64_t>> truth;
    for (const Json& line : program->lines())
        if (line.is_object()) truth.push_back(line["lookup"].get<std::vector<std::int64_t>>());

    const TracePtr trace = load({folder.made(status, ".et.json")});
    const ExecutionTrace* et = trace->executionTrace();
    std::vector<std::vector<std::int64_t>> captured;
    for (std::uint32_t i = 0; i < et->nodes().size(); ++i) {
        const EtNode& node = et->nodes()[i];
        if (trace->text(node.name) != "aten::embedding") continue;
        const auto tensor = CapturedTensor::open(*trace, NodeId(i), TensorId(node.firstTensor + 1));
        QVERIFY2(tensor.ok(), tensor ? "" : tensor.error().message.c_str());
        std::vector<std::int64_t> values((*tensor)->fileElements());
        QCOMPARE((*tensor)->read(0, values), values.size());
        const auto [least, most] = std::minmax_element(values.begin(), values.end());
        QCOMPARE(trace->text(node.tensorRange), "{\"1\":[" + std::to_string(*least) + "," + std::to_string(*most) + "]}");
        captured.push_back(values);
    }
    QCOMPARE(captured.size(), 4u);
    const auto found = std::search(truth.begin(), truth.end(), captured.begin(), captured.end());
    QVERIFY(found != truth.end());
}

void tst_RecorderScript::everyOptionArrives()
{
    NEEDS_TORCH();
    RecordedPython* const program = shared();
    RecorderFolder plain(Json{{"steps", 2}, {"et", false}, {"shapes", false}});
    program->deliver(plain);
    const ScriptStatus first = plain.waitForEnd(program->pid());
    QCOMPARE(first.files.size(), 1u);
    RecorderFolder all(Json{{"steps", 2}, {"et", false}, {"stacks", true}, {"memory", true}, {"modules", true}, {"flops", true}});
    program->deliver(all);
    const ScriptStatus second = all.waitForEnd(program->pid());
    QCOMPARE(second.error, std::string());
    RecorderFolder nodesOnly(Json{{"steps", 2}, {"ops", false}, {"kernels", false}});
    program->deliver(nodesOnly);
    const ScriptStatus third = nodesOnly.waitForEnd(program->pid());
    QCOMPARE(third.files.size(), 1u);
    QVERIFY(third.nodes > 100 && third.events == -1);

    const auto text = [](const std::string& path) {
        QFile file(QString::fromStdString(path));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    };
    const QByteArray little = text(plain.made(first, ".json")), much = text(all.made(second, ".json"));
    QVERIFY(!little.contains("Input Dims") && !little.contains("python_function") && !little.contains("[memory]"));
    for (const char* word : {"Input Dims", "python_function", "[memory]", "flops", "\"with_stack\": 1", "\"profile_memory\": 1", "\"with_flops\": 1",
                             "\"with_modules\": 1", "nn.Module: Linear_0", "train.py("})
        QVERIFY2(much.contains(word), word);
    QVERIFY(!much.contains("_patience")); // the stacks are those of the program
    QVERIFY(categoriesOf(*load({all.made(second, ".json")})).contains("python_function"));
}

void tst_RecorderScript::allThreadsAreRecordedWhenAskedFor()
{
    NEEDS_TORCH();
    const auto program = training({QStringLiteral("thread")});
    RecorderFolder one(Json{{"seconds", 0.2}, {"et", false}}), all(Json{{"seconds", 0.2}, {"et", false}, {"all_threads", true}});
    program->deliver(one);
    const ScriptStatus alone = one.waitForEnd(program->pid());
    QCOMPARE(alone.events, 0); // its main thread waits
    program->deliver(all);
    const ScriptStatus both = all.waitForEnd(program->pid());
    QCOMPARE(both.error, std::string());
    if (both.notes.empty()) QVERIFY(both.events > 0);
}

void tst_RecorderScript::aTimeIsRecordedAfterItsWarmUp()
{
    NEEDS_TORCH();
    RecordedPython* const program = shared();
    const std::int64_t before = QDateTime::currentMSecsSinceEpoch() * 1'000'000;
    RecorderFolder folder(Json{{"seconds", 0.25}, {"warmup", 0.25}});
    program->deliver(folder);
    const ScriptStatus status = folder.waitForEnd(program->pid());
    QCOMPARE(status.phase, Phase::Done);
    QVERIFY(status.startNs - before >= 250'000'000);
    QVERIFY(status.stopNs - status.startNs >= 250'000'000);
    QVERIFY(status.events > 100);
}

void tst_RecorderScript::severalBeginAtOneInstant()
{
    NEEDS_TORCH();
    const auto second = training();
    RecordedPython* const first = shared();
    const std::int64_t at = (QDateTime::currentMSecsSinceEpoch() + 1500) * 1'000'000;
    const Json wish = {{"seconds", 0.1}, {"start_at_ns", at}};
    RecorderFolder one(wish), two(wish);
    first->deliver(one);
    second->deliver(two);
    for (const auto& [program, folder] : {std::pair{first, &one}, std::pair{second.get(), &two}}) {
        const ScriptStatus status = folder->waitForEnd(program->pid());
        QCOMPARE(status.error, std::string());
        QVERIFY(status.startNs >= at);
        qInfo("begun %.3f ms behind the instant", static_cast<double>(status.startNs - at) / 1e6);
    }
}

void tst_RecorderScript::recordingBeginsAtAStep()
{
    NEEDS_TORCH();
    RecordedPython* const program = shared();
    RecorderFolder folder(Json{{"from", {{"step", 5}}}, {"steps", 2}});
    program->deliver(folder);
    const ScriptStatus status = folder.waitForEnd(program->pid());
    QCOMPARE(status.step, 7);
    const TracePtr trace = load({folder.made(status, ".et.json")});
    int steps = 0;
    for (const EtNode& node : trace->executionTrace()->nodes()) steps += trace->text(node.name).starts_with("Optimizer.step#");
    QCOMPARE(steps, 2);
}

void tst_RecorderScript::aStopWritesWhatThereIs()
{
    NEEDS_TORCH();
    RecordedPython* const program = shared();
    RecorderFolder folder(Json::object());
    program->deliver(folder);
    QCOMPARE(folder.waitFor(program->pid(), Phase::Recording).phase, Phase::Recording);
    QVERIFY(program->prints(5));
    folder.write("stop", "");
    const ScriptStatus status = folder.waitForEnd(program->pid());
    QCOMPARE(status.phase, Phase::Done);
    QCOMPARE(status.files.size(), 2u);
    QVERIFY(load({folder.made(status, ".pt.trace.json"), folder.made(status, ".et.json")})->slices().size() > 100);
}

void tst_RecorderScript::aCancelWritesNothing()
{
    NEEDS_TORCH();
    RecordedPython* const program = shared();
    RecorderFolder folder(Json{{"integral_ops", Json::array({"aten::embedding"})}});
    program->deliver(folder);
    QCOMPARE(folder.waitFor(program->pid(), Phase::Recording).phase, Phase::Recording);
    QVERIFY(program->prints(3));
    folder.write("cancel", "");
    const ScriptStatus status = folder.waitForEnd(program->pid());
    QCOMPARE(status.phase, Phase::Done);
    QVERIFY(status.files.empty());
    for (const QString& name : folder.names()) QVERIFY2(!name.contains(QStringLiteral(".et")) && !name.contains(QStringLiteral("trace")), qPrintable(name));
}

void tst_RecorderScript::aCancelledWaitIsOver()
{
    NEEDS_TORCH();
    RecordedPython* const program = shared();
    RecorderFolder folder(Json{{"from", {{"step", 1'000'000}}}, {"steps", 2}});
    program->deliver(folder);
    QCOMPARE(folder.waitFor(program->pid(), Phase::Waiting).phase, Phase::Waiting);
    folder.write("cancel", "");
    QCOMPARE(folder.waitForEnd(program->pid()).phase, Phase::Done);
}

void tst_RecorderScript::whenOpscopeDiesTheRecorderTidiesUp()
{
    NEEDS_TORCH();
    RecordedPython* const program = shared();
    RecorderFolder folder(Json::object(), true);
    program->deliver(folder);
    QCOMPARE(folder.waitFor(program->pid(), Phase::Recording).phase, Phase::Recording);
    const ScriptStatus status = folder.waitForEnd(program->pid(), false);
    QCOMPARE(status.phase, Phase::Done);
    QCOMPARE(status.files.size(), 2u);
}

void tst_RecorderScript::nothingIsLeftBehind()
{
    NEEDS_TORCH();
    RecordedPython* const program = shared();
    const auto inspected = [&] {
        const std::size_t from = program->lines().size();
        program->execute(kInspect);
        for (std::size_t i = from; program->prints(1);)
            for (; i < program->lines().size(); ++i)
                if (program->lines()[i].contains("threads")) return program->lines()[i];
        return Json();
    };
    const Json before = inspected();
    QVERIFY(before.is_object());
    RecorderFolder folder(Json{{"steps", 2}, {"warmup", 1}, {"integral_ops", Json::array({"aten::embedding"})}, {"integral_range", true}, {"stacks", true}});
    program->deliver(folder);
    QCOMPARE(folder.waitForEnd(program->pid()).phase, Phase::Done);
    Json after = inspected();
    for (int tries = 0; tries < 1000 && after != before; ++tries) after = inspected(); // its thread has told the end before it ends
    QVERIFY2(after == before, qPrintable(QString::fromStdString(Json::diff(before, after).dump())));
    QVERIFY(!folder.names().contains(QStringLiteral("room-%1").arg(program->pid())));
    RecorderFolder again(Json{{"steps", 2}});
    program->deliver(again);
    QCOMPARE(again.waitForEnd(program->pid()).files.size(), 2u);
}

void tst_RecorderScript::aSecondDeliveryDoesNothing()
{
    NEEDS_TORCH();
    RecordedPython* const program = shared();
    RecorderFolder folder(Json{{"steps", 3}});
    program->deliver(folder);
    program->deliver(folder);
    const ScriptStatus first = folder.waitForEnd(program->pid());
    QCOMPARE(first.phase, Phase::Done);
    program->deliver(folder);
    QVERIFY(program->prints(10));
    QCOMPARE(folder.status(program->pid())->startNs, first.startNs);
}

void tst_RecorderScript::aBusyProfilerIsLeftAlone()
{
    NEEDS_TORCH();
    const auto program = training({QStringLiteral("profiler")});
    RecorderFolder folder(Json{{"steps", 2}});
    program->deliver(folder);
    const ScriptStatus status = folder.waitForEnd(program->pid());
    QCOMPARE(status.errorCode, std::string("busy"));
    QVERIFY(program->prints(3));
    QCOMPARE(program->end(), 0);
    QVERIFY(program->lines().back() == Json("ended"));
}

void tst_RecorderScript::aBusyObserverIsLeftAlone()
{
    NEEDS_TORCH();
    const auto program = training({QStringLiteral("observer")});
    RecorderFolder folder(Json{{"steps", 2}, {"integral_ops", Json::array({"aten::embedding"})}});
    program->deliver(folder);
    const ScriptStatus status = folder.waitForEnd(program->pid());
    QCOMPARE(status.errorCode, std::string("busy-et"));
    QVERIFY(status.files.empty());
    QCOMPARE(folder.names().filter(QStringLiteral(".et")).size(), 0);
    RecorderFolder timed(Json{{"steps", 2}, {"et", false}});
    program->deliver(timed);
    QCOMPARE(timed.waitForEnd(program->pid()).phase, Phase::Done);
    QCOMPARE(program->end(), 0);
}

void tst_RecorderScript::theProgramsOwnProfilerComesFirst()
{
    NEEDS_TORCH();
    const auto program = training({QStringLiteral("later"), QStringLiteral("steps=200")});
    RecorderFolder folder(Json::object());
    program->deliver(folder);
    const ScriptStatus status = folder.waitForEnd(program->pid());
    QCOMPARE(status.phase, Phase::Done);
    QCOMPARE(status.files.size(), 2u);
    QVERIFY(!status.notes.empty() && status.notes.front().find("own profiler") != std::string::npos);
    QCOMPARE(program->waitForEnd(), 0);
    QVERIFY(program->lines().back() == Json("ended"));
}

void tst_RecorderScript::forkedChildrenDoNoHarm_data()
{
    QTest::addColumn<QString>("kind");
    QTest::newRow("data loader") << QStringLiteral("workers");
    QTest::newRow("by hand") << QStringLiteral("fork");
}

void tst_RecorderScript::forkedChildrenDoNoHarm()
{
    NEEDS_TORCH();
    QFETCH(QString, kind);
    const auto program = training({kind});
    RecorderFolder folder(Json{{"steps", 8}});
    program->deliver(folder);
    const ScriptStatus status = folder.waitForEnd(program->pid());
    QCOMPARE(status.error, std::string());
    QCOMPARE(status.phase, Phase::Done);
    const TracePtr trace = load({folder.made(status, ".pt.trace.json"), folder.made(status, ".et.json")});
    QVERIFY(trace->diagnostics().empty());
    QVERIFY(program->prints(3));
    QCOMPARE(program->end(), 0);
    QCOMPARE(folder.names().filter(QStringLiteral("status-")).size(), 1);
}

void tst_RecorderScript::aProgramThatEndsLeavesWholeFiles()
{
    NEEDS_TORCH();
    const auto program = training({QStringLiteral("steps=40")});
    RecorderFolder folder(Json::object());
    const pid_t pid = program->pid();
    program->deliver(folder);
    QCOMPARE(program->waitForEnd(), 0);
    const ScriptStatus there = folder.waitForEnd(pid);
    QCOMPARE(there.phase, Phase::Done);
    QCOMPARE(there.errorCode, std::string("ended"));
    QVERIFY(load({folder.made(there, ".pt.trace.json"), folder.made(there, ".et.json")})->diagnostics().empty());
}

void tst_RecorderScript::aKilledProgramLeavesAnExecutionTrace()
{
    NEEDS_TORCH();
    const auto program = training();
    RecorderFolder folder(Json::object());
    program->deliver(folder);
    QCOMPARE(folder.waitFor(program->pid(), Phase::Recording).phase, Phase::Recording);
    QVERIFY(program->prints(30));
    program->process().kill();
    QVERIFY(program->process().waitForFinished(60'000));
    const QStringList left = folder.names().filter(QStringLiteral(".et.json"));
    QCOMPARE(left.size(), 1);
    const TracePtr trace = load({folder.at(left.front()).toStdString()});
    QVERIFY(trace->executionTrace() && trace->executionTrace()->nodes().size() > 1000);
}

void tst_RecorderScript::filesThatCannotBeWrittenAreTold()
{
    NEEDS_TORCH();
    const auto program = training({QStringLiteral("small")});
    RecorderFolder folder(Json{{"steps", 40}});
    program->deliver(folder);
    const ScriptStatus status = folder.waitForEnd(program->pid());
    QCOMPARE(status.phase, Phase::Error);
    QCOMPARE(status.errorCode, std::string("cannot-write"));
    QVERIFY2(status.error.find("File too large") != std::string::npos, status.error.c_str());
    QVERIFY(program->prints(3));
    QCOMPARE(program->end(), 0);
}

void tst_RecorderScript::controlCIsNotLost()
{
    NEEDS_TORCH();
    for (int round = 0; round < 2; ++round) { // somewhere while it starts, records or stops
        const auto program = training();
        RecorderFolder folder(Json{{"steps", 1}});
        program->deliver(folder);
        for (int i = 0; i < round; ++i) QVERIFY(program->prints(1));
        program->process().write("\n");
        ::kill(program->pid(), SIGINT);
        // It came to where the program waits for it, or, when that was over already, ended the program as it does without us.
        const bool ended = program->waitForEnd() == 0 && program->lines().back() == Json("ended");
        QVERIFY2(ended || program->errors().contains("KeyboardInterrupt"), program->errors().constData());
    }
}

void tst_RecorderScript::aProgramThatWeStartIsRecordedFromTheFirstOperator()
{
    NEEDS_TORCH();
    RecorderFolder folder(Json{{"from", "first-op"}});
    QTemporaryDir shim, hidden;
    const auto put = [](const QString& path, std::string_view text) {
        QFile file(path);
        return file.open(QIODevice::WriteOnly) && file.write(text.data(), static_cast<qint64>(text.size())) > 0;
    };
    QVERIFY(put(shim.filePath(QStringLiteral("sitecustomize.py")), shimScript()));
    QVERIFY(put(hidden.filePath(QStringLiteral("sitecustomize.py")), "import os\nos.environ['HIDDEN'] = __name__ + __file__\n"));
    QVERIFY(put(hidden.filePath(QStringLiteral("program.py")),
                "import json, os, sys, runpy\n"
                "print(json.dumps({'argv': sys.argv, 'main': __name__, 'hidden': os.environ.get('HIDDEN'), 'path': sys.path, 'torch': 'torch' in sys.modules}))\n"
                "sys.argv[0] = sys.argv[1]; del sys.argv[1]\nif __name__ == '__main__': runpy.run_path(sys.argv[0], run_name='__main__')\n"));
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("PYTHONPATH"), shim.path() + QLatin1Char(':') + hidden.path());
    environment.insert(QStringLiteral("OPSCOPE_RECORD_FOLDER"), QString::fromStdString(folder.path()));
    const QString main = hidden.filePath(QStringLiteral("program.py"));
    RecordedPython program(m_python, {main, kTrain, QStringLiteral("steps=20"), QStringLiteral("spawn")}, environment);
    const pid_t pid = program.pid();
    QVERIFY2(program.prints(1), program.errors().constData());
    const Json seen = program.lines().front();
    QVERIFY(seen["argv"] == Json({main.toStdString(), kTrain.toStdString(), "steps=20", "spawn"}));
    QVERIFY(seen["main"] == Json("__main__"));
    QVERIFY(seen["torch"] == Json(false));
    QVERIFY(seen["hidden"] == Json("sitecustomize" + hidden.filePath(QStringLiteral("sitecustomize.py")).toStdString()));
    QVERIFY(std::find(seen["path"].begin(), seen["path"].end(), Json(shim.path().toStdString())) == seen["path"].end());
    while (program.process().state() != QProcess::NotRunning && !program.process().waitForFinished(200)) folder.signOfLife();
    QCOMPARE(program.waitForEnd(), 0);

    const ScriptStatus own = folder.waitForEnd(pid);
    QCOMPARE(own.errorCode, std::string("ended"));
    const TracePtr trace = load({folder.made(own, ".pt.trace.json"), folder.made(own, ".et.json")});
    int steps = 0;
    for (const EtNode& node : trace->executionTrace()->nodes()) steps += trace->text(node.name).starts_with("Optimizer.step#");
    QCOMPARE(steps, 20); // from the first
    // The child that it spawned has files of its own.
    QCOMPARE(folder.names().filter(QStringLiteral(".et.json")).size(), 2);
    QCOMPARE(folder.names().filter(QStringLiteral(".pt.trace.json")).size(), 2);
}

void tst_RecorderScript::blocksRecordThemselves()
{
    NEEDS_TORCH();
    QTemporaryDir into;
    RecordedPython program(m_python, {kLive + QStringLiteral("/listening.py"), QString::fromStdString(helperPath()), QStringLiteral("record"), into.filePath(QStringLiteral("new"))});
    QCOMPARE(program.waitForEnd(), 0);
    const Json said = program.lines().back();
    QVERIFY(said["error"] == Json());
    QCOMPARE(said["files"].size(), 2u);
    const TracePtr trace = load(said["files"].get<std::vector<std::string>>());
    int products = 0;
    for (const EtNode& node : trace->executionTrace()->nodes()) products += trace->text(node.name) == "aten::mm";
    QCOMPARE(products, 3);
    QCOMPARE(QDir(into.filePath(QStringLiteral("new"))).entryList(QDir::Files | QDir::Hidden).size(), 2);
}

void tst_RecorderScript::whoListensIsRecorded()
{
    NEEDS_TORCH();
    RecordedPython program(m_python, RecordedPython::inDeliver(kLive, {kLive + QStringLiteral("/listening.py"), QString::fromStdString(helperPath())}));
    QVERIFY2(program.prints(1), program.errors().constData());
    const QString request = QStringLiteral("/tmp/opscope-%1/%2.request").arg(::getuid()).arg(program.pid());
    for (int round = 0; round < 2; ++round) {
        RecorderFolder folder(Json{{"steps", 5}});
        QFile beside(request + QStringLiteral(".tmp"));
        QVERIFY(beside.open(QIODevice::WriteOnly));
        beside.write(QByteArray::fromStdString(Json({{"version", 1}, {"folder", folder.path()}}).dump()));
        beside.close();
        QVERIFY(beside.rename(request));
        const ScriptStatus status = folder.waitForEnd(program.pid());
        QCOMPARE(status.error, std::string());
        QVERIFY2(status.step >= 6, std::to_string(status.step).c_str()); // the one within which the request came is not recorded; they are counted on while it is written
        QCOMPARE(status.files.size(), 2u);
        QVERIFY(!QFile::exists(request));
        const TracePtr trace = load({folder.made(status, ".pt.trace.json")});
        int products = 0;
        for (std::uint32_t i = 0; i < trace->slices().size(); ++i) products += trace->name(SliceId(i)) == "aten::mm";
        QCOMPARE(products, 5);
    }
    QCOMPARE(program.end(), 0);
}

QTEST_GUILESS_MAIN(tst_RecorderScript)
#include "tst_RecorderScript.moc"
