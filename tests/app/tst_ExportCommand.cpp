#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include "tests/app/RunOpscope.h"
#include "tests/support/ExportText.h"
#include "tests/support/FxtText.h"
#include "tests/support/Golden.h"
#include "tests/support/Gzip.h"
#include "tests/support/Json.h"
#include "tests/support/TraceFixture.h"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace opscope;
using namespace opscope::test;
namespace fs = std::filesystem;

namespace {

std::string element(const std::string& name, int ts, int tid = 1)
{
    return json("{'ph': 'X', 'cat': 'cpu_op', 'name': '" + name + "', 'pid': 1, 'tid': " + std::to_string(tid) + ", 'ts': " + std::to_string(ts) + ", 'dur': 5}");
}

std::string threadName(int tid, const std::string& name)
{
    return json("{'ph': 'M', 'name': 'thread_name', 'pid': 1, 'tid': " + std::to_string(tid) + ", 'args': {'name': '" + name + "'}}");
}

/// A folder with run.json: events a and b on two named threads.
struct Folder
{
    QTemporaryDir dir;
    std::string path = dir.path().toStdString();
    std::string text = json("{'schemaVersion': 1, 'traceEvents': [") + element("a", 10) + "," + element("b", 20, 2) + "," + threadName(1, "main") + "," +
                       threadName(2, "second") + json("], 'traceName': 'x'}");
    Folder() { writeFile(at("run.json"), text); }
    std::string at(const std::string& name) const { return path + "/" + name; }
    QString q(const std::string& name) const { return QString::fromStdString(at(name)); }
    std::size_t files() const { return static_cast<std::size_t>(std::distance(fs::directory_iterator(path), {})); }
    Ran run(QStringList more) const { return runOpscope(QStringList{QStringLiteral("export")} + more); }
};

std::string part(const std::string& events) { return json("{\n  'schemaVersion': 1,\n  'traceEvents': [\n  ") + events + json("\n  ],\n  'traceName': 'x'\n}\n"); }

/// A trace of about `bytes`, whose export takes a while.
std::string bigTrace(std::size_t bytes)
{
    std::string text = json("{'traceEvents': [");
    for (int i = 0; text.size() < bytes; ++i) text += element("op" + std::to_string(i % 100), 10 * i) + ",\n";
    return text + threadName(1, "main") + "]}";
}

} // namespace

class tst_ExportCommand : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void aFilterKeepsWhatMatches();
    void rangesAndTracksAreFilters();
    void aClipNeedsARange();
    void withoutAFilterTheFileIsCopied();
    void theSecondExportIsTheSame();
    void theSourceIsNeverWrittenOver();
    void whatCannotBeWrittenIsSaid();
    void aMistakeInTheFilterIsPointedAt();
    void nothingThatMatchesIsNoFile();
    void severalFilesGoToAFolderOrOneByOne();
    void targetsOfDifferentNumberAreRefused();
    void aNameSaysThatItIsAFuchsiaTrace();
    void aFullDiskLeavesNothing();
    void aSourceThatChangedOrVanishedIsNoticed();
    void severalTargetsAreAllOrNone();
    void aKillAtAnyMomentLeavesNothingHalf();
};

void tst_ExportCommand::aFilterKeepsWhatMatches()
{
    const Folder folder;
    const Ran ran = folder.run({"--filter", "name == \"b\"", folder.q("run.json"), "-o", folder.q("out.json")});
    QVERIFY2(ran.status == 0, ran.err.constData());
    QCOMPARE(readFile(folder.at("out.json")), part(element("b", 20, 2) + ",\n  " + threadName(2, "second")));
    QVERIFY2(ran.out.contains("1 match\n"), ran.out.constData());
    QVERIFY2(ran.out.contains("out.json: 2 of 4 events, "), ran.out.constData());
    const Ran packed = folder.run({"--filter", "name == \"b\"", folder.q("run.json"), "-o", folder.q("out.json.gz")});
    QVERIFY2(packed.status == 0, packed.err.constData());
    QCOMPARE(readUnpacked(folder.at("out.json.gz")), readFile(folder.at("out.json")));
    QVERIFY(packed.out.contains(", packed "));
}

void tst_ExportCommand::rangesAndTracksAreFilters()
{
    const Folder folder;
    QCOMPARE(folder.run({"--range", "8us..12us", folder.q("run.json"), "-o", folder.q("out.json")}).status, 0);
    QCOMPARE(readFile(folder.at("out.json")), part(element("b", 20, 2) + ",\n  " + threadName(2, "second")));
    QCOMPARE(folder.run({"--tracks", "main", folder.q("run.json"), "-o", folder.q("out.json")}).status, 0);
    QCOMPARE(readFile(folder.at("out.json")), part(element("a", 10) + ",\n  " + threadName(1, "main")));
    const Ran none = folder.run({"--tracks", "main", "--range", "8us..12us", folder.q("run.json"), "-o", folder.q("none.json")});
    QCOMPARE(none.status, 1);
    const Ran clipped = folder.run({"--range", "12us..14us", "--clip", folder.q("run.json"), "-o", folder.q("out.json")});
    QVERIFY2(clipped.status == 0 && clipped.out.contains("1 cut to the range"), clipped.err.constData());
    QVERIFY2(readFile(folder.at("out.json")).find(json("'ts': 22, 'dur': 2}")) != std::string::npos, readFile(folder.at("out.json")).c_str());
}

void tst_ExportCommand::aClipNeedsARange()
{
    const Folder folder;
    const Ran ran = folder.run({"--clip", folder.q("run.json"), "-o", folder.q("out.json")});
    QCOMPARE(ran.status, 2);
    QVERIFY(ran.err.contains("--range"));
    QCOMPARE(folder.run({"--range", "20us..10us", folder.q("run.json"), "-o", folder.q("out.json")}).status, 2);
}

void tst_ExportCommand::withoutAFilterTheFileIsCopied()
{
    const Folder folder;
    writeFile(folder.at("run.json.gz"), gzip(folder.text));
    for (const char* source : {"run.json", "run.json.gz"}) {
        const Ran ran = folder.run({folder.q(source), "-o", folder.q("out.json")});
        QVERIFY2(ran.status == 0, ran.err.constData());
        QCOMPARE(readFile(folder.at("out.json")), folder.text);
        QVERIFY2(ran.out.contains("all 4 events"), ran.out.constData());
    }
}

void tst_ExportCommand::theSecondExportIsTheSame()
{
    const Folder folder;
    const QStringList filter{"--filter", "name == \"a\""};
    QCOMPARE(folder.run(filter + QStringList{folder.q("run.json"), "-o", folder.q("one.json")}).status, 0);
    QCOMPARE(folder.run(filter + QStringList{folder.q("one.json"), "-o", folder.q("two.json")}).status, 0);
    QCOMPARE(readFile(folder.at("two.json")), readFile(folder.at("one.json")));
}

void tst_ExportCommand::theSourceIsNeverWrittenOver()
{
    const Folder folder;
    fs::create_symlink("run.json", folder.at("link.json"));
    fs::create_hard_link(folder.at("run.json"), folder.at("hard.json"));
    fs::create_directory(folder.at("sub"));
    for (const char* name : {"run.json", "link.json", "hard.json", "sub/../run.json"}) {
        const Ran ran = folder.run({folder.q("run.json"), "-o", folder.q(name)});
        QCOMPARE(ran.status, 1);
        QVERIFY2(ran.err.contains("is the trace itself"), ran.err.constData());
        QCOMPARE(folder.run({folder.q("link.json"), "-o", folder.q(name)}).status, 1);
    }
    QCOMPARE(folder.run({folder.q("run.json"), "-o", QString::fromStdString(folder.path)}).status, 1); // its own folder
    QCOMPARE(readFile(folder.at("run.json")), folder.text);
    QCOMPARE(folder.files(), std::size_t{4});
}

void tst_ExportCommand::whatCannotBeWrittenIsSaid()
{
    const Folder folder;
    fs::create_directory(folder.at("sub"));
    for (const auto& [target, why] : std::initializer_list<std::pair<std::string, QByteArray>>{
             {folder.at("none/x.json"), "its folder is not there"}, {"/dev/null", "not a regular file"}, {folder.at(std::string(300, 'x')), "the name is too long"}}) {
        const Ran ran = folder.run({folder.q("run.json"), "-o", QString::fromStdString(target)});
        QCOMPARE(ran.status, 1);
        QVERIFY2(ran.err.contains(why), ran.err.constData());
    }
    QCOMPARE(folder.run({folder.q("run.json")}).status, 2); // -o is missing
    QCOMPARE(folder.files(), std::size_t{2});
}

void tst_ExportCommand::aMistakeInTheFilterIsPointedAt()
{
    const Folder folder;
    const Ran ran = folder.run({"--filter", "durr > 5us", folder.q("run.json"), "-o", folder.q("out.json")});
    QCOMPARE(ran.status, 2);
    QVERIFY2(ran.err.contains("^^^^") && ran.err.contains("opscope export: "), ran.err.constData());
    QCOMPARE(folder.files(), std::size_t{1});
}

void tst_ExportCommand::nothingThatMatchesIsNoFile()
{
    const Folder folder;
    const QStringList arguments{"--filter", "name == \"none\"", folder.q("run.json"), "-o", folder.q("out.json")};
    const Ran ran = folder.run(arguments);
    QCOMPARE(ran.status, 1);
    QVERIFY2(ran.err.contains("nothing matches"), ran.err.constData());
    QCOMPARE(folder.files(), std::size_t{1});
    QCOMPARE(folder.run(arguments + QStringList{"--even-if-empty"}).status, 0);
    QVERIFY(loadTrace(std::vector<std::string>{folder.at("out.json")}).ok());
}

void tst_ExportCommand::severalFilesGoToAFolderOrOneByOne()
{
    const Folder folder;
    fs::create_directory(folder.at("rank1"));
    writeFile(folder.at("rank1/run.json"), folder.text);
    const QStringList sources{"--filter", "name == \"a\"", folder.q("run.json"), folder.q("rank1/run.json")};
    const Ran ran = folder.run(sources + QStringList{"-o", folder.q("parts/")});
    QVERIFY2(ran.status == 0, ran.err.constData());
    QCOMPARE(readFile(folder.at("parts/rank1-run.json")), part(element("a", 10) + ",\n  " + threadName(1, "main")));
    QCOMPARE(std::distance(fs::directory_iterator(folder.at("parts")), {}), 2);
    QCOMPARE(folder.run(sources + QStringList{"-o", folder.q("x.json"), "-o", folder.q("y.json")}).status, 0);
    QCOMPARE(readFile(folder.at("y.json")), readFile(folder.at("parts/rank1-run.json")));
    QCOMPARE(folder.run(sources + QStringList{"-o", folder.q("x.json"), "-o", folder.q("x.json")}).status, 1);
}

void tst_ExportCommand::targetsOfDifferentNumberAreRefused()
{
    const Folder folder;
    const Ran ran = folder.run({folder.q("run.json"), "-o", folder.q("a.json"), "-o", folder.q("b.json")});
    QCOMPARE(ran.status, 1);
    QVERIFY2(ran.err.contains("1 file goes to 2 names"), ran.err.constData());
    const Ran nothing = folder.run({"--filter", "name == \"none\"", folder.q("run.json"), "-o", folder.q("made/")});
    QCOMPARE(nothing.status, 1);
    QCOMPARE(folder.files(), std::size_t{1});
}

void tst_ExportCommand::aNameSaysThatItIsAFuchsiaTrace()
{
    const Folder folder;
    const Ran ran = folder.run({"--filter", "name == \"b\"", folder.q("run.json"), "-o", folder.q("part.fxt")});
    QVERIFY2(ran.status == 0 && ran.out.contains("part.fxt: 1 event as a Fuchsia trace"), (ran.out + ran.err).constData());
    const FxtText text = fxtText(readFile(folder.at("part.fxt")));
    QCOMPARE(text.error, std::string());
    QCOMPARE(QString::fromStdString(text.lines.back()), QStringLiteral("complete 1/2 20000 \"cpu_op\" \"b\" {} tail 25000"));
    // A part of that is one of its own records; without filter it is copied. Packed where the name says so.
    QCOMPARE(folder.run({folder.q("part.fxt"), "-o", folder.q("copy.fxt")}).status, 0);
    QCOMPARE(readFile(folder.at("copy.fxt")), readFile(folder.at("part.fxt")));
    QCOMPARE(folder.run({folder.q("run.json"), "-o", folder.q("whole.fxt.gz")}).status, 0);
    QCOMPARE(runOpscope({"dump", "--events", folder.q("whole.fxt.gz")}).out.replace("file 0 fxt", "file 0 kineto"), runOpscope({"dump", "--events", folder.q("run.json")}).out);
    // What cannot be is said.
    const Ran json = folder.run({folder.q("part.fxt"), "-o", folder.q("part.json")});
    QVERIFY2(json.status != 0 && json.err.contains("choose a name that ends in .fxt or .fxt.gz"), json.err.constData());
    writeFile(folder.at("more.json"), folder.text);
    const Ran two = folder.run({folder.q("run.json"), folder.q("more.json"), "-o", folder.q("1.fxt"), "-o", folder.q("2.fxt")});
    QVERIFY2(two.status != 0 && two.err.contains("one Fuchsia trace for all files"), two.err.constData());
    QVERIFY(!fs::exists(folder.at("part.json")) && !fs::exists(folder.at("1.fxt")));
}

void tst_ExportCommand::aFullDiskLeavesNothing()
{
    const Folder folder;
    writeFile(folder.at("big.json"), bigTrace(4'000'000));
    fs::create_directory(folder.at("disk"));
    if (::mount("none", folder.at("disk").c_str(), "tmpfs", 0, "size=1m") != 0) QSKIP("skipped: a small disk can be made as root only");
    const auto unmount = qScopeGuard([&] { ::umount(folder.at("disk").c_str()); });
    writeFile(folder.at("disk/out.json"), "before");
    for (const QString& filter : {QString(), QStringLiteral("name ~ \"op\"")}) {
        const Ran ran = folder.run({"--filter", filter, folder.q("big.json"), "-o", folder.q("disk/out.json")});
        QCOMPARE(ran.status, 1);
        QVERIFY2(ran.err.contains("the disk is full"), ran.err.constData());
        QCOMPARE(readFile(folder.at("disk/out.json")), std::string("before"));
        QCOMPARE(std::distance(fs::directory_iterator(folder.at("disk")), {}), 1);
    }
}

void tst_ExportCommand::aSourceThatChangedOrVanishedIsNoticed()
{
    const Folder folder;
    const auto loaded = loadTrace(std::vector<std::string>{folder.at("run.json")});
    QVERIFY(loaded.ok());
    const std::vector<ExportTarget> targets{{SourceId(0), folder.at("out.json")}};
    writeFile(folder.at("run.json"), folder.text + " ");
    for (const Subset& subset : {wholeTrace(**loaded), slicesNamed(**loaded, {"a"})}) {
        const auto changed = writeSubset(**loaded, subset, targets, {});
        QVERIFY(!changed.ok());
        QCOMPARE(changed.error().code, ErrorCode::CannotRead);
        QVERIFY(changed.error().message.find("has changed since it was opened") != std::string::npos);
    }
    fs::remove(folder.at("run.json"));
    const auto vanished = writeSubset(**loaded, slicesNamed(**loaded, {"a"}), targets, {});
    QVERIFY(!vanished.ok());
    QCOMPARE(vanished.error().message, std::string("run.json cannot be read again: there is no such file"));
    QCOMPARE(folder.files(), std::size_t{0});
}

void tst_ExportCommand::severalTargetsAreAllOrNone()
{
    const Folder folder;
    writeFile(folder.at("other.json"), folder.text);
    const auto loaded = loadTrace(std::vector<std::string>{folder.at("run.json"), folder.at("other.json")});
    QVERIFY(loaded.ok());
    const std::vector<ExportTarget> targets{{SourceId(0), folder.at("a.json")}, {SourceId(1), folder.at("none/b.json")}};
    QVERIFY(!writeSubset(**loaded, slicesNamed(**loaded, {"a"}), targets, {}).ok());
    QCOMPARE(folder.files(), std::size_t{2});
}

/// Done-when 4. The moments are spread over a measured run, and a little beyond it.
void tst_ExportCommand::aKillAtAnyMomentLeavesNothingHalf()
{
    const Folder folder;
    const std::string text = bigTrace(20'000'000);
    writeFile(folder.at("big.json"), text);
    const QStringList arguments{"export", "--filter", "name ~ \"op\"", folder.q("big.json"), "-o", folder.q("out.json")};
    const auto begin = std::chrono::steady_clock::now();
    QCOMPARE(runOpscope(arguments).status, 0);
    const auto length = std::chrono::steady_clock::now() - begin;
    const std::string whole = readFile(folder.at("out.json"));
    fs::remove(folder.at("out.json"));
    constexpr int kMoments = 50;
    int killed = 0;
    for (int moment = 0; moment < kMoments; ++moment) {
        const bool over = moment % 2; // every second time something stands there already
        if (over) writeFile(folder.at("out.json"), "before");
        QProcess process;
        process.start(QStringLiteral(OPSCOPE_BIN "/opscope"), arguments);
        QVERIFY(process.waitForStarted());
        std::this_thread::sleep_for(length * moment / (kMoments - 2));
        process.kill();
        QVERIFY(process.waitForFinished(60'000));
        killed += process.exitStatus() == QProcess::CrashExit;
        const std::string left = readFile(folder.at("out.json"));
        QVERIFY2(left == whole || left == (over ? "before" : ""), qPrintable(QString::number(left.size())));
        QCOMPARE(readFile(folder.at("big.json")), text);
        for (const auto& entry : fs::directory_iterator(folder.path)) { // a whole file on its way to its name may be left, never a half
            const std::string name = entry.path().filename();
            if (name == "run.json" || name == "big.json" || name == "out.json") continue;
            QVERIFY2(readFile(entry.path()) == whole, name.c_str());
            fs::remove(entry.path());
        }
        fs::remove(folder.at("out.json"));
    }
    QVERIFY(killed > kMoments / 2);
}

QTEST_GUILESS_MAIN(tst_ExportCommand)
#include "tst_ExportCommand.moc"
