#include "core/format/EventReader.h"
#include "core/io/Loader.h"
#include "tests/support/Golden.h"
#include "tests/support/Json.h"
#include "tests/support/TraceFixture.h"

#include <QTemporaryDir>
#include <QTest>

#include <numeric>

using namespace opscope;
using namespace opscope::test;

namespace {

/// What a pairing came to, on one line.
std::string summary(const EtPairing& p)
{
    std::string text = std::string(title(p.relation)) + (p.relation == RunRelation::Unrelated ? "" : ", " + std::string(id(p.method)) + ", " + std::string(id(p.confidence)));
    if (p.sequenceDifference) text += ", difference " + std::to_string(*p.sequenceDifference);
    text += ", places " + std::to_string(p.places) + ", nodes " + std::to_string(p.nodes) + ", rf " + std::to_string(p.withRfId) + ", exact " + std::to_string(p.exact) +
            ", by order " + std::to_string(p.byOrder) + ", unmatched " + std::to_string(p.unmatched);
    for (const LinkReason& reason : p.reasons) text += ", " + reason.id + " " + std::to_string(reason.count);
    return text;
}

/// One operator, as a node and as an event. Numbers below 0 are left out.
struct Op
{
    std::string name;
    std::int64_t rf = 0, seq = -1;
    int thread = 1;
    std::int64_t externalId = -1;
};
using Ops = std::vector<Op>;

/// Names in order; ids and, for names that end in "*", sequence numbers rise.
Ops ops(const std::string& names, std::int64_t firstRf, std::int64_t firstSeq = -1, int thread = 1)
{
    Ops out;
    for (const QString& name : QString::fromStdString(names).split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
        const bool numbered = name.endsWith(QLatin1Char('*')) && firstSeq >= 0;
        out.push_back({name.toStdString(), firstRf++, numbered ? firstSeq++ : -1, thread});
    }
    return out;
}

Ops together(std::initializer_list<Ops> all)
{
    Ops out;
    for (const Ops& part : all) out.insert(out.end(), part.begin(), part.end());
    return out;
}

std::string etText(const std::string& pid, const Ops& all)
{
    std::string nodes;
    int id = 1;
    for (const Op& op : all) {
        nodes += "{'id': " + std::to_string(++id) + ", 'name': '" + op.name + "', 'ctrl_deps': 1, 'inputs': {'values': [], 'shapes': [], 'types': []}, " +
                 "'outputs': {'values': [], 'shapes': [], 'types': []}, 'attrs': [{'name': 'rf_id', 'type': 'uint64', 'value': " + std::to_string(op.rf) +
                 "}, {'name': 'seq_id', 'type': 'int64', 'value': " + std::to_string(op.seq) + "}, {'name': 'tid', 'type': 'uint64', 'value': " +
                 std::to_string(op.thread) + "}]}, ";
    }
    return json("{'schema': '1.0.2-chakra.0.0.4', " + (pid.empty() ? "" : "'pid': " + pid + ", ") + "'time': 'x', 'start_ts': 1, 'nodes': [" + nodes +
                "{'id': 1, 'name': '[pytorch|profiler|execution_trace|process]', 'ctrl_deps': 1, 'inputs': {'values': [], 'shapes': [], 'types': []}, " +
                "'outputs': {'values': [], 'shapes': [], 'types': []}, 'attrs': []}], 'finish_ts': 2}");
}

enum class Ids { Written, Zero, Absent };

std::string kinetoText(int pid, const Ops& all, Ids ids = Ids::Absent)
{
    std::string events;
    int i = 0;
    for (const Op& op : all) {
        std::string args = "'Ev Idx': " + std::to_string(i);
        if (ids != Ids::Absent) args += ", 'Record function id': " + std::to_string(ids == Ids::Zero ? 0 : op.rf);
        if (op.seq >= 0) args += ", 'Sequence number': " + std::to_string(op.seq) + ", 'Fwd thread id': 0";
        if (op.externalId >= 0) args += ", 'External id': " + std::to_string(op.externalId);
        events += std::string(i ? ", " : "") + "{'ph': 'X', 'cat': 'cpu_op', 'name': '" + op.name + "', 'pid': " + std::to_string(pid) + ", 'tid': " +
                  std::to_string(100 + op.thread) + ", 'ts': " + std::to_string(1000 + 10 * i) + ", 'dur': 5, 'args': {" + args + "}}";
        ++i;
    }
    return json("{'schemaVersion': 1, 'traceEvents': [" + events + "]}");
}

constexpr const char* kStep = "zeros add* mul* relu sum* view addmm* t detach back*"; // ten operators, five with numbers

} // namespace

class tst_NodeLinks : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    std::vector<std::string> m_paths;

    void file(const std::string& name, const std::string& text)
    {
        m_paths.push_back(m_folder->filePath(QString::fromStdString(name)).toStdString());
        if (!writeFile(m_paths.back(), text)) qFatal("cannot write");
    }
    TracePtr load()
    {
        auto trace = loadTrace(m_paths);
        if (!trace) qFatal("%s", trace.error().text().c_str());
        return *trace;
    }
    TracePtr pair(const std::string& et, const std::string& kineto)
    {
        m_paths.clear();
        file("a_et.json", et);
        file("a.json", kineto);
        return load();
    }
    static QString first(const TracePtr& trace) { return QString::fromStdString(summary(trace->links().pairings()[0])); }
    /// Rows of the linked events of a file's nodes, root left out, by place in time; -1: none.
    static std::vector<int> events(const Trace& trace, std::size_t fileRow = 0)
    {
        std::vector<int> out;
        const EtFile& file = trace.executionTrace()->files()[fileRow];
        for (std::uint32_t i = 1; i < file.nodeCount; ++i) {
            const SliceId slice = trace.sliceOf(NodeId(file.firstNode.value + i));
            out.push_back(slice ? static_cast<int>((trace.slices().start(slice) - 1'000'000) / 10'000) : -1);
        }
        return out;
    }
    static std::vector<int> range(int from, int count)
    {
        std::vector<int> out(static_cast<std::size_t>(count));
        std::iota(out.begin(), out.end(), from);
        return out;
    }

private slots:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_paths.clear();
    }

    void idsOfOneProcessAreExact()
    {
        const Ops step = ops(kStep, 500);
        const TracePtr t = pair(etText("7", step), kinetoText(7, step, Ids::Written));
        QCOMPARE(first(t), QStringLiteral("same run, record_function_id, exact, places 0, nodes 11, rf 10, exact 10, by order 0, unmatched 1, process-node 1"));
        QCOMPARE(events(*t), range(0, 10));
        for (std::uint32_t i = 0; i < t->slices().size(); ++i) QCOMPARE(t->sliceOf(t->nodeOf(SliceId(i))), SliceId(i));
        QCOMPARE(t->nodeLink(t->nodeOf(SliceId(0))).confidence, LinkConfidence::Exact);
        QCOMPARE(t->diagnostics().count(Defect::OtherProcess), std::uint64_t{0});
    }

    void anEventIsReadBackAsItIsAlthoughANodeIsLinked()
    {
        const Ops step = ops(kStep, 500);
        const TracePtr t = pair(etText("7", step), kinetoText(7, step, Ids::Written));
        const auto text = readEvent(*t, sliceNamed(*t, "relu"));
        QVERIFY(text.ok());
        QVERIFY(text->json.find("\"ph\"") != std::string::npos);
    }

    void idsOfAnotherProcessAreSaidToBe()
    {
        const Ops step = ops(kStep, 500);
        const TracePtr t = pair(etText("8", step), kinetoText(7, step, Ids::Written));
        QVERIFY(first(t).startsWith(QStringLiteral("other process, record_function_id, exact")));
        QCOMPARE(t->diagnostics().count(Defect::OtherProcess), std::uint64_t{1});
        QVERIFY(t->links().pairings()[0].sentence.starts_with("Process numbers differ (8 and 7), all 10 record function ids meet an event of the same name."));
        const TracePtr unnamed = pair(etText("", step), kinetoText(7, step, Ids::Written));
        QVERIFY(unnamed->links().pairings()[0].sentence.starts_with("The execution trace names no process, "));
    }

    void equalIdsOfOtherNamesAreNoPair()
    {
        const TracePtr t = pair(etText("7", ops("a b c d e f g h i j", 1)), kinetoText(7, ops(kStep, 1), Ids::Written));
        QCOMPARE(first(t), QStringLiteral("unrelated, places 0, nodes 11, rf 10, exact 0, by order 0, unmatched 11, process-node 1, not-a-pair 10"));
        QCOMPARE(t->diagnostics().count(Defect::UnrelatedTraces), std::uint64_t{1});
        QCOMPARE(events(*t), std::vector<int>(10, -1));
        QVERIFY(t->links().pairings()[0].sentence.ends_with("Nothing is linked."));
    }

    void nodesWhoseEventsAreMissingSayWhy()
    {
        Ops events = ops(kStep, 500);
        events.erase(events.begin() + 4); // inside of the recording, but lost
        Ops nodes = together({ops("early", 20), ops(kStep, 500), ops("late", 900)});
        const TracePtr t = pair(etText("7", nodes), kinetoText(7, events, Ids::Written));
        QCOMPARE(first(t), QStringLiteral("same run, record_function_id, exact, places 0, nodes 13, rf 12, exact 9, by order 0, unmatched 4, process-node 1, "
                                          "outside-recording 2, open-at-edge 1"));
    }

    void zeroIdsAreSaidAndOrderStillCompares()
    {
        const Ops step = ops(kStep, 500, 40);
        const TracePtr t = pair(etText("7", step), kinetoText(7, step, Ids::Zero));
        QCOMPARE(first(t), QStringLiteral("same run, order_and_sequence, inferred, difference 0, places 1, nodes 11, rf 10, exact 0, by order 10, unmatched 1, process-node 1"));
        QCOMPARE(t->diagnostics().count(Defect::ZeroRecordFunctionIds), std::uint64_t{1});
        QCOMPARE(t->nodeLink(t->nodeOf(SliceId(0))).method, LinkMethod::OrderAndSequence);
    }

    void sequenceNumbersTellTheIteration()
    {
        const Ops all = together({ops(kStep, 1, 0), ops(kStep, 1, 5), ops(kStep, 1, 10), ops(kStep, 1, 15)});
        const TracePtr t = pair(etText("7", ops(kStep, 1, 10)), kinetoText(7, all));
        QCOMPARE(first(t), QStringLiteral("same run, order_and_sequence, inferred, difference 0, places 4, nodes 11, rf 10, exact 0, by order 10, unmatched 1, process-node 1"));
        QCOMPARE(events(*t), range(20, 10));
    }

    void withoutTheSameIterationTheNearestIsTaken()
    {
        const Ops all = together({ops(kStep, 1, 100), ops(kStep, 1, 105)});
        const TracePtr t = pair(etText("7", ops(kStep, 1, 90)), kinetoText(7, all));
        QVERIFY(first(t).startsWith(QStringLiteral("other iteration, order_and_sequence, inferred, difference 10, places 2")));
        QCOMPARE(events(*t), range(0, 10));
        QCOMPARE(t->nodeLink(t->nodeOf(SliceId(0))).relation, RunRelation::OtherIteration);
    }

    void aDifferenceThatChangesIsNoPlace()
    {
        Ops events = ops(kStep, 1, 100);
        events[6].seq += 3;
        const TracePtr t = pair(etText("7", ops(kStep, 1, 100)), kinetoText(7, events));
        QVERIFY(first(t).startsWith(QStringLiteral("unrelated")));
    }

    void aNumberOnOneSideOnlyCountsForNothing()
    {
        Ops events = ops(kStep, 1, 100);
        events[3].seq = 7; // the wrapper: none in the node
        const TracePtr t = pair(etText("7", ops(kStep, 1, 100)), kinetoText(7, events));
        QVERIFY(first(t).startsWith(QStringLiteral("same run, order_and_sequence, inferred, difference 0")));
    }

    void allThreadsMustAgree()
    {
        // The second thread's names fit twice; only one place has the difference of the first thread.
        const Ops events = together({ops(kStep, 1, 100), ops("x* y z*", 1, 200, 2), ops(kStep, 1, 105), ops("x* y z*", 1, 202, 2)});
        const TracePtr t = pair(etText("7", together({ops(kStep, 1, 105), ops("x* y z*", 50, 202, 2)})), kinetoText(7, events));
        QVERIFY(first(t).startsWith(QStringLiteral("same run, order_and_sequence, inferred, difference 0")));
        std::vector<int> expected = range(13, 10);
        for (const int e : range(23, 3)) expected.push_back(e);
        QCOMPARE(events.size(), std::size_t{26});
        QCOMPARE(this->events(*t), expected);
    }

    void scopesOfOneSideAreLeftOut()
    {
        Ops nodes = ops(kStep, 1, 100), events = ops(kStep, 1, 100);
        for (const int i : {2, 5}) nodes.push_back({"pad" + std::to_string(i), 90 + i, -1, 1});
        events.insert(events.begin() + 4, {"ProfilerStep#3", 0, -1, 1});
        for (const int i : {2, 5}) events.push_back({"pad" + std::to_string(i), 90 + i, -1, 1});
        const TracePtr t = pair(etText("7", nodes), kinetoText(7, events));
        QCOMPARE(first(t), QStringLiteral("same run, order_and_sequence, inferred, difference 0, places 1, nodes 13, rf 12, exact 0, by order 12, unmatched 1, process-node 1"));
        QVERIFY(!t->nodeOf(sliceNamed(*t, "ProfilerStep#3")).valid());
    }

    void withoutNumbersSeveralPlacesAreAmbiguous()
    {
        const TracePtr once = pair(etText("7", ops("a b c d", 1)), kinetoText(7, ops("x a b c d y", 1)));
        QCOMPARE(first(once), QStringLiteral("other iteration, order, inferred, places 1, nodes 5, rf 4, exact 0, by order 4, unmatched 1, process-node 1"));
        const TracePtr twice = pair(etText("7", ops("a b c d", 1)), kinetoText(7, ops("a b c d a b c d", 1)));
        QCOMPARE(first(twice), QStringLiteral("other iteration, order, ambiguous, places 2, nodes 5, rf 4, exact 0, by order 4, unmatched 1, process-node 1"));
        QCOMPARE(events(*twice), range(0, 4));
        QCOMPARE(twice->links().count("node_to_event")->ambiguous, std::uint64_t{4});
    }

    void aPartOfTheRecordingIsEnoughInOneProcess()
    {
        const Ops nodes = together({ops(kStep, 1, 100), ops(kStep, 11, 105)});
        const TracePtr t = pair(etText("7", nodes), kinetoText(7, ops(kStep, 1, 105)));
        QCOMPARE(first(t), QStringLiteral("same run, order_and_sequence, inferred, difference 0, places 1, nodes 21, rf 20, exact 0, by order 10, unmatched 11, "
                                          "process-node 1, open-at-edge 10"));
        std::vector<int> expected(10, -1);
        for (const int e : range(0, 10)) expected.push_back(e);
        QCOMPARE(events(*t), expected);
        const TracePtr stranger = pair(etText("8", nodes), kinetoText(7, ops(kStep, 1, 105)));
        QVERIFY(first(stranger).startsWith(QStringLiteral("unrelated")));
    }

    void fewOperatorsOfAnotherProcessProveNothing()
    {
        const TracePtr t = pair(etText("8", ops("a b c", 1)), kinetoText(7, ops("a b c", 1)));
        QVERIFY(first(t).startsWith(QStringLiteral("unrelated")));
    }

    void externalIdsServeOnlyWhenNamesAgree()
    {
        Ops events = ops("q a b c d e", 1);
        for (Op& op : events) op.externalId = op.rf - 1; // as if both counters had started together
        std::swap(events[2], events[3]);                 // so that the order of names fits nowhere
        const TracePtr t = pair(etText("7", ops("a b c d e", 1)), kinetoText(7, events));
        QCOMPARE(first(t), QStringLiteral("same run, external_id_as_rf_id, exact, places 0, nodes 6, rf 5, exact 5, by order 0, unmatched 1, process-node 1"));
        for (Op& op : events) op.externalId += 1;
        QVERIFY(first(pair(etText("7", ops("a b c d e", 1)), kinetoText(7, events))).startsWith(QStringLiteral("unrelated")));
    }

    void severalFilesOfOneProcessKeepTheirIdsApart()
    {
        const Ops one = ops("a b c", 1), two = ops("d e f", 4);
        file("1_et.json", etText("7", one));
        file("2_et.json", etText("7", two));
        file("k.json", kinetoText(7, together({one, two}), Ids::Written));
        const TracePtr t = load();
        QCOMPARE(t->links().pairings().size(), std::size_t{2});
        QCOMPARE(events(*t, 0), range(0, 3));
        QCOMPARE(events(*t, 1), range(3, 3));
        QCOMPARE(t->links().count("node_to_event")->total, std::uint64_t{8});
        QCOMPARE(t->links().count("node_to_event")->exact, std::uint64_t{6});
    }

    void anEventBelongsToTheNodeOfItsOwnRun()
    {
        const Ops step = ops(kStep, 1);
        file("1_et.json", etText("8", step)); // opened first, but of another process
        file("2_et.json", etText("7", step));
        file("k.json", kinetoText(7, step, Ids::Written));
        const TracePtr t = load();
        QCOMPARE(events(*t, 0), std::vector<int>(10, -1));
        QCOMPARE(events(*t, 1), range(0, 10));
        QVERIFY(QString::fromStdString(summary(t->links().pairings()[0])).endsWith(QStringLiteral("event-taken 10")));
    }

    void everyFileFindsTheTimelineOfItsProcess()
    {
        const Ops step = ops(kStep, 1);
        file("x.json", kinetoText(7, step, Ids::Written));
        file("y.json", kinetoText(8, step, Ids::Written));
        file("8_et.json", etText("8", step));
        file("7_et.json", etText("7", step));
        const TracePtr t = load();
        QCOMPARE(t->links().pairing(SourceId(2))->kineto, SourceId(1));
        QCOMPARE(t->links().pairing(SourceId(3))->kineto, SourceId(0));
        QCOMPARE(t->links().pairing(SourceId(2))->relation, RunRelation::SameRun);
        QCOMPARE(t->trackOf(t->sliceOf(t->executionTrace()->byId(SourceId(2), 2))), t->trackOf(SliceId(10)));
    }

    void anExecutionTraceAloneSaysSo()
    {
        file("a_et.json", etText("7", ops("a b", 1)));
        const TracePtr t = load();
        QCOMPARE(first(t), QStringLiteral("unrelated, places 0, nodes 3, rf 2, exact 0, by order 0, unmatched 3, process-node 1, no-timeline 2"));
        QVERIFY(!t->links().pairings()[0].kineto.valid());
        QVERIFY(t->links().count("node_to_event") == nullptr);
    }

    void sameNamesEverywhereEnd()
    {
        Ops nodes, events;
        for (int i = 0; i < 20'000; ++i) nodes.push_back({"a", i + 1, i % 3 ? -1 : 0, 1});
        for (int i = 0; i < 100'000; ++i) events.push_back({"a", i + 1, 0, 1});
        const TracePtr t = pair(etText("7", nodes), kinetoText(7, events));
        QVERIFY(t->links().pairings()[0].unmatched + t->links().pairings()[0].byOrder == 20'001);
    }

    void manyThreadsEnd()
    {
        Ops nodes, events;
        for (int i = 0; i < 3'000; ++i) {
            nodes.push_back({"a", i + 1, -1, i + 1});
            for (int k = 0; k < 4; ++k) events.push_back({"a", i + 1, k, i + 1});
        }
        const TracePtr t = pair(etText("7", nodes), kinetoText(7, events));
        QCOMPARE(t->links().pairings()[0].nodes, std::uint64_t{3'001});
    }

    void realPairs_data()
    {
        QTest::addColumn<QString>("et");
        QTest::addColumn<QString>("kineto");
        QTest::addColumn<QString>("expected");
        QTest::addColumn<int>("deviceOps"); // that reach a node; -1: not measured
        const auto pair = [](const char* name, const char* et, const char* kineto, const char* expected, int deviceOps = -1) {
            QTest::newRow(name) << QString::fromLatin1(et) << QString::fromLatin1(kineto) << QString::fromLatin1(expected) << deviceOps;
        };
        const char* const kResnet = "pairs/resnet_2gpu_rf/resnet_kineto.json.gz";
        const char* const kWorker0 = "pairs/dlrm_8ranks/worker0_step_12.pt.trace.json.gz";
        pair("ids", "pairs/resnet_2gpu_rf/resnet_et.json.gz", kResnet,
             "other process, record_function_id, exact, places 0, nodes 14391, rf 14388, exact 14388, by order 0, unmatched 3, process-node 1, thread-node 2");
        pair("order", "pairs/linear/linear_et.json.gz", "pairs/linear/linear_kineto.json.gz",
             "same run, order_and_sequence, inferred, difference 0, places 39, nodes 931, rf 928, exact 0, by order 928, unmatched 3, process-node 1, thread-node 2", 261);
        constexpr int kDlrmOps[] = {261, 262, 262, 273};
        for (int r = 0; r < 4; ++r) {
            const std::string rank = std::to_string(r);
            pair(("rank " + rank).c_str(), ("pairs/dlrm_8ranks/dlrm_et_" + rank + ".json.gz").c_str(),
                 ("pairs/dlrm_8ranks/worker" + rank + "_step_12.pt.trace.json.gz").c_str(),
                 "other iteration, order_and_sequence, inferred, difference 40, places 1, nodes 1675, rf 1672, exact 0, by order 1672, unmatched 3, process-node 1, thread-node 2", kDlrmOps[r]);
        }
        pair("another rank", "pairs/dlrm_8ranks/dlrm_et_1.json.gz", kWorker0,
             "other process, order_and_sequence, inferred, difference 40, places 1, nodes 1675, rf 1672, exact 0, by order 1672, unmatched 3, process-node 1, thread-node 2");
        pair("ids meet other names", "et/resnet_1.1.0.json.gz", kResnet,
             "unrelated, places 1, nodes 14392, rf 14389, exact 0, by order 0, unmatched 14392, process-node 1, thread-node 2, not-a-pair 14389");
        pair("another program", "et/hf_gpt2_1.1.0.json.gz", kResnet,
             "unrelated, places 0, nodes 27156, rf 27153, exact 0, by order 0, unmatched 27156, process-node 1, thread-node 2, not-a-pair 27153");
        pair("another program without ids", "pairs/linear/linear_et.json.gz", kWorker0,
             "unrelated, places 0, nodes 931, rf 928, exact 0, by order 0, unmatched 931, process-node 1, thread-node 2, not-a-pair 928");
    }

    void realPairs()
    {
        QFETCH(QString, et);
        QFETCH(QString, kineto);
        QFETCH(QString, expected);
        QFETCH(int, deviceOps);
        const std::vector<std::string> paths{sharedPath("traces/" + et.toStdString()), sharedPath("traces/" + kineto.toStdString())};
        if (paths[0].empty()) QSKIP("skipped: the shared traces are not here");
        auto trace = loadTrace(paths);
        QVERIFY2(trace.ok(), trace.ok() ? "" : trace.error().text().c_str());
        const auto pairings = (*trace)->links().pairings();
        QCOMPARE(pairings.size(), std::size_t{1});
        QCOMPARE(QString::fromStdString(summary(pairings[0])), expected);
        const LinkCount* count = (*trace)->links().count("node_to_event");
        QVERIFY(count != nullptr);
        QCOMPARE(count->total, pairings[0].nodes);
        const NodeId root = (*trace)->executionTrace()->roots()[0];
        if (deviceOps >= 0) QCOMPARE((*trace)->deviceWork(root).ops, static_cast<std::uint64_t>(deviceOps));
        QCOMPARE(count->matched(), pairings[0].exact + pairings[0].byOrder);
        QCOMPARE(count->unmatched, pairings[0].unmatched);
    }
};

QTEST_GUILESS_MAIN(tst_NodeLinks)
#include "tst_NodeLinks.moc"
