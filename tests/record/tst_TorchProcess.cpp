#include <QElapsedTimer>
#include <QProcess>
#include <QTest>

#include "core/record/torch/TorchFacts.h"
#include "core/record/torch/TorchProcess.h"
#include "tests/support/MadeProc.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <sys/stat.h>

using namespace opscope;
using namespace opscope::test;
using torch::TorchProcess;

namespace {

constexpr const char* kUuid = "fb097f3c-9699-4045-b733-02d4f0af5d86";
const std::string kVersionPy = "from typing import Optional\n\n__all__ = ['__version__', 'debug']\n__version__ = '2.13.0+cu126'\ndebug = False\n"
                               "cuda: Optional[str] = '12.6'\ngit_version = 'cf30153c'\nhip: Optional[str] = None\n";

/// As python3.11 with a wheel in /site.
std::string torchMapped(const std::string& more = {})
{
    return mapLine("/usr/bin/python3.11") + mapLine("/site/torch/lib/libtorch_cpu.so") + mapLine("/site/torch/lib/libtorch_python.so") + more;
}

MadeProc::Process trainer(const std::string& more = {}) { return {.maps = torchMapped(more)}; }

/// The file that a mapping of this process is of.
std::string ownLibrary(std::string_view name)
{
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);)
        if (const std::size_t path = line.find('/'); path != line.npos && line.find(name) != line.npos) return line.substr(path);
    return {};
}

std::vector<TorchProcess> scanned(torch::TorchScanner& scanner, const MadeProc& proc) { return scanner.scan(ProcessScanner(proc.root).scan()); }

std::string pids(const std::vector<TorchProcess>& all)
{
    std::string text;
    for (const TorchProcess& one : all) text += (text.empty() ? "" : " ") + std::to_string(one.pid) + (one.worker ? "w" + std::to_string(one.parent) : "");
    return text;
}

} // namespace

class TstTorchProcess : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void pythonIsKnownByItsNames_data();
    void pythonIsKnownByItsNames();
    void processesWithoutTorchAreNone_data();
    void processesWithoutTorchAreNone();
    void aTrainingProcessIsSeen();
    void aProgramInCppIsSeen();
    void versionsAreReadAsText_data();
    void versionsAreReadAsText();
    void theVersionFileIsTheOneThatTheProcessSees();
    void ranksAndJobsAreOfTheFirstEnvironment();
    void theEnvironmentMayHoldAnything();
    void remoteDebuggingMayBeDisabled_data();
    void remoteDebuggingMayBeDisabled();
    void gpusAreSeenByLibraryAndDevice();
    void kinetoIsLookedForInTheLibrary();
    void clientsOfKinetoHaveTheirSocket();
    void workersAreToldFromRanks();
    void theHelperIsAnnouncedByAFileThatOnlyItsUserCanMake();
    void namespacesOfItsOwnAreTold();
    void theLabelIsOneLine();
    void theScannerSaysTheSameAsALook();
    void whatIsLoadedLaterIsSeen();
    void whatIsSlowIsReadOnce();
    void twoThousandProcessesAreScanned();
    void aLiveProcessWithItsWorkers();
};

void TstTorchProcess::pythonIsKnownByItsNames_data()
{
    QTest::addColumn<QByteArray>("path");
    QTest::addColumn<QByteArray>("version");
    QTest::newRow("library") << QByteArray("/usr/lib/x86_64-linux-gnu/libpython3.12.so.1.0") << QByteArray("3.12");
    QTest::newRow("free-threaded library") << QByteArray("/opt/libpython3.13t.so.1.0") << QByteArray("3.13t");
    QTest::newRow("program") << QByteArray("/usr/bin/python3.8") << QByteArray("3.8");
    QTest::newRow("free-threaded program") << QByteArray("/usr/bin/python3.14t") << QByteArray("3.14t");
    QTest::newRow("a program that was replaced") << QByteArray("/usr/bin/python3.12 (deleted)") << QByteArray("3.12");
    QTest::newRow("extension") << QByteArray("/x/torch/_C.cpython-310-x86_64-linux-gnu.so") << QByteArray("3.10");
    QTest::newRow("free-threaded extension") << QByteArray("/x/_C.cpython-313t-x86_64-linux-gnu.so") << QByteArray("3.13t");
    QTest::newRow("folder") << QByteArray("/opt/conda/lib/python3.9/site-packages/torch/lib/libtorch_python.so") << QByteArray("3.9");
    QTest::newRow("Debian's folder") << QByteArray("/usr/lib/python3/dist-packages/torch/lib/libtorch_python.so") << QByteArray("");
    QTest::newRow("a link") << QByteArray("/usr/bin/python3") << QByteArray("");
    QTest::newRow("nonsense") << QByteArray("/usr/bin/python3.99999999999999999999") << QByteArray("");
    QTest::newRow("another library") << QByteArray("/lib/libpythonic.so.3.2") << QByteArray("");
    QTest::newRow("nothing") << QByteArray("") << QByteArray("");
}

void TstTorchProcess::pythonIsKnownByItsNames()
{
    QFETCH(QByteArray, path);
    const torch::PythonVersion found = torch::pythonVersionIn(path.toStdString());
    const std::string text = found ? std::to_string(found.major) + "." + std::to_string(found.minor) + (found.freeThreaded ? "t" : "") : "";
    QTEST(QByteArray::fromStdString(text), "version");
}

void TstTorchProcess::processesWithoutTorchAreNone_data()
{
    QTest::addColumn<QByteArray>("maps");
    QTest::newRow("python") << QByteArray("00400000-00600000 r-xp 00000000 00:00 0 /usr/bin/python3.11\n");
    QTest::newRow("nothing") << QByteArray();
    QTest::newRow("a folder of that name") << QByteArray::fromStdString(mapLine("/home/me/libtorch_cpu.so/readme"));
    QTest::newRow("another library of torch's") << QByteArray::fromStdString(mapLine("/x/libtorch_global_deps.so"));
    QTest::newRow("anonymous memory of that name") << QByteArray("7f00-7f10 rw-p 00000000 00:00 0 [anon:/libtorch_cpu.so]\n");
    QTest::newRow("nonsense") << QByteArray("\0/libtorch_ - - \n\n/libtorch_cpu.so", 34);
}

void TstTorchProcess::processesWithoutTorchAreNone()
{
    QFETCH(QByteArray, maps);
    MadeProc proc;
    proc.add(100, {.maps = maps.toStdString()});
    QVERIFY(!torch::torchProcess(100, proc.root));
    proc.add(101, {.readable = false});
    QVERIFY(!torch::torchProcess(101, proc.root));
    QVERIFY(!torch::torchProcess(102, proc.root));
    torch::TorchScanner scanner(proc.root);
    QCOMPARE(pids(scanned(scanner, proc)), std::string());
}

void TstTorchProcess::aTrainingProcessIsSeen()
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

void TstTorchProcess::aProgramInCppIsSeen()
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

void TstTorchProcess::versionsAreReadAsText_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("version");
    QTest::addColumn<bool>("gpu");
    QTest::newRow("a wheel for CUDA") << QByteArray::fromStdString(kVersionPy) << QByteArray("2.13.0+cu126") << true;
    QTest::newRow("1.13") << QByteArray("__version__ = '1.13.1'\ndebug = False\ncuda = None\nhip = None\n") << QByteArray("1.13.1") << false;
    QTest::newRow("ROCm") << QByteArray("__version__ = '2.5.1+rocm6.2'\ncuda: Optional[str] = None\nhip: Optional[str] = '6.2.41133'\n") << QByteArray("2.5.1+rocm6.2") << true;
    QTest::newRow("double quotes, no blanks") << QByteArray("__version__=\"2.0.0a0+gitdeadbee\"\r\ncuda=\"\"\r\n") << QByteArray("2.0.0a0+gitdeadbee") << false;
    QTest::newRow("not closed") << QByteArray("__version__ = '2.1.0") << QByteArray("2.1.0") << false;
    QTest::newRow("code") << QByteArray("__version__ = open('x').read()\n") << QByteArray() << false;
    QTest::newRow("control characters") << QByteArray("__version__ = '2.1\x1b[31m'\n") << QByteArray("2.1") << false;
    QTest::newRow("endless") << QByteArray("__version__ = '" + QByteArray(100'000, '1')) << QByteArray(64, '1') << false;
    QTest::newRow("nothing") << QByteArray() << QByteArray() << false;
}

void TstTorchProcess::versionsAreReadAsText()
{
    QFETCH(QByteArray, text);
    const torch::TorchVersion found = torch::torchVersionIn(text.toStdString());
    QTEST(QByteArray::fromStdString(found.version), "version");
    QTEST(found.gpuBuild, "gpu");
}

void TstTorchProcess::theVersionFileIsTheOneThatTheProcessSees()
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

void TstTorchProcess::ranksAndJobsAreOfTheFirstEnvironment()
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

void TstTorchProcess::theEnvironmentMayHoldAnything()
{
    const torch::TorchEnvironment found =
        torch::torchEnvironment(std::string_view("\0\0=\0RANK\0RANK=\0SLURM_JOB_ID=\x1b[2J\xff\0KINETO_IPC_SOCKET_DIR=/a\nb\0", 63));
    QVERIFY(!found.rank);
    QVERIFY(!found.job.empty());
    QVERIFY(std::ranges::none_of(found.job, [](char c) { return static_cast<unsigned char>(c) < 0x20; }));
    QCOMPARE(found.socketFolder, std::string());
    QCOMPARE(torch::torchEnvironment("SLURM_JOB_ID=" + std::string(10'000, 'x')).job.size(), std::size_t{256});
    QCOMPARE(torch::torchEnvironment("KINETO_IPC_SOCKET_DIR=/" + std::string(10'000, 'x')).socketFolder, std::string());
}

void TstTorchProcess::remoteDebuggingMayBeDisabled_data()
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

void TstTorchProcess::remoteDebuggingMayBeDisabled()
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

void TstTorchProcess::gpusAreSeenByLibraryAndDevice()
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

void TstTorchProcess::kinetoIsLookedForInTheLibrary()
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

void TstTorchProcess::clientsOfKinetoHaveTheirSocket()
{
    MadeProc proc;
    const std::string name = "dynoconfigclient" + std::string(kUuid);
    proc.add(100, trainer());
    proc.add(101, trainer());
    proc.open(100, 7, "socket:[4711]");
    proc.open(101, 7, "socket:[4712]");
    QVERIFY(torch::torchProcess(100, proc.root)->kinetoClient.empty());
    proc.sockets(MadeProc::socket(4711, "@" + name + "@") + MadeProc::socket(4712, "/run/kineto/" + name) + MadeProc::socket(4713, "@other@"));
    QCOMPARE(torch::torchProcess(100, proc.root)->kinetoClient, name);
    QCOMPARE(torch::torchProcess(101, proc.root)->kinetoClient, "/run/kineto/" + name);
    MadeProc::Process child = trainer(); // inherits what its parent has open, but no thread that asks
    child.parent = 100;
    proc.add(102, child);
    proc.open(102, 7, "socket:[4711]");
    const auto worker = torch::torchProcess(102, proc.root);
    QVERIFY(worker->kinetoClient.empty() && worker->worker);
    torch::TorchScanner scanner(proc.root);
    QCOMPARE(pids(scanned(scanner, proc)), std::string("100 101 102w100"));
    proc.sockets(MadeProc::socket(4712, "/run/\x1b[31m/" + name)); // a path that we could not show
    QVERIFY(torch::torchProcess(101, proc.root)->kinetoClient.empty());
}

void TstTorchProcess::workersAreToldFromRanks()
{
    MadeProc proc;
    const auto add = [&](pid_t pid, pid_t parent, const char* name, const char* script, const char* program = "/usr/bin/python3.11", bool hasTorch = true) {
        MadeProc::Process process = trainer();
        process.name = name;
        process.parent = parent;
        process.command = words({"python3", script});
        process.program = program;
        if (!hasTorch) process.maps = mapLine(program);
        proc.add(pid, process);
    };
    add(10, 1, "torchrun", "torchrun");
    add(20, 10, "python3", "train.py");                                  // ranks have another command line than torchrun
    add(21, 10, "python3", "train.py");
    add(30, 20, "python3", "train.py");                                  // forked
    add(31, 20, "pt_data_worker", "spawn_main");                         // spawned, and says what it is
    add(32, 20, "python3", "spawn_main");                                // spawned: may as well be a rank
    add(33, 20, "python3", "train.py", "/opt/python3.11");               // another Python with the same words
    add(40, 21, "python3", "forkserver", "/usr/bin/python3.11", false);
    add(41, 40, "pt_data_worker", "forkserver");                         // of the fork server, which has no torch
    add(50, 1, "pt_data_worker", "train.py");                            // nobody's
    add(60, 30, "python3", "train.py");                                  // forked by a worker
    torch::TorchScanner scanner(proc.root);
    const std::string expected = "10 20 21 30w20 31w20 32 33 41w21 50 60w30";
    QCOMPARE(pids(scanned(scanner, proc)), expected);
    std::vector<TorchProcess> one;
    for (const pid_t pid : {10, 20, 21, 30, 31, 32, 33, 41, 50, 60}) one.push_back(*torch::torchProcess(pid, proc.root));
    QCOMPARE(pids(one), expected);
    QCOMPARE(torch::torchLabel(one[3]), std::string("PyTorch, Python 3.11, a worker of process 20"));
    add(30, 1, "python3", "train.py"); // its parent has ended
    QCOMPARE(pids(scanned(scanner, proc)), std::string("10 20 21 30 31w20 32 33 41w21 50 60w30"));
}

void TstTorchProcess::theHelperIsAnnouncedByAFileThatOnlyItsUserCanMake()
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

void TstTorchProcess::namespacesOfItsOwnAreTold()
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

void TstTorchProcess::theLabelIsOneLine()
{
    TorchProcess process{.python = true, .pythonMajor = 3, .pythonMinor = 13, .freeThreaded = true, .torchVersion = "2.13.0+cu126", .gpuInUse = true, .gpus = {0},
                         .rank = 1, .worldSize = 4};
    QCOMPARE(torch::torchLabel(process), std::string("PyTorch 2.13.0, Python 3.13t, GPU 0, rank 1 of 4"));
    process.worldSize.reset();
    process.gpuInUse = false;
    process.pythonMajor = 0;
    QCOMPARE(torch::torchLabel(process), std::string("PyTorch 2.13.0, rank 1"));
    process.torchVersion = "2.1\n\x1b[31m";
    QVERIFY(torch::torchLabel(process).find('\n') == std::string::npos && torch::torchLabel(process).find('\x1b') == std::string::npos);
}

void TstTorchProcess::theScannerSaysTheSameAsALook()
{
    MadeProc proc;
    proc.file("/site/torch/version.py", kVersionPy);
    MadeProc::Process process = trainer(mapLine("/usr/lib/libcuda.so.1"));
    process.environment = words({"RANK=0", "WORLD_SIZE=2", "SLURM_JOB_ID=12"});
    proc.add(100, process);
    proc.open(100, 5, "/dev/nvidia1");
    proc.open(100, 6, "socket:[4711]");
    proc.sockets(MadeProc::socket(4711, "@dynoconfigclient" + std::string(kUuid) + "@"));
    torch::TorchScanner scanner(proc.root);
    const auto all = scanned(scanner, proc);
    QCOMPARE(all.size(), std::size_t{1});
    const auto one = torch::torchProcess(100, proc.root);
    QCOMPARE(torch::torchLabel(all.front()), torch::torchLabel(*one));
    QCOMPARE(torch::torchLabel(*one), std::string("PyTorch 2.13.0, Python 3.11, GPU 1, rank 0 of 2"));
    QCOMPARE(all.front().kinetoClient, one->kinetoClient);
    QCOMPARE(all.front().job, std::string("12"));
    QCOMPARE(all.front().startTicks, one->startTicks);
}

void TstTorchProcess::whatIsLoadedLaterIsSeen()
{
    MadeProc proc;
    torch::TorchScanner scanner(proc.root);
    MadeProc::Process process;
    process.residentPages = 1000;
    proc.add(100, process);
    QCOMPARE(pids(scanned(scanner, proc)), std::string());
    process = trainer();
    process.maps = mapLine("/usr/bin/python3.11") + mapLine("/site/torch/lib/libtorch_cpu.so"); // in the middle of its import
    process.residentPages = 20'000;
    proc.add(100, process);
    auto all = scanned(scanner, proc);
    QCOMPARE(pids(all), std::string("100"));
    QVERIFY(!all.front().python);
    process = trainer();
    process.residentPages = 60'000;
    proc.add(100, process);
    all = scanned(scanner, proc);
    QVERIFY(all.front().python && all.front().gpus.empty());
    proc.open(100, 9, "/dev/nvidia2"); // used later still
    all = scanned(scanner, proc);
    QCOMPARE(all.front().gpus, std::vector<int>{2});
    process.maps = mapLine("/usr/bin/sleep");
    process.command = words({"sleep", "10"}); // exec
    proc.add(100, process);
    QCOMPARE(pids(scanned(scanner, proc)), std::string());
    process = trainer();
    process.start = 200; // another process under the number
    proc.add(100, process);
    QCOMPARE(pids(scanned(scanner, proc)), std::string("100"));
    proc.remove(100);
    QCOMPARE(pids(scanned(scanner, proc)), std::string());
}

void TstTorchProcess::whatIsSlowIsReadOnce()
{
    MadeProc proc;
    proc.file("/site/torch/version.py", kVersionPy);
    proc.add(100, trainer());
    proc.add(101, {});
    torch::TorchScanner scanner(proc.root);
    QCOMPARE(pids(scanned(scanner, proc)), std::string("100"));
    for (const pid_t pid : {100, 101})
        for (const char* file : {"/maps", "/environ", "/root"}) std::filesystem::remove(proc.folderOf(pid) + file);
    const auto again = scanned(scanner, proc);
    QCOMPARE(pids(again), std::string("100"));
    QCOMPARE(again.front().torchVersion, std::string("2.13.0+cu126"));
}

void TstTorchProcess::twoThousandProcessesAreScanned()
{
    MadeProc proc;
    proc.file("/site/torch/version.py", kVersionPy);
    std::string maps, manyMaps; // a program with 100 mappings, PyTorch with 400
    for (int i = 0; i < 100; ++i) maps += mapLine("/usr/lib/x86_64-linux-gnu/lib" + std::to_string(i / 4) + ".so");
    for (int i = 0; i < 4; ++i) manyMaps += maps;
    for (pid_t pid = 100; pid < 2'100; ++pid) {
        MadeProc::Process process;
        process.maps = maps;
        if (pid % 50 == 0) {
            process = trainer(manyMaps);
            process.command = words({"python3", std::to_string(pid)});
        }
        proc.add(pid, process);
    }
    const auto processes = ProcessScanner(proc.root).scan();
    QCOMPARE(processes.size(), std::size_t{2'000});
    torch::TorchScanner scanner(proc.root);
    QElapsedTimer timer;
    timer.start();
    QCOMPARE(scanner.scan(processes).size(), std::size_t{40});
    const double first = static_cast<double>(timer.nsecsElapsed()) / 1e6;
    timer.start();
    QCOMPARE(scanner.scan(processes).size(), std::size_t{40});
    qInfo("2,000 processes, 40 of them with PyTorch: first scan %.1f ms, second %.1f ms", first, static_cast<double>(timer.nsecsElapsed()) / 1e6);
}

void TstTorchProcess::aLiveProcessWithItsWorkers()
{
    const QString python = qEnvironmentVariable("OPSCOPE_PYTHON");
    if (python.isEmpty()) QSKIP("OPSCOPE_PYTHON names no Python with PyTorch");
    const QString script = QStringLiteral("import os, sys, torch, time\n"
                                          "parent, pid = os.getpid(), os.fork()\n"
                                          "while pid == 0:\n"
                                          "    time.sleep(0.1)\n"
                                          "    if os.getppid() != parent: os._exit(0)\n"
                                          "print(pid, torch.__version__, '%d.%d' % sys.version_info[:2], int(torch.profiler.kineto_available()), flush=True)\n"
                                          "sys.stdin.read()\n");
    QProcess program;
    program.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("RANK"), QStringLiteral("2"));
    environment.insert(QStringLiteral("WORLD_SIZE"), QStringLiteral("8"));
    environment.remove(QStringLiteral("KINETO_USE_DAEMON"));
    program.setProcessEnvironment(environment);
    program.start(python, {QStringLiteral("-X"), QStringLiteral("disable-remote-debug"), QStringLiteral("-c"), script});
    while (!program.canReadLine() && program.waitForReadyRead(120'000)) {} // it comes in parts
    std::istringstream answer(program.readLine().toStdString());
    pid_t worker = 0;
    std::string version, pythonVersion;
    int kineto = 0;
    answer >> worker >> version >> pythonVersion >> kineto;
    QVERIFY(worker > 0);
    const pid_t pid = static_cast<pid_t>(program.processId());
    QElapsedTimer timer;
    timer.start();
    const auto found = torch::torchProcess(pid);
    const double cold = static_cast<double>(timer.nsecsElapsed()) / 1e6;
    timer.start();
    const auto child = torch::torchProcess(worker);
    qInfo("a live process: first look %.2f ms, then %.2f ms", cold, static_cast<double>(timer.nsecsElapsed()) / 1e6);
    program.closeWriteChannel();
    const bool ended = program.waitForFinished();
    QVERIFY(found && child && ended);
    QVERIFY(found->python && !found->worker && found->remoteDebugDisabled && !found->otherNamespace && !found->gpuInUse);
    QCOMPARE(QString::fromStdString(std::to_string(found->pythonMajor) + "." + std::to_string(found->pythonMinor)), QString::fromStdString(pythonVersion));
    QCOMPARE(found->torchVersion, version);
    QCOMPARE(found->kinetoBuild, kineto == 1);
    QCOMPARE(found->rank, std::optional(2));
    QCOMPARE(found->worldSize, std::optional(8));
    QVERIFY(child->worker);
    QCOMPARE(child->parent, pid);
}

QTEST_GUILESS_MAIN(TstTorchProcess)
#include "tst_TorchProcess.moc"
