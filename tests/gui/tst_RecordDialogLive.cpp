#include <QLineEdit>
#include <QPushButton>
#include <QSpinBox>

#include "app/gui/RecordController.h"
#include "app/gui/RecordDialog.h"
#include "app/gui/RecordFailureView.h"
#include "app/gui/RecordWays.h"
#include "tests/support/LiveRecording.h"
#include "tests/support/WindowFixture.h"

using namespace opscope;
using namespace opscope::test;

/// Real programs, recorded for three seconds by the dialog, against what they know of themselves; the window shows them then.
class tst_RecordDialogLive : public QObject, private WindowFixture
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init() { openWindow({1280, 720}); }
    void cleanup() { closeWindow(); }
    void sharesThreadsAndWaitsAreTrue_data();
    void sharesThreadsAndWaitsAreTrue();

private:
    void record(qint64 pid, const QString& into);

    std::vector<LiveCase> m_cases;
};

void tst_RecordDialogLive::initTestCase()
{
    if (const std::string reason = whyNothingIsRecorded(); !reason.empty()) QSKIP(reason.c_str());
    m_cases = liveCases();
}

void tst_RecordDialogLive::sharesThreadsAndWaitsAreTrue_data()
{
    QTest::addColumn<std::size_t>("index");
    for (std::size_t i = 0; i < m_cases.size(); ++i) QTest::newRow(m_cases[i].name.c_str()) << i;
}

/// Ctrl+R, the process, three seconds, Record: until the window shows what was recorded.
void tst_RecordDialogLive::record(qint64 pid, const QString& into)
{
    m_window->record();
    RecordDialog& dialog = *m_window->recordings().dialog();
    dialog.setup().choosePid(static_cast<pid_t>(pid));
    dialog.setup().setWay("samples");
    dialog.setup().saveTo().setText(into);
    dialog.setup().lengthNumber().setValue(3);
    const auto ready = [&] {
        const auto* chosen = dialog.setup().table().chosen();
        return chosen && chosen->info.pid == pid && dialog.mainButton().isEnabled();
    };
    QTRY_VERIFY_WITH_TIMEOUT(ready(), 30'000);
    QSignalSpy loaded(m_window.get(), &MainWindow::loaded);
    QTest::mouseClick(&dialog.mainButton(), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(!loaded.isEmpty() || dialog.page() == RecordDialog::Page::Failure, 60'000);
    QVERIFY2(!loaded.isEmpty(), qPrintable(dialog.failure().sentence()));
}

void tst_RecordDialogLive::sharesThreadsAndWaitsAreTrue()
{
    QFETCH(std::size_t, index);
    const LiveCase& live = m_cases[index];
    if (!live.missing.empty()) QSKIP(live.missing.c_str());
    LiveProgram program(live.program, live.arguments);
    QVERIFY2(program.works(3), "the program does not print");
    LiveTruth truth;
    LiveRecording recording;
    for (int round = 0; round < kMostRecordings && truth.cpu() < kEnoughCpu; ++round) {
        if (round > 0) { // a window that shows something opens what was recorded in another one
            closeWindow();
            openWindow({1280, 720});
        }
        record(program.pid(), path("live.fxt"));
        if (QTest::currentTestFailed()) return;
        const TracePtr trace = m_window->document().trace();
        const TimeRange extent = trace->extent();
        truth.add(program.during(trace->baseTime() + extent.start, trace->baseTime() + extent.end));
        recording.add(*trace, live, truth);
        // Framed on its busiest part: what can be seen lies within.
        const TimeRange visible = m_window->document().visibleRange();
        QVERIFY(visible.length() > 0 && extent.overlaps(visible));
    }
    qInfo("%s", sideBySide(truth, recording).c_str());
    QCOMPARE(QString::fromStdString(differences(truth, recording)), QString());
}

QTEST_MAIN(tst_RecordDialogLive)
#include "tst_RecordDialogLive.moc"
