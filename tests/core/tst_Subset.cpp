#include <QtTest>

#include "core/io/Loader.h"
#include "core/query/Subset.h"
#include "tests/support/EtFolder.h"
#include "tests/support/Json.h"
#include "tests/support/RunFiles.h"
#include "tests/support/TraceFixture.h"

#include <QTemporaryDir>
#include <QtTest>

#include <set>

using namespace opscope;
using test::json;
using test::traceFromText;

namespace {

Matches nothing(const Trace& trace)
{
    return {SliceSet(trace.slices().size()), InstantSet(trace.instants().size()), SampleSet(trace.counters().size()),
            NodeSet(trace.executionTrace() ? trace.executionTrace()->nodes().size() : 0)};
}

Matches everything(const Trace& trace)
{
    Matches all = nothing(trace);
    all.slices.invert();
    all.instants.invert();
    all.samples.invert();
    all.nodes.invert();
    return all;
}

/// Slices by name; "name@category" where names repeat.
Matches slices(const Trace& trace, std::initializer_list<const char*> names)
{
    Matches found = nothing(trace);
    for (std::size_t i = 0; i < trace.slices().size(); ++i) {
        const SliceId slice(i);
        const std::string name(trace.name(slice)), full = name + "@" + trace.category(trace.slices().category(slice)).name;
        for (const char* wanted : names)
            if (wanted == name || wanted == full) found.slices.insert(slice);
    }
    return found;
}

Matches nodes(const Trace& trace, std::initializer_list<const char*> names)
{
    Matches found = nothing(trace);
    for (const char* name : names) found.nodes.insert(test::nodeNamed(trace, name));
    return found;
}

/// Kept names, sorted, and how many flow points: "addmm gemm launch | 2".
QString keptSlices(const Trace& trace, const Subset& subset)
{
    std::multiset<std::string> names;
    subset.rows.slices.forEach([&](SliceId s) { names.insert(std::string(trace.name(s))); });
    QStringList list;
    for (const std::string& name : names) list << QString::fromStdString(name);
    return list.join(QLatin1Char(' ')) + QStringLiteral(" | %1").arg(subset.flows.count());
}

QString keptNodes(const Trace& trace, const Subset& subset)
{
    QStringList list;
    subset.rows.nodes.forEach([&](NodeId n) {
        const EtNode& node = trace.executionTrace()->node(n);
        list << QString::number(node.id);
    });
    return list.join(QLatin1Char(' '));
}

Subset close(const Trace& trace, Matches matches, const SubsetOptions& options = {})
{
    Result<Subset> subset = closeSubset(trace, std::move(matches), options);
    if (!subset) qFatal("closing failed: %s", subset.error().message.c_str());
    return std::move(*subset);
}

QString kept(const Trace& trace, Matches matches, const SubsetOptions& options = {})
{
    return keptSlices(trace, close(trace, std::move(matches), options));
}

constexpr SubsetOptions kNoLinks{.links = false};

std::string spanText(const char* name, const char* cat, int tid, int ts, int dur, const char* args = "")
{
    const std::string pid = tid < 10 ? "0" : "1";
    return std::string("{'ph':'X','name':'") + name + "','cat':'" + cat + "','pid':" + pid + ",'tid':" + std::to_string(tid) + ",'ts':" +
           std::to_string(ts) + ",'dur':" + std::to_string(dur) + ",'args':{" + args + "}}";
}

std::string flow(char phase, const char* cat, int id, int tid, int ts)
{
    const std::string pid = tid < 10 ? "0" : "1";
    return std::string("{'ph':'") + phase + "','name':'x','cat':'" + cat + "','id':" + std::to_string(id) + ",'pid':" + pid + ",'tid':" +
           std::to_string(tid) + ",'ts':" + std::to_string(ts) + (phase == 'f' ? ",'bp':'e'}" : "}");
}

TracePtr traceOf(const std::vector<std::string>& events)
{
    std::string all;
    for (const std::string& e : events) all += (all.empty() ? "" : ",\n") + e;
    return traceFromText(json("{'schemaVersion':1,'traceEvents':[" + all + "]}"));
}

/// A step with a linear layer (an inner op that launches gemm, and a copy of its own) and a relu; device work on stream 7.
TracePtr program()
{
    return traceOf({spanText("train.py", "python_function", 10, 0, 2000), spanText("step", "user_annotation", 10, 10, 1500, "'External id':1"),
                    spanText("linear", "cpu_op", 10, 100, 500, "'External id':2"), spanText("addmm", "cpu_op", 10, 150, 200, "'External id':3"),
                    spanText("launch_gemm", "cuda_runtime", 10, 200, 50, "'correlation':5,'External id':3"),
                    spanText("launch_copy", "cuda_runtime", 10, 400, 50, "'correlation':6,'External id':2"),
                    spanText("relu", "cpu_op", 10, 700, 100, "'External id':4"),
                    spanText("launch_relu", "cuda_runtime", 10, 720, 50, "'correlation':8,'External id':4"),
                    spanText("step", "gpu_user_annotation", 7, 890, 400, "'External id':1"),
                    spanText("gemm", "kernel", 7, 900, 80, "'correlation':5,'External id':3"),
                    spanText("copy", "gpu_memcpy", 7, 1000, 20, "'correlation':6,'External id':2"),
                    spanText("relu_kernel", "kernel", 7, 1100, 20, "'correlation':8,'External id':4"), flow('s', "ac2g", 5, 10, 200),
                    flow('f', "ac2g", 5, 7, 900), flow('s', "ac2g", 6, 10, 400), flow('f', "ac2g", 6, 7, 1000), flow('f', "ac2g", 77, 10, 720),
                    flow('s', "ac2g", 78, 10, 720)});
}

/// Three slices on three threads, as other tools draw arrows.
TracePtr chain(std::vector<std::string> flows)
{
    std::vector<std::string> events = {spanText("a", "x", 10, 0, 100), spanText("b", "x", 11, 200, 100), spanText("c", "x", 12, 400, 100),
                                       spanText("d", "x", 13, 400, 100)};
    events.insert(events.end(), flows.begin(), flows.end());
    return traceOf(events);
}

/// A forward op that launches a kernel, and its backward node, wrapped by the engine.
TracePtr training()
{
    return traceOf({spanText("conv", "cpu_op", 10, 100, 100, "'Sequence number':42,'Fwd thread id':0"),
                    spanText("launch_conv", "cuda_runtime", 10, 120, 5, "'correlation':8"),
                    spanText("evaluate", "cpu_op", 11, 1000, 100, "'Sequence number':42,'Fwd thread id':1"),
                    spanText("ConvBackward", "cpu_op", 11, 1010, 80, "'Sequence number':42,'Fwd thread id':1"),
                    spanText("launch_back", "cuda_runtime", 11, 1030, 10, "'correlation':9"), spanText("conv_kernel", "kernel", 7, 300, 30, "'correlation':8"),
                    spanText("back_kernel", "kernel", 7, 1050, 30, "'correlation':9"), flow('s', "fwdbwd", 1, 10, 100), flow('f', "fwdbwd", 1, 11, 1010)});
}

/// root 1, thread 2, 10 annotation { 11 op { 12 inner, writes tensor 50 }, 13 reads it }, 20 record_param_comms, 30 groups.
TracePtr nodeTrace(const test::EtFolder& folder, const char* collective = "")
{
    const std::string out = "[" + test::etTensor(50, 500, 4, 4) + "]";
    return folder.open({{.id = 12, .parent = 11, .name = "inner", .outputs = {out, "[[4]]", "['Tensor(float)']"}},
                        {.id = 11, .parent = 10, .name = "op"},
                        {.id = 13, .parent = 10, .name = "reader", .inputs = {out, "[[4]]", "['Tensor(float)']"}},
                        {.id = 10, .parent = 2, .name = "annotation"},
                        {.id = 20, .parent = 2, .name = "record_param_comms", .attrs = collective},
                        {.id = 30, .parent = 2, .name = "## process_group:init ##"}});
}

} // namespace

class tst_Subset : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aKernelBringsItsCallItsOperatorAndTheAnnotationsAroundAll();
    void withoutLinksOnlyMatchesAreKept();
    void aCallBringsItsOperatorAndNoKernel();
    void effectsAreWhatMatchesAndTheirInsideLaunched();
    void parentsAreEverythingAround();
    void bothOwnersOfAKernelAreKept();
    void aFlowIsKeptWholeOrNotAtAll_data();
    void aFlowIsKeptWholeOrNotAtAll();
    void anEndBringsTheStartOfItsFlowOneStepBack();
    void theBackwardPassBringsItsForwardOpButAKernelOfItDoesNot();
    void aSynchronisationBringsItsCall();
    void metadataOfKeptTracksOnly();
    void aCounterKeepsTheNamesOfAllThreadsOfItsProcess();
    void ranksDoNotPullEachOtherIn();
    void nodesComeWithTheirAncestors();
    void subtreesAndProducersOnRequest();
    void collectivesKeepTheirGroups();
    void slicesOfATraceOfNodesAreTheNodes();
    void aPairIsOneOnBothSides();
    void theWholeIsToldAsItStandsInTheFile();
    void theEstimateOfEverythingIsAboutTheFile();
    void deepNestingCostsOnePass();
    void itCanBeCancelled();
};

void tst_Subset::aKernelBringsItsCallItsOperatorAndTheAnnotationsAroundAll()
{
    const TracePtr trace = program();
    QCOMPARE(kept(*trace, slices(*trace, {"gemm"})), QStringLiteral("addmm gemm launch_gemm step step | 2"));
    const Subset subset = close(*trace, slices(*trace, {"gemm"}));
    QCOMPARE(subset.matched, 1u);
    QCOMPARE(subset.added, 4u);
    QVERIFY(!subset.whole);
}

void tst_Subset::withoutLinksOnlyMatchesAreKept()
{
    const TracePtr trace = program();
    QCOMPARE(kept(*trace, slices(*trace, {"gemm"}), kNoLinks), QStringLiteral("gemm | 0"));
    QCOMPARE(kept(*trace, slices(*trace, {"gemm", "launch_gemm"}), kNoLinks), QStringLiteral("gemm launch_gemm | 2"));
    // Halves 77 and 78 of the source are never written, whatever is kept.
    QCOMPARE(close(*trace, everything(*trace), kNoLinks).flows.count(), 4u);
}

void tst_Subset::aCallBringsItsOperatorAndNoKernel()
{
    const TracePtr trace = program();
    QCOMPARE(kept(*trace, slices(*trace, {"launch_copy"})), QStringLiteral("launch_copy linear step | 0"));
}

void tst_Subset::effectsAreWhatMatchesAndTheirInsideLaunched()
{
    const TracePtr trace = program();
    QCOMPARE(kept(*trace, slices(*trace, {"linear"})), QStringLiteral("linear step | 0"));
    QCOMPARE(kept(*trace, slices(*trace, {"linear"}), {.effects = true}),
             QStringLiteral("addmm copy gemm launch_copy launch_gemm linear step step | 4"));
    QCOMPARE(kept(*trace, slices(*trace, {"addmm"}), {.links = false, .effects = true}), QStringLiteral("addmm gemm | 0"));
}

void tst_Subset::parentsAreEverythingAround()
{
    const TracePtr trace = program();
    QCOMPARE(kept(*trace, slices(*trace, {"gemm"}), {.parents = true}), QStringLiteral("addmm gemm launch_gemm linear step step train.py | 2"));
    QCOMPARE(kept(*trace, slices(*trace, {"addmm"}), {.links = false, .parents = true}), QStringLiteral("addmm linear step train.py | 0"));
}

/// linking.md 2.5: External id and time name different owners.
void tst_Subset::bothOwnersOfAKernelAreKept()
{
    const TracePtr trace = traceOf({spanText("comms", "cpu_op", 10, 0, 10, "'External id':3"), spanText("nccl:all_reduce", "user_annotation", 10, 100, 100, "'External id':4"),
                                    spanText("launch", "cuda_runtime", 10, 120, 5, "'correlation':5,'External id':3"),
                                    spanText("ncclKernel", "kernel", 7, 300, 30, "'correlation':5,'External id':3")});
    QCOMPARE(kept(*trace, slices(*trace, {"ncclKernel"})), QStringLiteral("comms launch nccl:all_reduce ncclKernel | 0"));
}

void tst_Subset::aFlowIsKeptWholeOrNotAtAll_data()
{
    using Flows = std::vector<std::string>;
    QTest::addColumn<Flows>("flows");
    QTest::addColumn<QString>("matches");
    QTest::addColumn<int>("points");
    const Flows line = {flow('s', "z", 1, 10, 50), flow('t', "z", 1, 11, 250), flow('f', "z", 1, 12, 450)};
    QTest::newRow("all three") << line << "abc" << 3;
    QTest::newRow("the end is missing") << line << "ab" << 0;
    QTest::newRow("the middle is missing") << line << "ac" << 0;
    QTest::newRow("the start is missing") << line << "bc" << 0;
    const Flows fan = {flow('s', "z", 1, 10, 50), flow('f', "z", 1, 12, 450), flow('f', "z", 1, 13, 450)};
    QTest::newRow("a fan with one of two ends") << fan << "ac" << 2;
    QTest::newRow("a fan without ends") << fan << "ab" << 0;
    const Flows again = {flow('s', "z", 1, 10, 50), flow('f', "z", 1, 11, 250), flow('s', "z", 1, 11, 260), flow('f', "z", 1, 12, 450)};
    QTest::newRow("an id used twice, both") << again << "abc" << 4;
    QTest::newRow("an id used twice, the first") << again << "ab" << 2;
    QTest::newRow("an id used twice, neither") << again << "ac" << 0;
    QTest::newRow("an end where nothing is") << Flows{flow('s', "z", 1, 10, 50), flow('f', "z", 1, 12, 900)} << "abcd" << 0;
    QTest::newRow("start without end") << Flows{flow('s', "z", 1, 10, 50)} << "abcd" << 0;
    QTest::newRow("end without start") << Flows{flow('f', "z", 1, 10, 50)} << "abcd" << 0;
    QTest::newRow("start and step only") << Flows{line[0], line[1]} << "abcd" << 0;
    QTest::newRow("equal ids of two categories") << Flows{flow('s', "z", 1, 10, 50), flow('f', "y", 1, 12, 450)} << "abcd" << 0;
}

void tst_Subset::aFlowIsKeptWholeOrNotAtAll()
{
    using Flows = std::vector<std::string>;
    QFETCH(Flows, flows);
    QFETCH(QString, matches);
    QFETCH(int, points);
    const TracePtr trace = chain(flows);
    Matches wanted = nothing(*trace);
    for (const QChar name : matches) wanted.slices.insert(test::sliceNamed(*trace, std::string(1, name.toLatin1())));
    QCOMPARE(close(*trace, wanted, kNoLinks).flows.count(), static_cast<std::size_t>(points));
}

void tst_Subset::anEndBringsTheStartOfItsFlowOneStepBack()
{
    const TracePtr trace = chain({flow('s', "z", 1, 10, 50), flow('t', "z", 1, 11, 250), flow('f', "z", 1, 12, 450)});
    QCOMPARE(kept(*trace, slices(*trace, {"b"})), QStringLiteral("a b | 0"));
    QCOMPARE(kept(*trace, slices(*trace, {"c"})), QStringLiteral("b c | 0"));
    QCOMPARE(kept(*trace, slices(*trace, {"c", "b"})), QStringLiteral("a b c | 3"));
}

void tst_Subset::theBackwardPassBringsItsForwardOpButAKernelOfItDoesNot()
{
    const TracePtr trace = training();
    QCOMPARE(kept(*trace, slices(*trace, {"ConvBackward"})), QStringLiteral("ConvBackward conv | 2"));
    QCOMPARE(kept(*trace, slices(*trace, {"back_kernel"})), QStringLiteral("ConvBackward back_kernel launch_back | 0"));
    QCOMPARE(kept(*trace, slices(*trace, {"conv"})), QStringLiteral("conv | 0"));
}

void tst_Subset::aSynchronisationBringsItsCall()
{
    const TracePtr trace = traceOf({spanText("op", "cpu_op", 10, 0, 100), spanText("cudaStreamSynchronize", "cuda_runtime", 10, 10, 50, "'correlation':5"),
                                    spanText("Stream Sync", "cuda_sync", 7, 20, 30, "'correlation':5")});
    QCOMPARE(kept(*trace, slices(*trace, {"Stream Sync"})), QStringLiteral("Stream Sync cudaStreamSynchronize op | 0"));
}

void tst_Subset::metadataOfKeptTracksOnly()
{
    const auto meta = [](const char* what, const char* pid, const char* tid, const char* name) {
        return std::string("{'ph':'M','name':'") + what + "','pid':" + pid + ",'tid':" + tid + ",'args':{'name':'" + name + "'}}";
    };
    const TracePtr trace = traceOf({spanText("a", "x", 10, 0, 5), spanText("b", "x", 11, 0, 5), spanText("c", "x", 7, 0, 5), meta("process_name", "1", "0", "python"),
                                    meta("thread_name", "1", "10", "main"), meta("thread_name", "1", "11", "other"), meta("process_name", "0", "0", "gpu"),
                                    meta("thread_name", "0", "7", "stream 7")});
    const Subset subset = close(*trace, slices(*trace, {"a"}));
    std::size_t metadata = 0;
    for (const ExtraElement& element : trace->elements().all()) metadata += subset.keeps(element);
    QCOMPARE(trace->elements().all().size(), 5u);
    QCOMPARE(metadata, 2u); // python, main
    QCOMPARE(subset.sources.front().events, 3u);
    QCOMPARE(subset.tracks.count(), 1u);
    QCOMPARE(subset.processes.count(), 1u);
}

void tst_Subset::aCounterKeepsTheNamesOfAllThreadsOfItsProcess()
{
    const TracePtr trace = traceOf({spanText("a", "x", 10, 0, 5), spanText("b", "x", 11, 0, 5), spanText("c", "x", 7, 0, 5),
                                    "{'ph':'C','name':'memory','pid':1,'tid':11,'ts':3,'args':{'used':5,'free':6}}"});
    Matches samples = nothing(*trace);
    samples.samples.insert(SampleId(0));
    samples.samples.insert(SampleId(1));
    const Subset subset = close(*trace, samples);
    std::size_t threads = 0;
    subset.tracks.forEach([&](TrackId t) { threads += trace->track(t).kind == TrackKind::Thread; });
    QCOMPARE(threads, 2u); // 10 and 11: the sample does not say which was its
    QCOMPARE(subset.sources.front().events, 1u); // two values are one event
}

void tst_Subset::ranksDoNotPullEachOtherIn()
{
    QTemporaryDir folder;
    std::vector<std::string> paths;
    for (int rank = 0; rank < 2; ++rank) {
        const QString path = folder.filePath(QStringLiteral("rank%1.json").arg(rank));
        const std::string args = "'Collective name':'allreduce','In msg nelems':4,'Out msg nelems':4,'Group size':2,'dtype':'Float','Process Group Name':'0',"
                                 "'Process Group Ranks':'[0, 1]','Rank':" + std::to_string(rank) + ",'correlation':5,'Seq':1";
        test::writeFile(path, json("{'distributedInfo':{'rank':" + std::to_string(rank) + ",'world_size':2},'traceEvents':[" +
                                   spanText("launch", "cuda_runtime", 10, 10, 5, "'correlation':5") + "," + spanText("ncclDevKernel_AllReduce", "kernel", 7, 50, 20, args.c_str()) + "]}"));
        paths.push_back(path.toStdString());
    }
    const Result<TracePtr> trace = loadTrace(paths);
    QVERIFY(trace.ok());
    std::size_t collectives = 0;
    for (const Link& link : (*trace)->links().all()) collectives += link.kind == LinkKind::Collective;
    QVERIFY(collectives > 0);
    Matches one = nothing(**trace);
    one.slices.insert(test::sliceNamed(**trace, "ncclDevKernel_AllReduce"));
    QCOMPARE(kept(**trace, one), QStringLiteral("launch ncclDevKernel_AllReduce | 0"));
}

void tst_Subset::nodesComeWithTheirAncestors()
{
    const test::EtFolder folder;
    const TracePtr trace = nodeTrace(folder);
    QCOMPARE(keptNodes(*trace, close(*trace, nodes(*trace, {"inner"}))), QStringLiteral("1 2 10 11 12"));
    const Subset bare = close(*trace, nodes(*trace, {"inner"}), kNoLinks);
    QCOMPARE(keptNodes(*trace, bare), QStringLiteral("1 2 10 11 12")); // a tree without them is none
    QCOMPARE(bare.sources.front().events, 5u);
    QCOMPARE(keptNodes(*trace, close(*trace, nothing(*trace))), QString());
}

void tst_Subset::subtreesAndProducersOnRequest()
{
    const test::EtFolder folder;
    const TracePtr trace = nodeTrace(folder);
    QCOMPARE(keptNodes(*trace, close(*trace, nodes(*trace, {"annotation"}))), QStringLiteral("1 2 10"));
    QCOMPARE(keptNodes(*trace, close(*trace, nodes(*trace, {"annotation"}), {.subtrees = true})), QStringLiteral("1 2 10 11 12 13"));
    QCOMPARE(keptNodes(*trace, close(*trace, nodes(*trace, {"reader"}))), QStringLiteral("1 2 10 13"));
    QCOMPARE(keptNodes(*trace, close(*trace, nodes(*trace, {"reader"}), {.producers = true})), QStringLiteral("1 2 10 11 12 13"));
}

void tst_Subset::collectivesKeepTheirGroups()
{
    const test::EtFolder folder;
    const TracePtr trace = nodeTrace(folder);
    QCOMPARE(keptNodes(*trace, close(*trace, nodes(*trace, {"record_param_comms"}))), QStringLiteral("1 2 20 30"));
}

void tst_Subset::slicesOfATraceOfNodesAreTheNodes()
{
    const test::EtFolder folder;
    const TracePtr trace = nodeTrace(folder);
    const Subset bySlice = close(*trace, slices(*trace, {"inner"})), byNode = close(*trace, nodes(*trace, {"inner"}));
    QCOMPARE(keptNodes(*trace, bySlice), keptNodes(*trace, byNode));
    QCOMPARE(keptSlices(*trace, bySlice), keptSlices(*trace, byNode));
}

void tst_Subset::aPairIsOneOnBothSides()
{
    QTemporaryDir folder;
    const QString timed = folder.filePath(QStringLiteral("kineto.json")), nodesFile = folder.filePath(QStringLiteral("et.json"));
    const std::string rf = "'Record function id':";
    std::string events;
    for (const std::string& e : {spanText("outer", "cpu_op", 10, 0, 100, (rf + "11").c_str()), spanText("inner", "cpu_op", 10, 10, 50, (rf + "12").c_str()),
                                 spanText("launch", "cuda_runtime", 10, 20, 5, "'correlation':5"), spanText("other", "cpu_op", 10, 200, 50, (rf + "13").c_str()),
                                 spanText("gemm", "kernel", 7, 60, 20, "'correlation':5")})
        events += (events.empty() ? "" : ",") + e;
    test::writeFile(timed, json("{'traceEvents':[" + events + "]}"));
    // Their rf_id is their id.
    test::writeFile(nodesFile, test::etDocument({{.id = 12, .parent = 11, .name = "inner"},
                                                 {.id = 11, .parent = 2, .name = "outer"},
                                                 {.id = 13, .parent = 2, .name = "other"}}));
    const Result<TracePtr> loaded = loadTrace(std::vector<std::string>{timed.toStdString(), nodesFile.toStdString()});
    QVERIFY(loaded.ok());
    const Trace& trace = **loaded;
    QVERIFY(trace.sliceOf(test::nodeNamed(trace, "inner")).valid());
    const Subset byKernel = close(trace, slices(trace, {"gemm"}));
    QCOMPARE(keptSlices(trace, byKernel), QStringLiteral("gemm inner launch outer | 0"));
    QCOMPARE(keptNodes(trace, byKernel), QStringLiteral("1 2 11 12"));
    const Subset byNode = close(trace, nodes(trace, {"inner"}));
    QCOMPARE(keptSlices(trace, byNode), QStringLiteral("inner outer | 0"));
    QCOMPARE(byNode.matched, 1u);
    QCOMPARE(byNode.added, 1u);
    QCOMPARE(keptNodes(trace, byNode), QStringLiteral("1 2 11 12"));
    const Subset bare = close(trace, nodes(trace, {"inner"}), kNoLinks);
    QCOMPARE(keptSlices(trace, bare), QStringLiteral("inner | 0"));
    QCOMPARE(byKernel.sources[0].events, 4u);
    QCOMPARE(byKernel.sources[1].events, 4u);
}

void tst_Subset::theWholeIsToldAsItStandsInTheFile()
{
    const TracePtr trace = program();
    const Subset whole = wholeTrace(*trace);
    QVERIFY(whole.whole);
    QCOMPARE(whole.sources.front().events, trace->stats().elements);
    QCOMPARE(whole.sources.front().estimatedBytes, trace->sources().front().unpackedBytes);
    QCOMPARE(whole.rows.slices.count(), trace->slices().size());
    QCOMPARE(whole.flows.count(), trace->flows().points().size());
}

void tst_Subset::theEstimateOfEverythingIsAboutTheFile()
{
    const TracePtr trace = program();
    const Subset all = close(*trace, everything(*trace), kNoLinks);
    const double file = static_cast<double>(trace->sources().front().unpackedBytes), estimate = static_cast<double>(all.sources.front().estimatedBytes);
    QVERIFY2(estimate > file * 0.8 && estimate <= file * 1.05, qPrintable(QStringLiteral("%1 of %2").arg(estimate).arg(file)));
    QCOMPARE(all.sources.front().events, trace->stats().elements - 2); // the two half flows
    const Subset one = close(*trace, slices(*trace, {"gemm"}), kNoLinks);
    QVERIFY(one.sources.front().estimatedBytes < all.sources.front().estimatedBytes / 4);
}

/// Walking up from each of them would take longer than a test may.
void tst_Subset::deepNestingCostsOnePass()
{
    constexpr int kDeep = 300'000;
    test::TraceFixture f;
    const TrackId main = f.thread(1, 10, "main");
    for (int i = 0; i < kDeep; ++i) f.slice(main, i, 2 * (kDeep - i), "call", "cuda_runtime", {{ArgField::Correlation, i + 1}});
    const TracePtr trace = f.finish();
    const Subset subset = close(*trace, everything(*trace), {.parents = true});
    QCOMPARE(subset.rows.slices.count(), static_cast<std::size_t>(kDeep));
}

void tst_Subset::itCanBeCancelled()
{
    const TracePtr trace = program();
    std::stop_source stop;
    stop.request_stop();
    const Result<Subset> subset = closeSubset(*trace, slices(*trace, {"gemm"}), {}, {nullptr, stop.get_token()});
    QVERIFY(!subset.ok());
    QCOMPARE(subset.error().code, ErrorCode::Cancelled);
}

QTEST_GUILESS_MAIN(tst_Subset)
#include "tst_Subset.moc"
