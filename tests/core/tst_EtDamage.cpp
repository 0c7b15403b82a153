#include "core/format/et/EtImporter.h"

#include "tests/support/EtLines.h"
#include "tests/support/Json.h"
#include "tests/support/TraceFixture.h"

#include <QFile>
#include <QTest>

using namespace opscope;
using namespace opscope::test;

/// Execution traces that are no JSON, or not all of it.
class tst_EtDamage : public QObject
{
    Q_OBJECT

private slots:
    void namesThatWereNotEscapedAreRecovered_data();
    void namesThatWereNotEscapedAreRecovered();
    void aBrokenLastNodeIsRecovered();
    void anUnreadableNodeLosesOnlyItself();
    void lenientTexts_data();
    void lenientTexts();
    void eightDigitEscapesInNamesAreBytes();
    void cutFilesKeepTheirCompleteNodes();
    void aSecondDocumentIsReported();
    void elementsThatAreNoNodesAreCounted();
    void aHugeNodeGrowsTheWindow();
};

void tst_EtDamage::namesThatWereNotEscapedAreRecovered_data()
{
    QTest::addColumn<QByteArray>("name");
    QTest::newRow("a pair of quotes") << QByteArray("he said \"hi\"");
    QTest::newRow("one quote") << QByteArray("5\" pipe");
    QTest::newRow("a quote at the end") << QByteArray("pipe 5\"");
    QTest::newRow("brackets") << QByteArray("a \"b{[c\" d");
    QTest::newRow("a closing bracket") << QByteArray("a \"}\" d");
    QTest::newRow("a backslash at the end") << QByteArray("C:\\");
    QTest::newRow("a stray backslash") << QByteArray("\\d+ and \"x\"");
    QTest::newRow("a newline") << QByteArray("two\nlines \"here\"");
}

void tst_EtDamage::namesThatWereNotEscapedAreRecovered()
{
    QFETCH(QByteArray, name);
    for (const std::string file : {"attrs_1.0.2.json", "flat_1.0.1.json", "attrs_1.1.1.json"}) {
        QFile source(QString::fromUtf8(OPSCOPE_TEST_DATA "/et/") + QString::fromStdString(file));
        QVERIFY(source.open(QIODevice::ReadOnly));
        const QByteArray whole = source.readAll();
        for (const QByteArray which : {"record_param_comms", "aten::mul", "aten::gather", "## step ##"}) {
            QByteArray text = whole;
            if (!text.contains('"' + which + '"')) continue;
            text.replace('"' + which + '"', '"' + name + '"');
            for (const std::size_t window : {std::size_t{64}, std::size_t{1} << 20}) {
                const TracePtr trace = traceFromText(text.toStdString(), {1, window});
                const ExecutionTrace& et = *trace->executionTrace();
                QCOMPARE(tree(et), std::string(file.starts_with("attrs_1.1.1") ? "1(2(3(4 8 9)))" : "1(2(3(4)))"));
                const EtNode& damaged = nodeOf(*trace, which.startsWith("##") ? 3 : 4);
                QCOMPARE(QByteArray::fromStdString(std::string(trace->text(damaged.name))), name);
                QVERIFY(damaged.damaged);
                QCOMPARE(trace->diagnostics().count(Defect::DamagedNode), std::uint64_t{1});
                QCOMPARE(damaged.rfId, std::uint64_t(which.startsWith("##") ? 1 : 2));
                QVERIFY(!et.files().front().cutOff);
            }
        }
    }
}

void tst_EtDamage::aBrokenLastNodeIsRecovered()
{
    std::string text = treeDocument(node(3, 2));
    const std::size_t name = text.find("[pytorch|profiler|execution_trace|process]");
    text.insert(name + 1, "\"");
    const TracePtr trace = traceFromText(text);
    QCOMPARE(trace->executionTrace()->nodes().size(), std::size_t{3});
    QCOMPARE(trace->text(nodeOf(*trace, 1).name), std::string_view("[\"pytorch|profiler|execution_trace|process]"));
    QVERIFY(nodeOf(*trace, 1).damaged);
}

void tst_EtDamage::anUnreadableNodeLosesOnlyItself()
{
    const TracePtr trace =
        traceFromText(treeDocument(node(3, 2) + ",\n{'name': ]] nothing {{ to, be made of this '\n,\n" + node(4, 3)));
    QCOMPARE(tree(*trace->executionTrace()), std::string("1(2(3(4)))"));
    QCOMPARE(trace->diagnostics().count(Defect::DamagedNode), std::uint64_t{1});
    QCOMPARE(trace->etStats().nodes, std::uint64_t{5});
}

void tst_EtDamage::lenientTexts_data()
{
    QTest::addColumn<QByteArray>("from");
    QTest::addColumn<QByteArray>("to");
    QTest::addColumn<QByteArray>("defect");
    const auto row = [](const char* what, const char* from, const char* to, const char* defect) {
        QTest::newRow(what) << QByteArray(from) << QByteArray(to) << QByteArray(defect);
    };
    row("a comma behind the last node", "}\n]", "},\n]", "trailing-commas 1");
    row("two commas between nodes", "},\n", "},,\n", "trailing-commas 2");
    row("no comma between nodes", "},\n{\"name\": \"[pytorch|profiler|execution_trace|p",
        "}\n{\"name\": \"[pytorch|profiler|execution_trace|p", "json-syntax 1");
    row("NaN", "[1.5]", "[NaN]", "");
    row("a raw tab", "## s ##", "##\ts ##", "control-character 1");
    row("bad UTF-8", "## s ##", "## \xFF ##", "invalid-utf8 1");
    row("an unknown escape", "## s ##", "## \\s ##", "json-syntax 1");
    row("a comment", "\"nodes\": [", "\"nodes\": [ // here", "comments 1");
    row("a byte order mark", "{\"schema\"", "\xEF\xBB\xBF{\"schema\"", "");
    row("CRLF", "\n", "\r\n", "");
    row("a key that stands twice", "\"rf_id\": 3,", "\"rf_id\": 99, \"rf_id\": 3,", "");
    row("a trailing comma in a node", "\"tid\": 1, \"inputs\"", "\"tid\": 1,, \"inputs\"", "trailing-commas 1");
}

void tst_EtDamage::lenientTexts()
{
    QFETCH(QByteArray, from);
    QFETCH(QByteArray, to);
    QFETCH(QByteArray, defect);
    QByteArray text = QByteArray::fromStdString(
        treeDocument(node(3, 2, "## s ##", ", 'inputs': [[1.5]], 'input_types': ['GenericList[Double]']")));
    QVERIFY(text.contains(from));
    text.replace(from, to);
    const TracePtr trace = traceFromText(text.toStdString());
    QCOMPARE(tree(*trace->executionTrace()), std::string("1(2(3))"));
    QCOMPARE(nodeOf(*trace, 3).rfId, std::uint64_t{3});
    QCOMPARE(defects(*trace), defect.isEmpty() ? Strings() : Strings{defect.toStdString()});
}

void tst_EtDamage::eightDigitEscapesInNamesAreBytes()
{
    const TracePtr trace = traceFromText(treeDocument(node(3, 2, "gr\\uffffffc3\\uffffffb6n")));
    QCOMPARE(trace->text(nodeOf(*trace, 3).name), std::string_view("gr\xC3\xB6n"));
    QCOMPARE(defects(*trace), Strings());
}

void tst_EtDamage::cutFilesKeepTheirCompleteNodes()
{
    const std::string whole = treeDocument(node(4, 3) + ",\n" + node(3, 2));
    const TracePtr complete = traceFromText(whole);
    for (std::size_t length = whole.find("nodes") + 8; length < whole.size(); ++length) {
        const Result<TracePtr> trace = loadTraceFromMemory(std::string_view(whole).substr(0, length), "cut");
        if (!trace) continue; // no nodes yet: "there is nothing"
        QVERIFY((*trace)->executionTrace()->files().front().cutOff);
        QVERIFY((*trace)->diagnostics().count(Defect::FileCutOff) == 1);
        QVERIFY((*trace)->etStats().nodes <= complete->etStats().nodes);
        const std::size_t first = whole.find("},\n") + 1;
        if (length >= first) QVERIFY((*trace)->executionTrace()->byId(4).valid());
    }
}

void tst_EtDamage::aSecondDocumentIsReported()
{
    const std::string one = treeDocument(node(3, 2));
    const TracePtr twice = traceFromText(one + "\n" + one);
    QCOMPARE(tree(*twice->executionTrace()), std::string("1(2(3))"));
    QCOMPARE(defects(*twice), (Strings{"second-document 1"}));
    QCOMPARE(defects(*traceFromText(one + "\nxyz")), (Strings{"trailing-bytes 1"}));
}

void tst_EtDamage::elementsThatAreNoNodesAreCounted()
{
    const TracePtr trace = traceFromText(treeDocument("17, 'text', null, [1,[2]], " + node(3, 2)));
    QCOMPARE(tree(*trace->executionTrace()), std::string("1(2(3))"));
    QCOMPARE(defects(*trace), (Strings{"not-an-object 4"}));
    QCOMPARE(trace->etStats().nodes, std::uint64_t{7});
}

void tst_EtDamage::aHugeNodeGrowsTheWindow()
{
    std::string values = "'x'";
    for (int i = 0; i < 500'000; ++i) values += ",'some text'";
    const TracePtr trace =
        traceFromText(treeDocument(node(3, 2, "op", ", 'inputs': [" + values + ",[5,6,0,1,4,'cpu']], 'input_types': []") +
                               "," + node(4, 3)),
                      {1, 4096});
    QCOMPARE(tree(*trace->executionTrace()), std::string("1(2(3(4)))"));
    QVERIFY(nodeOf(*trace, 3).sourceLength > 5'000'000);
}

QTEST_GUILESS_MAIN(tst_EtDamage)
#include "tst_EtDamage.moc"
