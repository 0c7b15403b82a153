#include "app/gui/MainWindow.h"
#include "app/gui/OpenController.h"
#include "app/gui/Options.h"
#include "app/gui/RenderMode.h"
#include "widgets/common/Theme.h"

#include <QApplication>
#include <QFile>
#include <QProxyStyle>
#include <QTimer>

#include <ctime>
#include <fstream>
#include <iostream>
#include <sstream>
#include <unistd.h>

namespace {

using namespace opscope;

/// Milliseconds since the kernel started this process, so loading of the program and its libraries counts as well.
double processAgeMs()
{
    std::ifstream file("/proc/self/stat");
    std::stringstream all;
    all << file.rdbuf();
    std::istringstream fields(all.str().substr(all.str().rfind(')') + 1)); // the name before may hold blanks
    std::string skipped;
    for (int field = 3; field < 22; ++field)
        fields >> skipped;
    double startTicks = 0;
    fields >> startTicks;
    timespec now{};
    clock_gettime(CLOCK_BOOTTIME, &now);
    const double nowMs = static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
    return nowMs - startTicks * 1e3 / static_cast<double>(sysconf(_SC_CLK_TCK));
}

/// Fusion without the lines under the menu's letters; they look like links.
class QuietStyle : public QProxyStyle
{
public:
    QuietStyle() : QProxyStyle(QStringLiteral("Fusion")) {}
    int styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget, QStyleHintReturn* data) const override
    {
        return hint == SH_UnderlineShortcut ? 0 : QProxyStyle::styleHint(hint, option, widget, data);
    }
};

/// Prints the age of the process once the first paint has reached the screen, then quits.
class FirstPaint : public QObject
{
public:
    explicit FirstPaint(QWidget& window) : QObject(&window) { window.installEventFilter(this); }

    bool eventFilter(QObject*, QEvent* event) override
    {
        if (event->type() == QEvent::Paint && !m_seen) {
            m_seen = true;
            QTimer::singleShot(0, [] {
                std::cout << static_cast<int>(processAgeMs()) << '\n';
                QApplication::quit();
            });
        }
        return false;
    }

private:
    bool m_seen = false;
};

QStringList fileNames(const std::vector<std::string>& files)
{
    QStringList names;
    for (const std::string& file : files)
        names << QFile::decodeName(file.c_str());
    return names;
}

bool isSet(const char* variable)
{
    return !qgetenv(variable).isEmpty();
}

bool hasDisplay()
{
    return isSet("DISPLAY") || isSet("WAYLAND_DISPLAY") || isSet("QT_QPA_PLATFORM");
}

int showWindow(const Options& options)
{
    OpenController opener(options.timeFirstPaint ? Settings::Memory::None : Settings::Memory::Kept);
    MainWindow* window = opener.newWindow();
    if (options.timeFirstPaint)
        new FirstPaint(*window);
    window->show();
    QObject::connect(window, &MainWindow::loaded, window, [window, &options] {
        window->setFilter(options.filter, options.hide); // what is opened later has none
    }, static_cast<Qt::ConnectionType>(Qt::AutoConnection | Qt::SingleShotConnection));
    // Behind the first paint: the window is there before the file is touched.
    // Files named together on the command line are meant together.
    QTimer::singleShot(0, window, [&opener, window, &options] {
        if (!options.files.empty())
            opener.openTogether(fileNames(options.files), window);
    });
    return QApplication::exec();
}

} // namespace

int main(int argc, char** argv)
{
    const ParsedOptions parsed = parseOptions(argc, argv);
    if (!parsed.options)
        return parsed.exitStatus;
    const Options& options = *parsed.options;
    if (options.render)
        prepareRender(*options.render);
    else if (!hasDisplay() && options.timeFirstPaint)
        qputenv("QT_QPA_PLATFORM", "offscreen");
    else if (!hasDisplay()) {
        std::cerr << "opscope-gui: there is no display to open a window on (DISPLAY and WAYLAND_DISPLAY are empty)\n";
        return 1;
    }
    QApplication::setStyle(new QuietStyle);
    QApplication app(argc, argv);
    QApplication::setOrganizationName(QStringLiteral("opscope"));
    QApplication::setApplicationName(QStringLiteral("opscope"));
    QApplication::setDesktopFileName(QStringLiteral("opscope"));
    QApplication::setFont(Theme::uiFont());
    return options.render ? render(*options.render, options.files) : showWindow(options);
}
