#include "tests/support/TraceFixture.h"

#include <QtTest>

#include <limits>

using namespace opscope;
using test::TraceFixture;

namespace {

constexpr Nanos kMax = std::numeric_limits<Nanos>::max();
constexpr Nanos kMin = std::numeric_limits<Nanos>::min();

StagedEvent event(char phase, Nanos time, Nanos duration, StringId name, std::uint32_t track, std::uint64_t offset)
{
    StagedEvent e;
    e.start = time;
    e.duration = duration;
    e.offset = offset;
    e.name = name;
    e.track = track;
    e.phase = phase;
    return e;
}

/// Rows as an importer stages them: one worker, one part, one category.
struct Staged
{
    StagingTables tables;
    StagedPart part;
    std::uint64_t offset = 0;

    explicit Staged(std::string_view category = "") { tables.categories.push_back({std::string(category), classify(category), 0}); }
    std::uint32_t track(std::int64_t pid, std::int64_t tid)
    {
        tables.tracks.push_back({{TrackKey::Kind::Number, pid, {}}, {TrackKey::Kind::Number, tid, {}}});
        return static_cast<std::uint32_t>(tables.tracks.size() - 1);
    }
    void add(char phase, Nanos time, std::string_view name, std::uint32_t on, Nanos duration = 0)
    {
        part.events.append() = event(phase, time, duration, tables.strings.intern(name), on, offset += 100);
        ++tables.tracks[on].events;
    }
    StagedIdEvent& addId(char phase, Nanos time, std::string_view name, std::uint32_t on, std::uint64_t id)
    {
        StagedIdEvent& e = part.idEvents.append();
        e.time = time;
        e.id = id;
        e.idKind = static_cast<unsigned>(TrackKey::Kind::Number);
        e.name = tables.strings.intern(name);
        e.track = on;
        e.phase = phase;
        e.offset = offset += 100;
        ++tables.tracks[on].events;
        return e;
    }
    void name(MetaKind kind, std::int64_t pid, std::int64_t tid, std::string_view text, std::int64_t number = 0)
    {
        part.meta.push_back({{TrackKey::Kind::Number, pid, {}}, {TrackKey::Kind::Number, tid, {}}, kind,
                             tables.strings.intern(text), number, offset += 100});
    }
    TracePtr finish()
    {
        TraceBuilder builder;
        const SourceId source = builder.addSource({});
        std::vector<StagingTables> workers;
        workers.push_back(std::move(tables));
        std::vector<StagedPart> parts;
        parts.push_back(std::move(part));
        builder.addStaged(source, std::move(workers), std::move(parts));
        return std::move(builder).finish().value();
    }
};

SliceId only(const Trace& trace, std::string_view name)
{
    const SliceId id = test::sliceNamed(trace, name);
    if (!id) qFatal("no slice %s", std::string(name).c_str());
    return id;
}

} // namespace

class tst_TraceBuilder : public QObject
{
    Q_OBJECT

private slots:
    void anEmptyBuilderMakesATraceWithoutEvents()
    {
        const TracePtr trace = TraceBuilder().finish().value();
        QCOMPARE(trace->slices().size(), 0u);
        QCOMPARE(trace->tracks().size(), 0u);
        QCOMPARE(trace->diagnostics().count(Defect::NoEvents), 1u);
        QVERIFY(trace->extent().empty());
    }

    void slicesOfATrackAreSortedByStartThenLongerFirst()
    {
        TraceFixture f;
        const TrackId t = f.thread(1, 10, "main");
        f.slice(t, 50, 5, "late").slice(t, 0, 10, "short").slice(t, 0, 100, "long");
        const TracePtr trace = f.finish();
        QCOMPARE(trace->name(SliceId(0)), "long");
        QCOMPARE(trace->name(SliceId(1)), "short");
        QCOMPARE(trace->name(SliceId(2)), "late");
        QCOMPARE(trace->slices().parent(SliceId(1)), SliceId(0));
        QCOMPARE(trace->slices().parent(SliceId(2)), SliceId(0));
        QCOMPARE(trace->slices().selfTime(SliceId(0)), 85);
        QCOMPARE(trace->track(TrackId(0)).laneCount, 2);
        QCOMPARE(trace->extent(), (TimeRange{0, 100}));
    }

    void equalTimesAreOrderedByTheIndexThatTheProfilerGave()
    {
        TraceFixture f;
        const TrackId t = f.thread(1, 10);
        f.slice(t, 0, 10, "inner", "cpu_op", {{ArgField::EventIndex, 8}});
        f.slice(t, 0, 10, "outer", "cpu_op", {{ArgField::EventIndex, 7}});
        const TracePtr trace = f.finish();
        QCOMPARE(trace->name(SliceId(0)), "outer");
        QCOMPARE(trace->slices().parent(SliceId(1)), SliceId(0));
    }

    void argumentsKeepEveryBit()
    {
        TraceFixture f;
        const TrackId t = f.thread(1, 10);
        const std::int64_t big = 0x7EDCBA9876543210, huge = -2;
        f.slice(t, 0, 1, "a", "kernel", {{ArgField::Correlation, big}, {ArgField::Bytes, huge}, {ArgField::Stream, 7}});
        const TracePtr trace = f.finish();
        QCOMPARE(trace->slices().arg(SliceId(0), ArgField::Correlation), big);
        QCOMPARE(trace->slices().arg(SliceId(0), ArgField::Bytes), huge);
        QCOMPARE(trace->slices().arg(SliceId(0), ArgField::Stream), 7);
        QCOMPARE(trace->slices().arg(SliceId(0), ArgField::Device), BlockColumn::kNone);
    }

    void beginAndEndMakeOneSliceWhateverTheNamesAre()
    {
        Staged s;
        const auto t = s.track(1, 1);
        s.add('B', 0, "outer", t);
        s.add('B', 10, "inner", t);
        s.add('E', 20, "", t);
        s.add('E', 50, "other", t);
        const TracePtr trace = s.finish();
        QCOMPARE(trace->slices().size(), 2u);
        QCOMPARE(trace->slices().duration(only(*trace, "outer")), 50);
        QCOMPARE(trace->slices().duration(only(*trace, "inner")), 10);
        QCOMPARE(trace->slices().flags(SliceId(0)) & kOriginMask, kFromPair);
        QCOMPARE(trace->diagnostics().count(Defect::EndNameDiffers), 1u);
        QCOMPARE(trace->stats().unclosedBegins, 0u);
    }

    void aBeginWithoutEndReachesToTheEndOfItsTrack()
    {
        Staged s;
        const auto t = s.track(1, 1), other = s.track(1, 2);
        s.add('E', 1, "nothing", t);
        s.add('B', 5, "open", t);
        s.add('X', 10, "last", t, 30);
        s.add('X', 10, "elsewhere", other, 3000);
        const TracePtr trace = s.finish();
        const SliceId open = only(*trace, "open");
        QCOMPARE(trace->slices().end(open), 40);
        QVERIFY(trace->slices().flags(open) & kUnclosed);
        QCOMPARE(trace->stats().unclosedBegins, 1u);
        QCOMPARE(trace->stats().unmatchedEnds, 1u);
        QCOMPARE(trace->diagnostics().count(Defect::BeginWithoutEnd), 1u);
        QCOMPARE(trace->diagnostics().places(Defect::EndWithoutBegin).front().offset, 100u);
        QCOMPARE(trace->slices().size(), 3u);
    }

    void asyncPairsOfOneIdNestAndOthersLieBesideThem()
    {
        Staged s("net");
        const auto t = s.track(1, 1);
        s.addId('b', 0, "request", t, 1);
        s.addId('b', 10, "body", t, 1);
        s.addId('b', 15, "another", t, 2);
        s.addId('n', 16, "mark", t, 2);
        s.addId('e', 20, "body", t, 1);
        s.addId('e', 30, "request", t, 1);
        s.addId('e', 40, "another", t, 2);
        s.addId('e', 50, "never began", t, 9);
        const TracePtr trace = s.finish();
        QCOMPARE(trace->tracks().size(), 2u); // the thread, and the group of "net"
        const Track& async = trace->track(TrackId(1));
        QCOMPARE(async.kind, TrackKind::Async);
        QVERIFY(!async.fromFile);
        QCOMPARE(trace->trackName(TrackId(1)), std::string("net"));
        QCOMPARE(async.sliceCount, 3u);
        QCOMPARE(async.instantCount, 1u);
        const SliceTable& slices = trace->slices();
        QCOMPARE(slices.parent(only(*trace, "body")), only(*trace, "request"));
        QVERIFY(!slices.parent(only(*trace, "another")).valid());
        QCOMPARE(slices.lane(only(*trace, "another")), 2);
        QCOMPARE(trace->diagnostics().count(Defect::AsyncWithoutPartner), 1u);
        QCOMPARE(trace->diagnostics().count(Defect::OverlappingSlices), 0u);
        QCOMPARE(trace->stats().pidTidPairs, 1u);
    }

    void oldAsyncEventsPairByNameAndId()
    {
        Staged s("c");
        const auto t = s.track(1, 1);
        s.addId('S', 0, "a", t, 1);
        s.addId('S', 5, "b", t, 1);
        s.addId('T', 7, "a", t, 1);
        s.addId('F', 10, "a", t, 1);
        const TracePtr trace = s.finish();
        QCOMPARE(trace->slices().duration(only(*trace, "a")), 10);
        QVERIFY(trace->slices().flags(only(*trace, "b")) & kUnclosed);
        QCOMPARE(trace->instants().size(), 1u);
    }

    void localIdsOfTwoProcessesAreTwoThings()
    {
        Staged s("c");
        const auto one = s.track(1, 1), two = s.track(2, 1);
        s.addId('b', 0, "a", one, 1).idIsLocal = 1;
        s.addId('b', 1, "b", two, 1).idIsLocal = 1;
        s.addId('e', 10, "a", one, 1).idIsLocal = 1;
        s.addId('e', 20, "b", two, 1).idIsLocal = 1;
        const TracePtr trace = s.finish();
        QCOMPARE(trace->slices().end(only(*trace, "a")), 10);
        QCOMPARE(trace->slices().end(only(*trace, "b")), 20);
    }

    void flowsOfOneIdAreNeighboursInOrderOfTime()
    {
        Staged s("ac2g");
        const auto t = s.track(1, 1);
        s.add('X', 0, "x", t, 10);
        s.addId('f', 9, "", t, 5).bindsEnclosing = 1;
        s.addId('s', 3, "", t, 6);
        s.addId('s', 1, "", t, 5);
        const TracePtr trace = s.finish();
        const auto points = trace->flows().points();
        QCOMPARE(points.size(), 3u);
        QCOMPARE(static_cast<std::uint64_t>(points[0].id), 5u);
        QCOMPARE(static_cast<char>(points[0].phase), 's');
        QCOMPARE(static_cast<char>(points[1].phase), 'f');
        QCOMPARE(static_cast<int>(points[1].bindsEnclosing), 1);
        QCOMPARE(points[2].track, TrackId(0));
        QCOMPARE(trace->diagnostics().count(Defect::FlowWithoutPartner), 1u);
    }

    void aPidThatIsAProcessAndADeviceBecomesTwoProcesses()
    {
        TraceFixture f;
        const TrackId thread = f.thread(7, 7, "thread 7 (python)", "python");
        f.slice(thread, 0, 10, "op", "cpu_op").slice(thread, 5, 10, "gemm", "kernel");
        const TracePtr trace = f.finish();
        QCOMPARE(trace->processes().size(), 2u);
        QCOMPARE(trace->process(ProcessId(0)).side, Side::Host);
        QCOMPARE(trace->process(ProcessId(1)).side, Side::Device);
        QCOMPARE(trace->processName(ProcessId(1)), std::string("GPU 7"));
        QCOMPARE(trace->tracks().size(), 2u);
        QCOMPARE(trace->track(TrackId(1)).kind, TrackKind::Stream);
        QCOMPARE(trace->trackName(TrackId(1)), std::string("stream 7"));
        QCOMPARE(trace->stats().pidTidPairs, 1u);
        QCOMPARE(trace->diagnostics().count(Defect::OverlappingSlices), 0u);
    }

    void processesAreOrderedBySortIndexThenHostFirstThenPid()
    {
        Staged s;
        for (const std::int64_t pid : {30, 20, 10}) s.add('X', 0, "x", s.track(pid, 1), 1);
        s.name(MetaKind::ProcessSortIndex, 20, 0, "", 5);
        s.name(MetaKind::ProcessSortIndex, 30, 0, "", 5);
        s.name(MetaKind::ProcessSortIndex, 10, 0, "", 6);
        const TracePtr trace = s.finish();
        QCOMPARE(trace->process(ProcessId(0)).pid.number, 20);
        QCOMPARE(trace->process(ProcessId(1)).pid.number, 30);
        QCOMPARE(trace->process(ProcessId(2)).pid.number, 10);
        QCOMPARE(trace->process(ProcessId(0)).events, 1u);
    }

    void theLastNameWinsAndLosesItsBlanks()
    {
        Staged s;
        s.add('X', 0, "x", s.track(1, 2), 1);
        s.name(MetaKind::ThreadName, 1, 2, "old");
        s.name(MetaKind::ThreadName, 1, 2, "stream 7 ");
        s.name(MetaKind::ThreadName, 1, 3, "nobody");
        const TracePtr trace = s.finish();
        QCOMPARE(trace->trackName(TrackId(0)), std::string("stream 7"));
        QCOMPARE(trace->diagnostics().count(Defect::RenamedTrack), 1u);
        QCOMPARE(trace->diagnostics().count(Defect::NamedButUnused), 1u);
        QCOMPARE(trace->tracks().size(), 1u);
    }

    void countersBecomeSeriesOfOneTrack()
    {
        TraceFixture f;
        f.counter(1, "memory", "used", 20, 5).counter(1, "memory", "used", 10, 3).counter(1, "memory", "free", 10, 8);
        const TracePtr trace = f.finish();
        const auto it = std::find_if(trace->tracks().begin(), trace->tracks().end(),
                                     [](const Track& t) { return t.kind == TrackKind::Counter; });
        QVERIFY(it != trace->tracks().end());
        QCOMPARE(it->seriesCount, 2u);
        const CounterSeries& used = trace->counters().series(SeriesId(it->firstSeries));
        QCOMPARE(trace->text(used.name), "used");
        QCOMPARE(trace->counters().times(used)[0], 10);
        QCOMPARE(trace->counters().values(used)[1], 5.0);
        QCOMPARE(used.min, 3.0);
        QCOMPARE(used.max, 5.0);
        QCOMPARE(trace->extent(), (TimeRange{10, 20}));
    }

    void deltasAreSummedInOrderOfTime()
    {
        Staged s;
        const auto t = s.track(1, 1);
        const StringId name = s.tables.strings.intern("Allocated"), series = s.tables.strings.intern("CUDA 0");
        for (const auto& [time, value] : {std::pair<Nanos, double>{30, -4}, {10, 10}, {20, 5}})
            s.part.counters.append() = {time, value, 0, name, series, t, true, true};
        const TracePtr trace = s.finish();
        const CounterSeries& sum = trace->counters().series(SeriesId(0));
        QVERIFY(sum.isBytes);
        QCOMPARE(trace->counters().values(sum)[0], 10.0);
        QCOMPARE(trace->counters().values(sum)[1], 15.0);
        QCOMPARE(trace->counters().values(sum)[2], 11.0);
    }

    void theExtentLeavesTheRecordingItselfOut()
    {
        TraceFixture f;
        const TrackId t = f.thread(1, 1), spans = f.thread(2, 1);
        f.slice(spans, 0, 1000, "PyTorch Profiler (0)", "Trace").slice(t, 100, 50, "op");
        f.instant(spans, 2000, "Record Window End", "");
        const TracePtr trace = f.finish();
        QCOMPARE(trace->extent(), (TimeRange{100, 150}));
        QCOMPARE(trace->origin(), 100);
    }

    void aTraceOfNothingButTheRecordingIsShownWhole()
    {
        TraceFixture f;
        f.slice(f.thread(2, 1), 5, 1000, "PyTorch Profiler (0)", "Trace");
        QCOMPARE(f.finish()->extent(), (TimeRange{5, 1005}));
    }

    void timesCountFromTheFirstStep()
    {
        TraceFixture f;
        const TrackId t = f.thread(1, 1);
        f.slice(t, 5, 1, "early").slice(t, 100, 50, "ProfilerStep#3").slice(t, 150, 50, "ProfilerStep#4");
        QCOMPARE(f.finish()->origin(), 100);
    }

    void timesAtTheLimitsDoNotOverflow()
    {
        TraceFixture f;
        const TrackId t = f.thread(1, 1);
        f.slice(t, kMax - 5, 100, "late").slice(t, kMin, 10, "early").slice(t, kMin, kMax, "half").slice(t, 0, -7, "negative");
        const TracePtr trace = f.finish();
        QCOMPARE(trace->slices().end(only(*trace, "late")), kMax);
        QCOMPARE(trace->slices().duration(only(*trace, "negative")), 0);
        QCOMPARE(trace->extent(), (TimeRange{kMin, kMax}));
    }

    void aBeginAtTheLimitIsClosedWithoutOverflow()
    {
        Staged s;
        const auto t = s.track(1, 1);
        s.add('B', kMin, "b", t);
        s.add('E', kMax, "", t);
        const TracePtr trace = s.finish();
        QCOMPARE(trace->slices().duration(SliceId(0)), kMax);
        QCOMPARE(trace->slices().start(SliceId(0)), kMin);
    }

    void aCancelledFinishGivesNothing()
    {
        TraceFixture f;
        f.slice(f.thread(1, 1), 0, 1, "x");
        std::stop_source stop;
        stop.request_stop();
        const auto result = std::move(f.builder()).finish({nullptr, stop.get_token()});
        QVERIFY(!result.ok());
        QCOMPARE(result.error().code, ErrorCode::Cancelled);
    }

    void everyRowKnowsItsTrack()
    {
        TraceFixture f;
        const TrackId a = f.thread(1, 1, "a"), b = f.thread(1, 2, "b"), c = f.thread(1, 3, "c");
        f.slice(a, 0, 1, "x").slice(c, 0, 1, "y").slice(c, 5, 1, "z");
        f.instant(b, 3, "i");
        const TracePtr trace = f.finish();
        QCOMPARE(trace->trackName(trace->trackOf(only(*trace, "x"))), std::string("a"));
        QCOMPARE(trace->trackName(trace->trackOf(only(*trace, "y"))), std::string("c"));
        QCOMPARE(trace->trackName(trace->trackOf(only(*trace, "z"))), std::string("c"));
        QCOMPARE(trace->trackName(trace->trackOf(InstantId(0))), std::string("b"));
    }
};

QTEST_GUILESS_MAIN(tst_TraceBuilder)
#include "tst_TraceBuilder.moc"
