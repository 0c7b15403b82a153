#pragma once

#include <QProcess>
#include <QString>
#include <QStringList>

#include <algorithm>

namespace opscope::test {

/// What a run of the real program left behind.
struct Ran
{
    int status = -1;          ///< exit status; -1: it crashed or did not end
    QByteArray out, err;
};

/// Runs build/<preset>/bin/<program>. Without a display and without colours, as a script would.
inline Ran runProgram(const QString& program, const QStringList& arguments, int timeoutMs = 120'000)
{
    QProcess process;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    for (const char* name : {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}) environment.remove(QString::fromLatin1(name));
    process.setProcessEnvironment(environment);
    process.start(QStringLiteral(OPSCOPE_BIN "/") + program, arguments);
    const bool ended = process.waitForFinished(timeoutMs) && process.exitStatus() == QProcess::NormalExit;
    return {ended ? process.exitCode() : -1, process.readAllStandardOutput(), process.readAllStandardError()};
}

inline Ran runOpscope(const QStringList& arguments, int timeoutMs = 120'000)
{
    return runProgram(QStringLiteral("opscope"), arguments, timeoutMs);
}

/// Control characters but line ends: they would act on a terminal.
inline bool hasControls(const QByteArray& text)
{
    return std::any_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < 32 && c != '\n') || c == 127; });
}

} // namespace opscope::test
