#include "core/format/EventReader.h"
#include "core/format/JsonReader.h"
#include "core/link/LinkWalk.h"
#include "core/tensor/CapturedTensor.h"
#include "core/tensor/KernelSource.h"
#include "core/tensor/NodeValues.h"
#include "core/tensor/TensorFlow.h"
#include "tests/support/MutantPairs.h"

#include <QTest>

using namespace opscope;
using namespace opscope::test;

namespace {

constexpr int kMutants = 120;

bool holds(const Trace& trace, SliceId slice)
{
    return !slice || slice.index() < trace.slices().size();
}

bool holds(const Trace& trace, NodeId node)
{
    return !node || (trace.executionTrace() && node.index() < trace.executionTrace()->nodes().size());
}

/// Every link leads from a row to a row, and the report adds up.
void checkLinks(const Trace& trace)
{
    for (const Link& link : trace.links().all()) QVERIFY(link.from && link.to && holds(trace, link.from) && holds(trace, link.to));
    for (const LinkCount& count : trace.links().report()) {
        QCOMPARE(count.exact + count.inferred + count.ambiguous + count.unmatched, count.total);
        std::uint64_t reasons = 0;
        for (const LinkReason& reason : count.reasons) {
            reasons += reason.unmatched ? reason.count : 0;
            for (const LinkPlace& place : reason.places) QVERIFY(holds(trace, place.slice) && holds(trace, place.node));
        }
        QVERIFY2(reasons == count.unmatched, count.id.c_str());
    }
}

void checkWalk(const Trace& trace, SliceId slice)
{
    QVERIFY(holds(trace, trace.operatorOf(slice)));
    for (const LinkedThing& thing : linkedThings(trace, slice)) QVERIFY(holds(trace, thing.slice) && holds(trace, thing.node));
    for (const SliceId on : linkChain(trace, slice)) QVERIFY(on && holds(trace, on));
    const NodeId node = trace.nodeOf(slice);
    QVERIFY(holds(trace, node) && (!node || trace.sliceOf(node) == slice));
}

/// All that the tensor lens and the code panel ask of a node.
void checkNode(const Trace& trace, const TensorFlow& flow, NodeId node)
{
    for (const LinkedThing& thing : linkedThings(trace, node)) QVERIFY(holds(trace, thing.slice) && holds(trace, thing.node));
    if (const auto text = readNode(trace, node)) {
        if (const auto json = JsonDocument::parse(text->json)) {
            for (const NodeSide side : {NodeSide::Inputs, NodeSide::Outputs}) nodeValues(trace, node, json->root(), side);
        }
    }
    const EtNode& row = trace.executionTrace()->node(node);
    for (std::uint32_t i = 0; i < row.inputTensors + row.outputTensors; ++i) {
        const TensorId tensor(row.firstTensor + i);
        QVERIFY(flow.nodeOf(tensor) == node);
        for (const TensorUse& use : flow.consumers(tensor)) QVERIFY(holds(trace, use.node));
        flow.producer(tensor);
        flow.life(tensor);
        flow.viewOf(tensor);
        layoutOf(trace, trace.executionTrace()->tensors()[tensor.index()]);
        if (const auto captured = CapturedTensor::open(trace, node, tensor)) {
            for (std::uint64_t at = 0; at < 8; ++at) (*captured)->at(at);
        }
    }
    for (const NodeId other : flow.producersOf(node)) QVERIFY(holds(trace, other));
    const auto source = kernelSource(trace, node);
    QVERIFY(source || !source.error().message.empty());
    const auto graph = fxGraph(trace, node);
    QVERIFY(graph || !graph.error().message.empty());
    QVERIFY(holds(trace, trace.sliceOf(node)));
}

void checkPair(const TracePtr& trace)
{
    checkLinks(*trace);
    for (std::size_t row = 0; row < trace->slices().size() && !QTest::currentTestFailed(); row += 1 + row / 64)
        checkWalk(*trace, SliceId(row));
    const auto flow = TensorFlow::build(trace);
    if (!flow) return;
    const std::size_t nodes = trace->executionTrace()->nodes().size();
    for (std::size_t row = 0; row < nodes && !QTest::currentTestFailed(); row += 1 + row / 32) checkNode(*trace, *flow, NodeId(row));
}

} // namespace

/// Pairs of traces, bent at random with fixed seeds and opened together: whatever the ids say, links lead from row to row, and
/// nothing that is worked out of them crashes or reads outside.
class tst_PairFuzz : public QObject
{
    Q_OBJECT

private slots:
    void bentPairsNeverCrash_data()
    {
        QTest::addColumn<int>("row");
        for (std::size_t row = 0; row < pairsToBend().size(); ++row) QTest::newRow(pairsToBend()[row].name) << static_cast<int>(row);
    }

    void bentPairsNeverCrash()
    {
        QFETCH(int, row);
        const MutantPairFiles& files = pairsToBend()[static_cast<std::size_t>(row)];
        MutantPairs pairs(files.kineto, files.et, static_cast<unsigned>(row) + 1);
        int opened = 0;
        for (int i = 0; i < kMutants && !QTest::currentTestFailed(); ++i) {
            const TracePtr trace = pairs.next();
            if (trace) checkPair(trace);
            else QVERIFY(!pairs.complaint().empty());
            opened += trace != nullptr;
        }
        QVERIFY(opened > kMutants / 2);
    }
};

QTEST_GUILESS_MAIN(tst_PairFuzz)
#include "tst_PairFuzz.moc"
