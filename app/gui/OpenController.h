#pragma once

#include "app/gui/RecentFiles.h"
#include "app/gui/Settings.h"
#include "widgets/document/Job.h"

#include <QObject>
#include <QPointer>
#include <QStringList>

#include <memory>
#include <vector>

namespace opscope {

class MainWindow;
struct RecordWish;

/// The windows of the program and what is opened in which. Owns recent files and settings; windows own themselves.
class OpenController : public QObject
{
    Q_OBJECT

public:
    explicit OpenController(Settings::Memory memory, QObject* parent = nullptr);

    Settings& settings() { return m_settings; }
    RecentFiles& recent() { return m_recent; }
    MainWindow* newWindow();
    /// All files as one trace: in `from` when it is empty, else in a window of its own, which is returned.
    MainWindow* openTogether(const QStringList& files, MainWindow* from);
    /// What belongs together by what the files say (groupFiles) shares a window; the rest gets one each.
    void open(const QStringList& files, MainWindow* from);
    void openByDialog(MainWindow* from);
    void openSample(MainWindow* from);
    /// For every window, and for the next start.
    void setTheme(ThemeChoice choice);
    std::size_t windowCount() const;
    /// What was recorded last, in whichever window; null: nothing yet.
    std::shared_ptr<const RecordWish> lastRecording() const { return m_lastRecording; }
    void setLastRecording(std::shared_ptr<const RecordWish> wish) { m_lastRecording = std::move(wish); }

private:
    Settings m_settings;
    RecentFiles m_recent;
    std::shared_ptr<const RecordWish> m_lastRecording;
    std::vector<QPointer<MainWindow>> m_windows;
    Job m_sorting; ///< looks into files to tell which belong together
};

} // namespace opscope
