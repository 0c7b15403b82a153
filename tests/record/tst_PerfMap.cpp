#include <QTest>
#include <QTemporaryDir>

#include "core/record/sampling/AddressSpace.h"
#include "core/record/sampling/Names.h"
#include "core/record/sampling/PerfMap.h"
#include "core/record/sampling/Symbols.h"

#include <fcntl.h>
#include <random>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace opscope::sampling;

namespace {

std::string nameAt(const PerfMap& map, std::uint64_t address)
{
    const std::size_t row = map.find(address);
    return row == PerfMap::kNone ? "-" : std::string(map.name(row));
}

void writeText(const std::string& path, const std::string& text, int flags = O_CREAT | O_TRUNC)
{
    const FileHandle file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | flags, 0644));
    QVERIFY(file && write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

/// A perf map of this process for as long as it lives, and memory that it may speak of.
struct OwnMap
{
    std::string path = "/tmp/perf-" + std::to_string(getpid()) + ".map";
    void* code = mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    std::uint64_t start() const { return reinterpret_cast<std::uint64_t>(code); }
    ~OwnMap()
    {
        unlink(path.c_str());
        munmap(code, 4096);
    }
};

std::string hexOf(std::uint64_t value) { return QByteArray::number(static_cast<qulonglong>(value), 16).toStdString(); }

} // namespace

class TstPerfMap : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void linesWithAndWithoutPrefixAndNamesWithBlanks()
    {
        PerfMap map;
        map.addText("1000 20 py::f:a.py\n0x2000 0x10 LazyCompile:~run /a b.js:1\n3000 8 \n");
        QCOMPARE(map.size(), 3u);
        QCOMPARE(nameAt(map, 0x1000), std::string("py::f:a.py"));
        QCOMPARE(nameAt(map, 0x101f), std::string("py::f:a.py"));
        QCOMPARE(nameAt(map, 0x1020), std::string("-"));
        QCOMPARE(nameAt(map, 0xfff), std::string("-"));
        QCOMPARE(nameAt(map, 0x2008), std::string("LazyCompile:~run /a b.js:1"));
        QCOMPARE(nameAt(map, 0x3000), std::string());
        QCOMPARE(map.skippedLines(), 0u);
    }

    void laterLinesWinWhereTheyOverlap()
    {
        PerfMap map;
        map.addText("1000 100 a\n1100 100 b\n");
        QCOMPARE(map.overwritten(), 0u);
        map.addText("1080 100 c\n");             // the end of a, the beginning of b
        map.addText("1010 10 d\n");              // within a
        QCOMPARE(nameAt(map, 0x1000), std::string("a"));
        QCOMPARE(nameAt(map, 0x1010), std::string("d"));
        QCOMPARE(nameAt(map, 0x1020), std::string("a"));
        QCOMPARE(nameAt(map, 0x107f), std::string("a"));
        QCOMPARE(nameAt(map, 0x1080), std::string("c"));
        QCOMPARE(nameAt(map, 0x117f), std::string("c"));
        QCOMPARE(nameAt(map, 0x1180), std::string("b"));
        QVERIFY(map.overwritten() > 0);
        map.addText("0 10000 all\n");
        for (const std::uint64_t address : {0x1000u, 0x1010u, 0x1080u, 0x1180u, 0x0u, 0xffffu}) QCOMPARE(nameAt(map, address), std::string("all"));
    }

    void rangesAreWhatTheLastLineSaysOfEachAddress()
    {
        std::mt19937 random(7);
        PerfMap map;
        std::vector<int> truth(512, -1);
        for (int i = 0; i < 400; ++i) {
            const unsigned start = random() % 500, length = 1 + random() % 60;
            map.addText(hexOf(start) + " " + hexOf(length) + " " + std::to_string(i) + "\n");
            for (unsigned a = start; a < start + length && a < truth.size(); ++a) truth[a] = i;
        }
        for (unsigned a = 0; a < truth.size(); ++a) QCOMPARE(nameAt(map, a), truth[a] < 0 ? std::string("-") : std::to_string(truth[a]));
    }

    void hostileLinesAreLeftOutAndCounted()
    {
        PerfMap map;
        map.addText("zz 10 a\n1000 0 empty\n1000\n1000 10\nffffffffffffffff 10 kernel\n7fffffffffffffff 10 over\n1000 ffffffffffff huge\n"
                    "10000000000000000 10 toolong\n-5 10 minus\n");
        QCOMPARE(map.size(), 0u);
        QCOMPARE(map.skippedLines(), 9u);
        map.addText("4000 10 " + std::string(1 << 20, 'x') + "\n5000 10 after\n");
        QCOMPARE(nameAt(map, 0x4000).size(), PerfMap::kMaxName);
        QCOMPARE(nameAt(map, 0x5000), std::string("after"));
        map.addText(std::string("6000 10 nul\0in it\n", 18));
        QCOMPARE(nameAt(map, 0x6000), std::string("nul\0in it", 9));
        QCOMPARE(functionName(nameAt(map, 0x6000)), std::string("nul\xE2\x90\x80in it"));
    }

    void piecesOfAnySizeMakeTheSameLines()
    {
        const std::string text = "1000 20 first\n1020 20 second one\n" "1040 20 " + std::string(9000, 'y') + "\n1060 20 last\n";
        for (const std::size_t piece : {1u, 7u, 4096u, 5000u}) {
            PerfMap map;
            for (std::size_t at = 0; at < text.size(); at += piece) map.addText(std::string_view(text).substr(at, piece));
            QCOMPARE(map.size(), 4u);
            QCOMPARE(nameAt(map, 0x1025), std::string("second one"));
            QCOMPARE(nameAt(map, 0x1045).size(), PerfMap::kMaxName);
            QCOMPARE(nameAt(map, 0x1060), std::string("last"));
        }
    }

    void pythonFunctionsReadAsFunctionAndFile()
    {
        std::string_view function, file;
        QVERIFY(splitPythonName("py::Net.forward:/home/a b/train.py", function, file));
        QCOMPARE(pythonName(function, file), std::string("Net.forward (train.py)"));
        QVERIFY(splitPythonName("py::_find_and_load:<frozen importlib._bootstrap>", function, file));
        QCOMPARE(pythonName(function, file), std::string("_find_and_load (<frozen importlib._bootstrap>)"));
        QVERIFY(splitPythonName("py::<module>:/x/torch/__init__.py", function, file));
        QCOMPARE(pythonName(function, file), std::string("<module> (torch/__init__.py)"));
        QVERIFY(!splitPythonName("py::odd", function, file));
        QVERIFY(!splitPythonName("std::f:1", function, file));
    }

    void theFileIsReadAsItGrowsAndAgainWhenItBeginsAnew()
    {
        OwnMap own;
        Symbols symbols(getpid());
        QVERIFY(symbols.readMaps().ok());
        const std::uint64_t code = own.start();
        QCOMPARE(symbols.frame(symbols.frameAt(code)).name, std::string("[anonymous]"));
        writeText(own.path, hexOf(code) + " 10 py::f:/x/a.py\n" + hexOf(code + 16) + " 10 hal");
        symbols.readPerfMap();
        const Frame f = symbols.frame(symbols.frameAt(code + 4));
        QCOMPARE(f.name, std::string("f (a.py)"));
        QCOMPARE(f.module, std::string("/x/a.py"));
        QCOMPARE(symbols.offsetIn(code + 4), 4u);
        QVERIFY(symbols.inPerfMap(code) && !symbols.inPerfMap(code + 16));
        QVERIFY(symbols.compiledAt(code + 1).python);
        writeText(own.path, "f a line\n", O_APPEND);
        symbols.readPerfMap();
        const Frame half = symbols.frame(symbols.frameAt(code + 16));
        QCOMPARE(half.name + "|" + half.module, std::string("half a line|[perf map]"));
        const std::uint64_t generation = symbols.generation();
        writeText(own.path, hexOf(code) + " 40 new\n");
        symbols.readPerfMap();
        QCOMPARE(symbols.frame(symbols.frameAt(code + 16)).name, std::string("new"));
        QVERIFY(symbols.generation() != generation);
    }

    void foreignOldAndLinkedFilesDoNotCount()
    {
        OwnMap own;
        Symbols symbols(getpid());
        QVERIFY(symbols.readMaps().ok());
        const std::string line = hexOf(own.start()) + " 10 forged\n";
        const auto isRead = [&] {
            Symbols fresh(getpid());
            [[maybe_unused]] const auto status = fresh.readMaps();
            fresh.readPerfMap();
            return fresh.inPerfMap(own.start());
        };
        writeText(own.path, line);
        QVERIFY(isRead());
        const timespec longAgo[2] = {{1, 0}, {1, 0}};
        utimensat(AT_FDCWD, own.path.c_str(), longAgo, 0);
        QVERIFY(!isRead());
        unlink(own.path.c_str());
        QTemporaryDir folder;
        const std::string elsewhere = folder.filePath(QStringLiteral("map")).toStdString();
        writeText(elsewhere, line);
        QCOMPARE(symlink(elsewhere.c_str(), own.path.c_str()), 0);
        QVERIFY(!isRead());
        unlink(own.path.c_str());
        QCOMPARE(mkfifo(own.path.c_str(), 0600), 0); // would hang whoever opens it
        QVERIFY(!isRead());
        unlink(own.path.c_str());
        if (geteuid() != 0) QSKIP("skipped: only root can give files away");
        writeText(own.path, line);
        QCOMPARE(chown(own.path.c_str(), 65534, 65534), 0);
        QVERIFY(!isRead());
    }

    void aForkedProcessKnowsWhatItsParentKnew()
    {
        OwnMap own;
        Symbols symbols(getpid());
        QVERIFY(symbols.readMaps().ok());
        writeText(own.path, hexOf(own.start()) + " 10 inherited\n");
        symbols.readPerfMap();
        const FrameId before = symbols.frameAt(own.start());
        Symbols child = symbols.forked(getppid());
        QCOMPARE(child.frameAt(own.start()), before);
        child.exec();
        QCOMPARE(child.frame(child.frameAt(own.start())).name, std::string("[unknown]"));
        QCOMPARE(symbols.frame(symbols.frameAt(own.start())).name, std::string("inherited"));
    }
};

QTEST_GUILESS_MAIN(TstPerfMap)
#include "tst_PerfMap.moc"
