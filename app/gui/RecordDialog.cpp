#include "app/gui/RecordDialog.h"

#include "app/gui/LoadFiles.h"
#include "app/gui/RecordFailureView.h"
#include "app/gui/RecordProgress.h"
#include "app/gui/RecordText.h"
#include "app/gui/Settings.h"
#include "widgets/common/Icons.h"
#include "widgets/common/Parts.h"
#include "widgets/common/Text.h"

#include <QCloseEvent>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

namespace opscope {
namespace {

using namespace std::chrono_literals;

constexpr QSize kSetupSize(1080, 590), kSmallSize(600, 300);
constexpr auto kCheapToLose = 3s;

/// With its line ends, and no other control characters.
QString displayLines(const std::string& text)
{
    QStringList lines;
    for (const QString& line : QString::fromStdString(text).split(QLatin1Char('\n')))
        lines << displayText(toUtf8(line));
    return lines.join(QLatin1Char('\n'));
}

} // namespace

RecordDialog::RecordDialog(const Theme& theme, RecordSetup::World world, Recorder& recorder, Settings& settings, QWidget* parent)
    : QDialog(parent), m_theme(theme), m_recorder(recorder), m_settings(settings),
      m_setup(new RecordSetup(theme, std::move(world), RecordSettings::fromJson(settings.recording()))), m_progress(new RecordProgress(theme, recorder)),
      m_failure(new RecordFailureView(theme)), m_setupSize(kSetupSize)
{
    setWindowTitle(QStringLiteral("Record"));
    setPalette(theme.palette());
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    for (QWidget* page : std::initializer_list<QWidget*>{m_setup, m_progress, m_failure})
        column->addWidget(page, 1);
    column->addWidget(makeLine(Qt::Horizontal));
    column->addWidget(makeFoot());
    connect(m_setup, &RecordSetup::changed, this, [this] {
        m_said.clear();
        m_mayReplace.clear();
        showFoot();
    });
    connect(m_setup, &RecordSetup::answered, this, &RecordDialog::showFoot);
    connect(m_failure, &RecordFailureView::openClicked, this, [this] {
        Q_EMIT openRequested(m_recorder.path());
        reject();
    });
    connect(&m_recorder, &Recorder::stateChanged, this, &RecordDialog::recorderChanged);
    resize(kSetupSize);
    showPage(Page::Setup);
}

RecordDialog::~RecordDialog() = default;

QWidget* RecordDialog::makeFoot()
{
    auto* foot = new QWidget;
    foot->setFixedHeight(49); // and the line above
    foot->setAutoFillBackground(true);
    QPalette palette = foot->palette();
    palette.setColor(QPalette::Window, m_theme.raised);
    foot->setPalette(palette);
    m_foot = new QLabel;
    m_foot->setTextFormat(Qt::PlainText);
    m_foot->setWordWrap(true);
    m_cancel = new QPushButton;
    m_cancel->setAutoDefault(false);
    m_main = new QPushButton;
    m_main->setIconSize({14, 14});
    connect(m_cancel, &QPushButton::clicked, this, [this] { m_page == Page::Progress ? cancelRecording() : reject(); });
    connect(m_main, &QPushButton::clicked, this, &RecordDialog::press);
    auto* row = new QHBoxLayout(foot);
    row->setContentsMargins(14, 0, 14, 0);
    row->setSpacing(8);
    row->addWidget(m_foot, 1);
    row->addWidget(m_cancel);
    row->addWidget(m_main);
    return foot;
}

QString RecordDialog::foot() const { return m_foot->text(); }

void RecordDialog::showPage(Page page)
{
    const bool wasSetup = m_page == Page::Setup;
    if (wasSetup && page != Page::Setup)
        m_setupSize = size();
    m_page = page;
    m_said.clear();
    m_setup->setVisible(page == Page::Setup);
    m_progress->setVisible(page == Page::Progress);
    m_failure->setVisible(page == Page::Failure);
    // Enter starts, and never stops: the key that started it may still be down.
    m_main->setDefault(page == Page::Setup);
    m_main->setAutoDefault(page == Page::Setup);
    setWindowTitle(page == Page::Progress ? QStringLiteral("Recording") : QStringLiteral("Record"));
    if (wasSetup != (page == Page::Setup))
        resize(page == Page::Setup ? m_setupSize : kSmallSize);
    showFoot();
    (page == Page::Setup ? static_cast<QWidget*>(m_setup) : m_main)->setFocus();
}

void RecordDialog::say(const QString& sentence)
{
    m_said = sentence;
    showFoot();
}

void RecordDialog::showFoot()
{
    m_main->setIcon({});
    m_cancel->setEnabled(true);
    setTextColour(m_foot, m_theme.textDim);
    switch (m_page) {
    case Page::Setup: showSetupFoot(); break;
    case Page::Progress: showProgressFoot(); break;
    case Page::Failure:
        m_cancel->setText(QStringLiteral("Close"));
        m_main->setText(QStringLiteral("&Back"));
        m_main->setEnabled(true);
        m_foot->setText({});
        break;
    }
}

void RecordDialog::showSetupFoot()
{
    const Result<RecordWish> wish = m_setup->wish();
    m_cancel->setText(QStringLiteral("Cancel"));
    m_main->setEnabled(wish.ok());
    m_main->setText(!m_mayReplace.isEmpty() ? QStringLiteral("&Replace") : !wish ? QStringLiteral("Record") : QLatin1Char(' ') + recordText(wish->request));
    m_main->setIcon(icon("record", wish ? m_theme.onAccent : m_theme.textOff));
    if (!m_said.isEmpty() || !wish) {
        m_foot->setText(m_said.isEmpty() ? displayText(wish.error().message) : m_said);
        if (!m_foot->text().isEmpty())
            setTextColour(m_foot, m_theme.warn);
        return;
    }
    QStringList limits;
    if (wish->request.duration)
        limits << QStringLiteral("after %1 s").arg(wish->request.duration->count() / 1000);
    if (wish->request.steps)
        limits << (wish->request.steps == 1 ? QStringLiteral("after 1 step") : QStringLiteral("after %1 steps").arg(countText(wish->request.steps)));
    if (wish->request.maxBytes)
        limits << QStringLiteral("at %1").arg(bytesText(wish->request.maxBytes));
    m_foot->setText((limits.isEmpty() ? QStringLiteral("Stops when you say so") : QStringLiteral("Stops ") + limits.join(QStringLiteral(" or "))) + QStringLiteral(". Opens when it is done."));
}

void RecordDialog::showProgressFoot()
{
    const bool records = m_recorder.state() == Recorder::State::Recording;
    m_cancel->setText(m_askedToCancel ? QStringLiteral("Throw away") : QStringLiteral("Cancel"));
    m_main->setText(records ? QStringLiteral("&Stop") : m_recorder.state() == Recorder::State::Collecting ? QStringLiteral("Saving…") : QStringLiteral("Starting…"));
    m_main->setEnabled(records);
    m_foot->setText(!m_said.isEmpty() ? m_said : QStringLiteral("Close this window to work on meanwhile: the recording goes on."));
    if (m_askedToCancel)
        setTextColour(m_foot, m_theme.warn);
}

void RecordDialog::press()
{
    switch (m_page) {
    case Page::Setup: start(); break;
    case Page::Progress: m_recorder.stop(); break;
    case Page::Failure: showPage(Page::Setup); break;
    }
}

void RecordDialog::start()
{
    const Result<RecordWish> wish = m_setup->wish();
    if (!wish || m_recorder.running())
        return;
    const QString path = fromPath(wish->request.path);
    // {time} makes another name each second; who wrote a name of their own and was asked has answered.
    if (QFileInfo::exists(path) && m_mayReplace != path) {
        m_mayReplace = path;
        return say(displayText(toUtf8(shortPath(path))) + QStringLiteral(" is there already. Replace it?"));
    }
    RecordRequest request = wish->request;
    request.replace = std::exchange(m_mayReplace, {}) == path;
    m_settings.setRecording(m_setup->settings().toJson());
    RecordWish agreed = *wish;
    agreed.request = std::move(request);
    const std::string text = wish->backend->confirmation ? wish->backend->confirmation(agreed.request) : std::string();
    if (text.empty())
        begin(agreed);
    else
        confirm(displayLines(text), std::move(agreed));
}

void RecordDialog::confirm(const QString& text, RecordWish wish)
{
    const QString title = displayText(wish.backend->title);
    m_question = new QMessageBox(QMessageBox::NoIcon, title, recordText(wish.request) + QLatin1Char('?'), QMessageBox::NoButton, this);
    m_question->setAttribute(Qt::WA_DeleteOnClose);
    m_question->setTextFormat(Qt::PlainText);
    m_question->setInformativeText(text);
    QPushButton* go = m_question->addButton(QStringLiteral("&Record"), QMessageBox::AcceptRole);
    QPushButton* stay = m_question->addButton(QStringLiteral("Cancel"), QMessageBox::RejectRole);
    m_question->setDefaultButton(go);
    m_question->setEscapeButton(stay);
    connect(go, &QPushButton::clicked, this, [this, wish = std::move(wish)] { begin(wish); });
    m_question->open();
}

void RecordDialog::startAgain(const RecordWish& wish)
{
    if (!m_recorder.running())
        begin(wish);
}

void RecordDialog::begin(const RecordWish& wish)
{
    m_askedToCancel = false;
    const QString path = displayText(toUtf8(shortPath(fromPath(wish.request.path))));
    m_progress->begin(wish, wish.where + QStringLiteral(" · ") + displayText(wish.backend->title) + QStringLiteral(" · ") + path);
    Q_EMIT started(wish);
    m_recorder.start(*wish.backend, wish.request);
}

void RecordDialog::recorderChanged(Recorder::State state)
{
    using State = Recorder::State;
    switch (state) {
    case State::Starting: showPage(Page::Progress); break;
    case State::Recording:
        showFoot();
        m_main->setFocus();
        break;
    case State::Collecting:
        m_askedToCancel = false;
        m_said.clear();
        showFoot();
        break;
    case State::Failed:
        m_failure->setFailure(m_recorder.failure(), m_recorder.path());
        showPage(Page::Failure);
        break;
    case State::Done:
    case State::Cancelled:
    case State::Idle: showPage(Page::Setup); break;
    }
}

void RecordDialog::cancelRecording()
{
    const bool worth = m_recorder.status().elapsed > kCheapToLose;
    if (worth && !m_askedToCancel) {
        m_askedToCancel = true;
        return say(QStringLiteral("%1 of recording would be lost.").arg(clockText(m_recorder.status().elapsed)));
    }
    m_recorder.cancel();
}

void RecordDialog::reject()
{
    // The recording is not the dialog's: it goes on, and the window says so.
    m_askedToCancel = false;
    QDialog::reject();
    if (m_page == Page::Failure)
        showPage(Page::Setup);
}

void RecordDialog::closeEvent(QCloseEvent* event)
{
    event->accept();
    reject();
}

} // namespace opscope
