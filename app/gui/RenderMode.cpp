#include "app/gui/RenderMode.h"

#include "app/gui/ExportDialog.h"
#include "app/gui/JoinController.h"
#include "app/gui/MainWindow.h"
#include "app/gui/OpenController.h"
#include "app/gui/RecordController.h"
#include "app/gui/RecordDialog.h"
#include "app/gui/RenderSelect.h"
#include "widgets/common/Text.h"
#include "widgets/timeline/Picture.h"
#include "widgets/timeline/TimelineView.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QEventLoop>
#include <QFile>
#include <QImage>
#include <QLineEdit>
#include <QPixmap>
#include <QTimer>

#include <algorithm>
#include <cstdlib>
#include <iostream>

namespace opscope {

namespace {

constexpr int kLookMs = 80;             // between two looks at the window
constexpr int kQuietLooks = 3;          // alike, one after the other: panels wait a moment before they begin to read
constexpr int kPatienceMs = 60'000;     // then the picture is taken as it is

int cannot(const std::string& sentence)
{
    std::cerr << sentence << '\n';
    return 1;
}

void wait(int ms)
{
    QEventLoop loop;
    QTimer::singleShot(ms, &loop, &QEventLoop::quit);
    loop.exec();
}

QImage grab(QWidget& window)
{
    return window.grab().toImage().convertToFormat(QImage::Format_RGB32);
}

/// Panels fill themselves in the background: done when nothing runs and the looks are the same.
QImage settled(QWidget& window)
{
    QElapsedTimer since;
    since.start();
    QImage before = grab(window);
    for (int alike = 0; alike < kQuietLooks && since.elapsed() < kPatienceMs;) {
        wait(kLookMs);
        QImage now = grab(window);
        alike = now == before && !Job::anyRunning() ? alike + 1 : 0;
        before = std::move(now);
    }
    return before;
}

/// Runs until the trace is there; the reason when it never will be.
std::optional<QString> waitForTrace(MainWindow& window, const QStringList& files)
{
    std::optional<QString> reason;
    QEventLoop loop;
    QObject::connect(&window, &MainWindow::loaded, &loop, &QEventLoop::quit);
    QObject::connect(&window, &MainWindow::failed, &loop, [&](const QString& sentence) {
        reason = sentence;
        loop.quit();
    });
    window.load(files);
    loop.exec();
    return reason;
}

/// The record dialog with the processes that run: `select` is "pid:N", or what is searched for.
QImage recordDialog(MainWindow& window, const RenderOptions& options)
{
    window.record();
    RecordDialog& dialog = *window.recordings().dialog();
    RecordSetup& setup = dialog.setup();
    setup.setUpdates(RecordSetup::Updates::Twice);
    if (options.hasSize)
        dialog.resize((options.size + QSize(options.scale - 1, options.scale - 1)) / options.scale);
    constexpr std::string_view kPid = "pid:";
    if (std::string_view(options.select).starts_with(kPid))
        setup.choosePid(static_cast<pid_t>(std::atoi(options.select.c_str() + kPid.size())));
    else
        setup.search().setText(QString::fromStdString(options.select));
    wait(RecordSetup::kSettleMs); // the second look, which knows how busy processes are
    const QImage picture = settled(dialog);
    return options.hasSize ? picture.copy(QRect(QPoint(), options.size)) : picture;
}

} // namespace

void prepareRender(const RenderOptions& options)
{
    // stderr is for our one sentence; Qt's remarks about the missing desktop are not it.
    qInstallMessageHandler([](QtMsgType type, const QMessageLogContext&, const QString& text) {
        if (type == QtCriticalMsg || type == QtFatalMsg)
            std::cerr << text.toStdString() << '\n';
    });
    qputenv("QT_QPA_PLATFORM", "offscreen");
    qputenv("QT_SCALE_FACTOR", QByteArray::number(options.scale));
    qunsetenv("QT_SCREEN_SCALE_FACTORS");
}

int render(const RenderOptions& options, const std::vector<std::string>& files)
{
    OpenController opener(Settings::Memory::None);
    opener.setTheme(options.dark ? ThemeChoice::Dark : ThemeChoice::Light);
    const std::unique_ptr<MainWindow> window(opener.newWindow());
    window->setAttribute(Qt::WA_DeleteOnClose, false);
    // Fixed: the picture has the size that was asked for, whatever the panels would like to have.
    window->setFixedSize((options.size + QSize(options.scale - 1, options.scale - 1)) / options.scale);
    window->joiner().setOffers(JoinController::Offers::Off); // the picture shows what was asked for
    window->show();
    if (options.dialog == "record")
        return recordDialog(*window, options).save(QFile::decodeName(options.output.c_str()), "PNG") ? 0 : cannot(options.output + ": the picture cannot be written there");
    QStringList names;
    for (const std::string& file : files)
        names << QFile::decodeName(file.c_str());
    if (const std::optional<QString> reason = waitForTrace(*window, names))
        return cannot(toUtf8(*reason));
    TraceDocument& document = window->document();
    window->viewSettings().setShowLinks(options.links);
    for (const std::string& panel : options.panels)
        window->docks().bringToFront(QString::fromStdString(panel));
    window->setFilter(options.filter, options.hide);
    settled(*window); // the layout first: revealing needs the sizes
    if (isSvgName(QString::fromStdString(options.output)))
        window->docks().setSizes(options.docks.value_or(QSize(0, 0))); // the timeline alone is drawn: it gets the room
    else if (options.docks)
        window->docks().setSizes(*options.docks);
    if (options.range)
        document.setVisibleRange(shifted(*options.range, document.trace()->origin()));
    const auto frame = options.range ? Framing::Keep : Framing::Around;
    if (!options.select.empty() && !selectByText(document, options.select, frame))
        return cannot("nothing in the trace is called \"" + options.select + "\", and no node or tensor has that id");
    if (!options.dialog.empty()) {
        settled(*window);
        window->exportPart();
        auto* dialog = window->findChild<ExportDialog*>();
        return settled(*dialog).save(QFile::decodeName(options.output.c_str()), "PNG") ? 0 : cannot(options.output + ": the picture cannot be written there");
    }
    if (isSvgName(QString::fromStdString(options.output))) {
        settled(*window);
        const Status saved = saveTimelinePicture(window->timeline(), QFile::decodeName(options.output.c_str()));
        return saved ? 0 : cannot(saved.error().text());
    }
    const QImage picture = settled(*window).copy(QRect(QPoint(), options.size));
    if (!picture.save(QString::fromStdString(options.output), "PNG"))
        return cannot(options.output + ": the picture cannot be written there");
    return 0;
}

} // namespace opscope
