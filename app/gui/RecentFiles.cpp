#include "app/gui/RecentFiles.h"

#include "app/gui/Settings.h"

#include <QFileInfo>
#include <QSettings>

#include <algorithm>

namespace opscope {

bool RecentEntry::missing() const
{
    return std::any_of(files.begin(), files.end(), [](const QString& file) { return !QFileInfo::exists(file); });
}

RecentFiles::RecentFiles(const Settings& settings, QObject* parent) : QObject(parent), m_settings(settings)
{
    read();
}

void RecentFiles::read()
{
    if (!m_settings.kept())
        return;
    QSettings stored;
    const int count = std::min(stored.beginReadArray(QStringLiteral("recent")), static_cast<int>(kMost));
    for (int i = 0; i < count; ++i) {
        stored.setArrayIndex(i);
        RecentEntry entry;
        entry.files = stored.value(QStringLiteral("files")).toStringList();
        entry.opened = stored.value(QStringLiteral("opened")).toDateTime();
        entry.spanNs = stored.value(QStringLiteral("span"), -1).toLongLong();
        entry.events = stored.value(QStringLiteral("events")).toLongLong();
        entry.nodes = stored.value(QStringLiteral("nodes")).toLongLong();
        if (!entry.files.isEmpty())
            m_entries.push_back(std::move(entry));
    }
    stored.endArray();
}

void RecentFiles::write() const
{
    if (!m_settings.kept())
        return;
    QSettings stored;
    stored.remove(QStringLiteral("recent"));
    stored.beginWriteArray(QStringLiteral("recent"), static_cast<int>(m_entries.size()));
    for (std::size_t i = 0; i < m_entries.size(); ++i) {
        const RecentEntry& entry = m_entries[i];
        stored.setArrayIndex(static_cast<int>(i));
        stored.setValue(QStringLiteral("files"), entry.files);
        stored.setValue(QStringLiteral("opened"), entry.opened);
        stored.setValue(QStringLiteral("span"), entry.spanNs);
        stored.setValue(QStringLiteral("events"), entry.events);
        stored.setValue(QStringLiteral("nodes"), entry.nodes);
    }
    stored.endArray();
}

void RecentFiles::add(const QStringList& files, const Trace& trace)
{
    RecentEntry entry;
    for (const QString& file : files)
        entry.files << QFileInfo(file).absoluteFilePath();
    entry.opened = QDateTime::currentDateTime();
    const bool hasTimes = trace.timeBase() == TimeBase::Nanoseconds;
    entry.spanNs = hasTimes ? static_cast<qint64>(std::min<std::uint64_t>(trace.extent().length(), INT64_MAX)) : -1;
    entry.events = static_cast<qint64>(trace.stats().elements);
    entry.nodes = static_cast<qint64>(trace.executionTrace() ? trace.executionTrace()->nodes().size() : 0);
    std::erase_if(m_entries, [&](const RecentEntry& other) { return other.files == entry.files; });
    m_entries.insert(m_entries.begin(), std::move(entry));
    if (m_entries.size() > kMost)
        m_entries.resize(kMost);
    write();
    Q_EMIT changed();
}

void RecentFiles::clear()
{
    m_entries.clear();
    write();
    Q_EMIT changed();
}

} // namespace opscope
