#pragma once

#include <QSignalSpy>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QtTest>

#include "app/gui/MainWindow.h"
#include "app/gui/OpenController.h"

#include <memory>

namespace opscope::test {

/// A window of a program of its own, which remembers nothing, and a folder for its files. For tests that link gui: a test inherits it
/// beside QObject, and every slot begins with openWindow(). Inline, because test_support knows no window.
class WindowFixture
{
protected:
    WindowFixture() { QStandardPaths::setTestModeEnabled(true); }

    void openWindow(QSize size)
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_opener = std::make_unique<OpenController>(Settings::Memory::None);
        m_window.reset(m_opener->newWindow());
        m_window->setAttribute(Qt::WA_DeleteOnClose, false);
        m_window->resize(size);
        m_window->show();
    }
    void closeWindow()
    {
        m_window.reset();
        m_opener.reset();
        m_folder.reset();
    }
    /// Waits until it shows them.
    void load(const QStringList& files)
    {
        QSignalSpy loaded(m_window.get(), &MainWindow::loaded);
        m_window->load(files);
        QVERIFY(loaded.wait());
    }
    /// In the folder of this test.
    QString path(const char* name) const { return m_folder->filePath(QString::fromLatin1(name)); }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<OpenController> m_opener;
    std::unique_ptr<MainWindow> m_window;
};

} // namespace opscope::test
