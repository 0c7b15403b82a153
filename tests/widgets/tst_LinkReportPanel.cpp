#include <QApplication>
#include <QClipboard>
#include <QLabel>
#include <QToolButton>
#include <QtTest>

#include "tests/support/TraceFixture.h"
#include "widgets/document/TraceDocument.h"
#include "widgets/document/ViewSettings.h"
#include "widgets/panel/LinkBar.h"
#include "widgets/panel/LinkBlock.h"
#include "widgets/panel/LinkLine.h"
#include "widgets/panel/LinkReportPanel.h"
#include "widgets/panel/LinkReportText.h"

using namespace opscope;

namespace {

/// Two kernels with their launches, one whose launch is missing, and one launch without a kernel.
constexpr std::string_view kTrace = R"({"schemaVersion":1,"traceEvents":[
{"ph":"X","cat":"cpu_op","name":"aten::mm","pid":1,"tid":1,"ts":100,"dur":50,"args":{"External id":7}},
{"ph":"X","cat":"cuda_runtime","name":"cudaLaunchKernel","pid":1,"tid":1,"ts":110,"dur":5,"args":{"correlation":81,"External id":7}},
{"ph":"X","cat":"cuda_runtime","name":"cudaLaunchKernel","pid":1,"tid":1,"ts":120,"dur":5,"args":{"correlation":82,"External id":7}},
{"ph":"X","cat":"cuda_runtime","name":"cudaLaunchKernel","pid":1,"tid":1,"ts":130,"dur":5,"args":{"correlation":83,"External id":7}},
{"ph":"X","cat":"kernel","name":"early","pid":0,"tid":7,"ts":90,"dur":4,"args":{"correlation":60,"device":0,"stream":7}},
{"ph":"X","cat":"kernel","name":"gemm","pid":0,"tid":7,"ts":125,"dur":10,"args":{"correlation":81,"External id":7,"device":0,"stream":7}},
{"ph":"X","cat":"kernel","name":"bias","pid":0,"tid":7,"ts":140,"dur":10,"args":{"correlation":82,"External id":7,"device":0,"stream":7}}
]})";

LinkLine* lineWith(const LinkReportPanel& panel, const QString& words)
{
    for (const LinkBlock* block : panel.blocks()) {
        for (LinkLine* line : block->lines()) {
            if (line->text().contains(words)) return line;
        }
    }
    return nullptr;
}

} // namespace

class tst_LinkReportPanel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void eachRowOfTheReportIsABlock();
    void aReasonLeadsToItsPlaces();
    void aRowThatIsWholeLeadsToWhatIsLinked();
    void keysWalkThePlacesAndTheLines();
    void theReportCanBeCopied();
    void aTraceWithNothingToLinkSaysSo();
    void aSmallShareIsStillSeen();
    void blocksStandBesideEachOtherWhereThereIsRoom();
};

void tst_LinkReportPanel::eachRowOfTheReportIsABlock()
{
    TraceDocument document;
    ViewSettings settings;
    LinkReportPanel panel(document, settings);
    const TracePtr trace = test::traceFromText(kTrace);
    document.setTrace(trace);
    std::size_t rows = trace->links().pairings().size();
    for (const LinkCount& row : trace->links().report()) rows += row.total > 0;
    QVERIFY(rows > 0);
    QCOMPARE(panel.blocks().size(), rows);
    const LinkCount* toCall = trace->links().count("device_to_call");
    QVERIFY(toCall);
    QCOMPARE(matchedText(*toCall), QStringLiteral("2 of 3"));
    const auto labels = panel.findChildren<QLabel*>();
    for (const char* expected : {"2", "of 3", "correlation"})
        QVERIFY2(std::ranges::any_of(labels, [&](const QLabel* l) { return l->text() == QLatin1String(expected); }), expected);
    QVERIFY(lineWith(panel, QString::fromStdString(toCall->title)));
    QVERIFY(panel.emptyText().isEmpty());
}

void tst_LinkReportPanel::aReasonLeadsToItsPlaces()
{
    TraceDocument document;
    ViewSettings settings;
    LinkReportPanel panel(document, settings);
    const TracePtr trace = test::traceFromText(kTrace);
    document.setTrace(trace);
    const LinkCount* toCall = trace->links().count("device_to_call");
    QVERIFY(toCall && !toCall->reasons.empty());
    LinkLine* line = lineWith(panel, QString::fromStdString(toCall->reasons.front().text));
    QVERIFY(line);
    QSignalSpy asked(&document, &TraceDocument::revealRequested);
    line->click();
    QCOMPARE(document.selection().slice, test::sliceNamed(*trace, "early"));
    QCOMPARE(asked.size(), 1);
    QCOMPARE(panel.position(), QStringLiteral("1 of 1"));
    document.setTrace(nullptr);
    QVERIFY(panel.position().isEmpty());
}

void tst_LinkReportPanel::aRowThatIsWholeLeadsToWhatIsLinked()
{
    TraceDocument document;
    ViewSettings settings;
    LinkReportPanel panel(document, settings);
    const TracePtr trace = test::traceFromText(kTrace);
    document.setTrace(trace);
    LinkCount whole = *trace->links().count("device_to_call");
    whole.reasons.clear();
    whole.unmatched = 0;
    whole.total = whole.matched();
    const LinkPlaces places = placesOf(*trace, whole);
    QCOMPARE(places.total, std::uint64_t{2});
    QCOMPARE(places.places.size(), std::size_t{2});
    QCOMPARE(places.places[0].slice, test::sliceNamed(*trace, "gemm"));
    QCOMPARE(places.places[1].slice, test::sliceNamed(*trace, "bias"));
}

void tst_LinkReportPanel::keysWalkThePlacesAndTheLines()
{
    TraceDocument document;
    ViewSettings settings;
    LinkReportPanel panel(document, settings);
    const TracePtr trace = test::traceFromText(kTrace);
    document.setTrace(trace);
    panel.resize(380, 600);
    panel.show();
    QVERIFY(QTest::qWaitForWindowExposed(&panel));
    std::vector<LinkLine*> lines;
    for (const LinkBlock* block : panel.blocks()) {
        for (LinkLine* line : block->lines()) {
            if (line->isEnabled()) lines.push_back(line);
        }
    }
    QVERIFY(lines.size() > 2);
    lines[0]->setFocus();
    QTest::keyClick(lines[0], Qt::Key_Down);
    QVERIFY(lines[1]->hasFocus());
    QTest::keyClick(lines[1], Qt::Key_Up);
    QVERIFY(lines[0]->hasFocus());
    const std::size_t places = lines[0]->places().places.size();
    QTest::keyClick(lines[0], Qt::Key_Left); // the last one first
    QVERIFY(panel.position().startsWith(QString::number(places) + QStringLiteral(" of")));
    QTest::keyClick(lines[0], Qt::Key_Right);
    QVERIFY(panel.position().startsWith(QStringLiteral("1 of")));
    QTest::keyClick(lines[0], Qt::Key_Return);
    QVERIFY(panel.position().startsWith(QString::number(places > 1 ? 2 : 1) + QStringLiteral(" of")));
}

void tst_LinkReportPanel::theReportCanBeCopied()
{
    const TracePtr trace = test::traceFromText(kTrace);
    const LinkCount* toCall = trace->links().count("device_to_call");
    QVERIFY(toCall);
    const QString text = linkReportText(*trace);
    QVERIFY2(text.contains(QString::fromStdString(toCall->title) + QStringLiteral(": 2 of 3 (2 exact, 1 without a partner; by correlation)")),
             qPrintable(text));
    for (const LinkReason& reason : toCall->reasons) QVERIFY(text.contains(QStringLiteral("\n  ") + QString::fromStdString(reason.text)));
}

void tst_LinkReportPanel::aTraceWithNothingToLinkSaysSo()
{
    TraceDocument document;
    ViewSettings settings;
    LinkReportPanel panel(document, settings);
    QCOMPARE(panel.emptyText(), QStringLiteral("No trace is open."));
    document.setTrace(test::traceFromText(R"({"traceEvents":[{"ph":"X","cat":"cpu_op","name":"a","pid":1,"tid":1,"ts":1,"dur":2}]})"));
    QCOMPARE(panel.emptyText(), QStringLiteral("Nothing to link: this trace has neither device ops nor an execution trace."));
    QVERIFY(panel.blocks().empty());
}

void tst_LinkReportPanel::aSmallShareIsStillSeen()
{
    const auto pixels = LinkBar::lengths({14'388, 0, 3}, 400);
    QVERIFY(pixels[2] >= 5);
    QCOMPARE(pixels[1], 0);
    QCOMPARE(pixels[0] + pixels[1] + pixels[2], 400);
    QCOMPARE(LinkBar::lengths({3774, 0, 0}, 400), (std::array{400, 0, 0}));
    QCOMPARE(LinkBar::lengths({0, 0, 0}, 400), (std::array{0, 0, 0}));
    const auto wide = LinkBar::lengths({UINT64_MAX / 2, 1, UINT64_MAX / 2}, 300);
    QCOMPARE(wide[0] + wide[1] + wide[2], 300);
}

void tst_LinkReportPanel::blocksStandBesideEachOtherWhereThereIsRoom()
{
    TraceDocument document;
    ViewSettings settings;
    LinkReportPanel panel(document, settings);
    document.setTrace(test::traceFromText(kTrace));
    QVERIFY(panel.blocks().size() > 1);
    panel.resize(1200, 300);
    panel.show();
    QVERIFY(QTest::qWaitForWindowExposed(&panel));
    QCOMPARE(panel.blocks()[0]->y(), panel.blocks()[1]->y());
    QVERIFY(panel.blocks()[0]->x() < panel.blocks()[1]->x());
    panel.resize(380, 300);
    QTRY_VERIFY(panel.blocks()[0]->y() < panel.blocks()[1]->y());
}

QTEST_MAIN(tst_LinkReportPanel)
#include "tst_LinkReportPanel.moc"
