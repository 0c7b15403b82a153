#include <QtTest>

#include "core/query/Aggregates.h"
#include "core/query/GroupKey.h"
#include "core/trace/ShortName.h"
#include "tests/support/TraceFixture.h"

#include <algorithm>
#include <limits>
#include <map>
#include <random>
#include <set>

using namespace opscope;
using namespace opscope::test;

namespace {

using Keys = std::vector<std::string>;

/// "gemm: 3 x, 60 ns, self 60, 10..30, median 20, p99 30, device 0/0"
std::string line(const AggregateRow& row)
{
    std::string text;
    for (std::size_t i = 0; i < row.keys.size(); ++i) text += (i ? " | " : "") + row.keys[i];
    return text + ": " + std::to_string(row.count) + " x, " + std::to_string(row.total) + " ns, self " + std::to_string(row.self) + ", " +
           std::to_string(row.min) + ".." + std::to_string(row.max) + ", median " + std::to_string(row.median) + ", p99 " + std::to_string(row.p99) +
           ", device " + std::to_string(row.device.ops) + "/" + std::to_string(row.device.time) + (row.saturated ? ", saturated" : "");
}

std::vector<std::string> lines(const Aggregates& table)
{
    std::vector<std::string> out;
    for (const AggregateRow& row : table.rows) out.push_back(line(row));
    return out;
}

std::vector<std::string> linesOf(const Trace& trace, std::vector<GroupBy> by, AggregateQuery query = {})
{
    query.by = std::move(by);
    const auto table = aggregate(trace, query);
    return table ? lines(*table) : std::vector<std::string>{table.error().text()};
}

void compare(const std::vector<std::string>& got, const std::vector<std::string>& wanted)
{
    const auto at = [](const std::vector<std::string>& rows, std::size_t i) { return i < rows.size() ? rows[i] : "(no row)"; };
    for (std::size_t i = 0; i < std::max(got.size(), wanted.size()); ++i)
        QVERIFY2(at(got, i) == at(wanted, i), ("\n  got    " + at(got, i) + "\n  wanted " + at(wanted, i)).c_str());
}

/// Two operators on the host, one in the other, each with a call that launches a kernel.
TracePtr launches()
{
    TraceFixture f;
    const TrackId main = f.thread(1, 10, "main"), stream = f.thread(0, 7);
    f.slice(main, 0, 100, "aten::linear")
        .slice(main, 10, 50, "aten::linear")
        .slice(main, 20, 10, "cudaLaunchKernel", "cuda_runtime", {{ArgField::Correlation, 1}})
        .slice(main, 70, 10, "cudaLaunchKernel", "cuda_runtime", {{ArgField::Correlation, 2}})
        .slice(stream, 200, 30, "void ns::gemm<float>(int)", "kernel", {{ArgField::Correlation, 1}, {ArgField::Stream, 7}, {ArgField::Device, 0}})
        .slice(stream, 300, 40, "void ns::gemm<half>(int)", "kernel", {{ArgField::Correlation, 2}, {ArgField::Stream, 7}, {ArgField::Device, 0}});
    return f.finish();
}

/// The same by maps and sorting, one row after the other.
struct Oracle
{
    const Trace& trace;
    AggregateQuery query;

    bool in(SliceId s) const
    {
        if (trace.kindOf(s) == CategoryClass::Span || !contains(query.population, trace.kindOf(s))) return false;
        if (query.matches && !query.matches->contains(s)) return false;
        if (!query.range) return true;
        const TimeRange range = trace.slices().range(s);
        return range.start < query.range->end && (range.end > query.range->start || range.start >= query.range->start);
    }
    Keys keys(SliceId s) const
    {
        Keys out;
        const TrackId track = trace.trackOf(s);
        for (const GroupBy by : query.by) {
            if (by == GroupBy::Name) out.emplace_back(trace.name(s));
            else if (by == GroupBy::ShortName) out.push_back(shortName(trace.name(s)));
            else if (by == GroupBy::Category) out.push_back(trace.category(trace.slices().category(s)).name);
            else if (by == GroupBy::Track) out.push_back(trace.trackName(track));
            else if (by == GroupBy::Process) out.push_back(trace.processName(trace.track(track).process));
            else if (by == GroupBy::Stream) out.push_back(trace.slices().arg(s, ArgField::Stream) == BlockColumn::kNone ? "" : std::to_string(trace.slices().arg(s, ArgField::Stream)));
            else if (by == GroupBy::Rank) out.emplace_back();
            else qFatal("the oracle does not know this key");
        }
        return out;
    }
    std::vector<std::string> lines() const
    {
        std::map<Keys, std::vector<SliceId>> groups;
        std::map<Keys, std::set<SliceId>> deviceOps;
        for (std::size_t i = 0; i < trace.slices().size(); ++i) {
            const SliceId s(i);
            const CategoryClass kind = trace.kindOf(s);
            const bool isDeviceOp = kind == CategoryClass::Kernel || kind == CategoryClass::Memcpy || kind == CategoryClass::Memset;
            if (in(s)) groups[keys(s)].push_back(s);
            if (in(s) && isDeviceOp) deviceOps[keys(s)].insert(s);
            const Link* owner = isDeviceOp ? trace.links().into(s, LinkKind::Operator) : nullptr;
            for (SliceId above = owner ? owner->from : SliceId(); above; above = trace.slices().parent(above))
                if (in(above)) deviceOps[keys(above)].insert(s);
        }
        std::vector<AggregateRow> rows;
        for (const auto& [key, members] : groups) rows.push_back(row(key, members, deviceOps[key]));
        std::stable_sort(rows.begin(), rows.end(), [](const AggregateRow& a, const AggregateRow& b) { return a.total > b.total; });
        std::vector<std::string> out;
        for (const AggregateRow& r : rows) out.push_back(line(r));
        return out;
    }
    AggregateRow row(const Keys& keys, const std::vector<SliceId>& members, const std::set<SliceId>& ops) const
    {
        AggregateRow r;
        r.keys = keys;
        r.count = members.size();
        std::vector<Nanos> durations;
        for (const SliceId s : members) {
            durations.push_back(trace.slices().duration(s));
            r.total += durations.back();
            r.self += trace.slices().selfTime(s);
        }
        std::sort(durations.begin(), durations.end());
        r.min = durations.front();
        r.max = durations.back();
        for (std::size_t i = durations.size(); i-- > 0;) { // the smallest value with at least that part at or below it
            if ((i + 1) * 100 >= durations.size() * 50) r.median = durations[i];
            if ((i + 1) * 100 >= durations.size() * 99) r.p99 = durations[i];
        }
        r.device.ops = ops.size();
        for (const SliceId s : ops) r.device.time += trace.slices().duration(s);
        return r;
    }
};

/// Threads on which operators and calls nest or overlap as it comes, and two streams; enough slices for two threads when asked.
TracePtr randomTrace(unsigned seed, std::size_t slices)
{
    std::mt19937 random(seed);
    const auto upTo = [&](std::size_t n) { return static_cast<std::int64_t>(random() % n); };
    TraceFixture f;
    const TrackId hosts[] = {f.thread(1, 10, "main"), f.thread(1, 11, "autograd"), f.thread(2, 10, "main")};
    const TrackId streams[] = {f.thread(0, 7), f.thread(0, 8)};
    const std::int64_t span = static_cast<std::int64_t>(slices) * 20;
    for (std::size_t i = 0; i < slices; ++i) {
        const std::int64_t correlation = static_cast<std::int64_t>(i) + 1, start = upTo(static_cast<std::size_t>(span));
        // Half of the seeds nest properly (each at a place and length that are powers of two), the other half overlap.
        const std::int64_t length = std::int64_t{1} << upTo(8);
        const TrackId host = hosts[upTo(3)];
        const Nanos begin = seed % 2 ? start : start / length * length, duration = seed % 2 ? upTo(120) : length;
        const std::string name(1, static_cast<char>('a' + upTo(6)));
        if (upTo(4)) {
            f.slice(host, begin, duration, name, upTo(5) ? "cpu_op" : "user_annotation");
            continue;
        }
        f.slice(host, begin, duration, "launch", "cuda_runtime", {{ArgField::Correlation, correlation}});
        const std::int64_t stream = upTo(2);
        if (upTo(3))
            f.slice(streams[stream], begin + upTo(500), upTo(60), upTo(2) ? "void k<" + name + ">()" : name, upTo(4) ? "kernel" : "gpu_memcpy",
                    {{ArgField::Correlation, correlation}, {ArgField::Stream, stream + 7}});
    }
    return f.finish();
}

} // namespace

class tst_Aggregates : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void figuresOfAGroupAreThoseOfItsSlices()
    {
        TraceFixture f;
        const TrackId main = f.thread(1, 10, "main");
        f.slice(main, 0, 100, "outer").slice(main, 10, 20, "inner").slice(main, 40, 50, "inner").slice(main, 200, 7, "inner");
        compare(linesOf(*f.finish(), {GroupBy::Name}), {"outer: 1 x, 100 ns, self 30, 100..100, median 100, p99 100, device 0/0",
                                                        "inner: 3 x, 77 ns, self 77, 7..50, median 20, p99 50, device 0/0"});
    }
    void aDeviceOpCountsOnceForAGroupThatIsOpenTwice()
    {
        compare(linesOf(*launches(), {GroupBy::Name}), {"aten::linear: 2 x, 150 ns, self 80, 50..100, median 50, p99 100, device 2/70",
                                                        "void ns::gemm<half>(int): 1 x, 40 ns, self 40, 40..40, median 40, p99 40, device 1/40",
                                                        "void ns::gemm<float>(int): 1 x, 30 ns, self 30, 30..30, median 30, p99 30, device 1/30",
                                                        "cudaLaunchKernel: 2 x, 20 ns, self 20, 10..10, median 10, p99 10, device 0/0"});
    }
    void aDeviceOpCountsOnceForAGroupThatHoldsItAndItsOperator()
    {
        compare(linesOf(*launches(), {GroupBy::Rank}), {": 6 x, 240 ns, self 170, 10..100, median 30, p99 100, device 2/70"});
        compare(linesOf(*launches(), {GroupBy::Family}), {"matmul: 4 x, 220 ns, self 150, 30..100, median 40, p99 100, device 2/70",
                                                          "runtime: 2 x, 20 ns, self 20, 10..10, median 10, p99 10, device 0/0"});
    }
    void instancesOfOneKernelAreOneByShortName()
    {
        AggregateQuery kernels;
        kernels.population = Population::Kernels;
        compare(linesOf(*launches(), {GroupBy::ShortName}, kernels), {"gemm: 2 x, 70 ns, self 70, 30..40, median 30, p99 40, device 2/70"});
    }
    void shapesTellCallsOfOneNameApart()
    {
        const TracePtr trace = traceFromText(R"({"traceEvents": [
            {"ph":"X","cat":"cpu_op","name":"aten::mm","pid":1,"tid":1,"ts":0,"dur":3,"args":{"Input Dims":[[32,64],[64,8]],"Input type":["float","float"]}},
            {"ph":"X","cat":"cpu_op","name":"aten::mm","pid":1,"tid":1,"ts":10,"dur":5,"args":{"Input Dims":[[32, 64], [64, 8]],"Input type":["c10::Half","c10::Half"]}},
            {"ph":"X","cat":"cpu_op","name":"aten::mm","pid":1,"tid":1,"ts":20,"dur":1,"args":{"Input Dims":[[2, 2], [], []]}},
            {"ph":"X","cat":"cpu_op","name":"aten::mm","pid":1,"tid":1,"ts":30,"dur":2}]})");
        compare(linesOf(*trace, {GroupBy::Name, GroupBy::Shapes}),
                {"aten::mm | [[32, 64], [64, 8]]: 2 x, 8000 ns, self 8000, 3000..5000, median 3000, p99 5000, device 0/0",
                 "aten::mm | : 1 x, 2000 ns, self 2000, 2000..2000, median 2000, p99 2000, device 0/0",
                 "aten::mm | [[2, 2], [], []]: 1 x, 1000 ns, self 1000, 1000..1000, median 1000, p99 1000, device 0/0"});
    }
    void whereItRanTellsThemApart()
    {
        const TracePtr trace = launches();
        AggregateQuery kernels;
        kernels.population = Population::DeviceOps;
        compare(linesOf(*trace, {GroupBy::Device, GroupBy::Stream, GroupBy::Category}, kernels),
                {"0 | 7 | kernel: 2 x, 70 ns, self 70, 30..40, median 30, p99 40, device 2/70"});
        compare(linesOf(*trace, {GroupBy::Stream, GroupBy::Track}, {}),
                {" | main: 4 x, 170 ns, self 100, 10..100, median 10, p99 100, device 2/70",
                 "7 | stream 7: 2 x, 70 ns, self 70, 30..40, median 30, p99 40, device 2/70"});
    }
    void tracksOfOneNameStayTwo()
    {
        TraceFixture f;
        f.slice(f.thread(1, 10, "worker"), 0, 5, "x").slice(f.thread(1, 11, "worker"), 0, 3, "x");
        compare(linesOf(*f.finish(), {GroupBy::Track}), {"worker: 1 x, 5 ns, self 5, 5..5, median 5, p99 5, device 0/0",
                                                         "worker: 1 x, 3 ns, self 3, 3..3, median 3, p99 3, device 0/0"});
    }
    void aRangeTakesWhatOverlapsItWhole()
    {
        TraceFixture f;
        const TrackId main = f.thread(1, 10, "main");
        f.slice(main, 0, 10, "before").slice(main, 10, 10, "across").slice(main, 20, 5, "in").slice(main, 28, 10, "across").slice(main, 40, 5, "behind")
            .slice(main, 15, 0, "moment").slice(main, 30, 0, "behind");
        const TracePtr trace = f.finish();
        AggregateQuery query;
        query.range = TimeRange{15, 30};
        const auto table = aggregate(*trace, query);
        QVERIFY(table.ok());
        compare(lines(*table), {"across: 2 x, 20 ns, self 20, 10..10, median 10, p99 10, device 0/0", "in: 1 x, 5 ns, self 5, 5..5, median 5, p99 5, device 0/0",
                                "moment: 1 x, 0 ns, self 0, 0..0, median 0, p99 0, device 0/0"});
        QCOMPARE(table->beyondRange, std::uint64_t{2});
        QCOMPARE(table->slices, std::uint64_t{4});
        QCOMPARE(table->total, std::int64_t{25});
    }
    void onlyMatchesGoInAndWorkInsideThemStaysTheirs()
    {
        const TracePtr trace = launches();
        SliceSet matches(trace->slices().size());
        matches.insert(sliceNamed(*trace, "aten::linear"));
        AggregateQuery query;
        query.matches = &matches;
        compare(linesOf(*trace, {GroupBy::Name}, query), {"aten::linear: 1 x, 100 ns, self 40, 100..100, median 100, p99 100, device 2/70"});
    }
    void nothingGivesATableWithoutRows()
    {
        const TracePtr empty = TraceFixture().finish(), trace = launches();
        const SliceSet none(trace->slices().size());
        AggregateQuery query;
        query.matches = &none;
        for (const auto& table : {aggregate(*empty, {}), aggregate(*trace, query)}) {
            QVERIFY(table.ok());
            QVERIFY(table->rows.empty() && table->members.empty() && table->slices == 0 && table->total == 0);
        }
    }
    void theWholeRecordingIsNoSlice()
    {
        TraceFixture f;
        f.slice(f.thread(1, 10), 0, 1000, "PyTorch Profiler (0)", "Trace").slice(f.thread(1, 11), 0, 3, "x");
        compare(linesOf(*f.finish(), {GroupBy::Name}), {"x: 1 x, 3 ns, self 3, 3..3, median 3, p99 3, device 0/0"});
    }
    void tiesAreInTheOrderOfTheirKeys()
    {
        TraceFixture f;
        const TrackId main = f.thread(1, 10);
        f.slice(main, 0, 5, "b").slice(main, 10, 5, "c").slice(main, 20, 5, "a");
        const auto got = linesOf(*f.finish(), {GroupBy::Name});
        QCOMPARE(got.size(), std::size_t{3});
        QVERIFY(got[0].starts_with("a:") && got[1].starts_with("b:") && got[2].starts_with("c:"));
    }
    void sumsThatDoNotFitStandAtTheEndAndAreSaid()
    {
        constexpr Nanos kMost = std::numeric_limits<Nanos>::max();
        TraceFixture f;
        f.slice(f.thread(1, 10), 0, kMost - 1, "x").slice(f.thread(1, 11), 0, kMost - 1, "x").slice(f.thread(1, 12), 0, 5, "y");
        AggregateQuery query;
        const auto table = aggregate(*f.finish(), query);
        QVERIFY(table.ok());
        QCOMPARE(table->rows.size(), std::size_t{2});
        QCOMPARE(table->rows[0].total, kMost);
        QCOMPARE(table->rows[0].self, kMost);
        QVERIFY(table->rows[0].saturated && !table->rows[1].saturated && table->saturated);
        QCOMPARE(table->total, kMost);
        QCOMPARE(table->rows[0].median, kMost - 1);
    }
    void membersOfAGroupAreInOrderOfTimeOverAllTracks()
    {
        const TracePtr trace = randomTrace(1, 5000);
        const auto table = aggregate(*trace, {});
        QVERIFY(table.ok());
        std::size_t members = 0;
        for (const AggregateRow& row : table->rows) {
            const auto of = table->of(row);
            QCOMPARE(of.size(), std::size_t{row.count});
            members += of.size();
            for (std::size_t i = 0; i < of.size(); ++i) {
                QCOMPARE(std::string(trace->name(of[i])), row.keys[0]);
                if (i) QVERIFY(std::pair(trace->slices().start(of[i - 1]), of[i - 1]) < std::pair(trace->slices().start(of[i]), of[i]));
            }
        }
        QCOMPARE(members, trace->slices().size());
    }
    void slicesComeInOrderOfTime()
    {
        const TracePtr trace = randomTrace(2, 3000);
        AggregateQuery query;
        query.population = Population::Operators;
        query.range = TimeRange{10'000, 30'000};
        const auto slices = slicesOf(*trace, query);
        QVERIFY(slices.ok());
        const Oracle oracle{*trace, query};
        std::vector<SliceId> wanted;
        for (std::size_t i = 0; i < trace->slices().size(); ++i)
            if (oracle.in(SliceId(i))) wanted.push_back(SliceId(i));
        std::stable_sort(wanted.begin(), wanted.end(), [&](SliceId a, SliceId b) { return trace->slices().start(a) < trace->slices().start(b); });
        QVERIFY(wanted.size() > 100 && *slices == wanted);
        QVERIFY(slicesOf(*TraceFixture().finish(), {})->empty());
    }
    void itAgreesWithThePlainWay_data()
    {
        QTest::addColumn<unsigned>("seed");
        QTest::addColumn<std::size_t>("slices");
        for (unsigned seed = 0; seed < 12; ++seed) QTest::addRow("%u", seed) << seed << std::size_t{300};
        QTest::addRow("on two threads") << 12u << std::size_t{90'000};
        QTest::addRow("on two threads, overlapping") << 13u << std::size_t{90'000};
    }
    void itAgreesWithThePlainWay()
    {
        QFETCH(unsigned, seed);
        QFETCH(std::size_t, slices);
        const TracePtr trace = randomTrace(seed, slices);
        SliceSet matches(trace->slices().size());
        std::mt19937 random(seed + 1000);
        for (std::size_t i = 0; i < trace->slices().size(); ++i)
            if (random() % 3) matches.insert(SliceId(i));
        const std::vector<std::vector<GroupBy>> lists{{GroupBy::Name}, {GroupBy::ShortName}, {GroupBy::Category, GroupBy::Name}, {GroupBy::Rank},
                                                      {GroupBy::Process, GroupBy::Track}, {GroupBy::Stream, GroupBy::ShortName, GroupBy::Category}};
        for (const auto& by : lists) {
            for (int variant = 0; variant < 4; ++variant) {
                AggregateQuery query;
                query.by = by;
                if (variant == 1) query.matches = &matches;
                if (variant == 2) query.range = TimeRange{static_cast<Nanos>(slices) * 3, static_cast<Nanos>(slices) * 9};
                if (variant == 3) query.population = Population::Operators;
                compare(linesOf(*trace, by, query), Oracle{*trace, query}.lines());
                if (QTest::currentTestFailed()) return;
            }
        }
    }
    void aStopIsHeeded()
    {
        m_stop.request_stop();
        const auto table = aggregate(*launches(), {}, {nullptr, m_stop.get_token()});
        QVERIFY(!table.ok() && table.error().code == ErrorCode::Cancelled);
    }
    void everyIdReadsBack()
    {
        for (int i = 0; i < 10; ++i) QVERIFY(groupById(id(static_cast<GroupBy>(i))) == static_cast<GroupBy>(i));
        for (int i = 0; i < 8; ++i) QVERIFY(populationById(id(static_cast<Population>(i))) == static_cast<Population>(i));
        QVERIFY(!groupById("nmae") && !populationById(""));
    }

private:
    std::stop_source m_stop;
};

QTEST_GUILESS_MAIN(tst_Aggregates)
#include "tst_Aggregates.moc"
