#include <QApplication>
#include <QDockWidget>
#include <QMenu>
#include <QTextBrowser>
#include <QToolButton>
#include <QtTest>

#include "app/gui/FilterBar.h"
#include "app/gui/FilterChips.h"
#include "app/gui/FilterEdit.h"
#include "app/gui/FilterHelp.h"
#include "app/gui/FilterPopup.h"
#include "core/query/Filter.h"
#include "tests/support/RunFiles.h"
#include "tests/support/WindowFixture.h"
#include "widgets/panel/Panel.h"
#include "widgets/timeline/TimelineView.h"

using namespace opscope;
using namespace opscope::test;

/// The filter bar of a whole window, driven by keys and clicks.
class tst_FilterBar : public QObject, private WindowFixture
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup() { closeWindow(); }

    void typingTakesEffectAMomentLaterAndEnterAtOnce();
    void aWrongTextSaysWhereAndLeavesTheFilterBefore();
    void anUnfinishedTextIsNotScolded();
    void completionIsTakenByTabAndNeverByEnterAlone();
    void everyExampleOfTheHelpCanBeClicked();
    void whatOthersFilterShowsAsItsText();
    void escapeUndoesOneThingAPress();
    void escapeInTheTimelineEndsWithTheFilter();
    void chipsAreLegendAndSwitch();
    void theRarestChipsFoldIntoAMenu();
    void dimAndHideAreOneChoice();
    void aCountStandsInTheField();
    void backAndForwardAreKeysAndButtons();
    void theHelpLiesOverTheToolsOfTheTabs();
    void aSmallWindowLeavesItsRoomToTheTimeline();

private:
    void type(const char* text);
    std::string inForce() const { return m_window->document().filter().text(); }
    FilterEdit& field() { return m_window->filterBar().field(); }
    void answered() { QTRY_VERIFY(!m_window->document().filtering()); }
};

void tst_FilterBar::init()
{
    openWindow({1600, 800});
    writeFile(path("run.json"), R"({"traceEvents":[
        {"ph":"X","cat":"cpu_op","name":"aten::linear","pid":1,"tid":10,"ts":0,"dur":1000},
        {"ph":"X","cat":"cpu_op","name":"aten::addmm","pid":1,"tid":10,"ts":1,"dur":200},
        {"ph":"X","cat":"cpu_op","name":"aten::copy_","pid":1,"tid":10,"ts":300,"dur":100},
        {"ph":"X","cat":"cuda_runtime","name":"cudaStreamSynchronize","pid":1,"tid":10,"ts":500,"dur":90},
        {"ph":"X","cat":"cuda_runtime","name":"cudaLaunchKernel","pid":1,"tid":10,"ts":700,"dur":5,"args":{"correlation":1}},
        {"ph":"X","cat":"kernel","name":"ampere_sgemm_128x64_tn","pid":0,"tid":7,"ts":710,"dur":50,"args":{"correlation":1,"stream":7,"device":0}}]})");
    load({path("run.json")});
    QApplication::setActiveWindow(m_window.get());
    field().begin();
    QTRY_VERIFY(field().hasFocus());
}

void tst_FilterBar::type(const char* text)
{
    field().selectAll();
    QTest::keyClicks(&field(), QString::fromUtf8(text));
}

void tst_FilterBar::typingTakesEffectAMomentLaterAndEnterAtOnce()
{
    type("dur > 50us");
    QVERIFY(inForce().empty());
    QTRY_COMPARE(inForce(), std::string("dur > 50us"));
    type("dur > 60us");
    QTest::keyClick(&field(), Qt::Key_Return);
    QCOMPARE(inForce(), std::string("dur > 60us"));
    answered();
    QVERIFY(m_window->document().matches());
}

void tst_FilterBar::aWrongTextSaysWhereAndLeavesTheFilterBefore()
{
    type("dur > 60us");
    QTest::keyClick(&field(), Qt::Key_Return);
    type("durr > 60us and cat == kernel");
    QVERIFY(field().error());
    QCOMPARE(field().error()->column, std::size_t(0));
    QTest::keyClick(&field(), Qt::Key_Return);
    QVERIFY(field().popup().isVisible());
    QVERIFY2(field().popup().message().startsWith(QStringLiteral("Column 1: ")), qPrintable(field().popup().message()));
    QTest::qWait(2 * FilterEdit::kTypingMs);
    QCOMPARE(inForce(), std::string("dur > 60us"));
    m_window->grab(); // the line under the piece
    QTest::keyClick(&field(), Qt::Key_Escape);
    QCOMPARE(field().text(), QStringLiteral("dur > 60us")); // what is in force
    QVERIFY(!field().error());
}

void tst_FilterBar::anUnfinishedTextIsNotScolded()
{
    type("dur >");
    QVERIFY(field().error());
    QTest::qWait(2 * FilterEdit::kTypingMs);
    QVERIFY(inForce().empty());
    type("");
    QTest::keyClick(&field(), Qt::Key_Backspace);
    QVERIFY(!field().error());
}

void tst_FilterBar::completionIsTakenByTabAndNeverByEnterAlone()
{
    type("fam");
    QVERIFY(field().popup().isVisible() && field().popup().offers());
    QVERIFY(!field().popup().chosen());
    QTest::keyClick(&field(), Qt::Key_Return); // means the field
    QCOMPARE(field().text(), QStringLiteral("fam"));
    type("fam");
    QTest::keyClick(&field(), Qt::Key_Tab);
    QVERIFY2(field().text().startsWith(QStringLiteral("family")), qPrintable(field().text()));
    QVERIFY(field().hasFocus());
    type("c");
    QTest::keyClick(&field(), Qt::Key_Down);
    QVERIFY(field().popup().chosen());
    const std::string first = field().popup().choices().choices[0].text;
    QTest::keyClick(&field(), Qt::Key_Return);
    QCOMPARE(field().text().toStdString(), first);
    QTest::keyClick(&field(), Qt::Key_Escape);
    QVERIFY(!field().popup().offers());
}

void tst_FilterBar::everyExampleOfTheHelpCanBeClicked()
{
    QTest::keyClick(&field(), Qt::Key_F1);
    QVERIFY(field().help().isVisible());
    const QString page = FilterHelp::page(Theme::dark());
    QCOMPARE(page.count(QStringLiteral("href='example:")), static_cast<int>(filterFields().size()) + 7);
    for (const FilterField& row : filterFields()) QVERIFY2(std::holds_alternative<Filter>(Filter::parse(row.example)), row.example);
    Q_EMIT field().help().exampleChosen(QStringLiteral("dur > 50us"));
    QCOMPARE(inForce(), std::string("dur > 50us"));
    Q_EMIT field().help().exampleChosen(QStringLiteral("cat == kernel"));
    QCOMPARE(inForce(), std::string("dur > 50us and cat == kernel"));
    QTest::keyClick(&field(), Qt::Key_Escape);
    QVERIFY(!field().help().isVisible());
}

void tst_FilterBar::whatOthersFilterShowsAsItsText()
{
    m_window->document().setFilter(equals("name", "aten::mm"));
    QCOMPARE(field().text().toStdString(), inForce());
    m_window->document().setFilter({});
    QVERIFY(field().text().isEmpty());
}

void tst_FilterBar::escapeUndoesOneThingAPress()
{
    type("cat == kernel");
    QTest::keyClick(&field(), Qt::Key_Return);
    answered();
    QTest::keyClicks(&field(), QStringLiteral(" an"));
    QTest::keyClick(&field(), Qt::Key_Escape); // what is offered
    QVERIFY(!field().popup().offers());
    QTest::keyClick(&field(), Qt::Key_Escape); // what was typed
    QCOMPARE(field().text(), QStringLiteral("cat == kernel"));
    QSignalSpy left(&field(), &FilterEdit::left);
    QTest::keyClick(&field(), Qt::Key_Escape);
    QCOMPARE(left.size(), 1);
    QCOMPARE(inForce(), std::string("cat == kernel"));
}

void tst_FilterBar::escapeInTheTimelineEndsWithTheFilter()
{
    TraceDocument& document = m_window->document();
    document.setFilter(equals("name", "aten::mm"));
    document.selectSlice(SliceId(0));
    document.selectRange(TimeRange{0, 100});
    QWidget& canvas = m_window->timeline().canvas();
    QTest::keyClick(&canvas, Qt::Key_Escape);
    QVERIFY(!document.selection().slice && document.selection().range && !document.filter().empty());
    QTest::keyClick(&canvas, Qt::Key_Escape);
    QVERIFY(document.selection().empty() && !document.filter().empty());
    QTest::keyClick(&canvas, Qt::Key_Escape);
    QVERIFY(document.filter().empty());
}

void tst_FilterBar::chipsAreLegendAndSwitch()
{
    FilterChips& chips = m_window->filterBar().chips();
    QTRY_VERIFY(!chips.chips().empty());
    const auto chip = [&chips](Family family) {
        const auto it = std::ranges::find(chips.chips(), family, &FamilyChip::family);
        return it == chips.chips().end() ? nullptr : *it;
    };
    QVERIFY(chip(Family::Memory) && chip(Family::Matmul) && chip(Family::Sync) && !chip(Family::Attention)); // those that occur
    QTest::mouseClick(chip(Family::Memory), Qt::LeftButton);
    QCOMPARE(inForce(), std::string("not family in (memory)"));
    QCOMPARE(field().text(), QStringLiteral("not family in (memory)"));
    QVERIFY(!chip(Family::Memory)->isShown() && chip(Family::Sync)->isShown());
    QTest::mouseClick(chip(Family::Sync), Qt::LeftButton, Qt::AltModifier);
    QCOMPARE(inForce(), std::string("family == sync"));
    QTest::keyClick(chip(Family::Sync), Qt::Key_Space, Qt::ControlModifier);
    QVERIFY(inForce().empty());
}

void tst_FilterBar::theRarestChipsFoldIntoAMenu()
{
    FilterChips& chips = m_window->filterBar().chips();
    QTRY_VERIFY(!chips.chips().empty());
    const auto shown = [&chips] { return std::ranges::count_if(chips.chips(), [](const FamilyChip* chip) { return !chip->isHidden(); }); };
    const auto all = static_cast<std::ptrdiff_t>(chips.chips().size());
    QTRY_COMPARE(shown(), all);
    chips.resize(200, chips.height()); // as in a narrow window, whatever the docks need
    QVERIFY(shown() < all);
    QMenu menu;
    chips.fillMenu(menu);
    QCOMPARE(static_cast<std::ptrdiff_t>(menu.actions().size()), all - shown());
    menu.actions().front()->trigger();
    QVERIFY(!inForce().empty());
}

void tst_FilterBar::dimAndHideAreOneChoice()
{
    FilterBar& bar = m_window->filterBar();
    QVERIFY(bar.dimButton().isChecked() && !bar.hideButton().isChecked());
    QTest::mouseClick(&bar.hideButton(), Qt::LeftButton);
    QCOMPARE(m_window->document().filterMode(), FilterMode::Hide);
    QVERIFY(!bar.dimButton().isChecked());
    QTest::mouseClick(&bar.hideButton(), Qt::LeftButton); // stays
    QVERIFY(bar.hideButton().isChecked());
    m_window->document().setFilterMode(FilterMode::Dim);
    QVERIFY(bar.dimButton().isChecked());
}

void tst_FilterBar::aCountStandsInTheField()
{
    type("cat == kernel");
    QTest::keyClick(&field(), Qt::Key_Return);
    QTRY_COMPARE(field().countText(), QStringLiteral("1 of 6 match"));
    m_window->resize(700, 500);
    QTRY_COMPARE(field().countText(), QStringLiteral("1"));
}

void tst_FilterBar::backAndForwardAreKeysAndButtons()
{
    type("cat == kernel");
    QTest::keyClick(&field(), Qt::Key_Return);
    answered();
    QTest::keyClick(m_window.get(), Qt::Key_Left, Qt::AltModifier);
    QVERIFY(inForce().empty());
    QVERIFY(field().text().isEmpty());
    QTest::keyClick(m_window.get(), Qt::Key_Right, Qt::AltModifier);
    QCOMPARE(inForce(), std::string("cat == kernel"));
}

void tst_FilterBar::theHelpLiesOverTheToolsOfTheTabs()
{
    QWidget* tools = nullptr;
    QTRY_VERIFY((tools = m_window->findChild<QWidget*>(QLatin1String(kPanelTools), Qt::FindDirectChildrenOnly)));
    QTest::keyClick(&field(), Qt::Key_F1);
    m_window->resize(1500, 780); // the tools are placed anew
    QTest::qWait(50);
    const QObjectList& order = m_window->children();
    QVERIFY(order.indexOf(tools) < order.indexOf(&field().help()));
}

void tst_FilterBar::aSmallWindowLeavesItsRoomToTheTimeline()
{
    const std::unique_ptr<MainWindow> window(m_opener->newWindow());
    window->setAttribute(Qt::WA_DeleteOnClose, false);
    window->setFixedSize(1280, 720);
    window->show();
    QSignalSpy loaded(window.get(), &MainWindow::loaded);
    window->load({m_folder->filePath(QStringLiteral("run.json"))});
    QVERIFY(loaded.wait());
    const auto* dock = window->findChild<QDockWidget*>(QStringLiteral("hierarchy"));
    QTRY_VERIFY2(dock->height() <= 140, qPrintable(QString::number(dock->height()))); // with the tabs above it 164 and a little
}

QTEST_MAIN(tst_FilterBar)
#include "tst_FilterBar.moc"
