#pragma once

#include <QTimer>
#include <QWidget>

#include "core/record/Recorder.h"
#include "widgets/document/ViewSettings.h"

class QToolButton;

namespace opscope {

/// "● Recording 12 s" and Stop, in the first row of the window, there only while something is recorded. A click shows the dialog again.
class RecordIndicator : public QWidget
{
    Q_OBJECT

public:
    RecordIndicator(Recorder& recorder, ViewSettings& settings, QWidget* parent = nullptr);
    QString text() const;
    QToolButton& stopButton() { return *m_stop; }
    QToolButton& showButton() { return *m_show; }

Q_SIGNALS:
    void showClicked();

private:
    void look();

    Recorder& m_recorder;
    ViewSettings& m_settings;
    QToolButton *m_show, *m_stop;
    QTimer m_timer;
};

} // namespace opscope
