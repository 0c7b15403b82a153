#include <QTest>

#include "core/record/sampling/StackChoice.h"
#include "tests/support/ChildProcess.h"

#include <QStandardPaths>

#include <string>
#include <unistd.h>

using namespace opscope::sampling;
using opscope::test::ChildProcess;

namespace {

/// Of a process that maps this file among others.
std::string mapsWith(const std::string& path)
{
    return "55d000000000-55d000001000 r-xp 00000000 fd:00 12                         /usr/bin/server\n"
           "55d0000a0000-55d0000c0000 rw-p 00000000 00:00 0                          [heap]\n"
           "7f1000000000-7f1000100000 r-xp 00001000 fd:00 13                         " + path + "\n"
           "7f2000000000-7f2000001000 r-xp 00000000 00:00 0                          [vdso]\n";
}

} // namespace

class tst_StackChoice : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void pythonAndPytorchHaveDeepStacks_data()
    {
        QTest::addColumn<QString>("path");
        QTest::addColumn<bool>("deep");
        for (const char* deep : {"/usr/bin/python3.12", "/opt/bin/python", "/opt/bin/python3.13t", "/usr/lib/libpython3.11.so.1.0", "/opt/app/libpython2.7.so",
                                 "/a b/torch/lib/libtorch_cpu.so", "/usr/lib/libtorch.so", "/x/libtorch_python.so.2.6", "/usr/bin/python3.12 (deleted)"})
            QTest::newRow(deep) << QString::fromLatin1(deep) << true;
        for (const char* shallow : {"/usr/lib/libc.so.6", "/home/python3/server", "/usr/lib/python3/dist-packages/apt_pkg.so", "/usr/bin/pythonesque",
                                    "/usr/lib/libtorrent-rasterbar.so.2.0", "[python3]", "/libpython3.11.so/of/a/folder"})
            QTest::newRow(shallow) << QString::fromLatin1(shallow) << false;
    }
    void pythonAndPytorchHaveDeepStacks()
    {
        QFETCH(QString, path);
        QFETCH(bool, deep);
        QCOMPARE(stackBytesFor(mapsWith(path.toStdString())), deep ? 24'576u : 8'192u);
    }
    void ofWhatCannotBeSeenMoreIsCopied()
    {
        QCOMPARE(stackBytesFor(""), 24'576u);
        QCOMPARE(stackBytesFor("no mappings\n"), 24'576u);
        ChildProcess child({"true"});
        child.reap();
        QCOMPARE(stackBytesOf(child.pid()), 24'576u);
    }
    void whoeverNeedsMoreIsToldTheNextSize()
    {
        QCOMPARE(moreStackBytes(8'192), 24'576u);
        QCOMPARE(moreStackBytes(24'576), 65'528u);
        QCOMPARE(moreStackBytes(65'528), 0u);
    }
    void aProgramThatRunsIsLookedAt()
    {
        QCOMPARE(stackBytesOf(ChildProcess::sleeping().pid()), 8'192u);
        const QString python = QStandardPaths::findExecutable(QStringLiteral("python3"), {QStringLiteral("/usr/bin"), QStringLiteral("/usr/local/bin")});
        if (python.isEmpty()) QSKIP("skipped: no python3 here");
        ChildProcess child({python.toStdString(), "-c", "import time; time.sleep(1000)"});
        QVERIFY(QTest::qWaitFor([&] { return stackBytesOf(child.pid()) == 24'576u; }, 60'000));
    }
};

QTEST_GUILESS_MAIN(tst_StackChoice)
#include "tst_StackChoice.moc"
