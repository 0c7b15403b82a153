#include <QDragEnterEvent>
#include <QLabel>
#include <QMimeData>
#include <QPushButton>
#include <QStatusBar>
#include <QToolButton>
#include <QTreeWidget>
#include <QUrl>
#include <QtTest>

#include "app/gui/DropChoice.h"
#include "app/gui/JoinController.h"
#include "app/gui/JoinDialog.h"
#include "app/gui/JoinOffer.h"
#include "app/gui/NoticeBar.h"
#include "tests/support/RunFiles.h"
#include "tests/support/TraceFixture.h"
#include "tests/support/WindowFixture.h"

using namespace opscope;
using namespace opscope::test;

/// Whole windows, driven by the events that a person makes. Each test has a folder and a program of its own.
class tst_Join : public QObject, private WindowFixture
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();

    void theOtherHalfOfARunIsOfferedAndNotLinkedSilently();
    void notNowLeavesEverythingAsItIs();
    void joiningKeepsTheViewAndTheSelection();
    void aLoneExecutionTraceGetsItsTimes();
    void droppedFilesAskWhetherToJoin();
    void filesDroppedOnTheRightOpenApart();
    void filesDroppedOnAnEmptyWindowAskNothing();
    void aJoinThatFailsKeepsTheTraceAndSaysWhy();
    void aCancelledJoinKeepsTheTrace();
    void whatIsOpenAlreadyIsNotJoinedTwice();
    void filesOfDifferentRunsAreSaidToBe();
    void theDialogListsPartnersWithTheirReasons();
    void theStatusLineSaysWhatTheFilesAreToEachOther();
    void aResourcesFolderChosenByHandHoldsForThisWindow();
    void filesThatNameEachOtherShareAWindow();
    void theBarFitsANarrowWindow();

private:
    void drop(const QStringList& files, int x);
    void press(const char* button);
    const Trace& trace() const { return *m_window->document().trace(); }
    bool hasNodes() const { return m_window->document().trace() && trace().executionTrace(); }
};

void tst_Join::init()
{
    openWindow({1280, 720});
    writeFile(path("run.pt.trace.json"), kinetoText({}));
}

void tst_Join::cleanup()
{
    std::vector<MainWindow*> others; // before any is deleted: their menus are top-level widgets as well
    for (QWidget* widget : QApplication::topLevelWidgets()) {
        if (auto* window = qobject_cast<MainWindow*>(widget); window && window != m_window.get())
            others.push_back(window);
    }
    for (MainWindow* window : others)
        delete window;
    closeWindow();
}

/// Drags the files to this place of the window and lets go.
void tst_Join::drop(const QStringList& files, int x)
{
    QMimeData data;
    QList<QUrl> urls;
    for (const QString& file : files)
        urls << QUrl::fromLocalFile(file);
    data.setUrls(urls);
    const QPoint place(x, m_window->height() / 2);
    QDragEnterEvent enter(place, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(m_window.get(), &enter);
    QVERIFY(enter.isAccepted());
    QDropEvent let(place, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(m_window.get(), &let);
}

void tst_Join::press(const char* button)
{
    for (QPushButton* candidate : m_window->notice().buttons()) {
        if (candidate->text() == QLatin1String(button)) {
            QTest::mouseClick(candidate, Qt::LeftButton);
            return;
        }
    }
    QFAIL(button);
}

void tst_Join::theOtherHalfOfARunIsOfferedAndNotLinkedSilently()
{
    writeFile(path("run_et.json"), etText({}));
    load({path("run.pt.trace.json")});
    QTRY_VERIFY(m_window->notice().isVisible());
    const QString text = m_window->notice().text();
    QVERIFY2(text.contains(QStringLiteral("run_et.json")) && text.contains(QStringLiteral("same process (pid 7)")), qPrintable(text));
    QVERIFY(!hasNodes());
    press("Join");
    QTRY_VERIFY(hasNodes());
    QCOMPARE(trace().sources().size(), std::size_t{2});
    QVERIFY(m_window->notice().isHidden());
    QVERIFY(m_window->windowTitle().contains(QStringLiteral("run_et.json")));
}

void tst_Join::notNowLeavesEverythingAsItIs()
{
    writeFile(path("run_et.json"), etText({}));
    load({path("run.pt.trace.json")});
    QTRY_VERIFY(m_window->notice().isVisible());
    const TracePtr before = m_window->document().trace();
    press("Not now");
    QVERIFY(m_window->notice().isHidden());
    QCOMPARE(m_window->document().trace(), before);
}

void tst_Join::joiningKeepsTheViewAndTheSelection()
{
    writeFile(path("run_et.json"), etText({}));
    load({path("run.pt.trace.json")});
    TraceDocument& document = m_window->document();
    document.setVisibleRange({1'150'000, 1'350'000});
    const TimeRange view = document.visibleRange();
    document.selectSlice(sliceNamed(trace(), "aten::softmax"));
    m_window->joiner().join({path("run_et.json")});
    QTRY_VERIFY(hasNodes());
    QCOMPARE(document.visibleRange(), view);
    QCOMPARE(document.selection().slice, sliceNamed(trace(), "aten::softmax"));
    QCOMPARE(document.selection().node, trace().nodeOf(document.selection().slice));
}

void tst_Join::aLoneExecutionTraceGetsItsTimes()
{
    writeFile(path("run_et.json"), etText({}));
    load({path("run_et.json")});
    QCOMPARE(trace().timeBase(), TimeBase::NodeOrder);
    const NodeId mul = trace().executionTrace()->byId(7);
    m_window->document().selectNode(mul);
    m_window->joiner().join({path("run.pt.trace.json")});
    QTRY_COMPARE(trace().sources().size(), std::size_t{2});
    QCOMPARE(trace().timeBase(), TimeBase::Nanoseconds);
    QCOMPARE(m_window->document().selection().node, trace().executionTrace()->byId(7));
    QCOMPARE(m_window->document().selection().slice, sliceNamed(trace(), "aten::mul"));
}

void tst_Join::droppedFilesAskWhetherToJoin()
{
    writeFile(path("run_et.json"), etText({}));
    load({path("run.pt.trace.json")});
    auto* choice = m_window->findChild<DropChoice*>();
    QVERIFY(choice && choice->isHidden());
    QMimeData data;
    data.setUrls({QUrl::fromLocalFile(path("run_et.json"))});
    QDragEnterEvent enter({300, 300}, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(m_window.get(), &enter);
    QVERIFY(choice->isVisible());
    QDragLeaveEvent leave;
    QApplication::sendEvent(m_window.get(), &leave);
    QVERIFY(choice->isHidden());
    QVERIFY(!m_window->joiner().joining());
    drop({path("run_et.json")}, 300);
    QVERIFY(choice->isHidden());
    QTRY_VERIFY(hasNodes());
    QCOMPARE(m_opener->windowCount(), std::size_t{1});
}

void tst_Join::filesDroppedOnTheRightOpenApart()
{
    writeFile(path("run_et.json"), etText({}));
    load({path("run.pt.trace.json")});
    drop({path("run_et.json")}, m_window->width() - 200);
    QTRY_COMPARE(m_opener->windowCount(), std::size_t{2});
    QVERIFY(!hasNodes());
}

void tst_Join::filesDroppedOnAnEmptyWindowAskNothing()
{
    drop({path("run.pt.trace.json")}, 1000);
    QVERIFY(m_window->findChild<DropChoice*>()->isHidden());
    QTRY_VERIFY(m_window->showsTrace());
    QCOMPARE(m_opener->windowCount(), std::size_t{1});
}

void tst_Join::aJoinThatFailsKeepsTheTraceAndSaysWhy()
{
    writeFile(path("notes.json"), R"({"no": "trace"})");
    load({path("run.pt.trace.json")});
    const TracePtr before = m_window->document().trace();
    m_window->joiner().join({path("notes.json")});
    QTRY_COMPARE(m_window->notice().kind(), NoticeBar::Kind::Warning);
    QVERIFY2(m_window->notice().text().contains(QStringLiteral("notes.json")), qPrintable(m_window->notice().text()));
    QCOMPARE(m_window->document().trace(), before);
    QCOMPARE(m_window->joiner().files(), QStringList{path("run.pt.trace.json")});
    press("Close");
    QVERIFY(m_window->notice().isHidden());
}

void tst_Join::aCancelledJoinKeepsTheTrace()
{
    writeFile(path("run_et.json"), etText({}));
    load({path("run.pt.trace.json")});
    const TracePtr before = m_window->document().trace();
    m_window->joiner().join({path("run_et.json")});
    QCOMPARE(m_window->notice().kind(), NoticeBar::Kind::Progress);
    press("Cancel"); // before the event loop could deliver the result
    QVERIFY(!m_window->joiner().joining());
    QVERIFY(m_window->notice().isHidden());
    QTest::qWait(50); // what the worker may still deliver must be dropped
    QCOMPARE(m_window->document().trace(), before);
}

void tst_Join::whatIsOpenAlreadyIsNotJoinedTwice()
{
    load({path("run.pt.trace.json")});
    m_window->joiner().join({path("run.pt.trace.json")});
    QVERIFY(!m_window->joiner().joining());
}

void tst_Join::filesOfDifferentRunsAreSaidToBe()
{
    SmallRun other;
    other.pid = 4711;
    other.names = {"convolve", "transpose", "divide", "round", "sort"};
    other.firstRfId = 9000;
    other.firstSequence = 300;
    writeFile(path("other_et.json"), etText(other));
    load({path("run.pt.trace.json")});
    m_window->joiner().join({path("other_et.json")});
    QTRY_VERIFY(hasNodes());
    QCOMPARE(m_window->notice().kind(), NoticeBar::Kind::Warning);
    const QString text = m_window->notice().text();
    QVERIFY2(text.startsWith(QStringLiteral("These are not of one run: nothing was linked.")) && text.size() > 60, qPrintable(text));
    for (std::size_t row = 0; row < trace().executionTrace()->nodes().size(); ++row)
        QVERIFY(!trace().sliceOf(NodeId(row)));
    press("Take apart");
    QTRY_VERIFY(!hasNodes());
    QCOMPARE(m_window->joiner().files(), QStringList{path("run.pt.trace.json")});
}

void tst_Join::theDialogListsPartnersWithTheirReasons()
{
    writeFile(path("run_et.json"), etText({}));
    load({path("run.pt.trace.json")});
    m_window->joiner().openDialog(m_window.get());
    auto* dialog = m_window->findChild<JoinDialog*>();
    QVERIFY(dialog && dialog->isVisible());
    QTRY_COMPARE(dialog->list().topLevelItemCount(), 1);
    const QTreeWidgetItem* row = dialog->list().topLevelItem(0);
    QCOMPARE(row->text(0), QStringLiteral("run_et.json"));
    QVERIFY(row->text(1).startsWith(QStringLiteral("execution trace")));
    QVERIFY(!row->text(2).isEmpty());
    QCOMPARE(dialog->chosen(), QStringList{path("run_et.json")});
    QTest::mouseClick(&dialog->joinButton(), Qt::LeftButton);
    QTRY_VERIFY(hasNodes());
}

void tst_Join::theStatusLineSaysWhatTheFilesAreToEachOther()
{
    writeFile(path("run_et.json"), etText({}));
    load({path("run.pt.trace.json"), path("run_et.json")});
    const auto buttons = m_window->statusBar()->findChildren<QToolButton*>();
    const auto relation = std::ranges::find_if(buttons, [](const QToolButton* b) { return b->text().contains(QStringLiteral("linked")); });
    QVERIFY(relation != buttons.end());
    QCOMPARE((*relation)->text().trimmed(), QStringLiteral("all 5 record-function ids linked, same run"));
    QVERIFY((*relation)->isVisible());
}

void tst_Join::aResourcesFolderChosenByHandHoldsForThisWindow()
{
    writeFile(path("run_et.json"), etText({}));
    QVERIFY(QDir(m_folder->path()).mkdir(QStringLiteral("elsewhere")));
    load({path("run_et.json")});
    QVERIFY(trace().sources()[0].resourcesFolder.empty());
    m_window->joiner().setResourcesFolder(path("run_et.json"), path("elsewhere"));
    QTRY_COMPARE(QString::fromStdString(trace().sources()[0].resourcesFolder), path("elsewhere"));
    m_window->joiner().join({path("run.pt.trace.json")}); // joining forgets nothing
    QTRY_COMPARE(trace().sources().size(), std::size_t{2});
    QCOMPARE(QString::fromStdString(trace().sources()[0].resourcesFolder), path("elsewhere"));
}

void tst_Join::filesThatNameEachOtherShareAWindow()
{
    SmallRun other;
    other.pid = 99;
    other.names = {"aten::sort", "aten::topk"};
    writeFile(path("run_et.json"), etText({}));
    writeFile(path("apart.json"), kinetoText(other));
    const std::vector<QStringList> groups = groupFiles({path("run_et.json"), path("apart.json"), path("run.pt.trace.json")});
    QCOMPARE(groups.size(), std::size_t{2});
    QVERIFY(std::ranges::find(groups, QStringList{path("run.pt.trace.json"), path("run_et.json")}) != groups.end());
    QVERIFY(std::ranges::find(groups, QStringList{path("apart.json")}) != groups.end());
}

void tst_Join::theBarFitsANarrowWindow()
{
    m_window->resize(m_window->minimumSize());
    writeFile(path("run_et.json"), etText({}));
    load({path("run.pt.trace.json")});
    QTRY_VERIFY(m_window->notice().isVisible());
    QCoreApplication::processEvents();
    for (const QPushButton* button : m_window->notice().buttons())
        QVERIFY(m_window->notice().rect().contains(button->geometry()));
}

QTEST_MAIN(tst_Join)
#include "tst_Join.moc"
