#include "app/gui/RecordController.h"

#include "app/gui/LoadFiles.h"
#include "app/gui/MainWindow.h"
#include "app/gui/NoticeBar.h"
#include "app/gui/OpenController.h"
#include "app/gui/RecordDialog.h"
#include "app/gui/RecordText.h"
#include "core/io/FreeName.h"
#include "core/record/ProcessList.h"
#include "core/record/RecordProduct.h"
#include "core/record/RecorderBackends.h"
#include "widgets/common/Text.h"

#include <QFileInfo>
#include <QMessageBox>
#include <QPushButton>

#include <memory>

namespace opscope {
namespace {

/// The first of NAME-2, NAME-3 ... that nothing has.
std::string freeName(const std::string& path)
{
    std::string name = path;
    for (int number = 2; QFileInfo::exists(fromPath(name)); ++number)
        name = numberedName(path, number);
    return name;
}

} // namespace

RecordController::RecordController(MainWindow& window) : QObject(&window), m_window(window), m_backends(recorderBackends())
{
    const auto scanner = std::make_shared<ProcessScanner>();
    m_scan = [scanner] { return scanner->scan(); };
    const auto torchScanner = std::make_shared<torch::TorchScanner>();
    m_torchScan = [torchScanner](const std::vector<ProcessInfo>& processes) { return torchScanner->scan(processes); };
    connect(&m_recorder, &Recorder::stateChanged, this, &RecordController::changed);
}

RecordController::~RecordController() = default;

void RecordController::open()
{
    // A dialog that shows nothing but itself is made anew: the theme may be another by now, and so are the processes.
    if (m_dialog && !m_dialog->isVisible() && m_dialog->page() == RecordDialog::Page::Setup)
        delete m_dialog;
    if (!m_dialog) {
        m_dialog = new RecordDialog(m_window.viewSettings().theme(), {m_backends, m_scan, m_torchScan}, m_recorder, m_window.opener().settings(), &m_window);
        connect(m_dialog, &RecordDialog::started, this, [this](const RecordWish& wish) { m_window.opener().setLastRecording(std::make_shared<const RecordWish>(wish)); });
        connect(m_dialog, &RecordDialog::openRequested, this, [this](const QString& file) { openRecording(file, outcome()); });
    }
    m_dialog->show();
    m_dialog->raise();
    m_dialog->activateWindow();
}

void RecordController::again()
{
    const bool running = m_recorder.running();
    const std::shared_ptr<const RecordWish> last = m_window.opener().lastRecording();
    open();
    if (!last || running)
        return;
    RecordWish wish = *last;
    // Beside the one before; what {time} had made of its name is part of it by now.
    wish.request.path = freeName(wish.request.path);
    wish.request.replace = false;
    m_dialog->startAgain(wish);
}

QString RecordController::outcome() const
{
    RecordStatus status = m_recorder.status();
    if (const auto last = m_window.opener().lastRecording(); last && !last->backend->family.empty())
        status.samples = status.lost = 0; // it counts events there, and the trace itself says how many
    QString text = outcomeText(m_recorder.end(), status, m_recorder.request());
    for (const std::string& note : m_recorder.notes())
        text += QLatin1Char('\n') + displayText(note);
    return text + QStringLiteral("\nSaved as %1").arg(displayText(toUtf8(shortPath(m_recorder.path()))));
}

void RecordController::changed(Recorder::State state)
{
    if (m_recorder.running())
        return;
    if (m_question)
        m_question->close(); // it ended while it was being asked
    switch (state) {
    case Recorder::State::Done:
        if (m_closing)
            break;
        if (m_dialog)
            m_dialog->hide();
        openRecording(m_recorder.path(), outcome());
        return;
    case Recorder::State::Failed:
        m_closing = false; // what went wrong has to be seen
        return open();
    default: break;
    }
    if (std::exchange(m_closing, false))
        QMetaObject::invokeMethod(&m_window, &QWidget::close, Qt::QueuedConnection);
}

void RecordController::openRecording(const QString& made, const QString& sentence)
{
    QStringList files;
    for (const std::string& file : tracesIn(toPath(made)))
        files << fromPath(file);
    const QPointer<MainWindow> window = m_window.opener().openTogether(files.isEmpty() ? QStringList(made) : files, &m_window);
    connect(window, &MainWindow::loaded, window, [window, sentence] {
        window->frameBusiest();
        window->notice().showNotice(NoticeBar::Kind::Offer, sentence, {{QStringLiteral("Close"), {}}});
    }, static_cast<Qt::ConnectionType>(Qt::AutoConnection | Qt::SingleShotConnection));
}

bool RecordController::mayClose()
{
    if (!m_recorder.running())
        return true;
    if (!m_closing && !m_question)
        ask();
    return false;
}

void RecordController::ask()
{
    const QString path = displayText(toUtf8(shortPath(fromPath(m_recorder.request().path))));
    m_question = new QMessageBox(QMessageBox::NoIcon, QStringLiteral("Recording"), QStringLiteral("A recording is running. Stop it and close the window?"), QMessageBox::NoButton, &m_window);
    m_question->setAttribute(Qt::WA_DeleteOnClose);
    m_question->setInformativeText(QStringLiteral("It is saved as %1").arg(path));
    m_question->setTextFormat(Qt::PlainText);
    QPushButton* stop = m_question->addButton(QStringLiteral("&Stop and save"), QMessageBox::AcceptRole);
    QPushButton* discard = m_question->addButton(QStringLiteral("&Throw away"), QMessageBox::DestructiveRole);
    QPushButton* stay = m_question->addButton(QStringLiteral("&Go on recording"), QMessageBox::RejectRole);
    m_question->setDefaultButton(stop);
    m_question->setEscapeButton(stay);
    connect(stop, &QPushButton::clicked, this, [this] {
        m_closing = true;
        m_recorder.stop();
    });
    connect(discard, &QPushButton::clicked, this, [this] {
        m_closing = true;
        m_recorder.cancel();
    });
    m_question->open();
}

} // namespace opscope
