#include "widgets/timeline/TimelineLayout.h"

#include "tests/support/ScheduledTrace.h"
#include "tests/support/TraceFixture.h"

#include <QTest>

using namespace opscope;

namespace {

// "group python" / "  operators 3 rows y 29" ... : what a test can read.
std::string text(const TimelineModel& model, const TimelineLayout& layout)
{
    std::string all;
    for (const GroupBox& group : layout.groups) {
        all += model.groups[group.group].name + (group.closed ? " (closed)" : "") + "\n";
        for (std::uint32_t i = group.firstBox; i < group.firstBox + group.boxCount; ++i)
            all += "  " + model.bands[layout.bands[i].band].name + ": " + std::to_string(layout.bands[i].rowCount) + "\n";
    }
    return all;
}

// A Python thread as PyTorch records it: frames around frames around operators, two of the frames modules.
TracePtr pythonTrace(int depth)
{
    test::TraceFixture f;
    const TrackId t = f.thread(1, 1, "main", "python");
    const Nanos length = 10'000;
    for (int i = 0; i < depth; ++i)
        f.slice(t, i, length - 2 * i, "file.py(" + std::to_string(i) + "): f", "python_function");
    f.slice(t, depth, length - 2 * depth, "nn.Module: Outer_0", "python_function");
    f.slice(t, depth + 1, length - 2 * depth - 2, "nn.Module: Inner_0", "python_function");
    f.slice(t, depth + 10, 100, "aten::linear").slice(t, depth + 20, 50, "aten::addmm");
    f.slice(t, 0, length, "ProfilerStep#1", "user_annotation");
    return f.finish();
}

} // namespace

class tst_TimelineLayout : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void nestedSlicesGetARowEach()
    {
        test::TraceFixture f;
        const TrackId t = f.thread(1, 1, "main", "python");
        f.draw(t, {"aaaaaaaa", " bbb cc ", "  d     "}, 10);
        const auto model = TimelineModel::build(f.finish());
        const TimelineLayout layout = TimelineLayout::make(*model, TimelineState(*model), Density::Normal);
        QCOMPARE(layout.rows.size(), std::size_t(3));
        QCOMPARE(layout.rows[0].y, TimelineLayout::kGroupHeight + TimelineLayout::kPadding);
        QCOMPARE(layout.rows[1].y - layout.rows[0].y, 19);
        QCOMPARE(layout.height, TimelineLayout::kGroupHeight + 3 * 19 + 2 * TimelineLayout::kPadding + 1);
    }
    void statesAreAStripOfTheirThread()
    {
        const TracePtr trace = test::scheduledTrace(true);
        const auto model = TimelineModel::build(trace);
        const TimelineLayout layout = TimelineLayout::make(*model, TimelineState(*model), Density::Normal);
        QCOMPARE(text(*model, layout), std::string("server\n  main: 2\n  worker: 1\nCPUs\n  CPU 0: 1\n  CPU 1: 1\n"));
        const BandBox& main = layout.bands[0];
        QCOMPARE(layout.rows[0].height, TimelineLayout::kStateRow);
        QVERIFY(model->lanes[layout.rows[0].lane].states && !model->lanes[layout.rows[1].lane].states);
        QCOMPARE(layout.rows[1].y, layout.rows[0].y + TimelineLayout::kStateRow);
        QCOMPARE(main.instantsY, layout.rows[1].y);
        QCOMPARE(main.height, 2 * TimelineLayout::kPadding + TimelineLayout::kStateRow + 19 + 1);
        const BandBox& worker = layout.bands[1]; // as high as any with one row, the strip beside its name
        QCOMPARE(worker.height, 2 * TimelineLayout::kPadding + 19 + 1);
        QCOMPARE(layout.rows[2].height, TimelineLayout::kStateRow);
        QCOMPARE(model->bands[2].side, std::string());
        for (std::size_t i = 0; i < trace->slices().size(); ++i) QVERIFY(model->placeOf(SliceId(i)).valid());
        const SliceId blocked = test::sliceNamed(*trace, "Blocked");
        QCOMPARE(model->placeOf(blocked).band, 0u);
        QCOMPARE(model->bandsOf(trace->trackOf(blocked)), std::vector<std::uint32_t>{0});
    }
    void closedTracksKeepTheStripAndFilteredOnesOnlyWhatMatches()
    {
        const TracePtr trace = test::scheduledTrace(true);
        const auto model = TimelineModel::build(trace);
        TimelineState state(*model);
        state.bands[0].collapsed = true;
        QCOMPARE(TimelineLayout::make(*model, state, Density::Normal).bands[0].rowCount, 2u);
        auto only = std::make_shared<Matches>(Matches::none(*trace));
        only->slices.insert(test::sliceNamed(*trace, "Blocked"));
        const auto blocked = TimelineModel::matching(*model, only);
        const TimelineLayout layout = TimelineLayout::make(*blocked, TimelineState(*blocked), Density::Normal);
        QCOMPARE(text(*blocked, layout), std::string("server\n  main: 1\n"));
        QVERIFY(blocked->lanes[layout.rows[0].lane].states);
        QVERIFY(blocked->placeOf(test::sliceNamed(*trace, "Blocked")).valid());
    }
    void densityChangesRows()
    {
        test::TraceFixture f;
        const TrackId t = f.thread(1, 1);
        f.draw(t, {"aa", "b "}, 10);
        const auto model = TimelineModel::build(f.finish());
        const TimelineState state(*model);
        QCOMPARE(TimelineLayout::make(*model, state, Density::Comfortable).rows[0].height, 22);
        QCOMPARE(TimelineLayout::make(*model, state, Density::Dense).rows[0].height, 15);
    }
    void pythonStandsApartFromOperatorsAndShowsModules()
    {
        const auto model = TimelineModel::build(pythonTrace(54));
        TimelineState state(*model);
        const TimelineLayout folded = TimelineLayout::make(*model, state, Density::Normal);
        // ProfilerStep and two modules; two operators nested as if no frame were between them
        QVERIFY2(text(*model, folded).ends_with("  Python: 3\n  operators: 2\n"), text(*model, folded).c_str());
        QVERIFY(folded.height < 200);
        state.bands[0].unfolded = true;
        const TimelineLayout full = TimelineLayout::make(*model, state, Density::Normal);
        QVERIFY2(text(*model, full).ends_with("  Python: 57\n  operators: 2\n"), text(*model, full).c_str());
        QCOMPARE(full.rows[1].height, TimelineLayout::kPythonRow);
        QCOMPARE(full.rows[0].height, 19); // the annotation
    }
    void everySliceOfASplitTrackHasItsPlace()
    {
        const TracePtr trace = pythonTrace(20);
        const auto model = TimelineModel::build(trace);
        for (std::size_t i = 0; i < trace->slices().size(); ++i) {
            const TimelineModel::Place place = model->placeOf(SliceId(i));
            QVERIFY(place.valid());
            const LanePyramid& pyramid = model->lanes[place.lane].pyramid;
            QCOMPARE(pyramid.slice(pyramid.positionOf(trace->slices(), SliceId(i))), SliceId(i));
            const std::string_view name = trace->name(SliceId(i));
            QCOMPARE(place.needsFull, name.starts_with("file.py"));
        }
    }
    void aDeepTrackStartsFolded()
    {
        test::TraceFixture f;
        const TrackId t = f.thread(1, 1);
        for (int i = 0; i < 40; ++i) f.slice(t, i, 1'000 - 2 * i, "level " + std::to_string(i));
        const auto model = TimelineModel::build(f.finish());
        TimelineState state(*model);
        QCOMPARE(TimelineLayout::make(*model, state, Density::Normal).rows.size(), std::size_t(12));
        state.bands[0].unfolded = true;
        QCOMPARE(TimelineLayout::make(*model, state, Density::Normal).rows.size(), std::size_t(40));
        state.bands[0].collapsed = true;
        QCOMPARE(TimelineLayout::make(*model, state, Density::Normal).rows.size(), std::size_t(1));
    }
    void aClosedProcessKeepsItsHeader()
    {
        test::TraceFixture f;
        const TrackId a = f.thread(1, 1, "main", "first");
        const TrackId b = f.thread(2, 2, "main", "second");
        f.slice(a, 0, 5, "x").slice(b, 0, 5, "y");
        const auto model = TimelineModel::build(f.finish());
        TimelineState state(*model);
        QCOMPARE(model->groups.size(), std::size_t(2));
        state.closedGroups[0] = true;
        const TimelineLayout layout = TimelineLayout::make(*model, state, Density::Normal);
        QCOMPARE(layout.groups[1].y, TimelineLayout::kGroupHeight);
        QCOMPARE(layout.bands.size(), std::size_t(1));
    }
    void tracksWithNothingToShowAreNotThere()
    {
        test::TraceFixture f;
        f.thread(1, 1, "silent");
        const TrackId t = f.thread(1, 2, "busy");
        f.slice(t, 0, 5, "x");
        const auto model = TimelineModel::build(f.finish());
        QCOMPARE(model->bands.size(), std::size_t(1));
        QCOMPARE(model->bands[0].track.index(), model->trace->trackOf(SliceId(0)).index());
    }
    void findingByHeight()
    {
        test::TraceFixture f;
        const TrackId a = f.thread(1, 1, "main", "first");
        const TrackId b = f.thread(2, 2, "main", "second");
        f.draw(a, {"aa", "bb"}, 10).slice(b, 0, 5, "y");
        const auto model = TimelineModel::build(f.finish());
        const TimelineLayout layout = TimelineLayout::make(*model, TimelineState(*model), Density::Normal);
        QCOMPARE(layout.bandAt(10), -1); // a group row
        QCOMPARE(layout.bandAt(24), 0);
        QCOMPARE(layout.rowAt(24), -1);  // padding
        QCOMPARE(layout.rowAt(28), 0);
        QCOMPARE(layout.rowAt(28 + 19), 1);
        QCOMPARE(layout.groupAt(0), 0);
        QCOMPARE(layout.groupAt(layout.groups[1].y), 1);
        QCOMPARE(layout.groupAt(layout.height + 5), -1);
        QCOMPARE(layout.groupAt(-1), -1);
    }
    void headersStickAndPushEachOther()
    {
        test::TraceFixture f;
        const TrackId a = f.thread(1, 1, "main", "first");
        const TrackId b = f.thread(2, 2, "main", "second");
        f.slice(a, 0, 5, "x").slice(b, 0, 5, "y");
        const auto model = TimelineModel::build(f.finish());
        const TimelineLayout layout = TimelineLayout::make(*model, TimelineState(*model), Density::Normal);
        const int second = layout.groups[1].y;
        QCOMPARE(layout.stickyY(0, 0), 0);
        QCOMPARE(layout.stickyY(0, 10), 0);
        QCOMPARE(layout.stickyY(0, second - 10), -14);
        QCOMPARE(layout.stickyY(1, second - 10), 10);
        QCOMPARE(layout.stickyY(1, second + 10), 0);
    }
    void countersAndInstantsHaveRoom()
    {
        test::TraceFixture f;
        const TrackId t = f.thread(1, 1);
        f.instant(t, 5, "marker").counter(1, "Memory", "used", 0, 1).counter(1, "Memory", "used", 10, 3);
        const auto model = TimelineModel::build(f.finish());
        const TimelineLayout layout = TimelineLayout::make(*model, TimelineState(*model), Density::Normal);
        QCOMPARE(layout.bands.size(), std::size_t(2));
        for (const BandBox& box : layout.bands) {
            const bool counter = model->bands[box.band].kind == BandKind::Counter;
            QCOMPARE(box.height, (counter ? TimelineLayout::kCounterHeight : 19 + 2 * TimelineLayout::kPadding) + 1);
        }
    }
};

QTEST_GUILESS_MAIN(tst_TimelineLayout)
#include "tst_TimelineLayout.moc"
