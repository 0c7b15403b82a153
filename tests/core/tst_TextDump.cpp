#include "core/format/text/TextDump.h"
#include "tests/support/TraceFixture.h"

#include <QtTest>

#include <sstream>

using namespace opscope;
using test::TraceFixture;

namespace {

std::string dumped(const Trace& trace)
{
    std::ostringstream out;
    if (!writeDump(trace, out).ok()) qFatal("the dump could not be written");
    return out.str();
}

QByteArray diffable(const std::string& text) { return QByteArray::fromStdString(text); }

/// What one event of a made-up file says; a row of the table that the tests stage in different ways.
struct Event
{
    char phase;
    Nanos time, duration;
    const char* name;
    const char* category;
    std::int64_t pid, tid;
    std::uint64_t id;
};

/// Enough of everything to meet each other: pairs across parts, mixed pids, async, flows, text ids, counters, equal times.
std::vector<Event> busyFile()
{
    static const char* const kNames[] = {"conv", "add", "mul", "ProfilerStep#1", "relu", ""};
    static const char* const kCategories[] = {"cpu_op", "kernel", "net", "cuda_runtime", ""};
    std::vector<Event> events;
    unsigned random = 1;
    const auto next = [&](unsigned n) { return (random = random * 1664525u + 1013904223u) / 65536u % n; };
    for (int i = 0; i < 3'000; ++i) {
        static constexpr char kPhases[] = "XXXXXXBBEEisffstbbeenNSFTC";
        Event e{kPhases[next(sizeof kPhases - 1)], static_cast<Nanos>(next(400)), static_cast<Nanos>(next(60)), kNames[next(6)],
                kCategories[next(5)], static_cast<std::int64_t>(next(3)), static_cast<std::int64_t>(next(3)), next(12)};
        events.push_back(e);
    }
    return events;
}

TrackKey number(std::int64_t n) { return {TrackKey::Kind::Number, n, {}}; }

template <class T, class Find, class Make>
std::size_t rowOf(std::vector<T>& rows, Find find, Make make)
{
    const auto it = std::find_if(rows.begin(), rows.end(), find);
    if (it != rows.end()) return static_cast<std::size_t>(it - rows.begin());
    rows.push_back(make());
    return rows.size() - 1;
}

void stage(const Event& e, std::uint64_t offset, StagingTables& tables, StagedPart& part)
{
    const auto track = static_cast<std::uint32_t>(rowOf(
        tables.tracks, [&](const StagedTrack& t) { return t.pid == number(e.pid) && t.tid == number(e.tid); },
        [&] { return StagedTrack{number(e.pid), number(e.tid)}; }));
    const auto category = static_cast<std::uint16_t>(rowOf(
        tables.categories, [&](const Category& c) { return c.name == e.category; },
        [&] { return Category{e.category, classify(e.category), 0}; }));
    ++tables.categories[category].events;
    ++tables.stats.elements;
    ++tables.stats.byPhase[std::string(1, e.phase)];
    StagedTrack& t = tables.tracks[track];
    ++t.events;
    t.hostEvents += sideOf(classify(e.category)) == Side::Host;
    t.deviceEvents += sideOf(classify(e.category)) == Side::Device;
    const StringId name = tables.strings.intern(e.name);
    if (e.phase == 'C') {
        part.counters.append() = {e.time, static_cast<double>(e.duration), offset, name, tables.strings.intern("v"), track, false, false};
    } else if (std::string_view("stfbenSFTN").find(e.phase) != std::string_view::npos) {
        StagedIdEvent& row = part.idEvents.append();
        row.time = e.time;
        const bool isText = e.id >= 8;
        row.idKind = static_cast<unsigned>(isText ? TrackKey::Kind::Text : TrackKey::Kind::Number);
        row.id = isText ? tables.strings.intern("id " + std::to_string(e.id)).value : e.id;
        row.offset = offset;
        row.length = 50;
        row.name = name;
        row.track = track;
        row.category = category;
        row.phase = e.phase;
    } else {
        StagedEvent& row = part.events.append();
        row.start = e.time;
        row.duration = e.phase == 'X' ? e.duration : 0;
        row.offset = offset;
        row.length = 50;
        row.name = name;
        row.track = track;
        row.category = category;
        row.phase = e.phase;
        if (e.phase != 'X') return;
        StagedArgs& args = part.addArgs(row);
        args[ArgField::Correlation] = static_cast<std::uint32_t>(e.id);
        if (e.id == 3) {
            args[ArgField::Bytes] = kArgWide;
            part.wide.push_back({static_cast<std::uint32_t>(part.events.size() - 1), ArgField::Bytes, -static_cast<std::int64_t>(offset)});
        }
        if (e.id == 4)
            part.fine.push_back({static_cast<std::uint32_t>(part.events.size() - 1), offset, 7});
        if (e.id < 3)
            args[ArgField::Signature] =
                tables.signatures.intern({tables.strings.intern("[" + std::to_string(e.id) + "]"), {}, {}}).value;
    }
}

/// The same file in parts of `partSize` events, dealt to `workers` workers as an importer with threads might do.
std::string dumpOfStaged(const std::vector<Event>& events, std::size_t partSize, std::size_t workers)
{
    TraceBuilder builder;
    const SourceId source = builder.addSource({});
    std::vector<StagingTables> tables(workers);
    std::vector<StagedPart> parts;
    for (std::size_t i = 0; i < events.size(); ++i) {
        if (i % partSize == 0) {
            parts.emplace_back();
            parts.back().worker = static_cast<std::uint32_t>((parts.size() * 7 + parts.size() / 3) % workers);
        }
        stage(events[i], i * 100, tables[parts.back().worker], parts.back());
    }
    // Names stand in the first part, whoever reads it.
    StagedPart& first = parts.front();
    StringPool& strings = tables[first.worker].strings;
    first.meta.push_back({number(1), {}, MetaKind::ProcessName, strings.intern("python"), 0, 1});
    first.meta.push_back({number(1), number(2), MetaKind::ThreadName, strings.intern("stream 2 "), 0, 2});
    first.meta.push_back({number(2), {}, MetaKind::ProcessSortIndex, {}, -5, 3});
    first.meta.push_back({number(77), {}, MetaKind::ProcessName, strings.intern("unused"), 0, 4});
    builder.addStaged(source, std::move(tables), std::move(parts));
    return dumped(*std::move(builder).finish().value());
}

} // namespace

class tst_TextDump : public QObject
{
    Q_OBJECT

private slots:
    void aSmallTraceReadsLikeThis()
    {
        TraceFixture f;
        const TrackId t = f.thread(1, 10, "main", "python");
        f.slice(t, 0, 100, "outer").slice(t, 10, 20, "a\x1b[31m", "cpu_op", {{ArgField::Correlation, 81}});
        f.instant(t, 5, "now").counter(1, "memory", "used", 7, 1.5);
        const std::string text = dumped(*f.finish());
        const std::string expected = "opscope dump 1\n"
                                     "source format=\"kineto\"\n"
                                     "times nanoseconds base=0 origin=0 from=0 to=100\n"
                                     "counts elements=4 malformed=0 pairs=2 unmatched_ends=0 unclosed_begins=0 memory=0 min=0 max=100\n"
                                     "phase \"C\" 1\nphase \"X\" 2\nphase \"i\" 1\n"
                                     "category \"\" (no category) 1\n"
                                     "category \"cpu_instant_event\" (CPU instant) 1\n"
                                     "category \"cpu_op\" (CPU op) 2\n"
                                     "process 0 host pid=1 name=\"python\" events=4\n"
                                     " track 0 thread tid=0 slices=0 instants=0 series=0 events=1 lanes=0\n"
                                     " track 1 thread tid=10 name=\"main\" slices=2 instants=1 series=0 events=3 lanes=2\n"
                                     "  slice 0 0+100 self=80 lane=0 \"outer\" cat=\"cpu_op\" @0+0\n"
                                     "  slice 1 10+20 self=20 lane=1 in=0 \"a\xE2\x90\x9B[31m\" cat=\"cpu_op\" correlation=81 @0+0\n"
                                     "  instant 5 i \"now\" cat=\"cpu_instant_event\" @0\n"
                                     " track 2 counter name=\"memory\" slices=0 instants=0 series=1 events=1 lanes=0\n"
                                     "  series \"used\" values=1 min=1.5 max=1.5\n"
                                     "   value 7 1.5 @0\n";
        QCOMPARE(diffable(text), diffable(expected));
    }

    void longTopLevelValuesAreCutBetweenCharacters()
    {
        TraceBuilder builder;
        const SourceId source = builder.addSource({});
        std::string json(199, 'x');
        json += "\xC3\xA9yyy";
        builder.addTopLevel({source, "key\n", json, 12, json.size()});
        const std::string text = dumped(*std::move(builder).finish().value());
        QVERIFY(text.find("top \"key\xE2\x90\x8A\" @12+204 " + std::string(199, 'x') + "\xE2\x80\xA6\n") != std::string::npos);
    }

    void defectsStandAtTheEndWithTheirFirstPlace()
    {
        TraceFixture f;
        f.slice(f.thread(1, 1), 0, 10, "a").slice(f.thread(1, 1), 5, 10, "b");
        const std::string text = dumped(*f.finish());
        QVERIFY(text.ends_with("defect overlapping-slices 1 @0\n"));
    }

    void partsAndWorkersLeaveNoMark_data()
    {
        QTest::addColumn<int>("partSize");
        QTest::addColumn<int>("workers");
        QTest::newRow("a part for each event, five workers") << 1 << 5;
        QTest::newRow("seven events a part, two workers") << 7 << 2;
        QTest::newRow("three workers") << 100 << 3;
        QTest::newRow("two parts") << 1'500 << 2;
    }
    void partsAndWorkersLeaveNoMark()
    {
        QFETCH(int, partSize);
        QFETCH(int, workers);
        static const std::vector<Event> events = busyFile();
        static const std::string whole = dumpOfStaged(events, events.size(), 1);
        const std::string parted = dumpOfStaged(events, static_cast<std::size_t>(partSize), static_cast<std::size_t>(workers));
        const QList<QByteArray> a = diffable(whole).split('\n'), b = diffable(parted).split('\n');
        for (qsizetype i = 0; i < std::min(a.size(), b.size()); ++i) QCOMPARE(b[i], a[i]);
        QCOMPARE(b.size(), a.size());
        QVERIFY(a.size() > 2'000);
    }

    void aCancelledDumpStops()
    {
        TraceFixture f;
        f.slice(f.thread(1, 1), 0, 10, "a");
        std::stop_source stop;
        stop.request_stop();
        std::ostringstream out;
        const Status status = writeDump(*f.finish(), out, {nullptr, stop.get_token()});
        QVERIFY(!status.ok());
        QCOMPARE(status.error().code, ErrorCode::Cancelled);
    }

    void aStreamThatFailsIsReported()
    {
        TraceFixture f;
        std::ostringstream out;
        out.setstate(std::ios::badbit);
        const Status status = writeDump(*f.finish(), out);
        QVERIFY(!status.ok());
        QCOMPARE(status.error().code, ErrorCode::CannotWrite);
    }
};

QTEST_GUILESS_MAIN(tst_TextDump)
#include "tst_TextDump.moc"
