#include <QFile>
#include <QPlainTextEdit>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QTextBlock>
#include <QTextDocument>
#include <QTextLayout>

#include "core/tensor/NodeValues.h"
#include "tests/support/Golden.h"
#include "tests/support/TraceFixture.h"
#include "widgets/detail/DetailPane.h"
#include "widgets/detail/DetailText.h"
#include "widgets/detail/DetailValues.h"
#include "widgets/detail/RawPane.h"
#include "widgets/document/TraceDocument.h"
#include "widgets/document/ViewSettings.h"

using namespace opscope;

namespace {

// Written without raw strings: moc loses its way in them.
constexpr std::string_view kTrace =
    "{\"traceEvents\":["
    "{\"ph\":\"X\",\"cat\":\"cpu_op\",\"name\":\"aten::mm\",\"pid\":1,\"tid\":1,\"ts\":100.5,\"dur\":20,\"args\":{\"External id\":81,"
    "\"Sequence number\":7,\"Input Dims\":[[2,3],[3,4],[]],\"Input type\":[\"float\",\"c10::BFloat16\",\"Scalar\"],"
    "\"Input Strides\":[[3,1],[1,3],[]],\"Concrete Inputs\":[\"\",\"\",\"1e-05\"],"
    "\"my <b>key</b>\":\"a <i>value</i> with \\u202e and \\u0007\"}},"
    "{\"ph\":\"X\",\"cat\":\"kernel\",\"name\":\"void ns::gemm<float>(int)\",\"pid\":0,\"tid\":7,\"ts\":130,\"dur\":3,"
    "\"args\":{\"grid\":[16,1,32],\"block\":[128,1,1],\"registers per thread\":222,\"shared memory\":81920,"
    "\"est. achieved occupancy %\":30,\"correlation\":5,\"stream\":7,\"device\":0}}]}";

class File
{
public:
    explicit File(std::string_view text)
    {
        QFile file(m_folder.filePath(QStringLiteral("trace.json")));
        if (!file.open(QIODevice::WriteOnly) || file.write(text.data(), static_cast<qint64>(text.size())) < 0) qFatal("cannot write");
        file.close();
        trace = test::traceFromFile(file.fileName().toStdString());
    }
    TracePtr trace;

private:
    QTemporaryDir m_folder;
};

struct Pane
{
    explicit Pane(const TracePtr& trace) : pane(document, settings)
    {
        pane.resize(356, 700);
        pane.show();
        document.setTrace(trace);
    }
    TraceDocument document;
    ViewSettings settings;
    DetailPane pane;
};

/// The hand-made step: a timed trace and the execution trace of the same run, with a resources folder beside it.
TracePtr step(bool withNodes = true)
{
    std::vector<std::string> files{test::dataPath("detail/step.json")};
    if (withNodes) files.push_back(test::dataPath("detail/step_et.json"));
    auto trace = loadTrace(files);
    if (!trace) qFatal("no trace: %s", trace.error().text().c_str());
    return *trace;
}

NodeId nodeOfId(const TracePtr& trace, std::int64_t id) { return trace->executionTrace()->byId(id); }

/// Everything the pane says once it has read and worked out everything.
std::string said(Pane& p)
{
    p.document.tensorFlow();
    if (!QTest::qWaitFor([&] { return !Job::anyRunning(); }, 10'000)) return "still busy";
    return p.pane.allText().toStdString() + "\n";
}

} // namespace

class tst_DetailPane : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void nothingSelectedSaysWhatToDo()
    {
        const File file(kTrace);
        Pane p(file.trace);
        QVERIFY(p.pane.text().toPlainText().contains(QStringLiteral("Nothing selected. Click a slice, or press / to find one.")));
    }

    void columnsStandThereAtOnceAndTheRestFollows()
    {
        const File file(kTrace);
        Pane p(file.trace);
        p.document.selectSlice(test::sliceNamed(*file.trace, "aten::mm"));
        QVERIFY(p.pane.allText().contains(QStringLiteral("External id\t81")));
        QVERIFY(!p.pane.allText().contains(QStringLiteral("1e-05")));
        QTRY_VERIFY(!p.pane.busy());
        const QString text = p.pane.allText();
        QVERIFY2(text.contains(QStringLiteral("Duration\t20000 ns")), qPrintable(text));
        QVERIFY2(text.contains(QStringLiteral("0\t[2, 3]\tfloat\t24")), qPrintable(text));
        QVERIFY2(text.contains(QStringLiteral("strides [1, 3]")), qPrintable(text));
        QVERIFY2(text.contains(QStringLiteral("2\t1e-05\tScalar")), qPrintable(text));
        QVERIFY2(text.contains(QStringLiteral("2 tensors")), qPrintable(text));
        QVERIFY(p.pane.jsonText().startsWith(QStringLiteral("{\"ph\":\"X\",\"cat\":\"cpu_op\"")));
    }

    void textOfTheFileIsNeverMarkup()
    {
        const File file(kTrace);
        Pane p(file.trace);
        p.document.selectSlice(test::sliceNamed(*file.trace, "aten::mm"));
        QTRY_VERIFY(!p.pane.busy());
        const QString shown = p.pane.text().toPlainText();
        QVERIFY2(shown.contains(QStringLiteral("my <b>key</b>")), qPrintable(shown));
        QVERIFY2(shown.contains(QStringLiteral("a <i>value</i>")), qPrintable(shown));
        QVERIFY(!shown.contains(QChar(0x202E)));
        QVERIFY(!shown.contains(QChar(7)));
    }

    void aKernelShowsItsLaunch()
    {
        const File file(kTrace);
        Pane p(file.trace);
        p.document.selectSlice(test::sliceNamed(*file.trace, "void ns::gemm<float>(int)"));
        QTRY_VERIFY(!p.pane.busy());
        const QString text = p.pane.allText();
        QVERIFY2(text.contains(QStringLiteral("16 × 1 × 32 of 128 × 1 × 1")), qPrintable(text));
        QVERIFY2(text.contains(QStringLiteral("Shared memory\t81920")), qPrintable(text));
        QVERIFY2(text.startsWith(QStringLiteral("void ns::gemm<float>(int)")), qPrintable(text));
        QVERIFY(p.pane.text().toPlainText().contains(QStringLiteral("gemm")));
    }

    void whatIsCopiedIsExact()
    {
        const File file(kTrace);
        Pane p(file.trace);
        p.document.selectSlice(test::sliceNamed(*file.trace, "aten::mm"));
        QTRY_VERIFY(!p.pane.busy());
        QVERIFY(p.pane.text().toPlainText().contains(QStringLiteral("20.000")));
        p.pane.text().selectAll();
        QVERIFY2(p.pane.text().plainSelection().contains(QStringLiteral("20000 ns")), qPrintable(p.pane.text().plainSelection()));
    }

    void deepAndLongArgumentsDoNotHang()
    {
        std::string deep(10'000, '[');
        deep += std::string(10'000, ']');
        const std::string text = "{\"traceEvents\":[{\"ph\":\"X\",\"cat\":\"cpu_op\",\"name\":\"deep\",\"pid\":1,\"tid\":1,\"ts\":1,\"dur\":1,"
                                 "\"args\":{\"deep\":" + deep + ",\"long\":\"" + std::string(9'000'000, 'x') + "\"}}]}";
        const File file(text);
        Pane p(file.trace);
        RawPane raw(p.document, p.settings);
        raw.show();
        p.document.selectSlice(test::sliceNamed(*file.trace, "deep"));
        QTRY_VERIFY_WITH_TIMEOUT(!p.pane.busy() && !raw.busy(), 20'000);
        QVERIFY(p.pane.allText().size() < 20'000);
        QVERIFY2(raw.text().toPlainText().contains(QStringLiteral("… cut")), "the raw text says that it is cut");
        QVERIFY(raw.text().toPlainText().size() < 600'000);
    }

    void whatIsSaidOfASlice_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("golden");
        const auto row = [](const char* golden, const char* name) {
            QTest::newRow(golden) << QString::fromLatin1(name) << QStringLiteral("detail/%1.txt").arg(QLatin1String(golden));
        };
        row("kernel", "void cutlass::Kernel<cutlass_80_gemm>(Params)");
        row("kernel_without_call", "lost_kernel");
        row("kernel_before_its_call", "early_kernel");
        row("operator", "aten::addmm");
        row("lists_of_tensors", "aten::cat");
        row("collective", "record_param_comms");
        row("backward", "AddmmBackward0");
        row("triton", "triton_poi_fused_add_0");
    }

    void whatIsSaidOfASlice()
    {
        QFETCH(QString, name);
        QFETCH(QString, golden);
        const TracePtr trace = step();
        Pane p(trace);
        const SliceId slice = test::sliceNamed(*trace, name.toStdString());
        QVERIFY(slice);
        p.document.selectSlice(slice);
        const std::string differs = test::compareGolden(said(p), golden.toStdString());
        QVERIFY2(differs.empty(), differs.c_str());
    }

    void whatIsSaidOfANode_data()
    {
        QTest::addColumn<int>("id");
        QTest::addColumn<QString>("golden");
        QTest::newRow("a wait is no collective") << 7 << QStringLiteral("detail/wait.txt");
        QTest::newRow("process groups") << 8 << QStringLiteral("detail/process_groups.txt");
        QTest::newRow("a node that is no event") << 3 << QStringLiteral("detail/node_without_event.txt");
        QTest::newRow("thread") << 2 << QStringLiteral("detail/thread_node.txt");
    }

    void whatIsSaidOfANode()
    {
        QFETCH(int, id);
        QFETCH(QString, golden);
        const TracePtr trace = step();
        Pane p(trace);
        p.document.selectNode(nodeOfId(trace, id));
        const std::string differs = test::compareGolden(said(p), golden.toStdString());
        QVERIFY2(differs.empty(), differs.c_str());
    }

    void withoutAnExecutionTraceAKernelShowsTheInputsOfItsOperator()
    {
        const TracePtr trace = step(false);
        Pane p(trace);
        p.document.selectSlice(test::sliceNamed(*trace, "void cutlass::Kernel<cutlass_80_gemm>(Params)"));
        const std::string differs = test::compareGolden(said(p), "detail/kernel_without_nodes.txt");
        QVERIFY2(differs.empty(), differs.c_str());
    }

    void aTensorShowsWhereItComesFromAndGoesTo()
    {
        const TracePtr trace = step();
        Pane p(trace);
        p.document.selectSlice(test::sliceNamed(*trace, "aten::addmm"));
        const EtNode& addmm = trace->executionTrace()->node(nodeOfId(trace, 4));
        Q_EMIT p.pane.text().anchorClicked(QUrl(QStringLiteral("tensor:%1").arg(addmm.firstTensor + addmm.inputTensors)));
        QCOMPARE(p.document.selection().slice, test::sliceNamed(*trace, "aten::addmm")); // its own: nothing else is selected
        std::string text = said(p);
        std::string differs = test::compareGolden(text.substr(text.find("Tensor 23")), "detail/tensor_of_addmm.txt");
        QVERIFY2(differs.empty(), differs.c_str());
        Q_EMIT p.pane.text().anchorClicked(QUrl(QStringLiteral("tensor:%1").arg(addmm.firstTensor + 1)));
        text = said(p);
        differs = test::compareGolden(text.substr(text.find("Tensor 20")), "detail/tensor_written_before.txt");
        QVERIFY2(differs.empty(), differs.c_str());
    }

    void aTensorOfAnotherNodeLeadsThere()
    {
        const TracePtr trace = step();
        Pane p(trace);
        p.document.selectSlice(test::sliceNamed(*trace, "aten::addmm"));
        QSignalSpy revealed(&p.document, &TraceDocument::revealRequested);
        const TensorId zeros(trace->executionTrace()->node(nodeOfId(trace, 3)).firstTensor);
        p.document.selectTensor(zeros);
        QCOMPARE(p.document.selection().node, nodeOfId(trace, 3));
        QCOMPARE(p.document.selection().tensor, zeros);
        QVERIFY(!p.document.selection().slice);
        QCOMPARE(revealed.size(), 1);
        p.document.selectTensor(TensorId(100'000));
        QCOMPARE(p.document.selection().tensor, zeros);
    }

    void linksLeadToSlicesNodesAndPanels()
    {
        const TracePtr trace = step();
        Pane p(trace);
        const SliceId call = test::sliceNamed(*trace, "cudaLaunchKernel");
        Q_EMIT p.pane.text().anchorClicked(QUrl(QStringLiteral("slice:%1").arg(call.value)));
        QCOMPARE(p.document.selection().slice, call);
        QCOMPARE(p.document.selectedNode(), nodeOfId(trace, 4)); // that of the operator around it
        Q_EMIT p.pane.text().anchorClicked(QUrl(QStringLiteral("node:%1").arg(nodeOfId(trace, 8).value)));
        QCOMPARE(p.document.selection().node, nodeOfId(trace, 8));
        QSignalSpy panels(&p.document, &TraceDocument::panelRequested);
        Q_EMIT p.pane.text().anchorClicked(QUrl(QStringLiteral("panel:code")));
        QCOMPARE(panels.at(0).at(0).toString(), QStringLiteral("code"));
    }

    void manyLinksUnfold()
    {
        std::string text = "{\"traceEvents\":[{\"ph\":\"X\",\"cat\":\"cpu_op\",\"name\":\"op\",\"pid\":7,\"tid\":1,\"ts\":0,\"dur\":100},"
                           "{\"ph\":\"X\",\"cat\":\"cuda_runtime\",\"name\":\"cudaGraphLaunch\",\"pid\":7,\"tid\":1,\"ts\":1,\"dur\":2,"
                           "\"args\":{\"correlation\":9}}";
        for (int i = 0; i < 40; ++i)
            text += ",{\"ph\":\"X\",\"cat\":\"kernel\",\"name\":\"k\",\"pid\":0,\"tid\":7,\"ts\":" + std::to_string(10 + i) +
                    ",\"dur\":1,\"args\":{\"correlation\":9,\"device\":0,\"stream\":7}}";
        const File file(text + "]}");
        Pane p(file.trace);
        p.document.selectSlice(test::sliceNamed(*file.trace, "op"));
        QString shown = QString::fromStdString(said(p));
        QVERIFY2(shown.contains(QStringLiteral("Links: 40 of 40 found")), qPrintable(shown));
        QCOMPARE(shown.count(QStringLiteral("Launches\t")), 12);
        QVERIFY2(shown.contains(QStringLiteral("… 28 more")), qPrintable(shown));
        QVERIFY2(shown.contains(QStringLiteral("Device\t40000 ns in 40 kernels")), qPrintable(shown));
        Q_EMIT p.pane.text().anchorClicked(QUrl(QStringLiteral("more:links")));
        shown = QString::fromStdString(said(p));
        QCOMPARE(shown.count(QStringLiteral("Launches\t")), 40);
        QVERIFY(!shown.contains(QStringLiteral(" more")));
    }

    void eachLinkHasTheWidthThatItsLineLeaves()
    {
        const TracePtr trace = step();
        Pane p(trace);
        p.pane.resize(356, 900); // as wide as the dock is at first
        p.document.selectSlice(test::sliceNamed(*trace, "void cutlass::Kernel<cutlass_80_gemm>(Params)"));
        said(p);
        const auto shown = [&] { return p.pane.text().document(); }; // another one after each change
        const auto lines = [&] { // of the links: a name, a tab, a number, a tab, a tag
            std::vector<QTextBlock> found;
            for (QTextBlock block = shown()->begin(); block.isValid(); block = block.next())
                if (block.text().count(QLatin1Char('\t')) == 2) found.push_back(block);
            return found;
        };
        const std::vector<QTextBlock> links = lines();
        QCOMPARE(links.size(), std::size_t(5));
        for (const QTextBlock& link : links) QVERIFY2(link.layout()->lineCount() == 1, qPrintable(link.text()));
        const auto nameEnds = [](const QTextBlock& link) { return link.blockFormat().tabPositions().first().position; };
        QVERIFY(nameEnds(links[0]) > nameEnds(links[3]) + 40); // "4", "rf id" leave more than "+910.0 µs", "sequence"
        p.pane.resize(190, 900);
        QTRY_VERIFY(lines().empty()); // now the tags stand below
        QVERIFY2(shown()->toPlainText().contains(QStringLiteral("aten::")), qPrintable(shown()->toPlainText()));
    }

    void aNodeThatIsAnEventHasItsTimes()
    {
        const TracePtr trace = step();
        Selection selection;
        selection.node = trace->nodeOf(test::sliceNamed(*trace, "aten::addmm"));
        const auto text = detailText(*detailHeading(*trace, selection), detailBlocks(*trace, selection, readDetailFacts(*trace, selection)));
        QVERIFY2(text.contains(QStringLiteral("Duration\t100000 ns")), qPrintable(text));
        QVERIFY(!text.contains(QStringLiteral("no event")));
    }

    void theCallStackOfOldTracesIsAStack()
    {
        const File file("{\"traceEvents\":[{\"ph\":\"X\",\"cat\":\"cpu_op\",\"name\":\"op\",\"pid\":7,\"tid\":1,\"ts\":0,\"dur\":100,"
                        "\"args\":{\"Call stack\":\"inner.py(3): f;outer.py(9): <module>\"}}]}");
        Pane p(file.trace);
        p.document.selectSlice(test::sliceNamed(*file.trace, "op"));
        const QString shown = QString::fromStdString(said(p));
        QVERIFY2(shown.contains(QStringLiteral("Python stack: 2 frames\n  inner.py(3): f\n  outer.py(9): <module>")), qPrintable(shown));
        QVERIFY(!shown.contains(QStringLiteral("Call stack")));
    }
};

QTEST_MAIN(tst_DetailPane)
#include "tst_DetailPane.moc"
