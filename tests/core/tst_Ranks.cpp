#include "core/io/Loader.h"
#include "core/link/CollectiveSkew.h"
#include "core/link/Collectives.h"
#include "tests/support/Golden.h"
#include "tests/support/Json.h"
#include "tests/support/TraceFixture.h"

#include <QTemporaryDir>
#include <QTest>

using namespace opscope;
using namespace opscope::test;

namespace {

struct Kernel
{
    std::string name;
    std::string args;         ///< of the collective; "" for a kernel that says nothing
    int start = 0, end = 0;   ///< us
};

std::string collective(const std::string& name, const std::string& more = "", int elements = 64)
{
    return "'Collective name': '" + name + "', 'In msg nelems': " + std::to_string(elements) + ", 'Out msg nelems': " + std::to_string(elements) +
           ", 'dtype': 'Float', 'Process Group Name': '0', 'Process Group Ranks': '[0, 1]'" + more;
}

std::string rankText(int rank, const std::vector<Kernel>& kernels, const std::string& top = "")
{
    std::string events = "{'ph': 'X', 'cat': 'cpu_op', 'name': 'op', 'pid': " + std::to_string(100 + rank) + ", 'tid': 1, 'ts': 1000, 'dur': 100}, " +
                         "{'ph': 'i', 'cat': 'cpu_instant_event', 'name': 'mark', 'pid': " + std::to_string(100 + rank) + ", 'tid': 1, 'ts': 1500}, " +
                         "{'ph': 'C', 'name': 'count', 'pid': " + std::to_string(100 + rank) + ", 'ts': 1600, 'args': {'n': 1}}";
    for (const Kernel& k : kernels)
        events += ", {'ph': 'X', 'cat': 'kernel', 'name': '" + k.name + "', 'pid': 0, 'tid': 7, 'ts': " + std::to_string(k.start) + ", 'dur': " +
                  std::to_string(k.end - k.start) + ", 'args': {'stream': 7" + (k.args.empty() ? "" : ", " + k.args) + "}}";
    return json("{'schemaVersion': 1, 'distributedInfo': {'rank': " + std::to_string(rank) + ", 'world_size': 8}, " + top + "'traceEvents': [" + events + "]}");
}

/// "a0+a1 b0+b1": kernels of each match by their names, the last to begin first.
std::string matches(const Trace& trace)
{
    std::string text;
    for (const Link& link : trace.links().all()) {
        if (link.kind != LinkKind::Collective) continue;
        const auto rank = [&](SliceId s) { return *trace.sources()[trace.process(trace.track(trace.trackOf(s)).process).source.index()].rank; };
        text += (text.empty() ? "" : " ") + std::string(trace.name(link.from)) + "@" + std::to_string(rank(link.from)) + ">" +
                std::string(trace.name(link.to)) + "@" + std::to_string(rank(link.to)) + ":" + std::string(id(link.method));
    }
    return text;
}

} // namespace

class tst_Ranks : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;

    TracePtr load(const std::vector<std::string>& texts, const ImportOptions& options = {})
    {
        std::vector<std::string> paths;
        for (std::size_t i = 0; i < texts.size(); ++i) {
            paths.push_back(m_folder->filePath(QStringLiteral("f%1.json").arg(i)).toStdString());
            if (!writeFile(paths.back(), texts[i])) qFatal("cannot write");
        }
        auto trace = loadTrace(paths, {}, options);
        if (!trace) qFatal("%s", trace.error().text().c_str());
        return *trace;
    }

private slots:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }

    void kindsHaveOneSpelling_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("kind");
        QTest::newRow("1") << "allreduce" << "allreduce";
        QTest::newRow("2") << "all_to_allv" << "alltoall";
        QTest::newRow("3") << "_allgather_base" << "allgather";
        QTest::newRow("4") << "reduce_scatter_tensor" << "reducescatter";
        QTest::newRow("5") << "Broadcast" << "broadcast";
        QTest::newRow("6") << "wait" << "wait";
        QTest::newRow("7") << "my Own" << "myown";
    }

    void kindsHaveOneSpelling()
    {
        QFETCH(QString, name);
        QFETCH(QString, kind);
        QCOMPARE(QString::fromStdString(collectiveKind(name.toStdString())), kind);
    }

    void sequenceNumbersMatchWhatOrderWouldNot()
    {
        // Rank 1 began to record one collective later.
        const TracePtr t = load({rankText(0, {{"a", collective("allreduce", ", 'Seq': 1"), 2000, 2100}, {"b", collective("allreduce", ", 'Seq': 2"), 2200, 2300}}),
                                 rankText(1, {{"c", collective("allreduce", ", 'Seq': 2"), 2250, 2301}})});
        QCOMPARE(matches(*t), std::string("c@1>b@0:collective_id"));
        const LinkCount* count = t->links().count("collectives");
        QCOMPARE(count->total, std::uint64_t{3});
        QCOMPARE(count->exact, std::uint64_t{2});
        QCOMPARE(count->unmatched, std::uint64_t{1});
        QCOMPARE(count->reasons[0].id, std::string("not-on-other-rank"));
    }

    void commsIdsAboveTheSignedRangeMatch()
    {
        const std::string big = ", 'Comms Id': 17293822569102704642";
        const TracePtr t = load({rankText(0, {{"a", collective("allreduce", big), 2000, 2100}}), rankText(1, {{"b", collective("allreduce", big), 1990, 2100}})});
        QCOMPARE(matches(*t), std::string("a@0>b@1:collective_id"));
    }

    void groupsOfOneNameAndOtherMembersAreApart()
    {
        std::string other = collective("allreduce");
        other.replace(other.find("[0, 1]"), 6, "[2, 3]");
        const TracePtr t = load({rankText(0, {{"a", collective("allreduce"), 2000, 2100}}), rankText(1, {{"b", other, 2000, 2100}})});
        QCOMPARE(matches(*t), std::string());
    }

    void aMismatchStopsItsGroup()
    {
        const TracePtr t = load({rankText(0, {{"a", collective("allreduce"), 2000, 2100}, {"b", collective("allgather"), 2200, 2300}, {"c", collective("allreduce"), 2400, 2500}}),
                                 rankText(1, {{"d", collective("allreduce"), 2000, 2100}, {"e", collective("broadcast"), 2200, 2300}, {"f", collective("allreduce"), 2400, 2500}})});
        QCOMPARE(matches(*t), std::string("a@0>d@1:collective_order"));
        QCOMPARE(t->diagnostics().count(Defect::CollectiveMismatch), std::uint64_t{1});
        QCOMPARE(t->diagnostics().places(Defect::CollectiveMismatch)[0].detail, std::string("rank 1: broadcast where rank 0 has allgather"));
    }

    void waitsAndEmptyOnesAreNoCollectives()
    {
        const TracePtr t = load({rankText(0, {{"w", collective("wait"), 1900, 1901}, {"z", collective("allreduce", "", 0), 1902, 1903}, {"a", collective("allreduce"), 2000, 2100}}),
                                 rankText(1, {{"b", collective("allreduce"), 2001, 2100}})});
        QCOMPARE(matches(*t), std::string("b@1>a@0:collective_order"));
        QCOMPARE(t->links().count("collectives")->unmatched, std::uint64_t{0});
    }

    void sendMeetsItsReceive()
    {
        const TracePtr t = load({rankText(0, {{"s", collective("send", ", 'Dst Rank': 1"), 2000, 2100}, {"r", collective("recv", ", 'Src Rank': 1"), 2200, 2300}}),
                                 rankText(1, {{"R", collective("recv", ", 'Src Rank': 0"), 2010, 2100}, {"S", collective("send", ", 'Dst Rank': 0"), 2210, 2300}})});
        QCOMPARE(matches(*t), std::string("R@1>s@0:collective_order S@1>r@0:collective_order"));
    }

    void kernelsWithoutArgumentsMatchByOrder()
    {
        const char* const kReduce = "ncclKernel_AllReduce_RING_LL_Sum_float(x)";
        const TracePtr t = load({rankText(0, {{kReduce, "", 2000, 2100}, {"gemm", "", 2100, 2150}, {kReduce, "", 2200, 2300}}),
                                 rankText(1, {{kReduce, "", 2010, 2100}, {kReduce, "", 2190, 2300}})});
        QCOMPARE(t->links().count("collectives")->inferred, std::uint64_t{4});
        QCOMPARE(t->links().count("collectives")->unmatched, std::uint64_t{0});
    }

    void aClockThatDiffersIsMoved()
    {
        std::vector<Kernel> here, there;
        for (int i = 0; i < 5; ++i) {
            here.push_back({"a" + std::to_string(i), collective("allreduce"), 2000 + 100 * i, 2050 + 100 * i});
            there.push_back({"b" + std::to_string(i), collective("allreduce"), 7020 + 100 * i, 7052 + 100 * i + (i == 3 ? 400 : 0)}); // 5 ms ahead
        }
        const std::vector<std::string> texts{rankText(0, here), rankText(1, there)};
        const TracePtr t = load(texts);
        QCOMPARE(t->sources()[1].clockShift, Nanos{-5'002'000});
        QCOMPARE(t->slices().start(sliceNamed(*t, "b0")), Nanos{2'018'000});
        QCOMPARE(t->diagnostics().count(Defect::ClockShifted), std::uint64_t{1});
        QCOMPARE(matches(*t).substr(0, 8), std::string("b0@1>a0@"));
        QCOMPARE(t->extent().start, Nanos{1'000'000 - 5'002'000});
        for (const CounterSeries& series : t->counters().series()) {
            const bool second = t->process(t->track(series.track).process).source == SourceId(1);
            QCOMPARE(t->counters().times(series)[0], second ? Nanos{1'600'000 - 5'002'000} : Nanos{1'600'000});
        }
        ImportOptions off;
        off.alignClocks = false;
        const TracePtr asRead = load(texts, off);
        QCOMPARE(asRead->sources()[1].clockShift, Nanos{0});
        QCOMPARE(asRead->slices().start(sliceNamed(*asRead, "b0")), Nanos{7'020'000});
        QCOMPARE(asRead->diagnostics().count(Defect::ClockShifted), std::uint64_t{0});
    }

    void twoMatchesOrAFewMicrosecondsMoveNothing()
    {
        const auto rank = [](int number, int count, int by, const char* name) {
            std::vector<Kernel> kernels;
            for (int i = 0; i < count; ++i) kernels.push_back({"k", collective(name), 2000 + 100 * i + by, 2050 + 100 * i + by});
            return rankText(number, kernels);
        };
        QCOMPARE(load({rank(0, 2, 0, "allreduce"), rank(1, 2, 5000, "allreduce")})->sources()[1].clockShift, Nanos{0});
        QCOMPARE(load({rank(0, 5, 0, "allreduce"), rank(1, 5, 19, "allreduce")})->sources()[1].clockShift, Nanos{0});
        QCOMPARE(load({rank(0, 5, 0, "broadcast"), rank(1, 5, 5000, "broadcast")})->sources()[1].clockShift, Nanos{0});
        QCOMPARE(load({rank(0, 5, 0, "allreduce"), rank(1, 5, 21, "allreduce")})->sources()[1].clockShift, Nanos{-21'000});
    }

    void skewSaysWhoWasLast()
    {
        const TracePtr t = load({rankText(0, {{"a", collective("allreduce"), 2000, 2100}}), rankText(1, {{"b", collective("allreduce"), 2060, 2101}}),
                                 rankText(2, {{"c", collective("allreduce"), 2010, 2103}})});
        const auto skew = collectiveSkew(*t, sliceNamed(*t, "c"));
        QVERIFY(skew.has_value());
        QCOMPARE(skew->ranks, std::size_t{3});
        QCOMPARE(skew->last, sliceNamed(*t, "b"));
        QCOMPARE(skew->first, sliceNamed(*t, "a"));
        QCOMPARE(skew->early, Nanos{50'000});
        QCOMPARE(skew->behindFirst, Nanos{10'000});
        QCOMPARE(skew->spread, Nanos{60'000});
        QCOMPARE(skew->endSpread, Nanos{3'000});
        QCOMPARE(collectiveSkew(*t, skew->last)->early, Nanos{0});
        QVERIFY(!collectiveSkew(*t, sliceNamed(*t, "op")).has_value());
    }

    void brokenArgumentsDoNoHarm()
    {
        const std::string odd = "'Collective name': {'a': [1]}, 'Seq': 'x', 'Comms Id': -1, 'Process Group Ranks': '[0, 1, ...'";
        const TracePtr t = load({rankText(0, {{"a", odd, 2000, 2100}}), rankText(1, {{"b", odd, 2000, 2100}}), rankText(1, {{"c", odd, 2000, 2100}})});
        QVERIFY(t->links().count("collectives") != nullptr);
    }

    void realRanks()
    {
        std::vector<std::string> paths;
        for (int r = 0; r < 4; ++r)
            paths.push_back(sharedPath("traces/pairs/dlrm_8ranks/worker" + std::to_string(r) + "_step_12.pt.trace.json.gz"));
        if (paths[0].empty()) QSKIP("skipped: the shared traces are not here");
        auto trace = loadTrace(paths);
        QVERIFY(trace.ok());
        const LinkCount* count = (*trace)->links().count("collectives");
        QVERIFY(count != nullptr);
        QCOMPARE(count->total, std::uint64_t{32}); // eight on each, in the same order everywhere
        QCOMPARE(count->matched(), std::uint64_t{32});
        QCOMPARE((*trace)->diagnostics().count(Defect::ClockShifted), std::uint64_t{0});
        QCOMPARE((*trace)->processName(ProcessId(0)).substr(0, 8), std::string("rank 0, "));
        Nanos widest = 0;
        for (const Link& link : (*trace)->links().all())
            if (link.kind == LinkKind::Collective) {
                const auto skew = collectiveSkew(**trace, link.from);
                QCOMPARE(skew->ranks, std::size_t{4});
                QVERIFY(skew->endSpread < 20'000);
                widest = std::max(widest, skew->spread);
            }
        QVERIFY(widest > 1'000'000);
    }

    void realSampledRanks()
    {
        const std::vector<std::string> paths{sharedPath("traces/multi_rank/sampled_rank-0.json.gz"), sharedPath("traces/multi_rank/sampled_rank-1.json.gz")};
        if (paths[0].empty()) QSKIP("skipped: the shared traces are not here");
        auto trace = loadTrace(paths);
        QVERIFY(trace.ok());
        QCOMPARE((*trace)->sources()[1].worldSize, std::optional<std::int64_t>(128));
        QVERIFY((*trace)->links().count("collectives") != nullptr);
        QCOMPARE((*trace)->sources()[1].clockShift, Nanos{0});
    }
};

QTEST_GUILESS_MAIN(tst_Ranks)
#include "tst_Ranks.moc"
