#include <QTest>

#include "tests/support/Json.h"
#include "tests/support/TraceFixture.h"

#include <algorithm>

using namespace opscope;
using namespace opscope::test;

namespace {

/// "PairEnd @120 of inner", "Metadata @7 of track main", one line an element, in the order of the table.
std::string listed(const Trace& trace, std::string_view text)
{
    std::string out;
    for (const ExtraElement& e : trace.elements().of(SourceId(0))) {
        const std::string_view rest = text.substr(e.offset);
        const std::size_t mark = rest.find("\"mark\"");
        out += std::string(rest.substr(mark + 8, rest.find_first_of(",}", mark) - mark - 8)) + ": ";
        if (e.kind == static_cast<std::uint64_t>(ExtraElement::Kind::PairEnd))
            out += "end of " + std::string(trace.name(SliceId(e.row)));
        else if (e.row != TrackId::kNone)
            out += "track " + trace.trackName(TrackId(e.row));
        else
            out += e.process.valid() ? "process " + trace.processName(e.process) : "all";
        out += '\n';
    }
    return out;
}

std::string document(const std::string& events) { return json("{'traceEvents': [" + events + "]}"); }

std::string element(int mark, const std::string& ph, int tid, int ts, const std::string& more)
{
    return "{'mark': " + std::to_string(mark) + ", 'ph': '" + ph + "', 'pid': 1, 'tid': " + std::to_string(tid) + ", 'ts': " + std::to_string(ts) +
           (more.empty() ? "" : ", " + more) + "}";
}

} // namespace

class tst_ElementTable : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void endsOfPairsKnowTheirSlice();
    void metadataKnowWhomTheySpeakOf();
    void ofRepeatedMetadataTheLastStays();
    void tablesDoNotDependOnWindows();
    void whatIsNoRowIsCounted();
};

void tst_ElementTable::endsOfPairsKnowTheirSlice()
{
    const std::string text = document(element(1, "B", 1, 10, "'name': 'outer'") + "," + element(2, "B", 1, 20, "'name': 'inner'") + "," +
                                      element(3, "E", 1, 30, "") + "," + element(4, "E", 1, 40, "") + "," + element(5, "E", 1, 50, "") + "," +
                                      element(6, "b", 1, 5, "'name': 'wait', 'cat': 'a', 'id': 9") + "," +
                                      element(7, "e", 1, 6, "'name': 'wait', 'cat': 'a', 'id': 9") + "," +
                                      element(8, "S", 1, 7, "'name': 'old', 'cat': 'a', 'id': 9") + "," +
                                      element(9, "F", 1, 8, "'name': 'old', 'cat': 'a', 'id': 9") + "," +
                                      element(10, "b", 1, 9, "'name': 'open', 'cat': 'a', 'id': 9"));
    const TracePtr trace = traceFromText(text);
    QCOMPARE(listed(*trace, text), std::string("3: end of inner\n4: end of outer\n7: end of wait\n9: end of old\n"));
    QCOMPARE(trace->elements().rowless(SourceId(0)), std::uint64_t{1});
}

void tst_ElementTable::metadataKnowWhomTheySpeakOf()
{
    const auto meta = [](int mark, const std::string& who, const std::string& name, const std::string& args) {
        return "{'mark': " + std::to_string(mark) + ", 'ph': 'M', " + who + "'name': '" + name + "', 'args': {" + args + "}},";
    };
    const std::string text = document(
        meta(1, "'pid': 1, ", "process_name", "'name': 'python'") + meta(2, "'pid': 1, 'tid': 1, ", "thread_name", "'name': 'main'") +
        meta(3, "'pid': 1, 'tid': 5, ", "thread_name", "'name': 'idle'") + meta(4, "'pid': 8, ", "process_name", "'name': 'none'") +
        meta(5, "", "num_cpus", "'number': 4") + meta(6, "'pid': 1, 'tid': 1, ", "priority", "'value': 4") +
        meta(7, "'pid': 1, 'tid': 1, ", "thread_sort_index", "'sort_index': 4") + meta(8, "'pid': 1, ", "process_name", "") +
        element(9, "X", 1, 10, "'dur': 3, 'name': 'op', 'cat': 'cpu_op'"));
    const TracePtr trace = traceFromText(text);
    QCOMPARE(listed(*trace, text), std::string("1: process python, process 1\n2: track main\n3: process python, process 1\n4: all\n5: all\n"
                                               "6: track main\n7: track main\n8: process python, process 1\n"));
    QCOMPARE(trace->elements().rowless(SourceId(0)), std::uint64_t{0});
}

void tst_ElementTable::ofRepeatedMetadataTheLastStays()
{
    std::string events;
    for (int i = 0; i < 500; ++i) {
        events += "{'mark': " + std::to_string(3 * i) + ", 'ph': 'M', 'pid': 1, 'name': 'process_name', 'args': {'name': 'run " + std::to_string(i % 2) + "'}},";
        events += "{'mark': " + std::to_string(3 * i + 1) + ", 'ph': 'M', 'pid': 1, 'name': 'clock', 'args': {'sync': " + std::to_string(i % 3) + "}},";
        events += "{'mark': " + std::to_string(3 * i + 2) + ", 'ph': 'M', 'pid': 1, 'name': 'process_name', 'args': {'name': 'GPU 0'}},";
    }
    const std::string text = document(events + element(9999, "X", 1, 10, "'dur': 3, 'name': 'op', 'cat': 'cpu_op'"));
    const TracePtr trace = traceFromText(text);
    const std::string name = "process " + trace->processName(ProcessId(0));
    QCOMPARE(listed(*trace, text), "1492: " + name + "\n1495: " + name + "\n1497: " + name + "\n1498: " + name + "\n1499: " + name + "\n");
}

void tst_ElementTable::tablesDoNotDependOnWindows()
{
    std::string events;
    for (int i = 0; i < 300; ++i)
        events += element(3 * i, "B", i % 4, i, "'name': 'op'") + "," + element(3 * i + 1, "E", i % 4, i + 2, "") + "," +
                  "{'mark': " + std::to_string(3 * i + 2) + ", 'ph': 'M', 'pid': 1, 'tid': " + std::to_string(i % 4) + ", 'name': 'thread_name', 'args': {'name': 't'}},";
    const std::string text = document(events + "{}");
    const TracePtr whole = traceFromText(text);
    QVERIFY(whole->elements().of(SourceId(0)).size() > 300);
    for (const std::size_t window : {100, 1000, 10'000}) {
        ImportOptions options;
        options.windowBytes = window;
        options.threads = 2;
        const TracePtr cut = traceFromText(text, options);
        QVERIFY(std::ranges::equal(cut->elements().all(), whole->elements().all(), [](const ExtraElement& a, const ExtraElement& b) {
            return a.offset == b.offset && a.source == b.source && a.kind == b.kind && a.row == b.row && a.process == b.process;
        }));
        QCOMPARE(cut->elements().rowless(SourceId(0)), whole->elements().rowless(SourceId(0)));
    }
}

void tst_ElementTable::whatIsNoRowIsCounted()
{
    const std::string text = document("null, {}, 7, " + element(1, "X", 1, 10, "'dur': 3, 'name': 'op', 'cat': 'cpu_op'") + "," +
                                      element(2, "C", 1, 10, "'name': 'c', 'args': {'a': 1, 'b': 2}") + "," +
                                      element(3, "C", 1, 10, "'name': 'c', 'args': {'a': 'x'}") + "," +
                                      element(4, "i", 1, 10, "'name': '[memory]', 'args': {'Bytes': 1, 'Total Allocated': 2}") + "," +
                                      element(5, "s", 1, 10, "'name': 'f', 'id': 1"));
    const TracePtr trace = traceFromText(text);
    QCOMPARE(trace->elements().rowless(SourceId(0)), std::uint64_t{4});
    QCOMPARE(trace->sources()[0].shape, EventShape::Object);
    QCOMPARE(text.substr(trace->sources()[0].eventsOffset, 6), std::string("[null,"));
    QCOMPARE(traceFromText(json("\n[{'ph': 'X', 'ts': 1, 'dur': 1, 'name': 'a'}]"))->sources()[0].shape, EventShape::Array);
    const TracePtr lines = traceFromText(json("{'ph': 'X', 'ts': 1, 'dur': 1, 'name': 'a'}\n{'ph': 'X', 'ts': 1, 'dur': 1, 'name': 'a'}\n"));
    QCOMPARE(lines->sources()[0].shape, EventShape::Lines);
}

QTEST_GUILESS_MAIN(tst_ElementTable)
#include "tst_ElementTable.moc"
