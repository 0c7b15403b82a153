#include <QCheckBox>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QTreeWidget>
#include <QXmlStreamReader>
#include <QtTest>

#include "app/gui/ExportDialog.h"
#include "app/gui/ExportPlan.h"
#include "app/gui/ExportTargets.h"
#include "app/gui/NoticeBar.h"
#include "tests/support/FxtText.h"
#include "tests/support/Json.h"
#include "tests/support/KinetoText.h"
#include "tests/support/RunFiles.h"
#include "tests/support/TraceFixture.h"
#include "tests/support/WindowFixture.h"
#include "widgets/timeline/Picture.h"
#include "widgets/timeline/TimelineView.h"

using namespace opscope;
using namespace opscope::test;

namespace {

constexpr const char* kTrace =
    "{\"schemaVersion\": 1, \"traceName\": \"/home/alice/secret/run.json\", \"host_name\": \"gpu7.cluster.example.com\", \"username\": \"alice\",\n"
    "\"traceEvents\": [\n"
    "{\"ph\": \"X\", \"cat\": \"cpu_op\", \"name\": \"aten::linear\", \"pid\": 7, \"tid\": 8, \"ts\": 10, \"dur\": 20.5, \"args\": {\"External id\": 1}},\n"
    "{\"ph\": \"X\", \"cat\": \"cpu_op\", \"name\": \"<b>&\\\"\\u0001 hostile\", \"pid\": 7, \"tid\": 8, \"ts\": 40, \"dur\": 30, \"args\": {\"External id\": 2}},\n"
    "{\"ph\": \"X\", \"cat\": \"cuda_runtime\", \"name\": \"cudaLaunchKernel\", \"pid\": 7, \"tid\": 8, \"ts\": 12, \"dur\": 4, \"args\": {\"correlation\": 5, \"External id\": 1}},\n"
    "{\"ph\": \"X\", \"cat\": \"kernel\", \"name\": \"gemm\", \"pid\": 0, \"tid\": 7, \"ts\": 18, \"dur\": 30, \"args\": {\"device\": 0, \"stream\": 7, \"correlation\": 5, \"External id\": 1}},\n"
    "{\"ph\": \"M\", \"name\": \"process_name\", \"pid\": 7, \"tid\": 0, \"ts\": 0, \"args\": {\"name\": \"python of alice\"}}]}";

QByteArray contents(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

} // namespace

/// The dialog over a real window, driven as a person would.
class tst_ExportDialog : public QObject, private WindowFixture
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup() { closeWindow(); }

    void everythingIsWhatIsProposedFirst();
    void aFilterIsCountedWhileItIsTyped();
    void aWrongFilterSaysWhereAndWritesNothing();
    void withoutLinksOnlyWhatMatchesIsKept();
    void whatOnlyEnclosesDoesNotCountAsKept();
    void nothingKeptCannotBeWritten();
    void tracksAndTimeRestrictTogether();
    void whatIsWrittenNamesNobody();
    void aFuchsiaTraceIsOneChoiceAway();
    void aFileThatIsThereIsAskedAbout();
    void theSourceIsRefusedAndTheDialogStays();
    void cancellingClosesOnlyWhenNothingIsWritten();
    void theListShowsWhatIsReplaced();
    void itFitsASmallScreen();
    void tabGoesFromWhatToWhere();
    void theKeyAndTheMenuOpenIt();
    void theTimelineIsSavedAsVectors();
    void theTimelineIsSavedAsPixels();

private:
    /// Opens the dialog and waits for its first count.
    ExportDialog& dialog();
    void wait(ExportDialog& dialog) { QTRY_VERIFY(!dialog.counting()); }
    void press(ExportDialog& dialog) { QTest::mouseClick(&dialog.exportButton(), Qt::LeftButton); }
};

void tst_ExportDialog::init()
{
    openWindow({1280, 720});
    writeFile(path("run.json"), kTrace);
    load({path("run.json")});
}

ExportDialog& tst_ExportDialog::dialog()
{
    m_window->exportPart();
    auto* dialog = m_window->findChild<ExportDialog*>();
    [&] { QVERIFY(dialog); wait(*dialog); }();
    return *dialog;
}

void tst_ExportDialog::everythingIsWhatIsProposedFirst()
{
    ExportDialog& d = dialog();
    QVERIFY(d.wish().everything());
    QVERIFY2(d.summary().startsWith(QStringLiteral("Everything")), qPrintable(d.summary()));
    QVERIFY(d.plan().subset->whole);
    QVERIFY(d.redact().isChecked());
    QVERIFY(d.targets().pathOf(0).text().endsWith(QStringLiteral(".json")));
    QVERIFY(d.targets().pathOf(0).text() != path("run.json"));
}

void tst_ExportDialog::aFilterIsCountedWhileItIsTyped()
{
    ExportDialog& d = dialog();
    d.filterText().setFocus();
    QTest::keyClicks(&d.filterText(), QStringLiteral("name == \"gemm\""));
    QVERIFY(d.filterTick().isChecked());
    QVERIFY(d.counting());
    QVERIFY(!d.exportButton().isEnabled());
    wait(d);
    QCOMPARE(d.plan().subset->matched, std::uint64_t{1});
    QCOMPARE(d.plan().subset->added, std::uint64_t{2}); // its call and its operator
    QVERIFY2(d.summary().startsWith(QStringLiteral("1 matched, 2 added")), qPrintable(d.summary()));
    QVERIFY(d.exportButton().isEnabled());
}

void tst_ExportDialog::aWrongFilterSaysWhereAndWritesNothing()
{
    ExportDialog& d = dialog();
    QTest::keyClicks(&d.filterText(), QStringLiteral("durr > 5us"));
    wait(d);
    QVERIFY(!d.plan().filterProblem.empty());
    QVERIFY(!d.exportButton().isEnabled());
}

void tst_ExportDialog::withoutLinksOnlyWhatMatchesIsKept()
{
    ExportDialog& d = dialog();
    QTest::keyClicks(&d.filterText(), QStringLiteral("name == \"gemm\""));
    d.links().setChecked(false);
    wait(d);
    QCOMPARE(d.plan().subset->added, std::uint64_t{0});
}

void tst_ExportDialog::nothingKeptCannotBeWritten()
{
    ExportDialog& d = dialog();
    QTest::keyClicks(&d.filterText(), QStringLiteral("name == \"nobody\""));
    wait(d);
    QVERIFY2(d.summary().startsWith(QStringLiteral("Nothing")), qPrintable(d.summary()));
    QVERIFY(!d.exportButton().isEnabled());
}

void tst_ExportDialog::tracksAndTimeRestrictTogether()
{
    m_window->document().selectRange(TimeRange{35'000, 60'000});
    ExportDialog& d = dialog();
    QVERIFY(d.timeTick().isChecked()); // who selects a range means it
    QCOMPARE(d.wish().range, std::optional(TimeRange{35'000, 60'000}));
    QCOMPARE(d.plan().subset->matched, std::uint64_t{2}); // the hostile operator and the kernel
    for (int row = 0; row < d.tracks().count(); ++row)
        d.tracks().item(row)->setCheckState(d.tracks().item(row)->text().startsWith(QStringLiteral("stream")) ? Qt::Checked : Qt::Unchecked);
    QVERIFY(d.tracksTick().isChecked());
    wait(d);
    QCOMPARE(d.plan().subset->matched, std::uint64_t{1});
}

void tst_ExportDialog::whatIsWrittenNamesNobody()
{
    ExportDialog& d = dialog();
    QTest::keyClicks(&d.filterText(), QStringLiteral("name == \"gemm\""));
    wait(d);
    const QString target = path("part.json");
    d.targets().pathOf(0).setText(target);
    QSignalSpy exported(&d, &ExportDialog::exported);
    press(d);
    QVERIFY(exported.wait());
    const QByteArray part = contents(target);
    QVERIFY(part.contains("\"gemm\"") && part.contains("cudaLaunchKernel") && part.contains("aten::linear") && !part.contains("hostile"));
    QVERIFY2(!part.contains("alice") && !part.contains("gpu7") && !part.contains("secret"), part.constData());
    QVERIFY(m_window->notice().isVisible());
    QVERIFY2(m_window->notice().text().contains(QStringLiteral("part.json")), qPrintable(m_window->notice().text()));
    QCOMPARE(m_window->notice().buttons().front()->text(), QStringLiteral("Open"));
    const TracePtr again = traceFromFile(target.toStdString());
    QCOMPARE(again->slices().size(), std::size_t{3});
}

void tst_ExportDialog::whatOnlyEnclosesDoesNotCountAsKept()
{
    // The step goes with its operator, which is a tenth of it; the overview shows that tenth.
    const TracePtr trace = mustLoad(kinetoDocument(json("{'ph':'X','cat':'user_annotation','name':'ProfilerStep#1'," + kPlace + "'ts':0,'dur':100},"
                                                   "{'ph':'X','cat':'cpu_op','name':'aten::mm'," + kPlace + "'ts':50,'dur':10},"
                                                   "{'ph':'X','cat':'cpu_op','name':'aten::add'," + kPlace + "'ts':90,'dur':10}")));
    const auto plan = planExport(*trace, {.filter = "name ~ \"mm\"", .range = {}, .tracks = {}, .options = {}});
    QVERIFY(plan.ok());
    QCOMPARE(plan->subset->rows.slices.count(), 2u);
    const auto& host = plan->kept[OverviewData::Host];
    QVERIFY2(host.count() > OverviewData::kColumns / 12 && host.count() < OverviewData::kColumns / 8, std::to_string(host.count()).c_str());
    const auto step = planExport(*trace, {.filter = "name ~ \"Step\"", .range = {}, .tracks = {}, .options = {}});
    QVERIFY(step->kept[OverviewData::Host].all());
}

void tst_ExportDialog::aFuchsiaTraceIsOneChoiceAway()
{
    ExportDialog& d = dialog();
    QVERIFY(d.targets().format());
    QVERIFY(d.targets().pathOf(0).isVisible() && !d.targets().fxtPath().isVisible());
    d.targets().format()->setCurrentIndex(1);
    QVERIFY(!d.targets().pathOf(0).isVisible() && d.targets().fxtPath().isVisible());
    QVERIFY2(d.targets().fxtPath().text().endsWith(QStringLiteral("run.subset.fxt")), qPrintable(d.targets().fxtPath().text()));
    const QString target = path("whole.fxt");
    d.targets().fxtPath().setText(target);
    QSignalSpy exported(&d, &ExportDialog::exported);
    press(d);
    QVERIFY(exported.wait());
    const QByteArray bytes = contents(target);
    const FxtText text = fxtText({bytes.constData(), static_cast<std::size_t>(bytes.size())});
    QCOMPARE(QString::fromStdString(text.error), QString());
    QVERIFY(std::ranges::count(text.events, "gemm", &FxtText::Event::name) == 1);
    QVERIFY2(!bytes.contains("alice") && !bytes.contains("secret"), text.text().c_str());
    QVERIFY(!QFileInfo::exists(path("run.subset.json")));
}

void tst_ExportDialog::aFileThatIsThereIsAskedAbout()
{
    const QString target = path("there.json");
    writeFile(target, "mine");
    ExportDialog& d = dialog();
    d.targets().pathOf(0).setText(target);
    press(d);
    QVERIFY2(d.problem().contains(QStringLiteral("is there already")), qPrintable(d.problem()));
    QCOMPARE(d.exportButton().text(), QStringLiteral("&Replace"));
    QCOMPARE(contents(target), QByteArray("mine"));
    QSignalSpy exported(&d, &ExportDialog::exported);
    press(d);
    QVERIFY(exported.wait());
    QVERIFY(contents(target).contains("aten::linear"));
}

void tst_ExportDialog::theSourceIsRefusedAndTheDialogStays()
{
    ExportDialog& d = dialog();
    d.targets().pathOf(0).setText(path("run.json"));
    press(d);
    press(d); // yes, replace it
    QTRY_VERIFY(!d.writing() && !d.problem().isEmpty() && !d.problem().contains(QStringLiteral("Replace")));
    QVERIFY(d.isVisible());
    QCOMPARE(contents(path("run.json")), QByteArray(kTrace));
    d.targets().pathOf(0).setText(path("no/such/folder/x.json"));
    press(d);
    QTRY_VERIFY(!d.writing() && d.exportButton().isEnabled());
    QVERIFY(d.isVisible() && !d.problem().isEmpty());
}

void tst_ExportDialog::cancellingClosesOnlyWhenNothingIsWritten()
{
    ExportDialog& d = dialog();
    d.targets().pathOf(0).setText(path("cancelled.json"));
    press(d);
    const bool writing = d.writing();
    QTest::keyClick(&d, Qt::Key_Escape);
    if (writing) {
        QVERIFY(d.isVisible());
        QCOMPARE(d.problem(), QStringLiteral("Cancelled."));
        QTest::keyClick(&d, Qt::Key_Escape);
    }
    QVERIFY(!d.isVisible());
}

void tst_ExportDialog::theListShowsWhatIsReplaced()
{
    ExportDialog& d = dialog();
    QTRY_VERIFY(d.replacements().topLevelItemCount() > 2);
    QVERIFY(!d.replacements().isVisible());
    d.showReplacements(true);
    QVERIFY(d.replacements().isVisible());
    QStringList found;
    for (int row = 0; row < d.replacements().topLevelItemCount(); ++row)
        found << d.replacements().topLevelItem(row)->text(1);
    QVERIFY(found.contains(QStringLiteral("alice")) && found.contains(QStringLiteral("/home/alice/secret")));
}

void tst_ExportDialog::itFitsASmallScreen()
{
    ExportDialog& d = dialog();
    d.showReplacements(true);
    QCoreApplication::processEvents();
    QVERIFY2(d.sizeHint().height() <= 690 && d.sizeHint().width() <= 1240, qPrintable(QStringLiteral("%1 x %2").arg(d.sizeHint().width()).arg(d.sizeHint().height())));
}

void tst_ExportDialog::tabGoesFromWhatToWhere()
{
    ExportDialog& d = dialog();
    QList<const QWidget*> order;
    for (const QWidget* w = &d.filterTick(); order.size() < 200 && !order.contains(w); w = w->nextInFocusChain())
        order << w;
    const qsizetype filter = order.indexOf(&d.filterText()), links = order.indexOf(&d.links()), redact = order.indexOf(&d.redact());
    const qsizetype target = order.indexOf(&d.targets().tickOf(0)), button = order.indexOf(&d.exportButton());
    QVERIFY(0 < filter && filter < links && links < redact && redact < target && target < button);
}

void tst_ExportDialog::theKeyAndTheMenuOpenIt()
{
    QTest::keyClick(m_window.get(), Qt::Key_E, Qt::ControlModifier);
    QTRY_VERIFY(m_window->findChild<ExportDialog*>());
    m_window->exportPart(); // not a second one
    QCOMPARE(m_window->findChildren<ExportDialog*>().size(), 1);
}

void tst_ExportDialog::theTimelineIsSavedAsVectors()
{
    m_window->document().selectSlice(sliceNamed(*m_window->document().trace(), "gemm"));
    QVERIFY(saveTimelinePicture(m_window->timeline(), path("t.svg")));
    const QByteArray svg = contents(path("t.svg"));
    QXmlStreamReader xml(svg);
    QString texts;
    int rects = 0, images = 0;
    while (!xml.atEnd()) {
        xml.readNext();
        if (xml.isCharacters())
            texts += xml.text();
        rects += xml.isStartElement() && xml.name() == QLatin1String("rect");
        images += xml.isStartElement() && xml.name() == QLatin1String("image");
    }
    QVERIFY2(!xml.hasError(), qPrintable(xml.errorString()));
    QVERIFY(texts.contains(QStringLiteral("linear")) && texts.contains(QStringLiteral("gemm")));
    QVERIFY(texts.contains(QStringLiteral("<b>&\"")) && !texts.contains(QChar(1)));
    QVERIFY(rects > 20);
    QCOMPARE(images, 0);
    const Status refused = saveTimelinePicture(m_window->timeline(), path("no/folder/t.svg"));
    QVERIFY(!refused);
}

void tst_ExportDialog::theTimelineIsSavedAsPixels()
{
    QVERIFY(saveTimelinePicture(m_window->timeline(), path("t.png")));
    QCOMPARE(QImage(path("t.png")).size(), m_window->timeline().size() * m_window->devicePixelRatioF());
}

QTEST_MAIN(tst_ExportDialog)
#include "tst_ExportDialog.moc"
