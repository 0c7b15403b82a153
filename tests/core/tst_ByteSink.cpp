#include <QTemporaryDir>
#include <QTest>

#include "core/io/ByteSink.h"
#include "core/io/ByteSource.h"
#include "core/io/Deflate.h"
#include "core/io/NewFile.h"
#include "tests/support/Golden.h"
#include "tests/support/Gzip.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <random>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace opscope;
using namespace opscope::test;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> names(const std::string& folder)
{
    std::vector<std::string> all;
    for (const auto& entry : fs::directory_iterator(folder)) all.push_back(entry.path().filename());
    std::sort(all.begin(), all.end());
    return all;
}

std::string someText(std::size_t bytes)
{
    std::minstd_rand random(3);
    std::string text;
    while (text.size() < bytes) text += "{\"ts\": " + std::to_string(random()) + ", \"name\": \"op" + std::to_string(random() % 40) + "\"},\n";
    text.resize(bytes);
    return text;
}

struct Folder
{
    QTemporaryDir dir;
    std::string path = dir.path().toStdString();
    std::string at(const std::string& name) const { return path + "/" + name; }
};

constexpr auto kPlain = ByteSink::Packing::Plain;
constexpr auto kGzip = ByteSink::Packing::Gzip;

std::string refusalOf(const std::string& path)
{
    const auto sink = ByteSink::createFile(path, kPlain);
    return sink.ok() ? "accepted" : sink.error().message;
}

/// Ends what it limits when the test goes on.
struct FileSizeLimit
{
    rlimit before{};
    explicit FileSizeLimit(rlim_t bytes)
    {
        std::signal(SIGXFSZ, SIG_IGN);
        getrlimit(RLIMIT_FSIZE, &before);
        const rlimit now{bytes, before.rlim_max};
        setrlimit(RLIMIT_FSIZE, &now);
    }
    ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &before); }
};

} // namespace

class tst_ByteSink : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void aFileIsThereAsAWholeOrNotAtAll();
    void aDroppedSinkLeavesNothing();
    void whatWasThereIsReplacedInOneStep();
    void filesWithoutANameCanBeMadeBesideToo();
    void severalFilesAreFinishedBeforeTheFirstGetsItsName();
    void packedBytesUnpackToTheSame_data();
    void packedBytesUnpackToTheSame();
    void theSameBytesGiveTheSameFile();
    void whatCanNotBeWrittenIsRefusedWithASentence();
    void aLinkStaysALink();
    void permissionsOfAReplacedFileStay();
    void aFileThatMayNotGrowIsToldAndLeavesNothing();
    void aFullDiskIsToldAndLeavesNothing();
};

void tst_ByteSink::aFileIsThereAsAWholeOrNotAtAll()
{
    const Folder folder;
    const std::string text = someText(5'000'000);
    auto sink = ByteSink::createFile(folder.at("out.json"), kPlain);
    QVERIFY(sink.ok());
    (*sink)->write(std::string_view(text).substr(0, 10));
    (*sink)->write(std::string_view(text).substr(10, 3'000'000));
    (*sink)->write(std::string_view(text).substr(3'000'010));
    QVERIFY(!fs::exists(folder.at("out.json")));
    QVERIFY((*sink)->close().ok());
    QCOMPARE(readFile(folder.at("out.json")), text);
    QCOMPARE((*sink)->written(), std::uint64_t{5'000'000});
    QCOMPARE((*sink)->packed(), std::uint64_t{5'000'000});
    QCOMPARE(names(folder.path), std::vector<std::string>{"out.json"});
}

void tst_ByteSink::aDroppedSinkLeavesNothing()
{
    const Folder folder;
    for (const auto packing : {kPlain, kGzip}) {
        auto sink = ByteSink::createFile(folder.at("out.json"), packing);
        QVERIFY(sink.ok());
        (*sink)->write(someText(9'000'000));
        sink = Error{};
        QCOMPARE(names(folder.path), std::vector<std::string>{});
    }
    auto finished = ByteSink::createFile(folder.at("out.json"), kGzip);
    (*finished)->write("text");
    QVERIFY((*finished)->finish().ok());
    finished = Error{};
    QCOMPARE(names(folder.path), std::vector<std::string>{});
}

void tst_ByteSink::whatWasThereIsReplacedInOneStep()
{
    const Folder folder;
    writeFile(folder.at("out.json"), "before");
    auto sink = ByteSink::createFile(folder.at("out.json"), kPlain);
    (*sink)->write("behind");
    QVERIFY((*sink)->finish().ok());
    QCOMPARE(readFile(folder.at("out.json")), std::string("before"));
    QVERIFY((*sink)->close().ok());
    QCOMPARE(readFile(folder.at("out.json")), std::string("behind"));
    QCOMPARE(names(folder.path), std::vector<std::string>{"out.json"});
}

void tst_ByteSink::filesWithoutANameCanBeMadeBesideToo()
{
    const Folder folder;
    writeFile(folder.at("out.json"), "before");
    const std::string part = ".out.json.part" + std::to_string(::getpid());
    writeFile(folder.at(part), "of somebody else");
    {
        auto file = NewFile::create(folder.at("out.json"), NewFile::Way::Beside);
        QVERIFY(file.ok());
        QCOMPARE(file->append("behind"), 0);
        QCOMPARE(names(folder.path).size(), std::size_t{3});
    }
    QCOMPARE(names(folder.path), (std::vector<std::string>{part, "out.json"}));
    auto file = NewFile::create(folder.at("out.json"), NewFile::Way::Beside);
    QCOMPARE(file->append("behind"), 0);
    QVERIFY(file->sync().ok());
    QVERIFY(file->takeName().ok());
    QCOMPARE(readFile(folder.at("out.json")), std::string("behind"));
    QCOMPARE(readFile(folder.at(part)), std::string("of somebody else"));
    QCOMPARE(names(folder.path).size(), std::size_t{2});
}

void tst_ByteSink::severalFilesAreFinishedBeforeTheFirstGetsItsName()
{
    const Folder folder;
    auto a = ByteSink::createFile(folder.at("a"), kPlain);
    auto b = ByteSink::createFile(folder.at("b"), kGzip);
    (*a)->write("A");
    (*b)->write("B");
    QVERIFY((*a)->finish().ok());
    QVERIFY((*b)->finish().ok());
    QCOMPARE(names(folder.path), std::vector<std::string>{});
    QVERIFY((*a)->close().ok());
    QVERIFY((*b)->close().ok());
    QCOMPARE(names(folder.path), (std::vector<std::string>{"a", "b"}));
}

void tst_ByteSink::packedBytesUnpackToTheSame_data()
{
    QTest::addColumn<int>("bytes");
    for (const int bytes : {0, 1, 1000, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 12'345'678}) QTest::addRow("%d bytes", bytes) << bytes;
}

void tst_ByteSink::packedBytesUnpackToTheSame()
{
    QFETCH(int, bytes);
    const std::string text = someText(static_cast<std::size_t>(bytes));
    const Folder folder;
    auto sink = ByteSink::createFile(folder.at("out.gz"), kGzip);
    for (std::size_t at = 0; at < text.size(); at += 70'001) (*sink)->write(std::string_view(text).substr(at, 70'001));
    QVERIFY((*sink)->close().ok());
    QCOMPARE((*sink)->packed(), static_cast<std::uint64_t>(fs::file_size(folder.at("out.gz"))));
    QVERIFY(bytes < 1000 || (*sink)->packed() < static_cast<std::uint64_t>(bytes) / 2);
    QCOMPARE(readUnpacked(folder.at("out.gz")), text);
    for (const InflateEngine engine : {InflateEngine::Zlib, InflateEngine::Isal}) {
        const auto deflate = makeDeflate(engine);
        if (!deflate) continue;
        std::string packed;
        QVERIFY(deflate->pack(std::string_view(text).substr(0, text.size() / 3), Deflate::More::Follows, packed));
        QVERIFY(deflate->pack(std::string_view(text).substr(text.size() / 3), Deflate::More::No, packed));
        writeFile(folder.at("engine.gz"), packed);
        QCOMPARE(readUnpacked(folder.at("engine.gz")), text);
    }
}

void tst_ByteSink::theSameBytesGiveTheSameFile()
{
    std::string first, second;
    const std::string text = someText(3'000'000);
    for (std::string* into : {&first, &second}) {
        const auto sink = ByteSink::toMemory(*into, kGzip);
        for (std::size_t at = 0; at < text.size(); at += into == &first ? 1'000 : 77'777)
            sink->write(std::string_view(text).substr(at, into == &first ? 1'000 : 77'777));
        QVERIFY(sink->close().ok());
    }
    QCOMPARE(first, second);
}

void tst_ByteSink::whatCanNotBeWrittenIsRefusedWithASentence()
{
    const Folder folder;
    fs::create_directory(folder.at("folder"));
    writeFile(folder.at("file"), "");
    QCOMPARE(refusalOf(folder.at("folder")), std::string("folder cannot be written: this is a folder"));
    QVERIFY(refusalOf(folder.at("folder/")).ends_with("this is a folder"));
    QCOMPARE(refusalOf(folder.at("none/x.json")), std::string("x.json cannot be written: its folder is not there"));
    QCOMPARE(refusalOf(folder.at("file/x.json")), std::string("x.json cannot be written: a part of the path is not a folder"));
    QCOMPARE(refusalOf("/dev/null"), std::string("null cannot be written: this is not a regular file"));
    QCOMPARE(refusalOf(""), std::string(" cannot be written: this is a folder"));
    QVERIFY(refusalOf(folder.at(std::string(256, 'x'))).ends_with("the name is too long"));
    QVERIFY(::mkfifo(folder.at("pipe").c_str(), 0600) == 0);
    QCOMPARE(refusalOf(folder.at("pipe")), std::string("pipe cannot be written: this is not a regular file"));
    const std::string evil = refusalOf(folder.at("none/\x1b[31m\xff.json"));
    QVERIFY(evil.find('\x1b') == evil.npos && evil.find('\xff') == evil.npos && evil.ends_with("its folder is not there"));
    if (::geteuid() != 0) {
        fs::permissions(folder.at("folder"), fs::perms::owner_read | fs::perms::owner_exec);
        QVERIFY(refusalOf(folder.at("folder/x")).ends_with("permission denied"));
        fs::permissions(folder.at("folder"), fs::perms::owner_all);
        fs::permissions(folder.at("file"), fs::perms::owner_read);
        QVERIFY(refusalOf(folder.at("file")).ends_with("write-protected"));
    }
    QCOMPARE(names(folder.path), (std::vector<std::string>{"file", "folder", "pipe"}));
}

void tst_ByteSink::aLinkStaysALink()
{
    const Folder folder;
    fs::create_directory(folder.at("deep"));
    writeFile(folder.at("deep/real"), "before");
    fs::create_symlink("deep/real", folder.at("link"));
    fs::create_symlink("nowhere", folder.at("loose"));
    auto sink = ByteSink::createFile(folder.at("link"), kPlain);
    (*sink)->write("behind");
    QVERIFY((*sink)->close().ok());
    QVERIFY(fs::is_symlink(folder.at("link")));
    QCOMPARE(readFile(folder.at("deep/real")), std::string("behind"));
    QVERIFY(refusalOf(folder.at("loose")).ends_with("it is a link that leads nowhere"));
}

void tst_ByteSink::permissionsOfAReplacedFileStay()
{
    const Folder folder;
    writeFile(folder.at("secret"), "before");
    fs::permissions(folder.at("secret"), fs::perms::owner_read | fs::perms::owner_write);
    auto sink = ByteSink::createFile(folder.at("secret"), kPlain);
    QVERIFY((*sink)->close().ok());
    QVERIFY(fs::status(folder.at("secret")).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
}

void tst_ByteSink::aFileThatMayNotGrowIsToldAndLeavesNothing()
{
    const Folder folder;
    writeFile(folder.at("out.json"), "before");
    const FileSizeLimit limit(1 << 20);
    for (const auto packing : {kPlain, kGzip}) {
        auto sink = ByteSink::createFile(folder.at("out.json"), packing);
        QVERIFY(sink.ok());
        std::mt19937_64 random(1); // nothing that could be packed
        for (int i = 0; i < 3000 && (*sink)->good(); ++i) {
            std::string noise(4096, '\0');
            for (char& c : noise) c = static_cast<char>(random());
            (*sink)->write(noise);
        }
        const Status closed = (*sink)->close();
        QVERIFY(!closed.ok());
        QCOMPARE(closed.error().code, ErrorCode::CannotWrite);
        QCOMPARE(closed.error().message, std::string("out.json cannot be written: the file would be larger than is allowed"));
        sink = Error{};
        QCOMPARE(readFile(folder.at("out.json")), std::string("before"));
        QCOMPARE(names(folder.path), std::vector<std::string>{"out.json"});
    }
}

void tst_ByteSink::aFullDiskIsToldAndLeavesNothing()
{
    const Folder folder;
    if (::mount("none", folder.path.c_str(), "tmpfs", 0, "size=1m") != 0) QSKIP("skipped: a small disk can be made as root only");
    const auto unmount = qScopeGuard([&] { ::umount(folder.path.c_str()); });
    for (const NewFile::Way way : {NewFile::Way::Best, NewFile::Way::Beside}) {
        auto file = NewFile::create(folder.at("out.json"), way);
        QVERIFY(file.ok());
        QVERIFY(file->append(someText(3'000'000)) != 0);
        QCOMPARE(file->sync().error().message, std::string("out.json cannot be written: the disk is full"));
    }
    QCOMPARE(names(folder.path), std::vector<std::string>{});
}

QTEST_GUILESS_MAIN(tst_ByteSink)
#include "tst_ByteSink.moc"
