#pragma once

#include <QProcess>
#include <QString>
#include <QStringList>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <string>
#include <thread>

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

/// Waits until a program that was started (waitForStarted()) takes Ctrl+C as its own: it blocks the signal (a thread waits for it) or catches it. False: it ended before.
inline bool takesInterrupts(const QProcess& process)
{
    const std::string path = "/proc/" + std::to_string(process.processId()) + "/status";
    for (;;) {
        std::ifstream status(path);
        std::string word, mask;
        while (status >> word) {
            if (word == "State:" && status >> mask && (mask == "Z" || mask == "X")) return false;
            if ((word == "SigBlk:" || word == "SigCgt:") && status >> mask && std::stoull(mask, nullptr, 16) >> (SIGINT - 1) & 1) return true;
        }
        if (mask.empty()) return false; // there is no such process
        std::this_thread::yield();
    }
}

/// Control characters but line ends: they would act on a terminal.
inline bool hasControls(const QByteArray& text)
{
    return std::any_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < 32 && c != '\n') || c == 127; });
}

} // namespace opscope::test
