#include <QAbstractItemModelTester>
#include <QFile>
#include <QLineEdit>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QTreeView>

#include "tests/support/Golden.h"
#include "tests/support/Json.h"
#include "tests/support/TraceFixture.h"
#include "widgets/document/TraceDocument.h"
#include "widgets/document/ViewSettings.h"
#include "widgets/tensor/CodePanel.h"
#include "widgets/tensor/FxGraphView.h"
#include "widgets/tensor/SourceView.h"

using namespace opscope;
using namespace opscope::test;

namespace {

std::string kernelNode(int id, const std::string& name, const std::string& file, const std::string& inputs, const std::string& types)
{
    return "{'id': " + std::to_string(id) + ", 'name': '" + name + "', 'ctrl_deps': 2, 'inputs': {'values': [" + inputs +
           "], 'shapes': [], 'types': [" + types + "]}, 'outputs': {'values': [], 'shapes': [], 'types': []}, 'attrs': ["
           "{'name': 'kernel_backend', 'type': 'string', 'value': '" + (file.empty() ? "" : "triton") +
           "'}, {'name': 'kernel_file', 'type': 'string', 'value': '" + file + "'}]}";
}

std::string trace(const std::string& nodes)
{
    return json("{'schema': '1.1.1-chakra.0.0.4', 'pid': 7, 'nodes': [\n" + nodes +
                ",\n{'id': 2, 'name': '[pytorch|profiler|execution_trace|thread]', 'ctrl_deps': 1},\n"
                "{'id': 1, 'name': '[pytorch|profiler|execution_trace|process]', 'ctrl_deps': 1}\n], 'finish_ts': 2}");
}

class Files
{
public:
    void write(const QString& name, const QByteArray& bytes)
    {
        const QString path = m_folder.filePath(name);
        QVERIFY(QDir().mkpath(QFileInfo(path).path()));
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size());
    }
    TracePtr load(const std::string& nodes)
    {
        write(QStringLiteral("a.json"), QByteArray::fromStdString(trace(nodes)));
        return traceFromFile(m_folder.filePath(QStringLiteral("a.json")).toStdString());
    }
    void makeFolder() { QVERIFY(QDir(m_folder.path()).mkdir(QStringLiteral("a_resources"))); }

private:
    QTemporaryDir m_folder;
};

QByteArray kernelFile()
{
    return "import triton\n\n\n@triton.jit\ndef triton_poi_a(in_ptr0, xnumel):\n    x = 1\n    return x  # needle <b>\n";
}

QByteArray moduleFile()
{
    return "# Topologically Sorted Source Nodes: [sin, add]\n"
           "# Graph fragment:\n"
           "#   %arg0_1 : Tensor \"f32[4, 4][4, 1]cuda:0\" = PlaceHolder[target=arg0_1]\n"
           "#   %sin : Tensor \"f32[4, 4][4, 1]cuda:0\"[num_users=1] = call_function[target=torch.ops.aten.sin.default](args = (%arg0_1,), kwargs = {})\n"
           "#   %add : Tensor \"f32[4, 4][4, 1]cuda:0\"[num_users=1] = call_function[target=torch.ops.aten.add.Tensor](args = (%sin, %arg0_1), kwargs = {})\n"
           "#   return %add\n"
           "triton_poi_a = async_compile.triton('triton_poi_a', '''\n@triton.jit\ndef triton_poi_a(x):\n    pass\n''')\n";
}

struct Shown
{
    explicit Shown(const TracePtr& trace, int width = 1240, int height = 276) : panel(document, settings)
    {
        panel.resize(width, height);
        panel.show();
        document.setTrace(trace);
        settle();
    }
    NodeId node(std::int64_t id) const
    {
        const ExecutionTrace& et = *document.trace()->executionTrace();
        return et.byId(et.files().front(), id);
    }
    void select(std::int64_t id)
    {
        document.selectNode(node(id));
        settle();
    }
    void settle()
    {
        const bool nodes = document.trace() && document.trace()->executionTrace();
        QTRY_VERIFY((!nodes || document.resources(NodeId(0))) && !panel.busy());
    }
    TraceDocument document;
    ViewSettings settings;
    CodePanel panel;
};

} // namespace

class tst_CodePanel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void whatIsMissingIsSaid()
    {
        Shown none(nullptr);
        QCOMPARE(none.panel.filesMessage(), QStringLiteral("No trace is open."));
        Files files;
        Shown without(files.load(kernelNode(3, "triton_poi_a", "k.py", "", "")));
        QVERIFY2(without.panel.filesMessage().startsWith(QStringLiteral("There is no resources folder beside a.json.")), qPrintable(without.panel.filesMessage()));
        without.select(3);
        QVERIFY2(!without.panel.sourceMessage().isEmpty(), "a missing file is a sentence");
        Files empty;
        empty.makeFolder();
        Shown bare(empty.load(kernelNode(3, "plain", "", "", "")));
        QCOMPARE(bare.panel.filesMessage(), QStringLiteral("resources: empty"));
        bare.select(3);
        QVERIFY(bare.panel.sourceMessage().startsWith(QStringLiteral("This node has no generated code.")));
    }

    void theKernelIsShownAtItsLine()
    {
        Files files;
        files.write(QStringLiteral("a_resources/k.py"), QByteArray("# line\n").repeated(100) + kernelFile());
        Shown shown(files.load(kernelNode(3, "triton_poi_a", "k.py", "'grid(100,)', 0", "'String', 'Int'")));
        shown.select(3);
        QCOMPARE(shown.panel.sourceMessage(), QString());
        QCOMPARE(shown.panel.source().markedLine(), 105);
        QVERIFY(shown.panel.source().firstLineInSight() > 90);
        QVERIFY(shown.panel.source().text().contains(QStringLiteral("# needle <b>")));
        QCOMPARE(shown.panel.facts(), QStringLiteral("triton_poi_a   triton, grid(100,), stream 0, k.py line 105"));
    }

    void wordsAreFoundInsideTheFile()
    {
        Files files;
        files.write(QStringLiteral("a_resources/k.py"), kernelFile());
        Shown shown(files.load(kernelNode(3, "triton_poi_a", "k.py", "", "")));
        shown.select(3);
        SourceView& source = shown.panel.source();
        source.setFocus();
        QTest::keyClick(source.focusProxy(), Qt::Key_F, Qt::ControlModifier);
        QVERIFY(source.findField().isVisible());
        QTest::keyClicks(&source.findField(), QStringLiteral("triton"));
        QCOMPARE(source.selectedText(), QStringLiteral("triton"));
        source.findField().setText(QStringLiteral("NEEDLE"));
        QVERIFY(source.find(true));
        QCOMPARE(source.selectedText(), QStringLiteral("needle"));
        source.findField().setText(QStringLiteral("not there"));
        QVERIFY(!source.find(false));
        QTest::keyClick(&source.findField(), Qt::Key_Escape);
        QVERIFY(!source.findField().isVisible());
        QTest::keyClicks(source.focusProxy(), QStringLiteral("x"));
        QVERIFY2(source.text() == QString::fromLatin1(kernelFile()), "source is never changed");
    }

    void theGraphIsDrawnAndWritten()
    {
        Files files;
        files.write(QStringLiteral("a_resources/k.py"), kernelFile());
        files.write(QStringLiteral("a_resources/module.py"), moduleFile());
        Shown shown(files.load(kernelNode(3, "triton_poi_a", "k.py", "", "")));
        shown.select(3);
        QCOMPARE(shown.panel.graphMessage(), QString());
        FxGraphView& graph = shown.panel.graph();
        QCOMPARE(graph.graph().nodes.size(), std::size_t(4));
        QCOMPARE(graph.sentence(1), QStringLiteral("sin: aten.sin, f32[4, 4][4, 1]cuda:0"));
        QVERIFY2(shown.panel.graphText().contains(QStringLiteral("Source nodes: sin, add")), qPrintable(shown.panel.graphText()));
        QVERIFY(shown.panel.graphText().contains(QStringLiteral("call_function[target=torch.ops.aten.add.Tensor]")));
        graph.setFocus();
        QTest::keyClick(&graph, Qt::Key_Down);
        QCOMPARE(graph.current(), 1u);
        QTest::keyClick(&graph, Qt::Key_End);
        QTest::keyClick(&graph, Qt::Key_Up);
        QCOMPARE(graph.current(), 2u);
        QVERIFY(graph.accessibleDescription().startsWith(QStringLiteral("add: aten.add.Tensor")));
    }

    void boxesStandBelowWhatTheyReadAndApart()
    {
        FxGraph graph;
        graph.nodes.resize(200);
        for (std::uint32_t row = 0; row < 200; ++row) {
            if (row > 3) graph.nodes[row].inputs = {row / 2, row - 2};
            graph.nodes[row].inputs.push_back(row + 1); // ahead of its reader: not drawn
        }
        const FxLayout layout = layOutFx(graph, std::vector<int>(200, 90));
        for (std::uint32_t row = 4; row < 200; ++row) {
            QVERIFY(layout.boxes[row].y > layout.boxes[row / 2].y);
            QVERIFY(layout.boxes[row].y > layout.boxes[row - 2].y);
        }
        for (const std::vector<std::uint32_t>& layer : layout.layers) {
            for (std::size_t i = 1; i < layer.size(); ++i)
                QVERIFY(layout.boxes[layer[i]].x >= layout.boxes[layer[i - 1]].x + layout.boxes[layer[i - 1]].width);
        }
        QVERIFY(layOutFx({}, {}).boxes.empty());
    }

    void filesLeadToNodesAndBack()
    {
        Files files;
        files.write(QStringLiteral("a_resources/k.py"), kernelFile());
        files.write(QStringLiteral("a_resources/unused.py"), "x = 1\n");
        files.write(QStringLiteral("a_resources/nid_4_tid_0.dat"), QByteArray(8, '\0'));
        const std::string four = "{'id': 4, 'name': 'look', 'ctrl_deps': 2, 'inputs': {'values': [[20, 30, 0, 1, 8, 'cpu']], 'shapes': [[1]], "
                                 "'types': ['Tensor(long int)']}, 'outputs': {'values': [], 'shapes': [], 'types': []}, 'attrs': []}";
        Shown shown(files.load(kernelNode(3, "triton_poi_a", "k.py", "", "") + ",\n" + four));
        const QAbstractItemModelTester tester(&shown.panel.files());
        QCOMPARE(shown.panel.files().rowCount(), 3);
        shown.select(3);
        const int row = shown.panel.files().rowOf("k.py");
        QCOMPARE(shown.panel.fileList().currentIndex().row(), row);
        QCOMPARE(shown.panel.files().index(row, CodeFileModel::Node).data().toString(), QStringLiteral("triton_poi_a, node 3"));
        shown.panel.fileList().setCurrentIndex(shown.panel.files().index(shown.panel.files().rowOf("unused.py"), 0));
        shown.settle();
        QCOMPARE(shown.panel.source().text(), QStringLiteral("x = 1\n"));
        QCOMPARE(shown.panel.facts(), QStringLiteral("unused.py   no node names it"));
        QSignalSpy asked(&shown.document, &TraceDocument::panelRequested);
        const QModelIndex data = shown.panel.files().index(shown.panel.files().rowOf("nid_4_tid_0.dat"), 0);
        Q_EMIT shown.panel.fileList().activated(data);
        QCOMPARE(shown.document.selection().node, shown.node(4));
        QVERIFY(shown.document.selection().tensor);
        QCOMPARE(asked.size(), 1);
        QCOMPARE(asked[0][0].toString(), QStringLiteral("tensors"));
    }

    void nothingOutsideOfTheFolderIsRead()
    {
        Files files;
        files.write(QStringLiteral("secret.py"), "canary = 1\n");
        files.makeFolder();
        Shown shown(files.load(kernelNode(3, "triton_poi_a", "../secret.py", "", "")));
        shown.select(3);
        QVERIFY(!shown.panel.sourceMessage().isEmpty());
        QVERIFY(!shown.panel.source().text().contains(QStringLiteral("canary")));
        QVERIFY(!shown.panel.sourceMessage().contains(QStringLiteral("canary")));
    }

    void recordedTritonKernelsHaveTheirGraph()
    {
        Shown shown(traceFromFile("behaviours/triton.et.json.gz"));
        const ExecutionTrace& et = *shown.document.trace()->executionTrace();
        int kernels = 0;
        for (std::uint32_t i = 0; i < et.nodes().size(); ++i) {
            if (shown.document.trace()->text(et.node(NodeId(i)).kernelFile).empty()) continue;
            ++kernels;
            shown.document.selectNode(NodeId(i));
            shown.settle();
            QCOMPARE(shown.panel.sourceMessage(), QString());
            QVERIFY(shown.panel.source().markedLine() > 0);
            QCOMPARE(shown.panel.graphMessage(), QString());
            QVERIFY(shown.panel.graph().graph().nodes.size() > 2);
        }
        QVERIFY(kernels > 0);
        QVERIFY(!shown.panel.grab().isNull());
        shown.panel.resize(340, 700);
        QVERIFY(!shown.panel.grab().isNull());
    }
};

QTEST_MAIN(tst_CodePanel)
#include "tst_CodePanel.moc"
