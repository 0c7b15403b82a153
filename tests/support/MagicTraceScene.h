#pragma once

#include <QtTest>

#include "core/format/fxt/FxtWriter.h"
#include "core/record/magictrace/Program.h"
#include "core/record/magictrace/Readiness.h"
#include "core/record/magictrace/Session.h"

#include <algorithm>
#include <csignal>
#include <optional>
#include <unistd.h>

namespace QTest {

template<>
inline char* toString(const std::string& text)
{
    return qstrdup(text.c_str());
}

} // namespace QTest

namespace opscope::test {

using namespace magictrace;
using namespace std::chrono_literals;

inline constexpr int kSoon = 20'000; // a busy machine; nothing waits that long

inline std::string bytes(const QString& text)
{
    return text.toStdString();
}

inline QByteArray contentOf(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("(no file)");
}

inline void write(const QString& path, const QByteArray& content, bool executable = false)
{
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(content);
    if (executable) file.setPermissions(file.permissions() | QFile::ExeOwner);
}

enum class Events { None, Some };

inline QByteArray written(Events events)
{
    std::string made;
    FxtWriter writer(made, {.provider = "jane_tracing"});
    writer.threadName({1, 2}, "main");
    if (events == Events::Some) {
        writer.begin({1, 2}, 10, "", "work");
        writer.end({1, 2}, 30, "", "work");
    }
    return QByteArray::fromStdString(made);
}

/// A computer with everything: its folder of event sources, a magic-trace (the stand-in) and a perf; and somebody to be recorded.
struct Scene
{
    QTemporaryDir folder;
    Machine machine;
    RecordRequest request;
    Patience patience;
    QProcess target;

    explicit Scene(const char* how = "good", const char* version = "v1.2.4")
    {
        const QDir dir(folder.path());
        for (const char* name : {"devices/intel_pt", "devices/cpu", "bin", "log", "out"}) dir.mkpath(QString::fromLatin1(name));
        QFile::copy(QStringLiteral(OPSCOPE_TEST_DATA "/../support/magic-trace-standin"), path("bin/magic-trace"));
        write(path("bin/perf"), "#!/bin/sh\n", true);
        write(path("some.fxt"), written(Events::Some));
        machine = {.devices = bytes(path("devices")), .searchPath = bytes(path("bin")), .cache = bytes(path("cache")), .user = ::geteuid()};
        target.start(QStringLiteral("sleep"), {QStringLiteral("1000")});
        target.waitForStarted();
        request.target.pid = static_cast<pid_t>(target.processId());
        request.path = bytes(path("out/run.fxt"));
        qputenv("STANDIN", how);
        qputenv("STANDIN_VERSION", version);
        qputenv("STANDIN_LOG", path("log").toLocal8Bit());
        qputenv("STANDIN_FXT", path("some.fxt").toLocal8Bit());
    }
    ~Scene()
    {
        endTarget();
        static_cast<void>(QTest::qWaitFor([this] { return made().filter(QStringLiteral(".recording-")).isEmpty(); }, 1'000)); // it goes in the background
    }
    void endTarget()
    {
        target.kill();
        target.waitForFinished();
    }
    QString path(const char* name) const { return folder.filePath(QString::fromLatin1(name)); }
    QStringList made() const { return QDir(path("out")).entryList(QDir::AllEntries | QDir::NoDotAndDotDot | QDir::Hidden); }
    QStringList logged(const char* name) const
    {
        return QString::fromUtf8(contentOf(path("log") + QLatin1Char('/') + QString::fromLatin1(name))).split(QLatin1Char('\n'), Qt::SkipEmptyParts);
    }
    std::string arguments() const
    {
        QString text = logged("arguments").join(QLatin1Char(' '));
        text.replace(QString::number(request.target.pid), QStringLiteral("PID"));
        static const QRegularExpression kPrivate(QStringLiteral("\\S*\\.recording-[^/]*/"));
        return bytes(text.replace(kPrivate, QStringLiteral("PRIVATE/")));
    }
    /// Whether all processes that the stand-in wrote down are gone.
    bool allGone() const
    {
        const QStringList pids = logged("pids").join(QLatin1Char(' ')).split(QLatin1Char(' '), Qt::SkipEmptyParts);
        return std::ranges::none_of(pids, [](const QString& pid) { // zombies have no command line
            const QByteArray command = contentOf(QStringLiteral("/proc/%1/cmdline").arg(pid));
            return command.contains("magic-trace") || command.startsWith("sleep");
        });
    }
};

/// A session, and all it said.
struct Run
{
    Session session;
    bool recording = false, collecting = false;
    std::vector<std::string> notes;
    std::optional<RecordFailure> failure;
    std::optional<std::string> path;
    RecordEnd end = RecordEnd::Failed;

    explicit Run(const Scene& scene) : session(scene.request, scene.machine, scene.patience)
    {
        QObject::connect(&session, &RecordSession::recording, [this] { recording = true; });
        QObject::connect(&session, &RecordSession::collecting, [this] { collecting = true; });
        QObject::connect(&session, &RecordSession::noted, [this](const QString& note) { notes.push_back(bytes(note)); });
        QObject::connect(&session, &RecordSession::failed, [this](const RecordFailure& why, const QString&) { failure = why; });
        QObject::connect(&session, &RecordSession::finished, [this](const QString& made, RecordEnd why) {
            path = bytes(made);
            end = why;
        });
        session.start();
    }
    bool over() const { return failure || path; }
    bool begins() { return QTest::qWaitFor([this] { return recording || over(); }, kSoon) && recording; }
    bool ends() { return QTest::qWaitFor([this] { return over(); }, kSoon); }
    bool steps(std::string_view step)
    {
        return QTest::qWaitFor([&] { return session.status().step.starts_with(step); }, kSoon);
    }
    std::string message() const { return failure ? failure->message : "no failure"; }
    std::string said() const
    {
        std::string all;
        for (const std::string& note : notes) all += note + "\n";
        return all;
    }
};

} // namespace opscope::test
