#include <QTest> // first: moc of Qt 6.4 fails on <concepts> when nothing of Qt came before it

#include "widgets/timeline/LinkScene.h"

#include "tests/support/Golden.h"
#include "tests/support/TraceFixture.h"
#include "widgets/common/Text.h"
#include "widgets/timeline/LinkPainter.h"
#include "widgets/timeline/LinkSteps.h"

#include <QFile>

using namespace opscope;

namespace {

constexpr auto kCorrelation = ArgField::Correlation;
constexpr int kWidth = 1000, kHeight = 400;

// main     op 100..300 [call1 120..130 -> k1] [call2 150..160 -> k2], later alone 900..950
// stream   k1 400..450, k2 500..520
TracePtr launches()
{
    test::TraceFixture f;
    const TrackId main = f.thread(1, 10, "main", "python"), stream = f.thread(0, 7, "stream 7", "GPU 0");
    f.slice(main, 100, 200, "op").slice(main, 900, 50, "alone");
    f.slice(main, 120, 10, "call1", "cuda_runtime", {{kCorrelation, 1}}).slice(main, 150, 10, "call2", "cuda_runtime", {{kCorrelation, 2}});
    f.slice(stream, 400, 50, "k1", "kernel", {{kCorrelation, 1}}).slice(stream, 500, 20, "k2", "kernel", {{kCorrelation, 2}});
    return f.finish();
}

TracePtr graph(int kernels)
{
    test::TraceFixture f;
    const TrackId main = f.thread(1, 10, "main", "python"), stream = f.thread(0, 7, "stream 7", "GPU 0");
    f.slice(main, 0, 200, "replay").slice(main, 20, 50, "cudaGraphLaunch", "cuda_runtime", {{kCorrelation, 1}});
    for (int i = 0; i < kernels; ++i) f.slice(stream, 1'000 + 20 * i, 15, "k" + std::to_string(i), "kernel", {{kCorrelation, 1}});
    return f.finish();
}

struct View
{
    TracePtr trace;
    TimelineModelPtr model;
    TimelineState state;
    TimelineLayout layout;
    TimeRange range{0, 1000};
    double scrollY = 0;

    explicit View(TracePtr t) : trace(std::move(t)), model(TimelineModel::build(trace)), state(*model) { relayout(); }
    void relayout() { layout = TimelineLayout::make(*model, state, Density::Normal); }
    SliceId slice(std::string_view name) const { return test::sliceNamed(*trace, name); }
    LinkScene scene(const LinkFocus& focus) const
    {
        LinkRows rows(*model, layout);
        const SliceNamer name = [this](SliceId s) { return displayText(trace->name(s)); };
        return LinkScene::make({*trace, focus, rows, TimeScale(range, kWidth), QRectF(0, 24, kWidth, kHeight - 24), scrollY, 0, name});
    }
    LinkScene scene(std::string_view selected) const { return scene(LinkFocus::of(*trace, slice(selected))); }
    double rowOf(std::string_view name) const
    {
        LinkRows rows(*model, layout);
        return rows.of(slice(name)).y;
    }
};

// "Launch, 280 ns earlier | < Forward a, 3 ns earlier": the sign says beyond which edge
QString labels(const LinkScene& scene)
{
    static const char* const kEdges[] = {"", "< ", "> ", "^ ", "v "};
    QStringList all;
    for (const LinkLabel& label : scene.labels) all << QLatin1String(kEdges[static_cast<int>(label.edge)]) + label.text;
    return all.join(QStringLiteral(" | "));
}

std::string names(const Trace& trace, const std::vector<LinkedThing>& things)
{
    std::string all;
    for (const LinkedThing& thing : things) all += (all.empty() ? "" : " ") + std::string(trace.name(thing.slice));
    return all;
}

} // namespace

class tst_LinkOverlay : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aKernelsArrowComesFromItsOperatorOverItsCall()
    {
        const View v(launches());
        const LinkScene scene = v.scene("k1");
        QCOMPARE(scene.curves.size(), std::size_t(2));
        const LinkCurve& inside = scene.curves[0];
        const LinkCurve& launch = scene.curves[1];
        QCOMPARE(inside.from, QPointF(124, v.rowOf("op") + 18)); // from the foot of the operator ...
        QCOMPARE(inside.to, QPointF(124, v.rowOf("call1") + 1)); // ... straight down to the call
        QVERIFY(inside.dot && !inside.head);
        QCOMPARE(launch.from, QPointF(124, v.rowOf("call1") + 18));
        QCOMPARE(launch.to, QPointF(404, v.rowOf("k1") + 1));
        QVERIFY(launch.dot && launch.head && !launch.hollow);
        QCOMPARE(launch.c1.x(), launch.from.x()); // leaves and arrives upright
        QCOMPARE(launch.c2.x(), launch.to.x());
        QCOMPARE(labels(scene), QStringLiteral("Launch, 280 ns earlier"));
        QCOMPARE(scene.outlines.size(), std::size_t(2)); // operator and call; the selection has its own
    }
    void otherKernelsOfItsOperatorAreThin()
    {
        const View v(launches());
        const LinkScene scene = v.scene("k1");
        QCOMPARE(scene.thin.size(), std::size_t(1));
        QCOMPARE(scene.thin[0].to, QPointF(504, v.rowOf("k2") + 1));
    }
    void anOperatorSaysHowManyItLaunches()
    {
        const View v(launches());
        QCOMPARE(labels(v.scene("op")), QStringLiteral("Launches 2, the first 280 ns later"));
        QCOMPARE(labels(v.scene("call2")), QStringLiteral("Launch, 350 ns later"));
    }
    void whatIsLinkedToNothingHasNothing()
    {
        const View v(launches());
        QVERIFY(v.scene("alone").empty());
        QVERIFY(v.scene(LinkFocus()).empty());
        QVERIFY(LinkFocus::of(*v.trace, SliceId()).empty());
    }
    void anEndOutOfSightIsALabelAtThatEdge_data()
    {
        QTest::addColumn<QString>("selected");
        QTest::addColumn<qint64>("from");
        QTest::addColumn<qint64>("to");
        QTest::addColumn<double>("scrollY");
        QTest::addColumn<QString>("expected");
        QTest::addColumn<QString>("leads");
        QTest::newRow("left") << "k1" << qint64(380) << qint64(480) << 0.0 << "< Call call1, 280 ns earlier" << "call1";
        QTest::newRow("right") << "call2" << qint64(90) << qint64(320) << 0.0 << "> Launches k2, 350 ns later" << "k2";
        QTest::newRow("above") << "k1" << qint64(0) << qint64(1000) << 60.0 << "^ Call call1, 280 ns earlier" << "call1";
        QTest::newRow("below") << "call2" << qint64(0) << qint64(1000) << -320.0 << "v Launches k2, 350 ns later" << "k2";
    }
    void anEndOutOfSightIsALabelAtThatEdge()
    {
        QFETCH(QString, selected);
        QFETCH(qint64, from);
        QFETCH(qint64, to);
        QFETCH(double, scrollY);
        QFETCH(QString, expected);
        QFETCH(QString, leads);
        View v(launches());
        v.range = {from, to};
        v.scrollY = scrollY;
        const LinkScene scene = v.scene(selected.toStdString());
        QVERIFY2(labels(scene).split(QStringLiteral(" | ")).contains(expected), qPrintable(labels(scene)));
        for (const LinkLabel& label : scene.labels) {
            QVERIFY(QRectF(0, 24, kWidth, kHeight - 24).contains(label.box));
            if (label.text == expected.mid(2)) QCOMPARE(scene.labelAt(label.box.center())->slice, v.slice(leads.toStdString()));
        }
        QVERIFY(!scene.labelAt({-5, -5}));
    }
    void whereNothingIsInSightNothingIsDrawn()
    {
        View v(launches());
        v.range = {910, 940};
        QVERIFY(v.scene("k1").curves.empty());
    }
    void aGuessIsHollowAndSaysSo()
    {
        const View v(launches());
        LinkFocus focus = LinkFocus::of(*v.trace, v.slice("k1"));
        for (LinkLeg& leg : focus.legs) leg.guess = true;
        const LinkScene scene = v.scene(focus);
        QVERIFY(scene.curves.back().hollow);
        QCOMPARE(labels(scene), QStringLiteral("Launch, 280 ns earlier, guess"));
    }
    void aKernelBeforeItsCallSaysThatTheClocksDiffer()
    {
        test::TraceFixture f;
        const TrackId main = f.thread(1, 10), stream = f.thread(0, 7);
        f.slice(main, 100, 50, "aten::bmm").slice(main, 110, 10, "call", "cuda_runtime", {{kCorrelation, 5}});
        f.slice(stream, 80, 40, "gemm", "kernel", {{kCorrelation, 5}});
        const View v(f.finish());
        QCOMPARE(labels(v.scene("gemm")), QStringLiteral("Launch, 30 ns too early: the clocks differ"));
        const SliceNamer name = [&](SliceId s) { return displayText(v.trace->name(s)); };
        QCOMPARE(causeLines(*v.trace, v.slice("gemm"), name),
                 QStringList({QStringLiteral("launched by aten::bmm"), QStringLiteral("starts 30 ns before its launch: the clocks differ")}));
        QCOMPARE(causeLines(*v.trace, v.slice("aten::bmm"), name), QStringList());
        QCOMPARE(causeLines(*launches(), test::sliceNamed(*launches(), "k2"), [](SliceId) { return QStringLiteral("X"); }),
                 QStringList({QStringLiteral("launched by X, 400 ns earlier")}));
    }
    void hundredsOfKernelsAreAsManyCurvesAsCanBeToldApart()
    {
        View v(graph(500));
        v.range = {0, 12'000};
        const LinkScene scene = v.scene("cudaGraphLaunch");
        QVERIFY(scene.thin.size() > 100 && scene.thin.size() <= LinkScene::kThin);
        for (std::size_t i = 1; i < scene.thin.size(); ++i) QVERIFY(scene.thin[i].to.x() - scene.thin[i - 1].to.x() > 0.5);
        QCOMPARE(labels(scene), QStringLiteral("Launches 500, the first 980 ns later"));
        v.range = {0, 200'000}; // all within a few pixels
        QVERIFY(v.scene("cudaGraphLaunch").thin.size() < 30);
    }
    void kernelsBeyondAnEdgeAreCountedThere()
    {
        View v(graph(500));
        v.range = {0, 2'000};
        const LinkScene scene = v.scene("cudaGraphLaunch");
        QCOMPARE(labels(scene), QStringLiteral("Launches 500, the first 980 ns later | > 450 more"));
        QCOMPARE(scene.labels.back().slice, v.slice("k50")); // the nearest
    }
    void labelsDoNotCoverEachOther()
    {
        View v(graph(500));
        v.range = {0, 300};
        const LinkScene scene = v.scene("cudaGraphLaunch");
        QCOMPARE(scene.labels.size(), std::size_t(2));
        for (std::size_t i = 0; i < scene.labels.size(); ++i)
            for (std::size_t j = 0; j < i; ++j) QVERIFY(!scene.labels[i].box.intersects(scene.labels[j].box));
    }
    void aClosedTrackStandsForWhatIsInIt()
    {
        View v(launches());
        const double open = v.rowOf("call1");
        for (TrackState& track : v.state.bands) track.collapsed = true;
        v.relayout();
        QCOMPARE(v.rowOf("call1"), v.rowOf("op")); // the one row that is left
        QVERIFY(v.rowOf("call1") < open);
        QCOMPARE(v.scene("k1").outlines.size(), std::size_t(1)); // what is not drawn has none
        v.state.closedGroups.assign(v.state.closedGroups.size(), true);
        v.relayout();
        LinkRows rows(*v.model, v.layout);
        const LinkRow row = rows.of(v.slice("k1"));
        QCOMPARE(row.height, int(TimelineLayout::kGroupHeight));
        QVERIFY(!row.shown);
    }
    void forwardAndBackwardAreLinkedByTheirOwnKindOfLine()
    {
        test::TraceFixture f;
        const TrackId main = f.thread(1, 10, "main", "python"), engine = f.thread(1, 11, "engine");
        f.slice(main, 100, 50, "aten::relu", "cpu_op", {{ArgField::SequenceNumber, 4}, {ArgField::FwdThreadId, 0}});
        f.slice(engine, 500, 90, "autograd::engine::evaluate_function: ReluBackward0", "cpu_op",
                {{ArgField::SequenceNumber, 4}, {ArgField::FwdThreadId, 1}});
        f.slice(engine, 510, 70, "ReluBackward0", "cpu_op", {{ArgField::SequenceNumber, 4}, {ArgField::FwdThreadId, 1}});
        f.slice(engine, 520, 50, "aten::threshold_backward");
        const View v(f.finish());
        for (const char* selected : {"aten::threshold_backward", "ReluBackward0"}) {
            const LinkScene scene = v.scene(selected);
            QCOMPARE(labels(scene), QStringLiteral("Forward aten::relu, 410 ns earlier"));
            QCOMPARE(scene.curves.size(), std::size_t(1));
            QCOMPARE(scene.curves[0].stroke, LinkStroke::Forward);
            QCOMPARE(scene.curves[0].to.x(), 514.0); // the node, not what is inside it
        }
        QCOMPARE(labels(v.scene("aten::relu")), QStringLiteral("Backward ReluBackward0, 410 ns later"));
    }
    void theNodeOfAnExecutionTraceIsALabelBesideItsSlice()
    {
        const std::string folder = std::string(OPSCOPE_SHARED) + "/traces/pairs/resnet_2gpu_rf/";
        const std::vector<std::string> files{folder + "resnet_kineto.json.gz", folder + "resnet_et.json.gz"};
        if (!QFile::exists(QString::fromStdString(files[0]))) QSKIP("skipped: the shared traces are not here");
        auto trace = loadTrace(files);
        QVERIFY(bool(trace));
        const SliceId slice = test::sliceNamed(**trace, "aten::convolution_backward");
        QVERIFY((*trace)->nodeOf(slice).valid());
        View v(*trace);
        const TimeRange at = v.trace->slices().range(slice);
        v.range = {at.start - 200'000, at.end + 200'000};
        LinkRows rows(*v.model, v.layout);
        v.scrollY = rows.of(slice).y - 100;
        const LinkScene scene = v.scene(LinkFocus::of(*v.trace, slice));
        const LinkLabel& label = scene.labels.back();
        QVERIFY(label.isNode);
        QCOMPARE(label.node, v.trace->nodeOf(slice));
        QCOMPARE(label.text, QStringLiteral("Node %1").arg(v.trace->executionTrace()->node(label.node).id));
        QVERIFY(!scene.nodeLine.isNull());
    }
    void stepsTakeOneOfEachKindFirst()
    {
        const TracePtr trace = launches();
        const auto at = [&](const char* name) { return test::sliceNamed(*trace, name); };
        QCOMPARE(names(*trace, LinkSteps::choices(*trace, at("op"), LinkSteps::Way::Effect)), std::string("k1 k2"));
        QCOMPARE(names(*trace, LinkSteps::choices(*trace, at("k2"), LinkSteps::Way::Cause)), std::string("op call2"));
        QCOMPARE(names(*trace, LinkSteps::choices(*trace, at("k2"), LinkSteps::Way::Effect)), std::string());
        LinkSteps steps;
        QCOMPARE(steps.step(*trace, at("op"), LinkSteps::Way::Effect)->slice, at("k1"));
        QCOMPARE(steps.count(), std::size_t(2));
        QCOMPARE(steps.choose(*trace, at("k1"), 1)->slice, at("k2"));
        QCOMPARE(steps.number(), std::size_t(2));
        QCOMPARE(steps.choose(*trace, at("k2"), 1)->slice, at("k1"));  // round
        QCOMPARE(steps.choose(*trace, at("k1"), -1)->slice, at("k2"));
        QCOMPARE(steps.choose(*trace, at("call1"), -1)->slice, at("op")); // the selection moved: a step of its own
        QVERIFY(!steps.step(*trace, at("alone"), LinkSteps::Way::Cause));
    }
    void thinCurvesOfOneColourDoNotAddUp()
    {
        View v(graph(400));
        v.range = {0, 10'000};
        const LinkScene scene = v.scene("cudaGraphLaunch");
        LinkPainter painter;
        painter.setScene(scene, Theme::dark(), 1);
        QImage image(kWidth, kHeight, QImage::Format_RGB32);
        image.fill(Theme::dark().canvas);
        LinkScene thinOnly;
        thinOnly.thin = scene.thin;
        QPainter(&image).end();
        {
            QPainter p(&image);
            painter.paint(p, thinOnly, image.rect());
        }
        int brightest = 0, drawn = 0;
        for (int y = 0; y < kHeight; ++y)
            for (int x = 0; x < kWidth; ++x) {
                const int red = qRed(image.pixel(x, y));
                brightest = std::max(brightest, red);
                drawn += red > 60;
            }
        const Theme dark = Theme::dark();
        const int one = dark.canvas.red() + (dark.linkLaunch.red() - dark.canvas.red()) * 38 / 100;
        QVERIFY(drawn > 5'000);
        QVERIFY2(brightest <= one + 3, qPrintable(QString::number(brightest)));
    }
};

QTEST_MAIN(tst_LinkOverlay)
#include "tst_LinkOverlay.moc"
