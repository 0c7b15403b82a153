#include <QDateTime>
#include <QTest>

#include "core/tensor/CapturedTensor.h"
#include "tests/support/RecordedTraining.h"

#include <algorithm>
#include <set>

using namespace opscope;
using namespace opscope::torch;
using namespace opscope::test;
using Json = nlohmann::json;
using Phase = ScriptStatus::Phase;

namespace {

std::set<std::string> categoriesOf(const Trace& trace)
{
    std::set<std::string> names;
    for (const Category& category : trace.categories()) names.insert(category.name);
    return names;
}

} // namespace

/// What the recorder does as it is asked to, in a training loop that knows nothing of it and executes the bootstrap.
class tst_RecorderScript : public QObject, private RecordedTraining
{
    Q_OBJECT

private Q_SLOTS:
    void cleanupTestCase() { endShared(); }

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
};

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

QTEST_GUILESS_MAIN(tst_RecorderScript)
#include "tst_RecorderScript.moc"
