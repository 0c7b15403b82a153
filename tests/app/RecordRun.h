#pragma once

#include <QDir>
#include <QFloat16> // nlohmann_json asks what it is
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include "core/io/Loader.h"
#include "core/trace/Trace.h"
#include "tests/app/RunOpscope.h"
#include "tests/support/ChildProcess.h"

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <fcntl.h>
#include <initializer_list>
#include <unistd.h>

namespace opscope::test {

using Json = nlohmann::json;

inline Ran record(const QStringList& arguments) { return runOpscope(QStringList{QStringLiteral("record")} + arguments); }

inline Json jsonOf(const Ran& ran) { return Json::parse(ran.out.toStdString(), nullptr, false); }

inline QString pidText(const ChildProcess& child) { return QString::number(child.pid()); }

/// Something to record: keeps a processor busy half of the time.
inline ChildProcess busyProgram()
{
    return ChildProcess({"sh", "-c", "while :; do i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; sleep 0.02; done"});
}

/// Why no command can be recorded here but with --torch; empty when one can.
inline QByteArray cannotRecord()
{
    static const QByteArray why = [] {
        const Json backends = jsonOf(record({"--backends", "--json"}))["backends"];
        QByteArray reasons = "there is no backend";
        for (const Json& backend : backends) {
            if (backend["family"] != "") continue;
            if (backend["state"] == "ready" && backend["starts_commands"] == true) return QByteArray();
            reasons = QByteArray::fromStdString(backend["reason"].get<std::string>());
        }
        return reasons;
    }();
    return why;
}

#define NEEDS_A_BACKEND()                                                                                                                            \
    if (const QByteArray reason = cannotRecord(); !reason.isEmpty()) QSKIP(("skipped: nothing can record here: " + reason).constData())

/// Rows of a test of wrong usage: arguments, and what the one sentence holds.
inline void usageColumns()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QString>("sentence");
}
inline void usage(const char* name, const QStringList& arguments, const QString& sentence) { QTest::newRow(name) << arguments << sentence; }
inline void checkUsage()
{
    QFETCH(const QStringList, arguments);
    QFETCH(const QString, sentence);
    const Ran ran = record(arguments);
    QCOMPARE(ran.status, 2);
    QVERIFY(ran.out.isEmpty());
    QCOMPARE(ran.err.count('\n'), 1);
    QVERIFY2(ran.err.startsWith("opscope record: ") && QString::fromUtf8(ran.err).contains(sentence), ran.err.constData());
}

/// `opscope record` that runs beside the test, in a folder of its own.
struct RecordRun
{
    QTemporaryDir dir;
    QProcess process;
    QByteArray err;

    ~RecordRun()
    {
        if (process.state() == QProcess::NotRunning) return;
        process.kill();
        process.waitForFinished();
    }
    QString at(const char* name) const { return dir.filePath(QString::fromLatin1(name)); }
    /// Waits until it says that it records, which is when it does.
    bool start(const QStringList& arguments)
    {
        process.setWorkingDirectory(dir.path());
        process.start(QStringLiteral(OPSCOPE_BIN "/opscope"), QStringList{QStringLiteral("record")} + arguments);
        while (!err.contains("Recording ")) {
            if (!process.waitForReadyRead(100) && process.state() == QProcess::NotRunning) return false;
            err += process.readAllStandardError();
        }
        return true;
    }
    void signal(int number) const
    {
        if (process.processId() > 0) ::kill(static_cast<pid_t>(process.processId()), number); // 0 would be ourselves
    }
    Ran end()
    {
        const bool ended = process.state() == QProcess::NotRunning || process.waitForFinished(60'000);
        const bool normal = ended && process.exitStatus() == QProcess::NormalExit;
        return {normal ? process.exitCode() : -1, process.readAllStandardOutput(), err + process.readAllStandardError()};
    }
    QStringList files() const { return QDir(dir.path()).entryList(QDir::Files | QDir::Hidden); }
};

/// Channels of a process that QProcess does not offer: a terminal.
struct Terminal
{
    int ours = ::posix_openpt(O_RDWR | O_NOCTTY);
    Terminal()
    {
        ::grantpt(ours);
        ::unlockpt(ours);
        ::fcntl(ours, F_SETFL, O_NONBLOCK);
    }
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;
    ~Terminal() { ::close(ours); }
    /// Before it is started.
    void become(QProcess& process, std::initializer_list<int> channels) const
    {
        process.setChildProcessModifier([name = std::string(::ptsname(ours)), list = std::vector<int>(channels)] {
            const int theirs = ::open(name.c_str(), O_RDWR | O_NOCTTY);
            for (const int channel : list) ::dup2(theirs, channel);
        });
    }
    /// What has come; does not wait.
    QByteArray read() const
    {
        QByteArray all(65536, '\0');
        const ssize_t got = ::read(ours, all.data(), static_cast<std::size_t>(all.size()));
        all.resize(std::max<ssize_t>(got, 0));
        return all;
    }
};

/// What the ordinary loader finds in a file.
struct Loaded
{
    TracePtr trace;
    std::size_t threads = 0;
    explicit Loaded(const QString& path)
    {
        const std::string file = path.toStdString();
        if (auto loaded = loadTrace(std::span(&file, 1))) trace = *loaded;
        else qWarning("%s", loaded.error().text().c_str());
        for (const Track& track : trace ? trace->tracks() : std::span<const Track>()) threads += track.kind == TrackKind::Thread;
    }
    explicit operator bool() const { return trace && trace->slices().size() > 0; }
};

} // namespace opscope::test
