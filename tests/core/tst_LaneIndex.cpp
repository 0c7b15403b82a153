#include "tests/support/TraceFixture.h"

#include <QtTest>

#include <random>

using namespace opscope;
using test::TraceFixture;

namespace {

/// Every query by looking at all slices.
struct Brute
{
    const SliceTable& slices;
    const LaneIndex& index;
    const LaneIndex::Lane& lane;

    std::uint32_t firstEndingAfter(Nanos t) const
    {
        std::uint32_t i = 0;
        while (i < lane.count && !(end(i) > t || (end(i) == t && start(i) == t))) ++i;
        return i;
    }
    std::uint32_t firstStartingAt(Nanos t) const
    {
        std::uint32_t i = 0;
        while (i < lane.count && start(i) < t) ++i;
        return i;
    }
    std::uint32_t longest(std::uint32_t from, std::uint32_t to) const
    {
        std::uint32_t best = from;
        for (std::uint32_t i = from; i < to; ++i)
            if (duration(i) > duration(best)) best = i;
        return best;
    }
    Nanos start(std::uint32_t i) const { return slices.start(index.slice(lane, i)); }
    Nanos end(std::uint32_t i) const { return slices.end(index.slice(lane, i)); }
    Nanos duration(std::uint32_t i) const { return slices.duration(index.slice(lane, i)); }
};

/// A lane of `count` slices, with gaps, zero lengths and neighbours that touch.
TracePtr randomLane(std::uint32_t count, unsigned seed)
{
    std::mt19937 random(seed);
    TraceFixture f;
    const TrackId t = f.thread(1, 1);
    Nanos at = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        const Nanos length = random() % 4 == 0 ? 0 : static_cast<Nanos>(random() % 50);
        f.slice(t, at, length, "x");
        at += length + (length == 0) + (random() % 3 == 0 ? static_cast<Nanos>(random() % 20) : 0);
    }
    return f.finish();
}

} // namespace

class tst_LaneIndex : public QObject
{
    Q_OBJECT

private slots:
    void everyQueryAgreesWithLookingAtAll_data()
    {
        QTest::addColumn<unsigned>("count");
        for (const unsigned count : {1u, 2u, 63u, 64u, 65u, 128u, 4095u, 4096u, 4097u, 9000u})
            QTest::addRow("%u slices", count) << count;
    }
    void everyQueryAgreesWithLookingAtAll()
    {
        QFETCH(unsigned, count);
        const TracePtr trace = randomLane(count, count);
        const LaneIndex& index = trace->lanes();
        const LaneIndex::Lane& lane = index.lane(trace->track(TrackId(0)), 0);
        QCOMPARE(lane.count, count);
        const SliceTable& slices = trace->slices();
        const Brute brute{slices, index, lane};
        std::mt19937 random(99);
        const Nanos end = slices.end(index.slice(lane, count - 1));
        for (int round = 0; round < 400; ++round) {
            const Nanos t = static_cast<Nanos>(random() % static_cast<unsigned long>(end + 20)) - 10;
            const std::uint32_t ending = brute.firstEndingAfter(t), starting = brute.firstStartingAt(t);
            QCOMPARE(index.firstEndingAfter(slices, lane, t), ending);
            QCOMPARE(index.firstEndingAfter(slices, lane, t, ending / 2), ending);
            QCOMPARE(index.firstEndingAfter(slices, lane, t, ending), ending);
            QCOMPARE(index.firstStartingAt(slices, lane, t), starting);
            QCOMPARE(index.firstStartingAt(slices, lane, t, starting - std::min(starting, 3u)), starting);
            const std::uint32_t from = static_cast<std::uint32_t>(random() % count);
            const std::uint32_t to = from + 1 + static_cast<std::uint32_t>(random() % (count - from));
            QCOMPARE(index.longest(slices, lane, from, to), brute.longest(from, to));
            const SliceId at = index.at(slices, lane, t);
            const bool covered = ending < count && brute.start(ending) <= t;
            QCOMPARE(at.valid(), covered);
            if (covered) QCOMPARE(at, index.slice(lane, ending));
        }
        QCOMPARE(index.longest(slices, lane, 0, count), brute.longest(0, count));
        QCOMPARE(index.firstEndingAfter(slices, lane, end + 1), count);
    }

    void ofEqualsTheEarliestIsTheLongest()
    {
        TraceFixture f;
        const TrackId t = f.thread(1, 1);
        for (Nanos i = 0; i < 10'000; ++i) f.slice(t, i * 10, 5, "x");
        const TracePtr trace = f.finish();
        const LaneIndex::Lane& lane = trace->lanes().lane(trace->track(TrackId(0)), 0);
        for (const std::uint32_t from : {0u, 1u, 63u, 64u, 100u, 4096u, 5000u, 9999u})
            QCOMPARE(trace->lanes().longest(trace->slices(), lane, from, 10'000), from);
    }

    void eachLaneHoldsItsDepth()
    {
        TraceFixture f;
        const TrackId t = f.thread(1, 1);
        f.draw(t, {"aaaaaaaaaa", " bbb  cc  ", "  d       "}, 10);
        const TracePtr trace = f.finish();
        const Track& track = trace->track(TrackId(0));
        QCOMPARE(track.laneCount, 3);
        const LaneIndex& index = trace->lanes();
        QCOMPARE(index.lane(track, 0).count, 1u);
        QCOMPARE(index.lane(track, 1).count, 2u);
        QCOMPARE(trace->name(index.slice(index.lane(track, 2), 0)), "d");
        QCOMPARE(trace->name(index.at(trace->slices(), index.lane(track, 1), 65)), "c");
        QVERIFY(!index.at(trace->slices(), index.lane(track, 1), 45).valid());
    }

    void manyTracksCostLittleEach()
    {
        TraceFixture f;
        for (std::int64_t tid = 0; tid < 2'000; ++tid) f.slice(f.thread(1, tid), 0, 10, "x");
        const TracePtr trace = f.finish();
        QCOMPARE(trace->lanes().laneCount(), 2'000u);
        QVERIFY(trace->lanes().bytes() < 2'000 * 64);
    }
};

QTEST_GUILESS_MAIN(tst_LaneIndex)
#include "tst_LaneIndex.moc"
