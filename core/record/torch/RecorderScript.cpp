#include "core/record/torch/RecorderScript.h"

#include <QDir>
#include <QFile>
#include <QRegularExpression>
#include <QResource>
#include <QSaveFile>
#include <QStandardPaths>

#include <array>

namespace opscope::torch {

namespace {

/// In the program itself: not packed, so that it need not be unpacked anywhere.
std::string_view compiledIn(const char* name)
{
    const QResource resource(QLatin1String(":/python/") + QLatin1String(name));
    Q_ASSERT(resource.isValid() && resource.compressionAlgorithm() == QResource::NoCompression);
    return {reinterpret_cast<const char*>(resource.data()), static_cast<std::size_t>(resource.size())};
}

/// A literal of bytes in Python.
std::string bytesLiteral(std::string_view bytes)
{
    static constexpr std::array kDigits = {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};
    std::string literal = "b'";
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte > 0x7e || c == '\'' || c == '\\')
            literal += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
        else
            literal += c;
    }
    return literal + "'";
}

int versionOf(const QByteArray& script)
{
    static const QRegularExpression line(QStringLiteral("^VERSION = (\\d{1,9})$"), QRegularExpression::MultilineOption);
    return line.match(QString::fromUtf8(script)).captured(1).toInt();
}

} // namespace

std::string_view recorderScript()
{
    static const std::string_view script = compiledIn("opscope.py");
    return script;
}

std::string_view shimScript()
{
    static const std::string_view script = compiledIn("sitecustomize.py");
    return script;
}

std::string bootstrapText(std::string_view folder)
{
    // Everything in dictionaries of its own: the statement itself is run among the globals of the program.
    return "exec(\"try:\\n import os\\n F=os.fsdecode(F)\\n with open(F+'/opscope.py','rb') as f: S=f.read()\\n"
           " exec(compile(S,F+'/opscope.py','exec'),{'__name__':'opscope','__opscope_folder__':F})\\nexcept BaseException: pass\",{'F':"
        + bytesLiteral(folder) + "})";
}

std::string helperPath()
{
    const QString data = QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation);
    const QDir folder(data + QStringLiteral("/opscope/python"));
    if (data.isEmpty() || !folder.mkpath(QStringLiteral("."))) return {};
    const QString path = folder.filePath(QStringLiteral("opscope.py"));
    const QByteArray ours(recorderScript().data(), static_cast<qsizetype>(recorderScript().size()));
    QFile file(path);
    const bool there = file.open(QIODevice::ReadOnly);
    const QByteArray theirs = there ? file.read(1 << 20) : QByteArray();
    if (theirs != ours && versionOf(theirs) <= versionOf(ours)) {
        QSaveFile fresh(path);
        if (!fresh.open(QIODevice::WriteOnly) || fresh.write(ours) != ours.size() || !fresh.commit()) return {};
    }
    return QFile::encodeName(path).toStdString();
}

} // namespace opscope::torch
