#include "core/io/GzipSource.h"
#include "tests/support/Golden.h"
#include "tests/support/Gzip.h"

#include <QTemporaryDir>
#include <QTest>
#include <unistd.h>

using namespace opscope;
using namespace opscope::test;

namespace {

struct Read
{
    std::string text;
    Diagnostics diagnostics;
    std::uint32_t members = 0;
};

Read readAll(ByteSource& source, std::size_t piece)
{
    Read read;
    std::string buffer(piece, '\0');
    for (;;) {
        auto got = source.read(buffer);
        if (!got || *got == 0) break;
        read.text.append(buffer, 0, *got);
    }
    read.diagnostics = source.diagnostics();
    read.members = source.gzipMembers();
    return read;
}

Result<Read> unpack(const std::string& packed, InflateEngine engine, std::size_t piece = 1000)
{
    auto source = openPacked(PackedBytes::memory(packed), engine);
    if (!source) return source.error();
    return readAll(**source, piece);
}

/// Text that deflates like a trace does: repeating, with numbers in between.
std::string someText(std::size_t bytes)
{
    std::string text;
    for (std::uint32_t i = 0; text.size() < bytes; ++i) {
        text += "{\"ph\": \"X\", \"ts\": " + std::to_string(i * 2654435761u) + ", \"name\": \"aten::op" + std::to_string(i % 37) + "\"},\n";
    }
    text.resize(bytes);
    return text;
}

std::vector<InflateEngine> engines()
{
    std::vector<InflateEngine> all{InflateEngine::Zlib};
    if (isAvailable(InflateEngine::Isal)) all.push_back(InflateEngine::Isal);
    return all;
}

} // namespace

class tst_ByteSource : public QObject
{
    Q_OBJECT

private slots:
    void aPlainFileIsReadAsItIs()
    {
        QTemporaryDir folder;
        const std::string path = folder.filePath("trace.json.gz").toStdString(); // the name means nothing
        const std::string text = someText(300'000);
        QVERIFY(writeFile(path, text));
        auto source = ByteSource::openFile(path);
        QVERIFY(source.ok());
        QCOMPARE((*source)->packedSize(), std::uint64_t{300'000});
        QVERIFY((*source)->descriptor() >= 0);
        QVERIFY((*source)->modifiedNs() > 0);
        QVERIFY(!(*source)->gzip());
        auto head = (*source)->head(10);
        QVERIFY(head.ok());
        QCOMPARE(*head, std::string_view(text).substr(0, 10));
        QCOMPARE(readAll(**source, 4096).text, text);
        QCOMPARE((*source)->position(), std::uint64_t{300'000});
        QCOMPARE((*source)->packedPosition(), std::uint64_t{300'000});
    }

    void whatCannotBeOpenedSaysWhy()
    {
        QTemporaryDir folder;
        auto missing = ByteSource::openFile(folder.filePath("none.json").toStdString());
        QCOMPARE(missing.error().code, ErrorCode::CannotOpen);
        QCOMPARE(missing.error().text(), std::string("there is no such file"));
        auto isFolder = ByteSource::openFile(folder.path().toStdString());
        QCOMPARE(isFolder.error().code, ErrorCode::CannotOpen);
        QCOMPARE(isFolder.error().text(), std::string("this is a folder, not a file"));
        auto device = ByteSource::openFile("/dev/null");
        QCOMPARE(device.error().code, ErrorCode::CannotOpen);
        const std::string path = folder.filePath("empty").toStdString();
        QVERIFY(writeFile(path, ""));
        QCOMPARE(ByteSource::openFile(path).error().code, ErrorCode::Empty);
        QCOMPARE(ByteSource::openFile(path).error().text(), std::string("the file is empty"));
        QVERIFY(writeFile(path, gzip("")));
        QCOMPARE(ByteSource::openFile(path).error().text(), std::string("the file is empty"));
        QVERIFY(writeFile(path, gzip("") + gzip("")));
        QCOMPARE(ByteSource::openFile(path).error().text(), std::string("the file is empty"));
        QCOMPARE(ByteSource::openMemory({}).error().code, ErrorCode::Empty);
    }

    void anUnreadableFileSaysSo()
    {
        if (::geteuid() == 0) QSKIP("skipped: root may read everything");
        QTemporaryDir folder;
        const std::string path = folder.filePath("secret").toStdString();
        QVERIFY(writeFile(path, "{}"));
        QFile::setPermissions(QString::fromStdString(path), QFileDevice::Permissions());
        QCOMPARE(ByteSource::openFile(path).error().text(), std::string("the file may not be read (permission denied)"));
    }

    void gzipIsUnpackedByContent()
    {
        const std::string text = someText(700'000);
        for (const int level : {0, 1, 6, 9}) {
            const std::string packed = gzip(text, level);
            for (const InflateEngine engine : engines()) {
                for (const std::size_t piece : {std::size_t{997}, std::size_t{65536}, std::size_t{4} << 20}) {
                    auto read = unpack(packed, engine, piece);
                    QVERIFY(read.ok());
                    QCOMPARE(read->text, text);
                    QVERIFY(read->diagnostics.empty());
                    QCOMPARE(read->members, 1u);
                }
            }
        }
    }

    void theHeadIsGivenAgain()
    {
        const std::string text = someText(100'000);
        const std::string packed = gzip(text);
        for (const InflateEngine engine : engines()) {
            auto source = openPacked(PackedBytes::memory(packed), engine);
            QVERIFY(source.ok());
            for (const std::size_t limit : {std::size_t{5}, std::size_t{70'000}, std::size_t{300'000}}) {
                auto head = (*source)->head(limit);
                QVERIFY(head.ok());
                QCOMPARE(*head, std::string_view(text).substr(0, limit));
                QCOMPARE((*source)->position(), std::uint64_t{0});
            }
            QCOMPARE(readAll(**source, 333).text, text);
            QCOMPARE((*source)->position(), std::uint64_t{100'000});
        }
    }

    void everyHeaderFieldIsSkipped()
    {
        const std::string body = gzip("hello").substr(10);
        const std::string fixed("\x1f\x8b\x08\x1e\0\0\0\0\0\xff", 10); // header CRC, extra, name, comment
        const std::string fields = std::string("\x03\0abc", 5) + std::string("name\0", 5) + std::string("comment\0", 8) + "cc";
        for (const InflateEngine engine : engines()) {
            auto read = unpack(fixed + fields + body, engine);
            QVERIFY(read.ok());
            QCOMPARE(read->text, std::string("hello"));
            for (std::size_t cut = 3; cut < (fixed + fields).size(); ++cut) {
                auto part = unpack((fixed + fields).substr(0, cut), engine);
                QVERIFY(!part.ok());
                QCOMPARE(part.error().code, ErrorCode::Malformed);
            }
            std::string reserved = fixed + fields + body;
            reserved[3] = '\x80';
            QCOMPARE(unpack(reserved, engine).error().code, ErrorCode::Malformed);
        }
    }

    void severalMembersAreOneStream()
    {
        const std::string text = someText(50'000);
        for (const InflateEngine engine : engines()) {
            for (const std::size_t size : {std::size_t{1}, std::size_t{7}, std::size_t{1000}, std::size_t{49'999}}) {
                std::string packed;
                std::uint32_t members = 0;
                for (std::size_t at = 0; at < text.size(); at += size, ++members) packed += gzip(text.substr(at, size));
                auto read = unpack(packed + gzip(""), engine);
                QVERIFY(read.ok());
                QCOMPARE(read->text, text);
                QVERIFY(read->diagnostics.empty());
                QCOMPARE(read->members, members + 1);
            }
        }
    }

    void paddingIsFineOtherBytesAreSaid()
    {
        const std::string packed = gzip("hello");
        for (const InflateEngine engine : engines()) {
            QVERIFY(unpack(packed + std::string(1000, '\0'), engine)->diagnostics.empty());
            for (const std::string& behind : {std::string("garbage"), std::string("\x1f\x8b"), std::string("\0x", 2),
                                              std::string("\x1f\x8b\x07zzz"), std::string("\x1f")}) {
                auto read = unpack(packed + behind, engine);
                QCOMPARE(read->text, std::string("hello"));
                QCOMPARE(read->diagnostics.count(Defect::TrailingBytes), std::uint64_t{1});
                QCOMPARE(read->diagnostics.seen().size(), std::size_t{1});
            }
        }
    }

    void cutAnywhereGivesAPrefixAndSaysSo()
    {
        const std::string text = someText(3000);
        for (const std::string& packed : {gzip(text, 6), gzip(text, 0), gzip(text.substr(0, 1000)) + gzip(text.substr(1000))}) {
            for (const InflateEngine engine : engines()) {
                for (std::size_t cut = 3; cut < packed.size(); ++cut) {
                    auto read = unpack(packed.substr(0, cut), engine);
                    if (!read) {
                        QCOMPARE(read.error().code, ErrorCode::Malformed);
                        continue;
                    }
                    QVERIFY(text.starts_with(read->text));
                    QVERIFY2(read->diagnostics.count(Defect::CompressedDataCut) + read->diagnostics.count(Defect::TrailingBytes) == 1 ||
                                 read->text.size() == 1000,
                             std::to_string(cut).c_str());
                }
            }
        }
    }

    void damageIsFoundByEitherEngine()
    {
        const std::string text = someText(3000), packed = gzip(text);
        for (const InflateEngine engine : engines()) {
            for (std::size_t place = 10; place < packed.size(); ++place) {
                for (const unsigned bit : {0u, 5u}) {
                    std::string bad = packed;
                    bad[place] = static_cast<char>(static_cast<unsigned char>(bad[place]) ^ (1u << bit));
                    auto read = unpack(bad, engine);
                    if (!read) continue;
                    const Diagnostics& said = read->diagnostics;
                    const bool unusedBit = read->text == text; // the last byte of deflate has some
                    QVERIFY2(said.count(Defect::CompressedDataDamaged) + said.count(Defect::CompressedDataCut) ==
                                 (unusedBit && said.empty() ? 0 : 1),
                             std::to_string(place).c_str());
                    QVERIFY(!said.empty() || (unusedBit && place == packed.size() - 9));
                }
            }
        }
    }

    void aBombNeedsNoMemory()
    {
        const std::string block = gzip(std::string(64 << 20, '\0'), 9);
        std::string packed;
        for (int i = 0; i < 4; ++i) packed += block;
        for (const InflateEngine engine : engines()) {
            auto source = openPacked(PackedBytes::memory(packed), engine);
            QVERIFY(source.ok());
            std::string buffer(1 << 20, 'x');
            std::uint64_t total = 0;
            for (;;) {
                auto got = (*source)->read(buffer);
                QVERIFY(got.ok());
                if (*got == 0) break;
                total += *got;
            }
            QCOMPARE(total, std::uint64_t{256} << 20);
        }
    }
};

QTEST_GUILESS_MAIN(tst_ByteSource)
#include "tst_ByteSource.moc"
