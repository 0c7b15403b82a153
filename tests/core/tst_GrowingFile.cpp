#include <QTemporaryDir>
#include <QTest>

#include "core/io/ByteSource.h"
#include "core/io/FreeName.h"
#include "core/io/GrowingFile.h"
#include "tests/support/Gzip.h"

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sys/resource.h>
#include <sys/stat.h>

using namespace opscope;
namespace fs = std::filesystem;

namespace {

std::string unpacked(const std::string& path)
{
    auto source = ByteSource::openFile(path);
    if (!source) return source.error().text();
    std::string all, buffer(1 << 16, '\0');
    for (;;) {
        const auto got = (*source)->read(buffer);
        if (!got.ok()) return got.error().text();
        if (*got == 0) return all;
        all.append(buffer, 0, *got);
    }
}

std::string sentence(const Result<GrowingFile>& file) { return file ? "made" : file.error().message; }

} // namespace

class tst_GrowingFile : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { QVERIFY(m_folder.isValid()); }
    void cleanup()
    {
        for (const auto& entry : fs::directory_iterator(m_folder.path().toStdString())) fs::remove_all(entry);
    }

    void whatWasAppendedCanBeReadBesideItsPlace()
    {
        auto file = GrowingFile::create(at("a.fxt"), GrowingFile::Packing::Plain);
        QVERIFY2(file.ok(), sentence(file).c_str());
        QCOMPARE(file->append("one "), 0);
        QCOMPARE(file->append("two"), 0);
        QCOMPARE(unpacked(at("a.fxt.part")), std::string("one two"));
        QVERIFY(!fs::exists(at("a.fxt")));
        QCOMPARE(file->size(), std::uint64_t{7});
    }
    void itGetsItsNameAtTheEndAndReplacesWhatHadIt()
    {
        std::ofstream(at("a.fxt")) << "the old one";
        ::chmod(at("a.fxt").c_str(), 0600);
        auto file = GrowingFile::create(at("a.fxt"), GrowingFile::Packing::Plain);
        QVERIFY(file.ok());
        QCOMPARE(file->append("new"), 0);
        QCOMPARE(unpacked(at("a.fxt")), std::string("the old one"));
        QVERIFY(file->sync().ok());
        QVERIFY(file->takeName().ok());
        QCOMPARE(unpacked(at("a.fxt")), std::string("new"));
        QVERIFY(!fs::exists(at("a.fxt.part")));
        struct stat made = {};
        QCOMPARE(::stat(at("a.fxt").c_str(), &made), 0);
        QCOMPARE(made.st_mode & 0777u, 0600u);
        QVERIFY(file->append("more") != 0);
    }
    void whatHasTheNameByNowCanBeKept()
    {
        const auto recorded = [this] {
            auto file = GrowingFile::create(at("a.fxt"), GrowingFile::Packing::Plain);
            if (!file.ok() || file->append("new") != 0) return std::string("not made");
            const auto name = file->takeFreeName();
            return name.ok() ? *name : name.error().text();
        };
        QCOMPARE(recorded(), at("a.fxt"));
        std::ofstream(at("a.fxt")) << "the old one";
        fs::create_symlink(at("nowhere"), at("a-2.fxt"));
        fs::create_directory(at("a-3.fxt"));
        QCOMPARE(recorded(), at("a-4.fxt"));
        QCOMPARE(recorded(), at("a-5.fxt"));
        QCOMPARE(unpacked(at("a.fxt")), std::string("the old one"));
        QVERIFY(fs::is_symlink(at("a-2.fxt")) && !fs::exists(at("nowhere")) && fs::is_empty(at("a-3.fxt")));
        QCOMPARE(unpacked(at("a-4.fxt")), std::string("new"));
        for (const auto& entry : fs::directory_iterator(m_folder.path().toStdString())) QVERIFY(entry.path().extension() == ".fxt");
        QCOMPARE(numberedName("runs.old/run", 2), std::string("runs.old/run-2"));
        QCOMPARE(numberedName("/x/a.b.fxt.gz", 12), std::string("/x/a.b-12.fxt.gz"));
        QCOMPARE(numberedName(".fxt", 2), std::string(".fxt-2"));
        QCOMPARE(numberedName("x/" + std::string(251, 'n') + ".fxt", 2), "x/" + std::string(249, 'n') + "-2.fxt");
    }
    void withoutANameNothingIsLeft()
    {
        {
            auto file = GrowingFile::create(at("a.fxt"), GrowingFile::Packing::Plain);
            QVERIFY(file.ok());
            QCOMPARE(file->append("half"), 0);
        }
        QVERIFY(fs::is_empty(m_folder.path().toStdString()));
    }
    void aPartThatLiesThereIsLeftAlone()
    {
        std::ofstream(at("a.fxt.part")) << "a recording that was killed";
        {
            auto file = GrowingFile::create(at("a.fxt"), GrowingFile::Packing::Plain);
            QVERIFY(file.ok());
            QCOMPARE(file->part(), at("a.fxt.part2"));
        }
        QCOMPARE(unpacked(at("a.fxt.part")), std::string("a recording that was killed"));
        QVERIFY(!fs::exists(at("a.fxt.part2")));
    }
    void packedEachPieceCanBeReadWhateverFollows()
    {
        auto file = GrowingFile::create(at("a.fxt.gz"), GrowingFile::packingOf(at("a.fxt.gz")));
        QVERIFY(file.ok());
        const std::string first(100'000, 'a'), second(100'000, 'b');
        QCOMPARE(file->append(first), 0);
        QCOMPARE(unpacked(file->part()), first);
        QCOMPARE(file->append(second), 0);
        QCOMPARE(unpacked(file->part()), first + second);
        QVERIFY(file->size() < 2'000);
        QVERIFY(file->takeName().ok());
        QCOMPARE(unpacked(at("a.fxt.gz")), first + second);
    }
    void aDiskThatIsFullKeepsWholePieces()
    {
        // A limit of the file size stands for the disk: the same errors at the same calls.
        ::signal(SIGXFSZ, SIG_IGN);
        rlimit before = {};
        QCOMPARE(::getrlimit(RLIMIT_FSIZE, &before), 0);
        auto file = GrowingFile::create(at("a.fxt"), GrowingFile::Packing::Plain);
        QVERIFY(file.ok());
        QCOMPARE(file->append(std::string(6'000, 'a')), 0);
        rlimit small = before;
        small.rlim_cur = 10'000;
        QCOMPARE(::setrlimit(RLIMIT_FSIZE, &small), 0);
        const int full = file->append(std::string(6'000, 'b'));
        const int again = file->append("c");
        QCOMPARE(::setrlimit(RLIMIT_FSIZE, &before), 0);
        ::signal(SIGXFSZ, SIG_DFL);
        QCOMPARE(full, EFBIG);
        QCOMPARE(again, EFBIG);
        QCOMPARE(file->cannot(full).message, std::string("a.fxt cannot be written: the file would be larger than is allowed"));
        QVERIFY(file->takeName().ok());
        QCOMPARE(unpacked(at("a.fxt")), std::string(6'000, 'a'));
    }
    void whatCannotBeReplacedIsRefused()
    {
        fs::create_directory(at("folder"));
        fs::create_symlink(at("nowhere"), at("link"));
        const auto refused = [](const std::string& path) { return sentence(GrowingFile::create(path, GrowingFile::Packing::Plain)); };
        QCOMPARE(refused(at("folder")), std::string("folder cannot be written: this is a folder"));
        QCOMPARE(refused(at("missing/a.fxt")), std::string("a.fxt cannot be written: its folder is not there"));
        QCOMPARE(refused(at("link")), std::string("link cannot be written: it is a link that leads nowhere"));
        QCOMPARE(refused("/dev/null"), std::string("null cannot be written: this is not a regular file"));
        QCOMPARE(refused(at(std::string(256, 'x'))), std::string(256, 'x') + " cannot be written: the name is too long");
    }

private:
    std::string at(const std::string& name) const { return m_folder.path().toStdString() + "/" + name; }

    QTemporaryDir m_folder;
};

QTEST_GUILESS_MAIN(tst_GrowingFile)
#include "tst_GrowingFile.moc"
