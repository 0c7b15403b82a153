#include <QElapsedTimer>
#include <QProcess>
#include <QTest>

#include "tests/support/MadeTorch.h"
#include "tests/support/TorchPython.h"

#include <filesystem>
#include <sstream>

using namespace opscope;
using namespace opscope::test;
using torch::TorchProcess;

/// All processes, again and again: which have PyTorch, and whose workers they are.
class tst_TorchScanner : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void processesWithoutTorchAreNone_data();
    void processesWithoutTorchAreNone();
    void clientsOfKinetoHaveTheirSocket();
    void workersAreToldFromRanks();
    void theScannerSaysTheSameAsALook();
    void whatIsLoadedLaterIsSeen();
    void whatIsSlowIsReadOnce();
    void twoThousandProcessesAreScanned();
    void aLiveProcessWithItsWorkers();
};

void tst_TorchScanner::processesWithoutTorchAreNone_data()
{
    QTest::addColumn<QByteArray>("maps");
    QTest::newRow("python") << QByteArray("00400000-00600000 r-xp 00000000 00:00 0 /usr/bin/python3.11\n");
    QTest::newRow("nothing") << QByteArray();
    QTest::newRow("a folder of that name") << QByteArray::fromStdString(mapLine("/home/me/libtorch_cpu.so/readme"));
    QTest::newRow("another library of torch's") << QByteArray::fromStdString(mapLine("/x/libtorch_global_deps.so"));
    QTest::newRow("anonymous memory of that name") << QByteArray("7f00-7f10 rw-p 00000000 00:00 0 [anon:/libtorch_cpu.so]\n");
    QTest::newRow("nonsense") << QByteArray("\0/libtorch_ - - \n\n/libtorch_cpu.so", 34);
}

void tst_TorchScanner::processesWithoutTorchAreNone()
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

void tst_TorchScanner::clientsOfKinetoHaveTheirSocket()
{
    MadeProc proc;
    const std::string& name = kKinetoClient;
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

void tst_TorchScanner::workersAreToldFromRanks()
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

void tst_TorchScanner::theScannerSaysTheSameAsALook()
{
    MadeProc proc;
    proc.file("/site/torch/version.py", kVersionPy);
    MadeProc::Process process = trainer(mapLine("/usr/lib/libcuda.so.1"));
    process.environment = words({"RANK=0", "WORLD_SIZE=2", "SLURM_JOB_ID=12"});
    proc.add(100, process);
    proc.open(100, 5, "/dev/nvidia1");
    proc.open(100, 6, "socket:[4711]");
    proc.sockets(MadeProc::socket(4711, "@" + kKinetoClient + "@"));
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

void tst_TorchScanner::whatIsLoadedLaterIsSeen()
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

void tst_TorchScanner::whatIsSlowIsReadOnce()
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

void tst_TorchScanner::twoThousandProcessesAreScanned()
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

void tst_TorchScanner::aLiveProcessWithItsWorkers()
{
    NEEDS_TORCH();
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
    program.start(torchPython(), {QStringLiteral("-X"), QStringLiteral("disable-remote-debug"), QStringLiteral("-c"), script});
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

QTEST_GUILESS_MAIN(tst_TorchScanner)
#include "tst_TorchScanner.moc"
