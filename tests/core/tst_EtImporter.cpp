#include "core/format/et/EtImporter.h"

#include "core/format/et/EtTensors.h"
#include "tests/support/EtLines.h"
#include "tests/support/Json.h"
#include "tests/support/TraceFixture.h"

#include <QTest>

using namespace opscope;
using namespace opscope::test;

namespace {

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
    void missingKeysHaveDefaults();
    void unknownSchemasAreReadAndNamed();
    void longListsAreNoted();
    void aLinkedHostTraceIsRead();
    void onlyARootMeansNothingWasCaptured();
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
        treeDocument(node(3, 2, "op",
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
        treeDocument(node(3, 2, "op",
                      ", 'inputs': [[5,6,0,1,4,'cpu'],[7,0,0,0,4,''],[8,9,0,4,4,'cpu']], 'input_shapes': [[],[]],"
                      " 'input_types': ['Tensor(float)','Tensor(float)','Tensor(float)']")));
    QCOMPARE(shown(*trace, trace->executionTrace()->inputs(trace->executionTrace()->byId(3))),
             (Strings{"0: float 5/6+0 1x4 cpu [] -", "1: float 7/0+0 0x4  - -", "2: float 8/9+0 4x4 cpu - -"}));
}

void tst_EtImporter::numbersBeyondDoublesAreExact()
{
    const TracePtr trace = traceFromText(
        treeDocument("{'name': 'op', 'id': 9007199254740993, 'parent': 2, 'rf_id': 18446744073709551615, 'seq_id': "
                 "-9007199254740993,"
                 " 'tid': 1, 'inputs': [[9007199254740995,1,0,9007199254740997,1,'cpu']], 'input_shapes': [[1]],"
                 " 'input_types': ['Tensor(float)']}"));
    const EtNode& big = nodeOf(*trace, 9007199254740993);
    QCOMPARE(big.rfId, std::uint64_t{18446744073709551615u});
    QCOMPARE(big.seqId, std::int64_t{-9007199254740993});
    QCOMPARE(trace->executionTrace()->tensors()[0].tensorId, std::int64_t{9007199254740995});
    QCOMPARE(trace->executionTrace()->tensors()[0].elements, std::int64_t{9007199254740997});
}

void tst_EtImporter::missingKeysHaveDefaults()
{
    const TracePtr trace = traceFromText(treeDocument("{'id': 3}"));
    const EtNode& bare = nodeOf(*trace, 3);
    QCOMPARE(bare.seqId, std::int64_t{-1});
    QCOMPARE(bare.rfId, std::uint64_t{0});
    QCOMPARE(trace->executionTrace()->node(bare.parent).id, std::int64_t{1});
    QCOMPARE(defects(*trace), (Strings{"missing-name 1"}));
}

void tst_EtImporter::unknownSchemasAreReadAndNamed()
{
    const TracePtr trace = traceFromText(treeDocument(node(3, 2), "9.9.9-chakra.1.0.0"));
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
            treeDocument(node(3, 2, "op", ", 'inputs': [[" + values + "]], 'input_types': ['GenericList[Int]']")));
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
