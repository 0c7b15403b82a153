#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QMessageBox>
#include <QProcess>
#include <QPushButton>
#include <QRadioButton>
#include <QScrollBar>
#include <QSettings>
#include <QSpinBox>
#include <QStandardPaths>
#include <QTabBar>
#include <QTemporaryDir>
#include <QToolButton>
#include <QtTest>

#include "app/gui/MainWindow.h"
#include "app/gui/NoticeBar.h"
#include "app/gui/OpenController.h"
#include "app/gui/RecordController.h"
#include "app/gui/RecordDialog.h"
#include "app/gui/RecordFailureView.h"
#include "app/gui/RecordFields.h"
#include "app/gui/RecordIndicator.h"
#include "app/gui/RecordProgress.h"
#include "app/gui/RecordText.h"
#include "app/gui/RecordWays.h"
#include "core/record/RecorderBackends.h"
#include "tests/support/RunFiles.h"
#include "widgets/timeline/TimelineView.h"

using namespace opscope;
using namespace opscope::test;

namespace {

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
    inline static bool recordsAtOnce = true, finishesAtOnce = true;
};

std::vector<RecordOption> fakeOptions()
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

bool g_permitted = true;

Readiness fakeCheck(const RecordTarget& target, const OptionValues& options)
{
    if (!g_permitted)
        return {Readiness::State::NeedsPermission, "perf_event_paranoid is 3", "An administrator can allow it: sysctl kernel.perf_event_paranoid=2"};
    if (!checkOptions(fakeOptions(), options))
        return {Readiness::State::NotPossible, "Check the options", ""};
    if (options.contains("only"))
        return {Readiness::State::NotPossible, "No such thread", "Choose another name."};
    return {Readiness::State::Ready, "", target.pid % 2 ? "" : "User code only: kernel frames need more rights."};
}

Readiness neverReady(const RecordTarget&, const OptionValues&)
{
    return {Readiness::State::NotPossible, "No Intel Processor Trace here", "Needs an Intel CPU of 2016 or later, outside a virtual machine."};
}

std::vector<RecordOption> noOptions() { return {}; }

std::unique_ptr<RecordSession> fakeSession(const RecordRequest& request) { return std::make_unique<FakeSession>(request); }

const std::vector<RecorderBackend>& fakeBackends()
{
    static const std::vector<RecorderBackend> kBackends{
        {.id = "fake", .title = "Samples", .summary = "Native call stacks of any process. No operator names.", .startsCommands = true, .options = fakeOptions,
         .check = fakeCheck, .session = fakeSession},
        {.id = "other", .title = "Every call", .summary = "Each call and return, exactly.", .options = noOptions, .check = fakeCheck, .session = fakeSession},
        {.id = "never", .title = "magic-trace", .summary = "Each call and return of the last moments.", .options = noOptions, .check = neverReady, .session = fakeSession},
    };
    return kBackends;
}

ProcessInfo process(pid_t pid, const char* name, const char* command, double cpu)
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

} // namespace

/// The dialog over a real window, with a backend that does what it is told, and once with the real one.
class tst_RecordDialog : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { QStandardPaths::setTestModeEnabled(true); }
    void init();
    void cleanup();

    void theKeyAndTheButtonsOpenIt();
    void theBusiestIsProposedAndStaysWhenOthersAreBusier();
    void whatIsTypedFindsAProcess();
    void keysOfTheFieldWalkTheList();
    void whatHasEndedIsNotReplacedByItsNeighbour();
    void onlyWhatIsPossibleCanBeChosen();
    void optionsAreDrawnFromTheBackend();
    void anOptionCanMakeAWayImpossible();
    void aCommandIsSplitAndGivenAFolder();
    void doneOpensTheTraceAndSaysHowItEnded();
    void anEndOfTheTargetIsSaid();
    void failureShowsSentenceAdviceAndDetails();
    void whatWasKeptOfAFailureCanBeOpened();
    void cancelAsksOnceWhereMuchWouldBeLost();
    void theWindowCanBeUsedWhileItRecords();
    void closingTheWindowWhileRecordingAsksOnceAndSaves();
    void goingOnRecordingKeepsTheWindow();
    void aFileThatIsThereIsAskedAbout();
    void settingsAreRememberedAndTheProcessIsNot();
    void rememberedChoicesThatAreGoneAreNotAsked();
    void tabGoesFromWhatToHowToStart();
    void itFitsASmallScreen();
    void aRealProcessIsRecorded();

private:
    QString path(const char* name) const { return m_folder->filePath(QString::fromLatin1(name)); }
    RecordDialog& open();
    /// Opens, chooses our own child, writes into the folder of the test.
    RecordDialog& ready();
    /// ready() and started, in state Recording.
    RecordDialog& recording();
    void press(QPushButton& button) { QTest::mouseClick(&button, Qt::LeftButton); }
    static QString shown(RecordProcessTable& table);

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<OpenController> m_opener;
    std::unique_ptr<MainWindow> m_window;
    std::unique_ptr<QProcess> m_child;
    std::vector<ProcessInfo> m_processes;
};

void tst_RecordDialog::init()
{
    g_permitted = FakeSession::recordsAtOnce = FakeSession::finishesAtOnce = true;
    FakeSession::cancelled = 0;
    m_folder = std::make_unique<QTemporaryDir>();
    m_opener = std::make_unique<OpenController>(Settings::Memory::None);
    m_window.reset(m_opener->newWindow());
    m_window->setAttribute(Qt::WA_DeleteOnClose, false);
    m_window->resize(1280, 720);
    m_window->show();
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

void tst_RecordDialog::cleanup()
{
    m_window.reset();
    m_opener.reset();
    m_child->kill();
    m_child->waitForFinished();
    m_child.reset();
    m_folder.reset();
}

RecordDialog& tst_RecordDialog::open()
{
    m_window->record();
    RecordDialog* dialog = m_window->recordings().dialog();
    [&] { QTRY_VERIFY(dialog->setup().table().chosen()); }();
    return *dialog;
}

RecordDialog& tst_RecordDialog::ready()
{
    RecordDialog& d = open();
    d.setup().choosePid(static_cast<pid_t>(m_child->processId()));
    d.setup().saveTo().setText(path("{name}-{pid}.fxt"));
    [&] { QTRY_VERIFY(d.mainButton().isEnabled()); }();
    return d;
}

RecordDialog& tst_RecordDialog::recording()
{
    RecordDialog& d = ready();
    press(d.mainButton());
    [&] { QCOMPARE(m_window->recordings().recorder().state(), Recorder::State::Recording); }();
    return d;
}

QString tst_RecordDialog::shown(RecordProcessTable& table)
{
    QStringList pids;
    for (int row = 0; row < table.processes().rowCount(); ++row)
        pids << QString::number(table.processes().at(row)->info.pid);
    return pids.join(QLatin1Char(' '));
}

void tst_RecordDialog::theKeyAndTheButtonsOpenIt()
{
    QTest::keyClick(m_window.get(), Qt::Key_R, Qt::ControlModifier);
    QTRY_VERIFY(m_window->recordings().dialog() && m_window->recordings().dialog()->isVisible());
    RecordDialog* dialog = m_window->recordings().dialog();
    QVERIFY(!dialog->isModal());
    m_window->record(); // not a second one
    QCOMPARE(m_window->recordings().dialog(), dialog);
    QTRY_VERIFY(dialog->setup().search().hasFocus());
    QTest::keyClick(dialog, Qt::Key_Escape);
    QVERIFY(!dialog->isVisible());
}

void tst_RecordDialog::theBusiestIsProposedAndStaysWhenOthersAreBusier()
{
    RecordDialog& d = open();
    const pid_t child = static_cast<pid_t>(m_child->processId());
    QCOMPARE(d.setup().table().chosen()->info.pid, child);
    QCOMPARE(d.setup().heading(), QStringLiteral("How to record process %1").arg(child));
    m_processes[0].cpu = 3;
    m_processes.push_back(process(14, "late", "late", 9));
    QTRY_COMPARE(d.setup().table().processes().rowCount(), 4); // the next look finds it
    QVERIFY(shown(d.setup().table()).startsWith(QStringLiteral("14 11")));
    QCOMPARE(d.setup().table().chosen()->info.pid, child);
    QCOMPARE(d.setup().table().currentIndex().row(), *d.setup().table().processes().rowOf(d.setup().table().chosen()->key()));
}

void tst_RecordDialog::whatIsTypedFindsAProcess()
{
    RecordDialog& d = open();
    QTest::keyClicks(&d.setup().search(), QStringLiteral("OWL 9000"));
    QCOMPARE(shown(d.setup().table()), QStringLiteral("13"));
    QCOMPARE(d.setup().table().chosen()->info.pid, 13);
    QTest::keyClicks(&d.setup().search(), QStringLiteral(" nobody"));
    QCOMPARE(d.setup().table().processes().rowCount(), 0);
    QVERIFY(!d.setup().table().chosen());
    QVERIFY(!d.mainButton().isEnabled());
    QTest::keyClick(&d.setup().search(), Qt::Key_Escape); // first the text goes, then the dialog
    QVERIFY(d.isVisible() && d.setup().search().text().isEmpty());
    QCOMPARE(d.setup().table().processes().rowCount(), 3);
    QVERIFY2(d.setup().hiddenText().startsWith(QLatin1Char('1')), qPrintable(d.setup().hiddenText()));
    d.setup().showHidden().click();
    QCOMPARE(d.setup().table().processes().rowCount(), 4);
}

void tst_RecordDialog::keysOfTheFieldWalkTheList()
{
    RecordDialog& d = open();
    const int row = d.setup().table().currentIndex().row();
    QTest::keyClick(&d.setup().search(), Qt::Key_Down);
    QCOMPARE(d.setup().table().currentIndex().row(), row + 1);
    QTest::keyClick(&d.setup().search(), Qt::Key_Up);
    QCOMPARE(d.setup().table().currentIndex().row(), row);
}

void tst_RecordDialog::whatHasEndedIsNotReplacedByItsNeighbour()
{
    RecordDialog& d = ready();
    m_processes.pop_back();
    QTRY_VERIFY(!d.setup().table().chosen());
    QVERIFY2(d.foot().contains(QStringLiteral("has ended")), qPrintable(d.foot()));
    QVERIFY(!d.mainButton().isEnabled());
    QVERIFY(!d.setup().table().currentIndex().isValid());
    QCOMPARE(d.setup().table().processes().rowCount(), 2);
}

void tst_RecordDialog::onlyWhatIsPossibleCanBeChosen()
{
    RecordDialog& d = ready();
    RecordWays& ways = d.setup().ways();
    QCOMPARE(ways.chosen()->id, std::string_view("fake"));
    QCOMPARE(ways.way(0).statusText(), QStringLiteral("Ready"));
    QVERIFY(!ways.way(2).radio().isEnabled());
    QCOMPARE(ways.way(2).statusText(), QStringLiteral("No Intel Processor Trace here"));
    QVERIFY(ways.way(2).detailText().contains(QStringLiteral("Intel CPU")));
    QTest::mouseClick(&ways.way(2), Qt::LeftButton);
    QCOMPARE(ways.chosen()->id, std::string_view("fake"));
    QTest::mouseClick(&ways.way(1), Qt::LeftButton);
    QCOMPARE(ways.chosen()->id, std::string_view("other"));
    g_permitted = false;
    QTest::keyClick(&d, Qt::Key_F5);
    QTRY_VERIFY(!ways.chosen());
    QCOMPARE(ways.way(0).statusText(), QStringLiteral("perf_event_paranoid is 3"));
    QVERIFY(ways.way(0).detailText().contains(QStringLiteral("sysctl")));
    QTRY_VERIFY(!d.mainButton().isEnabled());
    g_permitted = true;
    QTest::keyClick(&d, Qt::Key_F5);
    QTRY_VERIFY(ways.chosen());
    QCOMPARE(ways.chosen()->id, std::string_view("other")); // as wished
}

void tst_RecordDialog::optionsAreDrawnFromTheBackend()
{
    RecordDialog& d = ready();
    RecordFields* fields = d.setup().fields();
    QVERIFY(fields->values().empty()); // all at their standard
    auto* frequency = qobject_cast<QSpinBox*>(fields->field("frequency"));
    QVERIFY(frequency && frequency->minimum() == 1 && frequency->maximum() == 9999 && frequency->value() == 999);
    frequency->setValue(99);
    auto* stacks = qobject_cast<QComboBox*>(fields->field("stacks"));
    QVERIFY(stacks);
    stacks->setCurrentIndex(1);
    fields->field("kernel")->setFocus();
    QTest::keyClick(fields->field("kernel"), Qt::Key_Space);
    QVERIFY(!fields->field("debug")->isVisible());
    fields->showAdvanced(true);
    QCOMPARE(d.setup().fields(), fields);
    QVERIFY(fields->isVisible());
    QVERIFY(fields->field("debug")->isVisible());
    qobject_cast<QLineEdit*>(fields->field("debug"))->setText(QStringLiteral("/x"));
    const OptionValues expected{{"frequency", "99"}, {"stacks", "cfi"}, {"kernel", "off"}, {"debug", "/x"}};
    QCOMPARE(d.setup().fields()->values(), expected);
    QCOMPARE(d.setup().wish()->request.options, expected);
}

void tst_RecordDialog::anOptionCanMakeAWayImpossible()
{
    RecordDialog& d = ready();
    auto* only = qobject_cast<QLineEdit*>(d.setup().fields()->field("only"));
    only->setFocus();
    only->insert(QStringLiteral("x"));
    Q_EMIT only->textEdited(only->text());
    QTRY_COMPARE(d.setup().ways().way(0).statusText(), QStringLiteral("No such thread"));
}

void tst_RecordDialog::aCommandIsSplitAndGivenAFolder()
{
    RecordDialog& d = ready();
    d.setup().tabs().setCurrentIndex(RecordSetup::NewCommand);
    QVERIFY(d.setup().commandLine().hasFocus());
    QVERIFY(!d.mainButton().isEnabled());
    QTest::keyClicks(&d.setup().commandLine(), QStringLiteral("python 'my file.py' \"a b"));
    QTRY_VERIFY2(d.foot().contains(QStringLiteral("never closed")), qPrintable(d.foot()));
    QTest::keyClicks(&d.setup().commandLine(), QStringLiteral("\""));
    d.setup().workingFolder().setText(m_folder->path());
    QTRY_VERIFY(d.mainButton().isEnabled());
    const RecordTarget target = d.setup().wish()->request.target;
    QCOMPARE(target.command, (std::vector<std::string>{"python", "my file.py", "a b"}));
    QCOMPARE(QString::fromStdString(target.folder), m_folder->path());
    QVERIFY(!d.setup().ways().way(1).radio().isEnabled()); // it starts no commands
    QCOMPARE(QString::fromStdString(d.setup().wish()->request.path), path("python.fxt"));
}

void tst_RecordDialog::doneOpensTheTraceAndSaysHowItEnded()
{
    RecordDialog& d = recording();
    QCOMPARE(d.page(), RecordDialog::Page::Progress);
    QTRY_COMPARE(d.progress().figure("samples"), QStringLiteral("1,198"));
    QCOMPARE(d.progress().figure("lost"), QStringLiteral("none"));
    QCOMPARE(d.progress().figure("time"), QStringLiteral("1.2 s"));
    QCOMPARE(d.progress().figure("cpu"), QStringLiteral("99 %"));
    Q_EMIT FakeSession::current->noted(QStringLiteral("user code only\u202E"));
    QCOMPARE(d.progress().notes().size(), 1);
    QVERIFY(!d.progress().notes().front().contains(QChar(0x202E)));
    QSignalSpy loaded(m_window.get(), &MainWindow::loaded);
    press(d.mainButton());
    QVERIFY(loaded.wait());
    QVERIFY(!d.isVisible());
    QVERIFY(m_window->showsTrace());
    const QString notice = m_window->notice().text();
    QVERIFY2(notice.contains(QStringLiteral("until Stop: 1,198 samples, none lost")) && notice.contains(QStringLiteral("user code only")), qPrintable(notice));
    QVERIFY(QFileInfo::exists(path("sleep-%1.fxt").arg(m_child->processId())));
}

void tst_RecordDialog::anEndOfTheTargetIsSaid()
{
    recording();
    QSignalSpy loaded(m_window.get(), &MainWindow::loaded);
    m_child->kill();
    QVERIFY(loaded.wait());
    QVERIFY2(m_window->notice().text().contains(QStringLiteral("until the process ended")), qPrintable(m_window->notice().text()));
}

void tst_RecordDialog::failureShowsSentenceAdviceAndDetails()
{
    FakeSession::recordsAtOnce = false;
    RecordDialog& d = ready();
    press(d.mainButton());
    QCOMPARE(d.page(), RecordDialog::Page::Progress);
    Q_EMIT FakeSession::current->failed({"The recorder died.", "Install it anew.", "line 1\nline \x1b[31m2\n"}, {});
    QCOMPARE(d.page(), RecordDialog::Page::Failure);
    QCOMPARE(d.failure().sentence(), QStringLiteral("The recorder died."));
    QCOMPARE(d.failure().advice(), QStringLiteral("Install it anew."));
    d.failure().showDetails(true);
    press(d.failure().copyButton());
    const QString copied = QApplication::clipboard()->text();
    QVERIFY2(copied.contains(QStringLiteral("line 1\nline")) && !copied.contains(QChar(0x1b)), qPrintable(copied));
    press(d.mainButton()); // back
    QCOMPARE(d.page(), RecordDialog::Page::Setup);
    QTRY_VERIFY(d.mainButton().isEnabled()); // the same is still chosen
}

void tst_RecordDialog::whatWasKeptOfAFailureCanBeOpened()
{
    RecordDialog& d = recording();
    d.reject();
    writeFile(path("kept.fxt"), kinetoText({}));
    Q_EMIT FakeSession::current->failed({"The disk is full.", "", ""}, path("kept.fxt"));
    QVERIFY(d.isVisible()); // it was closed, and must be seen
    QSignalSpy loaded(m_window.get(), &MainWindow::loaded);
    Q_EMIT d.failure().openClicked();
    QVERIFY(loaded.wait());
    QVERIFY(!d.isVisible());
}

void tst_RecordDialog::cancelAsksOnceWhereMuchWouldBeLost()
{
    RecordDialog& d = recording();
    FakeSession::current->now.elapsed = std::chrono::seconds(12);
    press(d.cancelButton());
    QCOMPARE(m_window->recordings().recorder().state(), Recorder::State::Recording);
    QVERIFY2(d.foot().startsWith(QStringLiteral("12.0 s")), qPrintable(d.foot()));
    press(d.cancelButton());
    QCOMPARE(m_window->recordings().recorder().state(), Recorder::State::Cancelled);
    QCOMPARE(FakeSession::cancelled, 1);
    QCOMPARE(d.page(), RecordDialog::Page::Setup);
    press(d.mainButton());
    press(d.cancelButton()); // 1.2 s: thrown away without a question
    QCOMPARE(m_window->recordings().recorder().state(), Recorder::State::Cancelled);
}

void tst_RecordDialog::theWindowCanBeUsedWhileItRecords()
{
    RecordDialog& d = recording();
    auto* indicator = m_window->findChild<RecordIndicator*>();
    QVERIFY(indicator->isVisible());
    QCOMPARE(indicator->text(), QStringLiteral("Recording 1 s"));
    QTest::keyClick(&d, Qt::Key_Escape);
    QVERIFY(!d.isVisible());
    QCOMPARE(m_window->recordings().recorder().state(), Recorder::State::Recording);
    writeFile(path("other.json"), kinetoText({}));
    QSignalSpy loaded(m_window.get(), &MainWindow::loaded);
    m_window->load({path("other.json")});
    QVERIFY(loaded.wait());
    QTest::mouseClick(&indicator->showButton(), Qt::LeftButton);
    QVERIFY(d.isVisible());
    d.reject();
    const std::size_t windows = m_opener->windowCount();
    QTest::mouseClick(&indicator->stopButton(), Qt::LeftButton);
    QTRY_COMPARE(m_opener->windowCount(), windows + 1); // this one shows something
    QVERIFY(!indicator->isVisible());
    QPointer<MainWindow> other;
    for (QWidget* widget : QApplication::topLevelWidgets())
        if (auto* window = qobject_cast<MainWindow*>(widget); window && window != m_window.get())
            other = window;
    QVERIFY(other);
    QTRY_VERIFY(other->showsTrace());
    delete other;
}

void tst_RecordDialog::closingTheWindowWhileRecordingAsksOnceAndSaves()
{
    FakeSession::finishesAtOnce = false;
    recording();
    m_window->close();
    QVERIFY(m_window->isVisible());
    QPointer<QMessageBox> question = m_window->recordings().question();
    QVERIFY(question);
    m_window->close(); // not a second time
    QCOMPARE(m_window->recordings().question(), question.data());
    press(*qobject_cast<QPushButton*>(question->defaultButton()));
    QCOMPARE(m_window->recordings().recorder().state(), Recorder::State::Collecting);
    m_window->close();
    QVERIFY(m_window->isVisible()); // not before it is saved
    FakeSession::current->finish(RecordEnd::Stopped);
    QTRY_VERIFY(!m_window->isVisible());
    QVERIFY(QFileInfo::exists(path("sleep-%1.fxt").arg(m_child->processId())));
}

void tst_RecordDialog::goingOnRecordingKeepsTheWindow()
{
    recording();
    m_window->close();
    QTest::keyClick(m_window->recordings().question(), Qt::Key_Escape);
    QVERIFY(m_window->isVisible());
    QCOMPARE(m_window->recordings().recorder().state(), Recorder::State::Recording);
}

void tst_RecordDialog::aFileThatIsThereIsAskedAbout()
{
    RecordDialog& d = ready();
    writeFile(path("mine.fxt"), "mine");
    d.setup().saveTo().setText(path("mine.fxt"));
    press(d.mainButton());
    QVERIFY2(d.foot().contains(QStringLiteral("is there already")), qPrintable(d.foot()));
    QCOMPARE(d.page(), RecordDialog::Page::Setup);
    press(d.mainButton());
    QCOMPARE(d.page(), RecordDialog::Page::Progress);
}

void tst_RecordDialog::settingsAreRememberedAndTheProcessIsNot()
{
    RecordDialog& d = ready();
    qobject_cast<QSpinBox*>(d.setup().fields()->field("frequency"))->setValue(499);
    d.setup().setLength(RecordSettings::Length::Kind::UntilStop);
    d.setup().sizeLimit().setValue(7);
    press(d.mainButton());
    QVERIFY(!FakeSession::current->request.duration);
    QCOMPARE(FakeSession::current->request.maxBytes, std::uint64_t{7} << 20);
    m_window->recordings().recorder().cancel();
    d.reject();
    RecordDialog& again = open();
    QVERIFY(&again.setup().search() && again.setup().search().text().isEmpty());
    QTRY_VERIFY(again.setup().fields());
    QCOMPARE(qobject_cast<QSpinBox*>(again.setup().fields()->field("frequency"))->value(), 499);
    QCOMPARE(again.setup().lengthKind().currentIndex(), 1);
    QCOMPARE(again.setup().sizeLimit().value(), 7);
    QCOMPARE(again.setup().saveTo().text(), path("{name}-{pid}.fxt"));
    QVERIFY(!m_opener->settings().recording().contains(QByteArray::number(m_child->processId())));
    const RecordSettings strange = RecordSettings::fromJson("{\"length\": {\"seconds\": -4, \"kind\": 5}, \"mebibytes\": 1e9, \"options\": {\"fake\": {\"frequency\": 7}}}");
    QCOMPARE(strange.length.seconds, 30);
    QCOMPARE(strange.mebibytes, 1024);
    QCOMPARE(RecordSettings::fromJson("nonsense").length, RecordSettings().length);
}

void tst_RecordDialog::rememberedChoicesThatAreGoneAreNotAsked()
{
    m_opener->settings().setRecording(R"({"options": {"fake": {"stacks": "of an older version", "frequency": "499"}}})");
    RecordDialog& d = ready();
    QCOMPARE(d.setup().ways().chosen()->id, std::string_view("fake"));
    QCOMPARE(qobject_cast<QComboBox*>(d.setup().fields()->field("stacks"))->currentIndex(), 0);
    QCOMPARE(qobject_cast<QSpinBox*>(d.setup().fields()->field("frequency"))->value(), 499);
    press(d.mainButton());
    QVERIFY(FakeSession::current->request.options == (OptionValues{{"frequency", "499"}}));
}

void tst_RecordDialog::tabGoesFromWhatToHowToStart()
{
    RecordDialog& d = ready();
    QList<const QWidget*> order;
    for (const QWidget* w = &d.setup().search(); order.size() < 300 && !order.contains(w); w = w->nextInFocusChain())
        order << w;
    const qsizetype table = order.indexOf(&d.setup().table()), way = order.indexOf(&d.setup().ways().way(0).radio());
    const qsizetype option = order.indexOf(d.setup().fields()->field("frequency")), save = order.indexOf(&d.setup().saveTo()), button = order.indexOf(&d.mainButton());
    QVERIFY2(0 < table && table < way && way < option && option < save && save < button,
             qPrintable(QStringLiteral("%1 %2 %3 %4 %5").arg(table).arg(way).arg(option).arg(save).arg(button)));
    for (const QWidget* w : {static_cast<const QWidget*>(&d.setup().search()), static_cast<const QWidget*>(&d.setup().table()), static_cast<const QWidget*>(&d.setup().saveTo())})
        QVERIFY(!w->accessibleName().isEmpty());
}

void tst_RecordDialog::itFitsASmallScreen()
{
    RecordDialog& d = ready();
    QVERIFY2(d.minimumSizeHint().height() <= 590 && d.minimumSizeHint().width() <= 1080, qPrintable(QStringLiteral("%1 x %2").arg(d.minimumSizeHint().width()).arg(d.minimumSizeHint().height())));
}

void tst_RecordDialog::aRealProcessIsRecorded()
{
    const RecorderBackend* samples = findBackend("samples");
    QVERIFY(samples);
    QProcess busy;
    busy.start(QStringLiteral("sh"), {QStringLiteral("-c"), QStringLiteral("while :; do :; done")});
    QVERIFY(busy.waitForStarted());
    const auto pid = static_cast<pid_t>(busy.processId());
    if (samples->check({.pid = pid}, {}).state != Readiness::State::Ready) {
        busy.kill();
        busy.waitForFinished();
        QSKIP("skipped: this system does not let us record");
    }
    ProcessScanner scanner;
    m_window->recordings().setBackends(recorderBackends());
    m_window->recordings().setScan([&scanner] { return scanner.scan(); });
    m_window->record();
    RecordDialog& d = *m_window->recordings().dialog();
    d.setup().choosePid(pid);
    d.setup().setWay("samples");
    d.setup().saveTo().setText(path("real.fxt"));
    d.setup().lengthNumber().setValue(1);
    QTRY_VERIFY_WITH_TIMEOUT(d.setup().table().chosen() && d.setup().table().chosen()->info.pid == pid && d.mainButton().isEnabled(), 20'000);
    QSignalSpy loaded(m_window.get(), &MainWindow::loaded);
    press(d.mainButton());
    const bool opened = loaded.wait(30'000);
    busy.kill();
    busy.waitForFinished();
    QVERIFY2(opened, qPrintable(d.failure().sentence()));
    QVERIFY(m_window->document().trace()->slices().size() > 0);
    QVERIFY2(m_window->notice().text().contains(QStringLiteral("until the time was up")), qPrintable(m_window->notice().text()));
}

QTEST_MAIN(tst_RecordDialog)
#include "tst_RecordDialog.moc"
