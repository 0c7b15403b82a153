#include <QtTest>

#include "widgets/document/History.h"

#include <string>

using namespace opscope;

namespace {

HistoryPlace at(Nanos start)
{
    HistoryPlace place;
    place.visible = {start, start + 10};
    return place;
}

// Where going back as far as possible leads through, the newest first.
std::string stepsOf(History history)
{
    std::string all;
    while (history.canGoBack()) all += std::to_string(history.back().visible.start) + " ";
    return all;
}

} // namespace

class tst_History : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void whatFollowsWithinMomentsIsOneStep()
    {
        History history;
        history.reset(at(0));
        QVERIFY(!history.canGoBack());
        history.note(at(1), 1'000);
        history.note(at(2), 1'500);
        history.note(at(3), 2'100); // each within moments of the one before
        history.note(at(4), 2'100 + History::kBurstMs + 1);
        QCOMPARE(stepsOf(history), std::string("3 0 "));
    }
    void forwardLeadsWhereBackCameFromUntilSomethingNewHappens()
    {
        History history;
        history.reset(at(0));
        history.note(at(1), 1'000);
        history.note(at(2), 5'000);
        QCOMPARE(history.back().visible.start, 1);
        QVERIFY(history.canGoForward());
        QCOMPARE(history.forward().visible.start, 2);
        QVERIFY(!history.canGoForward());
        history.back();
        history.note(at(7), 5'001); // at once after going back: a step of its own all the same
        QVERIFY(!history.canGoForward());
        QCOMPARE(stepsOf(history), std::string("1 0 "));
    }
    void thereAndBackWithinAMomentIsNoStep()
    {
        History history;
        history.reset(at(0));
        history.note(at(1), 1'000);
        history.note(at(0), 1'100);
        QVERIFY(!history.canGoBack());
        history.note(at(2), 1'200);
        QCOMPARE(stepsOf(history), std::string("0 "));
    }
    void theSamePlaceAgainIsNothing()
    {
        History history;
        history.reset(at(0));
        history.note(at(1), 1'000);
        history.back();
        history.note(at(0), 9'000);
        QVERIFY(history.canGoForward());
    }
    void onlySoManyAreKept()
    {
        History history;
        history.reset(at(-1));
        for (Nanos i = 0; i < 1'000; ++i) history.note(at(i), i * 10'000);
        std::size_t steps = 0;
        Nanos last = 0;
        for (; history.canGoBack(); ++steps) last = history.back().visible.start;
        QCOMPARE(steps, History::kMost - 1);
        QCOMPARE(last, Nanos(1'000 - History::kMost));
    }
    void aStepThatFailedIsNone()
    {
        History history;
        history.reset(at(0));
        history.note(at(1), 1'000);
        history.note(at(2), 9'000);
        history.amend(at(1));
        QCOMPARE(stepsOf(history), std::string("0 "));
    }
};

QTEST_GUILESS_MAIN(tst_History)
#include "tst_History.moc"
