#include <QtTest>

#include "core/query/Query.h"
#include "tests/support/TraceFixture.h"
#include "widgets/document/ClickFilters.h"
#include "widgets/document/FamilyTerm.h"

using namespace opscope;

namespace {

Filter filterOf(const std::string& text)
{
    auto parsed = Filter::parse(text);
    if (auto* filter = std::get_if<Filter>(&parsed)) return *filter;
    qFatal("%s: %s", text.c_str(), std::get<FilterError>(parsed).message.c_str());
}

/// "+" shown, "-" hidden, in the order of the families.
std::string shown(const std::string& text)
{
    std::string all;
    const FamilyTerm term = FamilyTerm::in(text);
    for (std::size_t i = 0; i < kFamilies; ++i) all += term.shows(static_cast<Family>(i)) ? '+' : '-';
    return all;
}

} // namespace

class tst_FilterChips : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void whatTheChipsSayIsReadFromTheText_data();
    void whatTheChipsSayIsReadFromTheText();
    void aClickHidesAndShows();
    void theRestStaysAsItWasWritten();
    void altClickShowsOneFamilyAndOnceMoreAll();
    void aFilterWithOrIsPutInBrackets();
    void whatAClickMadeIsAlwaysAFilter();
    void tracksOfOneNameAreToldApart();
};

void tst_FilterChips::whatTheChipsSayIsReadFromTheText_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("shows");
    const auto row = [](const char* text, const char* shows) { QTest::newRow(text) << QString::fromUtf8(text) << QString::fromUtf8(shows); };
    row("", "+++++++++++");
    row("dur > 50us", "+++++++++++");
    row("not family in (memory, sync)", "++++-+++-++");
    row("NOT family IN ( memory,sync )", "++++-+++-++");
    row("dur > 50us and not family in (matmul) and cat == kernel", "-++++++++++");
    row("family == matmul", "+----------");
    row("family in (matmul, \"attention\") and dur > 1ms", "++---------");
    row("not family == python", "++++++++++-");
    row("family == matmul or dur > 1ms", "+++++++++++");        // the user's own
    row("not (family == matmul or dur > 1ms)", "+++++++++++");
    row("inside(family == matmul)", "+++++++++++");
    row("name == \"not family in (memory)\"", "+++++++++++");
    row("family == ", "+++++++++++");
    row("dur > 50us and \"", "+++++++++++");
}

void tst_FilterChips::whatTheChipsSayIsReadFromTheText()
{
    QFETCH(QString, text);
    QFETCH(QString, shows);
    QCOMPARE(QString::fromStdString(shown(text.toStdString())), shows);
}

void tst_FilterChips::aClickHidesAndShows()
{
    Filter filter = withFamilyToggled({}, Family::Memory);
    QCOMPARE(filter.text(), std::string("not family in (memory)"));
    filter = withFamilyToggled(filter, Family::Sync);
    QCOMPARE(filter.text(), std::string("not family in (memory, sync)"));
    filter = withFamilyToggled(filter, Family::Memory);
    filter = withFamilyToggled(filter, Family::Sync);
    QVERIFY(filter.empty());
}

void tst_FilterChips::theRestStaysAsItWasWritten()
{
    const Filter written = filterOf("dur  >  50us   and (cat == kernel or name ~ \"and\")");
    const Filter hidden = withFamilyToggled(written, Family::Memory);
    QVERIFY2(hidden.text().starts_with("dur  >  50us"), hidden.text().c_str());
    QVERIFY2(hidden.text().ends_with("not family in (memory)"), hidden.text().c_str());
    QCOMPARE(withFamilyToggled(hidden, Family::Memory).text(), written.text());
    const Filter between = filterOf("name ~ \"x\" and not family in (memory) and  dur > 5");
    QCOMPARE(withFamilyToggled(between, Family::Sync).text(), std::string("name ~ \"x\" and not family in (memory, sync) and  dur > 5"));
    QCOMPARE(withFamilyToggled(between, Family::Memory).text(), std::string("name ~ \"x\" and dur > 5"));
    const Filter front = filterOf("family == matmul && dur > 5");
    QCOMPARE(withOnlyFamily(front, Family::Matmul).text(), std::string("dur > 5"));
}

void tst_FilterChips::altClickShowsOneFamilyAndOnceMoreAll()
{
    Filter filter = withOnlyFamily(filterOf("not family in (memory, sync)"), Family::Matmul);
    QCOMPARE(filter.text(), std::string("family == matmul"));
    filter = withFamilyToggled(filter, Family::Attention); // one more
    QCOMPARE(filter.text(), std::string("family in (matmul, attention)"));
    filter = withOnlyFamily(filter, Family::Attention);
    QVERIFY(withOnlyFamily(filter, Family::Attention).empty());
}

void tst_FilterChips::aFilterWithOrIsPutInBrackets()
{
    const Filter filter = withFamilyToggled(filterOf("dur > 1ms or cat == kernel"), Family::Memory);
    QCOMPARE(shown(filter.text()), std::string("++++-++++++"));
    const Filter again = withFamilyToggled(filter, Family::Memory);
    QCOMPARE(shown(again.text()), std::string("+++++++++++"));
    QVERIFY2(again.text().find("dur > 1ms or cat == kernel") != std::string::npos, again.text().c_str());
}

void tst_FilterChips::whatAClickMadeIsAlwaysAFilter()
{
    test::TraceFixture f;
    const TrackId track = f.thread(1, 2, "a \"quoted\" thread");
    for (const char* name : {"plain", "with \"quotes\"", "back\\slash", "new\nline", "(brackets) and or not", ""}) f.slice(track, 0, 10, name, "cat \"x\"");
    const TracePtr trace = f.finish();
    for (std::size_t i = 0; i < trace->slices().size(); ++i) {
        const SliceId slice(i);
        auto found = runQuery(*trace, sameName(*trace, slice));
        QVERIFY2(found.ok() && found->slices.contains(slice), sameName(*trace, slice).text().c_str());
        found = runQuery(*trace, sameCategory(*trace, slice));
        QVERIFY(found.ok() && found->slices.contains(slice));
        found = runQuery(*trace, onTrack(*trace, trace->trackOf(slice)));
        QVERIFY(found.ok() && found->slices.contains(slice));
        QVERIFY(found->slices.count() == trace->slices().size());
    }
}

void tst_FilterChips::tracksOfOneNameAreToldApart()
{
    test::TraceFixture f;
    const TrackId a = f.thread(1, 2, "worker", "python"), b = f.thread(1, 3, "worker"), c = f.thread(5, 2, "worker", "python");
    f.slice(a, 0, 10, "on a").slice(b, 0, 10, "on b").slice(c, 0, 10, "on c");
    const TracePtr trace = f.finish();
    for (const char* name : {"on a", "on b", "on c"}) {
        const SliceId slice = test::sliceNamed(*trace, name);
        const Filter filter = onTrack(*trace, trace->trackOf(slice));
        const auto found = runQuery(*trace, filter);
        QVERIFY(found.ok());
        QVERIFY2(found->slices.contains(slice), filter.text().c_str());
        QVERIFY2(found->slices.count() == 1, filter.text().c_str());
    }
}

QTEST_GUILESS_MAIN(tst_FilterChips)
#include "tst_FilterChips.moc"
