#pragma once

#include <QByteArray>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QProcess>
#include <QStringList>

#include <nlohmann/json.hpp>

#include <fstream>
#include <string>
#include <vector>

namespace opscope::test {

/// A CPython of this machine that may be attached to.
struct Python
{
    QString path;
    int minor = 0;
};

/// OPSCOPE_PYTHON, those of OPSCOPE_PYTHONS (parted by colons), the system's, and those that pyenv made; each version once. 3.8 to 3.13.
inline std::vector<Python> pythons()
{
    QStringList paths = qEnvironmentVariable("OPSCOPE_PYTHONS").split(QLatin1Char(':'), Qt::SkipEmptyParts);
    paths.prepend(qEnvironmentVariable("OPSCOPE_PYTHON"));
    for (const char* name : {"/usr/bin/python3", "/usr/local/bin/python3"}) paths << QString::fromLatin1(name);
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
        if (said.size() == 2 && said[1] == "0" && minor >= 8 && minor <= 13 && !known) found.push_back({path, minor});
    }
    return found;
}

/// tests/record/target/inject_target.py while it works in one of its ways; gone with this.
class PythonTarget
{
public:
    PythonTarget(const QString& python, const QStringList& way, const QProcessEnvironment& environment = QProcessEnvironment::systemEnvironment())
    {
        m_process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        m_process.setProcessEnvironment(environment);
        m_process.start(python, QStringList{QStringLiteral(OPSCOPE_INJECT_TARGET)} + way);
    }
    ~PythonTarget()
    {
        m_process.kill();
        m_process.waitForFinished();
    }
    pid_t pid() const { return static_cast<pid_t>(m_process.processId()); }
    bool runs() const { return m_process.state() == QProcess::Running; }
    /// Waits for a line that it prints.
    QByteArray line()
    {
        while (!m_process.canReadLine())
            if (!m_process.waitForReadyRead(60'000)) return {};
        return m_process.readLine().trimmed();
    }
    bool isReady() { return line() == "ready"; }
    /// Has it end, and says what was wrong: "" if nothing was.
    QByteArray verdict()
    {
        m_process.closeWriteChannel();
        const QByteArray last = line();
        if (!m_process.waitForFinished(60'000)) return "does not end";
        if (m_process.exitStatus() != QProcess::NormalExit || m_process.exitCode() != 0) return "ended with status " + QByteArray::number(m_process.exitCode());
        const auto json = nlohmann::json::parse(last.begin(), last.end(), nullptr, false);
        if (!json.is_object()) return "said " + last;
        return json["wrong"].empty() ? QByteArray() : QByteArray::fromStdString(json["wrong"].dump());
    }

private:
    QProcess m_process;
};

} // namespace opscope::test
