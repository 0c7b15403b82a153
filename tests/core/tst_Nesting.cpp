#include "core/trace/Nesting.h"
#include "core/trace/SliceTable.h"

#include <QtTest>

#include <limits>
#include <random>

using namespace opscope;

namespace {

struct Row
{
    Nanos start, duration;
    std::uint32_t group = 0;
};

/// One track and what nest() made of it.
struct Nested
{
    std::vector<Nanos> start, duration, self;
    std::vector<std::uint32_t> group, parent;
    std::vector<std::uint16_t> lane;
    std::vector<std::uint8_t> flags;
    NestSummary summary;

    explicit Nested(std::vector<Row> rows, bool groups = false, std::uint32_t firstRow = 0)
    {
        std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
            return a.start != b.start ? a.start < b.start : a.duration > b.duration;
        });
        for (const Row& r : rows) {
            start.push_back(r.start);
            duration.push_back(r.duration);
            group.push_back(r.group);
        }
        self.resize(rows.size());
        parent.resize(rows.size());
        lane.resize(rows.size());
        flags.resize(rows.size());
        NestInput in{start, duration, {}, firstRow};
        if (groups) in.group = group;
        summary = nest(in, {parent, lane, self, flags});
    }
    Nanos end(std::size_t i) const { return start[i] + duration[i]; }

    /// What must hold for any input; "" or the first thing that does not.
    std::string broken() const
    {
        std::vector<std::vector<std::size_t>> lanes(summary.lanes);
        for (std::size_t i = 0; i < start.size(); ++i) {
            if (lane[i] == kNoLane) continue;
            if (lane[i] >= summary.lanes) return "lane beyond the last one";
            lanes[lane[i]].push_back(i);
            if (parent[i] == SliceId::kNone) continue;
            if (parent[i] >= i) return "parent behind its child";
            if (start[parent[i]] > start[i] || end(parent[i]) < end(i)) return "parent does not enclose its child";
        }
        for (const auto& l : lanes)
            for (std::size_t k = 1; k < l.size(); ++k)
                if (end(l[k - 1]) > start[l[k]]) return "two slices of a lane overlap";
        for (std::size_t i = 0; i < start.size(); ++i)
            if (self[i] != duration[i] - covered(i)) return "wrong self time of slice " + std::to_string(i);
        return {};
    }
    Nanos covered(std::size_t i) const // by its children, once each
    {
        Nanos sum = 0, until = start[i];
        for (std::size_t c = i + 1; c < start.size(); ++c) {
            if (parent[c] != i) continue;
            sum += std::max<Nanos>(0, end(c) - std::max(start[c], until));
            until = std::max(until, end(c));
        }
        return sum;
    }
};

} // namespace

class tst_Nesting : public QObject
{
    Q_OBJECT

private slots:
    void nothingMakesNoLanes() { QCOMPARE(Nested({}).summary.lanes, 0); }

    void enclosedSlicesLieInFurtherLanes()
    {
        const Nested n({{0, 100}, {10, 20}, {12, 3}, {40, 20}});
        QCOMPARE(n.lane, (std::vector<std::uint16_t>{0, 1, 2, 1}));
        QCOMPARE(n.parent, (std::vector<std::uint32_t>{SliceId::kNone, 0, 1, 0}));
        QCOMPARE(n.self, (std::vector<Nanos>{60, 17, 3, 20}));
        QCOMPARE(n.summary.lanes, 3);
        QVERIFY(n.summary.spillBases.empty());
    }

    void aSliceThatEndsWhereTheNextStartsIsClosed()
    {
        const Nested n({{0, 10}, {10, 10}});
        QCOMPARE(n.lane, (std::vector<std::uint16_t>{0, 0}));
        QCOMPARE(n.summary.lanes, 1);
    }

    void parentsAreRowsOfTheWholeTable()
    {
        const Nested n({{0, 10}, {1, 2}}, false, 1000);
        QCOMPARE(n.parent[1], 1000u);
    }

    void anOverlapSpillsToALaneBelowAndKeepsItsParent()
    {
        const Nested n({{0, 100}, {10, 20}, {20, 30}, {35, 5}});
        QCOMPARE(n.lane, (std::vector<std::uint16_t>{0, 1, 2, 3})); // the last one lies under the one that spilled
        QCOMPARE(n.parent, (std::vector<std::uint32_t>{SliceId::kNone, 0, 0, 2}));
        QCOMPARE(n.self[0], 100 - 40); // 10..30 and 20..50: counted once
        QCOMPARE(n.summary.spillBases, (std::vector<std::uint16_t>{2}));
        QCOMPARE(n.summary.spilled, 1u); // the last one overlaps nothing, it only follows its parent
        QVERIFY(n.flags[2] & kSpilled);
        QVERIFY(!(n.flags[1] & kSpilled) && !(n.flags[3] & kSpilled));
        QCOMPARE(n.broken(), std::string());
    }

    void afterAnOverlapSlicesReturnToTheFirstLanes()
    {
        const Nested n({{0, 10}, {5, 10}, {15, 10}, {30, 5}});
        QCOMPARE(n.lane, (std::vector<std::uint16_t>{0, 1, 0, 0}));
    }

    void slicesOfLengthZeroNeverHoldAnything()
    {
        const Nested n({{0, 10}, {5, 0}, {5, 0}, {5, 2}, {10, 0}, {10, 0}});
        QCOMPARE(n.parent, (std::vector<std::uint32_t>{SliceId::kNone, 0, 1, 1, SliceId::kNone, SliceId::kNone}));
        QCOMPARE(n.lane, (std::vector<std::uint16_t>{0, 1, 2, 2, 0, 0}));
        QCOMPARE(n.broken(), std::string());
    }

    void groupsLieSideBySideAndNestOnlyWithinThemselves()
    {
        const Nested n({{0, 100, 1}, {10, 20, 2}, {12, 5, 1}, {40, 10, 3}}, true);
        QCOMPARE(n.parent, (std::vector<std::uint32_t>{SliceId::kNone, SliceId::kNone, 0, SliceId::kNone}));
        QCOMPARE(n.lane, (std::vector<std::uint16_t>{0, 2, 1, 2})); // group 3 takes the place that group 2 left
        QCOMPARE(n.summary.spilled, 0u);
        QCOMPARE(n.broken(), std::string());
    }

    void timesAtTheLimitsNest()
    {
        constexpr Nanos low = std::numeric_limits<Nanos>::min(), high = std::numeric_limits<Nanos>::max();
        const Nested n({{low, high}, {low + 1, 5}, {high - 5, 5}, {high, 0}});
        QCOMPARE(n.broken(), std::string());
        QCOMPARE(n.lane, (std::vector<std::uint16_t>{0, 1, 0, 0}));
    }

    void anyInputKeepsLanesApart_data()
    {
        QTest::addColumn<int>("slices");
        QTest::addColumn<int>("longest");
        QTest::newRow("few overlaps") << 400 << 3;
        QTest::newRow("some") << 400 << 40;
        QTest::newRow("many stacks") << 400 << 400;
        QTest::newRow("zero lengths") << 400 << 1;
    }
    void anyInputKeepsLanesApart()
    {
        QFETCH(int, slices);
        QFETCH(int, longest);
        std::mt19937 random(7);
        for (int round = 0; round < 25; ++round) {
            std::vector<Row> rows;
            for (int i = 0; i < slices; ++i)
                rows.push_back({static_cast<Nanos>(random() % 500), static_cast<Nanos>(random() % static_cast<unsigned>(longest + 1))});
            const Nested plain(rows);
            QVERIFY2(plain.broken().empty(), plain.broken().c_str());
            const auto spilled = std::count_if(plain.flags.begin(), plain.flags.end(), [](auto f) { return f & kSpilled; });
            QCOMPARE(plain.summary.spilled, static_cast<std::uint64_t>(spilled));
            for (std::size_t i = 0; i < rows.size(); ++i) rows[i].group = static_cast<std::uint32_t>(random() % 20);
            const Nested grouped(rows, true);
            QVERIFY2(grouped.broken().empty(), grouped.broken().c_str());
        }
    }

    void aHundredThousandLevelsAreTooDeepToDrawButNotTooDeepToKeep()
    {
        std::vector<Row> rows;
        for (Nanos i = 0; i < 100'000; ++i) rows.push_back({i, 1'000'000 - 2 * i});
        const Nested n(rows);
        QCOMPARE(n.summary.lanes, kNoLane);
        QCOMPARE(n.summary.undrawn, 100'000u - kNoLane);
        QCOMPARE(n.lane.back(), kNoLane);
        QCOMPARE(n.parent.back(), 99'998u);
        QCOMPARE(n.self[0], 2);
    }

    void aHundredThousandOverlapsAllHaveTheirPlace()
    {
        std::vector<Row> rows;
        for (Nanos i = 0; i < 100'000; ++i) rows.push_back({i, 1'000'000});
        const Nested n(rows);
        QCOMPARE(n.summary.spilled, 99'999u);
        QCOMPARE(n.summary.undrawn, 100'000u - kNoLane);
    }
};

QTEST_GUILESS_MAIN(tst_Nesting)
#include "tst_Nesting.moc"
