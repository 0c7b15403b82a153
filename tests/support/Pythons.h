#pragma once

#include <QByteArray>
#include <QDir>
#include <QFileInfo>
#include <QProcess>
#include <QStandardPaths>
#include <QStringList>

#include <algorithm>
#include <vector>

namespace opscope::test {

/// A CPython of this machine.
struct Python
{
    QString path;
    int minor = 0;
};

/// OPSCOPE_PYTHON, those of OPSCOPE_PYTHONS (parted by colons), the system's, a python3.14 in PATH, and those that pyenv made; each version once.
inline std::vector<Python> pythonsOf(int leastMinor, int mostMinor)
{
    QStringList paths = qEnvironmentVariable("OPSCOPE_PYTHONS").split(QLatin1Char(':'), Qt::SkipEmptyParts);
    paths.prepend(qEnvironmentVariable("OPSCOPE_PYTHON"));
    for (const char* name : {"/usr/bin/python3", "/usr/local/bin/python3"}) paths << QString::fromLatin1(name);
    paths << QStandardPaths::findExecutable(QStringLiteral("python3.14"));
    const QDir pyenv(qEnvironmentVariable("PYENV_ROOT", QDir::homePath() + QStringLiteral("/.pyenv")) + QStringLiteral("/versions"));
    for (const QString& version : pyenv.entryList({QStringLiteral("3.*")}, QDir::Dirs)) paths << pyenv.filePath(version + QStringLiteral("/bin/python3"));
    std::vector<Python> found;
    for (const QString& path : paths) {
        if (path.isEmpty() || !QFileInfo(path).isExecutable()) continue;
        QProcess asked;
        asked.start(path, {QStringLiteral("-c"), QStringLiteral("import sys, sysconfig; print(sys.version_info.minor, sysconfig.get_config_var('Py_GIL_DISABLED') or 0)")});
        if (!asked.waitForFinished(60'000)) continue;
        const QList<QByteArray> said = asked.readAllStandardOutput().trimmed().split(' ');
        const int minor = said.value(0).toInt();
        const bool known = std::any_of(found.begin(), found.end(), [&](const Python& other) { return other.minor == minor; });
        if (said.size() == 2 && said[1] == "0" && minor >= leastMinor && minor <= mostMinor && !known) found.push_back({path, minor});
    }
    return found;
}

/// Whether it could import PyTorch. It is not imported for that, which takes seconds.
inline bool hasTorch(const Python& python)
{
    QProcess asked;
    asked.start(python.path, {QStringLiteral("-c"), QStringLiteral("import importlib.util, sys; sys.exit(importlib.util.find_spec('torch') is None)")});
    return asked.waitForFinished(60'000) && asked.exitStatus() == QProcess::NormalExit && asked.exitCode() == 0;
}

/// Those that are attached to by ptrace.
inline std::vector<Python> pythons() { return pythonsOf(8, 13); }

} // namespace opscope::test
