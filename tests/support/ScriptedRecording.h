#pragma once

#include <QPointer>
#include <QTemporaryDir>
#include <QTest>

#include "core/record/Recorder.h"
#include "tests/support/ChildProcess.h"
#include "tests/support/Golden.h"

#include <filesystem>

namespace opscope::test {

/// What a session of the test does by itself; everything else the test makes it do.
struct Script
{
    enum class Start { Records, Waits, Fails } start = Start::Records;
    enum class Stop { FinishesAtOnce, FinishesLater, Waits } stop = Stop::FinishesLater;
    std::uint64_t bytes = 100;
    Readiness readiness = {};
};
inline Script script;

/// Makes a real file, and takes it away when it is cancelled.
class ScriptedSession : public RecordSession
{
public:
    explicit ScriptedSession(const RecordRequest& request) : m_request(request) {}
    ~ScriptedSession() override { ++destroyed; }

    void start() override
    {
        if (script.start == Script::Start::Records) Q_EMIT recording();
        if (script.start == Script::Start::Fails) Q_EMIT failed({"It did not want to."}, {});
    }
    void stop() override
    {
        ++stopped;
        if (script.stop == Script::Stop::FinishesAtOnce) finish(RecordEnd::Stopped);
        if (script.stop == Script::Stop::FinishesLater) QTimer::singleShot(0, this, [this] { finish(RecordEnd::Stopped); });
    }
    void cancel() override
    {
        ++cancelled;
        std::filesystem::remove(m_request.path);
    }
    RecordStatus status() const override
    {
        RecordStatus now;
        now.samples = 7;
        now.bytes = script.bytes;
        return now;
    }
    void finish(RecordEnd end)
    {
        Q_EMIT collecting();
        makeFile();
        Q_EMIT finished(QString::fromStdString(m_request.path), end);
    }
    void makeFile() { writeFile(m_request.path, "recorded"); }

    static inline int stopped = 0, cancelled = 0, destroyed = 0;

private:
    RecordRequest m_request;
};
inline QPointer<ScriptedSession> session;

inline std::vector<RecordOption> someOptions()
{
    using Kind = RecordOption::Kind;
    return {{.id = "frequency", .title = "Samples per second", .help = "How often.", .kind = Kind::Number, .standard = "999", .unit = "Hz", .low = 1, .high = 10'000},
            {.id = "stacks", .title = "Call stacks", .help = "Which.", .kind = Kind::Choice, .standard = "fp", .choices = {{"fp", "Fast"}, {"dwarf", "Deep"}}},
            {.id = "kernel", .title = "Kernel code", .help = "Too.", .kind = Kind::Switch, .standard = "off"},
            {.id = "where", .title = "Folder", .help = "Of it.", .kind = Kind::Path}};
}

inline RecorderBackend scripted()
{
    return {.id = "scripted", .title = "Scripted", .summary = "For tests.", .startsCommands = true, .options = someOptions,
            .check = [](const RecordTarget&, const OptionValues&) { return script.readiness; },
            .session = [](const RecordRequest& request) -> std::unique_ptr<RecordSession> {
                auto made = std::make_unique<ScriptedSession>(request);
                session = made.get();
                return made;
            }};
}

inline const char* name(Recorder::State state)
{
    return QMetaEnum::fromType<Recorder::State>().valueToKey(static_cast<int>(state));
}

/// A target that sleeps, a folder, a recorder whose states are written down.
struct Recording
{
    ChildProcess target = ChildProcess::sleeping();
    QTemporaryDir dir;
    RecordRequest request;
    RecorderBackend backend = scripted();
    Recorder recorder;
    std::string states;

    Recording()
    {
        script = {};
        ScriptedSession::stopped = ScriptedSession::cancelled = ScriptedSession::destroyed = 0;
        request.target.pid = target.pid();
        request.path = dir.path().toStdString() + "/out.fxt";
        QObject::connect(&recorder, &Recorder::stateChanged, &recorder, [this](Recorder::State state) { states += std::string(states.empty() ? "" : " ") + name(state); });
    }
    void start() { recorder.start(backend, request); }
    bool ended() const { return recorder.state() != Recorder::State::Idle && !recorder.running(); }
    bool fileExists() const { return std::filesystem::exists(request.path); }
    /// Starts it, which must fail: the sentence.
    std::string refusal()
    {
        states.clear();
        start();
        if (states != "Starting Failed" || recorder.end() != RecordEnd::Failed) return "not refused: " + states;
        if (fileExists()) return "a file was made";
        return recorder.failure().message;
    }
};

} // namespace opscope::test
