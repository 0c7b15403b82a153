#pragma once

#include <QDialog>
#include <QMessageBox>
#include <QPointer>

#include "app/gui/RecordSetup.h"
#include "core/record/Recorder.h"

class QLabel;
class QPushButton;

namespace opscope {

class RecordFailureView;
class RecordProgress;
class Settings;

/// File › Record: what and how, then how far it is, then why not if it fails. It blocks nothing: while it records it is small and can be
/// closed, and the recording goes on. Who owns the recorder opens what it made.
class RecordDialog : public QDialog
{
    Q_OBJECT

public:
    RecordDialog(const Theme& theme, RecordSetup::World world, Recorder& recorder, Settings& settings, QWidget* parent = nullptr);
    ~RecordDialog() override;

    enum class Page : std::uint8_t { Setup, Progress, Failure };
    Page page() const { return m_page; }
    void start();
    /// As it was recorded the last time: the same target, in the same way, under a new name. Nobody is asked again.
    void startAgain(const RecordWish& wish);
    /// What a person has to agree to before it starts; null when nothing is asked.
    QMessageBox* question() const { return m_question; }
    /// Asks once where more than a few seconds would be lost, then throws the recording away.
    void cancelRecording();
    void reject() override;                 ///< Esc and the close button: while it records the dialog goes and the recording stays

    // For tests
    RecordSetup& setup() { return *m_setup; }
    RecordProgress& progress() { return *m_progress; }
    RecordFailureView& failure() { return *m_failure; }
    QPushButton& mainButton() { return *m_main; }
    QPushButton& cancelButton() { return *m_cancel; }
    QString foot() const;

Q_SIGNALS:
    void openRequested(const QString& file); ///< what was kept of a recording that failed
    void started(const opscope::RecordWish& wish);

protected:
    void closeEvent(QCloseEvent* event) override;

private:
    QWidget* makeFoot();
    void showPage(Page page);
    void recorderChanged(Recorder::State state);
    void showFoot();
    void showSetupFoot();
    void showProgressFoot();
    void press();
    void confirm(const QString& text, RecordWish wish);
    void begin(const RecordWish& wish);
    void say(const QString& sentence);

    Theme m_theme;
    Recorder& m_recorder;
    Settings& m_settings;
    Page m_page = Page::Setup;
    RecordSetup* m_setup;
    RecordProgress* m_progress;
    RecordFailureView* m_failure;
    QLabel* m_foot;
    QPushButton *m_cancel, *m_main;
    QSize m_setupSize;                      ///< while the dialog is small
    QString m_said;                         ///< a sentence that stands until something changes
    QString m_mayReplace;                   ///< a file that was there when Record was pressed, and was named
    bool m_askedToCancel = false;
    QPointer<QMessageBox> m_question;
};

} // namespace opscope
