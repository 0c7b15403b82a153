#include "core/trace/PlaceLookup.h"
#include "tests/support/TraceFixture.h"
#include "widgets/document/TraceDocument.h"
#include "widgets/document/ViewSettings.h"
#include "widgets/panel/DiagnosticsModel.h"
#include "widgets/panel/DiagnosticsPanel.h"

#include <QAbstractItemModelTester>
#include <QLabel>
#include <QTableWidget>
#include <QTest>
#include <QToolButton>
#include <QTreeView>

using namespace opscope;

namespace {

constexpr std::string_view kTrace = R"({"traceEvents":[
{"ph":"X","cat":"cpu_op","name":"good","pid":1,"tid":1,"ts":100,"dur":20},
{"ph":"X","cat":"cpu_op","name":"backwards","pid":1,"tid":1,"ts":200,"dur":-5},
7,
{"ph":"X","cat":"cpu_op","name":"last","pid":1,"tid":1,"ts":300,"dur":20}
]})";

} // namespace

class tst_DiagnosticsPanel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyDefectIsARow()
    {
        const TracePtr trace = test::traceFromText(kTrace);
        DiagnosticsModel model;
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setTrace(trace);
        QCOMPARE(static_cast<std::size_t>(model.rowCount()), trace->diagnostics().seen().size());
        const int row = model.rowOf(Defect::NegativeDuration);
        QVERIFY(row >= 0);
        QCOMPARE(model.index(row, DiagnosticsModel::Finding).data().toString(), QStringLiteral("Negative durations"));
        QCOMPARE(model.index(row, DiagnosticsModel::Events).data().toString(), QStringLiteral("1"));
        QVERIFY(model.text().contains(QStringLiteral("warning: Negative durations (1). Shown with length 0.")));
    }

    void chipsHideWhatTheyCount()
    {
        TraceDocument document;
        ViewSettings settings;
        DiagnosticsPanel panel(document, settings);
        const QAbstractItemModelTester tester(&panel.model(), QAbstractItemModelTester::FailureReportingMode::QtTest);
        document.setTrace(test::traceFromText(kTrace));
        const int all = panel.model().rowCount();
        QVERIFY(panel.chip(Severity::Warning).text().endsWith(QStringLiteral("warnings")));
        QVERIFY(!panel.chip(Severity::Error).isEnabled());
        panel.chip(Severity::Warning).click();
        QVERIFY(panel.model().rowCount() < all);
        panel.chip(Severity::Warning).click();
        QCOMPARE(panel.model().rowCount(), all);
    }

    void aClickOnAPlaceGoesThere()
    {
        TraceDocument document;
        ViewSettings settings;
        DiagnosticsPanel panel(document, settings);
        const TracePtr trace = test::traceFromText(kTrace);
        document.setTrace(trace);
        panel.findings().setCurrentIndex(panel.model().index(panel.model().rowOf(Defect::NegativeDuration), 0));
        QCOMPARE(panel.places().rowCount(), 1);
        Q_EMIT panel.places().cellClicked(0, 0);
        QCOMPARE(document.selection().slice, test::sliceNamed(*trace, "backwards"));
        QVERIFY2(panel.message().startsWith(QStringLiteral("Selected: what stands at byte")), qPrintable(panel.message()));
        // What is not drawn leads to its neighbour, and says so.
        panel.findings().setCurrentIndex(panel.model().index(panel.model().rowOf(Defect::NotAnObject), 0));
        Q_EMIT panel.places().cellClicked(0, 0);
        QCOMPARE(document.selection().slice, test::sliceNamed(*trace, "backwards"));
        QVERIFY2(panel.message().contains(QStringLiteral("is not drawn")), qPrintable(panel.message()));
    }

    void aCleanFileSaysSo()
    {
        TraceDocument document;
        ViewSettings settings;
        DiagnosticsPanel panel(document, settings);
        document.setTrace(test::traceFromText(R"({"traceEvents":[{"ph":"X","cat":"cpu_op","name":"a","pid":1,"tid":1,"ts":1,"dur":2}]})"));
        QCOMPARE(panel.model().rowCount(), 0);
        const auto labels = panel.findChildren<QLabel*>();
        QVERIFY(std::any_of(labels.begin(), labels.end(), [](const QLabel* label) {
            return label->text() == QStringLiteral("No problems were found in this file.") && !label->isHidden();
        }));
        document.setTrace(nullptr);
        QCOMPARE(panel.model().rowCount(), 0);
    }

    void everyByteOfASliceLeadsToIt()
    {
        const TracePtr trace = test::traceFromText(kTrace);
        const SliceId last = test::sliceNamed(*trace, "last");
        const std::uint64_t begin = trace->slices().sourceOffset(last);
        const std::uint64_t length = trace->slices().sourceLength(last);
        QVERIFY(length > 0);
        for (const std::uint64_t offset : {begin, begin + length - 1}) {
            const Place place = placeAt(*trace, SourceId(0), offset);
            QCOMPARE(place.slice, last);
            QVERIFY(place.exact);
        }
        QVERIFY(!placeAt(*trace, SourceId(0), begin + length).exact);
        QVERIFY(!placeAt(*trace, SourceId(0), 0).found());
    }
};

QTEST_MAIN(tst_DiagnosticsPanel)
#include "tst_DiagnosticsPanel.moc"
