#include <QTest>

#include "core/io/Loader.h"
#include "core/query/FilterNode.h"
#include "core/query/Query.h"
#include "tests/support/EtFolder.h"
#include "tests/support/Json.h"
#include "tests/support/RandomFilters.h"
#include "tests/support/TraceFixture.h"

using namespace opscope;
using namespace opscope::test;

namespace {

Matches matches(const Trace& trace, std::string_view text)
{
    auto result = Filter::parse(text);
    if (const FilterError* error = std::get_if<FilterError>(&result)) {
        qFatal("%.*s: column %zu: %s", static_cast<int>(text.size()), text.data(), error->column, error->message.c_str());
    }
    auto found = runQuery(trace, std::get<Filter>(result));
    if (!found) qFatal("%.*s: %s", static_cast<int>(text.size()), text.data(), found.error().text().c_str());
    return *found;
}

/// Names of what was found, in the order of rows: "a b | instants | samples".
std::string names(const Trace& trace, std::string_view text)
{
    const Matches found = matches(trace, text);
    std::string out;
    const auto add = [&](std::string_view name) { out += (out.empty() || out.ends_with(' ') ? "" : " ") + std::string(name); };
    found.slices.forEach([&](SliceId s) { add(trace.name(s)); });
    if (!found.instants.empty()) add("|");
    found.instants.forEach([&](InstantId i) { add(trace.text(trace.instants().name(i))); });
    if (!found.samples.empty()) add("#" + std::to_string(found.samples.count()));
    return out;
}

/// Two threads, a stream, a counter:
///     main  outer ████████████████████ 0..100      worker  other ██ 50..60
///             mm    ██████             10..40      stream  gemm  ████ 30..70 (device 0, stream 7, correlation 5)
///               call  ██               15..20 (correlation 5)
TracePtr small()
{
    TraceFixture f;
    const TrackId main = f.thread(1, 10, "main", "python");
    const TrackId worker = f.thread(1, 11, "worker", "python");
    const TrackId stream = f.thread(0, 7, "stream 7");
    f.slice(main, 1000, 100, "outer", "user_annotation").slice(main, 1010, 30, "mm", "cpu_op", {{ArgField::ExternalId, 3}});
    f.slice(main, 1015, 5, "call", "cuda_runtime", {{ArgField::Correlation, 5}, {ArgField::ExternalId, 3}});
    f.slice(worker, 1050, 10, "other", "cpu_op", {{ArgField::Bytes, 4096}});
    f.slice(stream, 1030, 40, "gemm", "kernel", {{ArgField::Correlation, 5}, {ArgField::Device, 0}, {ArgField::Stream, 7}, {ArgField::ExternalId, 3}});
    f.instant(main, 1012, "tick").instant(worker, 1055, "tock");
    f.counter(1, "Memory", "Allocated", 1020, 3).counter(1, "Memory", "Allocated", 1080, 9.5);
    return f.finish();
}

} // namespace

class tst_Query : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void fieldsAreWhatTheySay_data()
    {
        QTest::addColumn<QString>("filter");
        QTest::addColumn<QString>("rows");
        const auto row = [](const char* filter, const char* rows) { QTest::newRow(filter) << QString::fromUtf8(filter) << QString::fromUtf8(rows); };
        row("name == mm", "mm");
        row("name ~ \"M\"", "mm gemm #2");
        row("\"mm\"", "mm gemm");
        row("name =~ \"^m+$\"", "mm");
        row("name =~ \"^M+$\"", "");
        row("name like \"*mm\"", "mm gemm");
        row("name like \"?m\"", "mm");
        row("name in (mm, tock)", "mm | tock");
        row("name != mm and cat == cpu_op", "other");
        row("cat == kernel", "gemm");
        row("type == instant", "| tick tock");
        row("type == counter", "#2");
        row("type != slice and value > 3", "#1");
        row("series == Allocated and time in 0ns..50ns", "#1");
        row("dur >= 30ns", "outer mm gemm");
        row("dur in 5ns..10ns", "call other");
        row("self == 25ns", "mm");
        row("depth == 1", "mm");
        row("depth in (1, 2)", "mm call");
        row("start == 10ns", "mm");
        row("end <= 40ns", "mm call | tick #1");
        row("time in 40ns..50ns", "outer gemm");
        row("time in 39ns..41ns", "outer mm gemm");
        row("time in ..10ns", "outer");
        row("time in 60ns..", "outer gemm #1");
        row("time in (0ns..1ns, 55ns..56ns)", "outer other gemm | tock");
        row("track == main", "outer mm call | tick");
        row("process ~ python", "outer mm call other | tick tock #2");
        row("pid == 0", "gemm");
        row("pid == \"0\"", "gemm");
        row("tid in (11, 7)", "other gemm | tock");
        row("tid != 10 and type == slice", "other gemm");
        row("stream == 7", "gemm");
        row("device == 0", "gemm");
        row("bytes >= 4KiB", "other");
        row("bytes != 4096", "");
        row("not bytes != 4096 and depth == 1", "mm");
        row("correlation == 5", "call gemm");
        row("External id == 3 and not correlation == 5", "mm");
        row("has(correlation)", "call gemm");
        row("family == matmul", "gemm");
        row("launched_by(name == mm)", "gemm");
        row("launched_by(name == outer)", "");
        row("launched_in(name == outer)", "gemm");
        row("launches(cat == kernel)", "mm call");
        row("inside(name == outer)", "mm call | tick");
        row("child_of(name == outer)", "mm");
        row("child_of(name == mm)", "call | tick");
        row("contains(name == call)", "outer mm");
        row("contains(name == tick)", "outer mm");
        row("parent_of(name == tick)", "mm");
        row("linked_to(name == gemm)", "mm call");
        row("depth == 0 and not launched_by(cat == cpu_op) or name == tock", "outer other | tock");
    }
    void fieldsAreWhatTheySay()
    {
        QFETCH(QString, filter);
        QFETCH(QString, rows);
        const TracePtr trace = small();
        QCOMPARE(QString::fromStdString(names(*trace, filter.toStdString())), rows);
    }

    void tensorsAreAskedForByArgument_data()
    {
        QTest::addColumn<QString>("filter");
        QTest::addColumn<QString>("rows");
        const auto row = [](const char* filter, const char* rows) { QTest::newRow(filter) << QString::fromUtf8(filter) << QString::fromUtf8(rows); };
        row("input[0].dtype == bf16", "a");
        row("input[0].dtype == \"c10::BFloat16\"", "a");
        row("input[0].dtype == BFloat16", "a");
        row("input[0].dtype != bf16", "b c");
        row("input[0].dtype in (bf16, f32)", "a b");
        row("input[0].dtype ~ float", "a b");       // "c10::BFloat16" has it in it
        row("input[*].dtype == i64", "a c");
        row("input[2].dtype == Scalar", "");        // a number is no tensor
        row("has(input[2].dtype)", "");
        row("has(input[0].shape)", "a b c d");
        row("input[0].shape == \"[32, 4096]\"", "a");
        row("input[0].shape == [32,4096]", "a");
        row("input[0].shape == []", "c");           // a tensor without dimensions
        row("input[0].shape like \"[*,2]\"", "d");  // of a list one that fits is enough
        row("input[0].dim[-1] >= 4096", "a");
        row("input[0].dim[1] == 3", "b");
        row("input[0].dim[5] == 3", "");
        row("input[*].dim[*] == 2", "a b d");
        row("input[0].rank == 0", "c");
        row("input[0].rank in 1..2", "a b d");
        row("input[0].elements == 6", "b");
        row("input[0].bytes == 256KiB", "a");
        row("input[0].bytes == 24", "b");
        row("input[0].strides == [4096,1]", "a");
        row("input[0].strides != [4096,1]", "");
        row("output[0].dtype == f32", "");
        row("input[9].dtype == f32", "");
    }
    void tensorsAreAskedForByArgument()
    {
        QFETCH(QString, filter);
        QFETCH(QString, rows);
        const auto event = [](const std::string& name, int ts, const std::string& args) {
            return "{'ph':'X','cat':'cpu_op','pid':1,'tid':1,'dur':5,'ts':" + std::to_string(ts) + ",'name':'" + name + "','args':{" + args + "}}";
        };
        const TracePtr trace = traceFromText(json(
            "{'traceEvents':[" +
            event("a", 0, "'Input Dims':[[32,4096],[2],[]],'Input type':['c10::BFloat16','long int','Scalar'],'Input Strides':[[4096,1],[1],[]]") + ',' +
            event("b", 10, "'Input Dims':[[2,3],[]],'Input type':['float','']") + ',' +
            event("c", 20, "'Input Dims':[[]],'Input type':['long int']") + ',' +
            event("d", 30, "'Input Dims':[[[7],[5,2]],[]],'Input type':['TensorList','ScalarList']") + ',' + event("e", 40, "") + "]}"));
        QCOMPARE(QString::fromStdString(names(*trace, filter.toStdString())), rows);
    }

    void tensorsOfNodesHaveOutputsAndDevices()
    {
        EtText mm{.id = 5, .name = "mm"};
        mm.inputs = {"[[7,8,0,32,2,'cuda:0'],3]", "[[4,8],[]]", "['Tensor(c10::BFloat16)','Int']", "[[8,1],[]]"};
        mm.outputs = {"[[9,10,0,16,4,'cpu']]", "[[4,4]]", "['Tensor(float)']", "[[4,1]]"};
        const EtFolder folder;
        const TracePtr trace = folder.open({mm, {.id = 6, .name = "other"}});
        for (const char* filter : {"input[0].dtype == bf16", "input[0].dim[-1] == 8", "input[0].bytes == 64", "input[0].device == \"cuda:0\"", "output[0].dtype == f32",
                                   "output[0].shape == [4,4]", "output[0].elements == 16", "output[*].bytes in 64..64", "input[0].strides == [8,1]", "output[0].device == cpu"}) {
            QVERIFY2(names(*trace, filter) == "mm", (std::string(filter) + ": " + names(*trace, filter)).c_str());
        }
        QCOMPARE(names(*trace, "has(input[1].dtype)"), std::string());
        QCOMPARE(matches(*trace, "input[0].rank == 2").nodes.count(), std::size_t{1});
    }

    void aFilterAndItsNegationShareOutEveryRow()
    {
        const std::string folder = std::string(OPSCOPE_TEST_DATA) + "/../../resources/sample/";
        const std::vector<std::string> pair = {folder + "training_step.pt.trace.json.gz", folder + "training_step_et.json.gz"};
        for (const std::vector<std::string>& files : {pair, {pair[1]}}) {
            const auto trace = loadTrace(files);
            QVERIFY(trace.ok());
            RandomFilters random(17, {"aten::mm", "float", "[32,32]", "cpu_op"});
            const Matches all = Matches::all(**trace);
            for (int i = 0; i < 60; ++i) {
                const FilterNode node = random.node(3);
                const Filter filter = Filter::fromNode(node, text(node));
                const auto yes = runQuery(**trace, filter), no = runQuery(**trace, negated(filter));
                QVERIFY2(yes.ok() && no.ok(), filter.text().c_str());
                Matches together = *yes, shared = *yes;
                together.slices |= no->slices, shared.slices &= no->slices;
                together.instants |= no->instants, shared.instants &= no->instants;
                together.samples |= no->samples, shared.samples &= no->samples;
                together.nodes |= no->nodes, shared.nodes &= no->nodes;
                QVERIFY2(together == all && shared.empty(), filter.text().c_str());
            }
        }
    }

    void theEmptyFilterIsEverythingAndItsNegationNothing()
    {
        const TracePtr trace = small();
        QVERIFY(*runQuery(*trace, Filter()) == Matches::all(*trace));
        QVERIFY(*runQuery(*trace, negated(Filter())) == Matches::none(*trace));
        QCOMPARE(Matches::all(*trace).count(), 9);
    }

    void aRangeIsTheSameAsItsFilter()
    {
        const TracePtr trace = small();
        for (const TimeRange range : {TimeRange{1000, 1100}, TimeRange{1012, 1013}, TimeRange{1040, 1050}, TimeRange{0, 5}, TimeRange{INT64_MIN, INT64_MAX}}) {
            const Filter filter = rangeFilter(*trace, range);
            QVERIFY2(*runQuery(*trace, filter) == inRange(*trace, range), filter.text().c_str());
        }
        QCOMPARE(rangeFilter(*trace, {1000, 1'501'000}).text(), std::string("time in 0ns..1.5ms"));
        QCOMPARE(fromFilterTimes(*trace, {10, 20}).start, 1010);
        QVERIFY(runQuery(*trace, rangeFilter(*trace, {1020, 1020}))->empty());
    }

    void aCancelledQueryGivesNothing()
    {
        const TracePtr trace = small();
        std::stop_source stop;
        stop.request_stop();
        const auto result = runQuery(*trace, equals("name", "mm"), JobControl{nullptr, stop.get_token()});
        QVERIFY(!result.ok());
        QCOMPARE(result.error().code, ErrorCode::Cancelled);
    }
};

QTEST_GUILESS_MAIN(tst_Query)
#include "tst_Query.moc"
