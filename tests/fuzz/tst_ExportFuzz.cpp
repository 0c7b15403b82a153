#include <QTest>

#include "core/io/Loader.h"
#include "tests/support/ExportText.h"
#include "tests/support/Golden.h"
#include "tests/support/Gzip.h"
#include "tests/support/Mutants.h"

#include <random>

using namespace opscope;
using namespace opscope::test;

namespace {

constexpr int kMutantsPerFile = 60;
constexpr std::size_t kMostBytes = 20'000;

/// What can be read can be saved in part, and the part says what was kept.
void checkExport(const std::string& bytes, std::mt19937& random)
{
    const auto loaded = loadTraceFromMemory(bytes, "mutant");
    if (!loaded) return;
    const Trace& trace = **loaded;
    const std::uint32_t seed = random();
    const Subset part = someRows(trace, [&](std::size_t row) { return (row * 2654435761u ^ seed) % 3 != 0; });
    if (part.rows.empty()) return;
    const std::size_t piece = 1 + random() % 3000;
    ExportReport::File report;
    const auto out = exportedText(trace, bytes, part, &report, piece);
    QVERIFY2(out.ok(), out.ok() ? "" : out.error().text().c_str());
    if (trace.sources()[0].format == "et" && report.events == 0) return; // its only node was our own root: nothing is left to know it by
    const auto again = loadTraceFromMemory(*out, "part");
    QVERIFY2(again.ok(), again.ok() ? "" : (again.error().text() + "\n" + *out).c_str());
    const auto same = exportedText(trace, bytes, part);
    QVERIFY(same.ok() && *same == *out);
    if (trace.sources()[0].format == "et") return;
    QVERIFY2((*again)->slices().size() == part.rows.slices.count(), ("\n" + eventDump(trace, part) + "\n" + eventDump(**again) + "\n" + bytes).c_str());
    QCOMPARE((*again)->instants().size(), part.rows.instants.count());
    Subset all = wholeTrace(**again);
    all.whole = false;
    const auto second = exportedText(**again, *out, all);
    QVERIFY(second.ok());
    const auto third = loadTraceFromMemory(*second, "part of the part");
    QVERIFY(third.ok());
    QCOMPARE(eventDump(**third), eventDump(**again));
}

} // namespace

class tst_ExportFuzz : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void partsOfBentSamplesOpenAgain_data()
    {
        QTest::addColumn<QString>("path");
        std::vector<std::string> paths = smallSamples(kMostBytes);
        for (const std::string& path : smallSamples(kMostBytes, ".fxt")) paths.push_back(path);
        for (const std::string& path : paths) QTest::newRow(path.substr(path.find("data/") + 5).c_str()) << QString::fromStdString(path);
    }
    void partsOfBentSamplesOpenAgain()
    {
        QFETCH(QString, path);
        const std::string text = readUnpacked(path.toStdString());
        std::mt19937 random(static_cast<unsigned>(text.size()));
        for (int i = 0; i < kMutantsPerFile && !QTest::currentTestFailed(); ++i) checkExport(i ? mutate(text, random) : text, random);
    }
};

QTEST_GUILESS_MAIN(tst_ExportFuzz)
#include "tst_ExportFuzz.moc"
