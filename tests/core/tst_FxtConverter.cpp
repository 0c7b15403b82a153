#include <QTemporaryDir>
#include <QTest>

#include "core/format/fxt/FxtConverter.h"
#include "core/io/Loader.h"
#include "tests/support/ExportText.h"
#include "tests/support/FxtText.h"
#include "tests/support/Golden.h"
#include "tests/support/TraceFixture.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

using namespace opscope;
using namespace opscope::test;

namespace {

/// The trace as .fxt, or why not.
std::string fxtOf(const Trace& trace, const Subset& subset, const ExportOptions& options = {}, ExportReport::File* report = nullptr)
{
    std::string bytes;
    const auto sink = ByteSink::toMemory(bytes);
    const auto written = writeAsFxt(trace, subset, *sink, options);
    if (!written) return written.error().text();
    if (report) *report = *written;
    return sink->close() ? bytes : "not closed";
}

FxtText converted(const std::string& json)
{
    const TracePtr trace = traceFromText(json);
    return fxtText(fxtOf(*trace, wholeTrace(*trace)));
}

void compare(const FxtText& text, const std::vector<std::string>& expected)
{
    std::string all;
    for (const std::string& line : expected) all += line + "\n";
    QCOMPARE(QString::fromStdString(text.text()), QString::fromStdString(all));
}

std::vector<std::string> sampleFiles()
{
    std::vector<std::string> all;
    for (const char* folder : {"traces/kineto", "traces/chrome", "traces/multi_rank", "traces/bad"}) {
        const std::string path = sharedPath(folder);
        if (path.empty()) continue;
        for (const auto& entry : std::filesystem::directory_iterator(path))
            if (const std::string name = entry.path(); entry.is_regular_file() && name.find(".facts.") == name.npos && entry.file_size() < (3u << 20)) all.push_back(name);
    }
    std::sort(all.begin(), all.end());
    return all;
}

/// pid and tid that a record stands for, as texts: our own numbers are told by the arguments of the object.
std::string idText(const FxtText& text, unsigned type, std::uint64_t koid)
{
    const auto object = text.objects.find({type, koid});
    std::string said = object == text.objects.end() ? std::string() : object->second.argument(type == 1 ? "pid" : "tid");
    if (said.empty()) return std::to_string(koid);
    if (said.front() == '"') return said.substr(1, said.size() - 2);
    return said.substr(said.find(':') + 1);
}

/// Slices on threads, as the file has them.
std::vector<std::string> slicesOf(const FxtText& text)
{
    std::vector<std::string> all;
    for (const FxtText::Event& e : text.events) {
        if (e.type != "complete" && e.type != "begin") continue;
        const std::string end = e.type == "begin" ? "open" : std::to_string(e.tail);
        all.push_back(idText(text, 1, e.process) + "/" + idText(text, 2, e.thread) + " " + std::to_string(e.time) + " " + end + " " + e.category + " " + e.name);
    }
    std::sort(all.begin(), all.end());
    return all;
}

std::vector<std::string> slicesOf(const Trace& trace, Nanos zero)
{
    std::vector<std::string> all;
    const auto id = [&](const TrackKey& key) {
        return key.kind == TrackKey::Kind::None ? std::string("null") : trace.keyText(key);
    };
    for (const Track& track : trace.tracks()) {
        if (track.kind != TrackKind::Thread && track.kind != TrackKind::Stream) continue;
        for (std::uint32_t i = track.firstSlice; i < track.firstSlice + track.sliceCount; ++i) {
            const SliceId s(i);
            const bool open = trace.slices().flags(s) & kUnclosed;
            all.push_back(id(trace.process(track.process).pid) + "/" + id(track.tid) + " " + std::to_string(trace.slices().start(s) - zero) + " " +
                          (open ? "open" : std::to_string(trace.slices().end(s) - zero)) + " " + trace.category(trace.slices().category(s)).name + " " +
                          std::string(trace.name(s)));
        }
    }
    std::sort(all.begin(), all.end());
    return all;
}

} // namespace

class tst_FxtConverter : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void slicesAndThreadsAreWrittenWithTheirIdsAndTimes();
    void argumentsWithColumnsAreWrittenUnderTheirNames();
    void countersAsyncEventsAndInstantsAreWritten();
    void flowsLieInsideTheirSlices();
    void numbersOfFlowsAreOfOneCategory();
    void noNumberIsTwoThings();
    void timesInFrontOfTheBaseMoveTheStart();
    void aClipCutsSlices();
    void privateTextsAreReplacedEverywhere();
    void aPartHasOnlyItsRowsAndTheirThreads();
    void severalFilesBecomeOne();
    void executionTracesHaveNoTimes();
    void everySharedTraceKeepsItsSlicesThreadsAndTimes();
    void cancellingLeavesNothing();
};

void tst_FxtConverter::slicesAndThreadsAreWrittenWithTheirIdsAndTimes()
{
    compare(converted(R"({"baseTimeNanoseconds": 1700000000000000000, "traceEvents": [
        {"ph": "M", "name": "process_name", "pid": 7, "args": {"name": "python"}},
        {"ph": "M", "name": "process_labels", "pid": 7, "args": {"labels": "CPU"}},
        {"ph": "M", "name": "process_sort_index", "pid": 7, "args": {"sort_index": 5}},
        {"ph": "M", "name": "thread_name", "pid": 7, "tid": 7, "args": {"name": "main"}},
        {"ph": "X", "cat": "cpu_op", "name": "inner", "pid": 7, "tid": 7, "ts": 1.5, "dur": 2.001},
        {"ph": "X", "cat": "cpu_op", "name": "outer", "pid": 7, "tid": 7, "ts": 1.5, "dur": 10},
        {"ph": "B", "name": "open", "pid": 7, "tid": 8, "ts": 3},
        {"ph": "B", "name": "pair", "pid": 7, "tid": 8, "ts": 4},
        {"ph": "E", "pid": 7, "tid": 8, "ts": 5}
    ]})"),
            {R"(provider 1 "Opscope")", "section 1", "ticks 1000000000 base 0 at 1700000000000000000",
             R"(process 7 "python" {labels="CPU", sort_index=int32:5})",
             R"(thread 7 "main" {process=koid:7})",
             R"(complete 7/7 1500 "cpu_op" "outer" {} tail 11500)",
             R"(complete 7/7 1500 "cpu_op" "inner" {} tail 3501)",
             R"(thread 8 "" {process=koid:7})",
             R"(begin 7/8 3000 "" "open" {})",
             R"(complete 7/8 4000 "" "pair" {} tail 5000)"});
}

void tst_FxtConverter::argumentsWithColumnsAreWrittenUnderTheirNames()
{
    const FxtText text = converted(R"([{"ph": "X", "cat": "cpu_op", "name": "a", "pid": 1, "tid": 1, "ts": 1, "dur": 1, "args":
        {"correlation": 81, "External id": 5000000000, "Sequence number": -3, "device": 0, "stream": 7, "bytes": 4096,
         "Input Dims": [[2, 3]], "Input type": ["float"], "finished": false}}])");
    QCOMPARE(text.events.size(), 1u);
    QCOMPARE(QString::fromStdString(text.events.front().arguments),
             QString(R"({correlation=int32:81, External id=int64:5000000000, Sequence number=int32:-3, device=int32:0, stream=int32:7, bytes=int32:4096, )"
                     R"(Input Dims="[[2, 3]]", Input type="[\"float\"]", finished=false})"));
}

void tst_FxtConverter::countersAsyncEventsAndInstantsAreWritten()
{
    compare(converted(R"([
        {"ph": "X", "name": "work", "pid": 1, "tid": 2, "ts": 0, "dur": 50},
        {"ph": "i", "cat": "c", "name": "mark", "pid": 1, "tid": 2, "ts": 7},
        {"ph": "b", "cat": "io", "name": "read", "id": 3, "pid": 1, "tid": 2, "ts": 10},
        {"ph": "e", "cat": "io", "name": "read", "id": 3, "pid": 1, "tid": 2, "ts": 20},
        {"ph": "b", "cat": "io", "name": "never", "id": 4, "pid": 1, "tid": 2, "ts": 12},
        {"ph": "n", "cat": "io", "name": "step", "id": 3, "pid": 1, "tid": 2, "ts": 15},
        {"ph": "C", "name": "memory", "pid": 1, "ts": 1, "args": {"used": 5, "half": 0.5}}
    ])"),
            {R"(provider 1 "Opscope")", "section 1", "ticks 1000000000",
             R"(process 1 "process 1" {})",
             R"(thread 2 "" {process=koid:1})",
             R"(complete 1/2 0 "" "work" {} tail 50000)",
             R"(instant 1/2 7000 "c" "mark" {})",
             R"(async-begin 1/2 10000 "io" "read" {} tail 1)",
             R"(async-end 1/2 20000 "io" "read" {} tail 1)",
             R"(async-begin 1/2 12000 "io" "never" {} tail 2)",
             R"(async-instant 1/2 15000 "io" "step" {} tail 3)",
             R"(counter 1/2 1000 "" "memory" {used=int32:5} tail 0)",
             R"(counter 1/2 1000 "" "memory" {half=double:0.5} tail 0)"});
}

/// Readers bind by enclosure; Kineto's ends without "bp" lie in front of their slice.
void tst_FxtConverter::flowsLieInsideTheirSlices()
{
    const FxtText text = converted(R"([
        {"ph": "X", "name": "from", "pid": 1, "tid": 2, "ts": 10, "dur": 5},
        {"ph": "X", "name": "to", "pid": 1, "tid": 3, "ts": 30, "dur": 5},
        {"ph": "s", "cat": "x", "name": "arrow", "id": 9, "pid": 1, "tid": 2, "ts": 12},
        {"ph": "f", "cat": "x", "name": "arrow", "id": 9, "pid": 1, "tid": 3, "ts": 25}
    ])");
    QCOMPARE(text.lines[text.lines.size() - 2], R"(flow-begin 1/2 12000 "x" "x" {} tail 9)");
    QCOMPARE(text.lines.back(), R"(flow-end 1/3 30000 "x" "x" {} tail 9)");
}

void tst_FxtConverter::numbersOfFlowsAreOfOneCategory()
{
    const FxtText text = converted(R"([
        {"ph": "X", "name": "a", "pid": 1, "tid": 2, "ts": 0, "dur": 50}, {"ph": "X", "name": "b", "pid": 1, "tid": 3, "ts": 0, "dur": 50},
        {"ph": "s", "cat": "x", "id": 9, "pid": 1, "tid": 2, "ts": 1}, {"ph": "f", "bp": "e", "cat": "x", "id": 9, "pid": 1, "tid": 3, "ts": 2},
        {"ph": "s", "cat": "y", "id": 9, "pid": 1, "tid": 2, "ts": 3}, {"ph": "f", "bp": "e", "cat": "y", "id": 9, "pid": 1, "tid": 3, "ts": 4},
        {"ph": "s", "cat": "x", "id": "9", "pid": 1, "tid": 2, "ts": 5}, {"ph": "f", "bp": "e", "cat": "x", "id": "9", "pid": 1, "tid": 3, "ts": 6}
    ])");
    std::map<std::uint64_t, std::vector<std::uint64_t>> times;
    for (const auto& e : text.events)
        if (e.type.starts_with("flow")) times[e.tail].push_back(e.time);
    QCOMPARE(times.size(), 3u);
    QVERIFY(times.contains(9)); // one of them keeps its number
    std::vector<std::vector<std::uint64_t>> pairs;
    for (const auto& [id, two] : times) pairs.push_back(two);
    std::sort(pairs.begin(), pairs.end());
    QCOMPARE(pairs, (std::vector<std::vector<std::uint64_t>>{{1000, 2000}, {3000, 4000}, {5000, 6000}}));
}

void tst_FxtConverter::noNumberIsTwoThings()
{
    const std::string kernel = R"("cat": "kernel", "ts": 1, "dur": 1)";
    const FxtText text = converted(R"([{"ph": "X", "name": "a", "pid": 0, "tid": 7, )" + kernel + R"(}, {"ph": "X", "name": "b", "pid": 1, "tid": 7, )" + kernel +
                                   R"(}, {"ph": "X", "name": "c", "pid": 7, "tid": 7, "cat": "cpu_op", "ts": 1, "dur": 1},
                                       {"ph": "X", "name": "d", "pid": "Spans", "tid": "PyTorch Profiler", "ts": 1, "dur": 1},
                                       {"ph": "X", "name": "e", "pid": -4, "tid": 2000000000, "ts": 1, "dur": 1},
                                       {"ph": "X", "name": "f", "pid": 7, "tid": 1, "ts": 1, "dur": 1}])");
    QCOMPARE(text.error, std::string());
    std::map<std::string, std::string> where;
    std::set<std::uint64_t> processes;
    std::map<std::uint64_t, std::uint64_t> processOf;
    for (const auto& e : text.events) {
        where[e.name] = idText(text, 1, e.process) + "/" + idText(text, 2, e.thread);
        processes.insert(e.process);
        const auto [it, isNew] = processOf.try_emplace(e.thread, e.process);
        QCOMPARE(it->second, e.process); // one thread, one process
        QVERIFY(e.process != 0 && e.thread != 0);
    }
    for (const auto& [thread, process] : processOf) QVERIFY(!processes.contains(thread) || thread == process);
    QCOMPARE(where, (std::map<std::string, std::string>{{"a", "0/7"}, {"b", "1/7"}, {"c", "7/7"}, {"d", "Spans/PyTorch Profiler"}, {"e", "-4/2000000000"}, {"f", "7/1"}}));
    const auto c = std::ranges::find(text.events, "c", &FxtText::Event::name);
    QCOMPARE(c->process, 7u); // a process and its own thread may share
    QCOMPARE(c->thread, 7u);
}

void tst_FxtConverter::timesInFrontOfTheBaseMoveTheStart()
{
    const FxtText text = converted(R"({"baseTimeNanoseconds": 1000000, "traceEvents": [{"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": -20, "dur": 5},
        {"ph": "X", "name": "b", "pid": 1, "tid": 1, "ts": 10, "dur": 5}]})");
    QCOMPARE(text.lines[2], "ticks 1000000000 base 0 at 980000");
    QCOMPARE(text.events[0].time, 0u);
    QCOMPARE(text.events[1].time, 30'000u);
}

void tst_FxtConverter::aClipCutsSlices()
{
    const TracePtr trace = traceFromText(R"([{"ph": "X", "name": "both", "pid": 1, "tid": 1, "ts": 0, "dur": 100},
        {"ph": "X", "name": "inside", "pid": 1, "tid": 1, "ts": 20, "dur": 10}, {"ph": "X", "name": "outside", "pid": 1, "tid": 1, "ts": 60, "dur": 10}])");
    ExportOptions options;
    options.clip = TimeRange{10'000, 50'000};
    ExportReport::File report;
    const FxtText text = fxtText(fxtOf(*trace, wholeTrace(*trace), options, &report));
    QCOMPARE(report.clipped, 1u);
    QCOMPARE(report.events, 3u);
    std::vector<std::pair<std::uint64_t, std::uint64_t>> times;
    for (const auto& e : text.events) times.push_back({e.time, e.tail});
    QCOMPARE(times, (std::vector<std::pair<std::uint64_t, std::uint64_t>>{{10'000, 50'000}, {20'000, 30'000}, {60'000, 70'000}}));
}

void tst_FxtConverter::privateTextsAreReplacedEverywhere()
{
    const TracePtr trace = traceFromText(R"({"hostname": "gpu7.example.com", "traceEvents": [
        {"ph": "M", "name": "process_name", "pid": 1, "args": {"name": "python /home/alice/train.py"}},
        {"ph": "M", "name": "thread_name", "pid": 1, "tid": 1, "args": {"name": "worker of /home/alice/x"}},
        {"ph": "X", "name": "/home/alice/src/train.py(12): step", "pid": 1, "tid": 1, "ts": 0, "dur": 100},
        {"ph": "X", "name": "aten::linear", "cat": "cpu_op", "pid": 1, "tid": 1, "ts": 1, "dur": 10},
        {"ph": "C", "name": "C:\\Users\\alice\\n", "pid": 1, "ts": 1, "args": {"bytes of /home/alice/y": 5}}]})");
    ExportOptions options;
    options.redactor = Redactor::of(*trace);
    ExportReport::File report;
    const std::string bytes = fxtOf(*trace, wholeTrace(*trace), options, &report);
    const FxtText text = fxtText(bytes);
    QCOMPARE(text.error, std::string());
    QVERIFY2(bytes.find("alice") == std::string::npos, text.text().c_str());
    QVERIFY(report.redactions >= 5);
    QVERIFY(text.text().find("train.py(12): step") != std::string::npos);
    QVERIFY(text.text().find("\"aten::linear\"") != std::string::npos);
}

void tst_FxtConverter::aPartHasOnlyItsRowsAndTheirThreads()
{
    const TracePtr trace = traceFromText(R"([{"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 0, "dur": 1},
        {"ph": "X", "name": "b", "pid": 1, "tid": 2, "ts": 5, "dur": 1}, {"ph": "X", "name": "c", "pid": 2, "tid": 3, "ts": 9, "dur": 1}])");
    compare(fxtText(fxtOf(*trace, slicesNamed(*trace, {"b"}))), {R"(provider 1 "Opscope")", "section 1", "ticks 1000000000", R"(process 1 "process 1" {})",
                                                                 R"(thread 2 "" {process=koid:1})", R"(complete 1/2 5000 "" "b" {} tail 6000)"});
    const FxtText nothing = fxtText(fxtOf(*trace, slicesNamed(*trace, {})));
    QCOMPARE(nothing.error, std::string());
    QCOMPARE(nothing.lines.size(), 3u);
}

void tst_FxtConverter::severalFilesBecomeOne()
{
    QTemporaryDir folder;
    const std::string path = folder.path().toStdString();
    const auto write = [&](const char* name, int rank, const char* slice) {
        const std::string text = R"({"baseTimeNanoseconds": 1000, "distributedInfo": {"rank": )" + std::to_string(rank) + R"(, "world_size": 2}, "traceEvents": [
            {"ph": "M", "name": "process_name", "pid": 5, "args": {"name": "python"}},
            {"ph": "X", "cat": "cpu_op", "name": ")" + slice + R"(", "pid": 5, "tid": 5, "ts": 1, "dur": 2}]})";
        return writeFile(path + "/" + name, text);
    };
    QVERIFY(write("a.json", 0, "one") && write("b.json", 1, "two"));
    const std::vector<std::string> paths{path + "/a.json", path + "/b.json"};
    const auto trace = loadTrace(paths);
    QVERIFY2(trace.ok(), trace.ok() ? "" : trace.error().text().c_str());
    const std::vector<ExportTarget> targets{fxtTarget(**trace, path + "/both.fxt")};
    const auto report = writeSubset(**trace, wholeTrace(**trace), targets, {});
    QVERIFY2(report.ok(), report.ok() ? "" : report.error().text().c_str());
    compare(fxtText(readFile(path + "/both.fxt")),
            {R"(provider 1 "Opscope")", "section 1", "ticks 1000000000 base 0 at 1000",
             R"(process 5 "rank 0, python, process 5" {})", R"(thread 5 "" {process=koid:5})", R"(complete 5/5 1000 "cpu_op" "one" {} tail 3000)",
             R"(process 2000000000 "rank 1, python, process 5" {})", R"(thread 2000000001 "" {process=koid:2000000000, tid=int32:5})",
             R"(complete 2000000000/2000000001 1000 "cpu_op" "two" {} tail 3000)"});
}

void tst_FxtConverter::executionTracesHaveNoTimes()
{
    const TracePtr trace = traceFromText(R"({"schema": "1.0.2-chakra.0.0.4", "pid": 1, "nodes": [{"id": 1, "name": "[pytorch|profiler|execution_trace|process]",
        "ctrl_deps": 1, "inputs": {"values": [], "shapes": [], "types": []}, "outputs": {"values": [], "shapes": [], "types": []}, "attrs": []}]})");
    QCOMPARE(fxtOf(*trace, wholeTrace(*trace)), "an execution trace has no times, so it cannot be written as .fxt");
}

/// Read back with a reader that knows nothing of ours.
void tst_FxtConverter::everySharedTraceKeepsItsSlicesThreadsAndTimes()
{
    const std::vector<std::string> files = sampleFiles();
    if (files.empty()) QSKIP("skipped: no shared traces");
    std::size_t slices = 0;
    for (const std::string& file : files) {
        const auto trace = loadTrace(std::span(&file, 1));
        if (!trace || (*trace)->timeBase() != TimeBase::Nanoseconds) continue;
        const std::string bytes = fxtOf(**trace, wholeTrace(**trace));
        const FxtText text = fxtText(bytes);
        QVERIFY2(text.error.empty(), (file + ": " + text.error).c_str());
        Nanos zero = 0;
        for (const Nanos start : (*trace)->slices().starts()) zero = std::min(zero, start);
        for (const Nanos time : (*trace)->instants().times()) zero = std::min(zero, time);
        const auto expected = slicesOf(**trace, zero), found = slicesOf(text);
        QVERIFY2(expected.size() == found.size(), file.c_str());
        for (std::size_t i = 0; i < found.size(); ++i)
            if (expected[i] != found[i]) QFAIL((file + ":\n" + found[i] + "\ninstead of\n" + expected[i]).c_str());
        slices += found.size();
    }
    QVERIFY(slices > 100'000);
}

void tst_FxtConverter::cancellingLeavesNothing()
{
    QTemporaryDir folder;
    TraceFixture f;
    const TrackId main = f.thread(1, 10, "main");
    for (int i = 0; i < 5000; ++i) f.slice(main, i * 10, 5, "work");
    const TracePtr trace = f.finish();
    std::stop_source stop;
    stop.request_stop();
    const std::string path = folder.path().toStdString() + "/x.fxt";
    const std::vector<ExportTarget> targets{{SourceId(0), path, ExportTarget::As::Fxt}};
    const auto report = writeSubset(*trace, wholeTrace(*trace), targets, {}, {.stop = stop.get_token()});
    QVERIFY(!report.ok());
    QCOMPARE(report.error().code, ErrorCode::Cancelled);
    QVERIFY(std::filesystem::is_empty(folder.path().toStdString()));
}

QTEST_GUILESS_MAIN(tst_FxtConverter)
#include "tst_FxtConverter.moc"
