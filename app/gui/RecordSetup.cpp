#include "app/gui/RecordSetup.h"

#include "app/gui/LoadFiles.h"
#include "app/gui/RecordFields.h"
#include "app/gui/RecordText.h"
#include "app/gui/RecordWays.h"
#include "widgets/common/Text.h"

#include <QComboBox>
#include <QCoreApplication>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QSpinBox>
#include <QTabBar>
#include <QToolButton>
#include <QVBoxLayout>

#include <utility>

namespace opscope {
RecordSetup::~RecordSetup() = default;

void RecordSetup::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    if (m_updates == Updates::Ever || m_looks < 2)
        look(RecordSurvey::Answers::Keep);
}

void RecordSetup::hideEvent(QHideEvent* event)
{
    QWidget::hideEvent(event);
    m_timer.stop();
}

void RecordSetup::look(RecordSurvey::Answers answers)
{
    m_timer.stop();
    if (m_looking.running())
        return; // one at a time: its answer starts the clock for the next
    m_looking.run([survey = m_survey, answers](const JobControl& job) { return survey->look(answers, job.stop); },
                  [this](std::vector<RecordProcess> processes) { seen(std::move(processes)); });
}

void RecordSetup::seen(std::vector<RecordProcess> processes)
{
    ++m_looks;
    m_table->showProcesses(std::move(processes));
    chooseFirst();
    showHidden_();
    if (isVisible() && (m_updates == Updates::Ever || m_looks < 2))
        m_timer.start(m_looks < 2 ? kFirstMs : kEveryMs);
}

void RecordSetup::choosePid(pid_t pid)
{
    m_wantedPid = pid;
    chooseFirst();
}

/// At first what is on top once it is known how busy processes are; never again after somebody chose, or what they chose has ended.
void RecordSetup::chooseFirst()
{
    RecordProcessModel& model = m_table->processes();
    if (m_wantedPid) {
        for (int row = 0; row < model.rowCount(); ++row) {
            if (model.at(row)->info.pid != *m_wantedPid)
                continue;
            m_wantedPid.reset();
            m_touched = true;
            m_table->chooseRow(row);
            m_table->scrollTo(model.index(row, 0));
            return;
        }
    }
    if (!m_touched && !m_table->chosen() && !m_table->ended() && (model.knowsCpu() || m_looks > 1))
        m_table->chooseRow(0);
}

QString RecordSetup::hiddenText() const { return m_hidden->text(); }
QString RecordSetup::heading() const { return m_heading->text(); }

void RecordSetup::showHidden_()
{
    const RecordProcessModel& model = m_table->processes();
    const int count = model.hiddenCount();
    const QString number = countText(static_cast<std::uint64_t>(count));
    m_hidden->setText((model.showsHidden() ? QStringLiteral("%1 more shown") : QStringLiteral("%1 hidden")).arg(number) + QStringLiteral(": threads of the kernel, ended processes, this program."));
    m_hidden->setVisible(count > 0);
    m_showHidden->setVisible(count > 0);
    m_showHidden->setText(model.showsHidden() ? QStringLiteral("Hide") : QStringLiteral("Show"));
}

void RecordSetup::showTab()
{
    const bool running = m_tabs->currentIndex() == Running;
    m_running->setVisible(running);
    m_commandPage->setVisible(!running);
    m_search->setVisible(running);
    m_refresh->setVisible(running);
    setFocusProxy(running ? m_search : m_command);
    setFocus();
    showChosen();
}

Result<RecordTarget> RecordSetup::target() const
{
    RecordTarget target;
    if (m_tabs->currentIndex() == NewCommand) {
        auto words = splitCommand(toUtf8(m_command->text()));
        if (!words)
            return words.error();
        if (words->empty())
            return Error{ErrorCode::Usage, "", {}};
        target.command = std::move(words).value();
        return target;
    }
    const RecordProcess* process = m_table->chosen();
    if (!process && m_table->ended())
        return Error{ErrorCode::Usage, "Process " + std::to_string(*m_table->ended()) + " has ended. Choose another one.", {}};
    if (!process)
        return Error{ErrorCode::Usage, "", {}};
    target.pid = process->info.pid;
    target.startTicks = process->info.startTicks;
    return target;
}

void RecordSetup::showChosen()
{
    const RecordProcess* process = m_table->chosen();
    if (m_tabs->currentIndex() == NewCommand)
        m_heading->setText(QStringLiteral("How to record the command"));
    else if (process)
        m_heading->setText(QStringLiteral("How to record process %1").arg(process->info.pid));
    else if (m_table->ended())
        m_heading->setText(QStringLiteral("Process %1 has ended").arg(*m_table->ended()));
    else
        m_heading->setText(QStringLiteral("How to record"));
    if (m_tabs->currentIndex() == Running)
        m_ways->setReadiness(process ? process->ready : std::vector<Readiness>()); // what the list shows, until asked with the settings
    check();
    Q_EMIT changed();
}

std::vector<OptionValues> RecordSetup::optionsOfAll() const
{
    const RecordSettings now = settings();
    std::vector<OptionValues> all;
    for (const RecorderBackend& backend : m_backends) {
        const auto found = now.options.find(std::string(backend.id));
        all.push_back(found == now.options.end() ? OptionValues() : found->second);
    }
    return all;
}

void RecordSetup::check()
{
    const Result<RecordTarget> what = target();
    if (!what) {
        m_checking.cancel();
        if (m_tabs->currentIndex() == NewCommand)
            m_ways->setReadiness({});
        return;
    }
    m_checking.run([backends = m_backends, what = *what, options = optionsOfAll()](const JobControl&) { return askBackends(backends, what, options); },
                   [this](const std::vector<Readiness>& ready) {
                       m_ways->setReadiness(ready);
                       Q_EMIT answered();
                   });
}

void RecordSetup::showFields()
{
    const RecorderBackend* backend = m_ways->chosen();
    if (m_fields) {
        m_fields->hide();
        m_fields->deleteLater();
        m_fields = nullptr;
    }
    if (backend) {
        m_fields = new RecordFields(m_theme, backend->options(), m_settings.options[std::string(backend->id)]);
        m_fieldsHome->layout()->addWidget(m_fields);
        m_fields->show(); // a layout shows what is added later only in a while
        QWidget* before = m_size; // else Tab would come to them last
        for (QWidget* field : m_fields->focusOrder())
            setTabOrder(std::exchange(before, field), field);
        setTabOrder(before, m_saveTo);
        connect(m_fields, &RecordFields::changed, this, [this, id = std::string(backend->id)] {
            m_settings.options[id] = m_fields->values();
            m_typing.start();
            Q_EMIT changed();
        });
    }
    Q_EMIT changed();
}

RecordSettings RecordSetup::settings() const
{
    RecordSettings settings = m_settings;
    settings.backend = m_ways->wish();
    settings.limited = m_lengthKind->currentIndex() == 0;
    settings.seconds = m_seconds->value();
    settings.mebibytes = m_size->value();
    settings.saveTo = m_saveTo->text().trimmed();
    return settings;
}

Result<RecordWish> RecordSetup::wish() const
{
    auto what = target();
    if (!what)
        return what.error();
    const RecorderBackend* backend = m_ways->chosen();
    if (!backend)
        return Error{ErrorCode::Usage, m_checking.running() ? "" : "No way to record is possible here. Each says what it needs.", {}};
    RecordWish wish;
    wish.backend = backend;
    wish.request.target = std::move(what).value();
    RecordTarget& to = wish.request.target;
    const RecordProcess* process = m_table->chosen();
    const bool isCommand = !to.command.empty();
    wish.what = isCommand ? m_command->text().simplified() : process->command;
    wish.where = isCommand ? QStringLiteral("new command") : QStringLiteral("process %1").arg(to.pid);
    if (isCommand)
        to.folder = toPath(expandedPath(m_folder->text(), {}, 0, {}));
    if (m_fields)
        wish.request.options = m_fields->values();
    if (m_lengthKind->currentIndex() == 0)
        wish.request.duration = std::chrono::seconds(m_seconds->value());
    wish.request.maxBytes = static_cast<std::uint64_t>(m_size->value()) << 20;
    const QString pattern = m_saveTo->text().trimmed();
    QString path = expandedPath(pattern, fileStem(isCommand ? to.command.front() : process->info.name), to.pid, QDateTime::currentDateTime());
    if (pattern.isEmpty() || path.endsWith(QLatin1Char('/')))
        return Error{ErrorCode::Usage, "Say under which name to save it.", {}};
    if (path.endsWith(QLatin1String(".gz")))
        return Error{ErrorCode::Usage, "A recording is not packed: its name ends in .fxt.", {}};
    if (!path.endsWith(QLatin1String(".fxt")))
        path += QStringLiteral(".fxt");
    wish.request.path = toPath(path);
    return wish;
}

bool RecordSetup::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_search && event->type() == QEvent::KeyPress) {
        switch (static_cast<QKeyEvent*>(event)->key()) {
        case Qt::Key_Up:
        case Qt::Key_Down:
        case Qt::Key_PageUp:
        case Qt::Key_PageDown: QCoreApplication::sendEvent(m_table, event); return true;
        case Qt::Key_Escape:
            if (m_search->text().isEmpty())
                break; // the dialog closes
            m_search->clear();
            return true;
        default: break;
        }
    }
    return QWidget::eventFilter(watched, event);
}

} // namespace opscope
