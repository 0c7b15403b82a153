#include <QTemporaryDir>
#include <QTest>

#include "core/base/JobControl.h"
#include "core/io/Loader.h"
#include "core/query/Query.h"
#include "tests/support/Golden.h"
#include "tests/support/Gzip.h"
#include "tests/support/Json.h"

using namespace opscope;
using namespace opscope::test;

namespace {

/// Five events with arguments of all kinds, and a counter. The rows of the host (c d e) come first.
std::string events()
{
    return json("{'traceEvents':[\n"
                "{'ph':'X','cat':'kernel','name':'a','pid':0,'tid':7,'ts':1,'dur':5,'args':{'grid':[80, 1,1],'stream':7,'queued':12345678901234567890,'deep':{'a b':[1,{'x':'y'}]}}},\n"
                "{'ph':'X','cat':'kernel','name':'b','pid':0,'tid':7,'ts':10,'dur':5,'args':{'grid':'[80,1,1]','Collective name':'allreduce','ok':true,'ratio':0.5}},\n"
                "{'ph':'X','cat':'cpu_op','name':'c','pid':1,'tid':7,'ts':20,'dur':50,'args':{'grid':null,'number':'12','ok':false,'text':'a\\u0062c'}},\n"
                "{'ph':'X','cat':'cpu_op','name':'d','pid':1,'tid':7,'ts':80,'dur':5},\n"
                "{'ph':'i','s':'t','cat':'cpu_instant_event','name':'e','pid':1,'tid':7,'ts':81,'args':{'Bytes':-4096}},\n"
                "{'ph':'C','name':'f','pid':1,'ts':82,'args':{'used':3}}]}");
}

std::string names(const Trace& trace, std::string_view text)
{
    const auto filter = Filter::parse(text);
    if (const FilterError* error = std::get_if<FilterError>(&filter)) return error->message;
    const auto found = runQuery(trace, std::get<Filter>(filter));
    if (!found) return found.error().text();
    std::string out;
    found->slices.forEach([&](SliceId s) { out += trace.name(s); });
    found->instants.forEach([&](InstantId i) { out += trace.text(trace.instants().name(i)); });
    if (!found->samples.empty()) out += '#';
    return out;
}

} // namespace

class tst_RawArguments : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void anyArgumentCanBeAskedFor_data()
    {
        QTest::addColumn<QString>("filter");
        QTest::addColumn<QString>("rows");
        const auto row = [](const char* filter, const char* rows) { QTest::newRow(filter) << QString::fromUtf8(filter) << QString::fromUtf8(rows); };
        row("args.grid == \"[80,1,1]\"", "ab");
        row("args.grid == [80, 1, 1]", "ab");
        row("args.grid == \"[80, 1, 1]\"", "a"); // of a list blanks do not count, of a text they do
        row("args.grid != \"[80,1,1]\"", "c");
        row("has(args.grid)", "cab");
        row("not has(args.grid)", "de#");
        row("args.grid like \"[80,*\"", "ab");
        row("args.grid.0 == 80", "a");
        row("args.deep.\"a b\".1.x == y", "a");
        row("args.queued == 12345678901234567890", "a");
        row("args.queued > 5", "a");
        row("args.\"Collective name\" ~ REDUCE", "b");
        row("args.ok == true", "b");
        row("args.ok in (true, false)", "cb");
        row("args.ratio == 0.5", "b");
        row("args.ratio < 1 or args.number in 10..12", "cb");
        row("args.number == 12", "c");
        row("args.number == \"12\"", "c");
        row("args.text == abc", "c");
        row("args.text =~ \"^a.c$\"", "c");
        row("args.Bytes < 0", "e");
        row("args.Bytes <= -4KiB", "e");
        row("args.used == 3", "#");
        row("args.nothing != 5", "");
        row("cat == kernel and not args.ok == true", "a");
        row("not (args.ok == true or name == d) and type == slice", "ca");
        row("name == d or args.stream == 7 and dur > 1us", "da");
    }
    void anyArgumentCanBeAskedFor()
    {
        QFETCH(QString, filter);
        QFETCH(QString, rows);
        QTemporaryDir folder;
        for (const bool packed : {false, true}) {
            const std::string path = folder.filePath(packed ? QStringLiteral("t.json.gz") : QStringLiteral("t.json")).toStdString();
            QVERIFY(test::writeFile(path, packed ? gzip(events()) : events()));
            const auto trace = loadTrace(std::span(&path, 1));
            QVERIFY(trace.ok());
            QCOMPARE(QString::fromStdString(names(**trace, filter.toStdString())), rows);
        }
    }

    void onlyRowsLeftOpenAreRead()
    {
        QTemporaryDir folder;
        const std::string path = folder.filePath(QStringLiteral("t.json")).toStdString();
        QVERIFY(test::writeFile(path, events()));
        const auto trace = loadTrace(std::span(&path, 1));
        QVERIFY(trace.ok());
        const auto bytesRead = [&](std::string_view text) {
            Progress progress;
            const auto filter = Filter::parse(text);
            const auto found = runQuery(**trace, std::get<Filter>(filter), JobControl{&progress, {}});
            return found.ok() && progress.done == progress.total ? progress.total.load() : ~std::uint64_t{0};
        };
        QVERIFY(bytesRead("args.ok == true") > 400);
        QCOMPARE(bytesRead("args.ok == true and name == nobody"), std::uint64_t{0});
        const std::uint64_t one = bytesRead("args.ok == true and name == b");
        QVERIFY(one > 50 && one < 200);
    }

    void aChangedFileIsNoticed()
    {
        QTemporaryDir folder;
        const std::string path = folder.filePath(QStringLiteral("t.json")).toStdString();
        QVERIFY(test::writeFile(path, events()));
        const auto trace = loadTrace(std::span(&path, 1));
        QVERIFY(trace.ok());
        QVERIFY(test::writeFile(path, events() + "\n"));
        QCOMPARE(names(**trace, "args.ok == true"), std::string("t.json: the file has changed since it was opened"));
        QCOMPARE(names(**trace, "args.ok == true and name == nobody"), std::string());
        QVERIFY(QFile::remove(QString::fromStdString(path)));
        const std::string gone = names(**trace, "args.ok == true");
        QVERIFY2(gone.starts_with("t.json: "), gone.c_str());
    }

    void attributesOfNodesAreArguments()
    {
        const std::string files[] = {std::string(OPSCOPE_TEST_DATA) + "/../../resources/sample/training_step_et.json.gz"};
        const auto trace = loadTrace(files);
        QVERIFY(trace.ok());
        const auto count = [&](std::string_view text) {
            const auto filter = Filter::parse(text);
            return runQuery(**trace, std::get<Filter>(filter))->nodes.count();
        };
        QVERIFY(count("rf_id in 1..50") > 10);
        QCOMPARE(count("args.rf_id in 1..50"), count("rf_id in 1..50"));
        QCOMPARE(count("args.op_schema ~ \"Tensor(a!)\""), count("op_schema ~ \"Tensor(a!)\""));
        QVERIFY(count("op_schema ~ \"Tensor(a!)\"") > 10);
    }

    void manyEventsOnTwoThreadsAgreeWithTheirColumn()
    {
        const std::string files[] = {std::string(OPSCOPE_TEST_DATA) + "/../../resources/sample/training_step.pt.trace.json.gz"};
        const auto trace = loadTrace(files);
        QVERIFY(trace.ok());
        const auto run = [&](std::string_view text) { return *runQuery(**trace, std::get<Filter>(Filter::parse(text))); };
        const Matches column = run("External id in 100..2000 and not dur < 10us"), raw = run("args.\"External id\" in 100..2000 and not dur < 10us");
        QVERIFY(column.slices.count() > 100);
        QVERIFY(column.slices == raw.slices);
    }
};

QTEST_GUILESS_MAIN(tst_RawArguments)
#include "tst_RawArguments.moc"
