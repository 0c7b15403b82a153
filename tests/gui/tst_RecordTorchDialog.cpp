#include <QCheckBox>
#include <QClipboard>
#include <QGuiApplication>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QRadioButton>
#include <QSpinBox>
#include <QTabBar>
#include <QTest>
#include <QToolButton>

#include "app/gui/RecordController.h"
#include "app/gui/RecordDialog.h"
#include "app/gui/RecordFields.h"
#include "app/gui/RecordProgress.h"
#include "app/gui/RecordWays.h"
#include "core/record/torch/TorchOptions.h"
#include "tests/support/ChildProcess.h"
#include "tests/support/RunFiles.h"
#include "tests/support/WindowFixture.h"

#include <filesystem>

using namespace opscope;
using namespace opscope::test;

namespace {

/// Makes a folder with a trace when it is told to, and says what it was asked for.
class FolderSession : public RecordSession
{
public:
    explicit FolderSession(const RecordRequest& asked) : request(asked) { current = this; }
    void start() override
    {
        if (asksToWait)
            return;
        Q_EMIT recording();
        Q_EMIT printed(QStringLiteral("epoch 1\nepoch 2\n"));
    }
    void stop() override { finish(RecordEnd::Stopped); }
    void cancel() override {}
    RecordStatus status() const override { return now; }
    void finish(RecordEnd end)
    {
        std::filesystem::create_directory(request.path);
        SmallRun run;
        writeFile(QString::fromStdString(request.path) + QStringLiteral("/host_1.pt.trace.json"), kinetoText(run));
        Q_EMIT finished(QString::fromStdString(request.path), end);
    }

    RecordRequest request;
    RecordStatus now{.elapsed = std::chrono::milliseconds(700), .step = "Waiting for the process to ask", .stepElapsed = std::chrono::milliseconds(1500),
                     .stepAtMost = std::chrono::milliseconds(5000)};
    inline static FolderSession* current = nullptr;
    inline static bool asksToWait = false;
};

std::unique_ptr<RecordSession> folderSession(const RecordRequest& request) { return std::make_unique<FolderSession>(request); }
std::vector<RecordOption> noOptions() { return {}; }
Readiness always(const RecordTarget&, const OptionValues&) { return {}; }
Readiness onlyTorch(const RecordTarget& target, const OptionValues&)
{
    return target.pid == 1 ? Readiness{Readiness::State::NotPossible, "No PyTorch", ""} : Readiness();
}
Readiness noExecutionTrace(const RecordTarget& target, const OptionValues& options)
{
    if (options.contains("et"))
        return {Readiness::State::NotPossible, "No execution trace", "The daemon's protocol knows none."};
    return onlyTorch(target, options);
}
Readiness notAnnounced(const RecordTarget&, const OptionValues&)
{
    return {.state = Readiness::State::NotPossible, .reason = "Not announced", .advice = "Add one line to the program, then start it again.", .copy = "import opscope; opscope.listen()"};
}
int g_standing = 0;
RecordStandby standBy()
{
    ++g_standing;
    return {std::shared_ptr<void>(&g_standing, [](void*) { --g_standing; }), "It listens."};
}
std::string question(const RecordRequest& request) { return "Process " + std::to_string(request.target.pid) + " is paused for a moment."; }

/// Data alone decides what the dialog does: these stand for the real ways, which have tests of their own.
const std::vector<RecorderBackend>& ways()
{
    using Product = RecorderBackend::Product;
    static const std::vector<RecorderBackend> kWays{
        {.id = "daemon", .title = "Daemon request", .shortTitle = "Daemon", .summary = "CPU operators and GPU kernels.", .family = "torch", .product = Product::Folder,
         .takesSeveral = true, .countsSteps = true, .standBy = standBy, .options = torch::options, .check = noExecutionTrace, .session = folderSession},
        {.id = "helper", .title = "Helper in the program", .shortTitle = "Helper", .summary = "All of it.", .family = "torch", .product = Product::Folder, .countsSteps = true,
         .options = torch::options, .check = notAnnounced, .session = folderSession},
        {.id = "inject", .title = "Run our script inside", .shortTitle = "Script", .summary = "Adds the execution trace.", .family = "torch", .product = Product::Folder,
         .takesSeveral = true, .countsSteps = true, .confirmation = question, .options = torch::options, .check = onlyTorch, .session = folderSession},
        {.id = "launch", .title = "Start it from here", .shortTitle = "Start", .summary = "From the first operator on.", .startsCommands = true, .onlyCommands = true,
         .family = "torch", .product = Product::Folder, .countsSteps = true, .showsOutput = true, .options = torch::options, .check = always, .session = folderSession},
        {.id = "samples", .title = "Samples", .summary = "Native stacks.", .startsCommands = true, .options = noOptions, .check = always, .session = folderSession},
    };
    return kWays;
}

ProcessInfo described(pid_t pid, const char* command, double cpu)
{
    ProcessInfo info = *processInfo(pid);
    info.command = command;
    info.cpu = cpu;
    return info;
}

} // namespace

/// What the record dialog does with programs that use PyTorch.
class tst_RecordTorchDialog : public QObject, private WindowFixture
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();

    void aProgramWithPyTorchIsProposedWithTheGentlestWay();
    void askingForAnExecutionTraceTakesTheWayThatHasOne();
    void aPersonsChoiceStaysUntilItIsTakenBack();
    void otherProgramsAreNotOfferedWaysOfPyTorch();
    void ranksAreRecordedTogether();
    void stepsAreAsked();
    void aScriptRunsInsideOnlyAfterAQuestion();
    void theFolderOpensWhenItIsDone();
    void recordAgainRepeatsItBesideTheOneBefore();
    void waitingSaysHowLongItMayTake();
    void aProgramIsStartedAnewFromHere();
    void theLineOfTheHelperIsOneClickAway();
    void aWayStandsByWhileProcessesThatLookForItAreShown();

private:
    RecordDialog& open();
    RecordDialog& ready();
    QCheckBox& tick(RecordDialog& d, const char* id) { return *qobject_cast<QCheckBox*>(d.setup().fields()->field(id)); }
    void press(QPushButton& button) { QTest::mouseClick(&button, Qt::LeftButton); }
    const RecorderBackend* chosen(RecordDialog& d) { return d.setup().ways().chosen(); }

    std::vector<std::unique_ptr<ChildProcess>> m_children;
    std::vector<ProcessInfo> m_processes;
    std::vector<torch::TorchProcess> m_torch;
};

void tst_RecordTorchDialog::init()
{
    openWindow({1280, 720});
    FolderSession::asksToWait = false;
    m_children.clear();
    for (int i = 0; i < 3; ++i) m_children.push_back(std::make_unique<ChildProcess>(std::vector<std::string>{"/bin/sleep", "600"}));
    m_processes = {described(m_children[0]->pid(), "python train.py --lr 1", 0.4), described(m_children[1]->pid(), "python train.py --lr 1", 0.4),
                   described(m_children[2]->pid(), "ninja all", 1.9)};
    m_torch.clear();
    for (int rank = 0; rank < 2; ++rank) {
        const ProcessInfo& info = m_processes[static_cast<std::size_t>(rank)];
        m_torch.push_back({.pid = info.pid, .startTicks = info.startTicks, .python = true, .pythonMajor = 3, .pythonMinor = 12, .torchVersion = "2.13.0", .rank = rank, .worldSize = 2});
    }
    m_window->recordings().setBackends(ways());
    m_window->recordings().setScan([this] { return m_processes; });
    m_window->recordings().setTorchScan([this](const std::vector<ProcessInfo>&) { return m_torch; });
}

void tst_RecordTorchDialog::cleanup()
{
    closeWindow();
    m_children.clear();
}

RecordDialog& tst_RecordTorchDialog::open()
{
    m_window->record();
    RecordDialog& d = *m_window->recordings().dialog();
    [&] { QTRY_VERIFY(d.setup().table().chosen() && d.mainButton().isEnabled()); }();
    return d;
}

/// Rank 1 chosen.
RecordDialog& tst_RecordTorchDialog::ready()
{
    RecordDialog& d = open();
    d.setup().choosePid(m_children[1]->pid());
    d.setup().saveTo().setText(path("{name}-{pid}.fxt"));
    [&] { QTRY_VERIFY(chosen(d) && d.setup().table().chosen()->info.pid == m_children[1]->pid()); }();
    return d;
}

void tst_RecordTorchDialog::aProgramWithPyTorchIsProposedWithTheGentlestWay()
{
    RecordDialog& d = open();
    QVERIFY(d.setup().table().chosen()->torch);
    QTRY_COMPARE(chosen(d)->id, std::string_view("daemon"));
    QVERIFY2(d.setup().why().contains(QStringLiteral("chosen for you")), qPrintable(d.setup().why()));
    QCOMPARE(d.setup().lengthNumber().value(), 2);
    QVERIFY(!d.setup().sizeLimit().isVisible());
}

void tst_RecordTorchDialog::askingForAnExecutionTraceTakesTheWayThatHasOne()
{
    RecordDialog& d = ready();
    QTRY_COMPARE(chosen(d)->id, std::string_view("daemon"));
    RecordFields* fields = d.setup().fields();
    tick(d, "et").setChecked(true);
    QTRY_COMPARE(chosen(d)->id, std::string_view("inject"));
    QVERIFY2(d.setup().why().contains(QStringLiteral("Daemon: No execution trace · Helper: Not announced")), qPrintable(d.setup().why()));
    QCOMPARE(d.setup().fields(), fields); // what is being ticked is not made anew
    auto* captured = qobject_cast<QLineEdit*>(d.setup().fields()->field("integral"));
    QVERIFY(captured->isEnabled());
    captured->setText(QStringLiteral("aten::embedding"));
    QVERIFY(d.setup().fields()->values().contains("integral"));
    tick(d, "et").setChecked(false);
    QVERIFY(!captured->isEnabled());
    QVERIFY(!d.setup().fields()->values().contains("integral")); // it means nothing then
    QTRY_COMPARE(chosen(d)->id, std::string_view("daemon"));
}

void tst_RecordTorchDialog::aPersonsChoiceStaysUntilItIsTakenBack()
{
    RecordDialog& d = ready();
    QTRY_COMPARE(chosen(d)->id, std::string_view("daemon"));
    d.setup().ways().way(2).radio().click();
    QCOMPARE(chosen(d)->id, std::string_view("inject"));
    QVERIFY2(d.setup().why().contains(QStringLiteral("your choice")), qPrintable(d.setup().why()));
    d.setup().choosePid(m_children[2]->pid());
    QTRY_COMPARE(chosen(d)->id, std::string_view("samples")); // another kind of program, another wish
    d.setup().choosePid(m_children[0]->pid());
    QTRY_COMPARE(chosen(d)->id, std::string_view("inject"));
    d.setup().chooseForMe().click();
    QCOMPARE(chosen(d)->id, std::string_view("daemon"));
}

void tst_RecordTorchDialog::otherProgramsAreNotOfferedWaysOfPyTorch()
{
    RecordDialog& d = ready();
    QVERIFY(d.setup().ways().way(0).isVisible() && d.setup().ways().way(3).isVisible());
    d.setup().choosePid(m_children[2]->pid());
    QTRY_COMPARE(chosen(d)->id, std::string_view("samples"));
    for (std::size_t i = 0; i < 4; ++i) QVERIFY(!d.setup().ways().way(i).isVisible());
    QVERIFY(d.setup().why().isEmpty());
    QVERIFY(d.setup().sizeLimit().isVisible());
    QCOMPARE(d.setup().lengthNumber().value(), 30);
}

void tst_RecordTorchDialog::ranksAreRecordedTogether()
{
    RecordDialog& d = ready();
    QTRY_COMPARE(d.setup().rankButtons().size(), std::size_t{2});
    QVERIFY2(d.mainButton().text().contains(QStringLiteral("Record 2 processes")), qPrintable(d.mainButton().text()));
    QVERIFY(!d.setup().rankButtons()[1]->isEnabled()); // the chosen one
    auto wish = d.setup().wish();
    QVERIFY(wish.ok());
    QCOMPARE(wish->request.others.size(), std::size_t{1});
    QCOMPARE(wish->request.others[0].pid, m_children[0]->pid());
    d.setup().rankButtons()[0]->click();
    QVERIFY(d.setup().wish()->request.others.empty());
    QVERIFY(d.mainButton().text().contains(QStringLiteral("Record process ")));
}

void tst_RecordTorchDialog::stepsAreAsked()
{
    RecordDialog& d = ready();
    QTRY_COMPARE(chosen(d)->id, std::string_view("daemon"));
    d.setup().setLength(RecordSettings::Length::Kind::Steps);
    QCOMPARE(d.setup().lengthNumber().value(), 3);
    d.setup().lengthNumber().setValue(5);
    const auto wish = d.setup().wish();
    QCOMPARE(wish->request.steps, 5u);
    QVERIFY(!wish->request.duration);
    QVERIFY2(d.foot().contains(QStringLiteral("after 5 steps")), qPrintable(d.foot()));
    d.setup().choosePid(m_children[2]->pid());
    QTRY_COMPARE(chosen(d)->id, std::string_view("samples"));
    QCOMPARE(d.setup().wish()->request.duration, std::optional<std::chrono::milliseconds>(30'000));
}

void tst_RecordTorchDialog::aScriptRunsInsideOnlyAfterAQuestion()
{
    RecordDialog& d = ready();
    d.setup().setWay("inject");
    QTRY_COMPARE(chosen(d)->id, std::string_view("inject"));
    press(d.mainButton());
    QVERIFY(d.question());
    QCOMPARE(d.question()->informativeText(), QStringLiteral("Process %1 is paused for a moment.").arg(m_children[1]->pid()));
    QCOMPARE(m_window->recordings().recorder().state(), Recorder::State::Idle);
    QTest::keyClick(d.question(), Qt::Key_Escape);
    QTRY_VERIFY(!d.question());
    QCOMPARE(m_window->recordings().recorder().state(), Recorder::State::Idle);
    press(d.mainButton());
    QTest::keyClick(d.question(), Qt::Key_Return);
    QTRY_COMPARE(m_window->recordings().recorder().state(), Recorder::State::Recording);
    QCOMPARE(d.progress().output().toPlainText(), QStringLiteral("epoch 1\nepoch 2\n"));
}

void tst_RecordTorchDialog::theFolderOpensWhenItIsDone()
{
    RecordDialog& d = ready();
    press(d.mainButton());
    QTRY_COMPARE(m_window->recordings().recorder().state(), Recorder::State::Recording);
    QVERIFY(!FolderSession::current->request.path.ends_with(".fxt"));
    QSignalSpy loaded(m_window.get(), &MainWindow::loaded);
    press(d.mainButton());
    QTRY_COMPARE(loaded.size(), 1);
    QVERIFY(m_window->document().trace()->slices().size() > 0);
}

void tst_RecordTorchDialog::recordAgainRepeatsItBesideTheOneBefore()
{
    RecordDialog& d = ready();
    d.setup().setWay("inject");
    press(d.mainButton());
    QTest::keyClick(d.question(), Qt::Key_Return);
    QTRY_COMPARE(m_window->recordings().recorder().state(), Recorder::State::Recording);
    const std::string first = FolderSession::current->request.path;
    QSignalSpy loaded(m_window.get(), &MainWindow::loaded);
    press(d.mainButton());
    QTRY_COMPARE(loaded.size(), 1);
    m_window->activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
    QTest::keyClick(m_window.get(), Qt::Key_R, Qt::ControlModifier | Qt::ShiftModifier);
    QTRY_COMPARE(m_window->recordings().recorder().state(), Recorder::State::Recording); // what was agreed to is not asked again
    QCOMPARE(FolderSession::current->request.path, first + "-2");
    QCOMPARE(FolderSession::current->request.others.size(), std::size_t{1});
    QCOMPARE(FolderSession::current->request.target.pid, m_children[1]->pid());
    m_window->recordings().recorder().cancel();
}

void tst_RecordTorchDialog::waitingSaysHowLongItMayTake()
{
    FolderSession::asksToWait = true;
    RecordDialog& d = ready();
    press(d.mainButton());
    QTRY_COMPARE(d.progress().step(), QStringLiteral("Waiting for the process to ask… 1.5 s of at most 5.0 s"));
    QCOMPARE(m_window->recordings().recorder().state(), Recorder::State::Starting);
    m_window->recordings().recorder().cancel();
}

void tst_RecordTorchDialog::aProgramIsStartedAnewFromHere()
{
    RecordDialog& d = ready();
    QVERIFY(d.setup().ways().way(3).linkButton().isVisible());
    d.setup().ways().way(3).linkButton().click();
    QCOMPARE(d.setup().tabs().currentIndex(), int(RecordSetup::NewCommand));
    QCOMPARE(d.setup().commandLine().text(), QStringLiteral("python train.py --lr 1"));
    QTRY_COMPARE(chosen(d)->id, std::string_view("launch"));
    d.setup().environment().setText(QStringLiteral("A=1 B='x y'"));
    const auto wish = d.setup().wish();
    QVERIFY(wish.ok());
    QCOMPARE(wish->request.target.environment.size(), std::size_t{2});
    QCOMPARE(wish->request.target.environment[1], (std::pair<std::string, std::string>("B", "x y")));
    QCOMPARE(wish->request.target.command.size(), std::size_t{4});
    d.setup().environment().setText(QStringLiteral("=1"));
    QVERIFY(!d.setup().wish());
}

void tst_RecordTorchDialog::theLineOfTheHelperIsOneClickAway()
{
    RecordDialog& d = ready();
    QTRY_VERIFY(d.setup().ways().way(1).copyButton().isVisible());
    d.setup().ways().way(1).copyButton().click();
    QCOMPARE(QGuiApplication::clipboard()->text(), QStringLiteral("import opscope; opscope.listen()"));
    QVERIFY(!d.setup().ways().way(0).copyButton().isVisible());
}

void tst_RecordTorchDialog::aWayStandsByWhileProcessesThatLookForItAreShown()
{
    RecordDialog& d = ready();
    QCOMPARE(g_standing, 0); // nobody looks for it
    m_torch[0].kinetoClient = "dynoconfigclient0";
    QTRY_COMPARE(g_standing, 1);
    QTest::qWait(2 * RecordSetup::kEveryMs); // more looks
    QCOMPARE(g_standing, 1);
    d.reject();
    QCOMPARE(g_standing, 0);
}

QTEST_MAIN(tst_RecordTorchDialog)
#include "tst_RecordTorchDialog.moc"
