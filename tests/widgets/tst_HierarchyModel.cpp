#include <QAbstractItemModelTester>
#include <QLineEdit>
#include <QTest>

#include "tests/support/Golden.h"
#include "tests/support/TraceFixture.h"
#include "widgets/document/TraceDocument.h"
#include "widgets/document/ViewSettings.h"
#include "widgets/hierarchy/HierarchyModel.h"
#include "widgets/hierarchy/HierarchyTreeView.h"
#include "widgets/hierarchy/HierarchyView.h"

using namespace opscope;
using opscope::test::TraceFixture;

namespace {

TracePtr twoThreads()
{
    TraceFixture f;
    const TrackId main = f.thread(1, 10, "main", "python");
    const TrackId other = f.thread(1, 11, "worker");
    f.slice(main, 0, 100'000, "step").slice(main, 1'000, 50'000, "aten::conv2d", "cpu_op", {{ArgField::ExternalId, 42}});
    f.slice(main, 2'000, 10'000, "aten::empty").slice(main, 60'000, 10'000, "aten::relu").slice(other, 0, 7'000, "load");
    return f.finish();
}

constexpr std::string_view kNodes = R"json({"schema":"1.0.2-chakra.0.0.4","pid":7,"nodes":[
 {"id":2,"name":"[pytorch|profiler|execution_trace|thread]","ctrl_deps":1,"inputs":{"values":[],"shapes":[],"types":[]},
  "outputs":{"values":[],"shapes":[],"types":[]},"attrs":[{"name":"tid","type":"uint64","value":1},{"name":"scope","type":"uint64","value":7}]},
 {"id":3,"name":"aten::relu","ctrl_deps":2,"inputs":{"values":[[5,6,0,8,4,"cpu"]],"shapes":[[2,4]],"types":["Tensor(float)"]},
  "outputs":{"values":[[9,10,0,8,4,"cpu"]],"shapes":[[2,4]],"types":["Tensor(float)"]},"attrs":[{"name":"tid","type":"uint64","value":1}]},
 {"id":4,"name":"aten::add","ctrl_deps":2,"inputs":{"values":[],"shapes":[],"types":[]},
  "outputs":{"values":[],"shapes":[],"types":[]},"attrs":[{"name":"tid","type":"uint64","value":1}]},
 {"id":1,"name":"[pytorch|profiler|execution_trace|process]","ctrl_deps":1,"inputs":{"values":[],"shapes":[],"types":[]},
  "outputs":{"values":[],"shapes":[],"types":[]},"attrs":[{"name":"scope","type":"uint64","value":7}]}]})json";

/// "python [main [step [...]]]": names by nesting.
QString outline(const QAbstractItemModel& model, const QModelIndex& parent = {})
{
    QStringList parts;
    for (int row = 0; row < model.rowCount(parent); ++row) {
        const QModelIndex index = model.index(row, 0, parent);
        const QString inside = outline(model, index);
        parts += inside.isEmpty() ? index.data().toString() : index.data().toString() + QStringLiteral(" [") + inside + QStringLiteral("]");
    }
    return parts.join(QStringLiteral(", "));
}

/// The cells of a row, one behind the other.
QString cells(const HierarchyModel& model, const QModelIndex& row)
{
    QStringList parts;
    for (int column = 0; column < model.columnCount(); ++column) parts += row.siblingAtColumn(column).data().toString();
    return parts.join(QStringLiteral(" | "));
}

QString heads(const HierarchyModel& model)
{
    QStringList parts;
    for (int column = 0; column < model.columnCount(); ++column) parts += model.headerData(column, Qt::Horizontal).toString();
    return parts.join(QStringLiteral(", "));
}

/// A timed trace and the execution trace of the same run.
TracePtr step()
{
    const std::vector<std::string> files{test::dataPath("detail/step.json"), test::dataPath("detail/step_et.json")};
    auto trace = loadTrace(files);
    if (!trace) qFatal("no trace: %s", trace.error().text().c_str());
    return *trace;
}

void show(HierarchyModel& model, const TracePtr& trace, HierarchySource source, std::string_view filter = {})
{
    const auto all = HierarchyTree::build(*trace, source);
    model.set(trace, all, HierarchyTree::build(*trace, source, filter, nullptr));
}

} // namespace

class tst_HierarchyModel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void slicesNestUnderTheirTrackAndProcess()
    {
        const TracePtr trace = twoThreads();
        HierarchyModel model;
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        show(model, trace, HierarchySource::Slices);
        const QString text = outline(model);
        QVERIFY2(text.contains(QStringLiteral("[step [aten::conv2d [aten::empty], aten::relu]]")), qPrintable(text));
        QVERIFY2(text.contains(QStringLiteral("[load]")), qPrintable(text));
        QCOMPARE(model.rowCount(), 1);
    }

    void aFilterOfTheDocumentLeavesMatchesAndDimsTheirAncestors()
    {
        const TracePtr trace = twoThreads();
        HierarchyModel model;
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        auto matches = std::make_shared<Matches>(Matches::none(*trace));
        const SliceId empty = test::sliceNamed(*trace, "aten::empty"), conv = test::sliceNamed(*trace, "aten::conv2d");
        matches->slices.insert(empty);
        const auto all = HierarchyTree::build(*trace, HierarchySource::Slices);
        model.set(trace, all, HierarchyTree::build(*trace, HierarchySource::Slices, {}, matches.get()), matches);
        const QString text = outline(model);
        QVERIFY2(text.contains(QStringLiteral("[step [aten::conv2d [aten::empty]]]")), qPrintable(text));
        QVERIFY2(!text.contains(QStringLiteral("load")) && !text.contains(QStringLiteral("relu")), qPrintable(text));
        QVERIFY(model.indexOf(conv).data(HierarchyModel::DimRole).toBool());
        QVERIFY(!model.indexOf(empty).data(HierarchyModel::DimRole).toBool());
        // the field of the panel narrows it further
        const auto narrowed = HierarchyTree::build(*trace, HierarchySource::Slices, "conv", matches.get());
        QCOMPARE(narrowed->rows(), 0u);
    }

    void nodesFollowTheSliceThatTheyAre()
    {
        const TracePtr trace = step();
        NodeId node;
        for (std::size_t i = 0; i < trace->executionTrace()->nodes().size() && !node; ++i)
            if (trace->sliceOf(NodeId(i))) node = NodeId(i);
        QVERIFY(node);
        auto matches = std::make_shared<Matches>(Matches::none(*trace));
        matches->slices.insert(trace->sliceOf(node));
        const auto tree = HierarchyTree::build(*trace, HierarchySource::Nodes, {}, matches.get());
        QVERIFY(tree->contains(tree->rowOf(node)));
        QCOMPARE(tree->matches(), 1u);
    }

    void timesAreExactInACopyAndShortInTheTable()
    {
        const TracePtr trace = twoThreads();
        HierarchyModel model;
        show(model, trace, HierarchySource::Slices);
        const SliceId conv = test::sliceNamed(*trace, "aten::conv2d");
        QCOMPARE(model.indexOf(conv, 2).data().toString(), QStringLiteral("50.0 µs"));
        QCOMPARE(model.indexOf(conv, 2).data(HierarchyModel::PlainRole).toString(), QStringLiteral("50000 ns"));
        QCOMPARE(model.indexOf(conv, 3).data(HierarchyModel::PlainRole).toString(), QStringLiteral("40000 ns"));
        QCOMPARE(model.indexOf(conv, 4).data().toString(), QStringLiteral("1"));
        QCOMPARE(model.indexOf(conv, 2).data(HierarchyModel::ShareRole).toDouble(), 0.5);
    }

    void theFilterKeepsAncestorsAndNothingElse()
    {
        const TracePtr trace = twoThreads();
        HierarchyModel model;
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        show(model, trace, HierarchySource::Slices, "EMPTY");
        const QString text = outline(model);
        QVERIFY2(text.endsWith(QStringLiteral("[step [aten::conv2d [aten::empty]]]]")), qPrintable(text));
        QVERIFY(!text.contains(QStringLiteral("relu")));
        QVERIFY(!model.indexOf(test::sliceNamed(*trace, "aten::relu")).isValid());
        // What is hidden still counts as a call.
        QCOMPARE(model.indexOf(test::sliceNamed(*trace, "step"), 4).data().toString(), QStringLiteral("2"));
        show(model, trace, HierarchySource::Slices, "#42");
        QCOMPARE(model.tree()->matches(), 1u);
        QVERIFY(model.indexOf(test::sliceNamed(*trace, "aten::conv2d")).isValid());
        show(model, trace, HierarchySource::Slices, "no such name");
        QCOMPARE(model.rowCount(), 0);
    }

    void nodesNestByParent()
    {
        const TracePtr trace = test::traceFromText(kNodes);
        HierarchyModel model;
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        show(model, trace, HierarchySource::Nodes);
        const QString text = outline(model);
        QCOMPARE(text, QStringLiteral("process 7 [thread 1 [aten::relu, aten::add]]"));
        const QModelIndex relu = model.indexOf(trace->executionTrace()->byId(3), 3);
        QCOMPARE(relu.data().toString(), QStringLiteral("[2, 4]"));
        show(model, trace, HierarchySource::Nodes, "#4");
        QCOMPARE(model.tree()->rows(), 3u);
    }

    void nodesBesideATimedTraceHaveItsTimes()
    {
        const TracePtr trace = step();
        HierarchyModel model;
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        show(model, trace, HierarchySource::Nodes);
        QCOMPARE(heads(model), QStringLiteral("Execution trace node, Node, Input shapes, Host, Self, Device, Kernels"));
        const ExecutionTrace& et = *trace->executionTrace();
        QCOMPARE(cells(model, model.indexOf(et.byId(4))),
                 QStringLiteral("aten::addmm | 4 | [8] [4, 16] [16, 8] | 100.0 µs | 82.5 µs | 34.3 µs | 2"));
        QCOMPARE(cells(model, model.indexOf(et.byId(3))), QStringLiteral("aten::zeros | 3 |  | – | – | – | –"));
        // A thread has no time of its own, and what its nodes made a device do.
        QCOMPARE(cells(model, model.indexOf(et.byId(2))), QStringLiteral("thread 1 (%1) | 2 |  | – | – | 34.3 µs | 2")
                                                              .arg(QString::fromStdString(trace->trackName(TrackId(0)))));
        const QModelIndex device = model.indexOf(et.byId(4), 5);
        QCOMPARE(device.data(HierarchyModel::PlainRole).toString(), QStringLiteral("34250 ns"));
        QCOMPARE(device.data(HierarchyModel::ShareRole).toDouble(), 1.0);
        QVERIFY(!model.indexOf(et.byId(3), 5).data(HierarchyModel::ShareRole).isValid());
    }

    void slicesSayWhatTheyMadeADeviceDo()
    {
        const TracePtr trace = step();
        HierarchyModel model;
        show(model, trace, HierarchySource::Slices);
        QCOMPARE(heads(model), QStringLiteral("Slice, Start, Duration, Self, Device, Kernels, Calls"));
        const QString addmm = cells(model, model.indexOf(test::sliceNamed(*trace, "aten::addmm")));
        QVERIFY2(addmm.endsWith(QStringLiteral("| 34.3 µs | 2 | 2")), qPrintable(addmm));
        const QString linear = cells(model, model.indexOf(test::sliceNamed(*trace, "nn.Module: Linear_0")));
        QVERIFY2(linear.endsWith(QStringLiteral("| 34.3 µs | 2 | 1")), qPrintable(linear));
        show(model, trace, HierarchySource::Slices, "#4"); // the node, and what has 4 as its own record function id
        QVERIFY(model.indexOf(test::sliceNamed(*trace, "aten::addmm")).isValid());
    }

    void theNodeTreeFollowsAKernelToItsNode()
    {
        TraceDocument document;
        ViewSettings settings;
        HierarchyView view(document, settings);
        view.resize(900, 300);
        view.show();
        const TracePtr trace = step();
        document.setTrace(trace);
        const NodeId zeros = trace->executionTrace()->byId(3), addmm = trace->executionTrace()->byId(4);
        document.selectNode(zeros); // no slice is it: only the node tree knows it
        QCOMPARE(view.model().nodeAt(view.tree().currentIndex()), zeros);
        document.selectSlice(test::sliceNamed(*trace, "early_kernel"));
        QCOMPARE(view.model().nodeAt(view.tree().currentIndex()), addmm);
        QCOMPARE(document.selection().slice, test::sliceNamed(*trace, "early_kernel"));
        document.selectSlice(test::sliceNamed(*trace, "lost_kernel")); // works for no node
        QCOMPARE(view.model().sliceAt(view.tree().currentIndex()), test::sliceNamed(*trace, "lost_kernel"));
    }

    void aMillionRowsAreOpenedByCountingNotByObjects()
    {
        TraceFixture f;
        const TrackId main = f.thread(1, 10);
        constexpr int kParents = 1'000, kChildren = 1'000;
        for (int i = 0; i < kParents; ++i) {
            f.slice(main, i * 10'000, 9'000, "outer");
            for (int k = 0; k < kChildren; ++k) f.slice(main, i * 10'000 + k * 9, 8, "inner");
        }
        const TracePtr trace = f.finish();
        const auto all = HierarchyTree::build(*trace, HierarchySource::Slices);
        QCOMPARE(all->rows(), 2u + kParents + kParents * kChildren);
        HierarchyModel model;
        model.set(trace, all, all);
        const QModelIndex track = model.index(0, 0, model.index(0, 0));
        QCOMPARE(model.rowCount(track), kParents);
        const QModelIndex outer = model.index(kParents - 1, 0, track);
        QCOMPARE(model.rowCount(outer), kChildren);
        const QModelIndex last = model.index(kChildren - 1, 0, outer);
        QCOMPARE(last.parent(), outer);
        QCOMPARE(model.indexOf(model.sliceAt(last)), last);
    }

    void selectingAnywhereSelectsEverywhere()
    {
        TraceDocument document;
        ViewSettings settings;
        HierarchyView view(document, settings);
        view.resize(800, 300);
        view.show();
        const TracePtr trace = twoThreads();
        document.setTrace(trace);
        const SliceId inner = test::sliceNamed(*trace, "aten::empty");
        document.selectSlice(inner);
        QCOMPARE(view.model().sliceAt(view.tree().currentIndex()), inner);
        QVERIFY(view.tree().isExpanded(view.tree().currentIndex().parent()));
        QTest::keyClick(&view.tree(), Qt::Key_Up);
        QCOMPARE(document.selection().slice, test::sliceNamed(*trace, "aten::conv2d"));
        document.clearSelection();
        QVERIFY(!view.tree().currentIndex().isValid());
    }

    void theFilterFieldWorksAndTheTraceMayGo()
    {
        TraceDocument document;
        ViewSettings settings;
        HierarchyView view(document, settings);
        const QAbstractItemModelTester tester(&view.model(), QAbstractItemModelTester::FailureReportingMode::QtTest);
        view.show();
        document.setTrace(twoThreads());
        view.filterField().setText(QStringLiteral("relu"));
        QTRY_VERIFY(!view.busy());
        QCOMPARE(view.model().tree()->matches(), 1u);
        document.setTrace(nullptr);
        QCOMPARE(view.model().rowCount(), 0);
        QVERIFY(view.filterField().text().isEmpty());
    }
};

QTEST_MAIN(tst_HierarchyModel)
#include "tst_HierarchyModel.moc"
