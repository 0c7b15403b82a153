#pragma once

#include <QLineEdit>
#include <QProcess>
#include <QPushButton>

#include "app/gui/RecordController.h"
#include "app/gui/RecordDialog.h"
#include "tests/support/RunFiles.h"
#include "tests/support/WindowFixture.h"

#include <memory>
#include <vector>

namespace opscope::test {

/// Does what the test tells it to.
class FakeSession : public RecordSession
{
public:
    explicit FakeSession(const RecordRequest& asked) : request(asked) { current = this; }
    ~FakeSession() override { current = current == this ? nullptr : current; }
    void start() override
    {
        if (recordsAtOnce)
            Q_EMIT recording();
    }
    void stop() override
    {
        Q_EMIT collecting();
        if (finishesAtOnce)
            finish(RecordEnd::Stopped);
    }
    void cancel() override { ++cancelled; }
    RecordStatus status() const override { return now; }
    void finish(RecordEnd end)
    {
        SmallRun run;
        writeFile(QString::fromStdString(request.path), kinetoText(run)); // the loader looks at what is in a file, not at its name
        Q_EMIT finished(QString::fromStdString(request.path), end);
    }

    RecordRequest request;
    RecordStatus now{.elapsed = std::chrono::milliseconds(1200), .samples = 1198, .lost = 0, .bytes = 64 << 10, .targetCpu = 0.99};
    inline static FakeSession* current = nullptr;
    inline static int cancelled = 0;
    inline static bool recordsAtOnce = true, finishesAtOnce = true, permitted = true;
};

inline std::vector<RecordOption> fakeOptions()
{
    using Kind = RecordOption::Kind;
    return {
        {.id = "frequency", .title = "Samples a second", .help = "How often stacks are taken.", .kind = Kind::Number, .standard = "999", .unit = "Hz", .low = 1, .high = 9999},
        {.id = "stacks", .title = "Stacks", .help = "How callers are found.", .kind = Kind::Choice, .standard = "fp", .choices = {{"fp", "Frame pointers", "cheap"}, {"cfi", "Unwind tables", "whole stacks, slower"}}},
        {.id = "kernel", .title = "Kernel code", .help = "Frames of the kernel too.", .kind = Kind::Switch, .standard = "on"},
        {.id = "only", .title = "Only threads", .help = "Named like this.", .kind = Kind::Text, .advanced = true},
        {.id = "debug", .title = "Debug files", .help = "Looked for here too.", .kind = Kind::Path, .advanced = true, .folder = true},
    };
}

inline Readiness fakeCheck(const RecordTarget& target, const OptionValues& options)
{
    if (!FakeSession::permitted)
        return {Readiness::State::NeedsPermission, "perf_event_paranoid is 3", "An administrator can allow it: sysctl kernel.perf_event_paranoid=2"};
    if (!checkOptions(fakeOptions(), options))
        return {Readiness::State::NotPossible, "Check the options", ""};
    if (options.contains("only"))
        return {Readiness::State::NotPossible, "No such thread", "Choose another name."};
    return {Readiness::State::Ready, "", target.pid % 2 ? "" : "User code only: kernel frames need more rights."};
}

inline Readiness neverReady(const RecordTarget&, const OptionValues&)
{
    return {Readiness::State::NotPossible, "No Intel Processor Trace here", "Needs an Intel CPU of 2016 or later, outside a virtual machine."};
}

inline std::vector<RecordOption> noOptions() { return {}; }

inline std::unique_ptr<RecordSession> fakeSession(const RecordRequest& request) { return std::make_unique<FakeSession>(request); }

inline const std::vector<RecorderBackend>& fakeBackends()
{
    static const std::vector<RecorderBackend> kBackends{
        {.id = "fake", .title = "Samples", .summary = "Native call stacks of any process. No operator names.", .startsCommands = true, .options = fakeOptions,
         .check = fakeCheck, .session = fakeSession},
        {.id = "other", .title = "Every call", .summary = "Each call and return, exactly.", .options = noOptions, .check = fakeCheck, .session = fakeSession},
        {.id = "never", .title = "magic-trace", .summary = "Each call and return of the last moments.", .options = noOptions, .check = neverReady, .session = fakeSession},
    };
    return kBackends;
}

inline ProcessInfo process(pid_t pid, const char* name, const char* command, double cpu)
{
    ProcessInfo info;
    info.pid = pid;
    info.userName = "someone";
    info.name = name;
    info.command = command;
    info.startTicks = static_cast<std::uint64_t>(pid) * 10;
    info.startedNs = 1'700'000'000'000'000'000;
    info.threads = 3;
    info.residentBytes = 5 << 20;
    info.cpu = cpu;
    info.state = 'S';
    info.kernelThread = *command == 0;
    return info;
}

/// The record dialog over a real window, with a backend that does what it is told. A test inherits it beside QObject; every slot begins with openScene().
class RecordScene : protected WindowFixture
{
protected:
    void openScene()
    {
        FakeSession::permitted = FakeSession::recordsAtOnce = FakeSession::finishesAtOnce = true;
        FakeSession::cancelled = 0;
        openWindow({1280, 720});
        QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
        m_child = std::make_unique<QProcess>(); // a target that really runs: the recorder looks
        m_child->start(QStringLiteral("sleep"), {QStringLiteral("600")});
        QVERIFY(m_child->waitForStarted());
        const auto self = processInfo(static_cast<pid_t>(m_child->processId()));
        QVERIFY(self.ok());
        ProcessInfo child = *self;
        child.cpu = 0.5;
        m_processes = {process(11, "python3", "/usr/bin/python3 train.py --config resnet50.yaml", 0.1), process(12, "kworker/0:1", "", 0),
                       process(13, "owlv2_server", "./owlv2_server --port 9000", 0), child};
        m_window->recordings().setBackends(fakeBackends());
        m_window->recordings().setScan([this] { return m_processes; });
        m_window->recordings().setTorchScan([](const std::vector<ProcessInfo>&) { return std::vector<torch::TorchProcess>(); });
    }
    void closeScene()
    {
        closeWindow();
        m_child->kill();
        m_child->waitForFinished();
        m_child.reset();
    }
    RecordDialog& open()
    {
        m_window->record();
        RecordDialog* dialog = m_window->recordings().dialog();
        [&] { QTRY_VERIFY(dialog->setup().table().chosen()); }();
        return *dialog;
    }
    /// Opens, chooses our own child, writes into the folder of the test.
    RecordDialog& ready()
    {
        RecordDialog& d = open();
        d.setup().choosePid(static_cast<pid_t>(m_child->processId()));
        d.setup().saveTo().setText(path("{name}-{pid}.fxt"));
        [&] { QTRY_VERIFY(d.mainButton().isEnabled()); }();
        return d;
    }
    /// ready() and started, in state Recording.
    RecordDialog& recording()
    {
        RecordDialog& d = ready();
        press(d.mainButton());
        [&] { QCOMPARE(m_window->recordings().recorder().state(), Recorder::State::Recording); }();
        return d;
    }
    static void press(QPushButton& button) { QTest::mouseClick(&button, Qt::LeftButton); }

    std::unique_ptr<QProcess> m_child;
    std::vector<ProcessInfo> m_processes;
};

} // namespace opscope::test
