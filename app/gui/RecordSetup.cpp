#include "app/gui/RecordSetup.h"

#include "app/gui/LoadFiles.h"
#include "app/gui/RecordFields.h"
#include "app/gui/RecordText.h"
#include "app/gui/RecordWays.h"
#include "widgets/common/Text.h"

#include <QComboBox>
#include <QCoreApplication>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QSpinBox>
#include <QTabBar>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
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
    m_standby.clear();
}

/// Only where there is somebody to be found by.
void RecordSetup::standBy()
{
    const auto& all = m_table->processes().all();
    if (!isVisible() || !m_standby.empty() || std::ranges::none_of(all, [](const RecordProcess& process) { return process.torch && !process.torch->kinetoClient.empty(); }))
        return;
    QStringList notes;
    for (const RecorderBackend& backend : m_backends) {
        if (!backend.standBy)
            continue;
        RecordStandby ready = backend.standBy();
        if (!ready.keep)
            continue;
        m_standby.push_back(std::move(ready.keep));
        notes << displayText(ready.note);
    }
    m_standbyNote->setText(notes.join(QLatin1Char(' ')));
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
    standBy();
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
    const auto workers = static_cast<std::uint64_t>(model.workerCount());
    const QString loaders = workers == 1 ? QStringLiteral("1 worker of a data loader") : QStringLiteral("%1 workers of data loaders").arg(countText(workers));
    const QString who = workers ? loaders + QStringLiteral(", threads of the kernel, ended processes.")
                                : QStringLiteral("threads of the kernel, ended processes, this program.");
    m_hidden->setText((model.showsHidden() ? QStringLiteral("%1 more shown: ") : QStringLiteral("%1 hidden: ")).arg(number) + who);
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
        const auto variables = splitCommand(toUtf8(m_environment->text()));
        if (!variables)
            return variables.error();
        for (const std::string& variable : *variables) {
            const std::size_t equals = variable.find('=');
            if (equals == 0 || equals == variable.npos)
                return Error{ErrorCode::Usage, "Environment: " + variable + " is not of the form NAME=VALUE.", {}};
            target.environment.emplace_back(variable.substr(0, equals), variable.substr(equals + 1));
        }
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
    const bool running = m_tabs->currentIndex() == Running;
    m_ways->showFor(!running ? RecordWays::For::Command : process && process->torch ? RecordWays::For::PyTorchProcess : RecordWays::For::Process);
    m_ways->setWish(wishOfKind());
    if (running)
        setReadiness(process ? process->ready : std::vector<Readiness>()); // what the list shows, until asked with the settings
    showRanks();
    check();
    Q_EMIT changed();
}

std::vector<OptionValues> RecordSetup::optionsOfAll() const
{
    const RecordSettings now = settings();
    std::vector<OptionValues> all;
    for (const RecorderBackend& backend : m_backends) {
        OptionValues& values = all.emplace_back();
        const auto found = now.options.find(RecordSettings::optionsKey(backend));
        if (found == now.options.end())
            continue;
        // Of a family each has its own besides those that all have. What an older version remembered may be no value any more.
        for (const RecordOption& option : backend.options())
            if (const auto value = found->second.find(option.id); value != found->second.end() && checkOption(option, value->second))
                values.insert(*value);
    }
    return all;
}

void RecordSetup::setReadiness(const std::vector<Readiness>& ready)
{
    m_ready = ready;
    m_ways->setReadiness(ready);
    showWhy();
}

void RecordSetup::check()
{
    const Result<RecordTarget> what = target();
    if (!what) {
        m_checking.cancel();
        if (m_tabs->currentIndex() == NewCommand)
            setReadiness({});
        return;
    }
    m_checking.run([backends = m_backends, what = *what, options = optionsOfAll()](const JobControl&) { return askBackends(backends, what, options); },
                   [this](const std::vector<Readiness>& ready) {
                       setReadiness(ready);
                       Q_EMIT answered();
                   });
}

/// Another way is chosen, by whom ever.
void RecordSetup::showWay()
{
    showFields();
    showLength();
    showRanks();
    showWhy();
    const RecorderBackend* backend = m_ways->chosen();
    const bool file = !backend || backend->product == RecorderBackend::Product::File;
    m_sizeLabel->setVisible(file); // folders are as large as what is asked for makes them
    m_sizeField->setVisible(file);
    Q_EMIT changed();
}

void RecordSetup::showFields()
{
    const RecorderBackend* backend = m_ways->chosen();
    const std::vector<RecordOption> options = backend ? backend->options() : std::vector<RecordOption>();
    std::vector<std::string> ids;
    for (const RecordOption& option : options)
        ids.push_back(option.id);
    if (m_fields && ids == m_fieldIds && backend)
        return; // of the same family: whoever is about to tick something must not lose it
    m_fieldIds = ids;
    if (m_fields) {
        m_fields->hide();
        m_fields->deleteLater();
        m_fields = nullptr;
    }
    if (!backend)
        return;
    const std::string key = RecordSettings::optionsKey(*backend);
    m_fields = new RecordFields(m_theme, options, m_settings.options[key]);
    m_fieldsHome->layout()->addWidget(m_fields);
    m_fields->show(); // a layout shows what is added later only in a while
    QWidget* before = m_size; // else Tab would come to them last
    for (QWidget* field : m_fields->focusOrder())
        setTabOrder(std::exchange(before, field), field);
    setTabOrder(before, m_saveTo);
    connect(m_fields, &RecordFields::changed, this, [this, key] {
        OptionValues& values = m_settings.options[key];
        for (const std::string& id : m_fieldIds)
            values.erase(id);
        values.merge(m_fields->values());
        m_typing.start();
        Q_EMIT changed();
    });
}

RecordSettings::Length& RecordSetup::length()
{
    const RecorderBackend* backend = m_ways->chosen();
    return backend && !backend->family.empty() ? m_settings.torchLength : m_settings.length;
}

void RecordSetup::showLength()
{
    using Kind = RecordSettings::Length::Kind;
    const RecorderBackend* backend = m_ways->chosen();
    const RecordSettings::Length& now = length();
    const bool steps = backend && backend->countsSteps;
    m_showing = true;
    m_lengthKind->clear();
    m_lengthKind->addItem(QStringLiteral("seconds"), static_cast<int>(Kind::Seconds));
    if (steps)
        m_lengthKind->addItem(QStringLiteral("steps"), static_cast<int>(Kind::Steps));
    m_lengthKind->addItem(QStringLiteral("until Stop"), static_cast<int>(Kind::UntilStop));
    const Kind kind = now.kind == Kind::Steps && !steps ? Kind::Seconds : now.kind;
    m_lengthKind->setCurrentIndex(m_lengthKind->findData(static_cast<int>(kind)));
    m_lengthNumber->setMaximum(kind == Kind::Steps ? RecordSettings::kMostSteps : RecordSettings::kMostSeconds);
    m_lengthNumber->setValue(kind == Kind::Steps ? now.steps : now.seconds);
    m_lengthNumber->setVisible(kind != Kind::UntilStop);
    m_showing = false;
}

void RecordSetup::setLength(RecordSettings::Length::Kind kind) { m_lengthKind->setCurrentIndex(m_lengthKind->findData(static_cast<int>(kind))); }

void RecordSetup::rememberLength()
{
    if (m_showing)
        return;
    using Kind = RecordSettings::Length::Kind;
    RecordSettings::Length& now = length();
    const auto kind = static_cast<Kind>(m_lengthKind->currentData().toInt());
    if (kind != now.kind) {
        now.kind = kind;
        showLength();
    } else {
        (kind == Kind::Steps ? now.steps : now.seconds) = m_lengthNumber->value();
    }
    Q_EMIT changed();
}

std::string& RecordSetup::wishOfKind()
{
    if (m_tabs->currentIndex() == NewCommand)
        return m_settings.commandBackend;
    const RecordProcess* process = m_table->chosen();
    return process && process->torch ? m_settings.torchBackend : m_settings.backend;
}

void RecordSetup::setWay(const std::string& id)
{
    m_settings.backend = m_settings.torchBackend = m_settings.commandBackend = id;
    m_ways->setWish(id);
    showWhy();
}

void RecordSetup::rememberWish()
{
    wishOfKind() = m_ways->wish();
    showWhy();
}

QString RecordSetup::why() const { return m_why->isHidden() ? QString() : m_why->text(); }

/// Of ways that stand in for each other: which it is, and why none of those that would be better.
void RecordSetup::showWhy()
{
    const RecorderBackend* backend = m_ways->chosen();
    const bool family = backend && !backend->family.empty();
    const bool own = family && m_ways->wish() == backend->id;
    m_why->setVisible(family);
    m_chooseForMe->setVisible(own);
    if (!family)
        return;
    QStringList passed;
    for (std::size_t i = 0; i < m_ready.size() && &m_backends[i] != backend; ++i)
        if (m_backends[i].family == backend->family && m_ready[i].state != Readiness::State::Ready && !(m_tabs->currentIndex() == NewCommand && !m_backends[i].startsCommands))
            passed << displayText(m_backends[i].shortTitle.empty() ? m_backends[i].title : m_backends[i].shortTitle) + QStringLiteral(": ") + displayText(m_ready[i].reason);
    QString text = QStringLiteral("“%1” is %2").arg(displayText(backend->title), own ? QStringLiteral("your choice.") : QStringLiteral("chosen for you: "));
    if (!own)
        text += passed.isEmpty() ? QStringLiteral("it disturbs the process least.") : QStringLiteral("it is the first that can do this. ") + passed.join(QStringLiteral(" · "));
    m_why->setText(text);
}

void RecordSetup::showRanks()
{
    const RecorderBackend* backend = m_ways->chosen();
    const RecordProcess* process = m_tabs->currentIndex() == Running ? m_table->chosen() : nullptr;
    std::vector<const RecordProcess*> ranks;
    if (process && backend && backend->takesSeveral)
        ranks = ranksOf(*process, m_table->processes().all());
    if (ranks.size() < 2)
        ranks.clear();
    m_ranks->setVisible(!ranks.empty());
    m_ranksLabel->setVisible(!ranks.empty());
    const auto same = [](const RecordTarget& target, const RecordProcess* of) { return target.pid == of->info.pid && target.startTicks == of->info.startTicks; };
    if (!std::ranges::equal(m_rankTargets, ranks, same)) {
        qDeleteAll(m_rankButtons);
        m_rankButtons.clear();
        m_rankTargets.clear();
        for (const RecordProcess* rank : ranks) {
            auto* button = new QToolButton;
            button->setText(QString::number(*rank->torch->rank));
            button->setCheckable(true);
            button->setChecked(true);
            button->setMinimumSize(28, 26);
            button->setStyleSheet(QStringLiteral("QToolButton { border: 1px solid %1; border-radius: 4px; color: %2; } QToolButton:checked { border-color: %3; background: %4; }")
                                      .arg(m_theme.line.name(), m_theme.text.name(), m_theme.accent.name(), m_theme.selectedRow.name(QColor::HexArgb)));
            button->setToolTip(QStringLiteral("Rank %1: process %2").arg(*rank->torch->rank).arg(rank->info.pid));
            button->setAccessibleName(button->toolTip());
            connect(button, &QToolButton::toggled, this, &RecordSetup::changed);
            m_rankRow->insertWidget(static_cast<int>(m_rankButtons.size()), button);
            m_rankButtons.push_back(button);
            m_rankTargets.push_back({.pid = rank->info.pid, .startTicks = rank->info.startTicks});
        }
    }
    for (std::size_t i = 0; i < m_rankButtons.size(); ++i) {
        const bool chosen = process && m_rankTargets[i].pid == process->info.pid;
        m_rankButtons[i]->setEnabled(!chosen);
        if (chosen)
            m_rankButtons[i]->setChecked(true);
    }
}

/// The program of the chosen process, as a new command.
void RecordSetup::startAnew()
{
    const RecordProcess* process = m_table->chosen();
    if (!process)
        return;
    const QString folder = QFileInfo(QStringLiteral("/proc/%1/cwd").arg(process->info.pid)).symLinkTarget();
    m_command->setText(fromPath(process->info.command));
    if (!folder.isEmpty())
        m_folder->setText(shortPath(folder));
    m_tabs->setCurrentIndex(NewCommand);
}

RecordSettings RecordSetup::settings() const
{
    RecordSettings settings = m_settings;
    settings.mebibytes = m_size->value();
    settings.saveTo = m_saveTo->text().trimmed();
    return settings;
}

Result<std::string> RecordSetup::path(const RecorderBackend& backend, const RecordTarget& to) const
{
    const RecordProcess* process = m_table->chosen();
    const QString pattern = m_saveTo->text().trimmed();
    const QString stem = fileStem(to.command.empty() ? process->info.name : to.command.front());
    QString path = expandedPath(pattern, stem, to.pid, QDateTime::currentDateTime());
    if (pattern.isEmpty() || path.endsWith(QLatin1Char('/')))
        return Error{ErrorCode::Usage, "Say under which name to save it.", {}};
    if (backend.product == RecorderBackend::Product::Folder) {
        if (path.endsWith(QLatin1String(".fxt")))
            path.chop(4);
        return toPath(path);
    }
    if (path.endsWith(QLatin1String(".gz")))
        return Error{ErrorCode::Usage, "A recording is not packed: its name ends in .fxt.", {}};
    if (!path.endsWith(QLatin1String(".fxt")))
        path += QStringLiteral(".fxt");
    return toPath(path);
}

Result<RecordWish> RecordSetup::wish() const
{
    using Kind = RecordSettings::Length::Kind;
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
    const bool isCommand = !to.command.empty();
    auto made = path(*backend, to);
    if (!made)
        return made.error();
    wish.request.path = *made;
    wish.what = isCommand ? m_command->text().simplified() : m_table->chosen()->command;
    wish.where = isCommand ? QStringLiteral("new command") : QStringLiteral("process %1").arg(to.pid);
    if (isCommand)
        to.folder = toPath(expandedPath(m_folder->text(), {}, 0, {}));
    for (std::size_t i = 0; i < m_rankButtons.size() && backend->takesSeveral && !isCommand; ++i)
        if (m_rankButtons[i]->isChecked() && m_rankTargets[i].pid != to.pid)
            wish.request.others.push_back(m_rankTargets[i]);
    if (const std::size_t others = wish.request.others.size(); others == 1)
        wish.where = QStringLiteral("processes %1 and %2").arg(to.pid).arg(wish.request.others.front().pid);
    else if (others)
        wish.where += QStringLiteral(" and %1 others").arg(others);
    if (m_fields)
        wish.request.options = m_fields->values();
    const auto kind = static_cast<Kind>(m_lengthKind->currentData().toInt());
    if (kind == Kind::Seconds)
        wish.request.duration = std::chrono::seconds(m_lengthNumber->value());
    if (kind == Kind::Steps)
        wish.request.steps = static_cast<std::uint32_t>(m_lengthNumber->value());
    wish.request.maxBytes = backend->product == RecorderBackend::Product::File ? static_cast<std::uint64_t>(m_size->value()) << 20 : 0;
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
