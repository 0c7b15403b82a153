#include <QTest>

#include "core/format/Format.h"
#include "tests/support/Difference.h"
#include "tests/support/ExportText.h"
#include "tests/support/Golden.h"
#include "tests/support/Gzip.h"
#include "tests/support/Json.h"
#include "tests/support/TraceFixture.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>

using namespace opscope;
using namespace opscope::test;

namespace {

std::string x(const std::string& name, int ts, const std::string& more = {})
{
    return "{'ph': 'X', 'cat': 'cpu_op', 'name': '" + name + "', 'pid': 1, 'tid': 1, 'ts': " + std::to_string(ts) + ", 'dur': 5" + more + "}";
}

std::vector<std::string> samples()
{
    std::vector<std::string> paths;
    for (const char* folder : {"kineto", "links", "behaviours", "detail"})
        for (const auto& entry : std::filesystem::recursive_directory_iterator(dataPath(folder))) {
            const std::string name = entry.path().string();
            const bool isEt = name.find(".et.json") != name.npos || name.ends_with("_et.json");
            if (entry.is_regular_file() && !isEt && (name.ends_with(".json") || name.ends_with(".json.gz"))) paths.push_back(name);
        }
    std::sort(paths.begin(), paths.end());
    return paths;
}

} // namespace

class tst_KinetoExporter : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void keptElementsStandAsTheyStood();
    void membersKeepTheirOrderAndTheirBytes();
    void shapesKeepTheirShape();
    void theSecondExportOfAnExportIsTheSame_data();
    void theSecondExportOfAnExportIsTheSame();
    void anExportWithoutFilterIsTheFile_data() { theSecondExportOfAnExportIsTheSame_data(); }
    void anExportWithoutFilterIsTheFile();
    void endsOfPairsAndNamesOfTracksComeAlong();
    void severalSamplesOfOneEventAreOneElement();
    void severalArraysBecomeOne();
    void aFileThatWasCutComesOutClosed();
    void damagedEventsAreWrittenAsTheyWereUnderstood();
    void bracketsInStringsDoNotEndAnElement();
    void elementsLongerThanAPieceAreWhole();
    void valuesThatAreCutOffAreLeftOut();
    void longValuesPassThrough();
    void nothingKeptIsAFileThatOpens();
    void aClipCutsTheTimesAndNothingElse_data();
    void aClipCutsTheTimesAndNothingElse();
    void aClipCutsPairs();
    void whatIsWrittenIsCounted();
    void anotherFileIsNoticed();
    void aCancelledExportSaysSo();
};

void tst_KinetoExporter::keptElementsStandAsTheyStood()
{
    const std::string odd = "{ \"ts\" :1, 'dur':2.50 ,\t'name':'\\u0061', 'ph':'X','args' : { 'nan': NaN, 'deep': [[{}]] , } }";
    const std::string text = json("{'traceEvents':[" + x("b", 10) + ",\n" + odd + ", " + x("c", 20) + "]}");
    SAME(partOf(text, {"a", "c"}), json("{\n  'traceEvents': [\n  " + odd + ",\n  " + x("c", 20) + "\n  ]\n}\n"));
}

void tst_KinetoExporter::membersKeepTheirOrderAndTheirBytes()
{
    const std::string text = json("\xEF\xBB\xBF { 'schemaVersion' : 1 ,\n 'a\\u0062c': { 'x' :[ 1,2 ] }, 'traceEvents' : [" + x("a", 1) + "," + x("b", 2) +
                                  "] , 'empty':'', 'baseTimeNanoseconds':1700000000000000001,'last' : 1e5 } ");
    SAME(partOf(text, {"a"}), json("{\n  'schemaVersion': 1,\n  'a\\u0062c': { 'x' :[ 1,2 ] },\n  'traceEvents': [\n  " + x("a", 1) +
                                       "\n  ],\n  'empty': '',\n  'baseTimeNanoseconds': 1700000000000000001,\n  'last': 1e5\n}\n"));
}

void tst_KinetoExporter::shapesKeepTheirShape()
{
    SAME(partOf(json("[" + x("a", 1) + "," + x("b", 2) + "]"), {"b"}), json("[\n  " + x("b", 2) + "\n]\n"));
    SAME(partOf(json(" [\n" + x("a", 1) + ",\n" + x("b", 2) + ",\n"), {"b"}), json("[\n  " + x("b", 2) + "\n]\n"));
    SAME(partOf(json(x("a", 1) + "\n" + x("b", 2) + "\n" + x("c", 3)), {"b", "c"}), json(x("b", 2) + "\n" + x("c", 3) + "\n"));
}

void tst_KinetoExporter::theSecondExportOfAnExportIsTheSame_data()
{
    QTest::addColumn<QString>("path");
    for (const std::string& path : samples()) QTest::newRow(path.substr(path.find("data/") + 5).c_str()) << QString::fromStdString(path);
}

/// And says the same as the part, in pieces of any size; the rows that were there are those that were wished.
void tst_KinetoExporter::theSecondExportOfAnExportIsTheSame()
{
    QFETCH(QString, path);
    const std::string text = readUnpacked(path.toStdString());
    const auto loaded = loadTraceFromMemory(text, "sample.json");
    QVERIFY(loaded.ok());
    const Trace& trace = **loaded;
    for (const std::size_t every : {1, 2, 7}) {
        const Subset part = someRows(trace, [&](std::size_t row) { return row % every == 0; });
        ExportReport::File report;
        const std::string once = mustExport(trace, text, part, &report);
        QCOMPARE(report.bytes, static_cast<std::uint64_t>(once.size()));
        QCOMPARE(report.events, part.sources[0].events);
        if (part.rows.empty()) continue;
        const std::vector<std::size_t> pieces = text.size() < 100'000 ? std::vector<std::size_t>{1, 7, 64, 1000} : std::vector<std::size_t>{100'000};
        for (const std::size_t piece : pieces) SAME(mustExport(trace, text, part, nullptr, piece), once);
        const auto again = loadTraceFromMemory(once, "part.json");
        QVERIFY2(again.ok(), again.ok() ? "" : again.error().text().c_str());
        SAME(eventDump(**again), eventDump(trace, part));
        Subset all = wholeTrace(**again);
        all.whole = false; // the long way
        SAME(mustExport(**again, once, all), once);
        if (report.rewritten) continue;
        QVERIFY((*again)->diagnostics().count(Defect::JsonSyntax) <= trace.diagnostics().count(Defect::JsonSyntax));
        QCOMPARE((*again)->elements().rowless(SourceId(0)), std::uint64_t{0});
    }
}

void tst_KinetoExporter::anExportWithoutFilterIsTheFile()
{
    QFETCH(QString, path);
    const std::string text = readUnpacked(path.toStdString());
    const auto loaded = loadTraceFromMemory(text, "sample.json");
    QVERIFY(loaded.ok());
    ExportReport::File report;
    SAME(mustExport(**loaded, text, wholeTrace(**loaded), &report, 777), text);
    QCOMPARE(report.events, (*loaded)->stats().elements);
    QCOMPARE(report.leftOut, std::uint64_t{0});
}

void tst_KinetoExporter::endsOfPairsAndNamesOfTracksComeAlong()
{
    const std::string begin = "{'ph': 'B', 'name': 'pair', 'pid': 1, 'tid': 2, 'ts': 1}", end = "{'ph': 'E', 'pid': 1, 'tid': 2, 'ts': 4}";
    const std::string name = "{'ph': 'M', 'name': 'thread_name', 'pid': 1, 'tid': 2, 'args': {'name': 'worker'}}";
    const std::string other = "{'ph': 'M', 'name': 'thread_name', 'pid': 1, 'tid': 3, 'args': {'name': 'else'}}";
    const std::string process = "{'ph': 'M', 'name': 'process_name', 'pid': 1, 'args': {'name': 'python'}}";
    const std::string text = json("[" + x("a", 1) + "," + begin + "," + end + ",{'ph':'X','name':'e','ts':1,'dur':1,'pid':1,'tid':3}," + name + "," + other + "," + process + "]");
    SAME(partOf(text, {"pair"}), json("[\n  " + begin + ",\n  " + end + ",\n  " + name + ",\n  " + process + "\n]\n"));
}

void tst_KinetoExporter::severalSamplesOfOneEventAreOneElement()
{
    const std::string text = json("[{'ph': 'C', 'name': 'c', 'pid': 1, 'ts': 1, 'args': {'a': 1, 'b': 2}},{'ph': 'C', 'name': 'c', 'pid': 1, 'ts': 2, 'args': {'a': 1, 'b': 2}}]");
    const TracePtr trace = traceFromText(text);
    ExportReport::File report;
    const Subset part = someRows(*trace, [](std::size_t row) { return row % 2 == 0; });
    SAME(mustExport(*trace, text, part, &report), json("[\n  {'ph': 'C', 'name': 'c', 'pid': 1, 'ts': 1, 'args': {'a': 1, 'b': 2}}\n]\n"));
    QCOMPARE(report.events, std::uint64_t{1});
    QCOMPARE(part.sources[0].events, std::uint64_t{1});
}

void tst_KinetoExporter::severalArraysBecomeOne()
{
    const std::string text = json("{'a': 1, 'traceEvents': [" + x("a", 1) + "], 'b': {'c': 2}, 'traceEvents': [" + x("b", 2) + "," + x("a", 3) + "], 'd': 4}");
    SAME(partOf(text, {"a"}), json("{\n  'a': 1,\n  'traceEvents': [\n  " + x("a", 1) + ",\n  " + x("a", 3) + "\n  ],\n  'b': {'c': 2},\n  'd': 4\n}\n"));
    SAME(partOf(json("{'traceEvents': 7, 'traceEvents': [" + x("a", 1) + "]}"), {"a"}), json("{\n  'traceEvents': [\n  " + x("a", 1) + "\n  ]\n}\n"));
}

void tst_KinetoExporter::aFileThatWasCutComesOutClosed()
{
    const std::string text = json("{'a': 1, 'traceEvents': [" + x("a", 1) + "," + x("b", 2) + "], 'b': {'c': [1, 2]}, 'd': 'long text'}");
    const std::size_t first = text.find("{\"ph\"");
    for (std::size_t length = first + json(x("a", 1)).size(); length <= text.size(); ++length) {
        const std::string cut = text.substr(0, length);
        const TracePtr trace = traceFromText(cut);
        const std::string out = mustExport(*trace, cut, slicesNamed(*trace, {"a", "b"}), nullptr, 50);
        QVERIFY2(nlohmann::json::accept(out), out.c_str());
        QCOMPARE(nlohmann::json::parse(out)["traceEvents"].size(), trace->slices().size());
    }
}

void tst_KinetoExporter::damagedEventsAreWrittenAsTheyWereUnderstood()
{
    const std::string text = json("{'traceEvents': [" + x("a", 1) + ",") +
                             "{\"ph\": \"X\", \"name\": \"say \"hello\", you\", \"pid\": 1, \"tid\": 1, \"ts\": 2, \"dur\": 5},\n" +
                             json("{'ph': 'i', 'name': 'no end, 'pid': 1, 'tid': 1, 'ts': 2},\n" + x("b", 3, ", 'args': {'nan': NaN, 'x': [1,],}") + "," + x("c", 4) + "]}");
    const TracePtr trace = traceFromText(text);
    QCOMPARE(trace->slices().size(), std::size_t{4});
    const Subset part = someRows(*trace, [&](std::size_t row) { return row >= trace->slices().size() || trace->name(SliceId(row)) != "c"; });
    ExportReport::File report;
    for (const std::size_t piece : {1, 10, 100, 10'000}) {
        const std::string out = mustExport(*trace, text, part, &report, piece);
        QVERIFY2(out.find(json(x("b", 3, ", 'args': {'nan': NaN, 'x': [1,],}"))) != out.npos, out.c_str()); // taken as it is: it was no damage to us
        const TracePtr again = traceFromText(out);
        QCOMPARE(again->diagnostics().count(Defect::DamagedEvent), std::uint64_t{0});
        SAME(eventDump(*again), eventDump(*trace, part));
        QVERIFY(report.rewritten >= 1);
    }
}

void tst_KinetoExporter::bracketsInStringsDoNotEndAnElement()
{
    const std::string a = x("}]\\\\", 1, ", 'args': {'k': '\\\\\\\"}}', 'n': {'b': ['{', {}]}}");
    const std::string text = json("[" + a + "," + x("b", 2) + "]");
    const TracePtr trace = traceFromText(text);
    for (const std::size_t piece : {1, 3, 64, 1000})
        SAME(mustExport(*trace, text, slicesNamed(*trace, {"}]\\"}), nullptr, piece), json("[\n  " + a + "\n]\n"));
}

void tst_KinetoExporter::elementsLongerThanAPieceAreWhole()
{
    const std::string big = x("big", 1, ", 'args': {'blob': '" + std::string(3'000'000, 'y') + "'}");
    const std::string text = json("[" + x("a", 0) + "," + big + "," + x("b", 2) + "," + big + "]");
    const TracePtr trace = traceFromText(text);
    for (const std::size_t piece : {1000, 100'000, 4'000'000})
        QVERIFY(mustExport(*trace, text, slicesNamed(*trace, {"big", "b"}), nullptr, piece) == json("[\n  " + big + ",\n  " + x("b", 2) + ",\n  " + big + "\n]\n"));
}

void tst_KinetoExporter::valuesThatAreCutOffAreLeftOut()
{
    const std::string text = json("{'none': , 'traceEvents': [" + x("a", 1) + "], 'n': 12, 'whole': [1, [2]], 'cut': [1, 2");
    const TracePtr trace = traceFromText(text);
    ExportReport::File report;
    SAME(mustExport(*trace, text, slicesNamed(*trace, {"a"}), &report),
             json("{\n  'traceEvents': [\n  " + x("a", 1) + "\n  ],\n  'n': 12,\n  'whole': [1, [2]]\n}\n"));
    QCOMPARE(report.leftOut, std::uint64_t{2});
}

void tst_KinetoExporter::longValuesPassThrough()
{
    const std::string blob = "{'text': '" + std::string(3'000'000, 'z') + "', 'brackets': ']]}}'}";
    const std::string text = json("{'long' : " + blob + ", 'traceEvents': [" + x("a", 1) + "], 'again': " + blob + ", 'b': 1}");
    const TracePtr trace = traceFromText(text);
    for (const std::size_t piece : {1000, 4'000'000})
        QVERIFY(mustExport(*trace, text, slicesNamed(*trace, {"a"}), nullptr, piece) ==
                json("{\n  'long': " + blob + ",\n  'traceEvents': [\n  " + x("a", 1) + "\n  ],\n  'again': " + blob + ",\n  'b': 1\n}\n"));
}

void tst_KinetoExporter::nothingKeptIsAFileThatOpens()
{
    for (const std::string& text : {json("{'a': 1, 'traceEvents': [" + x("a", 1) + "]}"), json("[" + x("a", 1) + "]"), json(x("a", 1) + "\n" + x("a", 1))}) {
        const std::string out = partOf(text, {});
        QVERIFY2(nlohmann::json::accept(out), out.c_str());
        QVERIFY2(loadTraceFromMemory(out, "none.json").ok(), out.c_str());
    }
}

void tst_KinetoExporter::aClipCutsTheTimesAndNothingElse_data()
{
    QTest::addColumn<QString>("before");
    QTest::addColumn<QString>("behind");
    // the range is from 100 us to 200 us of the file
    QTest::newRow("inside") << "'ts': 100, 'dur': 100.0" << "'ts': 100, 'dur': 100.0";
    QTest::newRow("early") << "'ts': 90, 'dur': 20" << "'ts': 100, 'dur': 10";
    QTest::newRow("late") << "'dur':25, 'ts':190" << "'dur':10, 'ts':190";
    QTest::newRow("both") << "'ts': 1.5, 'dur': 9999" << "'ts': 100.0, 'dur': 100";
    QTest::newRow("more digits") << "'ts': 190.123, 'dur': 20" << "'ts': 190.123, 'dur': 9.877";
    QTest::newRow("keeps digits") << "'ts': 50.000, 'dur': 60.000" << "'ts': 100.000, 'dur': 10.000";
    QTest::newRow("finer than ns") << "'ts': 190.1234567, 'dur': 20.5" << "'ts': 190.1234567, 'dur': 9.8765433";
    QTest::newRow("strings") << "'ts': '90', 'dur': '20'" << "'ts': '100', 'dur': '10'";
    QTest::newRow("exponent") << "'ts': 9e1, 'dur': 2E1" << "'ts': 100, 'dur': 10";
    QTest::newRow("twice") << "'ts': 95, 'ts': 90, 'dur': 20" << "'ts': 100, 'ts': 100, 'dur': 10";
    QTest::newRow("negative") << "'ts': -5, 'dur': 110" << "'ts': 100, 'dur': 5";
    QTest::newRow("outside") << "'ts': 5, 'dur': 11" << "'ts': 5, 'dur': 11";
    QTest::newRow("nested keys stay") << "'args': {'ts': 90, 'dur': 20}, 'ts': 90, 'dur': 20" << "'args': {'ts': 90, 'dur': 20}, 'ts': 100, 'dur': 10";
}

void tst_KinetoExporter::aClipCutsTheTimesAndNothingElse()
{
    QFETCH(QString, before);
    QFETCH(QString, behind);
    const auto event = [](const QString& times) { return "{'ph': 'X', 'name': 'a', " + times.toStdString() + ", 'pid': 1}"; };
    for (const std::string& base : {std::string(), std::string("'baseTimeNanoseconds': 1700000000000000001, ")}) {
        const std::string text = json("{" + base + "'traceEvents': [" + event(before) + "," + x("b", 0) + "]}");
        const TracePtr trace = traceFromText(text);
        ExportReport::File report;
        ExportOptions options;
        options.clip = TimeRange{100'000, 200'000};
        const std::string out = mustExport(*trace, text, slicesNamed(*trace, {"a"}), &report, 4096, options);
        QVERIFY2(out.find(json(event(behind))) != out.npos, out.c_str());
        QCOMPARE(report.clipped, std::uint64_t{before != behind});
        options.clip = TimeRange{INT64_MIN, INT64_MAX};
        const std::string same = mustExport(*trace, text, slicesNamed(*trace, {"a"}), &report, 4096, options);
        QVERIFY2(same.find(json(event(before))) != same.npos, same.c_str());
    }
}

void tst_KinetoExporter::aClipCutsPairs()
{
    const std::string text = json("[{'ph': 'B', 'name': 'pair', 'pid': 1, 'tid': 2, 'ts': 1},{'ph': 'E', 'pid': 1, 'tid': 2, 'ts': 40.5},"
                                  "{'ph': 'b', 'cat': 'c', 'id': 1, 'name': 'pair', 'pid': 1, 'tid': 2, 'ts': 15},{'ph': 'e', 'cat': 'c', 'id': 1, 'name': 'pair', 'pid': 1, 'tid': 2, 'ts': 25}]");
    const TracePtr trace = traceFromText(text);
    ExportOptions options;
    options.clip = TimeRange{10'000, 20'000};
    ExportReport::File report;
    const std::string out = mustExport(*trace, text, slicesNamed(*trace, {"pair"}), &report, 4096, options);
    SAME(out, json("[\n  {'ph': 'B', 'name': 'pair', 'pid': 1, 'tid': 2, 'ts': 10},\n  {'ph': 'E', 'pid': 1, 'tid': 2, 'ts': 20.0},\n"
                       "  {'ph': 'b', 'cat': 'c', 'id': 1, 'name': 'pair', 'pid': 1, 'tid': 2, 'ts': 15},\n  {'ph': 'e', 'cat': 'c', 'id': 1, 'name': 'pair', 'pid': 1, 'tid': 2, 'ts': 20}\n]\n"));
    QCOMPARE(report.clipped, std::uint64_t{3});
}

void tst_KinetoExporter::whatIsWrittenIsCounted()
{
    const std::string text = json("{'traceEvents': [" + x("a", 1) + ", null, {}, {'ph': 'E', 'ts': 1}, " + x("b", 2) + "]}");
    const TracePtr trace = traceFromText(text);
    ExportReport::File report;
    mustExport(*trace, text, slicesNamed(*trace, {"a"}), &report);
    QCOMPARE(report.events, std::uint64_t{1});
    QCOMPARE(report.leftOut, std::uint64_t{3});
    QCOMPARE(report.rewritten, std::uint64_t{0});
}

void tst_KinetoExporter::anotherFileIsNoticed()
{
    const std::string text = json("[" + x("a", 1) + "," + x("b", 2) + "]");
    const TracePtr trace = traceFromText(text);
    const Subset part = slicesNamed(*trace, {"b"});
    for (const std::string& other : {std::string("["), " " + text, text.substr(0, text.size() - 8)}) {
        const auto out = exportedText(*trace, other, part);
        QVERIFY(!out.ok());
        QCOMPARE(out.error().code, ErrorCode::CannotRead);
    }
    QVERIFY(!exportedText(*trace, text.substr(0, 20), wholeTrace(*trace)).ok());
}

void tst_KinetoExporter::aCancelledExportSaysSo()
{
    const std::string text = json("[" + x("a", 1) + "]");
    const TracePtr trace = traceFromText(text);
    std::stop_source stop;
    stop.request_stop();
    for (const Subset& subset : {wholeTrace(*trace), slicesNamed(*trace, {"a"})}) {
        auto source = ByteSource::openMemory(text);
        std::string out;
        const auto sink = ByteSink::toMemory(out);
        const Format* format = &formats().front();
        const auto written = format->exporter()->write(*trace, SourceId(0), subset, **source, *sink, {}, {nullptr, stop.get_token()});
        QVERIFY(!written.ok());
        QCOMPARE(written.error().code, ErrorCode::Cancelled);
    }
}

QTEST_GUILESS_MAIN(tst_KinetoExporter)
#include "tst_KinetoExporter.moc"
