#include <QTemporaryDir>
#include <QTest>

#include "core/record/daemon/DaemonBackend.h"
#include "core/record/inject/InjectBackend.h"
#include "core/record/torch/TorchProcess.h"
#include "tests/support/LiveTorch.h"
#include "tests/support/Recorded.h"

#include <csignal>
#include <filesystem>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

using namespace opscope;
using namespace opscope::test;
using State = Recorder::State;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr int kLong = Recorded::kLong;

/// A command in front of one that gives it a /tmp of its own.
QStringList withOwnTmp(const QString& options, QStringList unshare = {})
{
    const fs::path python = LiveTorch::python().toStdString();
    const std::string home = python.parent_path().parent_path(); // of the virtual environment
    unshare.prepend(QStringLiteral("unshare"));
    return unshare + QStringList{QStringLiteral("-m"), QStringLiteral(OPSCOPE_TEST_DATA "/../live/own_tmp.sh"), options, QString::fromStdString(home)};
}

const QStringList kAsNobody{QStringLiteral("setpriv"), QStringLiteral("--reuid=65534"), QStringLiteral("--regid=65534"), QStringLiteral("--clear-groups")};

/// A socket folder for Kineto that everybody sees and may write to; its processes ask each second.
class Sockets
{
public:
    Sockets() : m_folder(QStringLiteral("/var/tmp/opscope-XXXXXX"))
    {
        fs::permissions(m_folder.path().toStdString(), fs::perms::all);
        writeFile(m_folder.filePath(QStringLiteral("kineto.conf")).toStdString(), "ON_DEMAND_CONFIG_UPDATE_INTERVAL_SECS=1\n");
    }
    std::vector<std::pair<QString, QString>> environment() const
    {
        return {{QStringLiteral("KINETO_USE_DAEMON"), QStringLiteral("1")}, {QStringLiteral("KINETO_IPC_SOCKET_DIR"), m_folder.path()},
                {QStringLiteral("KINETO_CONFIG"), m_folder.filePath(QStringLiteral("kineto.conf"))}};
    }

private:
    QTemporaryDir m_folder;
};

/// A small disk of ours, gone with this.
class Disk
{
public:
    Disk(const std::string& folder, const char* options) : m_folder(folder)
    {
        fs::create_directory(folder);
        m_mounted = ::mount("tmpfs", folder.c_str(), "tmpfs", 0, options) == 0;
    }
    ~Disk()
    {
        if (m_mounted) ::umount2(m_folder.c_str(), MNT_DETACH);
    }
    bool mounted() const { return m_mounted; }
    /// Leaves so many bytes.
    void fill(std::uint64_t left) const
    {
        struct statvfs about = {};
        if (::statvfs(m_folder.c_str(), &about) != 0) return;
        const std::uint64_t room = about.f_bavail * about.f_frsize;
        if (room > left) writeFile(m_folder + "/other", std::string(room - left, 'x'));
    }

private:
    std::string m_folder;
    bool m_mounted = false;
};

} // namespace

/// Where a process lives: full disks, other users, containers. All of it is made by root only.
class tst_Surroundings : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void init();
    void anotherUsersProcessIsRecordedByRoot_data() { ways(); }
    void anotherUsersProcessIsRecordedByRoot();
    void aContainerIsRecordedThroughItsRoot_data() { ways(); }
    void aContainerIsRecordedThroughItsRoot();
    void aContainerWithANetworkOfItsOwnIsNotAskedThroughTheDaemon();
    void aFullTmpIsRefusedBeforeAnythingIsDelivered();
    void aTmpThatFillsUpEndsTheRecording();
    void aTmpThatIsTooSmallIsTold();
    void aFullDestinationKeepsWhatWasRecorded();

private:
    static void ways();
    const RecorderBackend& backend(const QString& way) { return made = way == QStringLiteral("daemon") ? daemonBackend() : injectBackend(); }
    static State record(Recorded& recorded, const RecordRequest& request);

    std::unique_ptr<QTemporaryDir> place;
    RecordRequest request;
    RecorderBackend made;
};

void tst_Surroundings::initTestCase()
{
    NEEDS_TORCH();
    if (::geteuid() != 0) QSKIP("skipped: needs root, to mount disks and to be others");
    qputenv("OPSCOPE_INJECT", OPSCOPE_BIN "/opscope-inject");
    QProcess both; // what a process of the tests needs
    both.start(QStringLiteral("unshare"), {QStringLiteral("-m"), QStringLiteral("mount"), QStringLiteral("-t"), QStringLiteral("tmpfs"), QStringLiteral("tmpfs"), QStringLiteral("/tmp")});
    if (!both.waitForFinished(60'000) || both.exitCode() != 0) QSKIP("skipped: no right to mount here");
}

void tst_Surroundings::init()
{
    place = std::make_unique<QTemporaryDir>();
    request = {};
    request.path = place->filePath(QStringLiteral("run")).toStdString();
    request.duration = 300ms;
}

void tst_Surroundings::ways()
{
    QTest::addColumn<QString>("way");
    for (const char* way : {"inject", "daemon"}) QTest::newRow(way) << way;
}

State tst_Surroundings::record(Recorded& recorded, const RecordRequest& asked)
{
    recorded.start(asked);
    [&] { QTRY_VERIFY_WITH_TIMEOUT(recorded.over(), kLong); }();
    return recorded.recorder.state();
}

void tst_Surroundings::anotherUsersProcessIsRecordedByRoot()
{
    QFETCH(QString, way);
    const Sockets sockets;
    LiveTorch program({.environment = sockets.environment(), .under = kAsNobody});
    if (!program.isReady()) QSKIP("skipped: nobody may not use the Python of the tests");
    request.target.pid = program.pid();
    if (way == QStringLiteral("inject")) request.options = {{"et", "on"}};
    Recorded recorded(backend(way));
    QVERIFY2(record(recorded, request) == State::Done, recorded.why());
    if (way == QStringLiteral("inject")) QVERIFY2(recorded.complaint().empty(), recorded.complaint().c_str());
    QVERIFY(!recorded.traces().empty());
    for (const auto& file : fs::recursive_directory_iterator(request.path)) {
        struct stat about = {};
        QVERIFY(::stat(file.path().c_str(), &about) == 0 && about.st_uid == 0); // it is ours now
    }
    QVERIFY(traceFacts(*recorded.load()).cpuOpsWithShapes > 0);
    QCOMPARE(program.end(), 0);
}

void tst_Surroundings::aContainerIsRecordedThroughItsRoot()
{
    QFETCH(QString, way);
    const std::vector<std::pair<QString, QString>> asks{{QStringLiteral("KINETO_USE_DAEMON"), QStringLiteral("1")}};
    LiveTorch program({.environment = asks, .under = withOwnTmp(QStringLiteral("size=500M,mode=1777"), {QStringLiteral("-p"), QStringLiteral("-f"), QStringLiteral("--mount-proc")})});
    QVERIFY(program.isReady());
    request.target.pid = program.childPid();
    const auto seen = torch::torchProcess(request.target.pid);
    QVERIFY(seen && seen->otherNamespace);
    if (way == QStringLiteral("inject")) request.options = {{"et", "on"}};
    Recorded recorded(backend(way));
    record(recorded, request);
    if (recorded.says("Another Kineto daemon is running")) QSKIP("skipped: somebody else plays the daemon here");
    QVERIFY2(recorded.is(State::Done), recorded.why());
    if (way == QStringLiteral("inject")) QVERIFY2(recorded.complaint().empty(), recorded.complaint().c_str());
    const TracePtr trace = recorded.load();
    QVERIFY(trace && traceFacts(*trace).cpuOpsWithShapes > 0);
    QVERIFY(fs::is_empty("/proc/" + std::to_string(request.target.pid) + "/root/tmp/opscope-0"));
    QCOMPARE(program.end(), 0);
}

void tst_Surroundings::aContainerWithANetworkOfItsOwnIsNotAskedThroughTheDaemon()
{
    LiveTorch program({.environment = {{QStringLiteral("KINETO_USE_DAEMON"), QStringLiteral("1")}}, .under = withOwnTmp(QStringLiteral("size=500M,mode=1777"), {QStringLiteral("-n")})});
    QVERIFY(program.isReady());
    request.target.pid = program.pid();
    Recorded recorded(backend(QStringLiteral("daemon")));
    QVERIFY2(record(recorded, request) == State::Failed, recorded.why());
    QVERIFY2(recorded.says("In another network namespace"), recorded.why());
    QCOMPARE(program.end(), 0);
}

void tst_Surroundings::aFullTmpIsRefusedBeforeAnythingIsDelivered()
{
    LiveTorch program({.under = withOwnTmp(QStringLiteral("size=32k,mode=1777"))});
    QVERIFY(program.isReady());
    request.target.pid = program.pid();
    Recorded recorded(backend(QStringLiteral("inject")));
    QVERIFY2(record(recorded, request) == State::Failed, recorded.why());
    QVERIFY2(recorded.recorder.failure().message.ends_with(" cannot be written: No space left on device."), recorded.why());
    QVERIFY2(recorded.says("a private folder in /tmp, which has to have room"), recorded.why());
    QVERIFY(!fs::exists(request.path));
    QCOMPARE(program.end(), 0);
}

void tst_Surroundings::aTmpThatFillsUpEndsTheRecording()
{
    LiveTorch program({.under = withOwnTmp(QStringLiteral("size=14M,mode=1777"))});
    QVERIFY(program.isReady());
    request.target.pid = program.pid();
    request.duration.reset();
    request.options = {{"et", "on"}, {"ops", "off"}, {"kernels", "off"}};
    Recorded recorded(backend(QStringLiteral("inject")));
    QVERIFY2(record(recorded, request) == State::Done, recorded.why());
    QCOMPARE(recorded.recorder.end(), RecordEnd::DiskFull);
    QVERIFY2(recorded.says("The disk of /tmp is nearly full: the recording ends here."), recorded.why());
    const TracePtr trace = recorded.load();
    QVERIFY(trace && trace->executionTrace() && trace->executionTrace()->nodes().size() > 1000);
    QCOMPARE(program.end(), 0);
}

/// Smaller than what is left free for the end: nothing is whole, and even that has to be told through the full disk.
void tst_Surroundings::aTmpThatIsTooSmallIsTold()
{
    LiveTorch program({.under = withOwnTmp(QStringLiteral("size=1M,mode=1777"))});
    QVERIFY(program.isReady());
    request.target.pid = program.pid();
    request.steps = 1000; // some megabytes
    request.options = {{"et", "on"}};
    Recorded recorded(backend(QStringLiteral("inject")));
    QVERIFY2(record(recorded, request) == State::Done, recorded.why());
    QVERIFY2(recorded.says("could not write the recording: the disk of its /tmp is full."), recorded.why());
    const TracePtr trace = recorded.load(); // what fitted
    QVERIFY(trace && trace->executionTrace() && trace->executionTrace()->nodes().size() > 100);
    QCOMPARE(program.end(), 0);
}

void tst_Surroundings::aFullDestinationKeepsWhatWasRecorded()
{
    const std::string folder = place->filePath(QStringLiteral("disk")).toStdString();
    const Disk disk(folder, "size=20M");
    QVERIFY(disk.mounted());
    LiveTorch program;
    QVERIFY(program.isReady());
    request.target.pid = program.pid();
    request.path = folder + "/run";
    request.duration.reset();
    request.options = {{"et", "on"}};
    Recorded recorded(backend(QStringLiteral("inject")));
    recorded.start(request);
    QTRY_VERIFY_WITH_TIMEOUT(recorded.over() || recorded.recorder.status().bytes > 8 << 20, kLong);
    disk.fill(5 << 20); // more than a recording needs to go on, less than this one is
    recorded.recorder.stop();
    QTRY_VERIFY_WITH_TIMEOUT(recorded.over(), kLong);
    QVERIFY2(recorded.is(State::Failed), recorded.why());
    QVERIFY2(recorded.says("the disk is full"), recorded.why());
    const std::string kept = recorded.recorder.path().toStdString();
    QVERIFY2(fs::is_directory(kept) && recorded.recorder.failure().advice.find(kept) != std::string::npos, recorded.why());
    QVERIFY2(recorded.complaint().empty(), recorded.complaint().c_str()); // whole
    fs::remove_all(kept);
    QVERIFY(!fs::exists(request.path));
    QCOMPARE(program.end(), 0);
}

QTEST_GUILESS_MAIN(tst_Surroundings)
#include "tst_Surroundings.moc"
