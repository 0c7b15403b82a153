#include <QtTest>

#include "core/query/Filter.h"
#include "tests/app/RunOpscope.h"
#include "tests/support/Golden.h"

#include <QDirIterator>
#include <QTemporaryDir>

#include <nlohmann/json.hpp>

using namespace opscope;
using namespace opscope::test;
using Json = nlohmann::json;

namespace {

constexpr const char* kTrace = R"({"schemaVersion": 1, "traceEvents": [
{"ph": "M", "name": "process_name", "pid": 7, "tid": 0, "ts": 0, "args": {"name": "python"}},
{"ph": "M", "name": "thread_name", "pid": 7, "tid": 8, "ts": 0, "args": {"name": "main"}},
{"ph": "X", "cat": "cpu_op", "name": "aten::linear", "pid": 7, "tid": 8, "ts": 1000, "dur": 20.5, "args": {"External id": 1, "Input Dims": [[2, 3]]}},
{"ph": "X", "cat": "cpu_op", "name": "aten::addmm", "pid": 7, "tid": 8, "ts": 1002, "dur": 8.001, "args": {"External id": 2}},
{"ph": "X", "cat": "cuda_runtime", "name": "cudaLaunchKernel", "pid": 7, "tid": 8, "ts": 1004, "dur": 2, "args": {"correlation": 5, "External id": 2}},
{"ph": "X", "cat": "kernel", "name": "void ns::gemm<float, 4>", "pid": 0, "tid": 7, "ts": 1018, "dur": 30, "args": {"correlation": 5, "device": 0, "stream": 7, "External id": 2}},
{"ph": "X", "cat": "kernel", "name": "FORMULA", "pid": 0, "tid": 7, "ts": 1050, "dur": 3, "args": {"device": 0, "stream": 7}},
{"ph": "X", "cat": "kernel", "name": "NASTY", "pid": 0, "tid": 7, "ts": 1060, "dur": 1, "args": {"device": 0, "stream": 7}},
{"ph": "i", "cat": "cpu_instant_event", "name": "moment", "pid": 7, "tid": 8, "ts": 1010, "s": "t"}]})";

} // namespace

class tst_QueryCommand : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void aTableIsShownLargestTotalFirst();
    void jsonIsExactAndSaysWhatItCovers();
    void csvHasEveryNameOnItsOwn();
    void filterRangeAndKeysAreHeeded();
    void sortAndLimitChooseRows();
    void rowsAreSlicesInOrderOfTime();
    void aHistogramIsOfExactlyThatName();
    void fieldsAreListedWithoutATrace();
    void aWrongFilterIsPointedAt();
    void aLongWrongFilterShowsTheMistakeAlone();
    void wrongUsageIsStatus2_data();
    void wrongUsageIsStatus2();
    void nothingFoundIsSaidAndIsAnEmptyTable_data();
    void nothingFoundIsSaidAndIsAnEmptyTable();
    void aRangeOutsideTheTraceIsSaid();
    void aFileIsWrittenWholeOrNotAtAll();
    void theTraceItselfIsNotWrittenOver();
    void severalFilesAreOneTrace();
    void totalsByCategoryAreThoseOfTheFactSheets_data();
    void totalsByCategoryAreThoseOfTheFactSheets();

private:
    Ran run(const QStringList& arguments) const { return runOpscope(QStringList{"query", m_trace} + arguments); }
    Json json(const QStringList& arguments) const
    {
        const Ran ran = run(arguments + QStringList{"--json"});
        return ran.status == 0 ? Json::parse(ran.out.begin(), ran.out.end(), nullptr, false) : Json();
    }
    QString at(const char* name) const { return m_folder.filePath(QString::fromLatin1(name)); }
    QTemporaryDir m_folder;
    QString m_trace, m_text;
};

void tst_QueryCommand::initTestCase()
{
    m_trace = at("trace.json");
    m_text = QString::fromLatin1(kTrace);
    m_text.replace(QStringLiteral("FORMULA"), QStringLiteral("=cmd|' /C calc'!A0"));
    m_text.replace(QStringLiteral("NASTY"), QStringLiteral("a \\\"b\\\",\\nc\\u001b[31m"));
    QVERIFY(writeFile(m_trace.toStdString(), m_text.toStdString()));
}

void tst_QueryCommand::aTableIsShownLargestTotalFirst()
{
    const Ran ran = run({});
    QVERIFY2(ran.status == 0 && ran.err.isEmpty(), ran.err.constData());
    QVERIFY(!hasControls(ran.out));
    const QByteArrayList lines = ran.out.split('\n');
    QVERIFY(lines[0].startsWith("Name") && lines[0].contains("Total") && lines[0].endsWith("Device"));
    QVERIFY(lines[1].startsWith("void ns::gemm<float, 4>") && lines[1].contains("30.0 µs"));
    QVERIFY(lines[2].startsWith("aten::linear") && lines[2].contains("20.5 µs") && lines[2].contains("12.5 µs") && lines[2].endsWith("30.0 µs"));
    QVERIFY(lines[7].startsWith("6 rows of 6 slices, 64.5 µs in all"));
}

void tst_QueryCommand::jsonIsExactAndSaysWhatItCovers()
{
    const Json got = json({"--by", "name,shapes", "--filter", "cat == cpu_op"});
    QCOMPARE(got["rows"].size(), std::size_t{2});
    const Json& linear = got["rows"][0];
    QCOMPARE(linear["name"].get<std::string>(), std::string("aten::linear"));
    QCOMPARE(linear["shapes"].get<std::string>(), std::string("[[2, 3]]"));
    QCOMPARE(linear["total_ns"].get<std::int64_t>(), 20500);
    QCOMPARE(linear["self_ns"].get<std::int64_t>(), 12499);
    QCOMPARE(linear["device_ns"].get<std::int64_t>(), 30000);
    QCOMPARE(linear["device_ops"].get<int>(), 1);
    QCOMPARE(got["rows"][1]["total_ns"].get<std::int64_t>(), 8001);
    QCOMPARE(got["filter"].get<std::string>(), std::string("cat == cpu_op"));
    QCOMPARE(got["total_ns"].get<std::int64_t>(), 28501);
    QCOMPARE(got["files"].dump(), std::string("[\"trace.json\"]"));
    QVERIFY(got["range_start_ns"].is_null());
}

void tst_QueryCommand::csvHasEveryNameOnItsOwn()
{
    const Ran ran = run({"--csv", "--population", "kernels", "--sort", "name"});
    QCOMPARE(ran.status, 0);
    QCOMPARE(ran.out, QByteArray("name,count,total_ns,self_ns,mean_ns,median_ns,p99_ns,min_ns,max_ns,share,device_ops,device_ns\n"
                                 "'=cmd|' /C calc'!A0,1,3000,3000,3000,3000,3000,3000,3000,0.08823529411764706,1,3000\n"
                                 "\"a \"\"b\"\",\nc␛[31m\",1,1000,1000,1000,1000,1000,1000,1000,0.029411764705882353,1,1000\n"
                                 "\"void ns::gemm<float, 4>\",1,30000,30000,30000,30000,30000,30000,30000,0.8823529411764706,1,30000\n"));
}

void tst_QueryCommand::filterRangeAndKeysAreHeeded()
{
    QCOMPARE(json({"--by", "short", "--filter", "dur > 10us and cat == kernel"})["rows"][0]["short"].get<std::string>(), std::string("gemm"));
    const Json range = json({"--range", "45us..56us"}); // from the first event on: 1000 µs
    QCOMPARE(range["rows"].size(), std::size_t{2});
    QCOMPARE(range["range_start_ns"].get<int>(), 45000);
    QCOMPARE(range["range_end_ns"].get<int>(), 56000);
    QCOMPARE(range["beyond_range"].get<int>(), 1);
    QCOMPARE(json({"--by", "cat", "--range", "0us..1us"})["rows"].size(), std::size_t{1});
    QCOMPARE(json({"--filter", "time in 45us..56us"})["rows"], range["rows"]);
}

void tst_QueryCommand::sortAndLimitChooseRows()
{
    const Json one = json({"--sort", "device", "--limit", "1", "--population", "operators"});
    QCOMPARE(one["rows"].size(), std::size_t{1});
    QCOMPARE(one["groups"].get<int>(), 2);
    QCOMPARE(json({"--limit", "0"})["rows"].size(), std::size_t{6});
    const Ran text = run({"--limit", "2"});
    QVERIFY(text.out.contains("4 more with --limit 0"));
}

void tst_QueryCommand::rowsAreSlicesInOrderOfTime()
{
    const Json rows = json({"--rows", "--filter", "cat == cpu_op"});
    QCOMPARE(rows["rows"].size(), std::size_t{2});
    QCOMPARE(rows["rows"][1].dump(), std::string(R"({"cat":"cpu_op","duration_ns":8001,"name":"aten::addmm","process":"python, process 7","start_ns":2000,"track":"main"})"));
    const Ran text = run({"--rows"});
    QCOMPARE(text.out.count('\n'), 6);
    QVERIFY(!hasControls(text.out));
    QVERIFY(text.out.contains("aten::linear  cpu_op\n"));
    QCOMPARE(run({"--rows", "--limit", "3"}).out.count('\n'), 3);
    QVERIFY(run({"--rows", "--csv"}).out.startsWith("start_ns,duration_ns,track,process,name,cat\n0,20500,main,"));
}

void tst_QueryCommand::aHistogramIsOfExactlyThatName()
{
    const Json got = json({"--histogram", "aten::addmm"});
    QCOMPARE(got["rows"].dump(), std::string(R"([{"count":1,"from_ns":8001,"to_ns":8001}])"));
    QCOMPARE(got["slowest"][0]["start_ns"].get<int>(), 2000);
    const Ran text = run({"--histogram", "aten::addmm"});
    QVERIFY(text.out.contains("1 slice, median 8.0 µs") && text.out.contains("Slowest"));
    QVERIFY(run({"--histogram", "addmm"}).err.contains("no slice matches"));
}

void tst_QueryCommand::fieldsAreListedWithoutATrace()
{
    const Ran ran = runOpscope({QStringLiteral("query"), QStringLiteral("--fields")});
    QCOMPARE(ran.status, 0);
    for (const FilterField& field : filterFields()) QVERIFY2(ran.out.contains(field.example), field.example);
    QCOMPARE(runOpscope({QStringLiteral("query")}).status, 2);
}

void tst_QueryCommand::aWrongFilterIsPointedAt()
{
    const Ran ran = run({"--filter", "cat == kernel and durr > 5us"});
    QCOMPARE(ran.status, 2);
    QVERIFY(ran.out.isEmpty());
    const QByteArrayList lines = ran.err.split('\n');
    QVERIFY(lines[0].startsWith("opscope query: ") && lines[0].contains("durr") && lines[0].endsWith("(column 19)"));
    QCOMPARE(lines[1], QByteArray("  cat == kernel and durr > 5us"));
    QCOMPARE(lines[2], QByteArray("                    ^^^^"));
    // Columns of a terminal, not bytes; nothing of the text acts on it.
    const Ran wide = run({"--filter", QString::fromUtf8("name == \"数\x1b\" and durr > 5us")});
    const QByteArrayList wideLines = wide.err.split('\n');
    QCOMPARE(wideLines[1], QByteArray("  name == \"数␛\" and durr > 5us"));
    QCOMPARE(wideLines[2], QByteArray("                    ^^^^"));
    const QByteArrayList atEnd = run({"--filter", "dur >"}).err.split('\n');
    QCOMPARE(atEnd[1], QByteArray("  dur >"));
    QCOMPARE(atEnd[2], QByteArray("       ^"));
}

void tst_QueryCommand::aLongWrongFilterShowsTheMistakeAlone()
{
    const QString filter = QStringLiteral("name == x or ").repeated(200) + QStringLiteral("durr > 1us") + QStringLiteral(" or name == x").repeated(200);
    const Ran ran = run({"--filter", filter});
    QCOMPARE(ran.status, 2);
    const QByteArrayList lines = ran.err.split('\n');
    QVERIFY(lines[1].size() < 200 && lines[1].contains("durr > 1us"));
    QCOMPARE(QString::fromUtf8(lines[1]).indexOf(QStringLiteral("durr")), QString::fromUtf8(lines[2]).indexOf(QChar::fromLatin1('^')));
}

void tst_QueryCommand::wrongUsageIsStatus2_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QByteArray>("word");
    const auto add = [](const char* name, const QStringList& arguments, const char* word) { QTest::newRow(name) << arguments << QByteArray(word); };
    add("unknown key", {"--by", "nmae"}, "\"nmae\"");
    add("empty key", {"--by", "name,"}, "--by knows");
    add("key twice", {"--by", "name,name"}, "twice");
    add("range without dots", {"--range", "5ms"}, "--range wants");
    add("range backwards", {"--range", "9ms..5ms"}, "--range wants");
    add("population", {"--population", "gpus"}, "--population is one of");
    add("sort", {"--sort", "size"}, "--sort is one of");
    add("two forms", {"--json", "--csv"}, "choose one");
    add("two answers", {"--rows", "--histogram", "x"}, "choose one");
    add("table words with rows", {"--rows", "--by", "name"}, "for the table");
    add("negative limit", {"--limit", "-1"}, "--limit is");
    add("unknown field", {"--filter", "nmae == x"}, "nmae");
}

void tst_QueryCommand::wrongUsageIsStatus2()
{
    QFETCH(QStringList, arguments);
    QFETCH(QByteArray, word);
    const Ran ran = run(arguments);
    QCOMPARE(ran.status, 2);
    QVERIFY(ran.out.isEmpty());
    QVERIFY2(ran.err.contains(word), ran.err.constData());
}

void tst_QueryCommand::nothingFoundIsSaidAndIsAnEmptyTable_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::newRow("table") << QStringList{};
    QTest::newRow("rows") << QStringList{"--rows"};
}

void tst_QueryCommand::nothingFoundIsSaidAndIsAnEmptyTable()
{
    QFETCH(QStringList, arguments);
    const Ran text = run(arguments + QStringList{"--filter", "name == nothing"});
    QCOMPARE(text.status, 0);
    QVERIFY(text.out.isEmpty());
    QCOMPARE(text.err, QByteArray("opscope query: no slice matches\n"));
    const Json empty = json(arguments + QStringList{"--filter", "name == nothing"});
    QVERIFY(empty["rows"].is_array() && empty["rows"].empty());
    const Ran moments = run(arguments + QStringList{"--filter", "name == moment"});
    QVERIFY(moments.err.contains("no slice matches; 1 instants"));
}

void tst_QueryCommand::aRangeOutsideTheTraceIsSaid()
{
    const Ran ran = run({"--range", "10s..20s", "--json"});
    QCOMPARE(ran.status, 0);
    QVERIFY(ran.err.contains("the range lies outside of the trace, whose events take 61.0 µs") && ran.err.contains("no slice matches"));
    QVERIFY(Json::parse(ran.out.toStdString())["rows"].empty());
}

void tst_QueryCommand::aFileIsWrittenWholeOrNotAtAll()
{
    const Ran ran = run({"-o", at("table.csv")});
    QVERIFY2(ran.status == 0 && ran.out.isEmpty(), ran.err.constData());
    QVERIFY(readFile(at("table.csv").toStdString()) == run({"--csv"}).out.toStdString());
    QCOMPARE(run({"-o", at("table.json")}).status, 0);
    QVERIFY(readFile(at("table.json").toStdString()) == run({"--json"}).out.toStdString());
    const Ran refused = run({"-o", at("no/such/folder.csv")});
    QCOMPARE(refused.status, 1);
    QVERIFY(refused.err.startsWith("opscope query: "));
    QCOMPARE(QDir(m_folder.path()).entryList(QDir::Files | QDir::Hidden), (QStringList{"table.csv", "table.json", "trace.json"}));
    QVERIFY(QFile::remove(at("table.csv")) && QFile::remove(at("table.json")));
}

void tst_QueryCommand::theTraceItselfIsNotWrittenOver()
{
    QVERIFY(QFile::link(m_trace, at("same.json")));
    for (const QString& target : {m_trace, at("same.json")}) {
        const Ran ran = run({"-o", target});
        QCOMPARE(ran.status, 1);
        QVERIFY2(ran.err.contains("is not written over"), ran.err.constData());
        QVERIFY(readFile(m_trace.toStdString()) == m_text.toStdString());
    }
    QVERIFY(QFile::remove(at("same.json")));
}

void tst_QueryCommand::severalFilesAreOneTrace()
{
    const QString second = at("second.json");
    QVERIFY(writeFile(second.toStdString(), R"({"traceEvents": [{"ph": "X", "cat": "cpu_op", "name": "aten::linear", "pid": 9, "tid": 8, "ts": 1000, "dur": 1}]})"));
    const Json got = json({second, "--filter", "name == \"aten::linear\""});
    QCOMPARE(got["rows"].size(), std::size_t{1});
    QCOMPARE(got["rows"][0]["count"].get<int>(), 2);
    QCOMPARE(got["files"].size(), std::size_t{2});
    QVERIFY(QFile::remove(second));
}

void tst_QueryCommand::totalsByCategoryAreThoseOfTheFactSheets_data()
{
    QTest::addColumn<QString>("trace");
    const QString root = QString::fromStdString(sharedPath("traces"));
    if (root.isEmpty()) QSKIP("skipped: no shared traces");
    QDirIterator sheets(root, {QStringLiteral("*.facts.json")}, QDir::Files, QDirIterator::Subdirectories);
    while (sheets.hasNext()) {
        const QString trace = sheets.next().chopped(int(strlen(".facts.json")));
        if (trace.contains(QStringLiteral("/bad/")) || !QFile::exists(trace)) continue;
        const Json facts = Json::parse(readFile(trace.toStdString() + ".facts.json"));
        if (facts["kind"] != "chrome") continue;
        // Sheets count events of ph X alone, to the last digit; a table has pairs too, and whole nanoseconds.
        const Json& phases = facts["events"]["by_ph"];
        bool onlyComplete = true;
        for (const char* begin : {"B", "b", "S"}) onlyComplete = onlyComplete && !phases.contains(begin);
        for (const auto& [category, total] : facts["total_dur_ns_by_cat"].items()) onlyComplete = onlyComplete && total.is_number_integer();
        if (onlyComplete) QTest::newRow(qPrintable(trace.mid(root.size() + 1))) << trace;
    }
}

void tst_QueryCommand::totalsByCategoryAreThoseOfTheFactSheets()
{
    QFETCH(QString, trace);
    const Json facts = Json::parse(readFile(trace.toStdString() + ".facts.json"));
    const Ran ran = runOpscope({"query", "--by", "cat", "--json", trace});
    QVERIFY2(ran.status == 0, ran.err.constData());
    const Json table = Json::parse(ran.out.begin(), ran.out.end());
    std::map<std::string, std::int64_t> got, wanted;
    for (const Json& row : table["rows"]) got[row["cat"]] = row["total_ns"];
    for (const auto& [category, total] : facts["total_dur_ns_by_cat"].items())
        if (category != "Trace") wanted[category] = total;
    std::erase_if(got, [&](const auto& entry) { return entry.second == 0 && !wanted.contains(entry.first); }); // slices without a usable duration
    QVERIFY2(got == wanted, (Json(got).dump() + " against " + Json(wanted).dump()).c_str());
}

QTEST_GUILESS_MAIN(tst_QueryCommand)
#include "tst_QueryCommand.moc"
