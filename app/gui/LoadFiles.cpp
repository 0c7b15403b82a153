#include "app/gui/LoadFiles.h"

#include "core/io/Loader.h"

#include <QFile>

#include <algorithm>
#include <thread>

namespace opscope {

std::string toPath(const QString& file)
{
    return QFile::encodeName(file).toStdString();
}

QString fromPath(const std::string& path)
{
    return QFile::decodeName(QByteArray::fromStdString(path));
}

Result<TracePtr> loadFiles(const QStringList& files, const ResourceFolders& folders, const JobControl& job)
{
    std::vector<std::string> paths;
    for (const QString& file : files)
        paths.push_back(toPath(file));
    ImportOptions options;
    options.threads = std::clamp(std::thread::hardware_concurrency(), 1u, 8u);
    for (auto it = folders.begin(); it != folders.end(); ++it)
        options.resourceFolders[toPath(it.key())] = toPath(it.value());
    return loadTrace(paths, job, options);
}

} // namespace opscope
