#include <QTest>

#include "tests/support/MadeTorch.h"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>

using namespace opscope;
using namespace opscope::test;

namespace {

/// The file that a mapping of this process is of.
std::string ownLibrary(std::string_view name)
{
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);)
        if (const std::size_t path = line.find('/'); path != line.npos && line.find(name) != line.npos) return line.substr(path);
    return {};
}

} // namespace

/// One process, as a look at it finds it.
class tst_TorchProcess : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aTrainingProcessIsSeen();
    void aProgramInCppIsSeen();
    void theVersionFileIsTheOneThatTheProcessSees();
    void ranksAndJobsAreOfTheFirstEnvironment();
    void remoteDebuggingMayBeDisabled_data();
    void remoteDebuggingMayBeDisabled();
    void gpusAreSeenByLibraryAndDevice();
    void kinetoIsLookedForInTheLibrary();
    void theHelperIsAnnouncedByAFileThatOnlyItsUserCanMake();
    void namespacesOfItsOwnAreTold();
};

void tst_TorchProcess::aTrainingProcessIsSeen()
{
    MadeProc proc;
    proc.file("/site/torch/version.py", kVersionPy);
    proc.add(100, trainer());
    const auto found = torch::torchProcess(100, proc.root);
    QVERIFY(found);
    QCOMPARE(found->pid, 100);
    QCOMPARE(found->startTicks, 100u);
    QVERIFY(found->python && !found->freeThreaded && found->cudaBuild && found->kinetoBuild);
    QCOMPARE(found->pythonMajor, 3);
    QCOMPARE(found->pythonMinor, 11);
    QCOMPARE(found->torchVersion, std::string("2.13.0+cu126"));
    QVERIFY(!found->gpuInUse && found->gpus.empty() && !found->rank && !found->worldSize && found->job.empty() && !found->worker && !found->daemonAsked);
    QVERIFY(found->kinetoClient.empty() && found->helperControl.empty() && !found->remoteDebugDisabled && !found->otherNamespace);
}

void tst_TorchProcess::aProgramInCppIsSeen()
{
    MadeProc proc;
    proc.file("/opt/libtorch/build-version", "2.4.1+cpu\n");
    proc.add(100, {.name = "serve", .program = "/opt/serve", .maps = mapLine("/opt/serve") + mapLine("/opt/libtorch/lib/libtorch_cpu.so")});
    auto found = torch::torchProcess(100, proc.root);
    QVERIFY(found && !found->python);
    QCOMPARE(found->pythonMajor, 0);
    QCOMPARE(found->torchVersion, std::string("2.4.1+cpu"));
    QCOMPARE(torch::torchLabel(*found), std::string("libtorch 2.4.1, a C++ program"));
    proc.add(101, {.maps = mapLine("/usr/lib/x86_64-linux-gnu/libtorch_cpu.so.1.13")}); // a distribution's
    found = torch::torchProcess(101, proc.root);
    QCOMPARE(found->torchVersion, std::string("1.13"));
}

void tst_TorchProcess::theVersionFileIsTheOneThatTheProcessSees()
{
    MadeProc proc;
    const std::string outside = proc.dir.path().toStdString() + "/secret";
    writeFile(outside, "__version__ = '6.6.6'\n");
    std::filesystem::create_symlink(outside, proc.files + "/site/torch/version.py"); // means a file of the process's root, where none is
    proc.add(100, trainer());
    QCOMPARE(torch::torchProcess(100, proc.root)->torchVersion, std::string());
    std::filesystem::remove(proc.files + "/site/torch/version.py");
    std::filesystem::create_symlink("../../../../../../../.." + outside, proc.files + "/site/torch/version.py");
    QCOMPARE(torch::torchProcess(100, proc.root)->torchVersion, std::string());
    std::filesystem::remove(proc.files + "/site/torch/version.py");
    QCOMPARE(::mkfifo((proc.files + "/site/torch/version.py").c_str(), 0600), 0); // would block whoever opens it
    QCOMPARE(torch::torchProcess(100, proc.root)->torchVersion, std::string());
}

void tst_TorchProcess::ranksAndJobsAreOfTheFirstEnvironment()
{
    MadeProc proc;
    MadeProc::Process process = trainer();
    process.environment = words({"HOME=/root", "RANK=1", "LOCAL_RANK=1", "WORLD_SIZE=4", "RANK=7", "SLURM_JOB_ID=4711", "TORCHELASTIC_RUN_ID=abc", "KINETO_USE_DAEMON=0",
                                 "KINETO_IPC_SOCKET_DIR=/run/kineto", "XRANK=9"});
    proc.add(100, process);
    auto found = torch::torchProcess(100, proc.root);
    QCOMPARE(found->rank, std::optional(1));
    QCOMPARE(found->localRank, std::optional(1));
    QCOMPARE(found->worldSize, std::optional(4));
    QCOMPARE(found->job, std::string("4711"));
    QVERIFY(found->daemonAsked); // Kineto only looks whether it is there
    QCOMPARE(found->kinetoSocketFolder, std::string("/run/kineto"));
    QCOMPARE(torch::torchLabel(*found), std::string("PyTorch, Python 3.11, rank 1 of 4"));
    process.environment = words({"TORCHELASTIC_RUN_ID=abc", "RANK=-1", "WORLD_SIZE=four", "LOCAL_RANK=99999999999"});
    proc.add(100, process);
    found = torch::torchProcess(100, proc.root);
    QCOMPARE(found->job, std::string("abc"));
    QVERIFY(!found->rank && !found->worldSize && !found->localRank);
    process.environment = words({"TORCHELASTIC_RUN_ID=none"});
    proc.add(100, process);
    QCOMPARE(torch::torchProcess(100, proc.root)->job, std::string());
}

void tst_TorchProcess::remoteDebuggingMayBeDisabled_data()
{
    QTest::addColumn<QByteArray>("command");
    QTest::addColumn<QByteArray>("environment");
    QTest::addColumn<bool>("disabled");
    const auto row = [](const char* name, const std::string& command, const std::string& environment, bool disabled) {
        QTest::newRow(name) << QByteArray::fromStdString(command) << QByteArray::fromStdString(environment) << disabled;
    };
    row("plain", words({"python3", "train.py"}), {}, false);
    row("two words", words({"python3", "-u", "-X", "disable-remote-debug", "train.py"}), {}, true);
    row("one word", words({"python3", "-Xdisable-remote-debug", "train.py"}), {}, true);
    row("behind a value", words({"python3", "-W", "ignore", "-X", "dev", "-X", "disable-remote-debug", "-m", "x"}), {}, true);
    row("of the script", words({"python3", "train.py", "-X", "disable-remote-debug"}), {}, false);
    row("of a module", words({"python3", "-m", "train", "-X", "disable-remote-debug"}), {}, false);
    row("a value of another", words({"python3", "-W", "-Xdisable-remote-debug", "train.py"}), {}, false);
    row("environment", words({"python3", "train.py"}), words({"PYTHON_DISABLE_REMOTE_DEBUG=1"}), true);
    row("empty environment", words({"python3", "train.py"}), words({"PYTHON_DISABLE_REMOTE_DEBUG="}), false);
    row("cut off", words({"python3", "-X"}), {}, false);
}

void tst_TorchProcess::remoteDebuggingMayBeDisabled()
{
    QFETCH(QByteArray, command);
    QFETCH(QByteArray, environment);
    MadeProc proc;
    MadeProc::Process process = trainer();
    process.command = command.toStdString();
    process.environment = environment.toStdString();
    proc.add(100, process);
    QTEST(torch::torchProcess(100, proc.root)->remoteDebugDisabled, "disabled");
}

void tst_TorchProcess::gpusAreSeenByLibraryAndDevice()
{
    MadeProc proc;
    proc.add(100, trainer(mapLine("/usr/lib/libcuda.so.550.54.15")));
    auto found = torch::torchProcess(100, proc.root);
    QVERIFY(found->gpuInUse && found->gpus.empty());
    QCOMPARE(torch::torchLabel(*found), std::string("PyTorch, Python 3.11, GPU"));
    proc.add(101, trainer(mapLine("/site/torch/lib/libtorch_cuda.so")));
    found = torch::torchProcess(101, proc.root);
    QVERIFY(!found->gpuInUse && found->cudaBuild);
    int fd = 3;
    for (const char* device : {"/dev/nvidia3", "/dev/nvidiactl", "/dev/nvidia0", "/dev/nvidia-uvm", "/dev/nvidia0", "/dev/nvidia-caps/nvidia-cap1"}) proc.open(101, fd++, device);
    found = torch::torchProcess(101, proc.root);
    QVERIFY(found->gpuInUse);
    QCOMPARE(found->gpus, (std::vector<int>{0, 3}));
    QCOMPARE(torch::torchLabel(*found), std::string("PyTorch, Python 3.11, GPU 0+3"));
    proc.add(102, trainer());
    proc.open(102, 3, "/dev/kfd");
    QVERIFY(torch::torchProcess(102, proc.root)->gpuInUse);
    proc.add(103, trainer());
    proc.open(103, 3, "/home/me/dev/nvidia0");
    QVERIFY(!torch::torchProcess(103, proc.root)->gpuInUse);
}

void tst_TorchProcess::kinetoIsLookedForInTheLibrary()
{
    const std::string library = "/site/torch/lib/libtorch_cpu.so";
    const std::string libc = ownLibrary("libc.so"), own = "/proc/self/exe"; // this test holds what Kineto prints, in what it looks for
    QVERIFY(!libc.empty());
    MadeProc proc;
    proc.add(100, trainer());
    QVERIFY(torch::torchProcess(100, proc.root)->kinetoBuild); // no such file: not known
    proc.file(library, "no library at all");
    QVERIFY(torch::torchProcess(100, proc.root)->kinetoBuild);
    std::filesystem::remove(proc.files + library);
    proc.file(library, readFile(libc));
    QVERIFY(!torch::torchProcess(100, proc.root)->kinetoBuild);
    std::filesystem::remove(proc.files + library);
    proc.file(library, readFile(own));
    QVERIFY(torch::torchProcess(100, proc.root)->kinetoBuild);
    const std::string whole = readFile(own);
    for (const std::size_t part : {2u, 3u, 50u}) { // cut short: not known, and nothing worse
        std::filesystem::remove(proc.files + library);
        proc.file(library, std::string_view(whole).substr(0, whole.size() / part));
        QVERIFY(torch::torchProcess(100, proc.root)->kinetoBuild);
    }
}

void tst_TorchProcess::theHelperIsAnnouncedByAFileThatOnlyItsUserCanMake()
{
    MadeProc proc;
    MadeProc::Process process = trainer();
    process.inner = "7"; // as in a container
    proc.add(100, process);
    const std::string folder = "/tmp/opscope-" + std::to_string(::geteuid()), inside = folder + "/7.control";
    const std::string place = proc.files + folder, control = proc.files + inside, seen = proc.folderOf(100) + "/root" + inside;
    const auto announced = [&] { return torch::torchProcess(100, proc.root)->helperControl; };
    QCOMPARE(announced(), std::string());
    proc.file(inside, "");
    ::chmod(place.c_str(), 0700);
    ::chmod(control.c_str(), 0600);
    QCOMPARE(announced(), seen);
    ::chmod(place.c_str(), 0755);
    QCOMPARE(announced(), std::string());
    ::chmod(place.c_str(), 0700);
    ::chmod(control.c_str(), 0620);
    QCOMPARE(announced(), std::string());
    ::chmod(control.c_str(), 0600);
    QCOMPARE(announced(), seen);
    std::filesystem::rename(control, control + "-x");
    std::filesystem::create_symlink(control + "-x", control);
    QCOMPARE(announced(), std::string());
    std::filesystem::remove(control);
    QCOMPARE(::mkfifo(control.c_str(), 0600), 0);
    QCOMPARE(announced(), std::string());
    std::filesystem::remove(control);
    std::filesystem::rename(control + "-x", control);
    std::filesystem::rename(place, proc.files + "/tmp/other");
    std::filesystem::create_directory_symlink(proc.files + "/tmp/other", place);
    QCOMPARE(announced(), std::string());
    std::filesystem::remove(place);
    std::filesystem::rename(proc.files + "/tmp/other", place);
    QCOMPARE(announced(), seen);
    writeFile(control, R"({"version": 1, "pid": 7, "start_ticks": 100})");
    QCOMPARE(announced(), seen);
    writeFile(control, R"({"version": 1, "pid": 7, "start_ticks": 99})"); // of a process that was killed, and had the same number
    QCOMPARE(announced(), std::string());
    writeFile(control, std::string(100'000, '['));
    QCOMPARE(announced(), seen);
    process.user = ::geteuid() + 1; // another user's process has a folder of its own
    proc.add(100, process);
    QCOMPARE(announced(), std::string());
}

void tst_TorchProcess::namespacesOfItsOwnAreTold()
{
    MadeProc proc;
    MadeProc::Process process = trainer();
    process.network = "net:[2]";
    proc.add(100, process);
    QVERIFY(torch::torchProcess(100, proc.root)->otherNamespace);
    process.network = "net:[1]";
    process.mounts = "mnt:[2]";
    proc.add(100, process);
    QVERIFY(torch::torchProcess(100, proc.root)->otherNamespace);
}

QTEST_GUILESS_MAIN(tst_TorchProcess)
#include "tst_TorchProcess.moc"
