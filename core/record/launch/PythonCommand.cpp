#include "core/record/launch/PythonCommand.h"

#include <QFile>
#include <QFileInfo>
#include <QStandardPaths>

#include <algorithm>

namespace opscope::launch {
namespace {

constexpr qint64 kLooked = 64 << 10; // of a script

/// "python", "python3.12", "python3.13t"
bool isInterpreter(const QString& name)
{
    if (!name.startsWith(QStringLiteral("python"))) return false;
    const QString rest = name.mid(6);
    return std::all_of(rest.begin(), rest.end(), [](QChar c) { return c.isDigit() || c == QLatin1Char('.') || c == QLatin1Char('t'); });
}

QString programOf(const RecordTarget& target)
{
    const QString word = QFile::decodeName(QByteArray::fromStdString(target.command.front()));
    if (!word.contains(QLatin1Char('/'))) return QStandardPaths::findExecutable(word);
    return word.startsWith(QLatin1Char('/')) || target.folder.empty() ? word : QFile::decodeName(QByteArray::fromStdString(target.folder)) + QLatin1Char('/') + word;
}

/// What launchers and shells get to run.
bool namesPython(const std::string& word)
{
    return word.find("python") != word.npos || word.ends_with(".py") || word.find(".py ") != word.npos || word.find("torchrun") != word.npos;
}

} // namespace

PythonUse pythonUse(const RecordTarget& target)
{
    const QString program = programOf(target);
    if (isInterpreter(QFileInfo(program).fileName()) || isInterpreter(QFileInfo(QFileInfo(program).canonicalFilePath()).fileName())) return PythonUse::Direct;
    QByteArray head;
    if (QFile file(program); file.open(QIODevice::ReadOnly)) head = file.read(kLooked);
    if (head.startsWith("#!")) {
        if (head.left(head.indexOf('\n')).contains("python")) return PythonUse::Direct;
        if (head.contains("python") || head.contains("torchrun")) return PythonUse::Perhaps;
    }
    return std::any_of(target.command.begin() + 1, target.command.end(), namesPython) ? PythonUse::Perhaps : PythonUse::None;
}

} // namespace opscope::launch
