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

/// As long as it lives files may not grow larger: the errors of a full disk at the same calls.
class SmallDisk
{
public:
    explicit SmallDisk(rlim_t bytes)
    {
        ::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &m_before);
        const rlimit small{bytes, m_before.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &small);
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    ~SmallDisk()
    {
        ::setrlimit(RLIMIT_FSIZE, &m_before);
        ::signal(SIGXFSZ, SIG_DFL);
    }

private:
    rlimit m_before = {};
};

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
        auto file = GrowingFile::create(at("a.fxt"), GrowingFile::Packing::Plain);
        QVERIFY(file.ok());
        QCOMPARE(file->append(std::string(6'000, 'a')), 0);
        int full = 0, again = 0;
        {
            const SmallDisk disk(10'000);
            full = file->append(std::string(6'000, 'b'));
            again = file->append("c");
        }
        QCOMPARE(full, EFBIG);
        QCOMPARE(again, EFBIG);
        QCOMPARE(file->cannot(full).message, std::string("a.fxt cannot be written: the file would be larger than is allowed"));
        QVERIFY(file->takeName().ok());
        QCOMPARE(unpacked(at("a.fxt")), std::string(6'000, 'a'));
    }
    void aDiskThatIsFullKeepsAllThatIsWholeAndFits_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<int>("room");
        QTest::newRow("plain") << "a.fxt" << 10'003;
        QTest::newRow("plain, less than one line") << "a.fxt" << 4;
        QTest::newRow("packed") << "a.fxt.gz" << 5'003;
        QTest::newRow("packed, less than a header") << "a.fxt.gz" << 4;
    }
    void aDiskThatIsFullKeepsAllThatIsWholeAndFits()
    {
        QFETCH(QString, name);
        QFETCH(int, room);
        std::string lines;
        for (std::uint32_t i = 0; i < 10'000; ++i) lines += std::to_string(i * 2'654'435'761u) + "\n"; // packs badly
        const GrowingFile::Whole whole = [](std::string_view bytes) { return bytes.rfind('\n') + 1; };
        auto file = GrowingFile::create(at(name.toStdString()), GrowingFile::packingOf(name.toStdString()));
        QVERIFY(file.ok());
        int full = 0, again = 0;
        {
            const SmallDisk disk(static_cast<rlim_t>(room));
            full = file->append(lines, whole);
            again = file->append("1\n", whole);
        }
        QCOMPARE(full, EFBIG);
        QCOMPARE(again, EFBIG); // it might fit, but it would not follow what is there
        QVERIFY(file->size() <= static_cast<std::uint64_t>(room));
        QVERIFY(room < 10 || file->size() + 64 > static_cast<std::uint64_t>(room));
        const std::string kept = file->size() ? unpacked(file->part()) : std::string();
        QVERIFY(lines.starts_with(kept));
        QVERIFY(kept.empty() || kept.back() == '\n');
        QVERIFY(file->takeName().ok());
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
