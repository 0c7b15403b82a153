#include "app/gui/RecordIndicator.h"

#include "widgets/common/Icons.h"

#include <QHBoxLayout>
#include <QToolButton>

namespace opscope {

RecordIndicator::RecordIndicator(Recorder& recorder, ViewSettings& settings, QWidget* parent)
    : QWidget(parent), m_recorder(recorder), m_settings(settings), m_show(new QToolButton(this)), m_stop(new QToolButton(this))
{
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 1, 8, 1);
    row->setSpacing(4);
    for (QToolButton* button : {m_show, m_stop}) {
        button->setFixedHeight(24);
        button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
        button->setIconSize({12, 12});
        row->addWidget(button);
    }
    m_show->setToolTip(QStringLiteral("Show how the recording goes (Ctrl+R)"));
    m_stop->setText(QStringLiteral("Stop"));
    m_stop->setToolButtonStyle(Qt::ToolButtonTextOnly);
    m_stop->setToolTip(QStringLiteral("Stop the recording, save it and open it"));
    m_stop->setAccessibleName(QStringLiteral("Stop the recording"));
    m_timer.setInterval(500);
    connect(&m_timer, &QTimer::timeout, this, &RecordIndicator::look);
    connect(&m_recorder, &Recorder::stateChanged, this, &RecordIndicator::look);
    connect(&m_settings, &ViewSettings::changed, this, &RecordIndicator::look);
    connect(m_show, &QToolButton::clicked, this, &RecordIndicator::showClicked);
    connect(m_stop, &QToolButton::clicked, &m_recorder, &Recorder::stop);
    look();
}

QString RecordIndicator::text() const { return m_show->text().trimmed(); }

void RecordIndicator::look()
{
    const bool running = m_recorder.running();
    setVisible(running);
    if (!running)
        return m_timer.stop();
    if (!m_timer.isActive())
        m_timer.start();
    const Theme& theme = m_settings.theme();
    const auto state = m_recorder.state();
    // Whole seconds: what moves at the edge of the eye is a disturbance.
    m_show->setText(state == Recorder::State::Recording  ? QStringLiteral(" Recording %1 s").arg(m_recorder.status().elapsed.count() / 1000)
                    : state == Recorder::State::Starting ? QStringLiteral(" Starting to record…")
                                                         : QStringLiteral(" Saving the recording…"));
    m_show->setAccessibleName(m_show->text().trimmed());
    m_show->setIcon(icon("record", theme.err));
    m_stop->setVisible(state == Recorder::State::Recording);
}

} // namespace opscope
