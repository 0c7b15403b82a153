#include "app/gui/OpenController.h"

#include "app/gui/JoinOffer.h"
#include "app/gui/MainWindow.h"
#include "app/gui/Sample.h"

#include <QFileDialog>
#include <QFileInfo>

#include <algorithm>

namespace opscope {

OpenController::OpenController(Settings::Memory memory, QObject* parent)
    : QObject(parent), m_settings(memory), m_recent(m_settings)
{
}

MainWindow* OpenController::newWindow()
{
    auto* window = new MainWindow(*this);
    window->setAttribute(Qt::WA_DeleteOnClose);
    std::erase_if(m_windows, [](const QPointer<MainWindow>& other) { return other.isNull(); });
    m_windows.push_back(window);
    return window;
}

std::size_t OpenController::windowCount() const
{
    return static_cast<std::size_t>(
        std::count_if(m_windows.begin(), m_windows.end(), [](const QPointer<MainWindow>& w) { return w && w->isVisible(); }));
}

MainWindow* OpenController::openTogether(const QStringList& files, MainWindow* from)
{
    MainWindow* window = from && from->isFree() ? from : newWindow();
    if (!window->isVisible())
        window->show();
    window->load(files);
    return window;
}

void OpenController::open(const QStringList& files, MainWindow* from)
{
    if (files.size() < 2) {
        if (!files.isEmpty())
            openTogether(files, from);
        return;
    }
    const QPointer<MainWindow> asked = from;
    m_sorting.run([files](const JobControl&) { return groupFiles(files); },
                  [this, asked](const std::vector<QStringList>& groups) {
                      for (const QStringList& group : groups)
                          openTogether(group, asked);
                  });
}

void OpenController::openByDialog(MainWindow* from)
{
    const QString filter = QStringLiteral("Traces (*.json *.json.gz *.fxt *.fxt.gz *.gz);;All files (*)");
    const QStringList files = QFileDialog::getOpenFileNames(from, QStringLiteral("Open traces"), m_settings.lastFolder(), filter);
    if (files.isEmpty())
        return;
    m_settings.setLastFolder(QFileInfo(files.first()).absolutePath());
    open(files, from);
}

void OpenController::openSample(MainWindow* from)
{
    if (const QStringList files = sampleFiles(); !files.isEmpty())
        openTogether(files, from);
}

void OpenController::setTheme(ThemeChoice choice)
{
    m_settings.setTheme(choice);
    for (const QPointer<MainWindow>& window : m_windows) {
        if (window)
            window->applyTheme(themeFor(choice));
    }
}

} // namespace opscope
