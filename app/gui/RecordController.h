#pragma once

#include <QMessageBox>
#include <QPointer>

#include "app/gui/RecordDialog.h"
#include "app/gui/RecordSurvey.h"
#include "core/record/Recorder.h"

#include <span>

namespace opscope {

class MainWindow;

/// Recording from one window: its recorder, its dialog, and what becomes of what was recorded. One recording at a time a window.
class RecordController : public QObject
{
    Q_OBJECT

public:
    explicit RecordController(MainWindow& window);
    ~RecordController() override;

    /// The dialog, or that of the recording that runs.
    void open();
    /// The last recording of this window once more, under a new name; the dialog where there was none or its process has ended.
    void again();
    Recorder& recorder() { return m_recorder; }
    RecordDialog* dialog() const { return m_dialog; }
    /// Whether the window may close now. While something is recorded it asks once; told to stop, it saves and then closes the window.
    bool mayClose();
    QMessageBox* question() const { return m_question; }

    /// Before open(); for tests. What is given must outlive this.
    void setBackends(std::span<const RecorderBackend> backends) { m_backends = backends; }
    void setScan(RecordSurvey::Scan scan) { m_scan = std::move(scan); }
    void setTorchScan(RecordSurvey::TorchScan scan) { m_torchScan = std::move(scan); }

private:
    void changed(Recorder::State state);
    void openRecording(const QString& made, const QString& sentence);
    void ask();
    QString outcome() const;

    MainWindow& m_window;
    Recorder m_recorder;
    QPointer<RecordDialog> m_dialog;
    QPointer<QMessageBox> m_question;
    std::span<const RecorderBackend> m_backends;
    RecordSurvey::Scan m_scan;
    RecordSurvey::TorchScan m_torchScan;
    bool m_closing = false;     ///< the window goes when the recording is saved
};

} // namespace opscope
