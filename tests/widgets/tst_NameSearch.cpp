#include <QSignalSpy>
#include <QtTest>

#include "tests/support/Golden.h"
#include "tests/support/TraceFixture.h"
#include "widgets/document/NameSearch.h"
#include "widgets/document/TraceDocument.h"

using namespace opscope;
using namespace opscope::test;

namespace {

TracePtr fiveSlices()
{
    TraceFixture f;
    const TrackId first = f.thread(1, 10, "first");
    const TrackId second = f.thread(1, 11, "second");
    f.slice(first, 1'000, 10, "aten::add").slice(first, 3'000, 40, "aten::MM").slice(first, 5'000, 10, "aten::add_");
    f.slice(second, 2'000, 30, "aten::Add").slice(second, 4'000, 10, "größe");
    f.instant(second, 4'500, "added memory");
    return f.finish();
}

QStringList namesOf(const Trace& trace, const std::vector<Match>& matches)
{
    QStringList names;
    for (const Match& match : matches) {
        const StringId name = match.slice ? trace.slices().name(match.slice) : trace.instants().name(match.instant);
        names << QString::fromUtf8(trace.text(name).data(), static_cast<qsizetype>(trace.text(name).size()));
    }
    return names;
}

} // namespace

class tst_NameSearch : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void upperAndLowerCaseAreAlikeAndTheOrderIsThatOfTime()
    {
        const TracePtr trace = fiveSlices();
        QCOMPARE(namesOf(*trace, findByName(*trace, QStringLiteral("aDd"))),
                 (QStringList{QStringLiteral("aten::add"), QStringLiteral("aten::Add"), QStringLiteral("added memory"), QStringLiteral("aten::add_")}));
    }
    void lettersBeyondAsciiFoldToo()
    {
        const TracePtr trace = fiveSlices();
        QCOMPARE(findByName(*trace, QStringLiteral("GRÖ")).size(), std::size_t(1));
    }
    void nothingIsFoundByNothing()
    {
        const TracePtr trace = fiveSlices();
        QVERIFY(findByName(*trace, QString()).empty());
        QVERIFY(findByName(*trace, QStringLiteral("absent")).empty());
    }
    void aNodeIsFoundByItsIdAndGoesToItsSliceWhereItHasOne()
    {
        const std::vector<std::string> files{dataPath("detail/step.json"), dataPath("detail/step_et.json")};
        const auto trace = loadTrace(files);
        QVERIFY(trace);
        const std::vector<Match> addmm = findByName(**trace, QStringLiteral("#4")), zeros = findByName(**trace, QStringLiteral("#3"));
        QCOMPARE(addmm.size(), std::size_t(1));
        QVERIFY(addmm[0].slice == sliceNamed(**trace, "aten::addmm") && !addmm[0].node);
        QCOMPARE(zeros.size(), std::size_t(1));
        QVERIFY(!zeros[0].slice && zeros[0].node == (*trace)->executionTrace()->byId(3));
        TraceDocument document;
        document.setTrace(*trace);
        NameSearch search(document);
        search.setText(QStringLiteral("#3"));
        QTRY_VERIFY(!search.busy());
        search.next();
        QVERIFY(document.selection().node == zeros[0].node);
        QCOMPARE(search.current(), std::ptrdiff_t(0));
    }
    void aStoppedSearchReturnsNothing()
    {
        const auto stop = std::make_unique<std::stop_source>(); // on the stack, gcc 12 takes it for uninitialised
        stop->request_stop();
        QVERIFY(findByName(*fiveSlices(), QStringLiteral("add"), stop->get_token()).empty());
    }
    void oneIsFoundByItsExactNameFirst()
    {
        const TracePtr trace = fiveSlices();
        QVERIFY(findOne(*trace, QStringLiteral("aten::add_")).slice == sliceNamed(*trace, "aten::add_"));
        QVERIFY(findOne(*trace, QStringLiteral("mm")).slice == sliceNamed(*trace, "aten::MM"));
        QVERIFY(findOne(*trace, QStringLiteral("absent")) == Match{});
    }
    void steppingGoesRound()
    {
        TraceDocument document;
        document.setTrace(fiveSlices());
        NameSearch search(document);
        search.setText(QStringLiteral("aten::add"));
        QTRY_COMPARE(search.matches().size(), std::size_t(3));
        QCOMPARE(search.current(), std::ptrdiff_t(-1));
        search.next();
        QCOMPARE(search.current(), std::ptrdiff_t(0));
        search.next();
        search.next();
        QCOMPARE(search.current(), std::ptrdiff_t(2));
        search.next();
        QCOMPARE(search.current(), std::ptrdiff_t(0));
        search.previous();
        QCOMPARE(search.current(), std::ptrdiff_t(2));
    }
    void steppingStartsBehindTheSelectionElseAtTheView()
    {
        TraceDocument document;
        document.setTrace(fiveSlices());
        NameSearch search(document);
        search.setText(QStringLiteral("aten::add"));
        QTRY_VERIFY(!search.busy());
        document.selectSlice(sliceNamed(*document.trace(), "aten::MM"));
        search.next();
        QCOMPARE(search.current(), std::ptrdiff_t(2));
        document.clearSelection();
        document.setVisibleRange({1'500, 2'500});
        search.next();
        QCOMPARE(search.current(), std::ptrdiff_t(1));
    }
    void enterBeforeTheAnswerIsKept()
    {
        TraceDocument document;
        document.setTrace(fiveSlices());
        NameSearch search(document);
        search.setText(QStringLiteral("add"));
        QVERIFY(search.busy());
        search.next();
        QTRY_COMPARE(search.current(), std::ptrdiff_t(0));
    }
    void theSameTextIsSearchedInTheNextTrace()
    {
        TraceDocument document;
        document.setTrace(fiveSlices());
        NameSearch search(document);
        search.setText(QStringLiteral("MM"));
        QTRY_COMPARE(search.matches().size(), std::size_t(1));
        TraceFixture other;
        const TrackId track = other.thread(1, 1);
        other.slice(track, 0, 1, "mm").slice(track, 2, 1, "mm");
        document.setTrace(other.finish());
        QTRY_COMPARE(search.matches().size(), std::size_t(2));
        search.setText(QString());
        QVERIFY(search.matches().empty());
    }
    void aMillionSlicesDoNotHoldUpTheWindow()
    {
        TraceFixture f;
        const TrackId track = f.thread(1, 1);
        for (int i = 0; i < 1'000'000; ++i)
            f.slice(track, i * 10, 5, i % 2 ? "aten::add" : "aten::mul");
        TraceDocument document;
        document.setTrace(f.finish());
        NameSearch search(document);
        search.setText(QStringLiteral("add"));
        QVERIFY2(search.matches().empty(), "setText waited for the search"); // found on a worker, told by the event loop
        QTRY_COMPARE(search.matches().size(), std::size_t(500'000));
        search.next();
        QVERIFY(document.selection().slice.valid());
    }
};

QTEST_MAIN(tst_NameSearch)
#include "tst_NameSearch.moc"
