#include <QTest>

#include "core/format/fxt/FxtConverter.h"
#include "core/format/fxt/FxtWriter.h"
#include "core/format/text/EventDump.h"
#include "core/io/Loader.h"
#include "tests/support/ExportText.h"
#include "tests/support/FxtText.h"
#include "tests/support/Golden.h"
#include "tests/support/TraceFixture.h"

#include <algorithm>
#include <filesystem>
#include <sstream>

using namespace opscope;
using namespace opscope::test;

namespace {

std::string fxtOf(const Trace& trace, const Subset& subset)
{
    std::string bytes;
    const auto sink = ByteSink::toMemory(bytes);
    const auto written = writeAsFxt(trace, subset, *sink, {});
    if (!written) return written.error().text();
    return sink->close() ? bytes : "not closed";
}

/// Sorted lines of `opscope dump --events`, without what an .fxt cannot say: that a slice was a begin and an end, digits finer than a
/// nanosecond, missing durations, phases of instants. Values of counters and points of flows are counted by whoever calls.
std::vector<std::string> comparable(const std::string& dump)
{
    std::istringstream text(dump);
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);) {
        if (line.starts_with("file ") || line.starts_with("value ") || line.starts_with("flow ") || line.starts_with("opscope events")) continue;
        for (const char* word : {" pair", " async", " no-duration"})
            if (const auto at = line.rfind(word); at != line.npos) line.erase(at, std::string_view(word).size());
        for (const char* key : {" start_atto=", " duration_atto="})
            if (const auto at = line.find(key); at != line.npos) line.erase(at, line.find(' ', at + 1) - at);
        if (line.starts_with("instant ")) line.erase(line.find(' ', 8), 2);
        lines.push_back(line);
    }
    std::sort(lines.begin(), lines.end());
    return lines;
}

std::vector<std::string> sampleFiles()
{
    std::vector<std::string> all{std::filesystem::path(OPSCOPE_TEST_DATA).parent_path().parent_path() / "resources/sample/training_step.pt.trace.json.gz"};
    const std::string path = sharedPath("traces/kineto");
    if (path.empty()) return all;
    for (const auto& entry : std::filesystem::directory_iterator(path))
        if (const std::string name = entry.path(); name.find(".facts.") == name.npos && entry.file_size() < (2u << 20)) all.push_back(name);
    std::sort(all.begin() + 1, all.end());
    return all;
}

} // namespace

class tst_FxtRoundTrip : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void kinetoBecomesFxtAndSaysTheSame_data();
    void kinetoBecomesFxtAndSaysTheSame();
    void whatWasWrittenIsAPartOfItself_data() { kinetoBecomesFxtAndSaysTheSame_data(); }
    void whatWasWrittenIsAPartOfItself();
    void madeUpNumbersAreReadAsWhatTheyStandFor();
    void statesAndCpusBecomeSwitches();
};

void tst_FxtRoundTrip::kinetoBecomesFxtAndSaysTheSame_data()
{
    QTest::addColumn<QString>("path");
    for (const std::string& path : sampleFiles()) QTest::newRow(std::filesystem::path(path).filename().c_str()) << QString::fromStdString(path);
}

void tst_FxtRoundTrip::kinetoBecomesFxtAndSaysTheSame()
{
    QFETCH(QString, path);
    const std::string file = path.toStdString();
    const auto trace = loadTrace(std::span(&file, 1));
    QVERIFY2(trace.ok(), trace.ok() ? "" : trace.error().text().c_str());
    const std::string bytes = fxtOf(**trace, wholeTrace(**trace));
    const auto again = loadTraceFromMemory(bytes, "again.fxt");
    QVERIFY2(again.ok(), again.ok() ? "" : again.error().text().c_str());
    QCOMPARE((*again)->slices().size(), (*trace)->slices().size());
    QCOMPARE((*again)->instants().size(), (*trace)->instants().size());
    QCOMPARE((*again)->counters().size(), (*trace)->counters().size());
    QCOMPARE((*again)->flows().points().size(), (*trace)->flows().points().size());
    QCOMPARE((*again)->baseTime(), (*trace)->baseTime());
    const auto before = comparable(eventDump(**trace)), after = comparable(eventDump(**again));
    for (std::size_t i = 0; i < std::min(before.size(), after.size()); ++i)
        if (before[i] != after[i]) QFAIL((after[i] + "\ninstead of\n" + before[i]).c_str());
    QCOMPARE(after.size(), before.size());
    QVERIFY(!before.empty());
}

void tst_FxtRoundTrip::whatWasWrittenIsAPartOfItself()
{
    QFETCH(QString, path);
    const std::string file = path.toStdString();
    const auto trace = loadTrace(std::span(&file, 1));
    QVERIFY(trace.ok());
    const std::string bytes = fxtOf(**trace, wholeTrace(**trace));
    const TracePtr fxt = traceFromText(bytes);
    const Subset part = someRows(*fxt, [](std::size_t row) { return row % 97 == 0; });
    const auto text = exportedText(*fxt, bytes, part);
    QVERIFY2(text.ok(), text.ok() ? "" : text.error().text().c_str());
    QCOMPARE(fxtText(*text).error, std::string());
    const auto said = comparable(eventDump(*traceFromText(*text))), expected = comparable(eventDump(*fxt, part));
    for (std::size_t i = 0; i < std::min(said.size(), expected.size()); ++i)
        if (said[i] != expected[i]) QFAIL((said[i] + "\ninstead of\n" + expected[i]).c_str());
    QCOMPARE(said.size(), expected.size());
}

void tst_FxtRoundTrip::madeUpNumbersAreReadAsWhatTheyStandFor()
{
    const TracePtr trace = traceFromText(R"([
        {"ph": "M", "name": "process_name", "pid": 0, "args": {"name": "GPU"}}, {"ph": "M", "name": "process_labels", "pid": 0, "args": {"labels": "GPU 0"}},
        {"ph": "M", "name": "process_sort_index", "pid": 0, "args": {"sort_index": 77}},
        {"ph": "M", "name": "thread_name", "pid": 0, "tid": 7, "args": {"name": "stream 7"}},
        {"ph": "X", "cat": "kernel", "name": "a", "pid": 0, "tid": 7, "ts": 1, "dur": 2},
        {"ph": "X", "cat": "kernel", "name": "b", "pid": 1, "tid": 7, "ts": 1, "dur": 2},
        {"ph": "X", "cat": "Trace", "name": "c", "pid": "Spans", "tid": "PyTorch Profiler", "ts": 1, "dur": 2},
        {"ph": "X", "cat": "cpu_op", "name": "d", "pid": -4, "ts": 1, "dur": 2}])");
    const TracePtr again = traceFromText(fxtOf(*trace, wholeTrace(*trace)));
    QCOMPARE(comparable(eventDump(*again)), comparable(eventDump(*trace)));
    const Process& gpu = again->process(again->track(again->trackOf(sliceNamed(*again, "a"))).process);
    QCOMPARE(again->text(gpu.labels), std::string_view("GPU 0"));
    QCOMPARE(gpu.sortIndex, 77);
    QVERIFY(gpu.side == Side::Device);
}

/// As they do where a recording and a trace of another format go into one file.
void tst_FxtRoundTrip::statesAndCpusBecomeSwitches()
{
    std::string bytes;
    FxtWriter w(bytes, {});
    w.processName(7, "program");
    w.threadName({7, 7}, "main");
    w.threadName({7, 8}, "other");
    w.slice({7, 7}, 5, 100, "", "work");
    w.contextSwitch(0, 10, 7, fxt::ThreadState::Blocked, 8);
    w.wakeup(1, 20, 7);
    w.contextSwitch(1, 25, 0, fxt::ThreadState::New, 7);
    w.contextSwitch(0, 30, 8, fxt::ThreadState::Suspended, 0);
    w.contextSwitch(1, 40, 7, fxt::ThreadState::Running, 8);
    w.contextSwitch(0, 45, 0, fxt::ThreadState::New, 7);
    w.contextSwitch(1, 50, 8, fxt::ThreadState::Dead, 0);
    const TracePtr trace = traceFromText(bytes);
    QVERIFY(trace->slices().size() >= 10);
    const TracePtr again = traceFromText(fxtOf(*trace, wholeTrace(*trace)));
    QCOMPARE(comparable(eventDump(*again)), comparable(eventDump(*trace)));
}

QTEST_GUILESS_MAIN(tst_FxtRoundTrip)
#include "tst_FxtRoundTrip.moc"
