#include "core/format/EventReader.h"
#include "core/io/Loader.h"
#include "core/link/Ranks.h"
#include "core/trace/PlaceLookup.h"
#include "tests/support/Golden.h"
#include "tests/support/Json.h"
#include "tests/support/TraceFixture.h"

#include <QTemporaryDir>
#include <QTest>

using namespace opscope;
using namespace opscope::test;

namespace {

std::string node(int id, int parent, const std::string& name, int tensor)
{
    return "{'id': " + std::to_string(id) + ", 'name': '" + name + "', 'ctrl_deps': " + std::to_string(parent) +
           ", 'inputs': {'values': [[" + std::to_string(tensor) + ", 1, 0, 6, 4, 'cpu']], 'shapes': [[2,3]], 'types': ['Tensor(float)']}" +
           ", 'outputs': {'values': [], 'shapes': [], 'types': []}, 'attrs': [{'name': 'rf_id', 'type': 'uint64', 'value': " +
           std::to_string(id) + "}, {'name': 'tid', 'type': 'uint64', 'value': 1}]}";
}

/// A root and two nodes named by `letter`, whose ids are those of every other such file.
std::string etText(int pid, const std::string& letter)
{
    return json("{'schema': '1.0.2-chakra.0.0.4', 'pid': " + std::to_string(pid) + ", 'time': '2024-01-01 00:00:00', 'start_ts': 1, 'nodes': [" +
                node(2, 1, letter + "1", 10) + ", " + node(3, 2, letter + "2", 11) + ", " +
                node(1, 1, "[pytorch|profiler|execution_trace|process]", 12) + "], 'finish_ts': 5}");
}

std::string kinetoText(const std::string& top, const std::string& name, const std::string& ts)
{
    return json("{" + top + "'traceEvents': [{'ph': 'X', 'cat': 'cpu_op', 'name': '" + name + "', 'pid': 7, 'tid': 7, 'ts': " + ts +
                ", 'dur': 5.001}, {'ph': 'C', 'name': 'count', 'pid': 7, 'ts': " + ts + ", 'args': {'n': 1}}, {'ph': 's', 'cat': 'flow', " +
                "'name': 'f', 'id': 1, 'pid': 7, 'tid': 7, 'ts': " + ts + "}]}");
}

} // namespace

class tst_SeveralFiles : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;
    std::vector<std::string> m_paths;

    void file(const std::string& name, const std::string& text)
    {
        m_paths.push_back(m_folder.filePath(QString::fromStdString(name)).toStdString());
        QVERIFY(writeFile(m_paths.back(), text));
    }
    Result<TracePtr> load() { return loadTrace(m_paths); }
    TracePtr trace()
    {
        auto loaded = load();
        if (!loaded) qFatal("%s", loaded.error().text().c_str());
        return *loaded;
    }

private slots:
    void init() { m_paths.clear(); }

    void nodesOfSeveralFilesNeverMix()
    {
        file("a.json", etText(5, "a"));
        file("b.json", etText(5, "b"));
        const TracePtr t = trace();
        const ExecutionTrace& et = *t->executionTrace();
        QCOMPARE(et.files().size(), std::size_t{2});
        QCOMPARE(et.nodes().size(), std::size_t{6});
        QCOMPARE(et.roots().size(), std::size_t{2});
        const auto nameOf = [&](NodeId id) { return std::string(t->text(et.node(id).name)); };
        QCOMPARE(nameOf(et.byId(2)), std::string("a1"));
        QCOMPARE(nameOf(et.byId(SourceId(1), 2)), std::string("b1"));
        const NodeId b2 = et.byId(SourceId(1), 3);
        QCOMPARE(nameOf(b2), std::string("b2"));
        QCOMPARE(nameOf(et.node(b2).parent), std::string("b1"));
        QCOMPARE(nameOf(et.children(et.node(b2).parent)[0]), std::string("b2"));
        QCOMPARE(et.inputs(b2)[0].tensorId, std::int64_t{11});
        QCOMPARE(et.fileOf(b2).source, SourceId(1));
        QVERIFY(!et.byId(SourceId(1), 99).valid() && !et.byId(SourceId(7), 2).valid());
        QCOMPARE(t->etStats().nodes, std::uint64_t{6});
        QCOMPARE(et.files()[1].stats.nodes, std::uint64_t{3});
    }

    void executionTracesAloneLieBelowEachOther()
    {
        file("a.json", etText(5, "a"));
        file("b.json", etText(6, "b"));
        const TracePtr t = trace();
        QCOMPARE(t->timeBase(), TimeBase::NodeOrder);
        QCOMPARE(t->processes().size(), std::size_t{2});
        QCOMPARE(t->processName(ProcessId(1)), std::string("b.json, execution trace, process 6"));
        const ExecutionTrace& et = *t->executionTrace();
        for (std::uint32_t i = 0; i < et.nodes().size(); ++i) {
            const SliceId slice = t->sliceOf(NodeId(i));
            QVERIFY(slice.valid());
            QCOMPARE(t->nodeOf(slice), NodeId(i));
            QCOMPARE(t->slices().start(slice), static_cast<Nanos>(i % 3)); // each file counts from 0
            QCOMPARE(t->name(slice), t->text(et.node(NodeId(i)).name));
        }
        const SliceId b2 = sliceNamed(*t, "b2");
        const auto text = readEvent(*t, b2);
        QVERIFY(text.ok());
        QVERIFY(text->json.find("\"b2\"") != std::string::npos);
        QCOMPARE(placeAt(*t, SourceId(1), t->slices().sourceOffset(b2)).node, t->nodeOf(b2));
    }

    void differencesOfBaseTimesAreExact()
    {
        file("a.json", kinetoText("'baseTimeNanoseconds': 1700000000000000001, ", "a", "1000.002"));
        file("b.json", kinetoText("'baseTimeNanoseconds': 1700000000000000500, ", "b", "1000.001"));
        file("c.json", kinetoText("", "c", "1700000000000900.007")); // absolute
        const TracePtr t = trace();
        QCOMPARE(t->baseTime(), std::int64_t{1700000000000000001});
        const auto startOf = [&](const char* name) { return t->slices().start(sliceNamed(*t, name)); };
        QCOMPARE(startOf("a"), Nanos{1'000'002});
        QCOMPARE(startOf("b"), Nanos{1'000'001 + 499});
        QCOMPARE(startOf("c"), Nanos{900'006});
        QCOMPARE(t->stats().minTime->ns, Nanos{900'006});
        for (const FlowPoint& point : t->flows().points()) QVERIFY(point.time >= 900'006 && point.time <= 1'000'500);
        for (const auto& series : t->counters().series())
            for (const Nanos time : t->counters().times(series)) QVERIFY(time >= 900'006 && time <= 1'000'500);
        QCOMPARE(t->processes().size(), std::size_t{3}); // one pid in three files is three processes
    }

    void theOrderOfTheFilesDoesNotMoveTheirTimes()
    {
        file("c.json", kinetoText("", "c", "1700000000000900.007"));
        file("a.json", kinetoText("'baseTimeNanoseconds': 1700000000000000001, ", "a", "1000.002"));
        const TracePtr t = trace();
        QCOMPARE(t->baseTime() + t->slices().start(sliceNamed(*t, "c")), Nanos{1700000000000900007});
        QCOMPARE(t->baseTime() + t->slices().start(sliceNamed(*t, "a")), Nanos{1700000000001000003});
    }

    void recordingsOfDifferentWeeksAreRefused()
    {
        file("a.json", kinetoText("", "a", "1700000000000000"));
        file("b.json", kinetoText("", "b", "1703000000000000"));
        auto refused = load();
        QVERIFY(!refused.ok());
        QCOMPARE(refused.error().text(), std::string("a.json and b.json do not fit on one time axis: 34 days lie between them; open them apart"));
    }

    void hostileBaseTimesAreRefused()
    {
        file("a.json", kinetoText("'baseTimeNanoseconds': 9223372036854775000, ", "a", "1"));
        file("b.json", kinetoText("'baseTimeNanoseconds': -9223372036854775000, ", "b", "1"));
        QCOMPARE(load().error().code, ErrorCode::Usage);
    }

    void theSameFileTwiceIsRefused()
    {
        file("a.json", etText(5, "a"));
        m_paths.push_back(m_folder.path().toStdString() + "/./a.json");
        QCOMPARE(load().error().text(), std::string("a.json was given twice"));
    }

    void ranksAreNamedWhenThereAreSeveral()
    {
        file("x.json", kinetoText("'distributedInfo': {'rank': 4, 'world_size': 8}, ", "a", "10"));
        file("worker5_step.json", kinetoText("", "b", "10"));
        const TracePtr t = trace();
        QCOMPARE(t->processName(ProcessId(0)), std::string("rank 4, process 7"));
        QCOMPARE(t->processName(ProcessId(1)), std::string("rank 5?, process 7"));
        QCOMPARE(t->sources()[0].worldSize, std::optional<std::int64_t>(8));
        m_paths.pop_back();
        QCOMPARE(trace()->processName(ProcessId(0)), std::string("process 7"));
    }

    void ranksOfNames_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<int>("rank");
        QTest::newRow("rank-0") << "dir/rank-0.Apr_03_18.1102.pt.trace.json.gz" << 0;
        QTest::newRow("rank_1") << "sampled_rank_1.json" << 1;
        QTest::newRow("worker3") << "worker3_step_12.1694.pt.trace.json" << 3;
        QTest::newRow("capitals") << "Trace_RANK12.json" << 12;
        QTest::newRow("folder only") << "rank3/trace.json" << -1;
        QTest::newRow("within a word") << "frank3.json" << -1;
        QTest::newRow("no number") << "rank.json" << -1;
        QTest::newRow("too long") << "rank99999999999999999999.json" << -1;
        QTest::newRow("rank beats worker") << "rank2_worker7.json" << 2;
    }

    void ranksOfNames()
    {
        QFETCH(QString, name);
        QFETCH(int, rank);
        QCOMPARE(rankOfName(name.toStdString()).value_or(-1), std::int64_t{rank});
    }
};

QTEST_GUILESS_MAIN(tst_SeveralFiles)
#include "tst_SeveralFiles.moc"
