#include <QTest>

#include "core/record/torch/TorchFacts.h"
#include "core/record/torch/TorchProcess.h"
#include "tests/support/MadeTorch.h"

#include <algorithm>

using namespace opscope;
using namespace opscope::test;
using torch::TorchProcess;

/// What PyTorch and Python say of themselves in texts: names of files, a version, an environment.
class tst_TorchFacts : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void pythonIsKnownByItsNames_data();
    void pythonIsKnownByItsNames();
    void versionsAreReadAsText_data();
    void versionsAreReadAsText();
    void theEnvironmentMayHoldAnything();
    void theLabelIsOneLine();
};

void tst_TorchFacts::pythonIsKnownByItsNames_data()
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

void tst_TorchFacts::pythonIsKnownByItsNames()
{
    QFETCH(QByteArray, path);
    const torch::PythonVersion found = torch::pythonVersionIn(path.toStdString());
    const std::string text = found ? std::to_string(found.major) + "." + std::to_string(found.minor) + (found.freeThreaded ? "t" : "") : "";
    QTEST(QByteArray::fromStdString(text), "version");
}

void tst_TorchFacts::versionsAreReadAsText_data()
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

void tst_TorchFacts::versionsAreReadAsText()
{
    QFETCH(QByteArray, text);
    const torch::TorchVersion found = torch::torchVersionIn(text.toStdString());
    QTEST(QByteArray::fromStdString(found.version), "version");
    QTEST(found.gpuBuild, "gpu");
}

void tst_TorchFacts::theEnvironmentMayHoldAnything()
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

void tst_TorchFacts::theLabelIsOneLine()
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

QTEST_GUILESS_MAIN(tst_TorchFacts)
#include "tst_TorchFacts.moc"
