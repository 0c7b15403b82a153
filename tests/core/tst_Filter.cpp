#include <QTest>

#include "core/query/FilterNode.h"
#include "core/base/StringPool.h"
#include "core/query/Query.h"
#include "tests/support/Golden.h"
#include "tests/support/Mutants.h"
#include "tests/support/RandomFilters.h"
#include "tests/support/TraceFixture.h"

#include <random>

using namespace opscope;
using namespace opscope::test;

namespace {

Filter parsed(std::string_view text)
{
    auto result = Filter::parse(text);
    if (const FilterError* error = std::get_if<FilterError>(&result)) {
        qFatal("%.*s: column %zu: %s", static_cast<int>(text.size()), text.data(), error->column, error->message.c_str());
    }
    return std::get<Filter>(result);
}

/// "4+3 message"
std::string complaint(std::string_view text)
{
    const auto result = Filter::parse(text);
    const FilterError* error = std::get_if<FilterError>(&result);
    if (!error) return "none";
    return std::to_string(error->column) + '+' + std::to_string(error->length) + ' ' + error->message;
}

std::string canonical(std::string_view text)
{
    return opscope::text(*parsed(text).root());
}

} // namespace

class tst_Filter : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void whiteSpaceIsTheEmptyFilter()
    {
        QVERIFY(parsed("").empty());
        QVERIFY(parsed(" \t\r\n").empty());
        QCOMPARE(parsed("  dur > 5us \n").text(), std::string("dur > 5us"));
    }

    void bracketsAreWrittenWhereTheyMatterOnly()
    {
        QCOMPARE(canonical("((dur>5us)) && (! (cat==kernel||depth == 0))"), std::string("dur > 5us and not (cat == \"kernel\" or depth == 0)"));
        QCOMPARE(canonical("depth == 0 and (depth == 1 and depth == 2) or (depth == 3 or depth == 4)"),
                 std::string("depth == 0 and depth == 1 and depth == 2 or depth == 3 or depth == 4"));
        QCOMPARE(canonical("not not depth == 1"), std::string("not not depth == 1"));
        QCOMPARE(canonical("\"gemm\""), std::string("name ~ \"gemm\""));
        QCOMPARE(canonical("External id == 5 and 'External id' == 5 and EXTERNAL_ID == 5"), std::string("external_id == 5 and external_id == 5 and external_id == 5"));
        QCOMPARE(canonical("args.a.\"b c\".0 == 7"), std::string("args.a.\"b c\".\"0\" == 7"));
        QCOMPARE(canonical("inputs[*].dim[-1] in ..4 and output[2].shape == [32, 512]"), std::string("input[*].dim[-1] in ..4 and output[2].shape == \"[32,512]\""));
        QCOMPARE(canonical("launched_by(inside(\"x\"))"), std::string("launched_by(inside(name ~ \"x\"))"));
    }

    void numbersAreExact()
    {
        const auto value = [](std::string_view text) { return parsed(text).root()->items.front().from.whole; };
        QCOMPARE(value("dur > 1.5us"), 1500);
        QCOMPARE(value("dur > 50 us"), 50'000);
        QCOMPARE(value("dur > 50\xC2\xB5s"), 50'000);
        QCOMPARE(value("start > -0.000000001s"), -1);
        QCOMPARE(value("dur > 9007199254740993"), 9007199254740993); // no double holds it
        QCOMPARE(value("bytes > 1.5KiB"), 1536);
        QCOMPARE(value("bytes > 2MB"), 2'000'000);
        QCOMPARE(value("bytes > 1.50000000000000000000KiB"), 1536);
    }

    void errorsPointAtWhatIsWrong_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("error");
        const auto row = [](const char* text, const char* error) { QTest::newRow(text) << QString::fromUtf8(text) << QString::fromUtf8(error); };
        row("durr > 5us", "0+4 \"durr\" is no field; did you mean dur?");
        row("gemm", "0+4 \"gemm\" is no field; write name ~ \"gemm\" to find it in names");
        row("dur", "3+0 expected an operator behind dur: == != > >= < <= in");
        row("dur ~ 5", "4+1 ~ does not go with dur; expected == != > >= < <= in");
        row("dur > ", "5+0 expected a time with its unit, as in 50us");
        row("dur > 5KiB", "6+4 KiB does not go with dur; expected ns, us, ms or s");
        row("dur > 5xs", "6+3 \"xs\" is no unit; expected ns, us, ms, s or B, KiB, MiB, GiB, kB, MB, GB");
        row("dur > \"5\"", "6+3 expected a time with its unit, as in 50us, not \"5\"");
        row("dur > 0.5ns", "6+5 times are whole nanoseconds");
        row("dur > 99999999999s", "6+12 this number is too large");
        row("depth == 1.5", "9+3 expected a whole number");
        row("name = 5", "5+1 a single = is no operator; write == (the same) or =~ (regular expression)");
        row("name == \"gemm", "8+5 this text has no closing quote");
        row("name =~ \"(\"", "8+3 this is no regular expression: missing ): (");
        row("name ~ and", "7+3 expected a text in quotes");
        row("family == gem", "10+3 \"gem\" is no family; expected matmul, attention, elementwise, reduction, memory, communication, other, runtime, sync, annotation or python");
        row("(depth == 1", "11+0 expected ) for the bracket at column 1");
        row("depth == 1)", "10+1 there is no ( for this bracket");
        row("depth == 1 depth == 2", "11+5 expected and, or, or the end here");
        row("depth == 1 and", "14+0 expected a field, a function or ( here");
        row("and depth == 1", "0+3 and cannot begin a comparison; expected a field, a function or (");
        row("time > 5ms", "5+1 time wants a range, as in time in 10ms..20ms; one moment is compared as start or end");
        row("time in 20ms..10ms", "8+10 the range ends before it begins");
        row("time in (5ms)", "12+1 expected .. and the end of the range");
        row("dur in 5us", "7+3 expected a range A..B, or ( and a list");
        row("cat in kernel", "7+6 expected ( and a list, as in cat in (kernel, gpu_memcpy)");
        row("cat in (a, b", "12+0 expected , or )");
        row("input.dtype == bf16", "5+1 expected [ and a number, as in input[0], or [*] for any");
        row("input[-1].dtype == bf16", "6+1 arguments count from 0");
        row("input[0].dtyp == bf16", "9+4 expected dtype, shape, rank, dim[i], strides, elements, bytes or device; did you mean dtype?");
        row("launchedby(depth == 1)", "0+10 \"launchedby\" is no function; did you mean launched_by?");
        row("dur > 5us & depth == 1", "10+1 write &&");
        row("dur > 5us \xE2\x88\xA7 x", "10+3 \"\xE2\x88\xA7\" means nothing here; texts stand in quotes");
    }
    void errorsPointAtWhatIsWrong()
    {
        QFETCH(QString, text);
        QFETCH(QString, error);
        QCOMPARE(QString::fromStdString(complaint(text.toStdString())), error);
    }

    void hostileTextsAreRefusedWithoutAStackOverflow()
    {
        const std::string deep(60'000, '(');
        QVERIFY(complaint(deep).find("deeper than 200") != std::string::npos);
        std::string nots;
        while (nots.size() < 60'000) nots += "not ";
        QVERIFY(complaint(nots + "depth == 1").find("deeper than 200") != std::string::npos);
        QVERIFY(complaint(std::string(kFilterBytes + 1, 'x')).find("64 KiB") != std::string::npos);
        QCOMPARE(complaint("name ~ \"\xFF\""), std::string("8+1 this byte is no UTF-8"));
        QVERIFY(complaint("name =~ \"((a{1000}){1000}){1000}\"") != "none");
        std::string longOne = "depth == 0";
        while (longOne.size() < 60'000) longOne += " or depth == 1";
        QCOMPARE(parsed(longOne).root()->children.size(), (longOne.size() - 10) / 14 + 1);
    }

    void aPrintedFilterParsesToTheSame()
    {
        RandomFilters random(1);
        for (int i = 0; i < 3000; ++i) {
            const FilterNode node = random.node();
            const std::string text = opscope::text(node);
            const auto again = Filter::parse(text);
            QVERIFY2(std::holds_alternative<Filter>(again), (text + " | " + complaint(text)).c_str());
            QVERIFY2(*std::get<Filter>(again).root() == node, text.c_str());
            QCOMPARE(opscope::text(*std::get<Filter>(again).root()), text);
        }
    }

    void bentFiltersAreRefusedWithAPlaceInTheText()
    {
        RandomFilters random(2);
        std::mt19937 dice(3);
        int refused = 0;
        for (int i = 0; i < 6000; ++i) {
            const std::string bent = mutate(opscope::text(random.node()), dice);
            const auto result = Filter::parse(bent);
            const FilterError* error = std::get_if<FilterError>(&result);
            if (!error) continue;
            ++refused;
            QVERIFY(error->column <= bent.size());
            QVERIFY(error->column + error->length <= bent.size());
            QVERIFY(!error->message.empty());
            QVERIFY2(error->message == withoutControls(error->message) && isValidUtf8(error->message), error->message.c_str());
        }
        QVERIFY(refused > 1000);
    }

    void peopleCountColumnsFromOne()
    {
        const auto wrong = Filter::parse("depth == 1 and durr > 50us");
        QCOMPARE(std::get<FilterError>(wrong).text(), std::string("\"durr\" is no field; did you mean dur? (column 16)"));
    }

    void bothAndNegatedMeanWhatTheySay()
    {
        QCOMPARE(both(parsed("depth == 1 or depth == 2"), parsed("dur > 5us")).text(), std::string("(depth == 1 or depth == 2) and dur > 5us"));
        QCOMPARE(both(Filter(), parsed("dur > 5us")).text(), std::string("dur > 5us"));
        QCOMPARE(both(parsed("dur > 5us"), parsed("dur > 5us")).text(), std::string("dur > 5us"));
        QCOMPARE(negated(parsed("dur > 5us")).text(), std::string("not dur > 5us"));
        QCOMPARE(negated(negated(parsed("depth == 1 and depth == 2"))).text(), std::string("depth == 1 and depth == 2"));
        RandomFilters random(4);
        for (int i = 0; i < 500; ++i) {
            const Filter a = Filter::fromNode(random.node(3), ""), b = Filter::fromNode(random.node(3), "");
            const Filter x = parsed(opscope::text(*a.root())), y = parsed(opscope::text(*b.root()));
            const Filter all = both(x, y), no = negated(x);
            QVERIFY2(*parsed(all.text()).root() == *all.root(), all.text().c_str());
            QVERIFY2(*parsed(no.text()).root() == *no.root(), no.text().c_str());
        }
    }

    void aFilterMadeByAClickIsValidWhateverTheNameHas()
    {
        QCOMPARE(equals("cat", "kernel").text(), std::string("cat == kernel"));
        QCOMPARE(equals("family", "memory").text(), std::string("family == memory"));
        QCOMPARE(equals("name", "a \"b\"\n\x07").text(), std::string("name == \"a \\\"b\\\"\\n\\u0007\""));
        QCOMPARE(parsed(equals("name", "a\\d\x7F").text()).root()->items.front().from.text, std::string("a\\d\x7F"));
        QCOMPARE(equals("stream", "7").text(), std::string("stream == 7"));
        QCOMPARE(equals("cat", "and").text(), std::string("cat == \"and\""));
    }

    void everyExampleOfTheHelpParses()
    {
        for (const FilterField& field : filterFields()) QCOMPARE(complaint(field.example), std::string("none"));
    }
};

QTEST_GUILESS_MAIN(tst_Filter)
#include "tst_Filter.moc"
