#include <QtTest>

#include "core/link/IdIndex.h"
#include "tests/support/Json.h"
#include "tests/support/TraceFixture.h"

#include <algorithm>

using namespace opscope;
using namespace opscope::test;

namespace {

using Args = TraceFixture::Args;

Args ids(std::int64_t correlation, std::int64_t external = 0)
{
    Args args{{ArgField::Correlation, correlation}};
    if (external) args.emplace_back(ArgField::ExternalId, external);
    return args;
}

/// A host thread with operators, a device stream, and calls between them.
struct Pair
{
    TraceFixture f;
    TrackId host = f.thread(1, 10, "main"), stream = f.thread(0, 7, "stream 7");

    Pair& op(Nanos start, Nanos length, std::string_view name, std::int64_t external = 0, std::string_view category = "cpu_op")
    {
        f.slice(host, start, length, name, category, external ? Args{{ArgField::ExternalId, external}} : Args{});
        return *this;
    }
    Pair& call(Nanos start, Nanos length, std::int64_t correlation, std::string_view name = "cudaLaunchKernel", std::int64_t external = 0)
    {
        f.slice(host, start, length, name, "cuda_runtime", ids(correlation, external));
        return *this;
    }
    Pair& kernel(Nanos start, Nanos length, std::int64_t correlation, std::string_view name = "k", std::int64_t external = 0)
    {
        f.slice(stream, start, length, name, "kernel", ids(correlation, external));
        return *this;
    }
};

std::string shown(const Trace& trace, const Link& link)
{
    return std::string(trace.name(link.from)) + " -" + std::string(id(link.kind)) + "> " + std::string(trace.name(link.to)) + " (" +
           std::string(id(link.method)) + ", " + std::string(id(link.confidence)) + ")";
}

/// All links of these kinds, one a line, by text: what tests compare.
QString links(const Trace& trace, std::initializer_list<LinkKind> kinds)
{
    std::vector<std::string> lines;
    for (const Link& link : trace.links().all())
        if (std::find(kinds.begin(), kinds.end(), link.kind) != kinds.end()) lines.push_back(shown(trace, link));
    std::sort(lines.begin(), lines.end());
    QString text;
    for (const std::string& line : lines) text += (text.isEmpty() ? QString() : QStringLiteral("; ")) + QString::fromStdString(line);
    return text;
}

QString launches(const Trace& trace) { return links(trace, {LinkKind::Launch}); }
QString owners(const Trace& trace) { return links(trace, {LinkKind::Operator}); }
QString forwards(const Trace& trace) { return links(trace, {LinkKind::Forward}); }

std::uint64_t reason(const Trace& trace, std::string_view row, std::string_view id)
{
    const LinkCount* count = trace.links().count(row);
    if (!count) return 0;
    const auto it = std::ranges::find(count->reasons, id, &LinkReason::id);
    return it == count->reasons.end() ? 0 : it->count;
}

Args numbered(std::int64_t number, std::int64_t thread = 0)
{
    return {{ArgField::SequenceNumber, number}, {ArgField::FwdThreadId, thread}};
}

QString str(const char* text) { return QString::fromUtf8(text); }

TracePtr events(const std::string& list) { return traceFromText(json("{'traceEvents':[" + list + "]}")); }

} // namespace

class TestLinks : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    // ---------------------------------------------------------------- device op -> call -> operator

    void aKernelLeadsToItsCallAndItsOperator()
    {
        Pair p;
        p.op(0, 100, "aten::linear").op(10, 50, "aten::addmm").call(20, 5, 81).kernel(30, 40, 81);
        const TracePtr trace = p.f.finish();
        QCOMPARE(launches(*trace), str("cudaLaunchKernel -launch> k (correlation, exact)"));
        QCOMPARE(owners(*trace), str("aten::addmm -operator> k (nesting, inferred)"));
        const SliceId kernel = sliceNamed(*trace, "k");
        QCOMPARE(trace->operatorOf(kernel), sliceNamed(*trace, "aten::addmm"));
        QCOMPARE(trace->deviceWork(sliceNamed(*trace, "aten::linear")).ops, 1u);
        QCOMPARE(trace->deviceWork(sliceNamed(*trace, "aten::linear")).time, 40);
        QCOMPARE(trace->links().into(kernel, LinkKind::Launch)->from, sliceNamed(*trace, "cudaLaunchKernel"));
    }

    void oneGraphLaunchLeadsToHundredsOfKernels()
    {
        Pair p;
        p.op(0, 100, "replay").call(20, 5, 9, "cudaGraphLaunch");
        for (int i = 0; i < 502; ++i) p.kernel(30 + i, 1, 9, "k" + std::to_string(i));
        const TracePtr trace = p.f.finish();
        QCOMPARE(trace->links().out(sliceNamed(*trace, "cudaGraphLaunch")).size(), 502u);
        QCOMPARE(trace->deviceWork(sliceNamed(*trace, "replay")).ops, 502u);
        QCOMPARE(trace->links().count("call_to_device")->total, 1u);
        QCOMPARE(trace->links().count("device_to_call")->exact, 502u);
    }

    void ofRepeatedCorrelationsTheLatestLaunchInFrontIsTaken()
    {
        Pair p;
        p.op(0, 1000, "op");
        p.call(10, 5, 7, "cudaLaunchKernel").call(100, 5, 7, "cudaLaunchKernelExC").call(140, 5, 7, "cudaEventQuery").call(500, 5, 7, "cuLaunchKernel");
        p.kernel(150, 10, 7, "second").kernel(20, 10, 7, "first").kernel(600, 1, 7, "third").kernel(5, 1, 7, "early");
        const TracePtr trace = p.f.finish();
        QCOMPARE(launches(*trace), str("cuLaunchKernel -launch> third (correlation, inferred); "
                                       "cudaLaunchKernel -launch> early (correlation, inferred); "
                                       "cudaLaunchKernel -launch> first (correlation, inferred); "
                                       "cudaLaunchKernelExC -launch> second (correlation, inferred)"));
        QCOMPARE(trace->diagnostics().count(Defect::RepeatedCorrelation), 4u);
        QCOMPARE(reason(*trace, "device_to_call", "repeated-correlation"), 4u);
    }

    void aRepeatedCorrelationWithOneLaunchIsNoGuess()
    {
        Pair p;
        p.call(10, 5, 7, "cudaEventQuery").call(20, 5, 7, "cudaLaunchKernel").call(30, 5, 7, "cudaEventQuery").kernel(50, 10, 7);
        QCOMPARE(launches(*p.f.finish()), str("cudaLaunchKernel -launch> k (correlation, exact)"));
    }

    void zeroAndMissingCorrelationsLinkNothing()
    {
        Pair p;
        p.call(10, 5, 0).kernel(20, 5, 0);
        p.f.slice(p.host, 40, 5, "cudaMemcpyAsync", "cuda_runtime").slice(p.stream, 50, 5, "copy", "gpu_memcpy");
        const TracePtr trace = p.f.finish();
        QVERIFY(trace->links().all().empty());
        QCOMPARE(reason(*trace, "device_to_call", "no-correlation"), 2u);
        QCOMPARE(trace->links().count("call_to_device")->unmatched, 2u);
    }

    void idsAboveTwoToThe63AreNotRounded()
    {
        const TracePtr trace = events(
            "{'ph':'X','cat':'cpu_op','name':'a','pid':1,'tid':1,'ts':0,'dur':10,'args':{'External id':18446744073709551001}},"
            "{'ph':'X','cat':'cpu_op','name':'b','pid':1,'tid':1,'ts':20,'dur':10,'args':{'External id':18446744073709551002}},"
            "{'ph':'X','cat':'cuda_runtime','name':'ca','pid':1,'tid':1,'ts':1,'dur':1,'args':{'correlation':18446744073709551614}},"
            "{'ph':'X','cat':'cuda_runtime','name':'cb','pid':1,'tid':1,'ts':21,'dur':1,'args':{'correlation':18446744073709551615}},"
            "{'ph':'X','cat':'kernel','name':'ka','pid':0,'tid':7,'ts':30,'dur':1,'args':{'correlation':18446744073709551614,'External id':18446744073709551001}},"
            "{'ph':'X','cat':'kernel','name':'kb','pid':0,'tid':7,'ts':32,'dur':1,'args':{'correlation':18446744073709551615,'External id':18446744073709551002}}");
        QCOMPARE(launches(*trace), str("ca -launch> ka (correlation, exact); cb -launch> kb (correlation, exact)"));
        QCOMPARE(owners(*trace), str("a -operator> ka (external_id, exact); b -operator> kb (external_id, exact)"));
        QCOMPARE(trace->diagnostics().count(Defect::WideId), 4u);
    }

    void externalIdsThatRepeatTheCorrelationNameNoOperator()
    {
        Pair p; // before 2024: the id is the correlation once more, and collides with those of operators
        p.op(0, 100, "right", 500).op(200, 100, "wrong", 81).call(20, 5, 81, "cudaLaunchKernel", 81).kernel(30, 40, 81, "k", 81);
        const TracePtr trace = p.f.finish();
        QCOMPARE(owners(*trace), str("right -operator> k (nesting, inferred)"));
        QVERIFY(!trace->links().externalIdsUsable(SourceId(0)));
        QCOMPARE(reason(*trace, "device_to_op", "external-id-is-correlation"), 1u);
        QCOMPARE(trace->diagnostics().count(Defect::ExternalIdNotUsed), 1u);
    }

    void oneExternalIdThatEqualsItsCorrelationIsNotUsedAmongGoodOnes()
    {
        Pair p;
        for (int i = 0; i < 20; ++i) {
            p.op(100 * i, 90, "op" + std::to_string(i), 1000 + i).call(100 * i + 10, 5, 50 + i, "cudaLaunchKernel");
            p.kernel(100 * i + 20, 5, 50 + i, "k" + std::to_string(i), i == 3 ? 53 : 1000 + i);
        }
        p.op(5000, 10, "unlucky", 53);
        const TracePtr trace = p.f.finish();
        QVERIFY(trace->links().externalIdsUsable(SourceId(0)));
        QCOMPARE(trace->operatorOf(sliceNamed(*trace, "k3")), sliceNamed(*trace, "op3"));
        QCOMPARE(trace->links().count("device_to_op")->exact, 19u);
        QCOMPARE(trace->links().count("device_to_op")->inferred, 1u);
        QCOMPARE(trace->deviceWork(sliceNamed(*trace, "unlucky")).ops, 0u);
    }

    void bothOwnersAreKeptWhereTheyDifferAndWorkCountsOnce()
    {
        Pair p; // NCCL: the id names record_param_comms, the annotation inside it is the innermost by time
        p.op(0, 100, "c10d::allreduce_", 5).op(10, 80, "record_param_comms", 6).op(20, 60, "nccl:all_reduce", 7, "user_annotation");
        p.call(30, 5, 81).kernel(40, 25, 81, "k", 6);
        const TracePtr trace = p.f.finish();
        QCOMPARE(owners(*trace), str("nccl:all_reduce -operator> k (nesting, ambiguous); record_param_comms -operator> k (external_id, exact)"));
        QCOMPARE(trace->operatorOf(sliceNamed(*trace, "k")), sliceNamed(*trace, "record_param_comms"));
        for (const char* name : {"c10d::allreduce_", "record_param_comms", "nccl:all_reduce"}) {
            QCOMPARE(trace->deviceWork(sliceNamed(*trace, name)).ops, 1u);
            QCOMPARE(trace->deviceWork(sliceNamed(*trace, name)).time, 25);
        }
        const LinkCount* count = trace->links().count("device_to_op");
        QCOMPARE(count->ambiguous, 1u);
        QCOMPARE(count->matched(), count->total);
    }

    void aCallOnALaneWithoutOperatorsGuessesNone()
    {
        Pair p;
        const TrackId foreign = p.f.thread(1, -549454224);
        p.op(0, 100, "op", 5).call(90, 5, 83).kernel(95, 1, 83, "k3", 5);
        p.f.slice(foreign, 10, 5, "cudaLaunchKernel", "cuda_runtime", ids(81)).slice(foreign, 20, 5, "cudaMemcpyAsync", "cuda_runtime", ids(82, 5));
        p.kernel(30, 5, 81, "k1").kernel(40, 5, 82, "k2");
        const TracePtr trace = p.f.finish();
        QCOMPARE(owners(*trace), str("op -operator> k2 (external_id, exact); op -operator> k3 (external_id, exact)"));
        QCOMPARE(reason(*trace, "device_to_op", "foreign-lane"), 1u);
    }

    void aKernelThatStartsBeforeItsLaunchIsLinkedAndCounted()
    {
        Pair p;
        p.op(0, 100, "op").call(50, 5, 81).kernel(49, 5, 81, "early").kernel(60, 5, 81, "late");
        const TracePtr trace = p.f.finish();
        QCOMPARE(trace->links().count("device_to_call")->exact, 2u);
        QCOMPARE(reason(*trace, "device_to_call", "starts-before-launch"), 1u);
        QCOMPARE(trace->diagnostics().count(Defect::StartsBeforeLaunch), 1u);
    }

    void kernelsWithoutTheirCallSayWhy()
    {
        Pair p;
        p.op(0, 100, "op").call(50, 5, 81).call(60, 5, 90).kernel(20, 5, 40, "before").kernel(65, 5, 85, "lost").kernel(70, 5, 81);
        const TracePtr trace = p.f.finish();
        QCOMPARE(reason(*trace, "device_to_call", "launched-before-recording"), 1u);
        QCOMPARE(reason(*trace, "device_to_call", "call-missing"), 1u);
        QCOMPARE(reason(*trace, "device_to_op", "no-call"), 2u);
        QCOMPARE(trace->links().count("call_to_device")->unmatched, 1u);
    }

    void aKernelWithoutItsCallStillFindsItsOperatorById()
    {
        Pair p;
        p.op(0, 100, "op", 5).kernel(20, 5, 40, "k", 5);
        const TracePtr trace = p.f.finish();
        QCOMPARE(owners(*trace), str("op -operator> k (external_id, exact)"));
        QCOMPARE(trace->links().count("device_to_op")->unmatched, 0u);
    }

    void callsOfEqualTimesAndWithoutLengthStillFindTheirOperator()
    {
        Pair p; // whole microseconds: what is equal, and what has no length
        p.call(0, 10, 1, "same range").op(0, 10, "op").op(20, 10, "outer").op(22, 8, "inner").call(30, 0, 2, "at the end");
        p.op(30, 5, "next").op(40, 0, "empty").call(40, 0, 3, "with empty").call(38, 1, 4, "outside");
        for (int i = 1; i <= 4; ++i) p.kernel(50 + i, 1, i, "k" + std::to_string(i));
        const TracePtr trace = p.f.finish();
        QCOMPARE(owners(*trace), str("empty -operator> k3 (nesting, inferred); next -operator> k2 (nesting, inferred); op -operator> k1 (nesting, inferred)"));
        QCOMPARE(reason(*trace, "device_to_op", "outside-operators"), 1u);
        Pair q;
        q.op(20, 10, "outer").op(22, 8, "inner").call(30, 0, 2, "at the end").kernel(50, 1, 2);
        QCOMPARE(owners(*q.f.finish()), str("inner -operator> k (nesting, inferred)"));
    }

    void overlappingOperatorsAreTakenByWhatEnclosesTheCall()
    {
        Pair p;
        p.op(0, 50, "first").op(30, 70, "second").call(40, 5, 1, "in both").call(60, 5, 2, "in second").call(20, 15, 3, "across");
        p.kernel(110, 1, 1, "k1").kernel(112, 1, 2, "k2").kernel(114, 1, 3, "k3");
        QCOMPARE(owners(*p.f.finish()), str("first -operator> k3 (nesting, inferred); second -operator> k1 (nesting, inferred); "
                                            "second -operator> k2 (nesting, inferred)"));
    }

    void idsOfTwoFilesDoNotMeet()
    {
        IdIndex dense(std::array<std::uint64_t, 4>{7, 0, 9, 7}), sparse(std::array<std::uint64_t, 3>{~0ull, 0, 1});
        QCOMPARE(dense.find(7).size(), 2u);
        QCOMPARE(dense.find(7).front(), 0u);
        QCOMPARE(dense.find(7).back(), 3u);
        QVERIFY(dense.find(8).empty() && dense.find(0).empty() && dense.find(10).empty() && dense.find(~0ull).empty());
        QCOMPARE(dense.smallest(), 7u);
        QCOMPARE(sparse.find(~0ull).front(), 0u);
        QCOMPARE(sparse.find(1).front(), 2u);
        QVERIFY(sparse.find(2).empty() && sparse.find(0).empty() && IdIndex({}).find(1).empty());
    }

    // ---------------------------------------------------------------- forward -> backward

    void wrapperAndNodeAreOneLinkToTheLatestForward()
    {
        TraceFixture f;
        const TrackId main = f.thread(1, 1), engine = f.thread(1, 2);
        f.slice(main, 0, 10, "aten::view", "cpu_op", numbered(5)).slice(main, 20, 20, "aten::conv2d", "cpu_op", numbered(5));
        f.slice(main, 22, 10, "aten::convolution", "cpu_op", numbered(5));
        f.slice(engine, 100, 50, "autograd::engine::evaluate_function: ConvolutionBackward0", "cpu_op", numbered(5, 1));
        f.slice(engine, 110, 30, "ConvolutionBackward0", "cpu_op", numbered(5, 1));
        f.slice(engine, 160, 10, "torch::autograd::AccumulateGrad").slice(engine, 180, 10, "MulBackward0", "cpu_op", numbered(3, 1));
        const TracePtr trace = f.finish();
        QCOMPARE(forwards(*trace), str("aten::convolution -forward> ConvolutionBackward0 (sequence_number, inferred)"));
        const LinkCount* count = trace->links().count("backward_to_forward");
        QCOMPARE(count->total, 2u);
        QCOMPARE(count->unmatched, 1u);
        QCOMPARE(reason(*trace, "backward_to_forward", "forward-outside-recording"), 1u);
        QCOMPARE(reason(*trace, "backward_to_forward", "without-number"), 1u);
        QCOMPARE(reason(*trace, "backward_to_forward", "several-forwards"), 1u);
        QCOMPARE(reason(*trace, "backward_to_forward", "wrapper-and-node"), 3u);
    }

    void reusedNumbersTakeTheForwardInFrontOfThem()
    {
        TraceFixture f;
        const TrackId main = f.thread(1, 1), engine = f.thread(1, 2);
        f.slice(main, 0, 10, "one", "cpu_op", numbered(5)).slice(engine, 20, 10, "OneBackward", "cpu_op", numbered(5, 1));
        f.slice(main, 40, 10, "two", "cpu_op", numbered(5)).slice(engine, 60, 10, "TwoBackward", "cpu_op", numbered(5, 1));
        QCOMPARE(forwards(*f.finish()), str("one -forward> OneBackward (sequence_number, inferred); two -forward> TwoBackward (sequence_number, inferred)"));
    }

    void numbersOfSeveralThreadsAreToldApartOrBothKept()
    {
        const auto make = [](bool withFlow) {
            std::string list = "{'ph':'X','cat':'cpu_op','name':'a','pid':1,'tid':1,'ts':0,'dur':5,'args':{'Sequence number':5,'Fwd thread id':0}},"
                               "{'ph':'X','cat':'cpu_op','name':'b','pid':1,'tid':2,'ts':0,'dur':5,'args':{'Sequence number':5,'Fwd thread id':0}},"
                               "{'ph':'X','cat':'cpu_op','name':'c','pid':1,'tid':2,'ts':7,'dur':1,'args':{'Sequence number':6,'Fwd thread id':0}},"
                               "{'ph':'X','cat':'cpu_op','name':'FiveBackward','pid':1,'tid':3,'ts':20,'dur':5,'args':{'Sequence number':5,'Fwd thread id':4}},"
                               "{'ph':'X','cat':'cpu_op','name':'SixBackward','pid':1,'tid':3,'ts':30,'dur':5,'args':{'Sequence number':6,'Fwd thread id':4}}";
            if (withFlow) list += ",{'ph':'s','cat':'fwdbwd','name':'fwdbwd','id':1,'pid':1,'tid':2,'ts':7},"
                                  "{'ph':'f','cat':'fwdbwd','name':'fwdbwd','id':1,'pid':1,'tid':3,'ts':30,'bp':'e'}";
            return events(list);
        };
        const TracePtr unknown = make(false), known = make(true);
        QCOMPARE(forwards(*unknown), str("a -forward> FiveBackward (sequence_number, ambiguous); b -forward> FiveBackward (sequence_number, ambiguous); "
                                         "c -forward> SixBackward (sequence_number, inferred)"));
        QCOMPARE(reason(*unknown, "backward_to_forward", "forward-thread-unknown"), 1u);
        QCOMPARE(forwards(*known), str("b -forward> FiveBackward (sequence_number, inferred); c -forward> SixBackward (flow_event, exact)"));
        QCOMPARE(known->links().count("flows"), nullptr); // drawn once, as what they mean
    }

    void aFlowThatJoinsDifferentNumbersIsNotBelieved()
    {
        const TracePtr trace = events(
            "{'ph':'X','cat':'cpu_op','name':'a','pid':1,'tid':1,'ts':0,'dur':5,'args':{'Sequence number':5,'Fwd thread id':0}},"
            "{'ph':'X','cat':'cpu_op','name':'b','pid':1,'tid':1,'ts':7,'dur':5,'args':{'Sequence number':6,'Fwd thread id':0}},"
            "{'ph':'X','cat':'cpu_op','name':'FiveBackward','pid':1,'tid':3,'ts':20,'dur':5,'args':{'Sequence number':5,'Fwd thread id':1}},"
            "{'ph':'s','cat':'fwdbwd','name':'fwdbwd','id':1,'pid':1,'tid':1,'ts':7},"
            "{'ph':'f','cat':'fwdbwd','name':'fwdbwd','id':1,'pid':1,'tid':3,'ts':20,'bp':'e'},"
            "{'ph':'s','cat':'fwdbwd','name':'fwdbwd','id':2,'pid':1,'tid':1,'ts':900},"
            "{'ph':'f','cat':'fwdbwd','name':'fwdbwd','id':2,'pid':1,'tid':3,'ts':901,'bp':'e'}");
        QCOMPARE(forwards(*trace), str("a -forward> FiveBackward (sequence_number, inferred)"));
        QCOMPARE(trace->diagnostics().count(Defect::DanglingLink), 2u);
    }

    // ---------------------------------------------------------------- annotations, synchronisation

    void anAnnotationLeadsToItsSpanOnEachStream()
    {
        Pair p;
        const TrackId other = p.f.thread(0, 8, "stream 8");
        p.op(0, 100, "step", 5, "user_annotation").op(10, 10, "op", 6).call(12, 1, 81).kernel(20, 5, 81, "k", 6);
        p.f.slice(p.stream, 20, 50, "step", "gpu_user_annotation", {{ArgField::ExternalId, 5}});
        p.f.slice(other, 25, 50, "step", "gpu_user_annotation", {{ArgField::ExternalId, 5}});
        p.f.slice(other, 90, 50, "renamed", "gpu_user_annotation", {{ArgField::ExternalId, 5}});
        p.f.slice(other, 150, 5, "step", "gpu_user_annotation", {{ArgField::ExternalId, 6}}); // names an operator
        const TracePtr trace = p.f.finish();
        QCOMPARE(links(*trace, {LinkKind::Annotation}), str("step -annotation> renamed (external_id, inferred); "
                                                            "step -annotation> step (external_id, exact); step -annotation> step (external_id, exact)"));
        QCOMPARE(reason(*trace, "gpu_annotation_to_annotation", "annotation-missing"), 1u);
        QCOMPARE(reason(*trace, "gpu_annotation_to_annotation", "annotation-renamed"), 1u);
    }

    void aWaitLeadsToItsCallAndToTheCallThatRecorded()
    {
        const TracePtr trace = events(
            "{'ph':'X','cat':'cuda_runtime','name':'cudaEventRecord','pid':1,'tid':1,'ts':0,'dur':1,'args':{'correlation':5169}},"
            "{'ph':'X','cat':'cuda_runtime','name':'cudaStreamWaitEvent','pid':1,'tid':1,'ts':2,'dur':1,'args':{'correlation':5170}},"
            "{'ph':'X','cat':'cuda_sync','name':'Stream Wait Event','pid':0,'tid':20,'ts':2,'dur':1,'args':{'wait_on_stream':7,"
            "'wait_on_cuda_event_record_corr_id':5169,'correlation':5170}},"
            "{'ph':'X','cat':'cuda_sync','name':'Event Sync','pid':0,'tid':1,'ts':9,'dur':1,'args':{'wait_on_stream':-1,"
            "'wait_on_cuda_event_record_corr_id':-1,'correlation':300}},"
            "{'ph':'X','cat':'cuda_sync','name':'Other Sync','pid':0,'tid':1,'ts':11,'dur':1,'args':{'wait_on_cuda_event_record_corr_id':77}}");
        QCOMPARE(links(*trace, {LinkKind::Sync}), str("cudaEventRecord -sync> Stream Wait Event (wait_correlation, exact); "
                                                      "cudaStreamWaitEvent -sync> Stream Wait Event (correlation, exact)"));
        QCOMPARE(reason(*trace, "sync_to_call", "call-missing"), 2u);
        QCOMPARE(reason(*trace, "sync_to_call", "recording-call-missing"), 1u);
    }

    // ---------------------------------------------------------------- flows

    void flowsBindExactlyElseAsTheFormatSays()
    {
        const TracePtr trace = events(
            "{'ph':'X','name':'outer','pid':1,'tid':1,'ts':0,'dur':100},{'ph':'X','name':'inner','pid':1,'tid':1,'ts':10,'dur':10},"
            "{'ph':'X','name':'step','pid':1,'tid':2,'ts':30,'dur':10},{'ph':'X','name':'end','pid':1,'tid':3,'ts':60,'dur':10},"
            "{'ph':'X','name':'later','pid':1,'tid':3,'ts':90,'dur':5},"
            "{'ph':'s','cat':'x','name':'f','id':1,'pid':1,'tid':1,'ts':10},{'ph':'t','cat':'x','name':'f','id':1,'pid':1,'tid':2,'ts':30},"
            "{'ph':'f','cat':'x','name':'f','id':1,'pid':1,'tid':3,'ts':60},"
            "{'ph':'s','cat':'y','name':'f','id':1,'pid':1,'tid':1,'ts':15},{'ph':'f','cat':'y','name':'f','id':1,'pid':1,'tid':3,'ts':65,'bp':'e'},"
            "{'ph':'s','cat':'z','name':'f','id':1,'pid':1,'tid':1,'ts':50},{'ph':'f','cat':'z','name':'f','id':1,'pid':1,'tid':3,'ts':80}");
        QCOMPARE(links(*trace, {LinkKind::Flow}), str("inner -flow> end (flow_event, inferred); inner -flow> step (flow_event, exact); "
                                                      "outer -flow> later (flow_event, inferred); step -flow> end (flow_event, exact)"));
    }

    void flowsToNothingAndLooseEndsAreCounted()
    {
        const TracePtr trace = events(
            "{'ph':'X','name':'a','pid':1,'tid':1,'ts':0,'dur':10},{'ph':'X','name':'b','pid':1,'tid':2,'ts':30,'dur':10},"
            "{'ph':'s','cat':'x','name':'f','id':1,'pid':1,'tid':1,'ts':0},{'ph':'f','cat':'x','name':'f','id':1,'pid':1,'tid':2,'ts':900},"
            "{'ph':'s','cat':'x','name':'f','id':2,'pid':1,'tid':1,'ts':0},{'ph':'f','cat':'x','name':'f','id':3,'pid':1,'tid':2,'ts':30},"
            "{'ph':'s','cat':'x','name':'f','id':4,'pid':1,'tid':1,'ts':1},{'ph':'f','cat':'x','name':'f','id':4,'pid':1,'tid':1,'ts':2,'bp':'e'}");
        QVERIFY(trace->links().all().empty());
        for (const char* id : {"flow-to-nothing", "flow-without-end", "flow-without-start", "flow-within-span"})
            QCOMPARE(reason(*trace, "flows", id), 1u);
        QCOMPARE(trace->diagnostics().count(Defect::DanglingLink), 1u);
        QCOMPARE(trace->links().count("flows")->total, 4u);
    }

    void launchFlowsAreUsedOnlyWithoutCorrelations()
    {
        const auto make = [](const char* correlation) {
            const std::string c = correlation;
            return events("{'ph':'X','cat':'cpu_op','name':'op','pid':1,'tid':1,'ts':0,'dur':10},"
                          "{'ph':'X','cat':'cuda_runtime','name':'call','pid':1,'tid':1,'ts':2,'dur':1,'args':{" + c + "}},"
                          "{'ph':'X','cat':'kernel','name':'k','pid':0,'tid':7,'ts':30,'dur':10,'args':{" + c + "}},"
                          "{'ph':'s','cat':'ac2g','name':'ac2g','id':9,'pid':1,'tid':1,'ts':2},"
                          "{'ph':'f','cat':'ac2g','name':'ac2g','id':9,'pid':1,'tid':1,'ts':2,'bp':'e'}," // host end of another call
                          "{'ph':'f','cat':'ac2g','name':'ac2g','id':9,'pid':0,'tid':7,'ts':30,'bp':'e'}");
        };
        const TracePtr with = make("'correlation':9"), without = make("");
        QCOMPARE(links(*with, {LinkKind::Launch, LinkKind::Flow}), str("call -launch> k (correlation, exact)"));
        QCOMPARE(links(*without, {LinkKind::Launch, LinkKind::Flow}), str("call -launch> k (flow_event, exact)"));
        QCOMPARE(owners(*without), str("op -operator> k (nesting, inferred)"));
    }

    // ---------------------------------------------------------------- as a whole

    void linksAreSortedAndEachIsFoundFromBothEnds()
    {
        Pair p;
        for (int i = 0; i < 3000; ++i) { // 61 and 3000 share no factor: kernels come in another order than calls
            p.op(10 * i, 9, "op", 10'000 + i).call(10 * i + 2, 2, i + 1);
            p.kernel(100'000 + 7 * i, 5, 1 + (i * 61) % 3000, "k", 10'000 + (i * 61) % 3000);
        }
        const TracePtr trace = p.f.finish();
        const auto all = trace->links().all();
        QCOMPARE(all.size(), 6000u);
        for (std::size_t i = 1; i < all.size(); ++i)
            QVERIFY(std::tuple(all[i - 1].from, all[i - 1].kind, all[i - 1].to) < std::tuple(all[i].from, all[i].kind, all[i].to));
        for (const Link& link : all) {
            QVERIFY(std::ranges::find(trace->links().out(link.from), link) != trace->links().out(link.from).end());
            const Link* back = trace->links().into(link.to, link.kind);
            QVERIFY(back && *back == link);
        }
        for (const LinkCount& row : trace->links().report()) {
            std::uint64_t unmatched = 0;
            for (const LinkReason& reason : row.reasons) unmatched += reason.unmatched ? reason.count : 0;
            QCOMPARE(unmatched, row.unmatched);
            QCOMPARE(row.matched() + row.unmatched, row.total);
        }
    }

    void aLongTrackIsCutWithoutLosingWhatIsOpen()
    {
        Pair p; // more rows than one task takes; all inside of one operator
        constexpr int kCalls = 300'000;
        p.op(0, 10 * kCalls + 10, "all");
        for (int i = 0; i < kCalls; ++i) p.call(10 * i + 2, 2, i + 1, "cudaEventQuery");
        for (int i = 1; i <= kCalls; i += 1000) p.kernel(10 * kCalls + i, 1, i);
        const TracePtr trace = p.f.finish();
        QCOMPARE(trace->deviceWork(sliceNamed(*trace, "all")).ops, 300u);
        QCOMPARE(trace->links().count("device_to_op")->inferred, 300u);
    }
};

QTEST_GUILESS_MAIN(TestLinks)
#include "tst_Links.moc"
