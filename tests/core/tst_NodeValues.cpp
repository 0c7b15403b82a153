#include <QTest>

#include "core/format/EventReader.h"
#include "core/tensor/NodeValues.h"
#include "tests/support/EtFolder.h"
#include "tests/support/Json.h"
#include "tests/support/TraceFixture.h"

using namespace opscope;
using namespace opscope::test;

namespace {

using Strings = std::vector<std::string>;

std::vector<NodeValue> valuesOf(const Trace& trace, NodeId node, std::string_view json, NodeSide side, std::size_t limit = 5000)
{
    const auto document = JsonDocument::parse(json);
    return document.ok() ? nodeValues(trace, node, document->root(), side, limit) : std::vector<NodeValue>();
}

/// "  1 self Tensor(float) #3" for each value, blanks for the depth, # and the row of the tensor within its node.
Strings shown(const Trace& trace, NodeId node, const std::vector<NodeValue>& values)
{
    Strings out;
    for (const NodeValue& v : values) {
        std::string line(v.depth * 2u, ' ');
        line += std::to_string(v.index) + (v.name.empty() ? "" : " " + v.name) + " " + v.type;
        if (v.kind == NodeValue::Kind::Scalar) line += " = " + v.text;
        if (v.kind == NodeValue::Kind::List) line += " list of " + std::to_string(v.items);
        if (v.kind == NodeValue::Kind::Tuple) line += " tuple of " + std::to_string(v.items);
        if (v.truncated) line += ", cut";
        if (v.kind == NodeValue::Kind::Tensor) {
            const std::uint32_t first = trace.executionTrace()->node(node).firstTensor;
            line += v.tensor.valid() ? " #" + std::to_string(v.tensor.value - first) : " none";
        }
        out.push_back(line);
    }
    return out;
}

/// One node of one file in memory.
struct OneNode
{
    TracePtr trace;
    NodeId node;
    std::string json;
    OneNode(const EtText& text, const std::string& schema = "1.1.1-chakra.0.0.4")
        : trace(traceFromText(etDocument({text}, schema))), node(nodeNamed(*trace, text.name)), json(test::json(etNode(text)))
    {
    }
    Strings inputs(std::size_t limit = 5000) const { return shown(*trace, node, valuesOf(*trace, node, json, NodeSide::Inputs, limit)); }
    Strings outputs() const { return shown(*trace, node, valuesOf(*trace, node, json, NodeSide::Outputs)); }
};

EtSide side(std::string values, std::string types, std::string shapes = "[]")
{
    return {std::move(values), std::move(shapes), std::move(types), {}};
}

} // namespace

class tst_NodeValues : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void scalarsAreShownAsTheFileHasThem();
    void typesDecideAndNeverLooks();
    void listsAndTuplesOfTensorsAreNumberedAsTheyAreFlattened();
    void anUndefinedTensorIsOneToo();
    void namesComeFromTheSchema();
    void theFlatLayoutIsTheSame();
    void whatHasNoTypeIsShownAsItIs();
    void listsThatTheWriterCutSaySo();
    void aLimitHoldsForRowsOfListsToo();
    void tenThousandListsInEachOtherAreOneText();
    void aDamagedNodeIsReadLikeTheImporterDid();
    void textsAreSafeToShow();
    void schemasAreTakenApart_data();
    void schemasAreTakenApart();
    void aSchemaThatIsNoneHasNothing();
};

void tst_NodeValues::scalarsAreShownAsTheFileHasThem()
{
    const OneNode one({4, 2, "op",
                       side("[2, 0.000000, 'inf', '-inf', '-nan', true, '<None>', 'cuda:0', '<Generator>', 9223372036854775807, "
                            "100000000000000000000.000000, 'he said']",
                            "['Int','Double','Double','Double','Double','Bool','None','Device','Generator','Int','Double','String']")});
    QCOMPARE(one.inputs(), (Strings{"0 Int = 2", "1 Double = 0.000000", "2 Double = inf", "3 Double = -inf", "4 Double = -nan", "5 Bool = true",
                                    "6 None = <None>", "7 Device = cuda:0", "8 Generator = <Generator>", "9 Int = 9223372036854775807",
                                    "10 Double = 100000000000000000000.000000", "11 String = he said"}));
}

void tst_NodeValues::typesDecideAndNeverLooks()
{
    const OneNode one({4, 2, "op", side("[[1,2,0,4,8,'cpu'], [1,2,0,4,8,9]]", "['Tensor(long int)','GenericList[Int,Int,Int,Int,Int,Int]']")});
    QCOMPARE(one.inputs(), (Strings{"0 Tensor(long int) #0", "1 GenericList[Int × 6] list of 6", "  0 Int = 1", "  1 Int = 2", "  2 Int = 0",
                                    "  3 Int = 4", "  4 Int = 8", "  5 Int = 9"}));
}

void tst_NodeValues::listsAndTuplesOfTensorsAreNumberedAsTheyAreFlattened()
{
    const std::string t = etTensor(7, 8, 4, 4);
    const OneNode one({4, 2, "op",
                       side("[" + t + ", [[" + t + "], [" + t + ", 5]], 'x', [" + t + "]]",
                            "['Tensor(float)','GenericList[GenericList[Tensor(float)],Tuple[Tensor(float),Int]]','String','Tuple[Tensor(float)]']")});
    QCOMPARE(one.inputs(), (Strings{"0 Tensor(float) #0", "1 GenericList[GenericList[Tensor(float)], Tuple[Tensor(float),Int]] list of 2",
                                    "  0 GenericList[Tensor(float)] list of 1", "    0 Tensor(float) #1", "  1 Tuple[Tensor(float), Int] tuple of 2",
                                    "    0 Tensor(float) #2", "    1 Int = 5", "2 String = x", "3 Tuple[Tensor(float)] tuple of 1",
                                    "  0 Tensor(float) #3"}));
}

void tst_NodeValues::anUndefinedTensorIsOneToo()
{
    const OneNode one({4, 2, "op",
                       side("[[3,0,0,0,0,''], [[3,0,0,0,0,''], [7,8,0,4,8,'cpu']]]",
                            "['Tensor(nullptr (uninitialized))','GenericList[Tensor(nullptr (uninitialized)),Tensor(long int)]']")});
    QCOMPARE(one.inputs(), (Strings{"0 Tensor(nullptr (uninitialized)) #0", "1 GenericList[Tensor(nullptr (uninitialized)), Tensor(long int)] list of 2",
                                    "  0 Tensor(nullptr (uninitialized)) #1", "  1 Tensor(long int) #2"}));
}

void tst_NodeValues::namesComeFromTheSchema()
{
    const OneNode one({4, 2, "op", side("[" + etTensor(7, 8, 4, 4) + ", 1]", "['Tensor(float)','Int']"),
                       side("[" + etTensor(9, 10, 4, 4) + "," + etTensor(11, 12, 4, 8) + "]", "['Tensor(float)','Tensor(long int)']"),
                       "aten::max.dim(Tensor self, int dim, bool keepdim=False) -> (Tensor values, Tensor indices)"});
    QCOMPARE(one.inputs(), (Strings{"0 self Tensor(float) #0", "1 dim Int = 1"}));
    QCOMPARE(one.outputs(), (Strings{"0 values Tensor(float) #1", "1 indices Tensor(long int) #2"}));
}

void tst_NodeValues::theFlatLayoutIsTheSame()
{
    const std::string node = json("{'name': 'op', 'id': 4, 'rf_id': 3, 'parent': 1, 'tid': 1, 'inputs': [[7,8,0,4,4], 3], 'input_shapes': [[4],[]], "
                                  "'input_types': ['Tensor(float)','Int'], 'outputs': [[9,10,0,4,4]], 'output_shapes': [[4]], "
                                  "'output_types': ['Tensor(float)'], 'op_schema': 'aten::op(Tensor self, int n) -> Tensor'}");
    const TracePtr trace = traceFromText(json("{'schema': '1.0.0', 'pid': 1, 'nodes': [\n") + node + json("\n], 'finish_ts': 2}"));
    const NodeId id = nodeNamed(*trace, "op");
    QCOMPARE(shown(*trace, id, valuesOf(*trace, id, node, NodeSide::Inputs)), (Strings{"0 self Tensor(float) #0", "1 n Int = 3"}));
    QCOMPARE(shown(*trace, id, valuesOf(*trace, id, node, NodeSide::Outputs)), (Strings{"0 Tensor(float) #1"}));
}

void tst_NodeValues::whatHasNoTypeIsShownAsItIs()
{
    const OneNode one({4, 2, "op", side("[1, [2, 3], " + etTensor(7, 8, 4, 4) + "]", "['Int']")});
    QCOMPARE(one.inputs(), (Strings{"0 Int = 1", "1  = [2, 3]", "2  = [7,8,0,4,4,\"cuda:0\"]"}));
}

void tst_NodeValues::listsThatTheWriterCutSaySo()
{
    std::string values, types;
    for (int i = 0; i < 4097; ++i) {
        values += (i ? "," : "") + std::to_string(i);
        types += i ? ",Int" : "Int";
    }
    const EtText text{4, 2, "op", side("[[" + values + "]]", "['GenericList[" + types + "]']")};
    const auto rows = OneNode(text).inputs();
    QCOMPARE(rows.size(), 4098u);
    QCOMPARE(rows[0], std::string("0 GenericList[Int × 4097] list of 4097, cut"));
    QCOMPARE(rows[4097], std::string("  4096 Int = 4096"));
}

void tst_NodeValues::aLimitHoldsForRowsOfListsToo()
{
    const OneNode one({4, 2, "op", side("[[1,2,3,4,5,6,7], 8]", "['GenericList[Int,Int,Int,Int,Int,Int,Int]','Int']")});
    QCOMPARE(one.inputs(3), (Strings{"0 GenericList[Int × 7] list of 7", "  0 Int = 1", "  1 Int = 2"}));
}

void tst_NodeValues::tenThousandListsInEachOtherAreOneText()
{
    const int depth = 10'000;
    std::string value, type;
    for (int i = 0; i < depth; ++i) {
        value += '[';
        type += "GenericList[";
    }
    value += "1";
    type += "Int";
    for (int i = 0; i < depth; ++i) {
        value += ']';
        type += ']';
    }
    const auto rows = OneNode({4, 2, "op", side("[" + value + "]", "['" + type + "']")}).inputs();
    QCOMPARE(rows.size(), 65u); // 64 lists and what is in the last
    QVERIFY(rows.back().size() < 6000);
    QVERIFY(rows.back().find("[[[[") != std::string::npos);
}

void tst_NodeValues::aDamagedNodeIsReadLikeTheImporterDid()
{
    std::string document = etDocument({{4, 2, "he said QhiQ", side("[" + etTensor(7, 8, 4, 4) + ", 3]", "['Tensor(float)','Int']")}});
    std::string node = json(etNode({4, 2, "he said QhiQ", side("[" + etTensor(7, 8, 4, 4) + ", 3]", "['Tensor(float)','Int']")}));
    for (std::string* text : {&document, &node})
        for (std::size_t at = text->find('Q'); at != std::string::npos; at = text->find('Q')) (*text)[at] = '"';
    const TracePtr trace = traceFromText(document);
    const NodeId id = nodeNamed(*trace, "he said \"hi\"");
    QVERIFY(id.valid());
    QCOMPARE(trace->executionTrace()->node(id).inputTensors, 1u);
    QCOMPARE(shown(*trace, id, valuesOf(*trace, id, node, NodeSide::Inputs)), (Strings{"0 Tensor(float) #0", "1 Int = 3"}));
}

void tst_NodeValues::textsAreSafeToShow()
{
    const OneNode one({4, 2, "op", side("['a\\u001b[31mb\\nc', '" + std::string(10'000, 'x') + "']", "['String','Str\\u0007ing']")});
    const auto values = valuesOf(*one.trace, one.node, one.json, NodeSide::Inputs);
    QCOMPARE(values.size(), 2u);
    for (const NodeValue& value : values)
        for (const std::string& text : {value.text, value.type})
            QVERIFY(std::none_of(text.begin(), text.end(), [](char c) { return c >= 0 && c < 32; }));
    QVERIFY(values[1].text.size() <= 4096u + 3);
}

void tst_NodeValues::schemasAreTakenApart_data()
{
    QTest::addColumn<QString>("schema");
    QTest::addColumn<QString>("expected");
    const auto row = [](const char* name, const char* schema, const char* expected) {
        QTest::newRow(name) << QString::fromLatin1(schema) << QString::fromLatin1(expected);
    };
    row("in place", "aten::add_.Tensor(Tensor(a!) self, Tensor other, *, Scalar alpha=1) -> Tensor(a!)",
        "Tensor(a!) self! | Tensor other | Scalar alpha => Tensor(a!) !");
    row("several results", "aten::sort(Tensor self, int dim=-1, bool descending=False) -> (Tensor values, Tensor indices)",
        "Tensor self | int dim | bool descending => Tensor values | Tensor indices");
    row("defaults with commas", "f(int[2] stride=[1, 1], str s=\"a, (b\", (int, str) t) -> ()", "int[2] stride | str s | (int, str) t => ");
    row("lists and options", "aten::index_put_(Tensor(a!) self, Tensor?[] indices, Tensor values, bool accumulate=False) -> Tensor(a!)",
        "Tensor(a!) self! | Tensor?[] indices | Tensor values | bool accumulate => Tensor(a!) !");
    row("views of lists", "aten::split.Tensor(Tensor(a -> *) self, SymInt split_size, int dim=0) -> Tensor(a)[]",
        "Tensor(a -> *) self | SymInt split_size | int dim => Tensor(a)[] ");
    row("out", "aten::mm.out(Tensor self, Tensor mat2, *, Tensor(a!) out) -> Tensor(a!)", "Tensor self | Tensor mat2 | Tensor(a!) out! => Tensor(a!) !");
    row("dictionaries", "f(Dict(str, int) d, ...) -> Any", "Dict(str, int) d => Any ");
    row("not closed", "aten::relu(Tensor self, Ten", "Tensor self | Ten  => ");
}

void tst_NodeValues::schemasAreTakenApart()
{
    QFETCH(QString, schema);
    QFETCH(QString, expected);
    const Schema parsed = parseSchema(schema.toStdString());
    const auto text = [](const std::vector<SchemaArgument>& arguments) {
        std::string out;
        for (const SchemaArgument& a : arguments) out += (out.empty() ? "" : " | ") + a.type + " " + a.name + (a.written ? "!" : "");
        return out;
    };
    QCOMPARE(QString::fromStdString(text(parsed.arguments) + " => " + text(parsed.results)), expected);
}

void tst_NodeValues::aSchemaThatIsNoneHasNothing()
{
    for (const char* text : {"", "(", ")", "->", "nonsense", "((((((", "f)(", "f(\"", "\"(\""}) {
        const Schema schema = parseSchema(text);
        QVERIFY2(schema.arguments.size() <= 1 && schema.results.empty(), text);
    }
    QVERIFY(parseSchema(std::string(100'000, '(')).results.empty());
}

QTEST_GUILESS_MAIN(tst_NodeValues)
#include "tst_NodeValues.moc"
