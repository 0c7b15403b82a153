#include "app/gui/Sample.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>

#include <algorithm>

namespace opscope {

namespace {

QStringList sampleIn(const QDir& folder)
{
    const QStringList files{folder.filePath(QStringLiteral("training_step.pt.trace.json.gz")),
                            folder.filePath(QStringLiteral("training_step_et.json.gz"))};
    const bool there = std::all_of(files.begin(), files.end(), [](const QString& file) { return QFileInfo::exists(file); });
    return there ? files : QStringList();
}

} // namespace

QStringList sampleFiles()
{
    QDir folder(QCoreApplication::applicationDirPath());
    if (const QStringList installed = sampleIn(QDir::cleanPath(folder.filePath(QStringLiteral("../share/opscope/sample"))));
        !installed.isEmpty())
        return installed;
    for (int up = 0; up < 4 && folder.cdUp(); ++up) { // build/<preset>/bin lies three below the source tree
        if (const QStringList source = sampleIn(folder.filePath(QStringLiteral("resources/sample"))); !source.isEmpty())
            return source;
    }
    return {};
}

} // namespace opscope
