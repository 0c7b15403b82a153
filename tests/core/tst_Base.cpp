#include "core/base/Diagnostics.h"
#include "core/base/Path.h"
#include "core/base/StringPool.h"
#include "core/base/Time.h"

#include <QTest>

#include <random>

using namespace opscope;

class tst_Base : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void microsecondsAreReadFromTheirDigits_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<bool>("good");
        QTest::addColumn<qlonglong>("ns");
        QTest::addColumn<qulonglong>("atto");
        const auto row = [](const char* text, bool good, qlonglong ns, qulonglong atto = 0) {
            QTest::newRow(text) << QString::fromUtf8(text) << good << ns << atto;
        };
        row("0", true, 0);
        row("12", true, 12'000);
        row("-3.25", true, -3'250);
        row(" 1.5 ", true, 1'500);
        row("1.5e3", true, 1'500'000);
        row("15E-1", true, 1'500);
        row("1695835535123456.789", true, 1'695'835'535'123'456'789);
        row("9223372036854775.807", true, 9'223'372'036'854'775'807);
        row("9223372036854775.808", false, 0);
        row("1e400", false, 0);
        row("1e-400", true, 0);
        row("0.0004", true, 0, 400'000'000'000'000'000);
        row("-0.0004", true, -1, 600'000'000'000'000'000);
        row("60130442.844395378567384", true, 60'130'442'844, 395'378'567'384'000'000);
        row("", false, 0);
        row("-", false, 0);
        row("nan", false, 0);
        row("1e", false, 0);
        row("1x", false, 0);
    }
    void microsecondsAreReadFromTheirDigits()
    {
        QFETCH(QString, text);
        QFETCH(bool, good);
        const auto t = parseMicroseconds(text.toStdString());
        QCOMPARE(t.has_value(), good);
        if (!good) return;
        QTEST(static_cast<qlonglong>(t->ns), "ns");
        QTEST(static_cast<qulonglong>(t->atto), "atto");
    }
    void sumsKeepEveryDigit()
    {
        ExactSum sum;
        sum.add(*parseMicroseconds("0.0007"));
        sum.add(*parseMicroseconds("0.0007"));
        QCOMPARE(sum.text(), std::string("1.4"));
        sum.add(*parseMicroseconds("-0.002"));
        QCOMPARE(sum.text(), std::string("-0.6"));
        ExactSum large;
        for (int i = 0; i < 3; ++i) large.add(INT64_MAX);
        QCOMPARE(large.text(), std::string("27670116110564327421"));
    }
    void timesReadWellAndExactly()
    {
        QCOMPARE(formatExact(345'242'379), std::string("345.242\u2009379 ms"));
        QCOMPARE(formatExact(0), std::string("0 ns"));
        QCOMPARE(formatExact(INT64_MIN), std::string("-9223372036.854\u2009775\u2009808 s"));
        QCOMPARE(formatDuration(2'180'600), std::string("2.181 ms"));
        QCOMPARE(formatDuration(1'211'293'000), std::string("1.211 s"));
        QCOMPARE(formatDuration(115'166), std::string("115.2 \u00B5s"));
        QCOMPARE(formatDuration(480), std::string("480 ns"));
        QCOMPARE(formatDuration(999'960), std::string("1.000 ms"));
        QCOMPARE(formatAxis(343'500'000, 100'000), std::string("343.5 ms"));
        QCOMPARE(formatAxis(-340'095, 1'000'000), std::string("0 ms"));
        QCOMPARE(formatAxis(-1'340'095, 1'000'000), std::string("-1 ms"));
        QCOMPARE(formatCount(14'388), std::string("14,388"));
        QCOMPARE(formatCount(-1'000'000), std::string("-1,000,000"));
        QCOMPARE(formatBytes(12'845'056), std::string("12.25 MiB"));
        QCOMPARE(formatBytes(-512), std::string("-512 B"));
        QCOMPARE(formatShare(0.0813), std::string("8.1 %"));
    }
    void rangesAreTypedWithUnits()
    {
        const auto range = parseTimeRange("1.5ms..2ms");
        QVERIFY(range);
        QCOMPARE(range->start, 1'500'000);
        QCOMPARE(range->end, 2'000'000);
        QVERIFY(!parseTimeRange("2ms..1ms"));
        QVERIFY(!parseTimeRange("2ms"));
        QVERIFY(!parseTimeRange("a..b"));
        QCOMPARE(TimeRange({INT64_MIN, INT64_MAX}).length(), UINT64_MAX);
    }
    void aPoolGivesEachTextOneNumber()
    {
        StringPool pool;
        std::mt19937 random(7);
        std::vector<std::string> texts;
        for (int i = 0; i < 20'000; ++i) texts.push_back(std::to_string(random() % 9'000) + std::string(random() % 40, 'x'));
        std::vector<StringId> ids;
        for (const std::string& text : texts) ids.push_back(pool.intern(text));
        for (std::size_t i = 0; i < texts.size(); ++i) {
            QVERIFY(pool.view(ids[i]) == texts[i]);
            QCOMPARE(pool.find(texts[i]), ids[i]);
        }
        QVERIFY(!pool.find("not there"));
        QVERIFY(pool.view(StringId(0)).empty());
        QCOMPARE(pool.intern(""), StringId(0));
    }
    void badBytesBecomeReplacementCharacters()
    {
        std::string out;
        QVERIFY(!sanitizeUtf8("gr\xC3\xBC\xC3\x9F", out));
        QVERIFY(sanitizeUtf8("a\xFF\xC3(\xED\xA0\x80", out));
        QCOMPARE(QString::fromStdString(out), QStringLiteral("a\uFFFD\uFFFD(\uFFFD\uFFFD\uFFFD"));
        QVERIFY(!isValidUtf8("\xC0\x80"));
        QVERIFY(isValidUtf8("\xF0\x9F\x98\x80"));
    }
    void controlCharactersNeverReachATerminal()
    {
        const std::string out = withoutControls("a\x1b[31mb\n\x7f\xC2\x9B" "c\u202Ed");
        QCOMPARE(QString::fromStdString(out), QStringLiteral("a\u241B[31mb\u240A\u2421\uFFFDc\uFFFDd"));
    }
    void theLastPartOfAPathIsItsName()
    {
        QCOMPARE(fileName("/home/me/runs/a.json"), std::string("a.json"));
        QCOMPARE(fileName("runs/a.json"), std::string("a.json"));
        QCOMPARE(fileName("a.json"), std::string("a.json"));
        QCOMPARE(fileName("runs/b/"), std::string("b/"));
        QCOMPARE(fileName("b//"), std::string("b//"));
        QCOMPARE(fileName("/"), std::string("/"));
        QCOMPARE(fileName("/a"), std::string("a"));
        QCOMPARE(fileName(""), std::string());
        QCOMPARE(fileName("a/\x1b\xFF"), std::string("\x1b\xFF"));
        QCOMPARE(QString::fromStdString(displayName("a/\x1b\xFF")), QStringLiteral("\u241B\uFFFD"));
    }
    void everyDefectHasItsLine()
    {
        for (int i = 0; i < static_cast<int>(Defect::Count_); ++i) {
            QVERIFY(!info(static_cast<Defect>(i)).id.empty());
            QVERIFY(!info(static_cast<Defect>(i)).action.empty());
        }
        QCOMPARE(info(Defect::NoEvents).id, std::string_view("no-events"));
        QCOMPARE(info(Defect::FlowWithoutPartner).id, std::string_view("flow-without-partner"));
    }
    void mergedPlacesDoNotDependOnTheOrderOfWorkers()
    {
        Diagnostics a, b, ab, ba;
        for (std::uint64_t i = 0; i < 40; ++i) (i % 2 ? a : b).note(Defect::NegativeDuration, i);
        ab.merge(a, 0);
        ab.merge(b, 0);
        ba.merge(b, 0);
        ba.merge(a, 0);
        QCOMPARE(ab.count(Defect::NegativeDuration), 40u);
        QCOMPARE(ab.places(Defect::NegativeDuration).size(), Diagnostics::kPlacesKept);
        for (std::size_t i = 0; i < Diagnostics::kPlacesKept; ++i)
            QCOMPARE(ab.places(Defect::NegativeDuration)[i].offset, ba.places(Defect::NegativeDuration)[i].offset);
        QCOMPARE(ab.seen().size(), std::size_t{1});
        QCOMPARE(ab.countOf(Severity::Warning), 1u);
    }
};

QTEST_GUILESS_MAIN(tst_Base)
#include "tst_Base.moc"
