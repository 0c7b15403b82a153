#include <QtTest>

#include "core/query/AggregateTable.h"
#include "tests/support/TraceFixture.h"

#include <nlohmann/json.hpp>

#include <limits>
#include <random>

using namespace opscope;
using namespace opscope::test;
using Json = nlohmann::json;

namespace {

/// RFC 4180, read back: rows of cells.
std::vector<std::vector<std::string>> parseCsv(const std::string& text)
{
    std::vector<std::vector<std::string>> rows{{""}};
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted && c == '"' && i + 1 < text.size() && text[i + 1] == '"') rows.back().back() += text[++i];
        else if (c == '"') quoted = !quoted;
        else if (!quoted && c == ',') rows.back().emplace_back();
        else if (!quoted && c == '\n') rows.push_back({""});
        else rows.back().back() += c;
    }
    rows.pop_back(); // behind the last line end
    return rows;
}

std::string written(TableFormat format, const std::vector<std::string>& columns, const std::vector<std::vector<Cell>>& rows)
{
    TableWriter writer(format, columns);
    std::string out;
    writer.begin(out);
    for (const auto& row : rows) writer.row(row, out);
    writer.end({}, out);
    return out;
}

TracePtr named(const std::vector<std::string>& names)
{
    TraceFixture f;
    const TrackId main = f.thread(1, 10, "main");
    Nanos at = 0;
    for (const std::string& name : names) f.slice(main, at += 1000, 100, name);
    return f.finish();
}

std::string file(const Trace& trace, const Aggregates& table, TableFormat format, const TableScope& scope = {})
{
    std::string out;
    writeAggregates(trace, table, table.rows, scope, format, [&](std::string_view piece) { return out += piece, true; });
    return out;
}

} // namespace

class tst_Tables : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void textStandsInACsvCellSoThatItReadsBack_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("cell");
        QTest::newRow("plain") << QByteArray("aten::mm") << QByteArray("aten::mm");
        QTest::newRow("blank") << QByteArray(" a b ") << QByteArray(" a b ");
        QTest::newRow("comma") << QByteArray("f(a, b)") << QByteArray("\"f(a, b)\"");
        QTest::newRow("quote") << QByteArray("say \"x\"") << QByteArray("\"say \"\"x\"\"\"");
        QTest::newRow("line end stays") << QByteArray("a\nb") << QByteArray("\"a\nb\"");
        QTest::newRow("carriage return") << QByteArray("a\rb") << QByteArray("a\u240Db");
        QTest::newRow("escape") << QByteArray("\x1b[31mred") << QByteArray("\u241B[31mred");
        QTest::newRow("zero") << QByteArray("a\0b", 3) << QByteArray("a\u2400b");
        QTest::newRow("delete and C1") << QByteArray("a\x7f\xC2\x9B") << QByteArray("a\u2421\uFFFD");
        QTest::newRow("not UTF-8") << QByteArray("a\xFF") << QByteArray("a\uFFFD");
        QTest::newRow("formula") << QByteArray("=1+1") << QByteArray("'=1+1");
        QTest::newRow("formula with comma") << QByteArray("=HYPERLINK(\"x\",1)") << QByteArray("\"'=HYPERLINK(\"\"x\"\",1)\"");
        QTest::newRow("plus") << QByteArray("+x") << QByteArray("'+x");
        QTest::newRow("minus") << QByteArray("-") << QByteArray("'-");
        QTest::newRow("at") << QByteArray("@sum") << QByteArray("'@sum");
        QTest::newRow("tab first") << QByteArray("\t=1") << QByteArray("'\u2409=1");
        QTest::newRow("empty") << QByteArray() << QByteArray();
    }
    void textStandsInACsvCellSoThatItReadsBack()
    {
        QFETCH(QByteArray, text);
        QFETCH(QByteArray, cell);
        QCOMPARE(QByteArray::fromStdString(csvText(std::string_view(text.constData(), static_cast<std::size_t>(text.size())))), cell);
    }
    void numbersAreExactAndNeverTouched()
    {
        const std::vector<Cell> cells{std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::uint64_t>::max(), 0.1, -2.5, Cell(), true,
                                      std::numeric_limits<double>::infinity()};
        const std::vector<std::string> columns{"a", "b", "c", "d", "e", "f", "g"};
        QCOMPARE(written(TableFormat::Csv, columns, {cells}), std::string("a,b,c,d,e,f,g\n-9223372036854775808,18446744073709551615,0.1,-2.5,,true,\n"));
        QCOMPARE(written(TableFormat::Json, columns, {cells}),
                 std::string("{\"rows\":[\n{\"a\":-9223372036854775808,\"b\":18446744073709551615,\"c\":0.1,\"d\":-2.5,\"e\":null,\"f\":true,\"g\":null}\n]}\n"));
    }
    void aTableWithoutRowsIsStillATable()
    {
        QCOMPARE(written(TableFormat::Csv, {"name", "count"}, {}), std::string("name,count\n"));
        QCOMPARE(written(TableFormat::Json, {"name"}, {}), std::string("{\"rows\":[]}\n"));
    }
    void anyTextReadsBackFromBothFormats()
    {
        std::mt19937 random(7);
        const std::string letters = "ab,\"\n\r\t=+-@;'\\/{}[]: \x01\x1b\x7f";
        for (int round = 0; round < 300; ++round) {
            std::vector<std::vector<Cell>> rows;
            std::vector<std::string> texts;
            for (int i = 0; i < 4; ++i) {
                std::string text;
                for (std::size_t n = random() % 12; n-- > 0;) text += random() % 9 ? std::string(1, letters[random() % letters.size()]) : "\u00E9\u2603";
                texts.push_back(text);
            }
            rows.push_back({texts[0], texts[1]});
            rows.push_back({texts[2], texts[3]});
            const Json json = Json::parse(written(TableFormat::Json, {"x", "y"}, rows));
            const std::string csv = written(TableFormat::Csv, {"x", "y"}, rows);
            const auto back = parseCsv(csv);
            QCOMPARE(back.size(), std::size_t{3});
            for (std::size_t i = 0; i < 4; ++i) {
                QCOMPARE(json["rows"][i / 2][i % 2 ? "y" : "x"].get<std::string>(), texts[i]);
                const bool isFormula = !texts[i].empty() && std::string("=+-@\t\r").find(texts[i][0]) != std::string::npos;
                std::string shown = isFormula ? "'" : "";
                for (const char c : texts[i]) shown += c == '\n' ? "\n" : withoutControls(std::string(1, c)); // all but line ends are one byte or none of them a control
                QCOMPARE(back[1 + i / 2].size(), std::size_t{2});
                QCOMPARE(back[1 + i / 2][i % 2], shown);
            }
            for (const char c : csv) QVERIFY(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
        }
    }
    void aTableOfAggregatesHasItsColumns()
    {
        const TracePtr trace = named({"b", "a,\"c\"", "b"});
        const auto table = aggregate(*trace, {});
        QCOMPARE(file(*trace, *table, TableFormat::Csv),
                 std::string("name,count,total_ns,self_ns,mean_ns,median_ns,p99_ns,min_ns,max_ns,share,device_ops,device_ns\n"
                             "b,2,200,200,100,100,100,100,100,0.6666666666666666,0,0\n"
                             "\"a,\"\"c\"\"\",1,100,100,100,100,100,100,100,0.3333333333333333,0,0\n"));
    }
    void jsonSaysWhatItCovers()
    {
        const TracePtr trace = named({"x", "y", "y"}); // at 1000, 2000, 3000
        AggregateQuery query;
        query.by = {GroupBy::Name, GroupBy::Track};
        query.range = TimeRange{2050, 3050};
        const auto table = aggregate(*trace, query);
        const Json json = Json::parse(file(*trace, *table, TableFormat::Json, {"name == \"y\"", query.range, Population::Operators}));
        QCOMPARE(json["rows"].size(), std::size_t{1});
        QCOMPARE(json["rows"][0]["name"].get<std::string>(), std::string("y"));
        QCOMPARE(json["rows"][0]["track"].get<std::string>(), std::string("main"));
        QCOMPARE(json["rows"][0]["total_ns"].get<int>(), 200);
        QCOMPARE(json["by"].dump(), std::string("[\"name\",\"track\"]"));
        QCOMPARE(json["population"].get<std::string>(), std::string("operators"));
        QCOMPARE(json["filter"].get<std::string>(), std::string("name == \"y\""));
        QCOMPARE(json["range_start_ns"].get<int>(), 1050); // counted from the first event, as filters count
        QCOMPARE(json["range_end_ns"].get<int>(), 2050);
        QCOMPARE(json["beyond_range"].get<int>(), 2);
        QCOMPARE(json["slices"].get<int>(), 2);
        QCOMPARE(json["saturated"].get<bool>(), false);
    }
    void rowsCanBeSortedByEveryFigure()
    {
        TraceFixture f;
        const TrackId main = f.thread(1, 10);
        f.slice(main, 0, 100, "long").slice(main, 10, 60, "inside");
        for (int i = 0; i < 5; ++i) f.slice(main, 200 + i * 10, 9, "many");
        const auto table = aggregate(*f.finish(), {});
        const auto firstBy = [&](AggregateSort sort) {
            std::vector<AggregateRow> rows = table->rows;
            sortRows(rows, sort);
            return rows.front().keys[0];
        };
        QCOMPARE(firstBy(AggregateSort::Total), std::string("long"));
        QCOMPARE(firstBy(AggregateSort::Self), std::string("inside"));
        QCOMPARE(firstBy(AggregateSort::Count), std::string("many"));
        for (const AggregateSort sort : {AggregateSort::Mean, AggregateSort::Median, AggregateSort::P99, AggregateSort::Min, AggregateSort::Max})
            QCOMPARE(firstBy(sort), std::string("long"));
        QCOMPARE(firstBy(AggregateSort::Key), std::string("inside"));
        for (int i = 0; i < 10; ++i) QVERIFY(aggregateSortById(id(static_cast<AggregateSort>(i))) == static_cast<AggregateSort>(i));
    }
    void longTablesComeInPiecesAndCanBeStopped()
    {
        std::vector<std::string> names;
        for (int i = 0; i < 5000; ++i) names.push_back(std::string(100, 'n') + std::to_string(i));
        const TracePtr trace = named(names);
        const auto table = aggregate(*trace, {});
        int pieces = 0;
        std::size_t most = 0;
        const auto take = [&](std::string_view piece) { return most = std::max(most, piece.size()), ++pieces < 2; };
        QVERIFY(!writeAggregates(*trace, *table, table->rows, {}, TableFormat::Csv, take));
        QCOMPARE(pieces, 2);
        QVERIFY(most < 300 * 1024);
    }
    void slicesAndHistogramsAreTablesToo()
    {
        const TracePtr trace = named({"x", "y"});
        const std::vector<SliceId> slices{SliceId(0), SliceId(1)};
        std::string out;
        const auto take = [&](std::string_view piece) { return out += piece, true; };
        QVERIFY(writeSlices(*trace, slices, {}, TableFormat::Csv, take));
        const auto rows = parseCsv(out);
        QCOMPARE(rows[0], (std::vector<std::string>{"start_ns", "duration_ns", "track", "process", "name", "cat"}));
        QCOMPARE(rows[2][0], std::string("1000"));
        QCOMPARE(rows[2][4], std::string("y"));
        out.clear();
        QVERIFY(writeHistogram(*trace, durationHistogram(*trace, slices), {}, TableFormat::Json, take));
        const Json json = Json::parse(out);
        QCOMPARE(json["rows"][0].dump(), std::string("{\"count\":2,\"from_ns\":100,\"to_ns\":100}"));
        QCOMPARE(json["slowest"].size(), std::size_t{2});
        QCOMPARE(json["slowest"][1]["name"].get<std::string>(), std::string("y"));
    }
    void nodesAreNotNanoseconds()
    {
        const TracePtr trace = traceFromText(R"et({"schema": "1.1.1-chakra.0.0.4", "pid": 1, "time": "", "start_ts": 0, "nodes": [
            {"id": 1, "name": "[pytorch|profiler|execution_trace|thread]", "ctrl_deps": 1, "inputs": {"values": [], "shapes": [], "types": []},
             "outputs": {"values": [], "shapes": [], "types": []}, "attrs": [{"name": "rf_id", "type": "uint64", "value": 1}]},
            {"id": 2, "name": "aten::mm", "ctrl_deps": 1,
             "inputs": {"values": [[3,4,0,6,4,"cpu"], 1, [[5,6,0,2,4,"cpu"],[7,8,0,2,4,"cpu"]]], "shapes": [[2,3], [], [[2],[1,2]]], "types": ["Tensor(float)", "Int", "GenericList[Tensor(float),Tensor(float)]"]},
             "outputs": {"values": [], "shapes": [], "types": []}, "attrs": [{"name": "rf_id", "type": "uint64", "value": 2}]}]})et");
        QVERIFY(trace->timeBase() == TimeBase::NodeOrder);
        AggregateQuery query;
        query.by = {GroupBy::Name, GroupBy::Shapes};
        const auto table = aggregate(*trace, query);
        const auto rows = parseCsv(file(*trace, *table, TableFormat::Csv));
        QVERIFY(std::ranges::count(rows[0], "total_nodes") == 1 && std::ranges::count(rows[0], "total_ns") == 0);
        const auto mm = std::ranges::find(rows, "aten::mm", [](const auto& row) { return row[0]; });
        QVERIFY(mm != rows.end());
        QCOMPARE((*mm)[1], std::string("[[2, 3], [], [[2], [1, 2]]]"));
    }
};

QTEST_GUILESS_MAIN(tst_Tables)
#include "tst_Tables.moc"
