#include <QTest> // first: moc of Qt 6.4 fails on <concepts> when nothing of Qt came before it

#include "widgets/timeline/TimelineGeometry.h"

#include "tests/support/ScheduledTrace.h"
#include "tests/support/TraceFixture.h"

#include <algorithm>

using namespace opscope;

namespace {

constexpr Nanos kMin = std::numeric_limits<Nanos>::min();
constexpr Nanos kMax = std::numeric_limits<Nanos>::max();

struct Picture
{
    TracePtr trace;
    TimelineModelPtr model;
    TimelineLayout layout;
    std::unique_ptr<SliceColors> colors;

    explicit Picture(TracePtr t) : trace(std::move(t)), model(TimelineModel::build(trace))
    {
        layout = TimelineLayout::make(*model, TimelineState(*model), Density::Normal);
        colors = std::make_unique<SliceColors>(*trace, Theme::dark(), ColorBy::Family);
    }
    DrawList draw(TimeRange range, int width, double ratio = 1, int height = 400) const
    {
        return buildDrawList({*model, layout, *colors, TimeScale(range, width), ratio, 0, height, nullptr});
    }
    MatchesPtr only(std::initializer_list<std::string_view> names) const
    {
        auto rows = std::make_shared<Matches>(Matches::none(*trace));
        const auto named = [&](std::string_view name) { return std::find(names.begin(), names.end(), name) != names.end(); };
        for (std::size_t i = 0; i < trace->slices().size(); ++i)
            if (named(trace->name(SliceId(i)))) rows->slices.insert(SliceId(i));
        for (std::size_t i = 0; i < trace->instants().size(); ++i)
            if (named(trace->text(trace->instants().name(InstantId(i))))) rows->instants.insert(InstantId(i));
        return rows;
    }
    DrawList drawDimmed(TimeRange range, int width, const MatchesPtr& rows) const
    {
        const TimelineMatchesPtr matches = TimelineMatches::build(*model, rows);
        return buildDrawList({*model, layout, *colors, TimeScale(range, width), 1, 0, 400, matches.get()});
    }
};

// left..right of each rect, ×n for folded runs
std::string text(const DrawList& list)
{
    std::string all;
    for (const DrawRect& r : list.rects) {
        all += (all.empty() ? "" : " ") + std::to_string(r.left) + ".." + std::to_string(r.right);
        if (r.folded()) all += "×" + std::to_string(r.count);
    }
    return all;
}

float busyAt(const OverviewData& data, Nanos time)
{
    const auto& strip = data.strips[OverviewData::Host];
    const auto column = static_cast<std::size_t>((time - data.range.start) * static_cast<Nanos>(OverviewData::kColumns) / (data.range.end - data.range.start));
    return strip.used ? strip.cells[column].share : 0;
}

} // namespace

class tst_TimelineGeometry : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aSliceIsARectWithAGapBehindIt()
    {
        test::TraceFixture f;
        const TrackId t = f.thread(1, 1);
        f.slice(t, 10, 20, "a").slice(t, 30, 20, "b");
        const Picture p(f.finish());
        const DrawList list = p.draw({0, 100}, 100);
        QCOMPARE(text(list), std::string("10..29 30..49"));
        QCOMPARE(list.lanes.size(), std::size_t(1));
        QCOMPARE(list.lanes[0].height, 17);
        QVERIFY(!list.rects[0].label.valid()); // 20 px are too few
        QVERIFY(p.draw({0, 100}, 200).rects[0].label.valid());
    }
    void statesAreColouredByWhatTheySayAndHaveNoWords()
    {
        const Picture p(test::scheduledTrace(true));
        const DrawList list = p.draw({0, 1600}, 1600);
        QVERIFY(list.lanes.size() >= 3);
        const auto strip = list.rectsOf(list.lanes[0]);
        QCOMPARE(strip.size(), std::size_t(4));
        const Theme theme = Theme::dark();
        for (const DrawRect& rect : strip) {
            QVERIFY(rect.width() > GeometryRules::kLabelFrom && !rect.label.valid());
            const StateLook look = stateLook(p.trace->name(rect.slice), theme);
            QCOMPARE(rect.fill, look.fill);
            QCOMPARE(rect.kind, look.kind);
        }
        QCOMPARE(p.trace->name(strip[1].slice), std::string_view("Blocked"));
        QCOMPARE(strip[0].fill, strip[3].fill); // Running
        QVERIFY(strip[0].fill != strip[1].fill && strip[1].fill != strip[2].fill && strip[0].fill != strip[2].fill);
        QCOMPARE(list.lanes[0].height, TimelineLayout::kStateRow - 2);
        QVERIFY(list.rectsOf(list.lanes[1])[0].label.valid()); // "work"
        // a CPU says whom it ran: one colour a thread
        const auto cpu = list.rectsOf(list.lanes[3]);
        QCOMPARE(cpu.size(), std::size_t(3));
        QCOMPARE(cpu[0].fill, cpu[2].fill);
    }
    void theOverviewCountsWorkNotWaiting()
    {
        const auto full = TimelineModel::build(test::scheduledTrace(true));
        QVERIFY(busyAt(full->overview, 150) > 0.9f);
        for (const Nanos time : {195, 700, 1275, 1350, 1480}) QCOMPARE(busyAt(full->overview, time), 0.0f); // its own slices tell
    }
    void whereOnlyStatesAreKnownTheOverviewCountsRunning()
    {
        const auto states = TimelineModel::build(test::scheduledTrace(false));
        for (const Nanos time : {150, 700, 1350, 1480}) QVERIFY(busyAt(states->overview, time) > 0.9f);
        QCOMPARE(busyAt(states->overview, 1425), 0.0f); // one gone, the other waits
    }
    void narrowNeighboursFoldAndFarOnesDoNot()
    {
        test::TraceFixture f;
        const TrackId t = f.thread(1, 1);
        for (int i = 0; i < 8; ++i) f.slice(t, 1'000 + i * 2, 1, "aten::mm"); // 8 in 1.6 px
        f.slice(t, 5'000, 10, "aten::mm");                                      // alone
        f.slice(t, 7'000, 1'000, "aten::mm");                                   // wide
        const Picture p(f.finish());
        QCOMPARE(text(p.draw({0, 10'000}, 1'000)), std::string("100..102×8 500..502 700..799"));
        // nothing vanishes: zoomed in they are all there
        QCOMPARE(p.draw({1'000, 1'020}, 1'000).rects.size(), std::size_t(8));
    }
    void aRunTakesTheHueOfItsLongest()
    {
        test::TraceFixture f;
        const TrackId t = f.thread(1, 1);
        f.slice(t, 0, 3, "aten::relu").slice(t, 4, 9, "aten::mm").slice(t, 14, 3, "aten::relu");
        const Picture p(f.finish());
        const DrawList list = p.draw({0, 10'000}, 1'000);
        QCOMPARE(list.rects.size(), std::size_t(1));
        QCOMPARE(list.rects[0].count, 3u);
        QCOMPARE(list.rects[0].slice, test::sliceNamed(*p.trace, "aten::mm"));
    }
    void aRunEndsWhereTheHueChanges()
    {
        test::TraceFixture f;
        const TrackId t = f.thread(1, 1);
        for (int i = 0; i < 200; ++i) f.slice(t, i * 10, 10, i < 100 ? "aten::mm" : "aten::relu");
        const Picture p(f.finish());
        const DrawList list = p.draw({0, 2'000}, 200);
        QCOMPARE(list.rects.size(), std::size_t(2));
        QCOMPARE(list.rects[0].count + list.rects[1].count, 200u);
        QVERIFY(std::abs(list.rects[1].left - 100) <= 4);
    }
    void everySliceInViewIsCountedOnce_data()
    {
        QTest::addColumn<int>("width");
        for (const int width : {1, 7, 64, 333, 1'920, 50'000}) QTest::addRow("%d", width) << width;
    }
    void everySliceInViewIsCountedOnce()
    {
        QFETCH(int, width);
        test::TraceFixture f;
        const TrackId t = f.thread(1, 1);
        Nanos at = 0;
        for (int i = 0; i < 5'000; ++i) {
            const Nanos duration = (i * 7'919) % 40 + 1;
            f.slice(t, at, duration, i % 3 ? "aten::mm" : "aten::relu");
            at += duration + (i % 11 == 0 ? 300 : i % 4);
        }
        const Picture p(f.finish());
        const DrawList list = p.draw({0, at}, width);
        std::uint64_t count = 0;
        std::int32_t right = 0;
        for (const DrawRect& r : list.rects) {
            count += r.count;
            QVERIFY(r.left >= right);
            right = r.right;
        }
        QCOMPARE(count, std::uint64_t(5'000));
        QVERIFY(list.rects.size() <= static_cast<std::size_t>(width) + 2);
    }
    void workDependsOnPixelsNotOnSlices()
    {
        test::TraceFixture f;
        const TrackId t = f.thread(1, 1);
        for (int i = 0; i < 200'000; ++i) f.slice(t, i * 10, 9, i % 2 ? "aten::mm" : "aten::relu");
        const Picture p(f.finish());
        std::uint32_t atoms = 0;
        p.model->lanes[0].pyramid.walk(p.trace->slices(), {0, 2'000'000}, 1'500, [&](const LanePyramid::Atom&) { return ++atoms, true; });
        QVERIFY2(atoms < 1'500 * 8, std::to_string(atoms).c_str());
    }
    void thePyramidAgreesWithTheSlices()
    {
        test::TraceFixture f;
        const TrackId t = f.thread(1, 1);
        for (int i = 0; i < 3'000; ++i) f.slice(t, i * 100 + (i * 37) % 50, (i * 7'919) % 50, "n" + std::to_string(i % 5));
        const Picture p(f.finish());
        const SliceTable& slices = p.trace->slices();
        const LanePyramid& pyramid = p.model->lanes[0].pyramid;
        for (const std::uint64_t grain : {1u, 500u, 5'000u, 1'000'000u}) {
            std::uint32_t next = pyramid.firstEndingAfter(slices, 77'777);
            pyramid.walk(slices, {77'777, 222'222}, grain, [&](const LanePyramid::Atom& atom) {
                Nanos longest = -1;
                SliceId which;
                for (std::uint32_t i = next; i < next + atom.count; ++i)
                    if (slices.duration(pyramid.slice(i)) > longest) longest = slices.duration(which = pyramid.slice(i));
                [&] {
                    QCOMPARE(atom.slice, which.value);
                    QCOMPARE(atom.start, slices.start(pyramid.slice(next)));
                    QCOMPARE(atom.end, slices.end(pyramid.slice(next + atom.count - 1)));
                    if (atom.count > 1) QVERIFY(static_cast<std::uint64_t>(atom.end - atom.start) < grain);
                }();
                next += atom.count;
                return true;
            });
            QVERIFY(next == pyramid.size() || slices.start(pyramid.slice(next)) >= 222'222);
        }
    }
    void whatLiesOutsideIsNotDrawn()
    {
        test::TraceFixture f;
        const TrackId t = f.thread(1, 1);
        f.slice(t, 0, 10, "before").slice(t, 20, 60, "across").slice(t, 90, 10, "behind");
        const Picture p(f.finish());
        const DrawList list = p.draw({40, 60}, 100);
        QCOMPARE(list.rects.size(), std::size_t(1));
        QVERIFY(list.rects[0].left < 0 && list.rects[0].right > 100);
        QVERIFY(list.rects[0].label.valid()); // its label stays in sight
    }
    void slicesOfNoLengthShow()
    {
        test::TraceFixture f;
        const TrackId t = f.thread(1, 1);
        f.slice(t, 50, 0, "moment");
        const Picture p(f.finish());
        QCOMPARE(text(p.draw({0, 100}, 100)), std::string("50..52"));
        QCOMPARE(text(p.draw({0, 100}, 200, 2)), std::string("100..103"));
    }
    void instantsMergeWithinSevenPixels()
    {
        test::TraceFixture f;
        const TrackId t = f.thread(1, 1);
        f.slice(t, 0, 1'000, "x");
        for (const Nanos at : {100, 103, 105, 400}) f.instant(t, at, "mark");
        const Picture p(f.finish());
        const DrawList list = p.draw({0, 1'000}, 1'000);
        QCOMPARE(list.instants.size(), std::size_t(2));
        QCOMPARE(list.instants[0].count, 3u);
        QCOMPARE(list.instants[1].x, 400);
    }
    void countersAreSteps()
    {
        test::TraceFixture f;
        f.counter(1, "Memory", "used", 0, 10).counter(1, "Memory", "used", 100, 20).counter(1, "Memory", "used", 300, 5);
        const Picture p(f.finish());
        const DrawList list = p.draw({0, 400}, 400);
        QCOMPARE(list.curves.size(), std::size_t(1));
        QCOMPARE(list.curves[0].maxInView, 20.0);
        QCOMPARE(p.draw({310, 400}, 400).curves[0].maxInView, 5.0); // the value that holds
        QCOMPARE(list.steps.size(), std::size_t(6));                // three steps, each with its first pixel
        QCOMPARE(list.steps[2].left, 100);
        QCOMPARE(list.steps[2].y0, list.curves[0].top);
    }
    void aPixelOfManyValuesShowsTheirExtremes()
    {
        test::TraceFixture f;
        for (int i = 0; i < 10'000; ++i) f.counter(1, "c", "s", i, i == 5'003 ? 100 : i == 5'004 ? -100 : 0);
        const Picture p(f.finish());
        const DrawList list = p.draw({0, 10'000}, 100);
        const auto spike = std::find_if(list.steps.begin(), list.steps.end(), [](const DrawStep& s) { return s.y0 != s.y1; });
        QVERIFY(spike != list.steps.end());
        QCOMPARE(spike->left, 50);
        QCOMPARE(spike->y0, list.curves[0].top);
        QCOMPARE(spike->y1, list.curves[0].bottom);
        QVERIFY(list.steps.size() <= 201);
    }
    void searchingDimsTheRest()
    {
        test::TraceFixture f;
        const TrackId t = f.thread(1, 1);
        f.slice(t, 0, 50, "a").slice(t, 50, 50, "b");
        const Picture p(f.finish());
        const DrawList list = p.drawDimmed({0, 100}, 100, p.only({"b"}));
        QCOMPARE(list.rects[0].marks & DrawRect::kDimmed, int(DrawRect::kDimmed));
        QCOMPARE(list.rects[1].marks & DrawRect::kDimmed, 0);
    }
    void aRunIsBrightWhereAnythingInItMatches()
    {
        test::TraceFixture f;
        const TrackId t = f.thread(1, 1);
        for (int i = 0; i < 3'000; ++i) // one in a thousand matches, and is the shortest of all
            f.slice(t, i * 10, i % 1'000 == 500 ? 2 : 8, i % 1'000 == 500 ? "aten::relu" : "aten::mm");
        const Picture p(f.finish());
        for (const int width : {30, 300, 3'000}) {
            const DrawList list = p.drawDimmed({0, 30'000}, width, p.only({"aten::relu"}));
            const QRgb relu = p.colors->style(test::sliceNamed(*p.trace, "aten::relu"), *p.trace).fill;
            int bright = 0;
            std::uint64_t slices = 0;
            for (const DrawRect& rect : list.rects) {
                slices += rect.count;
                if (rect.marks & DrawRect::kDimmed) continue;
                ++bright;
                QCOMPARE(rect.fill, relu); // in the hue of what matches, not of the longest
                QVERIFY(rect.width() <= 8);
            }
            QCOMPARE(bright, 3);
            QCOMPARE(slices, std::uint64_t(3'000));
        }
    }
    void nothingThatMatchesIsCoveredByWhatDoesNot()
    {
        test::TraceFixture f;
        const TrackId t = f.thread(1, 1);
        f.slice(t, 0, 1, "a").slice(t, 1, 1, "b").slice(t, 50'000, 1, "a");
        const Picture p(f.finish());
        const DrawList list = p.drawDimmed({0, 100'000}, 100, p.only({"b"}));
        QVERIFY(!(list.rects[0].marks & DrawRect::kDimmed));
        QVERIFY(list.rects[1].marks & DrawRect::kDimmed);
    }
    void instantsAndCountersAreDimmedToo()
    {
        test::TraceFixture f;
        const TrackId t = f.thread(1, 1);
        f.slice(t, 0, 1'000, "a").instant(t, 100, "mark").instant(t, 900, "other").counter(1, "c", "s", 10, 1);
        const Picture p(f.finish());
        const DrawList list = p.drawDimmed({0, 1'000}, 1'000, p.only({"mark"}));
        QCOMPARE(list.instants.size(), std::size_t(2));
        QVERIFY(!list.instants[0].dimmed && list.instants[1].dimmed);
        QVERIFY(list.curves.at(0).dimmed);
        QVERIFY(!p.draw({0, 1'000}, 1'000).curves.at(0).dimmed);
    }
    void hiddenRowsCloseUp()
    {
        test::TraceFixture f;
        const TrackId t = f.thread(1, 1, "main", "python"), other = f.thread(1, 2, "other"), gpu = f.thread(0, 7, "stream 7", "GPU 0");
        f.slice(t, 0, 1'000, "outer").slice(t, 100, 800, "middle").slice(t, 200, 100, "leaf").slice(t, 1'500, 100, "leaf");
        f.slice(other, 0, 100, "elsewhere").slice(gpu, 0, 50, "kernel", "kernel").counter(1, "c", "s", 10, 1).instant(t, 5, "mark");
        const Picture p(f.finish());
        const auto hidden = TimelineModel::matching(*p.model, p.only({"leaf"}));
        QCOMPARE(hidden->groups.size(), std::size_t(1));
        QCOMPARE(hidden->bands.size(), std::size_t(1));
        QCOMPARE(hidden->lanes.size(), std::size_t(1)); // three deep before, and one of them at the top
        QCOMPARE(hidden->lanes[0].pyramid.size(), 2u);
        QVERIFY(hidden->bands[0].instants.empty());
        QCOMPARE(hidden->bands[0].name, p.model->bands[0].name);
        QVERIFY(hidden->placeOf(test::sliceNamed(*p.trace, "leaf")).valid());
        QVERIFY(!hidden->placeOf(test::sliceNamed(*p.trace, "outer")).valid());
        const auto nested = TimelineModel::matching(*p.model, p.only({"outer", "leaf"}));
        QCOMPARE(nested->lanes.size(), std::size_t(2)); // what is left nests among itself
        const auto marked = TimelineModel::matching(*p.model, p.only({"mark"}));
        QCOMPARE(marked->bands.size(), std::size_t(1));
        QVERIFY(TimelineModel::matching(*p.model, p.only({"nothing"}))->bands.empty());
    }
    void rowsOutOfSightCostNothing()
    {
        test::TraceFixture f;
        for (int i = 0; i < 50; ++i) f.slice(f.thread(1, i + 1), 0, 100, "x");
        const Picture p(f.finish());
        QVERIFY(p.draw({0, 100}, 100, 1, 60).lanes.size() <= 3);
    }
    void extremeTimesNeitherOverflowNorLoop()
    {
        test::TraceFixture f;
        const TrackId t = f.thread(1, 1);
        f.slice(t, kMin + 1, 1'000, "first").slice(t, 0, 5, "middle").slice(t, kMax - 1'000, 900, "last");
        f.counter(1, "c", "s", kMin + 5, 1).counter(1, "c", "s", kMax - 5, 2);
        f.instant(t, kMax - 3, "end");
        const Picture p(f.finish());
        for (const TimeRange range : {TimeRange{kMin, kMax}, TimeRange{kMin, kMin + 1}, TimeRange{kMax - 1, kMax}, TimeRange{kMax - 1'100, kMax}, TimeRange{-3, 9}}) {
            const DrawList list = p.draw(range, 1'920);
            for (const DrawRect& r : list.rects) QVERIFY(r.left >= -10 && r.right <= 1'940 && r.right > r.left);
        }
        QCOMPARE(p.draw({kMin, kMax}, 1'920).rects.size(), std::size_t(3));
    }
};

QTEST_GUILESS_MAIN(tst_TimelineGeometry)
#include "tst_TimelineGeometry.moc"
