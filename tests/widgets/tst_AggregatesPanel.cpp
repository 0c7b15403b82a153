#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QHeaderView>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QScrollBar>
#include <QTableView>
#include <QToolButton>
#include <QtTest>

#include "tests/support/TraceFixture.h"
#include "widgets/common/BarList.h"
#include "widgets/document/TraceDocument.h"
#include "widgets/document/ViewSettings.h"
#include "widgets/table/AggregatesModel.h"
#include "widgets/table/AggregatesPanel.h"
#include "widgets/table/AggregatesTable.h"
#include "widgets/table/OccurrencePane.h"
#include "widgets/table/PopulationBar.h"
#include "widgets/table/PopulationChip.h"

using namespace opscope;
using Column = AggregateColumn;

namespace {

/// Kernels "gemm" of 10, 20 and 600 µs, "softmax"; an operator around a call; nothing on the device from 800 µs to 2 ms.
TracePtr run()
{
    test::TraceFixture f;
    const TrackId host = f.thread(1, 1, "main");
    const TrackId stream = f.thread(0, 7, "stream 7", "GPU 0");
    f.slice(host, 0, 50'000, "aten::mm").slice(host, 1'000, 5'000, "cudaLaunchKernel", "cuda_runtime").slice(host, 1'900'000, 100'000, "aten::add");
    f.slice(stream, 0, 10'000, "gemm", "kernel").slice(stream, 20'000, 20'000, "gemm", "kernel").slice(stream, 50'000, 600'000, "gemm", "kernel");
    f.slice(stream, 700'000, 5'000, "softmax", "kernel");
    return f.finish();
}

TracePtr hostOnly()
{
    test::TraceFixture f;
    const TrackId host = f.thread(1, 1, "main");
    f.slice(host, 0, 50'000, "aten::mm").slice(host, 60'000, 5'000, "aten::add");
    return f.finish();
}

/// More slices than are added up at once: answers come from a worker.
TracePtr large()
{
    test::TraceFixture f;
    const TrackId host = f.thread(1, 1, "main");
    for (int i = 0; i < 30'000; ++i) f.slice(host, i * 100, 50, i % 3 ? "aten::mm" : "aten::add");
    return f.finish();
}

/// "op 1" to "op 99" of as many ns, "op 0" of 1 ns and of 1 ms: the largest until long slices are left out.
TracePtr manyNames()
{
    test::TraceFixture f;
    const TrackId host = f.thread(1, 1, "main");
    f.slice(host, 0, 1'000'000, "op 0").slice(host, 1'000'000, 1, "op 0");
    for (int i = 1; i < 100; ++i) f.slice(host, 1'000'000 + i * 1'000, i, "op " + std::to_string(i));
    return f.finish();
}

struct Shown
{
    TraceDocument document;
    ViewSettings settings;
    AggregatesPanel panel{document, settings};

    explicit Shown(const TracePtr& trace, QSize size = {1200, 400})
    {
        document.setTrace(trace);
        panel.resize(size);
        panel.show();
    }
    AggregatesModel& model() { return panel.model(); }
    QString cell(int row, Column column) { return model().index(row, static_cast<int>(column)).data().toString(); }
    bool isShown(Column column) { return !panel.table().isColumnHidden(static_cast<int>(column)); }
    QStringList names()
    {
        QStringList all;
        for (int row = 0; row < model().rowCount(); ++row) all << cell(row, Column::Key);
        return all;
    }
    QString shownRow() { return cell(panel.table().currentIndex().row(), Column::Key); }
    void filter(const char* text)
    {
        document.setFilter(std::get<Filter>(Filter::parse(text)));
        QTRY_VERIFY(!document.filtering() && !panel.busy());
    }
};

} // namespace

class tst_AggregatesPanel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void kernelsComeFirstAndTheLargestIsChosen();
    void aTraceWithoutKernelsShowsOperators();
    void theRangeDecidesWhatIsAddedUp();
    void theViewDecidesWhereThatWasAskedFor();
    void anEmptyRangeSaysSo();
    void aRowThatNobodyChoseIsNotKept();
    void aRowThatSomebodyChoseIsKept();
    void aRowThatIsLookedIntoIsKept();
    void chipsAndGroupingsChangeTheTable();
    void aHeadSortsAndTurnsRound();
    void occurrencesAreSteppedThrough();
    void clicksGoToTheSlicesOfARow();
    void aBinListsItsSlices();
    void theSlowestLeadToTheirPlaces();
    void enterMakesARowTheFilter();
    void columnsAreChosenAndRemembered();
    void aHiddenPanelComputesNothing();
    void anAnswerForAnotherTraceIsDropped();
    void aNarrowPanelKeepsNamesAndTotals();
    void nodesAreCountedAndHaveNoHistogram();
    void aTableIsSavedAndCopied();
};

void tst_AggregatesPanel::kernelsComeFirstAndTheLargestIsChosen()
{
    Shown s(run());
    QCOMPARE(s.panel.populations().current(), Population::Kernels);
    QCOMPARE(s.names(), (QStringList{QStringLiteral("gemm"), QStringLiteral("softmax")}));
    QCOMPARE(s.panel.scopeText(), QStringLiteral("Whole trace"));
    QCOMPARE(s.panel.totalsText(), QStringLiteral("4 slices, 635.0 µs of device time"));
    QCOMPARE(s.panel.populations().chip(Population::Kernels).number(), QStringLiteral("2"));
    QCOMPARE(s.panel.occurrences().positionText(), QStringLiteral("3 calls"));
    QVERIFY(!s.panel.occurrences().histogram().histogram().counts.empty());
    QVERIFY(!s.document.selection().slice); // nothing was gone to
    QVERIFY(!s.isShown(Column::Self));      // of kernels it is the total
}

void tst_AggregatesPanel::aTraceWithoutKernelsShowsOperators()
{
    Shown s(hostOnly());
    QCOMPARE(s.panel.populations().current(), Population::Operators);
    QCOMPARE(s.panel.totalsText(), QStringLiteral("2 slices, 55.0 µs of own time"));
    QVERIFY(s.panel.populations().chip(Population::Kernels).isHidden());
    QVERIFY(s.isShown(Column::Self));
    s.document.setTrace(nullptr);
    QCOMPARE(s.panel.message(), QStringLiteral("No trace is open."));
}

void tst_AggregatesPanel::theRangeDecidesWhatIsAddedUp()
{
    Shown s(run());
    s.document.selectRange(TimeRange{15'000, 60'000});
    QTRY_VERIFY(!s.panel.busy());
    QCOMPARE(s.cell(0, Column::Calls), QStringLiteral("2"));
    QVERIFY(s.panel.scopeText().startsWith(QStringLiteral("In the range 15.0")));
    s.document.selectRange(std::nullopt);
    QTRY_VERIFY(!s.panel.busy());
    QCOMPARE(s.cell(0, Column::Calls), QStringLiteral("3"));
}

void tst_AggregatesPanel::theViewDecidesWhereThatWasAskedFor()
{
    Shown s(run());
    s.document.setVisibleRange({690'000, 710'000});
    QVERIFY(!s.panel.busy()); // the view is none of its concern yet
    s.panel.setFollowsView(true);
    QTRY_VERIFY(!s.panel.busy());
    QCOMPARE(s.names(), QStringList{QStringLiteral("softmax")});
    QVERIFY(s.panel.scopeText().startsWith(QStringLiteral("In view 690.0")));
}

void tst_AggregatesPanel::anEmptyRangeSaysSo()
{
    Shown s(run());
    s.document.selectRange(TimeRange{800'000, 1'800'000});
    QTRY_VERIFY(!s.panel.busy());
    QCOMPARE(s.panel.message(), QStringLiteral("No kernel in this range. The GPU was idle for 1.000 ms."));
    QCOMPARE(s.panel.totalsText(), QStringLiteral("0 slices"));
    QVERIFY(s.panel.occurrences().isHidden());
    s.document.selectRange(std::nullopt);
    QTRY_VERIFY(!s.panel.busy());
    QVERIFY(s.panel.message().isEmpty());
    QVERIFY(!s.panel.occurrences().isHidden());
}

void tst_AggregatesPanel::aRowThatNobodyChoseIsNotKept()
{
    Shown s(manyNames(), {1200, 300});
    QCOMPARE(s.shownRow(), QStringLiteral("op 0"));
    s.panel.table().verticalScrollBar()->setValue(20); // looked around, chose nothing
    s.filter("dur < 1us");                             // of "op 0" the shortest is left, and all others are longer
    QCOMPARE(s.names().first(), QStringLiteral("op 99"));
    QVERIFY(s.names().indexOf(QStringLiteral("op 0")) > 20); // still there
    QCOMPARE(s.shownRow(), QStringLiteral("op 99"));
    QCOMPARE(s.panel.table().indexAt({5, 5}).row(), 0); // in sight
}

void tst_AggregatesPanel::aRowThatSomebodyChoseIsKept()
{
    Shown s(manyNames(), {1200, 300});
    QTest::keyClick(&s.panel.table(), Qt::Key_Down);
    QCOMPARE(s.shownRow(), QStringLiteral("op 99"));
    s.filter("name != \"op 1\"");
    QCOMPARE(s.shownRow(), QStringLiteral("op 99"));
    s.filter("name != \"op 99\"");
    QCOMPARE(s.shownRow(), QStringLiteral("op 0"));
    s.filter("");
    QCOMPARE(s.shownRow(), QStringLiteral("op 99")); // it is back
    s.document.setTrace(manyNames());
    QCOMPARE(s.shownRow(), QStringLiteral("op 0"));
}

void tst_AggregatesPanel::aRowThatIsLookedIntoIsKept()
{
    Shown s(manyNames(), {1200, 300});
    QTest::keyClick(&s.panel.table(), Qt::Key_Period); // to an occurrence of the row that the panel chose
    s.filter("dur < 1us");
    QCOMPARE(s.shownRow(), QStringLiteral("op 0"));
    QCOMPARE(s.panel.table().currentIndex().row(), s.names().indexOf(QStringLiteral("op 0")));
}

void tst_AggregatesPanel::chipsAndGroupingsChangeTheTable()
{
    Shown s(run());
    s.panel.populations().chip(Population::All).click();
    QCOMPARE(s.model().rowCount(), 5);
    const int byCategory = s.panel.grouping().findText(QStringLiteral("Category"));
    QVERIFY(byCategory >= 0);
    s.panel.grouping().setCurrentIndex(byCategory);
    Q_EMIT s.panel.grouping().activated(byCategory);
    QCOMPARE(s.names(), (QStringList{QStringLiteral("kernel"), QStringLiteral("cpu_op"), QStringLiteral("cuda_runtime")}));
    // What a person chose stays, as long as the next trace has it.
    s.document.setTrace(run());
    QCOMPARE(s.panel.populations().current(), Population::All);
    QCOMPARE(s.panel.grouping().currentText(), QStringLiteral("Category"));
}

void tst_AggregatesPanel::aHeadSortsAndTurnsRound()
{
    Shown s(run());
    const auto click = [&](Column column) { Q_EMIT s.panel.table().horizontalHeader()->sectionClicked(static_cast<int>(column)); };
    click(Column::Key);
    QCOMPARE(s.names().first(), QStringLiteral("gemm"));
    click(Column::Key);
    QCOMPARE(s.names().first(), QStringLiteral("softmax"));
    click(Column::Mean);
    QCOMPARE(s.names().first(), QStringLiteral("gemm"));
    QVERIFY(s.model().headerData(static_cast<int>(Column::Mean), Qt::Horizontal).toString().endsWith(QStringLiteral("↓")));
    // The order stays when the rows change.
    QTest::keyClick(&s.panel.table(), Qt::Key_Period); // gemm is of interest
    click(Column::Mean);
    s.document.selectRange(TimeRange{0, 1'000'000});
    QTRY_VERIFY(!s.panel.busy());
    QCOMPARE(s.names().first(), QStringLiteral("softmax"));
    QCOMPARE(s.panel.table().currentIndex().row(), 1); // and the chosen row is still gemm
}

void tst_AggregatesPanel::occurrencesAreSteppedThrough()
{
    Shown s(run());
    QSignalSpy asked(&s.document, &TraceDocument::revealRequested);
    QTest::keyClick(&s.panel.table(), Qt::Key_Period);
    QCOMPARE(s.panel.occurrences().positionText(), QStringLiteral("1 of 3"));
    QCOMPARE(s.document.trace()->slices().start(s.document.selection().slice), Nanos{0});
    QTest::keyClick(&s.panel.table(), Qt::Key_Period);
    QCOMPARE(s.panel.occurrences().positionText(), QStringLiteral("2 of 3"));
    QTest::keyClick(&s.panel.table(), Qt::Key_Comma);
    QTest::keyClick(&s.panel.table(), Qt::Key_Comma);
    QCOMPARE(s.panel.occurrences().positionText(), QStringLiteral("3 of 3")); // round and round
    QCOMPARE(asked.size(), 4);
    s.document.selectSlice(test::sliceNamed(*s.document.trace(), "softmax"));
    QCOMPARE(s.panel.occurrences().positionText(), QStringLiteral("3 calls"));
}

void tst_AggregatesPanel::clicksGoToTheSlicesOfARow()
{
    Shown s(run());
    QTableView& table = s.panel.table();
    const QPoint softmax = table.visualRect(s.model().index(1, 0)).center();
    QTest::mouseClick(table.viewport(), Qt::LeftButton, {}, softmax);
    QCOMPARE(s.document.selection().slice, test::sliceNamed(*s.document.trace(), "softmax"));
    QTest::keyClick(&table, Qt::Key_Up); // keys choose and go nowhere
    QCOMPARE(s.document.selection().slice, test::sliceNamed(*s.document.trace(), "softmax"));
    QCOMPARE(s.panel.occurrences().positionText(), QStringLiteral("3 calls"));
}

void tst_AggregatesPanel::aBinListsItsSlices()
{
    Shown s(run());
    DurationView& view = s.panel.occurrences().histogram();
    QVERIFY(view.histogram().logarithmic);
    const std::size_t last = view.histogram().counts.size() - 1;
    QCOMPARE(view.histogram().counts[last], std::uint64_t{1});
    QTest::mouseClick(&view, Qt::LeftButton, {}, view.column(last).center());
    QCOMPARE(s.panel.occurrences().list().rows(), std::uint64_t{1});
    QVERIFY(s.panel.occurrences().listTitle().startsWith(QStringLiteral("1 slice of ")));
    Q_EMIT s.panel.occurrences().list().chosen(0);
    QCOMPARE(s.document.trace()->slices().duration(s.document.selection().slice), Nanos{600'000});
    QTest::keyClick(&view, Qt::Key_Escape);
    QCOMPARE(s.panel.occurrences().listTitle(), QStringLiteral("Slowest"));
    QCOMPARE(s.panel.occurrences().list().rows(), std::uint64_t{3});
    // By keys: the first bin that has something.
    QTest::keyClick(&view, Qt::Key_Home);
    QTest::keyClick(&view, Qt::Key_Return);
    QCOMPARE(view.chosen(), std::optional<std::size_t>(0));
}

void tst_AggregatesPanel::theSlowestLeadToTheirPlaces()
{
    Shown s(run());
    BarList& list = s.panel.occurrences().list();
    QCOMPARE(list.row(0).label, QStringLiteral("600.0 µs"));
    QCOMPARE(list.row(0).count.simplified().remove(QChar(0x2009)), QStringLiteral("at 50.000 µs"));
    QCOMPARE(list.row(2).label, QStringLiteral("10.0 µs"));
    Q_EMIT list.chosen(1);
    QCOMPARE(s.document.trace()->slices().duration(s.document.selection().slice), Nanos{20'000});
}

void tst_AggregatesPanel::enterMakesARowTheFilter()
{
    Shown s(run());
    QTest::keyClick(&s.panel.table(), Qt::Key_Return);
    QCOMPARE(QString::fromStdString(s.document.filter().text()), QStringLiteral("name == \"gemm\""));
    QTRY_VERIFY(s.document.matches() && !s.panel.busy());
    QCOMPARE(s.names(), QStringList{QStringLiteral("gemm")});
    QVERIFY(s.panel.scopeText().endsWith(QStringLiteral(", filtered")));
    s.document.setFilter({});
    QTRY_COMPARE(s.names().size(), 2);
    s.panel.filterTo(0, true);
    QTRY_COMPARE(s.names(), QStringList{QStringLiteral("softmax")});
}

void tst_AggregatesPanel::columnsAreChosenAndRemembered()
{
    Shown s(run(), {1600, 400});
    QVERIFY(!s.isShown(Column::P99));
    QVERIFY(s.isShown(Column::Min));
    s.panel.table().setWanted(Column::P99, true);
    s.panel.table().setWanted(Column::Min, false);
    QVERIFY(s.isShown(Column::P99));
    QVERIFY(!s.isShown(Column::Min));
    const QByteArray state = s.panel.panelState();
    Shown next(run(), {1600, 400});
    next.panel.setPanelState(state);
    QVERIFY(next.isShown(Column::P99));
    QVERIFY(!next.isShown(Column::Min));
    next.panel.setPanelState("nonsense key:0 total:9 :: min:1 ");
    QVERIFY(next.isShown(Column::Min));
    QVERIFY(next.isShown(Column::Key) && next.isShown(Column::Total));
}

void tst_AggregatesPanel::aHiddenPanelComputesNothing()
{
    TraceDocument document;
    ViewSettings settings;
    AggregatesPanel panel(document, settings);
    document.setTrace(run());
    document.selectRange(TimeRange{0, 100'000});
    QVERIFY(!panel.busy());
    QCOMPARE(panel.model().rowCount(), 0);
    panel.resize(1000, 300);
    panel.show();
    QCOMPARE(panel.model().rowCount(), 1);
}

void tst_AggregatesPanel::anAnswerForAnotherTraceIsDropped()
{
    Shown s(large());
    QVERIFY(s.panel.busy());
    s.document.setTrace(run());
    QTRY_VERIFY(!s.panel.busy());
    QCOMPARE(s.names().first(), QStringLiteral("gemm"));
    s.document.setTrace(large());
    QTRY_VERIFY(!s.panel.busy());
    QCOMPARE(s.cell(0, Column::Calls), QStringLiteral("20,000"));
}

void tst_AggregatesPanel::aNarrowPanelKeepsNamesAndTotals()
{
    Shown s(run(), {340, 200});
    QVERIFY(s.panel.occurrences().isHidden());
    QVERIFY(s.isShown(Column::Calls));
    QVERIFY(!s.isShown(Column::Median));
    QVERIFY(s.panel.table().columnWidth(0) >= 150);
    s.panel.resize(340, 700); // the side goes below
    QVERIFY(!s.panel.occurrences().isHidden());
    QVERIFY(s.panel.occurrences().mapTo(&s.panel, QPoint()).y() > 200);
    s.panel.resize(1300, 300);
    QVERIFY(s.isShown(Column::Median));
    QCOMPARE(s.panel.occurrences().mapTo(&s.panel, QPoint()).y(), 0);
}

void tst_AggregatesPanel::nodesAreCountedAndHaveNoHistogram()
{
    Shown s(test::traceFromFile("et/flat_1.0.0.json"));
    QVERIFY(s.document.trace()->timeBase() == TimeBase::NodeOrder);
    QVERIFY(s.model().rowCount() > 0);
    QVERIFY(s.isShown(Column::Calls));
    for (const Column column : {Column::Total, Column::Mean, Column::Max, Column::Share}) QVERIFY(!s.isShown(column));
    QVERIFY(s.panel.occurrences().histogram().isHidden());
    QVERIFY(s.panel.totalsText().endsWith(QStringLiteral("nodes")));
    QTest::keyClick(&s.panel.table(), Qt::Key_Period);
    QVERIFY(s.document.selection().node);
}

void tst_AggregatesPanel::aTableIsSavedAndCopied()
{
    Shown s(run());
    QTemporaryDir folder;
    QSignalSpy said(&s.document, &TraceDocument::announced);
    s.panel.save(folder.filePath(QStringLiteral("t.json")));
    QTRY_COMPARE(said.size(), 1);
    QCOMPARE(said.takeFirst().first().toString(), QStringLiteral("t.json is written."));
    QFile file(folder.filePath(QStringLiteral("t.json")));
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QJsonObject first = QJsonDocument::fromJson(file.readAll()).object()[QStringLiteral("rows")].toArray().first().toObject();
    QCOMPARE(first[QStringLiteral("name")].toString(), QStringLiteral("gemm"));
    QCOMPARE(first[QStringLiteral("total_ns")].toInt(), 630'000);
    s.panel.save(folder.filePath(QStringLiteral("no/t.csv")));
    QTRY_COMPARE(said.size(), 1);
    QVERIFY(said.first().first().toString().contains(QStringLiteral("t.csv")));
    s.panel.copyRow();
    QVERIFY(QApplication::clipboard()->text().startsWith(QStringLiteral("gemm")));
    QVERIFY(QApplication::clipboard()->text().contains(QStringLiteral("total 630000 ns")));
}

QTEST_MAIN(tst_AggregatesPanel)
#include "tst_AggregatesPanel.moc"
