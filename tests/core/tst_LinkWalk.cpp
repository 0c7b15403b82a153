#include "core/link/LinkWalk.h"
#include "tests/support/TraceFixture.h"

#include <QtTest>

using namespace opscope;
using test::TraceFixture;
using Role = LinkedThing::Role;

namespace {

constexpr auto kCorrelation = ArgField::Correlation;
constexpr auto kNumber = ArgField::SequenceNumber;
constexpr auto kForwardThread = ArgField::FwdThreadId;

/// "Launched by outer +40; Call cudaLaunchKernel +20": what a reader of the detail pane sees, in its order.
QString text(const Trace& trace, const std::vector<LinkedThing>& things)
{
    QStringList lines;
    for (const LinkedThing& thing : things) {
        const auto words = [](std::string_view s) { return QString::fromUtf8(s.data(), static_cast<qsizetype>(s.size())); };
        lines << QStringLiteral("%1%2 %3 %4%5").arg(thing.ahead ? QStringLiteral("> ") : QString(), words(title(thing.role)),
                                                    words(thing.slice ? trace.name(thing.slice) : std::string_view("-")),
                                                    thing.delay < 0 ? QString() : QStringLiteral("+"), QString::number(thing.delay));
    }
    return lines.join(QStringLiteral("; "));
}

QString linked(const Trace& trace, std::string_view name)
{
    return text(trace, linkedThings(trace, test::sliceNamed(trace, name)));
}

QString chain(const Trace& trace, std::string_view name)
{
    QStringList names;
    for (const SliceId slice : linkChain(trace, test::sliceNamed(trace, name))) {
        const std::string_view s = trace.name(slice);
        names << QString::fromUtf8(s.data(), static_cast<qsizetype>(s.size()));
    }
    return names.join(QStringLiteral(" "));
}

/// A Python function around an operator around an inner one, which launches a kernel; a copy launched by the outer one itself.
TracePtr program()
{
    TraceFixture f;
    const TrackId main = f.thread(1, 10, "main");
    const TrackId stream = f.thread(0, 7, "stream 7");
    f.slice(main, 0, 1000, "model.py: forward", "python_function");
    f.slice(main, 100, 500, "aten::linear").slice(main, 150, 200, "aten::addmm");
    f.slice(main, 200, 50, "cudaLaunchKernel", "cuda_runtime", {{kCorrelation, 5}});
    f.slice(main, 400, 50, "cudaMemcpyAsync", "cuda_runtime", {{kCorrelation, 6}});
    f.slice(main, 700, 100, "aten::relu");
    f.slice(stream, 900, 80, "gemm", "kernel", {{kCorrelation, 5}});
    f.slice(stream, 1000, 20, "Memcpy DtoD", "gpu_memcpy", {{kCorrelation, 6}});
    return f.finish();
}

/// A forward operator with an inner one of the same number in a thread with Python; its backward node, wrapped by the engine,
/// in a thread without.
TracePtr training()
{
    TraceFixture f;
    const TrackId main = f.thread(1, 10, "main");
    const TrackId engine = f.thread(1, 11, "autograd");
    const TrackId stream = f.thread(0, 7, "stream 7");
    f.slice(main, 0, 500, "train.py: step", "python_function");
    f.slice(main, 100, 100, "aten::conv2d", "cpu_op", {{kNumber, 42}, {kForwardThread, 0}});
    f.slice(main, 120, 60, "aten::convolution", "cpu_op", {{kNumber, 42}, {kForwardThread, 0}});
    f.slice(engine, 1000, 100, "autograd::engine::evaluate_function: ConvolutionBackward0", "cpu_op", {{kNumber, 42}, {kForwardThread, 1}});
    f.slice(engine, 1010, 80, "ConvolutionBackward0", "cpu_op", {{kNumber, 42}, {kForwardThread, 1}});
    f.slice(engine, 1020, 60, "aten::convolution_backward");
    f.slice(engine, 1030, 10, "cudaLaunchKernel", "cuda_runtime", {{kCorrelation, 9}});
    f.slice(stream, 1050, 30, "dgrad", "kernel", {{kCorrelation, 9}});
    return f.finish();
}

} // namespace

class tst_LinkWalk : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aKernelLeadsToItsOperatorItsCallAndThePythonAroundThem();
    void anOperatorListsWhatCallsInsideItLaunch();
    void aCallListsItsKernelsFirst();
    void aSliceWithoutLinksHasThePythonAroundIt();
    void aBackwardKernelLeadsToItsForwardOperatorAndThePythonAroundThat();
    void everyOperatorOfANumberLeadsToTheSameBackwardNode();
    void theWrapperOfTheEngineHasTheForwardOfItsNode();
    void whatLiesInsideAForwardOpInheritsItsBackwardNode();
    void aKernelThatStartsBeforeItsCallHasANegativeDelay();
    void aGraphLaunchIsCutAtTheLimitAndCountedInFull();
    void whatOverlapsASliceIsNotInsideIt();
    void theChainGoesFromThePythonFrameToTheDevice();
    void noSliceHasNoLinks();
};

void tst_LinkWalk::aKernelLeadsToItsOperatorItsCallAndThePythonAroundThem()
{
    const TracePtr trace = program();
    QCOMPARE(linked(*trace, "gemm"), QStringLiteral("Launched by aten::addmm +750; Call cudaLaunchKernel +700; Python frame model.py: forward +900"));
    const auto things = linkedThings(*trace, test::sliceNamed(*trace, "gemm"));
    QCOMPARE(things[1].method, LinkMethod::Correlation);
    QCOMPARE(things[1].confidence, LinkConfidence::Exact);
}

void tst_LinkWalk::anOperatorListsWhatCallsInsideItLaunch()
{
    const TracePtr trace = program();
    QCOMPARE(linked(*trace, "aten::linear"), QStringLiteral("> Launches gemm +800; > Launches Memcpy DtoD +900; Python frame model.py: forward +100"));
    QCOMPARE(linked(*trace, "aten::addmm"), QStringLiteral("> Launches gemm +750; Python frame model.py: forward +150"));
}

void tst_LinkWalk::aCallListsItsKernelsFirst()
{
    const TracePtr trace = program();
    QCOMPARE(linked(*trace, "cudaLaunchKernel"), QStringLiteral("> Launches gemm +700; Launched by aten::addmm +50; Python frame model.py: forward +200"));
}

void tst_LinkWalk::aSliceWithoutLinksHasThePythonAroundIt()
{
    const TracePtr trace = program();
    QCOMPARE(linked(*trace, "aten::relu"), QStringLiteral("Python frame model.py: forward +700"));
}

void tst_LinkWalk::aBackwardKernelLeadsToItsForwardOperatorAndThePythonAroundThat()
{
    const TracePtr trace = training();
    QCOMPARE(linked(*trace, "dgrad"), QStringLiteral("Launched by aten::convolution_backward +30; Call cudaLaunchKernel +20; "
                                                      "Forward aten::convolution +890; Python frame train.py: step +1050"));
    const auto things = linkedThings(*trace, test::sliceNamed(*trace, "dgrad"));
    QCOMPARE(things.back().confidence, LinkConfidence::Inferred); // it is the forward's, and says so
    QVERIFY(things.back().method != LinkMethod::Nesting);
    QCOMPARE(things[2].carrier, test::sliceNamed(*trace, "ConvolutionBackward0")); // from there the delay counts
    QCOMPARE(things[1].carrier, test::sliceNamed(*trace, "dgrad"));
}

void tst_LinkWalk::everyOperatorOfANumberLeadsToTheSameBackwardNode()
{
    const TracePtr trace = training();
    QCOMPARE(linked(*trace, "aten::convolution"), QStringLiteral("> Backward ConvolutionBackward0 +890; Python frame train.py: step +120"));
    QCOMPARE(linked(*trace, "aten::conv2d"), QStringLiteral("> Backward ConvolutionBackward0 +890; Python frame train.py: step +100"));
}

void tst_LinkWalk::theWrapperOfTheEngineHasTheForwardOfItsNode()
{
    const TracePtr trace = training();
    const QString found = linked(*trace, "autograd::engine::evaluate_function: ConvolutionBackward0");
    QVERIFY2(found.startsWith(QStringLiteral("Forward aten::convolution +890; > Launches dgrad +50")), qPrintable(found));
}

void tst_LinkWalk::whatLiesInsideAForwardOpInheritsItsBackwardNode()
{
    TraceFixture f;
    const TrackId main = f.thread(1, 10), engine = f.thread(1, 11);
    f.slice(main, 100, 100, "CompiledFunction", "cpu_op", {{kNumber, 17}, {kForwardThread, 0}});
    f.slice(main, 120, 60, "## Call CompiledFxGraph ##", "user_annotation").slice(main, 130, 40, "triton_fused", "cpu_op");
    f.slice(engine, 1000, 100, "CompiledFunctionBackward", "cpu_op", {{kNumber, 17}, {kForwardThread, 1}});
    f.slice(engine, 1020, 60, "## backward graph ##", "user_annotation").slice(engine, 1030, 40, "triton_back", "cpu_op");
    const TracePtr trace = f.finish();
    for (const char* name : {"CompiledFunction", "## Call CompiledFxGraph ##", "triton_fused"}) {
        QCOMPARE(linked(*trace, name), QStringLiteral("> Backward CompiledFunctionBackward +900"));
        QCOMPARE(linkedThings(*trace, test::sliceNamed(*trace, name)).front().carrier, test::sliceNamed(*trace, "CompiledFunction"));
    }
    for (const char* name : {"CompiledFunctionBackward", "## backward graph ##", "triton_back"}) {
        QCOMPARE(linked(*trace, name), QStringLiteral("Forward CompiledFunction +900"));
        QCOMPARE(linkedThings(*trace, test::sliceNamed(*trace, name)).front().carrier, test::sliceNamed(*trace, "CompiledFunctionBackward"));
    }
}

void tst_LinkWalk::aKernelThatStartsBeforeItsCallHasANegativeDelay()
{
    TraceFixture f;
    const TrackId main = f.thread(1, 10), stream = f.thread(0, 7);
    f.slice(main, 100, 50, "aten::bmm").slice(main, 110, 10, "cudaLaunchKernel", "cuda_runtime", {{kCorrelation, 5}});
    f.slice(stream, 90, 40, "gemm", "kernel", {{kCorrelation, 5}});
    const TracePtr trace = f.finish();
    QCOMPARE(linked(*trace, "gemm"), QStringLiteral("Launched by aten::bmm -10; Call cudaLaunchKernel -20"));
    QCOMPARE(linked(*trace, "aten::bmm"), QStringLiteral("> Launches gemm -10"));
}

void tst_LinkWalk::aGraphLaunchIsCutAtTheLimitAndCountedInFull()
{
    TraceFixture f;
    const TrackId main = f.thread(1, 10), stream = f.thread(0, 7);
    f.slice(main, 0, 50, "replay").slice(main, 10, 10, "cudaGraphLaunch", "cuda_runtime", {{kCorrelation, 5}});
    for (int i = 0; i < 30; ++i) f.slice(stream, 100 + 10 * i, 8, "k" + std::to_string(i), "kernel", {{kCorrelation, 5}});
    const TracePtr trace = f.finish();
    std::uint64_t total = 0;
    const auto things = linkedThings(*trace, test::sliceNamed(*trace, "cudaGraphLaunch"), 4, &total);
    QCOMPARE(text(*trace, things), QStringLiteral("> Launches k0 +90; > Launches k1 +100; > Launches k2 +110; > Launches k3 +120; Launched by replay +10"));
    QCOMPARE(total, std::uint64_t(31));
    linkedThings(*trace, test::sliceNamed(*trace, "replay"), 500, &total);
    QCOMPARE(total, std::uint64_t(30));
    QCOMPARE(linkChain(*trace, test::sliceNamed(*trace, "replay")).size(), std::size_t(32));
    QCOMPARE(linkChain(*trace, test::sliceNamed(*trace, "replay"), 5).size(), std::size_t(5));
}

void tst_LinkWalk::whatOverlapsASliceIsNotInsideIt()
{
    TraceFixture f;
    const TrackId main = f.thread(1, 10), stream = f.thread(0, 7);
    f.slice(main, 0, 100, "first").slice(main, 50, 100, "second");
    f.slice(main, 110, 10, "cudaLaunchKernel", "cuda_runtime", {{kCorrelation, 5}});
    f.slice(stream, 200, 10, "gemm", "kernel", {{kCorrelation, 5}});
    const TracePtr trace = f.finish();
    QCOMPARE(linked(*trace, "first"), QString());
    QCOMPARE(linked(*trace, "second"), QStringLiteral("> Launches gemm +150"));
}

void tst_LinkWalk::theChainGoesFromThePythonFrameToTheDevice()
{
    const TracePtr trace = program();
    const QString expected = QStringLiteral("model.py: forward aten::addmm cudaLaunchKernel gemm");
    QCOMPARE(chain(*trace, "gemm"), expected);
    QCOMPARE(chain(*trace, "cudaLaunchKernel"), expected);
    QCOMPARE(chain(*trace, "aten::addmm"), expected);
    QCOMPARE(chain(*trace, "aten::linear"),
             QStringLiteral("model.py: forward aten::linear aten::addmm cudaLaunchKernel cudaMemcpyAsync gemm Memcpy DtoD"));
    QCOMPARE(chain(*trace, "aten::relu"), QStringLiteral("model.py: forward aten::relu"));
}

void tst_LinkWalk::noSliceHasNoLinks()
{
    const TracePtr trace = program();
    std::uint64_t total = 7;
    QVERIFY(linkedThings(*trace, SliceId(), 500, &total).empty());
    QCOMPARE(total, std::uint64_t(0));
    QVERIFY(linkedThings(*trace, NodeId(3)).empty());
    QVERIFY(linkChain(*trace, SliceId(999)).empty());
}

QTEST_GUILESS_MAIN(tst_LinkWalk)
#include "tst_LinkWalk.moc"
