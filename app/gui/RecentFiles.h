#pragma once

#include "core/trace/Trace.h"

#include <QDateTime>
#include <QObject>
#include <QStringList>

#include <vector>

namespace opscope {

class Settings;

/// What was opened together, and what was in it.
struct RecentEntry
{
    QStringList files;              ///< absolute paths, in the order they were opened
    QDateTime opened;
    qint64 spanNs = -1;             ///< -1: no times (an execution trace alone)
    qint64 events = 0;
    qint64 nodes = 0;

    bool missing() const;           ///< asks the file system
};

/// The last 20, newest first, shared by all windows of the user.
class RecentFiles : public QObject
{
    Q_OBJECT

public:
    static constexpr std::size_t kMost = 20;

    explicit RecentFiles(const Settings& settings, QObject* parent = nullptr);

    const std::vector<RecentEntry>& entries() const { return m_entries; }
    void add(const QStringList& files, const Trace& trace);
    void clear();

Q_SIGNALS:
    void changed();

private:
    void read();
    void write() const;

    const Settings& m_settings;
    std::vector<RecentEntry> m_entries;
};

} // namespace opscope
