#include <QTest> // first: moc of Qt 6.4 fails on <concepts> when nothing of Qt came before it

#include "widgets/timeline/TimelineView.h"

#include "tests/support/TimelineWindow.h"
#include "tests/support/TraceFixture.h"
#include "widgets/timeline/HoverCard.h"
#include "widgets/timeline/Overview.h"
#include "widgets/timeline/TimelineMenu.h"

#include <QMenu>
#include <QScrollBar>
#include <QSignalSpy>

using namespace opscope;
using namespace opscope::test;

namespace {

// main: [op 100..300 [call1 120..130 -> k1] [call2 150..160 -> k2]]   stream: k1 5'000..5'050, k2 5'100..5'120
TracePtr linked()
{
    test::TraceFixture f;
    const TrackId main = f.thread(1, 10, "main", "python"), stream = f.thread(0, 7, "stream 7", "GPU 0");
    f.slice(main, 100, 200, "op").slice(main, 9'000, 50, "alone");
    f.slice(main, 120, 10, "call1", "cuda_runtime", {{ArgField::Correlation, 1}});
    f.slice(main, 150, 10, "call2", "cuda_runtime", {{ArgField::Correlation, 2}});
    f.slice(stream, 5'000, 50, "k1", "kernel", {{ArgField::Correlation, 1}}).slice(stream, 5'100, 20, "k2", "kernel", {{ArgField::Correlation, 2}});
    return f.finish();
}

} // namespace

class tst_TimelineView : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void hoveringChangesNoGeometry()
    {
        TimelineWindow w(small());
        QSignalSpy spy(&w.view, &TimelineView::hoverText);
        const DrawRect* before = w.canvas().drawList().rects.data();
        w.move(w.middle("inner"));
        QCOMPARE(w.canvas().hover().slice, w.slice("inner"));
        QVERIFY(!spy.isEmpty() && spy.last()[0].toString().startsWith(QStringLiteral("inner, 200")));
        w.document.selectSlice(w.slice("leaf"));
        QCOMPARE(w.canvas().drawList().rects.data(), before);
    }
    void aCardComesAfterAMomentAndNeverOverTheSlice()
    {
        TimelineWindow w(small());
        auto* card = w.view.findChild<HoverCard*>();
        w.move(w.middle("inner"));
        QVERIFY(!card->isVisible());
        QTRY_VERIFY_WITH_TIMEOUT(card->isVisible(), 2'000);
        const QRect slice = w.canvas().rectOf(w.slice("inner")).translated(w.canvas().pos());
        QVERIFY(!card->geometry().intersects(slice));
        QVERIFY(w.view.rect().contains(card->geometry()));
        w.move({600, w.canvas().height() - 3});
        QVERIFY(!card->isVisible());
    }
    void chevronsCloseAndOpen()
    {
        TimelineWindow w(small());
        const int height = w.view.scene().layout.height;
        QTest::mouseClick(&w.canvas(), Qt::LeftButton, {}, QPoint(18, TimelineLayout::kGroupHeight + 12));
        const int closed = w.view.scene().layout.height;
        QVERIFY(closed < height);
        QTest::mouseClick(&w.canvas(), Qt::LeftButton, {}, QPoint(18, TimelineLayout::kGroupHeight + 12));
        QCOMPARE(w.view.scene().layout.height, height);
        QTest::mouseClick(&w.canvas(), Qt::LeftButton, {}, QPoint(400, 10)); // the process row
        QCOMPARE(w.view.scene().layout.height, TimelineLayout::kGroupHeight);
    }
    void revealingOpensWhatHidesIt()
    {
        test::TraceFixture f;
        for (int track = 0; track < 30; ++track) {
            const TrackId t = f.thread(1, track + 1);
            for (int depth = 0; depth < 30; ++depth)
                f.slice(t, depth, 10'000 - 2 * depth, "t" + std::to_string(track) + "d" + std::to_string(depth));
        }
        TimelineWindow w(f.finish());
        w.view.headerClicked({HeaderHit::Group, 0});
        const SliceId deep = w.slice("t29d25");
        QVERIFY(w.canvas().rectOf(deep).isNull());
        w.document.setVisibleRange({0, 20});
        w.document.reveal(deep);
        const QRect rect = w.canvas().rectOf(deep);
        QVERIFY(!rect.isNull());
        QVERIFY(rect.top() >= TimelineLayout::kGroupHeight && rect.bottom() <= w.canvas().height());
    }
    void revealingMovesAsLittleAsNeeded()
    {
        TimelineWindow w(small());
        w.document.setVisibleRange({350, 650});
        w.document.reveal(w.slice("inner2")); // in sight already
        QCOMPARE(w.range(), (TimeRange{350, 650}));
        w.document.reveal(w.slice("alone"));
        QCOMPARE(w.range().length(), std::uint64_t(300));
        QVERIFY(w.range().end >= 900 && w.range().end < 950);
    }
    void theOverviewMovesAndSelects()
    {
        TimelineWindow w(small());
        auto* overview = w.view.findChild<Overview*>();
        w.document.setVisibleRange({400, 500});
        const QRect frame = overview->frameRect();
        QTest::mousePress(overview, Qt::LeftButton, {}, frame.center());
        QTest::mouseMove(overview, frame.center() + QPoint(80, 0));
        QTest::mouseRelease(overview, Qt::LeftButton, {}, frame.center() + QPoint(80, 0));
        QVERIFY(w.range().start > 450);
        QCOMPARE(w.range().length(), std::uint64_t(100));
        QTest::mousePress(overview, Qt::LeftButton, {}, QPoint(250, 30));
        QTest::mouseMove(overview, QPoint(450, 30));
        QTest::mouseRelease(overview, Qt::LeftButton, {}, QPoint(450, 30));
        QVERIFY(w.range().length() > 150 && w.range().start < 200);
        QTest::mousePress(overview, Qt::LeftButton, {}, QPoint(overview->frameRect().right(), 30));
        QTest::mouseMove(overview, QPoint(600, 30));
        QTest::mouseRelease(overview, Qt::LeftButton, {}, QPoint(600, 30));
        QVERIFY(w.range().length() > 350);
    }
    void aNewTraceReplacesEverything()
    {
        TimelineWindow w(small());
        w.document.selectSlice(w.slice("leaf"));
        w.view.setFound({w.slice("leaf")});
        test::TraceFixture f;
        f.slice(f.thread(5, 5), 0, 10, "only");
        w.document.setTrace(f.finish());
        QCOMPARE(w.canvas().drawList().rects.size(), std::size_t(1));
        QVERIFY(!w.view.scene().matches && w.view.scene().found.empty());
        w.document.setTrace(nullptr);
        QVERIFY(!w.view.scene().ready());
        w.view.grab();
        w.key(Qt::Key_W); // nothing to do, nothing to fall over
    }
    void itDrawsWhatItDecided()
    {
        TimelineWindow w(small());
        const QImage image = w.view.grab().toImage();
        const SliceId slice = w.slice("alone");
        const QPoint at = w.canvas().mapTo(&w.view, w.canvas().rectOf(slice).bottomRight() - QPoint(3, 2));
        QCOMPARE(image.pixelColor(at).rgb(), w.view.scene().colors->style(slice, w.trace()).fill);
    }
    void aLargeTraceIsPreparedBesideTheWindow()
    {
        test::TraceFixture f;
        const TrackId t = f.thread(1, 1);
        for (int i = 0; i < 200'000; ++i) f.slice(t, i * 10, 9, "x");
        TimelineWindow w(small());
        w.document.setTrace(f.finish());
        QVERIFY(!w.view.scene().ready()); // not on this thread
        w.view.grab();
        QTRY_VERIFY_WITH_TIMEOUT(w.view.scene().ready(), 20'000);
        QVERIFY(!w.canvas().drawList().rects.empty());
    }
    void extremeTimesCanBeWalkedAround()
    {
        constexpr Nanos kMin = std::numeric_limits<Nanos>::min();
        constexpr Nanos kMax = std::numeric_limits<Nanos>::max();
        test::TraceFixture f;
        const TrackId t = f.thread(1, 1);
        f.slice(t, kMin + 1, 1'000, "first").slice(t, kMax - 1'000, 900, "last");
        TimelineWindow w(f.finish());
        for (const int k : {Qt::Key_S, Qt::Key_A, Qt::Key_D, Qt::Key_W, Qt::Key_Period, Qt::Key_F, Qt::Key_Period, Qt::Key_F, Qt::Key_F, Qt::Key_S, Qt::Key_0}) {
            w.key(k);
            w.view.grab();
        }
        for (int i = 0; i < 300; ++i) w.key(Qt::Key_W, Qt::ShiftModifier);
        QCOMPARE(w.range().length(), std::uint64_t(1));
        w.view.grab();
    }
    void bracketsFollowLinksAndCtrlChoosesAmongThem()
    {
        TimelineWindow w(linked());
        QSignalSpy spy(&w.document, &TraceDocument::announced);
        w.key(Qt::Key_BracketRight);
        QVERIFY(spy.last()[0].toString().startsWith(QStringLiteral("Nothing is selected")));
        w.document.reveal(w.slice("op"));
        w.key(Qt::Key_BracketRight);
        QCOMPARE(w.selected(), std::string("k1"));
        QCOMPARE(spy.last()[0].toString(), QStringLiteral("Launches k1, 4.9 µs later (1 of 2)"));
        w.key(Qt::Key_BracketRight, Qt::ControlModifier);
        QCOMPARE(w.selected(), std::string("k2"));
        w.key(Qt::Key_BracketLeft, Qt::ControlModifier);
        QCOMPARE(w.selected(), std::string("k1"));
        w.key(Qt::Key_BracketRight); // nothing follows from a kernel
        QCOMPARE(w.selected(), std::string("k1"));
        QVERIFY(spy.last()[0].toString().startsWith(QStringLiteral("No link leads on")));
        w.key(Qt::Key_BracketLeft);
        QCOMPARE(w.selected(), std::string("op"));
        QCOMPARE(spy.last()[0].toString(), QStringLiteral("Launched by op, 4.9 µs earlier (1 of 2)"));
        w.key(Qt::Key_BracketLeft, Qt::ControlModifier | Qt::AltModifier); // AltGr, as Windows reports it
        QVERIFY(spy.last()[0].toString().startsWith(QStringLiteral("No link leads here")));
        w.document.reveal(w.slice("k1"));
        w.key(Qt::Key_BracketLeft, Qt::GroupSwitchModifier); // and as X11 does
        QCOMPARE(w.selected(), std::string("op"));
    }
    void aClickOnALabelAtTheEdgeGoesThere()
    {
        TimelineWindow w(linked());
        w.document.setVisibleRange({0, 400});
        w.document.selectSlice(w.slice("call1"));
        QCOMPARE(w.canvas().linkScene().labels.size(), std::size_t(1));
        const LinkLabel label = w.canvas().linkScene().labels[0];
        QCOMPARE(label.edge, LinkLabel::Edge::Right);
        const QPoint at = label.box.center().toPoint();
        w.move(at);
        QCOMPARE(w.canvas().hitAt(at).kind, CanvasHit::Link);
        QCOMPARE(w.canvas().cursor().shape(), Qt::PointingHandCursor);
        QTest::mouseClick(&w.canvas(), Qt::LeftButton, {}, at);
        QCOMPARE(w.selected(), std::string("k1"));
        QVERIFY(w.range().contains(5'000));
    }
    void linksFollowTheSelectionAndCanBeSwitchedOff()
    {
        TimelineWindow w(linked());
        QVERIFY(w.canvas().linkScene().empty());
        w.document.selectSlice(w.slice("k2"));
        QVERIFY(!w.canvas().linkScene().curves.empty());
        const DrawRect* before = w.canvas().drawList().rects.data();
        Selection withTensor = w.document.selection();
        withTensor.tensor = TensorId(3);
        w.document.setSelection(withTensor);
        QVERIFY(!w.canvas().linkScene().curves.empty());
        w.document.selectSlice(w.slice("alone"));
        QVERIFY(w.canvas().linkScene().empty());
        QCOMPARE(w.canvas().drawList().rects.data(), before); // and no geometry was made anew
        w.document.selectSlice(w.slice("k2"));
        w.settings.setShowLinks(false);
        QVERIFY(w.canvas().linkScene().empty());
    }
    void aFilterDimsAndHidesAndGoingBackRestores()
    {
        TimelineWindow w(small());
        const std::size_t bands = w.view.scene().layout.bands.size();
        w.view.headerClicked({HeaderHit::Chevron, 0}); // closed by the user: stays closed, hidden or not
        w.filter("track == \"other\"");
        QVERIFY(w.view.scene().matches);
        QCOMPARE(w.view.scene().layout.bands.size(), bands);
        w.document.setFilterMode(FilterMode::Hide);
        QCOMPARE(w.view.scene().layout.bands.size(), std::size_t(1));
        QVERIFY(!w.view.scene().matches); // all that is there matches
        QVERIFY(w.canvas().rectOf(w.slice("outer")).isNull());
        QVERIFY(!w.canvas().rectOf(w.slice("alone")).isNull());
        w.view.grab();
        w.document.setFilter({});
        QCOMPARE(w.view.scene().layout.bands.size(), bands);
        QVERIFY(w.view.scene().state.bands[0].collapsed);
    }
    void hidingKeepsTheTrackAtTheTopWhereItWas()
    {
        test::TraceFixture f;
        for (int i = 0; i < 60; ++i) f.slice(f.thread(1, i + 1, "t" + std::to_string(i), "python"), 0, 100, i % 2 ? "odd" : "even");
        TimelineWindow w(f.finish());
        auto* bar = w.view.findChild<QScrollBar*>();
        bar->setValue(w.view.scene().layout.bands[21].y - TimelineLayout::kGroupHeight);
        const int before = bar->value();
        const auto top = [&w] {
            const TimelineScene& scene = w.view.scene();
            return scene.model->bands[scene.layout.bands[scene.layout.firstBandBelow(scene.scrollY + TimelineLayout::kGroupHeight)].band].name;
        };
        const std::string name = top();
        w.filter("name == \"" + std::string(w.trace().name(SliceId(21))) + "\"");
        w.document.setFilterMode(FilterMode::Hide);
        QCOMPARE(top(), name);
        w.document.setFilterMode(FilterMode::Dim);
        QCOMPARE(bar->value(), before);
    }
    void anEmptyAnswerHidesEverythingAndSaysSo()
    {
        TimelineWindow w(small());
        w.filter("name == \"nobody\"");
        w.document.setFilterMode(FilterMode::Hide);
        QVERIFY(w.view.scene().model->bands.empty());
        w.view.grab();
        w.key(Qt::Key_Right);
        w.key(Qt::Key_Period);
        QSignalSpy said(&w.document, &TraceDocument::announced);
        w.document.reveal(w.slice("leaf"));
        QVERIFY(said.size() == 1 && said[0][0].toString().contains(QStringLiteral("hidden by the filter")));
    }
    void walkingAlongATrackSkipsWhatIsHidden()
    {
        TimelineWindow w(small());
        w.filter("name in (\"inner\", \"leaf\")");
        w.document.setFilterMode(FilterMode::Hide);
        w.document.selectSlice(w.slice("inner"));
        w.key(Qt::Key_Period);
        QCOMPARE(w.selected(), std::string("leaf"));
        w.key(Qt::Key_Comma);
        QCOMPARE(w.selected(), std::string("inner"));
    }
    void aMenuOffersFiltersOfWhatLiesThere()
    {
        TimelineWindow w(small());
        CanvasHit hit;
        hit.kind = CanvasHit::Slice;
        hit.slice = w.slice("leaf");
        const auto choose = [&](const char* part) {
            QMenu menu;
            fillTimelineMenu(menu, w.document, *w.view.scene().model, hit);
            for (QAction* action : menu.actions())
                if (action->text().contains(QString::fromUtf8(part))) return action->trigger();
            QFAIL(part);
        };
        choose("Show only “leaf”");
        QCOMPARE(w.document.filter().text(), std::string("name == \"leaf\""));
        choose("Hide track");
        QVERIFY2(w.document.filter().text().find("track == ") != std::string::npos, w.document.filter().text().c_str());
        QVERIFY(w.document.filter().text().starts_with("name == \"leaf\" and not"));
        choose("Clear the filter");
        QVERIFY(w.document.filter().empty());
        hit = {};
        hit.kind = CanvasHit::Header;
        hit.header = {HeaderHit::Group, 0};
        choose("Show only python");
        QVERIFY(!w.document.filter().empty());
    }
    void whatIsNotLinkedStepsBackAndTheChainStays()
    {
        TimelineWindow w(linked());
        const auto color = [&w](const char* name) {
            return w.canvas().grab().toImage().pixelColor(w.canvas().rectOf(w.slice(name)).center() + QPoint(0, 6));
        };
        w.document.setVisibleRange({0, 10'000});
        const QColor alone = color("alone"), op = color("op");
        w.document.selectSlice(w.slice("k1"));
        QVERIFY(color("alone") != alone);
        QCOMPARE(color("op"), op);
        w.document.clearSelection();
        QCOMPARE(color("alone"), alone);
    }
};

QTEST_MAIN(tst_TimelineView)
#include "tst_TimelineView.moc"
