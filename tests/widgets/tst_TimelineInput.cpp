#include <QTest> // first: moc of Qt 6.4 fails on <concepts> when nothing of Qt came before it

#include "widgets/timeline/TimelineInput.h"

#include "tests/support/TimelineWindow.h"

#include <QScrollBar>

using namespace opscope;
using namespace opscope::test;

/// Keys, clicks, drags and the wheel over a timeline.
class tst_TimelineInput : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aClickSelectsAndAClickBesideClears()
    {
        TimelineWindow w(small());
        QTest::mouseClick(&w.canvas(), Qt::LeftButton, {}, w.middle("inner2"));
        QCOMPARE(w.selected(), std::string("inner2"));
        QTest::mouseClick(&w.canvas(), Qt::LeftButton, {}, QPoint(600, w.canvas().height() - 3));
        QCOMPARE(w.selected(), std::string());
    }

    void aDoubleClickFramesTheSlice()
    {
        TimelineWindow w(small());
        QTest::mouseDClick(&w.canvas(), Qt::LeftButton, {}, w.middle("inner"));
        QVERIFY(w.range().start <= 100 && w.range().end >= 300 && w.range().length() < 300);
    }

    void aClickOnAFoldedRunZoomsIntoIt()
    {
        test::TraceFixture f;
        const TrackId t = f.thread(1, 1);
        for (int i = 0; i < 1'000; ++i) f.slice(t, 500'000 + i, 1, "tiny");
        f.slice(t, 0, 10, "first").slice(t, 1'000'000, 10, "last");
        TimelineWindow w(f.finish());
        const QPoint run(w.canvas().xOf(500'500), TimelineLayout::kGroupHeight + 10);
        QCOMPARE(w.canvas().hitAt(run).kind, CanvasHit::Run);
        const std::uint64_t before = w.range().length();
        QTest::mouseClick(&w.canvas(), Qt::LeftButton, {}, run);
        QVERIFY(w.range().length() < before / 50);
        QVERIFY(w.range().contains(500'500));
        QCOMPARE(w.selected(), std::string());
    }

    void zoomKeysZoomAtThePointerAndBackAgain()
    {
        TimelineWindow w(small());
        const TimeRange all = w.range();
        w.move(w.at(500, 50));
        w.key(Qt::Key_W);
        QVERIFY(w.range().length() < all.length());
        QVERIFY(std::abs(w.canvas().xOf(500) - w.at(500, 50).x()) <= 1);
        const std::uint64_t slow = w.range().length();
        w.key(Qt::Key_S);
        QVERIFY(w.range().length() > slow);
        w.document.showAll();
        w.key(Qt::Key_W, Qt::ShiftModifier);
        QVERIFY(w.range().length() < slow); // Shift is faster
    }

    void panKeysPan()
    {
        TimelineWindow w(small());
        w.document.setVisibleRange({400, 600});
        w.key(Qt::Key_D);
        QCOMPARE(w.range(), (TimeRange{420, 620}));
        w.key(Qt::Key_A);
        w.key(Qt::Key_A, Qt::ShiftModifier);
        QCOMPARE(w.range(), (TimeRange{300, 500}));
    }

    void everyKeyStillMovesAtTheFinestZoom()
    {
        TimelineWindow w(small());
        w.document.setVisibleRange({400, 401});
        w.key(Qt::Key_D);
        QCOMPARE(w.range(), (TimeRange{401, 402}));
        w.key(Qt::Key_S);
        QVERIFY(w.range().length() > 1);
    }

    void fFramesTheSelectionAndFAgainEverything()
    {
        TimelineWindow w(small());
        const TimeRange all = w.range();
        w.document.selectSlice(w.slice("leaf"));
        w.key(Qt::Key_F);
        QVERIFY(w.range().length() < 100);
        w.key(Qt::Key_F);
        QCOMPARE(w.range(), all);
        w.key(Qt::Key_F);
        QVERIFY(w.range().length() < 100);
        w.key(Qt::Key_0);
        QCOMPARE(w.range(), all);
    }

    void arrowsWalk()
    {
        TimelineWindow w(small());
        w.document.selectSlice(w.slice("inner"));
        w.key(Qt::Key_Right);
        QCOMPARE(w.selected(), std::string("inner2"));
        w.key(Qt::Key_Down);
        QCOMPARE(w.selected(), std::string("leaf"));
        w.key(Qt::Key_Up);
        w.key(Qt::Key_Up);
        QCOMPARE(w.selected(), std::string("outer"));
        w.key(Qt::Key_Up); // nothing above: stays
        QCOMPARE(w.selected(), std::string("outer"));
        w.key(Qt::Key_Down);
        QCOMPARE(w.selected(), std::string("inner"));
        w.key(Qt::Key_Left);
        QCOMPARE(w.selected(), std::string("inner"));
    }

    void commaAndPeriodWalkTheTrackInTime()
    {
        TimelineWindow w(small());
        w.key(Qt::Key_Period); // nothing chosen: the first in view
        QCOMPARE(w.selected(), std::string("outer"));
        for (const char* expected : {"inner", "inner2", "leaf"}) {
            w.key(Qt::Key_Period);
            QCOMPARE(w.selected(), std::string(expected));
        }
        w.key(Qt::Key_Period); // the last of its track
        QCOMPARE(w.selected(), std::string("leaf"));
        w.key(Qt::Key_Comma);
        QCOMPARE(w.selected(), std::string("inner2"));
    }

    void escapeClearsTheSelectionThenTheRange()
    {
        TimelineWindow w(small());
        w.document.selectRange(TimeRange{100, 200});
        w.document.selectSlice(w.slice("inner"));
        w.key(Qt::Key_Escape);
        QVERIFY(!w.document.selection().slice && w.document.selection().range);
        w.key(Qt::Key_Escape);
        QVERIFY(w.document.selection().empty());
    }

    void draggingSelectsARangeThatSnaps()
    {
        TimelineWindow w(small());
        const int y = w.middle("inner").y();
        w.drag(w.at(100, y) + QPoint(4, 0), w.at(600, y) - QPoint(5, 0));
        QCOMPARE(w.document.selection().range, std::optional(TimeRange{100, 600}));
        QCOMPARE(w.selected(), std::string()); // a drag is no click
    }

    void altDoesNotSnap()
    {
        TimelineWindow w(small());
        const int y = w.middle("inner").y();
        const QPoint from = w.at(100, y) + QPoint(4, 0);
        const QPoint to = w.at(600, y) - QPoint(5, 0);
        w.drag(from, to, Qt::LeftButton, Qt::AltModifier);
        QCOMPARE(w.document.selection().range, std::optional(TimeRange{w.canvas().timeAt(from.x()), w.canvas().timeAt(to.x())}));
        QVERIFY(w.document.selection().range->start != 100);
    }

    void shiftDragAndMiddleDragPan()
    {
        TimelineWindow w(small());
        w.document.setVisibleRange({400, 600});
        w.drag({500, 60}, {400, 60}, Qt::LeftButton, Qt::ShiftModifier);
        QVERIFY(w.range().start > 400);
        QCOMPARE(w.range().length(), std::uint64_t(200));
        const Nanos start = w.range().start;
        w.drag({400, 60}, {500, 60}, Qt::MiddleButton);
        QVERIFY(w.range().start < start);
        QVERIFY(!w.document.selection().range);
    }

    void theWheelScrollsZoomsAndPans()
    {
        test::TraceFixture f;
        for (int i = 0; i < 60; ++i) f.slice(f.thread(1, i + 1), 0, 1'000, "x");
        TimelineWindow w(f.finish());
        auto* bar = w.view.findChild<QScrollBar*>();
        w.wheel({500, 100}, -120);
        QVERIFY(bar->value() > 0);
        QCOMPARE(w.view.scene().scrollY, bar->value());
        const TimeRange all = w.range();
        w.wheel({500, 100}, 120, Qt::ControlModifier);
        QVERIFY(w.range().length() < all.length());
        const TimeRange zoomedIn = w.range();
        w.wheel({500, 100}, -120, Qt::ShiftModifier);
        QVERIFY(w.range().start > zoomedIn.start);
        QCOMPARE(w.range().length(), zoomedIn.length());
    }
};

QTEST_MAIN(tst_TimelineInput)
#include "tst_TimelineInput.moc"
