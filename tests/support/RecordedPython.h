#pragma once

#include "core/record/torch/RecorderScript.h"
#include "core/record/torch/ScriptStatus.h"

#include <QByteArray>
#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QProcess>
#include <QProcessEnvironment>
#include <QTemporaryDir>

#include <nlohmann/json.hpp>

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace opscope::test {

/// What Opscope puts into an exchange folder, and what comes back.
class RecorderFolder
{
public:
    /// `wish` is merged into a request for operators with shapes and the execution trace. `impatient`: a dead Opscope is noticed after a second.
    explicit RecorderFolder(const nlohmann::json& wish, bool impatient = false)
    {
        nlohmann::json request = {{"version", 1}, {"id", "0123456789abcdef"}, {"folder", path()}, {"ops", true}, {"kernels", true}, {"shapes", true},
                                  {"et", true}, {"seconds", nullptr}, {"steps", nullptr}, {"warmup", 0}, {"start_at_ns", nullptr}, {"from", "now"}};
        request.merge_patch(wish);
        QByteArray script(torch::recorderScript().data(), static_cast<qsizetype>(torch::recorderScript().size()));
        if (impatient) script.replace("_SILENCE = 15.0", "_SILENCE = 1.0");
        write("opscope.py", script);
        write("request.json", QByteArray::fromStdString(request.dump()));
        signOfLife();
    }
    std::string path() const { return m_folder.path().toStdString(); }
    QString at(const QString& name) const { return m_folder.filePath(name); }
    QStringList names() const { return QDir(m_folder.path()).entryList(QDir::AllEntries | QDir::NoDotAndDotDot | QDir::Hidden, QDir::Name); }
    void write(const char* name, const QByteArray& content) const
    {
        QFile file(at(QString::fromLatin1(name)));
        if (!file.open(QIODevice::WriteOnly) || file.write(content) != content.size()) qFatal("%s cannot be written", name);
    }
    void signOfLife() const { write("alive", "x"); }
    /// Of any process that has told one; what is there must always be whole.
    std::optional<torch::ScriptStatus> status(pid_t pid) const
    {
        QFile file(at(QStringLiteral("status-%1.json").arg(pid)));
        if (!file.open(QIODevice::ReadOnly)) return {};
        const QByteArray text = file.readAll();
        const auto parsed = torch::parseStatus({text.constData(), static_cast<std::size_t>(text.size())});
        if (!parsed) qFatal("malformed: %s: %s", parsed.error().message.c_str(), text.constData());
        return *parsed;
    }
    /// Waits until the recorder is in this phase or one behind it. The last status; phase Started and no id: it never told anything.
    torch::ScriptStatus waitFor(pid_t pid, torch::ScriptStatus::Phase phase, bool alive = true) const
    {
        QElapsedTimer timer;
        torch::ScriptStatus last;
        for (timer.start(); timer.elapsed() < 120'000; ::usleep(5000)) {
            if (alive) signOfLife();
            if (const auto now = status(pid)) last = *now;
            if (!last.id.empty() && last.phase >= phase) return last;
        }
        return last;
    }
    torch::ScriptStatus waitForEnd(pid_t pid, bool alive = true) const { return waitFor(pid, torch::ScriptStatus::Phase::Done, alive); }
    /// Full paths of what was recorded, those that end so.
    std::string made(const torch::ScriptStatus& status, std::string_view ending) const
    {
        for (const std::string& name : status.files)
            if (name.ends_with(ending)) return path() + "/" + name;
        return {};
    }

private:
    QTemporaryDir m_folder;
};

/// A program of tests/live in a Python: statements that its main thread executes are its input (deliver.py), lines of JSON its output.
class RecordedPython
{
public:
    RecordedPython(const QString& python, const QStringList& words, const QProcessEnvironment& environment = QProcessEnvironment::systemEnvironment())
    {
        m_process.setProcessEnvironment(environment);
        m_process.setStandardOutputFile(m_folder.filePath(QStringLiteral("out"))); // a pipe that nobody empties would stop it
        m_process.setStandardErrorFile(m_folder.filePath(QStringLiteral("err")));
        m_process.start(python, words);
        m_process.waitForStarted();
    }
    ~RecordedPython()
    {
        m_process.kill();
        m_process.waitForFinished();
    }
    static QStringList inDeliver(const QString& live, const QStringList& words) { return QStringList{live + QStringLiteral("/deliver.py")} + words; }
    pid_t pid() const { return static_cast<pid_t>(m_process.processId()); }
    QProcess& process() { return m_process; }
    void execute(const std::string& statement)
    {
        m_process.write(QByteArray::fromStdString(statement) + '\n');
        m_process.waitForBytesWritten(60'000);
    }
    void deliver(const RecorderFolder& folder) { execute(torch::bootstrapText(folder.path())); }
    /// Waits for so many more lines. They are in lines().
    bool prints(std::size_t more)
    {
        const std::size_t wanted = lines().size() + more;
        QElapsedTimer timer;
        for (timer.start(); lines().size() < wanted && timer.elapsed() < 120'000; ::usleep(5000))
            if (m_process.state() == QProcess::NotRunning || m_process.waitForFinished(1)) break;
        return lines().size() >= wanted;
    }
    /// Ctrl-C, then waits for the end. Its exit code, -1: it did not end by itself.
    int end()
    {
        m_process.closeWriteChannel();
        return waitForEnd();
    }
    int waitForEnd()
    {
        const bool ended = m_process.state() == QProcess::NotRunning || m_process.waitForFinished(120'000);
        read();
        return ended && m_process.exitStatus() == QProcess::NormalExit ? m_process.exitCode() : -1;
    }
    const std::vector<nlohmann::json>& lines() { return read(), m_lines; }
    QByteArray errors() const { return contents("err"); }
    /// What it printed last, as it is.
    QByteArray tail() const { return contents("out").right(400); }

private:
    QByteArray contents(const char* name) const
    {
        QFile file(m_folder.filePath(QLatin1String(name)));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }
    void read()
    {
        QFile file(m_folder.filePath(QStringLiteral("out")));
        if (!file.open(QIODevice::ReadOnly) || !file.seek(m_read)) return;
        for (QByteArray line = file.readLine(); line.endsWith('\n'); line = file.readLine()) {
            m_read += line.size();
            if (auto json = nlohmann::json::parse(line.begin(), line.end(), nullptr, false); !json.is_discarded()) m_lines.push_back(std::move(json));
        }
    }
    QTemporaryDir m_folder;
    QProcess m_process;
    qint64 m_read = 0;
    std::vector<nlohmann::json> m_lines;
};

} // namespace opscope::test
