#include <QTest> // first: moc of Qt 6.4 fails on <concepts> when nothing of Qt came before it

#include "widgets/timeline/TimeScale.h"

using namespace opscope;

namespace {
constexpr Nanos kMin = std::numeric_limits<Nanos>::min();
constexpr Nanos kMax = std::numeric_limits<Nanos>::max();
} // namespace

class tst_TimeScale : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void pixelsAndTimesAreInverse()
    {
        const TimeScale scale({1'000, 3'000}, 1'000);
        QCOMPARE(scale.x(1'000), 0.0);
        QCOMPARE(scale.x(3'000), 1'000.0);
        QCOMPARE(scale.x(2'000), 500.0);
        for (int px = -50; px < 1'050; ++px) QCOMPARE(scale.x(scale.timeAt(px)), static_cast<double>(px));
    }
    void aTimeIsExactThoughItsRangeIsFarFromZero()
    {
        const Nanos base = 1'700'000'000'000'000'000; // absolute times lose 256 ns in a double
        const TimeScale scale({base, base + 1'000}, 1'000);
        QCOMPARE(scale.x(base + 1), 1.0);
        QCOMPARE(scale.timeAt(999), base + 999);
    }
    void timesRoundTowardsThePast()
    {
        const TimeScale scale({0, 10}, 100);
        QCOMPARE(scale.timeAt(9), Nanos(0));
        QCOMPARE(scale.timeAt(10), Nanos(1));
        QCOMPARE(scale.timeAt(-1), Nanos(-1));
    }
    void theWholeOfInt64CanBeShown()
    {
        const TimeScale scale({kMin, kMax}, 1'920);
        QCOMPARE(scale.x(kMin), 0.0);
        QCOMPARE(scale.x(kMax), 1'920.0);
        QVERIFY(std::abs(scale.x(0) - 960) < 1e-6);
        QCOMPARE(scale.timeAt(0), kMin);
        QCOMPARE(scale.timeAt(1'920), kMax);
        QCOMPARE(scale.timeAt(5'000), kMax);   // saturates
        QCOMPARE(scale.timeAt(-5'000), kMin);
    }
    void anEmptyRangeIsOneNanosecond()
    {
        QCOMPARE(TimeScale({5, 5}, 100).range().length(), std::uint64_t(1));
        QCOMPARE(TimeScale({7, 3}, 100).range().length(), std::uint64_t(1));
        QVERIFY(TimeScale({kMax, kMax}, 0).width() >= 1);
    }
    void zoomingKeepsTheAnchorAtItsPixel()
    {
        const TimeRange before{1'000'000, 2'000'000};
        for (const double factor : {0.5, 0.8, 1.25, 3.0}) {
            const TimeRange after = zoomed(before, 1'250'000, factor);
            const double x = TimeScale(before, 1'000).x(1'250'000);
            QVERIFY(std::abs(TimeScale(after, 1'000).x(1'250'000) - x) < 0.01);
        }
    }
    void zoomingAlwaysGetsSomewhere()
    {
        TimeRange range{0, 1'000};
        for (int i = 0; i < 200; ++i) range = zoomed(range, range.start, 0.9);
        QCOMPARE(range.length(), std::uint64_t(1));
        for (int i = 0; i < 10; ++i) {
            const TimeRange wider = zoomed(range, range.start, 1.01);
            QVERIFY(wider.length() > range.length());
            range = wider;
        }
    }
    void zoomingStopsAtTheEndsOfInt64()
    {
        TimeRange range{kMin + 5, kMin + 100};
        for (int i = 0; i < 200; ++i) range = zoomed(range, range.start, 2);
        QCOMPARE(range.start, kMin);
        QCOMPARE(range.end, kMax);
        range = zoomed(range, 0, 0.5);
        QVERIFY(range.length() < std::uint64_t(1) << 63);
        QVERIFY(range.contains(0));
    }
    void panningKeepsTheLengthAndStopsAtTheEnds()
    {
        QCOMPARE(panned({0, 10}, 5), (TimeRange{5, 15}));
        QCOMPARE(panned({kMax - 10, kMax - 2}, 1'000), (TimeRange{kMax - 8, kMax}));
        QCOMPARE(panned({kMin + 1, kMin + 3}, Wide(kMin) * 2), (TimeRange{kMin, kMin + 2}));
    }
};

QTEST_GUILESS_MAIN(tst_TimeScale)
#include "tst_TimeScale.moc"
