#include "core/io/GzipSource.h"
#include "core/trace/Trace.h"
#include "tests/support/Golden.h"
#include "tests/support/Gzip.h"

#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QTest>
#include <random>
#include <thread>

using namespace opscope;
using namespace opscope::test;

namespace {

std::string someText(std::size_t bytes)
{
    std::string text;
    text.reserve(bytes + 200);
    std::minstd_rand random(7);
    while (text.size() < bytes) {
        text += "{\n    \"ph\": \"X\", \"ts\": " + std::to_string(random()) + ", \"dur\": " + std::to_string(random() % 1000) +
                ", \"name\": \"aten::op" + std::to_string(random() % 37) + "\"\n},\n";
    }
    text.resize(bytes);
    return text;
}

std::shared_ptr<const RestartPoints> pointsOf(const std::string& packed, InflateEngine engine, std::uint64_t every)
{
    GzipSource source(PackedBytes::memory(packed), engine, every);
    std::string buffer(50'000, '\0');
    for (;;) {
        auto got = source.read(buffer);
        if (!got || *got == 0) break;
    }
    return source.takeRestartPoints();
}

std::string members(const std::string& text, std::size_t each)
{
    std::string packed;
    for (std::size_t at = 0; at < text.size(); at += each) packed += gzip(text.substr(at, each));
    return packed;
}

} // namespace

class tst_RestartPoints : public QObject
{
    Q_OBJECT

private slots:
    void everyPlaceReadsAsWritten_data()
    {
        QTest::addColumn<int>("engine");
        QTest::addColumn<QByteArray>("packed");
        const std::string text = someText(2'000'000);
        const std::pair<const char*, std::string> files[] = {
            {"one member", gzip(text)}, {"stored", gzip(text, 0)}, {"two members", members(text, 1'200'000)},
            {"many members", members(text, 3000)}};
        for (const auto& [name, packed] : files) {
            for (const InflateEngine engine : {InflateEngine::Zlib, InflateEngine::Isal}) {
                if (!isAvailable(engine)) continue;
                QTest::addRow("%s, %s", name, engine == InflateEngine::Zlib ? "zlib" : "ISA-L")
                    << static_cast<int>(engine) << QByteArray::fromStdString(packed);
            }
        }
    }

    void everyPlaceReadsAsWritten()
    {
        QFETCH(int, engine);
        QFETCH(QByteArray, packed);
        const std::string file = packed.toStdString(), text = someText(2'000'000);
        const PackedBytes bytes = PackedBytes::memory(file);
        const auto points = pointsOf(file, static_cast<InflateEngine>(engine), 100'000);
        QVERIFY2(points->size() >= 8, std::to_string(points->size()).c_str());
        std::mt19937 random(1);
        for (int i = 0; i < 300; ++i) {
            const std::size_t offset = random() % (text.size() + 10), length = random() % 5000;
            auto read = points->read(bytes, offset, length);
            QVERIFY(read.ok());
            QCOMPARE(*read, offset < text.size() ? text.substr(offset, length) : std::string());
        }
    }

    void pointsStaySmall()
    {
        const std::string text = someText(64 << 20), packed = gzip(text, 1);
        for (const InflateEngine engine : {InflateEngine::Zlib, InflateEngine::Isal}) {
            if (!isAvailable(engine)) continue;
            GzipSource source(PackedBytes::memory(packed), engine);
            std::string buffer(1 << 20, '\0');
            while (*source.read(buffer) > 0) {}
            QElapsedTimer timer;
            timer.start();
            const auto points = source.takeRestartPoints();
            qInfo("taking %zu points: %.2f ms, %zu bytes", points->size(), static_cast<double>(timer.nsecsElapsed()) / 1e6, points->bytes());
            QVERIFY(points->size() >= 6 && points->size() <= 8);
            QVERIFY(points->bytes() < points->size() * 48'000);
            timer.restart();
            std::mt19937 random(1);
            const PackedBytes bytes = PackedBytes::memory(packed);
            for (int i = 0; i < 20; ++i) {
                const std::size_t offset = random() % text.size();
                QCOMPARE(*points->read(bytes, offset, 300), text.substr(offset, 300));
            }
            qInfo("reading again: %.2f ms each", static_cast<double>(timer.nsecsElapsed()) / 20e6);
        }
    }

    void manyThreadsReadAtOnce()
    {
        QTemporaryDir folder;
        SourceFile source;
        source.path = folder.filePath("trace.json.gz").toStdString();
        const std::string text = someText(3'000'000), packed = gzip(text);
        QVERIFY(writeFile(source.path, packed));
        auto bytes = ByteSource::openFile(source.path);
        QVERIFY(bytes.ok());
        std::string buffer(1 << 20, '\0');
        while (*(*bytes)->read(buffer) > 0) {}
        source.packedBytes = (*bytes)->packedSize();
        source.modifiedNs = (*bytes)->modifiedNs();
        source.unpackedBytes = (*bytes)->position();
        source.gzip = true;
        source.restarts = (*bytes)->takeRestartPoints();
        std::atomic<int> wrong = 0;
        std::vector<std::jthread> threads;
        for (unsigned t = 0; t < 4; ++t) {
            threads.emplace_back([&, t] {
                std::minstd_rand random(t + 1);
                for (int i = 0; i < 20; ++i) {
                    const std::size_t offset = random() % text.size();
                    auto read = readAgain(source, offset, 100);
                    if (!read || *read != text.substr(offset, 100)) ++wrong;
                }
            });
        }
        threads.clear();
        QCOMPARE(wrong.load(), 0);
    }

    void aChangedFileIsNotReadAgain()
    {
        QTemporaryDir folder;
        SourceFile source;
        source.path = folder.filePath("trace.json").toStdString();
        QVERIFY(writeFile(source.path, "0123456789"));
        auto bytes = PackedBytes::openFile(source.path);
        source.packedBytes = source.unpackedBytes = bytes->size();
        source.modifiedNs = bytes->modifiedNs();
        QCOMPARE(*readAgain(source, 3, 4), std::string("3456"));
        QCOMPARE(*readAgain(source, 8, 400), std::string("89"));
        QCOMPARE(*readAgain(source, 80, 400), std::string());
        QVERIFY(writeFile(source.path, "0123456789abc"));
        QCOMPARE(readAgain(source, 3, 4).error().code, ErrorCode::CannotRead);
        QFile::remove(QString::fromStdString(source.path));
        QCOMPARE(readAgain(source, 3, 4).error().code, ErrorCode::CannotOpen);
    }
};

QTEST_GUILESS_MAIN(tst_RestartPoints)
#include "tst_RestartPoints.moc"
