#pragma once

#include "core/base/JobControl.h"
#include "core/base/Result.h"
#include "core/trace/Trace.h"

#include <QMap>
#include <QString>
#include <QStringList>

namespace opscope {

/// By execution trace: the folder that somebody chose for it.
using ResourceFolders = QMap<QString, QString>;

/// Reads the files as one trace. Blocks: for a worker thread.
Result<TracePtr> loadFiles(const QStringList& files, const ResourceFolders& folders, const JobControl& job);
/// Path as core knows it, and back.
std::string toPath(const QString& file);
QString fromPath(const std::string& path);

} // namespace opscope
