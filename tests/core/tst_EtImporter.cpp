#include "core/format/et/EtImporter.h"

#include "core/format/et/EtTensors.h"
#include "tests/support/Gzip.h"
#include "tests/support/Json.h"
#include "tests/support/TraceFixture.h"

#include <QFile>
#include <QTest>
#include <algorithm>
#include <random>

using namespace opscope;
using namespace opscope::test;

namespace {

/// A trace of these nodes ('...' is "..."), with the process and a thread node behind them as a writer puts them.
std::string document(const std::string& nodes, const std::string& schema = "1.0.1")
{
    const std::string tail = "{'name': '[pytorch|profiler|execution_trace|thread]', 'id': 2, 'rf_id': 0, 'parent': 1, "
                             "'scope': 7, 'tid': 1},\n"
                             "{'name': '[pytorch|profiler|execution_trace|process]', 'id': 1, 'rf_id': 0, 'parent': 1, "
                             "'scope': 7, 'tid': 0}\n";
    return json("{'schema': '" + schema + "', 'pid': 7, 'time': 'now', 'start_ts': 1, 'nodes': [\n" + nodes +
                (nodes.empty() ? "" : ",\n") + tail + "], 'finish_ts': 2}");
}

std::string node(int id, int parent, const std::string& name = "op", const std::string& rest = "")
{
    return "{'name': '" + name + "', 'id': " + std::to_string(id) + ", 'parent': " + std::to_string(parent) +
           ", 'rf_id': " + std::to_string(id) + ", 'tid': 1" + rest + "}";
}

/// "1(2(4 5) 3)": ids of the tree, children in brackets, roots one after the other.
std::string tree(const ExecutionTrace& et)
{
    struct Step
    {
        NodeId node;
        bool close = false;
    };
    std::string out;
    std::vector<Step> todo;
    for (auto root = et.roots().rbegin(); root != et.roots().rend(); ++root) todo.push_back({*root});
    while (!todo.empty()) {
        const Step step = todo.back();
        todo.pop_back();
        if (step.close) {
            out += ')';
            continue;
        }
        if (!out.empty() && out.back() != '(') out += ' ';
        out += std::to_string(et.node(step.node).id);
        const auto children = et.children(step.node);
        if (children.empty()) continue;
        out += '(';
        todo.push_back({step.node, true});
        for (auto child = children.rbegin(); child != children.rend(); ++child) todo.push_back({*child});
    }
    return out;
}

std::vector<std::string> defects(const Trace& trace)
{
    std::vector<std::string> out;
    for (const Defect defect : trace.diagnostics().seen())
        out.push_back(std::string(info(defect).id) + " " + std::to_string(trace.diagnostics().count(defect)));
    return out;
}

using Strings = std::vector<std::string>;

/// "f32 5/6+0 [2,3]" for each tensor of a node.
Strings shown(const Trace& trace, std::span<const TensorDesc> tensors)
{
    Strings out;
    for (const TensorDesc& t : tensors) {
        out.push_back(std::to_string(t.argument) + ": " + std::string(trace.text(t.dtype)) + " " +
                      std::to_string(t.tensorId) + "/" + std::to_string(t.storageId) + "+" + std::to_string(t.offset) +
                      " " + std::to_string(t.elements) + "x" + std::to_string(t.itemSize) + " " +
                      (t.device ? std::string(trace.text(t.device)) : "-") + " " +
                      (t.shape ? std::string(trace.text(t.shape)) : "-") + " " +
                      (t.strides ? std::string(trace.text(t.strides)) : "-"));
    }
    return out;
}

const EtNode& nodeOf(const Trace& trace, std::int64_t id)
{
    return trace.executionTrace()->node(trace.executionTrace()->byId(id));
}

TracePtr sample(const std::string& name) { return traceFromFile("et/" + name); }

} // namespace

class tst_EtImporter : public QObject
{
    Q_OBJECT

private slots:
    void everySchemaVersionGivesTheSameTree_data();
    void everySchemaVersionGivesTheSameTree();
    void tensorsOfTheFirstVersionHaveNoDevice();
    void attributesAreRead();
    void tensorsAreFoundByTheirTypes();
    void typeStringsAreCutOutsideOfBrackets();
    void aShapeThatWasNotRecordedIsNone();
    void numbersBeyondDoublesAreExact();
    void rowsAreSortedById();
    void orphansGetAStandInUnderTheirThread();
    void aParentThatCannotBeIsReplacedByTheThread();
    void circlesAreCut();
    void duplicateIdsAreBothKept();
    void idsMayBeMissingOrNoNumbers();
    void aMissingRootIsMade();
    void controlDependenciesMayBeAList();
    void missingKeysHaveDefaults();
    void namesThatWereNotEscapedAreRecovered_data();
    void namesThatWereNotEscapedAreRecovered();
    void aBrokenLastNodeIsRecovered();
    void anUnreadableNodeLosesOnlyItself();
    void lenientTexts_data();
    void lenientTexts();
    void eightDigitEscapesInNamesAreBytes();
    void cutFilesKeepTheirCompleteNodes();
    void aSecondDocumentIsReported();
    void elementsThatAreNoNodesAreCounted();
    void unknownSchemasAreReadAndNamed();
    void longListsAreNoted();
    void aLinkedHostTraceIsRead();
    void onlyARootMeansNothingWasCaptured();
    void deepTreesNeedNoStack();
    void whateverTheLinksTheResultIsATree();
    void aHugeNodeGrowsTheWindow();
    void whatIsAnExecutionTrace_data();
    void whatIsAnExecutionTrace();
    void ourRecordingsReadWhole();
};

void tst_EtImporter::everySchemaVersionGivesTheSameTree_data()
{
    QTest::addColumn<QString>("file");
    QTest::addColumn<QString>("schema");
    QTest::addColumn<QString>("expected");
    QTest::newRow("1.0.0") << "flat_1.0.0.json"
                           << "1.0.0"
                           << "1(2(3(4)))";
    QTest::newRow("1.0.1") << "flat_1.0.1.json"
                           << "1.0.1"
                           << "1(2(3(4)))";
    QTest::newRow("1.0.2") << "attrs_1.0.2.json"
                           << "1.0.2-chakra.0.0.4"
                           << "1(2(3(4)))";
    QTest::newRow("1.0.3") << "attrs_1.0.3.json"
                           << "1.0.3-chakra.0.0.4"
                           << "1(2(3(4)))";
    QTest::newRow("1.1.0") << "attrs_1.1.0.json"
                           << "1.1.0-chakra.0.0.4"
                           << "1(2(3(4)))";
    QTest::newRow("1.1.1") << "attrs_1.1.1.json"
                           << "1.1.1-chakra.0.0.4"
                           << "1(2(3(4 8 9)))";
}

void tst_EtImporter::everySchemaVersionGivesTheSameTree()
{
    QFETCH(QString, file);
    QFETCH(QString, schema);
    QFETCH(QString, expected);
    const TracePtr trace = sample(file.toStdString());
    const ExecutionTrace& et = *trace->executionTrace();
    QCOMPARE(QString::fromStdString(tree(et)), expected);
    QCOMPARE(QString::fromStdString(et.files().front().schemaVersion), schema);
    QCOMPARE(defects(*trace), Strings());
    QCOMPARE(et.files().front().pid, std::optional<std::int64_t>(7));
    QCOMPARE(et.files().front().startTs, std::optional<std::int64_t>(100));
    QCOMPARE(et.files().front().finishTs, std::optional<std::int64_t>(250));
    QCOMPARE(et.files().front().graphNames, schema == "1.0.0");
    QVERIFY(!et.files().front().cutOff);
    QCOMPARE(nodeOf(*trace, 4).rfId, std::uint64_t{2});
    QCOMPARE(nodeOf(*trace, 4).depth, std::uint16_t{3});
    QCOMPARE(trace->etStats().rootIds, Strings{"1"});
}

void tst_EtImporter::tensorsOfTheFirstVersionHaveNoDevice()
{
    const TracePtr first = sample("flat_1.0.0.json"), second = sample("flat_1.0.1.json");
    const NodeId node = first->executionTrace()->byId(4);
    QCOMPARE(shown(*first, first->executionTrace()->inputs(node)),
             (Strings{"0: float 5/6+0 6x4 - [2,3] -", "1: float 7/8+3 1x4 - [] -"}));
    QCOMPARE(shown(*second, second->executionTrace()->inputs(node)),
             (Strings{"0: float 5/6+0 6x4 cpu [2,3] -", "1: float 7/8+3 1x4 cuda:0 [] -"}));
    QCOMPARE(shown(*first, first->executionTrace()->outputs(node)), (Strings{"0: float 9/10+0 6x4 - [2,3] -"}));
}

void tst_EtImporter::attributesAreRead()
{
    const TracePtr comms = sample("attrs_1.1.0.json");
    QCOMPARE(comms->text(nodeOf(*comms, 4).collective), std::string_view("allgather"));
    QCOMPARE(comms->text(nodeOf(*comms, 4).processGroup), std::string_view("0"));
    QVERIFY(!nodeOf(*comms, 3).collective);
    QCOMPARE(comms->etStats().withCollectiveName, std::uint64_t{1});
    const TracePtr late = sample("attrs_1.1.1.json");
    const EtNode& gather = nodeOf(*late, 4);
    QCOMPARE(late->text(gather.tensorRange), std::string_view("{\"0\":[1,4],\"1\":[0,1]}"));
    QCOMPARE(late->text(gather.schema).substr(0, 12), std::string_view("aten::gather"));
    QCOMPARE(gather.seqId, std::int64_t{5});
    QVERIFY(!gather.kernelBackend);
    const EtNode& kernel = nodeOf(*late, 8);
    QCOMPARE(late->text(kernel.kernelBackend), std::string_view("triton"));
    QCOMPARE(late->text(kernel.kernelFile), std::string_view("c3pm.py"));
    QCOMPARE(kernel.outputTensors, 0u);
    QCOMPARE(late->etStats().withKernelFile, std::uint64_t{1});
    QCOMPARE(late->etStats().withTensorRange, std::uint64_t{1});
}

void tst_EtImporter::tensorsAreFoundByTheirTypes()
{
    // A list of six numbers is no tensor; nested lists are flattened; what has no type is not looked at.
    const TracePtr trace = traceFromText(
        document(node(3, 2, "op",
                      ", 'inputs': [[1,2,3,4,5,6], [5,6,1,6,4,'cpu'], "
                      "[[[7,8,0,1,2,'cuda:0']],[[9,8,0,2,2,'cuda:0'],[10,0,0,0,0,'']]], [11,8,0,1,1,'cpu'],"
                      " [12,8,0,1,1,'cpu']]"
                      ", 'input_shapes': [[[],[],[],[],[],[]], [2,3], [[[1]],[[2],[]]], [1], [1]]"
                      ", 'input_types': ['GenericList[Int,Int,Int,Int,Int,Int]', 'Tensor(c10::complex<float>)',"
                      " 'GenericList[GenericList[Tensor(float)],Tuple[Tensor(c10::Half),Tensor(nullptr "
                      "(uninitialized))]]', 'None']")));
    const NodeId id = trace->executionTrace()->byId(3);
    QCOMPARE(shown(*trace, trace->executionTrace()->inputs(id)),
             (Strings{"1: c10::complex<float> 5/6+1 6x4 cpu [2,3] -", "2: float 7/8+0 1x2 cuda:0 [1] -",
                      "2: c10::Half 9/8+0 2x2 cuda:0 [2] -", "2: nullptr (uninitialized) 10/0+0 0x0  - -"}));
    QVERIFY(trace->executionTrace()->inputs(id)[3].undefined());
    QCOMPARE(trace->etStats().tensorsIn, std::uint64_t{4});
    QCOMPARE(trace->etStats().distinctStorageIds, std::uint64_t{3});
}

void tst_EtImporter::typeStringsAreCutOutsideOfBrackets()
{
    const auto parts = [](std::string_view type) {
        Strings out;
        et::ElementTypes types(type);
        for (std::string_view part; types.next(part);) out.emplace_back(part);
        return out;
    };
    QCOMPARE(parts("GenericList[Int,Int]"), (Strings{"Int", "Int"}));
    QCOMPARE(parts("Tuple[GenericList[Int,Int], Tensor(nullptr (uninitialized)),None]"),
             (Strings{"GenericList[Int,Int]", "Tensor(nullptr (uninitialized))", "None"}));
    QCOMPARE(parts("GenericList[]"), Strings());
    QCOMPARE(parts("GenericList[Int"), Strings());
    QCOMPARE(parts("Int"), Strings());
    QCOMPARE(parts("GenericList[((((]"), (Strings{"(((("}));
}

void tst_EtImporter::aShapeThatWasNotRecordedIsNone()
{
    const TracePtr trace = traceFromText(
        document(node(3, 2, "op",
                      ", 'inputs': [[5,6,0,1,4,'cpu'],[7,0,0,0,4,''],[8,9,0,4,4,'cpu']], 'input_shapes': [[],[]],"
                      " 'input_types': ['Tensor(float)','Tensor(float)','Tensor(float)']")));
    QCOMPARE(shown(*trace, trace->executionTrace()->inputs(trace->executionTrace()->byId(3))),
             (Strings{"0: float 5/6+0 1x4 cpu [] -", "1: float 7/0+0 0x4  - -", "2: float 8/9+0 4x4 cpu - -"}));
}

void tst_EtImporter::numbersBeyondDoublesAreExact()
{
    const TracePtr trace = traceFromText(
        document("{'name': 'op', 'id': 9007199254740993, 'parent': 2, 'rf_id': 18446744073709551615, 'seq_id': "
                 "-9007199254740993,"
                 " 'tid': 1, 'inputs': [[9007199254740995,1,0,9007199254740997,1,'cpu']], 'input_shapes': [[1]],"
                 " 'input_types': ['Tensor(float)']}"));
    const EtNode& big = nodeOf(*trace, 9007199254740993);
    QCOMPARE(big.rfId, std::uint64_t{18446744073709551615u});
    QCOMPARE(big.seqId, std::int64_t{-9007199254740993});
    QCOMPARE(trace->executionTrace()->tensors()[0].tensorId, std::int64_t{9007199254740995});
    QCOMPARE(trace->executionTrace()->tensors()[0].elements, std::int64_t{9007199254740997});
}

void tst_EtImporter::rowsAreSortedById()
{
    const TracePtr trace = traceFromText(document(node(6, 5) + "," + node(5, 3) + "," + node(4, 3) + "," + node(3, 2)));
    std::vector<std::int64_t> ids;
    for (const EtNode& row : trace->executionTrace()->nodes()) ids.push_back(row.id);
    QCOMPARE(ids, (std::vector<std::int64_t>{1, 2, 3, 4, 5, 6}));
    QCOMPARE(tree(*trace->executionTrace()), std::string("1(2(3(4 5(6))))"));
    QCOMPARE(defects(*trace), Strings());
    QCOMPARE(trace->etStats().maxTreeDepth, std::uint64_t{4});
}

void tst_EtImporter::orphansGetAStandInUnderTheirThread()
{
    const TracePtr trace = traceFromText(document(node(6, 4) + "," + node(5, 4) + "," + node(9, 8)));
    const ExecutionTrace& et = *trace->executionTrace();
    QCOMPARE(tree(et), std::string("1(2(4(5 6) 8(9)))"));
    const EtNode& standIn = nodeOf(*trace, 4);
    QVERIFY(standIn.synthetic);
    QCOMPARE(standIn.sourceLength, 0u);
    QCOMPARE(trace->text(standIn.name), std::string_view("(unfinished scope #4)"));
    QCOMPARE(defects(*trace), (Strings{"unfinished-scope 2", "orphan-scope 3"}));
    QCOMPARE(trace->etStats().danglingParent, std::uint64_t{3});
    QCOMPARE(trace->etStats().nodes, std::uint64_t{5});
    QCOMPARE(trace->etStats().maxTreeDepth, std::uint64_t{1}); // as the file has it
}

void tst_EtImporter::aParentThatCannotBeIsReplacedByTheThread()
{
    const TracePtr trace = traceFromText(document(node(5, 999999) + "," + node(6, 0) + "," + node(0, 0)));
    QCOMPARE(tree(*trace->executionTrace()), std::string("1(0(6) 2(5))"));
    QCOMPARE(defects(*trace), (Strings{"missing-parent 1", "parent-cycle 1"}));
}

void tst_EtImporter::circlesAreCut()
{
    const TracePtr trace =
        traceFromText(document(node(3, 5) + "," + node(4, 3) + "," + node(5, 4) + "," + node(6, 6) + "," + node(7, 5)));
    QCOMPARE(tree(*trace->executionTrace()), std::string("1(2(3(4(5(7))) 6))"));
    QCOMPARE(defects(*trace), (Strings{"parent-cycle 2"}));
    QCOMPARE(trace->etStats().nodesInCycles, std::uint64_t{3});
    QCOMPARE(trace->etStats().maxTreeDepth, std::uint64_t{1});
}

void tst_EtImporter::duplicateIdsAreBothKept()
{
    const TracePtr trace = traceFromText(document(node(3, 2, "first") + "," + node(3, 2, "second") + "," + node(4, 3)));
    QCOMPARE(tree(*trace->executionTrace()), std::string("1(2(3(4) 3))"));
    QCOMPARE(trace->text(nodeOf(*trace, 3).name), std::string_view("first"));
    QCOMPARE(defects(*trace), (Strings{"duplicate-node-id 1"}));
    QCOMPARE(trace->etStats().duplicateIds, std::uint64_t{1});
}

void tst_EtImporter::idsMayBeMissingOrNoNumbers()
{
    const TracePtr trace = traceFromText(document(
        "{'name': 'none', 'parent': 2, 'tid': 1}, {'name': 'text', 'id': 'x', 'parent': 2, 'tid': 1},"
        "{'name': 'child', 'id': 9, 'parent': 2, 'tid': 1}, {'name': 'digits', 'id': '5', 'parent': '2', 'tid': 1}"));
    QCOMPARE(tree(*trace->executionTrace()), std::string("1(2(5 9 10 11))"));
    QCOMPARE(trace->text(nodeOf(*trace, 10).name), std::string_view("none"));
    QCOMPARE(defects(*trace), (Strings{"missing-node-id 1", "wrong-node-type 1"}));
}

void tst_EtImporter::aMissingRootIsMade()
{
    const std::string text = json("{'schema':'1.0.1','nodes':[" + node(4, 3) + "," + node(3, 1) + "],'finish_ts':1}");
    const TracePtr trace = traceFromText(text);
    QCOMPARE(tree(*trace->executionTrace()), std::string("1(3(4))"));
    QVERIFY(nodeOf(*trace, 1).synthetic);
    QCOMPARE(defects(*trace), (Strings{"missing-root 1"}));
    QCOMPARE(trace->etStats().rootIds, Strings());
    QCOMPARE(trace->etStats().danglingParent, std::uint64_t{1});
}

void tst_EtImporter::controlDependenciesMayBeAList()
{
    const TracePtr trace = traceFromText(document("{'id': 3, 'name': 'a', 'ctrl_deps': [2], 'attrs': []}, {'id': 4, "
                                                  "'name': 'b', 'ctrl_deps': [77, 3, 2], 'attrs': []},"
                                                  "{'id': 5, 'name': 'c', 'ctrl_deps': [], 'attrs': []}"));
    QCOMPARE(tree(*trace->executionTrace()), std::string("1(2(3(4)) 5)"));
    QCOMPARE(trace->etStats().danglingCtrlDeps, std::uint64_t{1});
}

void tst_EtImporter::missingKeysHaveDefaults()
{
    const TracePtr trace = traceFromText(document("{'id': 3}"));
    const EtNode& bare = nodeOf(*trace, 3);
    QCOMPARE(bare.seqId, std::int64_t{-1});
    QCOMPARE(bare.rfId, std::uint64_t{0});
    QCOMPARE(trace->executionTrace()->node(bare.parent).id, std::int64_t{1});
    QCOMPARE(defects(*trace), (Strings{"missing-name 1"}));
}

void tst_EtImporter::namesThatWereNotEscapedAreRecovered_data()
{
    QTest::addColumn<QByteArray>("name");
    QTest::newRow("a pair of quotes") << QByteArray("he said \"hi\"");
    QTest::newRow("one quote") << QByteArray("5\" pipe");
    QTest::newRow("a quote at the end") << QByteArray("pipe 5\"");
    QTest::newRow("brackets") << QByteArray("a \"b{[c\" d");
    QTest::newRow("a closing bracket") << QByteArray("a \"}\" d");
    QTest::newRow("a backslash at the end") << QByteArray("C:\\");
    QTest::newRow("a stray backslash") << QByteArray("\\d+ and \"x\"");
    QTest::newRow("a newline") << QByteArray("two\nlines \"here\"");
}

void tst_EtImporter::namesThatWereNotEscapedAreRecovered()
{
    QFETCH(QByteArray, name);
    for (const std::string file : {"attrs_1.0.2.json", "flat_1.0.1.json", "attrs_1.1.1.json"}) {
        QFile source(QString::fromUtf8(OPSCOPE_TEST_DATA "/et/") + QString::fromStdString(file));
        QVERIFY(source.open(QIODevice::ReadOnly));
        const QByteArray whole = source.readAll();
        for (const QByteArray which : {"record_param_comms", "aten::mul", "aten::gather", "## step ##"}) {
            QByteArray text = whole;
            if (!text.contains('"' + which + '"')) continue;
            text.replace('"' + which + '"', '"' + name + '"');
            for (const std::size_t window : {std::size_t{64}, std::size_t{1} << 20}) {
                const TracePtr trace = traceFromText(text.toStdString(), {1, window});
                const ExecutionTrace& et = *trace->executionTrace();
                QCOMPARE(tree(et), std::string(file.starts_with("attrs_1.1.1") ? "1(2(3(4 8 9)))" : "1(2(3(4)))"));
                const EtNode& damaged = nodeOf(*trace, which.startsWith("##") ? 3 : 4);
                QCOMPARE(QByteArray::fromStdString(std::string(trace->text(damaged.name))), name);
                QVERIFY(damaged.damaged);
                QCOMPARE(trace->diagnostics().count(Defect::DamagedNode), std::uint64_t{1});
                QCOMPARE(damaged.rfId, std::uint64_t(which.startsWith("##") ? 1 : 2));
                QVERIFY(!et.files().front().cutOff);
            }
        }
    }
}

void tst_EtImporter::aBrokenLastNodeIsRecovered()
{
    std::string text = document(node(3, 2));
    const std::size_t name = text.find("[pytorch|profiler|execution_trace|process]");
    text.insert(name + 1, "\"");
    const TracePtr trace = traceFromText(text);
    QCOMPARE(trace->executionTrace()->nodes().size(), std::size_t{3});
    QCOMPARE(trace->text(nodeOf(*trace, 1).name), std::string_view("[\"pytorch|profiler|execution_trace|process]"));
    QVERIFY(nodeOf(*trace, 1).damaged);
}

void tst_EtImporter::anUnreadableNodeLosesOnlyItself()
{
    const TracePtr trace =
        traceFromText(document(node(3, 2) + ",\n{'name': ]] nothing {{ to, be made of this '\n,\n" + node(4, 3)));
    QCOMPARE(tree(*trace->executionTrace()), std::string("1(2(3(4)))"));
    QCOMPARE(trace->diagnostics().count(Defect::DamagedNode), std::uint64_t{1});
    QCOMPARE(trace->etStats().nodes, std::uint64_t{5});
}

void tst_EtImporter::lenientTexts_data()
{
    QTest::addColumn<QByteArray>("from");
    QTest::addColumn<QByteArray>("to");
    QTest::addColumn<QByteArray>("defect");
    const auto row = [](const char* what, const char* from, const char* to, const char* defect) {
        QTest::newRow(what) << QByteArray(from) << QByteArray(to) << QByteArray(defect);
    };
    row("a comma behind the last node", "}\n]", "},\n]", "trailing-commas 1");
    row("two commas between nodes", "},\n", "},,\n", "trailing-commas 2");
    row("no comma between nodes", "},\n{\"name\": \"[pytorch|profiler|execution_trace|p",
        "}\n{\"name\": \"[pytorch|profiler|execution_trace|p", "json-syntax 1");
    row("NaN", "[1.5]", "[NaN]", "");
    row("a raw tab", "## s ##", "##\ts ##", "control-character 1");
    row("bad UTF-8", "## s ##", "## \xFF ##", "invalid-utf8 1");
    row("an unknown escape", "## s ##", "## \\s ##", "json-syntax 1");
    row("a comment", "\"nodes\": [", "\"nodes\": [ // here", "comments 1");
    row("a byte order mark", "{\"schema\"", "\xEF\xBB\xBF{\"schema\"", "");
    row("CRLF", "\n", "\r\n", "");
    row("a key that stands twice", "\"rf_id\": 3,", "\"rf_id\": 99, \"rf_id\": 3,", "");
    row("a trailing comma in a node", "\"tid\": 1, \"inputs\"", "\"tid\": 1,, \"inputs\"", "trailing-commas 1");
}

void tst_EtImporter::lenientTexts()
{
    QFETCH(QByteArray, from);
    QFETCH(QByteArray, to);
    QFETCH(QByteArray, defect);
    QByteArray text = QByteArray::fromStdString(
        document(node(3, 2, "## s ##", ", 'inputs': [[1.5]], 'input_types': ['GenericList[Double]']")));
    QVERIFY(text.contains(from));
    text.replace(from, to);
    const TracePtr trace = traceFromText(text.toStdString());
    QCOMPARE(tree(*trace->executionTrace()), std::string("1(2(3))"));
    QCOMPARE(nodeOf(*trace, 3).rfId, std::uint64_t{3});
    QCOMPARE(defects(*trace), defect.isEmpty() ? Strings() : Strings{defect.toStdString()});
}

void tst_EtImporter::eightDigitEscapesInNamesAreBytes()
{
    const TracePtr trace = traceFromText(document(node(3, 2, "gr\\uffffffc3\\uffffffb6n")));
    QCOMPARE(trace->text(nodeOf(*trace, 3).name), std::string_view("gr\xC3\xB6n"));
    QCOMPARE(defects(*trace), Strings());
}

void tst_EtImporter::cutFilesKeepTheirCompleteNodes()
{
    const std::string whole = document(node(4, 3) + ",\n" + node(3, 2));
    const TracePtr complete = traceFromText(whole);
    for (std::size_t length = whole.find("nodes") + 8; length < whole.size(); ++length) {
        const Result<TracePtr> trace = loadTraceFromMemory(std::string_view(whole).substr(0, length), "cut");
        if (!trace) continue; // no nodes yet: "there is nothing"
        QVERIFY((*trace)->executionTrace()->files().front().cutOff);
        QVERIFY((*trace)->diagnostics().count(Defect::FileCutOff) == 1);
        QVERIFY((*trace)->etStats().nodes <= complete->etStats().nodes);
        const std::size_t first = whole.find("},\n") + 1;
        if (length >= first) QVERIFY((*trace)->executionTrace()->byId(4).valid());
    }
}

void tst_EtImporter::aSecondDocumentIsReported()
{
    const std::string one = document(node(3, 2));
    const TracePtr twice = traceFromText(one + "\n" + one);
    QCOMPARE(tree(*twice->executionTrace()), std::string("1(2(3))"));
    QCOMPARE(defects(*twice), (Strings{"second-document 1"}));
    QCOMPARE(defects(*traceFromText(one + "\nxyz")), (Strings{"trailing-bytes 1"}));
}

void tst_EtImporter::elementsThatAreNoNodesAreCounted()
{
    const TracePtr trace = traceFromText(document("17, 'text', null, [1,[2]], " + node(3, 2)));
    QCOMPARE(tree(*trace->executionTrace()), std::string("1(2(3))"));
    QCOMPARE(defects(*trace), (Strings{"not-an-object 4"}));
    QCOMPARE(trace->etStats().nodes, std::uint64_t{7});
}

void tst_EtImporter::unknownSchemasAreReadAndNamed()
{
    const TracePtr trace = traceFromText(document(node(3, 2), "9.9.9-chakra.1.0.0"));
    QCOMPARE(tree(*trace->executionTrace()), std::string("1(2(3))"));
    QCOMPARE(defects(*trace), (Strings{"unknown-schema 1"}));
    QCOMPARE(trace->diagnostics().places(Defect::UnknownSchema)[0].detail, std::string("9.9.9-chakra.1.0.0"));
}

void tst_EtImporter::longListsAreNoted()
{
    const auto list = [](int elements) {
        std::string values = "1";
        for (int i = 1; i < elements; ++i) values += ",1";
        return traceFromText(
            document(node(3, 2, "op", ", 'inputs': [[" + values + "]], 'input_types': ['GenericList[Int]']")));
    };
    QCOMPARE(defects(*list(4096)), Strings());
    QCOMPARE(defects(*list(4097)), (Strings{"truncated-list 1"}));
}

void tst_EtImporter::aLinkedHostTraceIsRead()
{
    const TracePtr trace = sample("linked_host_trace.json");
    QCOMPARE(tree(*trace->executionTrace()), std::string("1(2(3(4)))"));
    QCOMPARE(trace->text(nodeOf(*trace, 4).name), std::string_view("relu_kernel"));
    QCOMPARE(defects(*trace), Strings());
}

void tst_EtImporter::onlyARootMeansNothingWasCaptured()
{
    const TracePtr trace = sample("torch213_nothing_captured.json");
    QCOMPARE(tree(*trace->executionTrace()), std::string("1"));
    QCOMPARE(trace->etStats().nodes, std::uint64_t{1});
    QCOMPARE(trace->diagnostics().count(Defect::NoEvents), std::uint64_t{1});
}

void tst_EtImporter::deepTreesNeedNoStack()
{
    std::string nodes;
    constexpr int kDepth = 100'000;
    for (int id = kDepth; id > 2; --id) nodes += (nodes.empty() ? "" : ",\n") + node(id, id - 1);
    const TracePtr trace = traceFromText(document(nodes));
    QCOMPARE(trace->etStats().maxTreeDepth, std::uint64_t{kDepth - 1});
    QCOMPARE(nodeOf(*trace, kDepth).depth, std::uint16_t{0xFFFF});
}

void tst_EtImporter::whateverTheLinksTheResultIsATree()
{
    std::mt19937 random(11);
    const auto upTo = [&random](int end) { return static_cast<int>(random() % static_cast<unsigned>(end)); };
    for (int round = 0; round < 300; ++round) {
        std::string nodes = node(upTo(20), upTo(24));
        const int count = 1 + upTo(20);
        for (int i = 1; i < count; ++i) nodes += "," + node(upTo(20), upTo(24));
        const TracePtr trace = traceFromText(document(nodes));
        const ExecutionTrace& et = *trace->executionTrace();
        std::vector<NodeId> seen(et.roots().begin(), et.roots().end());
        for (std::size_t i = 0; i < seen.size() && seen.size() <= et.nodes().size(); ++i) {
            for (const NodeId child : et.children(seen[i])) {
                QCOMPARE(et.node(child).parent, seen[i]);
                QCOMPARE(et.node(child).depth, static_cast<std::uint16_t>(et.node(seen[i]).depth + 1));
                seen.push_back(child);
            }
        }
        QCOMPARE(seen.size(), et.nodes().size());
        std::sort(seen.begin(), seen.end());
        QVERIFY(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
        QVERIFY(std::is_sorted(et.nodes().begin(), et.nodes().end(), [](const EtNode& a, const EtNode& b) { return a.id < b.id; }));
        QCOMPARE(trace->etStats().nodes, static_cast<std::uint64_t>(count + 2));
    }
}

void tst_EtImporter::aHugeNodeGrowsTheWindow()
{
    std::string values = "'x'";
    for (int i = 0; i < 500'000; ++i) values += ",'some text'";
    const TracePtr trace =
        traceFromText(document(node(3, 2, "op", ", 'inputs': [" + values + ",[5,6,0,1,4,'cpu']], 'input_types': []") +
                               "," + node(4, 3)),
                      {1, 4096});
    QCOMPARE(tree(*trace->executionTrace()), std::string("1(2(3(4)))"));
    QVERIFY(nodeOf(*trace, 3).sourceLength > 5'000'000);
}

void tst_EtImporter::whatIsAnExecutionTrace_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<bool>("yes");
    const auto row = [](const char* text, bool yes) {
        QTest::newRow(text) << QByteArray::fromStdString(json(text)) << yes;
    };
    row("{'schema':'1.0.1','nodes':[]}", true);
    row("{'pid':1,'nodes':[{'id':1,'name':'x','ctrl_deps':1}]}", true);
    row("\n{'nodes':[{'id':1,'name':'x'},{'parent':1,'name':'y'}", true);
    row("{'nodes':[{'id':1,'name':'x','parent':1,'inputs':[", true);
    row("{'nodes':[],'schema':'1.0.1'}", true);
    row("{'schema':'1.0.1','nodes':[{'na", true);
    row("{'nodes':[{'id':1,'callFrame':{'functionName':'x'},'hitCount':0}],'startTime':1}", false);
    row("{'schema':'1.0.1'}", false);
    row("{'schema':'1.0.1','nodes':17}", false);
    row("{'schemaVersion':1,'traceEvents':[],'nodes':[]}", false);
    row("[{'name':'x','parent':1}]", false);
    row("", false);
    row("nodes", false);
}

void tst_EtImporter::whatIsAnExecutionTrace()
{
    QFETCH(QByteArray, text);
    QFETCH(bool, yes);
    QCOMPARE(sniffEt(text.toStdString()) == Sniff::Yes, yes);
}

void tst_EtImporter::ourRecordingsReadWhole()
{
    const TracePtr windows = sample("torch213_two_windows.json");
    QCOMPARE(defects(*windows), Strings());
    int scopes = 0;
    for (const EtNode& row : windows->executionTrace()->nodes())
        scopes += windows->text(row.name) == "## small ##" &&
                  windows->text(windows->executionTrace()->node(row.parent).name).ends_with("|thread]");
    QCOMPARE(scopes, 2);
    const TracePtr open = sample("torch213_unfinished_scope.json");
    QCOMPARE(open->diagnostics().count(Defect::UnfinishedScope), std::uint64_t{1});
    const TracePtr names = sample("torch213_unescaped_names.json");
    int found = 0;
    for (const EtNode& row : names->executionTrace()->nodes())
        found += names->text(row.name) == "he said \"hi\"" || names->text(row.name) == "a back\\slash";
    QCOMPARE(found, 2);
    QCOMPARE(names->etStats().danglingCtrlDeps, std::uint64_t{0});
    QVERIFY(sample("torch213_cut_off.json")->executionTrace()->files().front().cutOff);
}

QTEST_GUILESS_MAIN(tst_EtImporter)
#include "tst_EtImporter.moc"
