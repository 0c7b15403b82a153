#pragma once

#include <QByteArray>
#include <QProcess>
#include <QStringList>

#include "tests/support/Pythons.h"

#include <nlohmann/json.hpp>

namespace opscope::test {

/// tests/record/target/inject_target.py while it works in one of its ways; gone with this.
class PythonTarget
{
public:
    /// `options`: of the interpreter.
    PythonTarget(const QString& python, const QStringList& way, const QProcessEnvironment& environment = QProcessEnvironment::systemEnvironment(), const QStringList& options = {})
    {
        m_process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        m_process.setProcessEnvironment(environment);
        m_process.start(python, options + QStringList{QStringLiteral(OPSCOPE_INJECT_TARGET)} + way);
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
