#include "tests/support/TraceFixture.h"
#include "widgets/document/TraceDocument.h"

#include <QSignalSpy>
#include <QtTest>

#include <cstdint>

using namespace opscope;
using namespace opscope::test;

namespace {

TracePtr twoSlices(Nanos first = 1'000, Nanos second = 9'000)
{
    TraceFixture f;
    const TrackId main = f.thread(1, 10, "main");
    f.slice(main, first, 500, "early").slice(main, second, 1'000, "late").instant(main, first + 10, "mark");
    return f.finish();
}

Filter filterOf(std::string_view text)
{
    auto parsed = Filter::parse(text);
    if (const auto* filter = std::get_if<Filter>(&parsed)) return *filter;
    qFatal("%s", std::get<FilterError>(parsed).message.c_str());
}

} // namespace

class tst_TraceDocument : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void anEmptyDocumentHasARangeAndIgnoresWishes()
    {
        TraceDocument document;
        QVERIFY(!document.fullRange().empty());
        document.selectSlice(SliceId(3));
        document.selectNode(NodeId(0));
        document.showAll();
        QVERIFY(document.selection().empty());
        QVERIFY(document.title().isEmpty());
    }
    void aNewTraceShowsAllOfItAndForgetsTheSelection()
    {
        TraceDocument document;
        document.setTrace(twoSlices());
        document.selectSlice(SliceId(0));
        QSignalSpy traces(&document, &TraceDocument::traceChanged);
        document.setTrace(twoSlices(0, 100'000));
        QCOMPARE(traces.size(), 1);
        QVERIFY(document.selection().empty());
        QCOMPARE(document.visibleRange(), (TimeRange{0, 101'000}));
    }
    void theVisibleRangeStaysNearTheTrace()
    {
        TraceDocument document;
        document.setTrace(twoSlices());
        document.setVisibleRange({INT64_MIN, INT64_MAX});
        const TimeRange widest = document.visibleRange();
        QVERIFY(widest.start <= 1'000 && widest.end >= 10'000);
        QVERIFY(widest.length() <= 2 * 9'000u);
        document.setVisibleRange({1'000'000, 1'000'100});
        QCOMPARE(document.visibleRange().length(), std::uint64_t(100));
        QVERIFY(document.visibleRange().end <= widest.end);
    }
    void theVisibleRangeIsAtLeastOneNanosecond()
    {
        TraceDocument document;
        document.setTrace(twoSlices());
        document.setVisibleRange({2'000, 2'000});
        QCOMPARE(document.visibleRange(), (TimeRange{2'000, 2'001}));
        document.setVisibleRange({3'000, 2'000});
        QCOMPARE(document.visibleRange().length(), std::uint64_t(1));
    }
    void onlyAChangeIsTold()
    {
        TraceDocument document;
        document.setTrace(twoSlices());
        QSignalSpy ranges(&document, &TraceDocument::visibleRangeChanged);
        QSignalSpy selections(&document, &TraceDocument::selectionChanged);
        document.showAll();
        document.clearSelection();
        QCOMPARE(ranges.size(), 0);
        QCOMPARE(selections.size(), 0);
        document.setVisibleRange({2'000, 3'000});
        document.setVisibleRange({2'000, 3'000});
        document.selectSlice(SliceId(1));
        document.selectSlice(SliceId(1));
        QCOMPARE(ranges.size(), 1);
        QCOMPARE(selections.size(), 1);
    }
    void timesAtTheEndsOfInt64DoNotWrap()
    {
        TraceDocument document;
        document.setTrace(twoSlices(INT64_MIN + 1, INT64_MAX - 2'000));
        document.showAll();
        document.setVisibleRange({INT64_MIN, INT64_MAX});
        QVERIFY(!document.visibleRange().empty());
        document.frame({INT64_MAX - 1'500, INT64_MAX - 1'000});
        QVERIFY(document.visibleRange().start < INT64_MAX - 1'500);
        QVERIFY(document.visibleRange().end > INT64_MAX - 1'000);
    }
    void selectingASliceFillsItsTrackAndKeepsTheRange()
    {
        TraceDocument document;
        document.setTrace(twoSlices());
        document.selectRange(TimeRange{1'000, 2'000});
        document.selectSlice(SliceId(1));
        QVERIFY(document.selection().slice == SliceId(1));
        QVERIFY(document.selection().track.valid());
        QVERIFY(document.selection().range.has_value());
        document.selectInstant(InstantId(0));
        QVERIFY(!document.selection().slice);
        QVERIFY(document.selection().instant == InstantId(0));
        document.clearSelection();
        QVERIFY(document.selection().empty());
    }
    void rowsThatDoNotExistAreNotSelected()
    {
        TraceDocument document;
        document.setTrace(twoSlices());
        document.selectSlice(SliceId(99));
        document.selectInstant(InstantId(99));
        document.selectNode(NodeId(0));
        QVERIFY(document.selection().empty());
    }
    void inNodeOrderSliceAndNodeAreTheSameThing()
    {
        TraceDocument document;
        document.setTrace(traceFromText(R"({"schema": "1.1.0-chakra.0.0.4", "pid": 1, "time": "x", "start_ts": 1, "nodes": [
            {"id": 1, "name": "[pytorch|profiler|execution_trace|process]", "ctrl_deps": 1, "inputs": {"values": [], "shapes": [], "types": []},
             "outputs": {"values": [], "shapes": [], "types": []}, "attrs": []},
            {"id": 2, "name": "aten::add", "ctrl_deps": 1, "inputs": {"values": [], "shapes": [], "types": []},
             "outputs": {"values": [], "shapes": [], "types": []}, "attrs": []}], "finish_ts": 2})"));
        const NodeId add = document.trace()->executionTrace()->byId(2);
        QVERIFY(add);
        document.selectNode(add);
        QVERIFY(document.selection().slice);
        const SliceId slice = document.selection().slice;
        document.clearSelection();
        document.selectSlice(slice);
        QVERIFY(document.selection().node == add);
    }
    void revealingAsksEveryView()
    {
        TraceDocument document;
        document.setTrace(twoSlices());
        document.selectSlice(SliceId(0));
        QSignalSpy reveals(&document, &TraceDocument::revealRequested);
        document.reveal(SliceId(0)); // selected already, and still to be shown
        QCOMPARE(reveals.size(), 1);
    }
    void framingLeavesAMargin()
    {
        TraceDocument document;
        document.setTrace(twoSlices());
        document.frame({2'000, 3'000});
        QVERIFY(document.visibleRange().start < 2'000);
        QVERIFY(document.visibleRange().end > 3'000);
        QVERIFY(document.visibleRange().length() < 1'500);
    }

    void aFilterIsAnsweredByTheWorkerAndAnEmptyOneAtOnce()
    {
        TraceDocument document;
        document.setTrace(twoSlices());
        QSignalSpy answers(&document, &TraceDocument::matchesChanged);
        document.setFilter(filterOf("name ~ \"late\""));
        QVERIFY(document.filtering());
        QVERIFY(!document.matches());
        QVERIFY(answers.wait());
        QVERIFY(!document.filtering());
        QCOMPARE(document.matches()->count(), std::size_t(1));
        QVERIFY(document.matches()->slices.contains(sliceNamed(*document.trace(), "late")));
        QCOMPARE(document.matchable(), std::size_t(3));
        document.setFilter({});
        QVERIFY(!document.matches());
        QCOMPARE(answers.size(), 2);
    }
    void theLastFilterWinsAndTheOldAnswerStaysUntilThen()
    {
        TraceDocument document;
        document.setTrace(twoSlices());
        QSignalSpy answers(&document, &TraceDocument::matchesChanged);
        document.setFilter(filterOf("name ~ \"late\""));
        QVERIFY(answers.wait());
        const MatchesPtr before = document.matches();
        document.setFilter(filterOf("name ~ \"nothing\""));
        document.setFilter(filterOf("name ~ \"early\""));
        QCOMPARE(document.matches(), before);
        QVERIFY(answers.wait());
        QCOMPARE(answers.size(), 2); // the one between was never answered
        QVERIFY(document.matches()->slices.contains(sliceNamed(*document.trace(), "early")));
    }
    void aFilterGivenUpLeavesTheOneBefore()
    {
        TraceDocument document;
        document.setTrace(twoSlices());
        QSignalSpy answers(&document, &TraceDocument::matchesChanged);
        document.setFilter(filterOf("name ~ \"late\""));
        QVERIFY(answers.wait());
        document.setFilter(filterOf("name ~ \"early\""));
        document.cancelFiltering();
        QVERIFY(!document.filtering());
        QCOMPARE(document.filter().text(), std::string("name ~ \"late\""));
        QVERIFY(document.matches()->slices.contains(sliceNamed(*document.trace(), "late")));
    }
    void aFilterThatCannotBeAnsweredSaysSoAndLeavesTheOneBefore()
    {
        TraceDocument document;
        document.setTrace(twoSlices()); // no file stands behind it, so raw arguments cannot be read
        QSignalSpy failures(&document, &TraceDocument::filterFailed);
        document.setFilter(filterOf("args.grid == \"1\""));
        QVERIFY(failures.wait());
        QVERIFY(!failures[0][0].toString().isEmpty());
        QVERIFY(document.filter().empty());
        QVERIFY(!document.canGoBack());
    }
    void aNewTraceForgetsTheFilterAndARereadOneIsAskedAnew()
    {
        TraceDocument document;
        document.setTrace(twoSlices());
        QSignalSpy answers(&document, &TraceDocument::matchesChanged);
        document.setFilter(filterOf("name ~ \"late\""));
        QVERIFY(answers.wait());
        const TracePtr again = twoSlices();
        document.rejoin(again);
        QVERIFY(!document.matches()); // its rows would be those of the old trace
        QCOMPARE(document.filter().text(), std::string("name ~ \"late\""));
        QVERIFY(answers.wait());
        QVERIFY(document.matches()->slices.contains(sliceNamed(*again, "late")));
        document.setTrace(twoSlices());
        QVERIFY(document.filter().empty());
        QVERIFY(!document.matches());
        QVERIFY(!document.canGoBack());
    }
    void goingBackBringsViewFilterAndSelection()
    {
        std::int64_t now = 0;
        TraceDocument document(nullptr, [&now] { return now += 10'000; });
        document.setTrace(twoSlices());
        const TimeRange whole = document.visibleRange();
        document.setVisibleRange({2'000, 3'000});
        document.selectSlice(SliceId(1));
        document.setFilter(filterOf("name ~ \"late\""));
        document.setFilterMode(FilterMode::Hide);
        document.goBack();
        QCOMPARE(document.filterMode(), FilterMode::Dim);
        document.goBack();
        QVERIFY(document.filter().empty());
        QCOMPARE(document.selection().slice, SliceId(1));
        document.goBack();
        QVERIFY(document.selection().empty());
        document.goBack();
        QCOMPARE(document.visibleRange(), whole);
        QVERIFY(!document.canGoBack());
        for (int i = 0; i < 4; ++i) document.goForward();
        QVERIFY(!document.canGoForward());
        QCOMPARE(document.filterMode(), FilterMode::Hide);
        QTRY_VERIFY(document.matches());
        QCOMPARE(document.selection().slice, SliceId(1));
        QCOMPARE(document.visibleRange(), (TimeRange{2'000, 3'000}));
    }
    void zoomingInManySmallStepsIsOneStepBack()
    {
        std::int64_t now = 0;
        TraceDocument document(nullptr, [&now] { return now += 16; });
        document.setTrace(twoSlices());
        const TimeRange whole = document.visibleRange();
        for (Nanos i = 0; i < 200; ++i) document.setVisibleRange({1'000 + i, 9'000 - i});
        document.goBack();
        QCOMPARE(document.visibleRange(), whole);
        QVERIFY(!document.canGoBack());
    }
};

QTEST_MAIN(tst_TraceDocument)
#include "tst_TraceDocument.moc"
