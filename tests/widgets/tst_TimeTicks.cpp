#include <QTest> // first: moc of Qt 6.4 fails on <concepts> when nothing of Qt came before it

#include "widgets/timeline/TimeTicks.h"

#include <algorithm>

using namespace opscope;

namespace {

std::string labels(const std::vector<TimeTick>& ticks)
{
    std::string all;
    for (const TimeTick& tick : ticks)
        if (!tick.label.empty()) all += (all.empty() ? "" : " | ") + tick.label;
    return all;
}

} // namespace

class tst_TimeTicks : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void stepsAreOneTwoFive()
    {
        for (Nanos length = 1; length < 1'000'000'000'000; length = length * 7 / 3 + 1) {
            Nanos step = tickStep(TimeScale({0, length}, 1'000), 110);
            QVERIFY(static_cast<double>(step) * 1'000 / static_cast<double>(length) >= 110);
            while (step % 10 == 0) step /= 10;
            QVERIFY(step == 1 || step == 2 || step == 5);
        }
    }
    void labelsCountFromTheOrigin()
    {
        const auto ticks = timeTicks(TimeScale({1'000'000, 3'000'000}, 500), 1'000'000, 110, TimeBase::Nanoseconds);
        QCOMPARE(labels(ticks), std::string("0 µs | 500 µs | 1.0 ms | 1.5 ms | 2.0 ms"));
    }
    void labelsAreFarEnoughApartAndTicksFew()
    {
        for (const int width : {60, 300, 1'700, 4'000})
            for (Nanos length = 1; length > 0 && length < std::numeric_limits<Nanos>::max() / 3; length *= 3) {
                const auto ticks = timeTicks(TimeScale({-7, length - 7}, width), 0, 110, TimeBase::Nanoseconds);
                QVERIFY(ticks.size() <= static_cast<std::size_t>(width) / 20 + 12);
                double last = -1e9;
                for (const TimeTick& tick : ticks) {
                    if (tick.label.empty()) continue;
                    QVERIFY(tick.x - last >= 110 - 1e-6);
                    last = tick.x;
                }
            }
    }
    void fiveMinorTicksToALabel()
    {
        const auto ticks = timeTicks(TimeScale({0, 1'000}, 1'000), 0, 110, TimeBase::Nanoseconds);
        QCOMPARE(ticks.size(), std::size_t(26)); // every 40 ns, labelled every 200 ns
        QCOMPARE(std::count_if(ticks.begin(), ticks.end(), [](const TimeTick& t) { return !t.label.empty(); }), 6);
    }
    void nodesAreCountedNotTimed()
    {
        const auto ticks = timeTicks(TimeScale({0, 2'500}, 400), 77, 110, TimeBase::NodeOrder);
        QCOMPARE(labels(ticks), std::string("node 0 | node 1,000 | node 2,000"));
    }
    void extremeRangesEnd()
    {
        constexpr Nanos kMin = std::numeric_limits<Nanos>::min();
        constexpr Nanos kMax = std::numeric_limits<Nanos>::max();
        QVERIFY(timeTicks(TimeScale({kMin, kMax}, 1'000), 0, 110, TimeBase::Nanoseconds).size() < 60);
        QVERIFY(timeTicks(TimeScale({kMax - 1, kMax}, 1'000), kMin, 110, TimeBase::Nanoseconds).size() < 60);
        QVERIFY(timeTicks(TimeScale({kMin, kMin + 3}, 1'000), kMax, 110, TimeBase::Nanoseconds).size() < 60);
    }
};

QTEST_GUILESS_MAIN(tst_TimeTicks)
#include "tst_TimeTicks.moc"
