#include <QApplication>
#include <QClipboard>
#include <QMessageBox>
#include <QPointer>
#include <QSpinBox>
#include <QToolButton>

#include "app/gui/NoticeBar.h"
#include "app/gui/RecordFailureView.h"
#include "app/gui/RecordIndicator.h"
#include "app/gui/RecordProgress.h"
#include "core/record/RecorderBackends.h"
#include "tests/support/RecordScene.h"

using namespace opscope;
using namespace opscope::test;

/// What the record dialog and its window do while it records and behind that: with a backend that does what it is told, and once with the real one.
class tst_RecordDialogRun : public QObject, private RecordScene
{
    Q_OBJECT

private Q_SLOTS:
    void init() { openScene(); }
    void cleanup() { closeScene(); }

    void doneOpensTheTraceAndSaysHowItEnded();
    void anEndOfTheTargetIsSaid();
    void failureShowsSentenceAdviceAndDetails();
    void whatWasKeptOfAFailureCanBeOpened();
    void cancelAsksOnceWhereMuchWouldBeLost();
    void theWindowCanBeUsedWhileItRecords();
    void closingTheWindowWhileRecordingAsksOnceAndSaves();
    void goingOnRecordingKeepsTheWindow();
    void aRealProcessIsRecorded();
};

void tst_RecordDialogRun::doneOpensTheTraceAndSaysHowItEnded()
{
    RecordDialog& d = recording();
    QCOMPARE(d.page(), RecordDialog::Page::Progress);
    QTRY_COMPARE(d.progress().figure("samples"), QStringLiteral("1,198"));
    QCOMPARE(d.progress().figure("lost"), QStringLiteral("none"));
    QCOMPARE(d.progress().figure("time"), QStringLiteral("1.2 s"));
    QCOMPARE(d.progress().figure("cpu"), QStringLiteral("99 %"));
    Q_EMIT FakeSession::current->noted(QStringLiteral("user code only\u202E"));
    QCOMPARE(d.progress().notes().size(), 1);
    QVERIFY(!d.progress().notes().front().contains(QChar(0x202E)));
    QSignalSpy loaded(m_window.get(), &MainWindow::loaded);
    press(d.mainButton());
    QVERIFY(loaded.wait());
    QVERIFY(!d.isVisible());
    QVERIFY(m_window->showsTrace());
    const QString notice = m_window->notice().text();
    QVERIFY2(notice.contains(QStringLiteral("until Stop: 1,198 samples, none lost")) && notice.contains(QStringLiteral("user code only")), qPrintable(notice));
    QVERIFY(QFileInfo::exists(path("sleep-%1.fxt").arg(m_child->processId())));
}

void tst_RecordDialogRun::anEndOfTheTargetIsSaid()
{
    recording();
    QSignalSpy loaded(m_window.get(), &MainWindow::loaded);
    m_child->kill();
    QVERIFY(loaded.wait());
    QVERIFY2(m_window->notice().text().contains(QStringLiteral("until the process ended")), qPrintable(m_window->notice().text()));
}

void tst_RecordDialogRun::failureShowsSentenceAdviceAndDetails()
{
    FakeSession::recordsAtOnce = false;
    RecordDialog& d = ready();
    press(d.mainButton());
    QCOMPARE(d.page(), RecordDialog::Page::Progress);
    Q_EMIT FakeSession::current->failed({"The recorder died.", "Install it anew.", "line 1\nline \x1b[31m2\n"}, {});
    QCOMPARE(d.page(), RecordDialog::Page::Failure);
    QCOMPARE(d.failure().sentence(), QStringLiteral("The recorder died."));
    QCOMPARE(d.failure().advice(), QStringLiteral("Install it anew."));
    d.failure().showDetails(true);
    press(d.failure().copyButton());
    const QString copied = QApplication::clipboard()->text();
    QVERIFY2(copied.contains(QStringLiteral("line 1\nline")) && !copied.contains(QChar(0x1b)), qPrintable(copied));
    press(d.mainButton()); // back
    QCOMPARE(d.page(), RecordDialog::Page::Setup);
    QTRY_VERIFY(d.mainButton().isEnabled()); // the same is still chosen
}

void tst_RecordDialogRun::whatWasKeptOfAFailureCanBeOpened()
{
    RecordDialog& d = recording();
    d.reject();
    writeFile(path("kept.fxt"), kinetoText({}));
    Q_EMIT FakeSession::current->failed({"The disk is full.", "", ""}, path("kept.fxt"));
    QVERIFY(d.isVisible()); // it was closed, and must be seen
    QSignalSpy loaded(m_window.get(), &MainWindow::loaded);
    Q_EMIT d.failure().openClicked();
    QVERIFY(loaded.wait());
    QVERIFY(!d.isVisible());
}

void tst_RecordDialogRun::cancelAsksOnceWhereMuchWouldBeLost()
{
    RecordDialog& d = recording();
    FakeSession::current->now.elapsed = std::chrono::seconds(12);
    press(d.cancelButton());
    QCOMPARE(m_window->recordings().recorder().state(), Recorder::State::Recording);
    QVERIFY2(d.foot().startsWith(QStringLiteral("12.0 s")), qPrintable(d.foot()));
    press(d.cancelButton());
    QCOMPARE(m_window->recordings().recorder().state(), Recorder::State::Cancelled);
    QCOMPARE(FakeSession::cancelled, 1);
    QCOMPARE(d.page(), RecordDialog::Page::Setup);
    press(d.mainButton());
    press(d.cancelButton()); // 1.2 s: thrown away without a question
    QCOMPARE(m_window->recordings().recorder().state(), Recorder::State::Cancelled);
}

void tst_RecordDialogRun::theWindowCanBeUsedWhileItRecords()
{
    RecordDialog& d = recording();
    auto* indicator = m_window->findChild<RecordIndicator*>();
    QVERIFY(indicator->isVisible());
    QCOMPARE(indicator->text(), QStringLiteral("Recording 1 s"));
    QTest::keyClick(&d, Qt::Key_Escape);
    QVERIFY(!d.isVisible());
    QCOMPARE(m_window->recordings().recorder().state(), Recorder::State::Recording);
    writeFile(path("other.json"), kinetoText({}));
    QSignalSpy loaded(m_window.get(), &MainWindow::loaded);
    m_window->load({path("other.json")});
    QVERIFY(loaded.wait());
    QTest::mouseClick(&indicator->showButton(), Qt::LeftButton);
    QVERIFY(d.isVisible());
    d.reject();
    const std::size_t windows = m_opener->windowCount();
    QTest::mouseClick(&indicator->stopButton(), Qt::LeftButton);
    QTRY_COMPARE(m_opener->windowCount(), windows + 1); // this one shows something
    QVERIFY(!indicator->isVisible());
    QPointer<MainWindow> other;
    for (QWidget* widget : QApplication::topLevelWidgets())
        if (auto* window = qobject_cast<MainWindow*>(widget); window && window != m_window.get())
            other = window;
    QVERIFY(other);
    QTRY_VERIFY(other->showsTrace());
    delete other;
}

void tst_RecordDialogRun::closingTheWindowWhileRecordingAsksOnceAndSaves()
{
    FakeSession::finishesAtOnce = false;
    recording();
    m_window->close();
    QVERIFY(m_window->isVisible());
    QPointer<QMessageBox> question = m_window->recordings().question();
    QVERIFY(question);
    m_window->close(); // not a second time
    QCOMPARE(m_window->recordings().question(), question.data());
    press(*qobject_cast<QPushButton*>(question->defaultButton()));
    QCOMPARE(m_window->recordings().recorder().state(), Recorder::State::Collecting);
    m_window->close();
    QVERIFY(m_window->isVisible()); // not before it is saved
    FakeSession::current->finish(RecordEnd::Stopped);
    QTRY_VERIFY(!m_window->isVisible());
    QVERIFY(QFileInfo::exists(path("sleep-%1.fxt").arg(m_child->processId())));
}

void tst_RecordDialogRun::goingOnRecordingKeepsTheWindow()
{
    recording();
    m_window->close();
    QTest::keyClick(m_window->recordings().question(), Qt::Key_Escape);
    QVERIFY(m_window->isVisible());
    QCOMPARE(m_window->recordings().recorder().state(), Recorder::State::Recording);
}

void tst_RecordDialogRun::aRealProcessIsRecorded()
{
    const RecorderBackend* samples = findBackend("samples");
    QVERIFY(samples);
    QProcess busy;
    busy.start(QStringLiteral("sh"), {QStringLiteral("-c"), QStringLiteral("while :; do :; done")});
    QVERIFY(busy.waitForStarted());
    const auto pid = static_cast<pid_t>(busy.processId());
    if (samples->check({.pid = pid}, {}).state != Readiness::State::Ready) {
        busy.kill();
        busy.waitForFinished();
        QSKIP("skipped: this system does not let us record");
    }
    ProcessScanner scanner;
    m_window->recordings().setBackends(recorderBackends());
    m_window->recordings().setScan([&scanner] { return scanner.scan(); });
    m_window->record();
    RecordDialog& d = *m_window->recordings().dialog();
    d.setup().choosePid(pid);
    d.setup().setWay("samples");
    d.setup().saveTo().setText(path("real.fxt"));
    d.setup().lengthNumber().setValue(1);
    QTRY_VERIFY_WITH_TIMEOUT(d.setup().table().chosen() && d.setup().table().chosen()->info.pid == pid && d.mainButton().isEnabled(), 20'000);
    QSignalSpy loaded(m_window.get(), &MainWindow::loaded);
    press(d.mainButton());
    const bool opened = loaded.wait(30'000);
    busy.kill();
    busy.waitForFinished();
    QVERIFY2(opened, qPrintable(d.failure().sentence()));
    QVERIFY(m_window->document().trace()->slices().size() > 0);
    QVERIFY2(m_window->notice().text().contains(QStringLiteral("until the time was up")), qPrintable(m_window->notice().text()));
}

QTEST_MAIN(tst_RecordDialogRun)
#include "tst_RecordDialogRun.moc"
