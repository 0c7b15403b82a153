#include <QtTest>

#include "core/query/Aggregates.h"
#include "tests/support/TraceFixture.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <random>

using namespace opscope;
using namespace opscope::test;

namespace {

struct Made
{
    TracePtr trace;
    std::vector<SliceId> slices;
};

/// One slice a duration, none overlapping.
Made made(const std::vector<Nanos>& durations)
{
    TraceFixture f;
    const TrackId main = f.thread(1, 10);
    Nanos at = 0;
    for (const Nanos d : durations) {
        f.slice(main, at, d, "x");
        at += d + 1;
    }
    Made m{f.finish(), {}};
    for (std::size_t i = 0; i < m.trace->slices().size(); ++i) m.slices.push_back(SliceId(i));
    return m;
}

DurationHistogram of(const std::vector<Nanos>& durations, std::size_t bins = 32)
{
    const Made m = made(durations);
    return durationHistogram(*m.trace, m.slices, bins);
}

} // namespace

class tst_DurationHistogram : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void equalStepsWithinADecade()
    {
        const DurationHistogram h = of({100, 110, 119, 120, 200}, 5);
        QVERIFY(!h.logarithmic);
        QCOMPARE(h.edges, (std::vector<std::int64_t>{100, 120, 140, 160, 180, 200}));
        QCOMPARE(h.counts, (std::vector<std::uint64_t>{3, 1, 0, 0, 1}));
    }
    void equalRatiosBeyondADecade()
    {
        const DurationHistogram h = of({10, 99, 100, 10'000}, 3);
        QVERIFY(h.logarithmic);
        QCOMPARE(h.edges.size(), std::size_t{4});
        QCOMPARE(h.edges.front(), std::int64_t{10});
        QCOMPARE(h.edges.back(), std::int64_t{10'000});
        QVERIFY(std::abs(h.edges[1] - 100) <= 1 && std::abs(h.edges[2] - 1000) <= 1);
        QCOMPARE(h.counts.front() + h.counts[1], std::uint64_t{3});
        QCOMPARE(h.counts.back(), std::uint64_t{1});
    }
    void whatHasNoLengthHasABinOfItsOwn()
    {
        const DurationHistogram h = of({0, 0, 1, 5, 1000}, 4);
        QVERIFY(h.logarithmic);
        QCOMPARE(h.edges[0], std::int64_t{0});
        QCOMPARE(h.edges[1], std::int64_t{1});
        QCOMPARE(h.counts[0], std::uint64_t{2});
        QCOMPARE(h.counts.size(), std::size_t{4});
    }
    void equalDurationsAreOneBin()
    {
        const DurationHistogram h = of({7, 7, 7});
        QCOMPARE(h.edges, (std::vector<std::int64_t>{7, 7}));
        QCOMPARE(h.counts, (std::vector<std::uint64_t>{3}));
        QCOMPARE(h.median, std::int64_t{7});
    }
    void thereAreNoMoreBinsThanNanoseconds()
    {
        const DurationHistogram h = of({20, 21, 23});
        QCOMPARE(h.edges, (std::vector<std::int64_t>{20, 21, 22, 23}));
        QCOMPARE(h.counts, (std::vector<std::uint64_t>{1, 1, 1}));
    }
    void ranksAreThoseOfTheSortedList()
    {
        std::vector<Nanos> durations(100);
        std::iota(durations.begin(), durations.end(), 1);
        std::shuffle(durations.begin(), durations.end(), std::mt19937(1));
        const DurationHistogram h = of(durations);
        QCOMPARE(h.median, std::int64_t{50});
        QCOMPARE(h.p95, std::int64_t{95});
        QCOMPARE(h.p99, std::int64_t{99});
    }
    void theSlowestComeFirstAndAreAtMostFifty()
    {
        std::vector<Nanos> durations(80);
        std::iota(durations.begin(), durations.end(), 1);
        durations[3] = 80; // a tie with the last
        const Made m = made(durations);
        const DurationHistogram h = durationHistogram(*m.trace, m.slices);
        QCOMPARE(h.slowest.size(), std::size_t{50});
        QVERIFY(h.slowest[0] == SliceId(3) && h.slowest[1] == SliceId(79) && h.slowest[2] == SliceId(78));
    }
    void nothingGivesNothing()
    {
        const DurationHistogram h = of({});
        QVERIFY(h.edges.empty() && h.counts.empty() && h.slowest.empty());
    }
    void anyDurationsFillTheBinsWhole_data()
    {
        QTest::addColumn<int>("bits");
        for (const int bits : {1, 4, 12, 40, 62}) QTest::addRow("%d bits", bits) << bits;
    }
    void anyDurationsFillTheBinsWhole()
    {
        QFETCH(int, bits);
        std::mt19937_64 random(static_cast<unsigned>(bits));
        for (int round = 0; round < 50; ++round) {
            TraceFixture f;
            std::vector<Nanos> durations;
            for (int i = 0; i < 40; ++i) {
                durations.push_back(static_cast<Nanos>(random() >> (64 - bits) >> (random() % static_cast<unsigned>(bits))));
                f.slice(f.thread(1, i), 0, durations.back(), "x");
            }
            const TracePtr trace = f.finish();
            std::vector<SliceId> slices;
            for (std::size_t i = 0; i < trace->slices().size(); ++i) slices.push_back(SliceId(i));
            const std::size_t bins = 1 + random() % 40;
            const DurationHistogram h = durationHistogram(*trace, slices, bins);
            QVERIFY(h.counts.size() >= 1 && h.counts.size() <= bins);
            QCOMPARE(h.edges.size(), h.counts.size() + 1);
            QCOMPARE(h.edges.front(), *std::ranges::min_element(durations));
            QCOMPARE(h.edges.back(), *std::ranges::max_element(durations));
            for (std::size_t b = 0; b < h.counts.size(); ++b) {
                if (h.counts.size() > 1) QVERIFY(h.edges[b] < h.edges[b + 1]);
                const auto in = std::ranges::count_if(durations, [&](Nanos d) {
                    return d >= h.edges[b] && (d < h.edges[b + 1] || (b + 1 == h.counts.size() && d == h.edges[b + 1]));
                });
                QCOMPARE(h.counts[b], static_cast<std::uint64_t>(in));
            }
        }
    }
};

QTEST_GUILESS_MAIN(tst_DurationHistogram)
#include "tst_DurationHistogram.moc"
