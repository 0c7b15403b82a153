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
class tst_RecordDialogLive : public QObject, private WindowFixture, private LiveComparison
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { findCases(); }
    void init() { openWindow({1280, 720}); }
    void cleanup() { closeWindow(); }
    void sharesThreadsAndWaitsAreTrue_data() { rows(); }
    void sharesThreadsAndWaitsAreTrue();

private:
    void record(qint64 pid, const QString& into);
};

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
    compare([this](qint64 pid, int round) {
        if (round > 0) { // a window that shows something opens what was recorded in another one
            closeWindow();
            openWindow({1280, 720});
        }
        record(pid, path("live.fxt"));
        const TracePtr trace = m_window->document().trace();
        // Framed on its busiest part: what can be seen lies within.
        const TimeRange visible = m_window->document().visibleRange();
        [&] { QVERIFY(trace && visible.length() > 0 && trace->extent().overlaps(visible)); }();
        return trace;
    });
}

QTEST_MAIN(tst_RecordDialogLive)
#include "tst_RecordDialogLive.moc"
