#include "core/format/EventReader.h"
#include "core/format/JsonReader.h"
#include "core/io/Loader.h"
#include "tests/support/Golden.h"
#include "tests/support/Gzip.h"
#include "tests/support/Mutants.h"

#include <QTemporaryDir>
#include <QTest>
#include <filesystem>
#include <random>

using namespace opscope;
using namespace opscope::test;

namespace {

constexpr int kMutantsPerFile = 150;
constexpr std::size_t kMostBytes = 20'000; ///< larger samples are left to the fuzzer

/// Whatever it is: a trace whose rows hold together, or a sentence.
void checkOutcome(const std::string& bytes, const ImportOptions& options)
{
    auto loaded = loadTraceFromMemory(bytes, "mutant", {}, options);
    if (!loaded) {
        QVERIFY(!loaded.error().message.empty());
        return;
    }
    const Trace& trace = **loaded;
    for (std::size_t row = 0; row < trace.slices().size(); ++row) {
        const SliceId slice(row);
        QVERIFY(trace.slices().duration(slice) >= 0);
        QVERIFY(trace.slices().end(slice) >= trace.slices().start(slice));
        const SliceId parent = trace.slices().parent(slice);
        QVERIFY(!parent || parent.index() < row);
        QVERIFY(isValidUtf8(trace.name(slice)));
        QVERIFY(trace.slices().lane(slice) < trace.track(trace.trackOf(slice)).laneCount);
    }
}

void checkText(const Result<EventText>& text)
{
    QVERIFY2(text.ok(), text.ok() ? "" : text.error().text().c_str());
    QVERIFY2(isValidUtf8(text->json), text->json.c_str());
    const auto json = JsonDocument::parse(text->json);
    QVERIFY2(json.ok() && json->root().isObject() && json->consumed() == text->json.size(), text->json.c_str());
}

} // namespace

/// The corpus of small samples, bent at random with fixed seeds: never a crash, never rows that do not hold together.
class tst_Fuzz : public QObject
{
    Q_OBJECT

private slots:
    void bentSamplesNeverCrash_data()
    {
        QTest::addColumn<QString>("path");
        for (const std::string& path : smallSamples(kMostBytes)) {
            QTest::newRow(std::filesystem::path(path).filename().c_str()) << QString::fromStdString(path);
        }
    }

    void bentSamplesNeverCrash()
    {
        QFETCH(QString, path);
        const std::string text = readFile(path.toStdString());
        std::mt19937 random(static_cast<unsigned>(text.size()));
        for (int i = 0; i < kMutantsPerFile && !QTest::currentTestFailed(); ++i) {
            const std::string mutant = mutate(text, random);
            const ImportOptions options{1 + static_cast<unsigned>(i % 3), i % 2 == 0 ? std::size_t{64} : std::size_t{2} << 20};
            checkOutcome(mutant, options);
            if (i % 10 == 0) checkOutcome(mutate(gzip(text), random), options);
        }
    }

    void bentRecordsNeverCrash_data()
    {
        QTest::addColumn<QString>("path");
        for (const std::string& path : smallSamples(kMostBytes, ".fxt")) {
            QTest::newRow(std::filesystem::path(path).filename().c_str()) << QString::fromStdString(path);
        }
    }

    /// Rows are read back as well: what they say comes from the same damaged words.
    void bentRecordsNeverCrash()
    {
        QFETCH(QString, path);
        const std::string bytes = readFile(path.toStdString());
        std::mt19937 random(static_cast<unsigned>(bytes.size()));
        QTemporaryDir folder;
        const std::string place = folder.filePath(QStringLiteral("mutant.fxt")).toStdString();
        for (int i = 0; i < 4 * kMutantsPerFile && !QTest::currentTestFailed(); ++i) {
            const std::string mutant = mutateWords(bytes, random);
            checkOutcome(mutant, {1 + static_cast<unsigned>(i % 3), i % 2 == 0 ? std::size_t{64} : std::size_t{2} << 20});
            if (i % 10 == 0) checkOutcome(mutate(gzip(bytes), random), {});
            QVERIFY(writeFile(place, mutant));
            auto loaded = loadTrace(std::span(&place, 1));
            if (!loaded) continue;
            const Trace& trace = **loaded;
            for (std::size_t row = 0; row < trace.slices().size(); ++row) checkText(readEvent(trace, SliceId(row)));
            for (std::size_t row = 0; row < trace.instants().size(); ++row) checkText(readEvent(trace, InstantId(row)));
        }
    }
};

QTEST_GUILESS_MAIN(tst_Fuzz)
#include "tst_Fuzz.moc"
