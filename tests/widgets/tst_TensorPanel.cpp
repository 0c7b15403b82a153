#include <QAbstractItemModelTester>
#include <QElapsedTimer>
#include <QFile>
#include <QLineEdit>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "tests/support/Json.h"
#include "tests/support/TraceFixture.h"
#include "widgets/document/TraceDocument.h"
#include "widgets/document/ViewSettings.h"
#include "widgets/common/BarList.h"
#include "widgets/tensor/CheckList.h"
#include "widgets/tensor/FlowSection.h"
#include "widgets/tensor/HistogramView.h"
#include "widgets/tensor/LifeStrip.h"
#include "widgets/tensor/StatisticsStrip.h"
#include "widgets/tensor/TensorList.h"
#include "widgets/tensor/TensorPanel.h"
#include "widgets/tensor/ValueGrid.h"

using namespace opscope;
using namespace opscope::test;

namespace {

std::string node(int id, int parent, const std::string& name, const std::string& in, const std::string& shapes, const std::string& types,
                 const std::string& out = "", const std::string& range = "")
{
    return "{'id': " + std::to_string(id) + ", 'name': '" + name + "', 'ctrl_deps': " + std::to_string(parent) +
           ", 'inputs': {'values': [" + in + "], 'shapes': [" + shapes + "], 'types': [" + types + "]}, 'outputs': {'values': [" + out +
           "], 'shapes': [" + (out.empty() ? "" : "[4]") + "], 'types': [" + (out.empty() ? "" : "'Tensor(long int)'") +
           "]}, 'attrs': [{'name': 'rf_id', 'type': 'uint64', 'value': " + std::to_string(id) +
           "}, {'name': 'tid', 'type': 'uint64', 'value': 1}, {'name': 'tensor_range', 'type': 'string', 'value': '" + range + "'}]}";
}

/// Node 3 makes tensor 20; node 4 reads 20, 21 (2 x 3), a list of 20 and an undefined one; node 5 reads 20.
std::string trace()
{
    const std::string t20 = "[20, 30, 0, 4, 8, 'cpu']", t21 = "[21, 31, 0, 6, 8, 'cpu']";
    return json("{'schema': '1.1.1-chakra.0.0.4', 'pid': 7, 'time': 'now', 'start_ts': 1, 'nodes': [\n" +
                node(3, 2, "make", "", "", "", t20) + ",\n" +
                node(4, 2, "use<b>it</b>", t20 + ", " + t21 + ", [" + t20 + ", [9, 0, 0, 0, 0, '']], 1", "[4], [2, 3], [[4], []], []",
                     "'Tensor(long int)', 'Tensor(long int)', 'GenericList[Tensor(long int),Tensor(nullptr (uninitialized))]', 'Int'", "",
                     "{\\\"0\\\":[1,9],\\\"1\\\":[0,5]}") +
                ",\n" + node(5, 2, "last", t20, "[4]", "'Tensor(long int)'") + ",\n" + node(6, 2, "bare", "3", "[]", "'Int'") + ",\n" +
                "{'id': 2, 'name': '[pytorch|profiler|execution_trace|thread]', 'ctrl_deps': 1},\n"
                "{'id': 1, 'name': '[pytorch|profiler|execution_trace|process]', 'ctrl_deps': 1}\n], 'finish_ts': 2}");
}

/// An execution trace with a resources folder, in a folder of its own.
class Files
{
public:
    Files() { write(QStringLiteral("a.json"), QByteArray::fromStdString(trace())); }
    void write(const QString& name, const QByteArray& bytes)
    {
        const QString path = m_folder.filePath(name);
        QVERIFY2(QDir().mkpath(QFileInfo(path).path()), "folder");
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size());
    }
    void capture(int nodeId, int index, std::vector<std::int64_t> values)
    {
        write(QStringLiteral("a_resources/nid_%1_tid_%2.dat").arg(nodeId).arg(index),
              QByteArray(reinterpret_cast<const char*>(values.data()), static_cast<qsizetype>(values.size() * sizeof(std::int64_t))));
    }
    TracePtr load() const { return traceFromFile(path(QStringLiteral("a.json")).toStdString()); }
    QString path(const QString& name) const { return m_folder.filePath(name); }

private:
    QTemporaryDir m_folder;
};

/// What the panels share is there, or never will be.
bool shared(TraceDocument& document)
{
    return !document.trace() || !document.trace()->executionTrace() || (document.tensorFlow() && document.resources(NodeId(0)));
}

struct Shown
{
    explicit Shown(const TracePtr& trace, int width = 1200, int height = 790) : panel(document, settings)
    {
        panel.resize(width, height);
        panel.show();
        document.setTrace(trace);
    }
    NodeId node(std::int64_t id) const
    {
        const ExecutionTrace& et = *document.trace()->executionTrace();
        return et.byId(et.files().front(), id);
    }
    /// Until nothing is read any more.
    void select(std::int64_t id)
    {
        document.selectNode(node(id));
        settle();
    }
    void settle()
    {
        QTRY_VERIFY(!anyJob(panel) && shared(document));
    }
    static bool anyJob(const QObject& object)
    {
        const auto jobs = object.findChildren<Job*>();
        return std::any_of(jobs.begin(), jobs.end(), [](const Job* job) { return job->running(); });
    }
    QString cell(int i) { return panel.statistics().cells()[static_cast<std::size_t>(i)].value; }
    QStringList names()
    {
        QStringList out;
        for (int line = 0; line < panel.list().lines().rowCount(); ++line) out += panel.list().lines().index(line).data().toString();
        return out;
    }
    TraceDocument document;
    ViewSettings settings;
    TensorPanel panel;
};

QString sharedLookups() { return QStringLiteral(OPSCOPE_SHARED "/traces/et/resources_lookups/lookups_a.json"); }

} // namespace

class tst_TensorPanel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void whatIsMissingIsSaid()
    {
        Shown none(nullptr);
        QCOMPARE(none.panel.message(), QStringLiteral("No trace is open."));
        TraceFixture fixture;
        fixture.slice(fixture.thread(1, 1), 0, 10, "op");
        Shown timed(fixture.finish());
        QCOMPARE(timed.panel.message(), QStringLiteral("No execution trace is open. Open one to see nodes, tensors and data."));
        const Files files;
        Shown shown(files.load());
        QCOMPARE(shown.panel.message(), QStringLiteral("Nothing selected. Click a slice, or press / to find one."));
        shown.select(6);
        QCOMPARE(shown.panel.message(), QStringLiteral("This node has no tensors."));
        shown.select(4);
        QCOMPARE(shown.panel.message(), QString());
    }

    void theListIsFlattenedAndNamed()
    {
        Files files;
        files.capture(4, 0, {1, 2, 2, 9});
        Shown shown(files.load());
        const QAbstractItemModelTester tester(&shown.panel.list().lines());
        shown.select(4);
        QCOMPARE(shown.names(), (QStringList{QStringLiteral("Input tensors, flattened"), QStringLiteral("input 0"), QStringLiteral("input 1"),
                                             QStringLiteral("input 2, item 0"), QStringLiteral("input 2, item 1")}));
        const auto tag = [&](int line) { return shown.panel.list().lines().index(line).data(TensorListModel::TagRole).toString(); };
        QCOMPARE(tag(1), QStringLiteral("captured"));
        QCOMPARE(tag(2), QString());
        QCOMPARE(tag(3), QStringLiteral("same as 0"));
        QCOMPARE(shown.panel.list().lines().index(4).data(TensorListModel::ShapeRole).toString(), QStringLiteral("undefined"));
        QCOMPARE(shown.panel.list().lines().index(2).data(TensorListModel::ShapeRole).toString(), QStringLiteral("[2, 3] int64"));
        shown.select(3);
        QCOMPARE(shown.names(), (QStringList{QStringLiteral("Output tensors"), QStringLiteral("output 0")}));
    }

    void choosingATensorSelectsItEverywhere()
    {
        const Files files;
        Shown shown(files.load());
        shown.select(4);
        const std::uint32_t first = shown.document.trace()->executionTrace()->node(shown.node(4)).firstTensor;
        shown.panel.list().setFocus();
        QTest::keyClick(&shown.panel.list(), Qt::Key_Down);
        QCOMPARE(shown.document.selection().tensor, TensorId(first + 1));
        shown.document.selectTensor(TensorId(first + 2));
        QCOMPARE(shown.panel.lens().chosen()->index, 2u);
        QCOMPARE(shown.panel.list().currentIndex().row(), 3);
    }

    void valuesAreCountedAndChecked()
    {
        Files files;
        files.capture(4, 0, {1, 2, 2, 12});
        Shown shown(files.load());
        shown.select(4);
        QCOMPARE(shown.cell(0), QStringLiteral("4"));
        QCOMPARE(shown.cell(1), QStringLiteral("1"));
        QCOMPARE(shown.cell(2), QStringLiteral("12"));
        QCOMPARE(shown.panel.statistics().cells()[2].note, QStringLiteral("declared 9"));
        QCOMPARE(shown.cell(3), QStringLiteral("3"));
        QCOMPARE(shown.panel.frequent().row(0).label, QStringLiteral("2"));
        QCOMPARE(shown.panel.frequent().row(0).count, QStringLiteral("2"));
        QVERIFY2(shown.panel.checks().text().contains(QStringLiteral("good: File size")), qPrintable(shown.panel.checks().text()));
        QVERIFY2(shown.panel.checks().text().contains(QStringLiteral("warning: ")), "12 lies outside of the declared range");
        shown.panel.grid().setCurrent(3);
        QCOMPARE(shown.panel.grid().sentence(3), QStringLiteral("[3] = 12"));
        QVERIFY(shown.panel.footer().startsWith(QStringLiteral("nid_4_tid_0.dat read in storage order, little-endian")));
    }

    void aShortFileIsSaidAndItsEndIsNoZero()
    {
        Files files;
        files.capture(4, 1, {0, 1, 2, 3});
        Shown shown(files.load());
        shown.select(4);
        QVERIFY2(shown.panel.checks().text().contains(QStringLiteral("32 of 48 B")), qPrintable(shown.panel.checks().text()));
        QCOMPARE(shown.panel.grid().sentence(5), QStringLiteral("[1, 2] = – (the file ends before it)"));
        QCOMPARE(shown.panel.grid().goTo(QStringLiteral("[1, 0]")), QStringLiteral("[1, 0] = 3"));
    }

    void whatWasNotCapturedSaysHowToCaptureIt()
    {
        const Files files;
        Shown shown(files.load());
        shown.select(4);
        QVERIFY2(shown.panel.notice().startsWith(QStringLiteral("Nothing was captured for this tensor.")), qPrintable(shown.panel.notice()));
        QVERIFY(shown.panel.notice().contains(QStringLiteral("ENABLE_PYTORCH_EXECUTION_TRACE_SAVE_INTEGRAL_TENSOR_DATA=use<b>it</b>")));
        QCOMPARE(shown.panel.statistics().cells()[3].value, QStringLiteral("1"));
        QCOMPARE(shown.panel.statistics().cells()[3].note, QStringLiteral("declared"));
        QVERIFY(!shown.panel.grid().isVisible());
    }

    void whereATensorComesFromAndGoesTo()
    {
        const Files files;
        Shown shown(files.load());
        shown.select(4);
        QCOMPARE(shown.panel.flow().producerText(), QStringLiteral("make, node 3"));
        QCOMPARE(shown.panel.flow().consumersText(), QStringLiteral("this node, last, node 5"));
        LifeStrip& life = shown.panel.flow().life();
        QCOMPARE(life.uses().front().node, shown.node(3));
        QCOMPARE(life.sentence(0), QStringLiteral("make, node 3, writes it"));
        QSignalSpy revealed(&shown.document, &TraceDocument::revealRequested);
        life.setFocus();
        QTest::keyClick(&life, Qt::Key_End);
        QTest::keyClick(&life, Qt::Key_Return);
        QCOMPARE(shown.document.selection().node, shown.node(5));
        QCOMPARE(revealed.size(), 1);
    }

    void valuesAreSavedAndSaid()
    {
        Files files;
        files.capture(4, 0, {1, 2, 3, 4});
        Shown shown(files.load());
        shown.select(4);
        QSignalSpy said(&shown.panel.lens(), &TensorLens::said);
        shown.panel.lens().save(files.path(QStringLiteral("out.csv")));
        QTRY_COMPARE(said.size(), 1);
        QCOMPARE(said[0][0].toString(), QStringLiteral("Saved out.csv."));
        QFile csv(files.path(QStringLiteral("out.csv")));
        QVERIFY(csv.open(QIODevice::ReadOnly));
        QVERIFY(csv.readAll().contains("\n3,4"));
        shown.panel.lens().save(files.path(QStringLiteral("out.npy")));
        QTRY_COMPARE(said.size(), 2);
        QFile npy(files.path(QStringLiteral("out.npy")));
        QVERIFY(npy.open(QIODevice::ReadOnly));
        QCOMPARE(npy.read(6), QByteArray("\x93NUMPY"));
        shown.panel.lens().save(files.path(QStringLiteral("missing/out.npy")));
        QTRY_COMPARE(said.size(), 3);
        QVERIFY2(!said[2][0].toString().startsWith(QStringLiteral("Saved")), qPrintable(said[2][0].toString()));
    }

    void longNamesOfVariablesDoNotPushTheStatisticsOutOfSight()
    {
        Files files;
        Shown shown(files.load(), 300, 700); // narrower than ENABLE_PYTORCH_EXECUTION_TRACE_SAVE_INTEGRAL_TENSOR_DATA
        shown.select(4);
        QVERIFY2(shown.panel.notice().contains(QStringLiteral("SAVE_INTEGRAL_TENSOR_DATA=")), qPrintable(shown.panel.notice()));
        QTRY_VERIFY2(shown.panel.statistics().width() <= 300, qPrintable(QString::number(shown.panel.statistics().width())));
    }

    void theHistogramIsReadByKeys()
    {
        Files files;
        files.capture(4, 1, {0, 0, 0, 1, 5, 5});
        Shown shown(files.load());
        shown.select(4);
        HistogramView& histogram = shown.panel.histogram();
        QCOMPARE(histogram.accessibleDescription(), QStringLiteral("3 values in 0, 50.0 %"));
        histogram.setFocus();
        QTest::keyClick(&histogram, Qt::Key_Right);
        QCOMPARE(histogram.accessibleDescription(), QStringLiteral("1 value in 1, 16.7 %"));
        QTest::keyClick(&histogram, Qt::Key_End);
        QCOMPARE(histogram.accessibleDescription(), QStringLiteral("2 values in 5, 33.3 %"));
        QVERIFY(!histogram.logarithmic());
    }

    void oneColumnWhereItIsNarrowTwoWhereThereIsRoom()
    {
        Files files;
        files.capture(4, 0, {1, 2, 3, 4});
        Shown shown(files.load(), 340, 700);
        shown.select(4);
        QVERIFY(!shown.panel.wide());
        QCOMPARE(shown.panel.statistics().columns(), 2);
        for (const QWidget* part : {static_cast<QWidget*>(&shown.panel.list()), static_cast<QWidget*>(&shown.panel.grid()),
                                    static_cast<QWidget*>(&shown.panel.histogram())}) {
            const int right = part->mapTo(&shown.panel, QPoint(part->width(), 0)).x();
            QVERIFY2(right <= shown.panel.width(), qPrintable(QString::number(right)));
        }
        shown.panel.resize(1200, 790);
        QVERIFY(shown.panel.wide());
        QTRY_COMPARE(shown.panel.statistics().columns(), 6);
        QVERIFY(shown.panel.list().mapTo(&shown.panel, QPoint()).x() < shown.panel.grid().mapTo(&shown.panel, QPoint()).x());
    }

    void aHiddenPanelReadsNothing()
    {
        Files files;
        files.capture(4, 0, {1, 2, 3, 4});
        Shown shown(files.load());
        shown.panel.hide();
        shown.document.selectNode(shown.node(4));
        QVERIFY(!shown.panel.lens().node());
        shown.panel.show();
        QCOMPARE(shown.panel.lens().node(), shown.node(4));
    }

    void aClosedTraceIsLetGo()
    {
        const Files files;
        TracePtr trace = files.load();
        Shown shown(trace);
        shown.select(4);
        const std::weak_ptr<const Trace> watched = trace;
        trace.reset();
        shown.document.setTrace(nullptr);
        QTRY_VERIFY(watched.expired());
        QVERIFY(!shown.panel.grab().isNull());
    }

    void bagsAreThoseOfTheOffsets()
    {
        if (!QFile::exists(sharedLookups())) QSKIP("skipped: the shared traces are not here");
        Shown shown(traceFromFile(sharedLookups().toStdString()));
        shown.select(36);
        QCOMPARE(shown.panel.lens().chosen()->index, 1u);
        QCOMPARE(shown.panel.bags().rows(), std::uint64_t(16));
        QCOMPARE(shown.panel.bags().row(1).count, QStringLiteral("59"));
        QCOMPARE(shown.panel.grid().goTo(QStringLiteral("bag 2")), QStringLiteral("[96] = 54, bag 2, 1 of 6"));
        const QStringList expected{QStringLiteral("412"), QStringLiteral("1"), QStringLiteral("111"), QStringLiteral("31"), QStringLiteral("1")};
        for (int i = 0; i < expected.size(); ++i) QCOMPARE(shown.cell(i), expected[i]);
        QCOMPARE(shown.panel.histogram().sentence(0), QStringLiteral("314 values in 1 to 3, 76.2 %"));
        QCOMPARE(shown.panel.checks().text().count(QStringLiteral("good: ")), 4);
        QVERIFY(!shown.panel.checks().text().contains(QStringLiteral("warning")));
        shown.select(84);
        const std::uint32_t first = shown.document.trace()->executionTrace()->node(shown.node(84)).firstTensor;
        shown.document.selectTensor(TensorId(first + 4));
        shown.settle();
        QVERIFY2(shown.panel.checks().text().contains(QStringLiteral("776 of 1,552 B")), qPrintable(shown.panel.checks().text()));
    }

    void offsetsThatDoNotRiseCutNothing()
    {
        if (!QFile::exists(sharedLookups())) QSKIP("skipped: the shared traces are not here");
        const TracePtr trace = traceFromFile(sharedLookups().toStdString());
        const ExecutionTrace& et = *trace->executionTrace();
        const NodeId lookup = et.byId(et.files().front(), 36);
        const auto values = CapturedTensor::open(*trace, lookup, TensorId(et.node(lookup).firstTensor + 1));
        const auto offsets = CapturedTensor::open(*trace, lookup, TensorId(et.node(lookup).firstTensor + 2));
        QVERIFY(values && offsets);
        QCOMPARE(bagsFrom(**offsets, 412).starts->size(), std::size_t(16));
        QVERIFY(!bagsFrom(**offsets, 411).starts);
        QVERIFY(bagsFrom(**offsets, 411).note.startsWith(QStringLiteral("Not split into bags")));
        QVERIFY(!bagsFrom(**values, 412).starts);
    }
};

QTEST_MAIN(tst_TensorPanel)
#include "tst_TensorPanel.moc"
