#include <QTest>

#include "core/tensor/CapturedTensor.h"
#include "tests/support/Capture.h"

#include <algorithm>
#include <filesystem>
#include <random>
#include <stop_token>

using namespace opscope;
using namespace opscope::test;
namespace fs = std::filesystem;

namespace {

using Order = TensorStatistics::Order;

/// Everything again, the slow and plain way.
template <class T>
void compareWithPlain(const std::vector<T>& values, const TensorStatistics& s)
{
    std::vector<T> sorted = values;
    std::sort(sorted.begin(), sorted.end());
    long double sum = 0;
    for (const T v : values) sum += static_cast<long double>(v);
    const auto countOf = [&](T value) {
        return static_cast<std::uint64_t>(std::upper_bound(sorted.begin(), sorted.end(), value) - std::lower_bound(sorted.begin(), sorted.end(), value));
    };
    std::uint64_t distinct = 1;
    for (std::size_t i = 1; i < sorted.size(); ++i) distinct += sorted[i] != sorted[i - 1];
    QCOMPARE(s.count, std::uint64_t{values.size()});
    QCOMPARE(s.minimum, static_cast<std::int64_t>(sorted.front()));
    QCOMPARE(s.maximum, static_cast<std::int64_t>(sorted.back()));
    QVERIFY(s.median.has_value());
    QCOMPARE(*s.median, static_cast<std::int64_t>(sorted[(sorted.size() - 1) / 2]));
    const double mean = static_cast<double>(sum / static_cast<long double>(values.size()));
    QVERIFY(std::abs(s.mean - mean) <= 1e-9 * std::max(1.0, std::abs(mean)));
    QCOMPARE(s.zeros, countOf(0));
    QCOMPARE(s.negatives, static_cast<std::uint64_t>(std::count_if(values.begin(), values.end(), [](T v) { return v < T{0}; })));
    if (s.distinctIsEstimate)
        QVERIFY(std::abs(static_cast<double>(s.distinct) / static_cast<double>(distinct) - 1) < 0.04);
    else
        QCOMPARE(s.distinct, distinct);
    QCOMPARE(s.duplicates, s.count - s.distinct);
    std::uint64_t inBins = 0;
    QVERIFY(!s.bins.empty() && s.bins.size() <= 64);
    QCOMPARE(s.bins.front().low, s.minimum);
    QCOMPARE(s.bins.back().high, s.maximum);
    for (std::size_t b = 0; b < s.bins.size(); ++b) {
        inBins += s.bins[b].count;
        const T low = static_cast<T>(s.bins[b].low), high = static_cast<T>(s.bins[b].high);
        QVERIFY(low <= high);
        if (b) QCOMPARE(s.bins[b].low, s.bins[b - 1].high + 1);
        const auto inside = std::upper_bound(sorted.begin(), sorted.end(), high) - std::lower_bound(sorted.begin(), sorted.end(), low);
        QCOMPARE(s.bins[b].count, static_cast<std::uint64_t>(inside));
    }
    QCOMPARE(inBins, s.count);
    for (std::size_t f = 0; f < s.frequent.size(); ++f) {
        QCOMPARE(s.frequent[f].count, countOf(static_cast<T>(s.frequent[f].value)));
        if (f) QVERIFY(s.frequent[f].count <= s.frequent[f - 1].count);
    }
    if (!s.frequentIsSampled) QCOMPARE(s.frequent.size(), static_cast<std::size_t>(std::min<std::uint64_t>(16, distinct)));
    QVERIFY(!s.changed);
}

} // namespace

class tst_TensorStatistics : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void statisticsOfFewValuesAreExact();
    void statisticsAgreeWithThePlainWay();
    void ordersAreTold_data();
    void ordersAreTold();
    void statisticsOfNothing();
    void statisticsStopWhenAsked();
    void statisticsTellHowFarTheyAre();
};

void tst_TensorStatistics::statisticsOfFewValuesAreExact()
{
    const auto s = statisticsOf(*captureOf<std::int64_t>({3, -1, 3, 0, 3, 7}, "long int").open());
    QVERIFY(s.has_value());
    QCOMPARE(*s->median, std::int64_t{3});
    QCOMPARE(s->distinct, std::uint64_t{4});
    QCOMPARE(s->duplicates, std::uint64_t{2});
    QCOMPARE(s->frequent.front().value, std::int64_t{3});
    QCOMPARE(s->frequent.front().count, std::uint64_t{3});
    QCOMPARE(s->frequent[1].value, std::int64_t{-1}); // of equally frequent ones the smallest
    QVERIFY(!s->distinctIsEstimate && !s->frequentIsSampled);
}

void tst_TensorStatistics::statisticsAgreeWithThePlainWay()
{
    std::mt19937_64 random(7);
    const auto values = [&]<class T>(T, std::size_t count, std::uint64_t range, std::uint64_t low) {
        std::vector<T> out(count);
        for (T& v : out) v = static_cast<T>(low + (range ? random() % range : random()));
        return out;
    };
    const auto check = [](const auto& v, const std::string& dtype, bool estimate, bool sampled) {
        const auto s = statisticsOf(*captureOf(v, dtype).open());
        QVERIFY(s.has_value());
        QCOMPARE(s->distinctIsEstimate, estimate);
        QCOMPARE(s->frequentIsSampled, sampled);
        compareWithPlain(v, *s);
    };
    check(values(std::int8_t{}, 10'000, 0, 0), "signed char", false, false);
    check(values(std::uint8_t{}, 300'000, 200, 0), "unsigned char", false, false);
    check(values(std::int16_t{}, 200'000, 0, 0), "short int", false, false);
    check(values(std::uint16_t{}, 1'000'000, 0, 0), "unsigned short", false, false);
    check(values(std::int32_t{}, 300'000, 1'000'000, std::uint64_t(-500'000)), "int", false, false); // a counter each
    check(values(std::int64_t{}, 300'000, 0, 0), "long int", false, false);                          // sorted
    check(values(std::uint64_t{}, 100'000, 0, 0), "unsigned long", false, false);
    check(values(std::int64_t{}, 1, 0, 0), "long int", false, false);
    // More than are sorted: a bit each, and an estimate.
    auto bits = values(std::int32_t{}, 4'300'000, 100'000'000, 5);
    std::fill(bits.begin(), bits.begin() + 500'000, 77'777);
    check(bits, "int", false, true);
    auto wide = values(std::int64_t{}, 4'300'000, 0, 0);
    std::fill(wide.begin() + 1'000'000, wide.begin() + 1'900'000, -5);
    check(wide, "long int", true, true);
    const auto s = statisticsOf(*captureOf(wide, "long int").open());
    QCOMPARE(s->frequent.front().value, std::int64_t{-5});
    QCOMPARE(s->frequent.front().count, std::uint64_t{900'000});
}

void tst_TensorStatistics::ordersAreTold_data()
{
    QTest::addColumn<QString>("kind");
    QTest::addColumn<QString>("expected");
    for (const auto& [kind, expected] : {std::pair("constant", "constant"), std::pair("up", "strictly rising"), std::pair("up, twice each", "rising"),
                                         std::pair("down", "strictly falling"), std::pair("down, twice each", "falling"),
                                         std::pair("one out of place", "unsorted"), std::pair("one out of place at a chunk's edge", "unsorted")})
        QTest::newRow(kind) << QString::fromLatin1(kind) << QString::fromLatin1(expected);
}

void tst_TensorStatistics::ordersAreTold()
{
    QFETCH(QString, kind);
    QFETCH(QString, expected);
    std::vector<std::int64_t> values(400'000); // three chunks of 1 MiB
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto n = static_cast<std::int64_t>(i);
        values[i] = kind == QStringLiteral("constant") ? 5 : kind.endsWith(QStringLiteral("each")) ? n / 2 : n;
    }
    if (kind.startsWith(QStringLiteral("down"))) std::reverse(values.begin(), values.end());
    if (kind == QStringLiteral("one out of place")) std::swap(values[1000], values[1001]);
    if (kind.endsWith(QStringLiteral("edge"))) std::swap(values[131'071], values[131'072]);
    const auto s = statisticsOf(*captureOf(values, "long int").open());
    QVERIFY(s.has_value());
    QCOMPARE(QString::fromStdString(std::string(title(s->order))), expected);
}

void tst_TensorStatistics::statisticsOfNothing()
{
    const auto s = statisticsOf(*Capture("long int", 4, 8, {4}, "").open());
    QVERIFY(s.has_value());
    QVERIFY(s->count == 0 && !s->median && s->bins.empty() && s->frequent.empty());
}

void tst_TensorStatistics::statisticsStopWhenAsked()
{
    const Capture capture = captureOf(std::vector<std::int64_t>(300'000, 3), "long int");
    std::stop_source stop;
    stop.request_stop();
    QVERIFY(!statisticsOf(*capture.open(), {nullptr, stop.get_token()}));
    QCOMPARE(saveCsv(*capture.open(), capture.folder.at("out.csv"), {nullptr, stop.get_token()}).error().code, ErrorCode::Cancelled);
    QCOMPARE(std::distance(fs::directory_iterator(capture.folder.at("")), {}), 2); // the trace and its folder
}

void tst_TensorStatistics::statisticsTellHowFarTheyAre()
{
    Progress progress;
    QVERIFY(statisticsOf(*captureOf(std::vector<std::int64_t>(300'000, 3), "long int").open(), {&progress, {}}));
    QCOMPARE(progress.done.load(), std::uint64_t{4'800'000}); // two passes
    QCOMPARE(progress.total.load(), progress.done.load());
}

QTEST_GUILESS_MAIN(tst_TensorStatistics)
#include "tst_TensorStatistics.moc"
