#include <QTest>

#include "core/tensor/TensorFlow.h"
#include "tests/support/EtFolder.h"
#include "tests/support/Golden.h"
#include "tests/support/TraceFixture.h"

#include <algorithm>

using namespace opscope;
using namespace opscope::test;

namespace {

using Strings = std::vector<std::string>;

/// "7/8", "7/8+2": tensor id, storage id, offset; of four elements of four bytes. With "view" in front of the shape [2,2].
std::string tensorOf(const std::string& text)
{
    const std::size_t slash = text.find('/'), plus = text.find('+');
    const int offset = plus == std::string::npos ? 0 : std::stoi(text.substr(plus + 1));
    return etTensor(std::stoi(text.substr(0, slash)), std::stoi(text.substr(slash + 1)), 4, 4, "cuda:0", offset);
}

EtSide side(const Strings& tensors, const std::string& shape = "[4]", const std::string& strides = "[1]")
{
    EtSide out{"[", "[", "[", "["};
    for (const std::string& tensor : tensors) {
        const std::string comma = out.values.size() > 1 ? "," : "";
        out.values += comma + tensorOf(tensor);
        out.shapes += comma + shape;
        out.types += comma + "'Tensor(float)'";
        out.strides += comma + strides;
    }
    for (std::string* text : {&out.values, &out.shapes, &out.types, &out.strides}) *text += "]";
    return out;
}

/// id, parent, name, inputs, outputs, schema.
EtText op(int id, int parent, const std::string& name, const Strings& in, const Strings& out, const std::string& schema = "")
{
    return {id, parent, name, side(in), side(out), schema};
}

struct Flow
{
    TracePtr trace;
    std::shared_ptr<const TensorFlow> flow;

    explicit Flow(const std::vector<EtText>& nodes) : trace(traceFromText(etDocument(nodes))), flow(TensorFlow::build(trace)) {}
    const ExecutionTrace& et() const { return *trace->executionTrace(); }
    NodeId node(int id) const { return et().byId(id); }
    TensorId input(int id, std::uint32_t i = 0) const { return TensorId(et().node(node(id)).firstTensor + i); }
    TensorId output(int id, std::uint32_t i = 0) const { return TensorId(et().node(node(id)).firstTensor + et().node(node(id)).inputTensors + i); }
    int producer(TensorId tensor) const
    {
        const auto use = flow->producer(tensor);
        return use ? static_cast<int>(et().node(use->node).id) : 0;
    }
    std::vector<int> ids(const std::vector<TensorUse>& uses) const
    {
        std::vector<int> out;
        for (const TensorUse& use : uses) out.push_back(static_cast<int>(et().node(use.node).id));
        return out;
    }
    std::vector<int> ids(const std::vector<NodeId>& nodes) const
    {
        std::vector<int> out;
        for (const NodeId n : nodes) out.push_back(static_cast<int>(et().node(n).id));
        return out;
    }
    std::vector<int> consumers(TensorId tensor, std::size_t limit = 1000) const { return ids(flow->consumers(tensor, limit)); }
    std::vector<int> life(TensorId tensor, std::size_t limit = 1000) const { return ids(flow->life(tensor, limit)); }
};

using Ids = std::vector<int>;

constexpr const char* kInPlace = "aten::add_.Tensor(Tensor(a!) self, Tensor other) -> Tensor(a!)";
constexpr const char* kCopy = "aten::copy_(Tensor(a!) self, Tensor src, bool non_blocking=False) -> Tensor(a!)";

} // namespace

class tst_TensorFlow : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void aReadBelongsToTheLatestEarlierWrite();
    void whatWasThereBeforeHasNoProducer();
    void inPlaceOperatorsWrite();
    void otherPlacesOfAStorageAreOtherTensors();
    void undefinedTensorsAreNeverLinked();
    void anAddressThatIsUsedAgainIsAnotherTensor();
    void viewsPassOnWhatTheyWereMadeOf();
    void aViewIsOfTheEarliestShape();
    void parentsRepeatTheirChildren();
    void parentsAreAnsweredAtTheirOwnLevel();
    void whatOnlyAParentTouchesCounts();
    void consumersEndWhereTheValueIsWrittenOver();
    void lifeIsLimitedAroundTheTensor();
    void inputsAreCountedFlattened();
    void dependenciesOfANodeAreEachOnce();
    void storagesOfFilesAndDevicesAreApart();
    void threadsInterleave();
    void cancelledOrWithoutNodesThereIsNone();
    void hostileNumbersDoNoHarm();
    void longListsOfUsesStayBounded();
    void slicesOfOneStorageAreKeptApartHoweverManyThereAre();
    void everyTensorKnowsItsNode();
    void layoutsAreTold_data();
    void layoutsAreTold();
    void realTracesAreConsistent_data();
    void realTracesAreConsistent();
};

void tst_TensorFlow::aReadBelongsToTheLatestEarlierWrite()
{
    const Flow f({op(10, 2, "a", {}, {"7/8"}), op(11, 2, "b", {"7/8"}, {"9/10"}), op(12, 2, "c", {"9/10", "7/8"}, {"11/12"})});
    QCOMPARE(f.producer(f.input(11)), 10);
    QCOMPARE(f.producer(f.input(12, 0)), 11);
    QCOMPARE(f.producer(f.input(12, 1)), 10);
    QCOMPARE(f.producer(f.output(11)), 11);
    QCOMPARE(f.consumers(f.output(10)), (Ids{11, 12}));
    QCOMPARE(f.consumers(f.input(11)), (Ids{11, 12})); // the same value
    QCOMPARE(f.consumers(f.output(12)), Ids{});
    QCOMPARE(f.life(f.output(10)), (Ids{10, 11, 12}));
}

void tst_TensorFlow::whatWasThereBeforeHasNoProducer()
{
    const Flow f({op(10, 2, "a", {"7/8"}, {}), op(11, 2, "b", {"7/8"}, {}), op(12, 2, "c", {"7/8", "9/10"}, {"7/8"}, kInPlace), op(13, 2, "d", {"7/8"}, {})});
    QCOMPARE(f.producer(f.input(10)), 0);
    QCOMPARE(f.producer(f.input(11)), 0);
    QCOMPARE(f.consumers(f.input(11)), (Ids{10, 11, 12}));
    QCOMPARE(f.producer(f.input(13)), 12);
}

void tst_TensorFlow::inPlaceOperatorsWrite()
{
    const Flow f({op(10, 2, "a", {}, {"7/8"}), op(11, 2, "add_", {"7/8", "9/10"}, {"7/8"}, kInPlace), op(12, 2, "c", {"7/8"}, {})});
    QCOMPARE(f.producer(f.input(11)), 10); // reads what it adds to
    QCOMPARE(f.producer(f.input(12)), 11);
    QCOMPARE(f.consumers(f.output(10)), Ids{11});
    QCOMPARE(f.consumers(f.output(11)), Ids{12});
    QVERIFY(f.flow->producer(f.input(12))->writes);
    const auto uses = f.flow->life(f.output(10));
    QVERIFY(std::any_of(uses.begin(), uses.end(), [&](const TensorUse& u) { return u.tensor == f.input(11) && u.writes; }));
}

void tst_TensorFlow::otherPlacesOfAStorageAreOtherTensors()
{
    const Flow f({op(10, 2, "a", {"5/8+0"}, {}), op(11, 2, "low", {"7/8", "1/2"}, {"7/8"}, kInPlace), op(12, 2, "high", {"9/8+4", "1/2"}, {"9/8+4"}, kInPlace),
                  op(13, 2, "b", {"7/8"}, {}), op(14, 2, "c", {"9/8+4"}, {}), op(15, 2, "d", {"11/8+2"}, {})});
    QCOMPARE(f.producer(f.input(13)), 11);
    QCOMPARE(f.producer(f.input(14)), 12);
    QCOMPARE(f.producer(f.input(15)), 12); // overlaps both; the latest
    QCOMPARE(f.consumers(f.output(11)), (Ids{13, 15})); // half of what 15 reads
    QCOMPARE(f.life(f.input(14)), (Ids{12, 12, 14, 15}));
}

void tst_TensorFlow::undefinedTensorsAreNeverLinked()
{
    const EtSide undefined{"[[3,0,0,0,0,'']]", "[[]]", "['Tensor(nullptr (uninitialized))']", ""};
    const Flow f({{10, 2, "a", {}, undefined}, {11, 2, "b", undefined, {}}, op(12, 2, "c", {}, {"7/0"}), op(13, 2, "d", {"7/0"}, {})});
    QCOMPARE(f.producer(f.input(11)), 0);
    QCOMPARE(f.producer(f.input(13)), 0);
    QCOMPARE(f.consumers(f.output(10)), Ids{});
    QCOMPARE(f.life(f.input(11)), Ids{});
    QVERIFY(!f.flow->viewOf(f.input(11)));
}

void tst_TensorFlow::anAddressThatIsUsedAgainIsAnotherTensor()
{
    const Flow f({op(10, 2, "a", {}, {"7/8"}), op(11, 2, "b", {"7/8"}, {}), op(12, 2, "c", {}, {"7/8"}), op(13, 2, "d", {"7/8"}, {})});
    QCOMPARE(f.producer(f.input(13)), 12);
    QCOMPARE(f.consumers(f.output(10)), Ids{11});
    QCOMPARE(f.life(f.output(10)), (Ids{10, 11}));
    QCOMPARE(f.life(f.input(13)), (Ids{12, 13}));
    QVERIFY(!f.flow->viewOf(f.input(13)));
}

void tst_TensorFlow::viewsPassOnWhatTheyWereMadeOf()
{
    const Flow f({op(10, 2, "relu", {}, {"7/8"}), {11, 2, "t", side({"7/8"}), side({"9/8"}, "[2,2]", "[1,2]"), "aten::t(Tensor(a) self) -> Tensor(a)"},
                  {12, 2, "mm", side({"9/8"}, "[2,2]", "[1,2]"), side({"11/12"})}, op(13, 2, "add", {"7/8"}, {})});
    QCOMPARE(f.producer(f.input(12)), 11); // reads that very view
    QCOMPARE(f.producer(f.input(13)), 10); // a view makes no data
    QCOMPARE(f.consumers(f.output(10)), (Ids{11, 13}));
    QCOMPARE(f.consumers(f.output(11)), Ids{12});
}

void tst_TensorFlow::aViewIsOfTheEarliestShape()
{
    const Flow f({op(10, 2, "relu", {}, {"7/8"}), {11, 2, "t", side({"7/8"}), side({"9/8"}, "[2,2]", "[1,2]"), "aten::t(Tensor(a) self) -> Tensor(a)"},
                  {12, 2, "mm", side({"9/8"}, "[2,2]", "[1,2]"), {}}, op(13, 2, "add", {"7/8"}, {})});
    QCOMPARE(f.ids(std::vector<TensorUse>{*f.flow->viewOf(f.output(11))}), Ids{10});
    QCOMPARE(f.ids(std::vector<TensorUse>{*f.flow->viewOf(f.input(12))}), Ids{10});
    QVERIFY(!f.flow->viewOf(f.output(10)));
    QVERIFY(!f.flow->viewOf(f.input(13)));
}

/// aten::to over empty and copy_, then linear over mm.
std::vector<EtText> toAndLinear()
{
    return {op(10, 2, "relu", {}, {"5/6"}),
            op(11, 2, "aten::to", {"5/6"}, {"7/8"}),
            op(12, 11, "aten::empty", {}, {"7/8"}),
            op(13, 11, "aten::copy_", {"7/8", "5/6"}, {"7/8"}, kCopy),
            op(14, 2, "aten::linear", {"7/8"}, {"9/10"}),
            op(15, 14, "aten::mm", {"7/8"}, {"9/10"}),
            op(16, 2, "sum", {"9/10"}, {})};
}

void tst_TensorFlow::parentsRepeatTheirChildren()
{
    const Flow f(toAndLinear());
    QCOMPARE(f.producer(f.input(15)), 13); // leaf to leaf
    QCOMPARE(f.producer(f.input(13, 0)), 12);
    QCOMPARE(f.producer(f.input(13, 1)), 10);
    QCOMPARE(f.producer(f.input(16)), 15);
    QCOMPARE(f.consumers(f.output(13)), Ids{15});
    QCOMPARE(f.consumers(f.output(10)), Ids{13});
    QCOMPARE(f.life(f.output(13)), (Ids{12, 13, 13, 15}));
}

void tst_TensorFlow::parentsAreAnsweredAtTheirOwnLevel()
{
    const Flow f(toAndLinear());
    QCOMPARE(f.producer(f.input(14)), 11);
    QCOMPARE(f.producer(f.input(11)), 10);
    QCOMPARE(f.consumers(f.output(11)), Ids{14});
    QCOMPARE(f.consumers(f.output(14)), Ids{16});
    QCOMPARE(f.ids(f.flow->producersOf(f.node(14))), Ids{11});
    QCOMPARE(f.ids(f.flow->consumersOf(f.node(11))), Ids{14});
    QCOMPARE(f.life(f.output(11)), (Ids{11, 12, 13, 13, 15}));
    QVERIFY(!f.flow->viewOf(f.output(11)));
}

void tst_TensorFlow::whatOnlyAParentTouchesCounts()
{
    // sum reads x itself; its children only touch the result.
    const Flow f({op(10, 2, "relu", {}, {"5/6"}), op(11, 2, "aten::sum", {"5/6"}, {"7/8"}), op(12, 11, "aten::fill_", {"7/8", "1/0"}, {"7/8"}, kInPlace),
                  op(13, 2, "exp", {"7/8"}, {})});
    QCOMPARE(f.producer(f.input(11)), 10);
    QCOMPARE(f.consumers(f.output(10)), Ids{11});
    QCOMPARE(f.producer(f.input(13)), 12);
    // Memory that the parent took, at an address of old: the child has it from the parent and not from whoever wrote there before.
    const Flow g({op(10, 2, "old", {}, {"7/8"}), op(11, 2, "aten::sum", {"5/6"}, {"7/8"}), {12, 11, "aten::as_strided", side({"7/8"}), side({"9/8"}, "[2,2]", "[2,1]"), "f(Tensor(a) self) -> Tensor(a)"},
                  op(13, 2, "exp", {"7/8"}, {})});
    QCOMPARE(g.producer(g.input(12)), 11);
    QCOMPARE(g.producer(g.input(13)), 11);
    QCOMPARE(g.consumers(g.output(10)), Ids{});
}

void tst_TensorFlow::consumersEndWhereTheValueIsWrittenOver()
{
    const Flow f({op(10, 2, "a", {}, {"7/8"}), op(11, 2, "b", {"7/8"}, {}), op(12, 2, "zero_", {"7/8"}, {"7/8"}, "aten::zero_(Tensor(a!) self) -> Tensor(a!)"),
                  op(13, 2, "c", {"7/8"}, {})});
    QCOMPARE(f.consumers(f.output(10)), (Ids{11, 12}));
    QCOMPARE(f.consumers(f.output(12)), Ids{13});
    QCOMPARE(f.life(f.output(10)), (Ids{10, 11, 12, 12, 13}));
    QCOMPARE(f.consumers(f.output(10), 1), Ids{11});
}

void tst_TensorFlow::lifeIsLimitedAroundTheTensor()
{
    std::vector<EtText> nodes{op(10, 2, "a", {}, {"7/8"})};
    for (int i = 0; i < 50; ++i) nodes.push_back(op(11 + i, 2, "r", {"7/8"}, {}));
    const Flow f(nodes);
    QCOMPARE(f.life(f.input(30), 5), (Ids{28, 29, 30, 31, 32}));
    QCOMPARE(f.life(f.output(10), 5), (Ids{10, 11, 12, 13, 14}));
    QCOMPARE(f.life(f.input(60), 5), (Ids{56, 57, 58, 59, 60}));
    QCOMPARE(f.life(f.input(60)).size(), std::size_t{51});
}

void tst_TensorFlow::inputsAreCountedFlattened()
{
    const EtSide list{"[[" + tensorOf("5/6") + "," + tensorOf("7/8") + "],1," + tensorOf("9/10") + "]", "[[[4],[4]],[],[4]]",
                      "['GenericList[Tensor(float),Tensor(float)]','Int','Tensor(float)']", ""};
    const Flow f({{10, 2, "cat", list, side({"11/12"})}});
    QCOMPARE(f.flow->inputIndex(f.input(10, 2)), std::optional<std::uint32_t>(2));
    QVERIFY(!f.flow->inputIndex(f.output(10)) && f.flow->isOutput(f.output(10)) && !f.flow->isOutput(f.input(10)));
    QVERIFY(!f.flow->inputIndex(TensorId()) && !f.flow->isOutput(TensorId(99)) && !f.flow->nodeOf(TensorId(99)));
}

void tst_TensorFlow::dependenciesOfANodeAreEachOnce()
{
    const Flow f({op(10, 2, "a", {}, {"5/6", "7/8"}), op(11, 2, "b", {}, {"9/10"}), op(12, 2, "c", {"5/6", "9/10", "7/8"}, {"11/12", "13/14"}),
                  op(13, 2, "d", {"13/14", "11/12"}, {}), op(14, 2, "e", {"11/12"}, {})});
    QCOMPARE(f.ids(f.flow->producersOf(f.node(12))), (Ids{11, 10}));
    QCOMPARE(f.ids(f.flow->consumersOf(f.node(12))), (Ids{13, 14}));
    QCOMPARE(f.ids(f.flow->producersOf(f.node(12), 1)), Ids{11});
    QCOMPARE(f.ids(f.flow->producersOf(NodeId(999))), Ids{});
}

void tst_TensorFlow::storagesOfFilesAndDevicesAreApart()
{
    EtSide cpu = side({"7/8"});
    cpu.values = "[" + etTensor(7, 8, 4, 4, "cpu") + "]";
    const Flow f({op(10, 2, "a", {}, {"7/8"}), {11, 2, "b", cpu, {}}});
    QCOMPARE(f.producer(f.input(11)), 0);

    const EtFolder one("a_et.json"), two("b_et.json");
    one.write(etDocument({op(10, 2, "a", {}, {"7/8"})}));
    two.write(etDocument({op(11, 2, "b", {"7/8"}, {})}));
    const auto trace = loadTrace(std::vector{one.path(), two.path()});
    QVERIFY(trace.ok());
    const auto flow = TensorFlow::build(*trace);
    const NodeId b = nodeNamed(**trace, "b");
    QVERIFY(b.valid());
    QVERIFY(!flow->producer(TensorId((*trace)->executionTrace()->node(b).firstTensor)));
}

void tst_TensorFlow::threadsInterleave()
{
    // Two threads, ids interleaved: 11 is not below 10 although its id follows.
    EtText thread = {5, 1, "[pytorch|profiler|execution_trace|thread]"};
    EtText other = op(11, 5, "other", {"7/8"}, {}), later = op(13, 5, "later", {"7/8"}, {});
    thread.tid = other.tid = later.tid = 2;
    const Flow f({thread, op(10, 2, "outer", {}, {"7/8"}), other, op(12, 10, "inner", {}, {"7/8"}), later});
    QCOMPARE(f.producer(f.input(13)), 12);
    QCOMPARE(f.producer(f.input(11)), 0); // nothing had written yet
    QCOMPARE(f.consumers(f.output(10)), Ids{13});
}

void tst_TensorFlow::cancelledOrWithoutNodesThereIsNone()
{
    QVERIFY(!TensorFlow::build(nullptr));
    QVERIFY(!TensorFlow::build(TraceFixture().finish()));
    std::stop_source stop;
    stop.request_stop();
    QVERIFY(!TensorFlow::build(traceFromText(etDocument({op(10, 2, "a", {}, {"7/8"})})), {nullptr, stop.get_token()}));
    const Flow empty({});
    QVERIFY(empty.flow && empty.flow->bytes() > 0);
}

void tst_TensorFlow::hostileNumbersDoNoHarm()
{
    const std::string huge = "9223372036854775807", low = "-9223372036854775808";
    std::vector<EtText> nodes;
    int id = 10;
    for (const std::string& offset : {huge, low, std::string("0")})
        for (const std::string& elements : {huge, low, std::string("0"), std::string("1")})
            for (const char* strides : {"[" "9223372036854775807" "]", "[-1]", "[0]", "[1,1]"}) {
                const EtSide s{"[[7,8," + offset + "," + elements + ",2147483647,'cpu']]", "[[9223372036854775807]]", "['Tensor(float)']", "[" + std::string(strides) + "]"};
                nodes.push_back({id++, 2, "op", s, s});
            }
    const Flow f(nodes);
    for (std::uint32_t t = 0; t < f.et().tensors().size(); ++t) {
        f.flow->producer(TensorId(t));
        f.flow->viewOf(TensorId(t));
        layoutOf(*f.trace, f.et().tensors()[t]);
        QVERIFY(f.flow->consumers(TensorId(t)).size() <= 1000 && !f.flow->life(TensorId(t)).empty());
    }
    const TensorDesc wide{1, 2, 0, INT64_MAX, 8, {}, {}, {}, {}, 0};
    QVERIFY(!bytesOf(wide));
}

void tst_TensorFlow::longListsOfUsesStayBounded()
{
    std::vector<EtText> nodes{op(10, 2, "a", {}, {"7/8"})};
    for (int i = 0; i < 5'000; ++i) nodes.push_back(op(11 + i, 2, "r", {"7/8"}, {"7/8"}, "f(Tensor(a) self) -> Tensor(a)"));
    const Flow f(nodes);
    QCOMPARE(f.flow->consumers(f.output(10), 1000).size(), std::size_t{1000});
    QCOMPARE(f.flow->life(f.output(10), 100).size(), std::size_t{100});
    QCOMPARE(f.producer(f.input(5010)), 10); // given back as it came, five thousand times
    QCOMPARE(f.consumers(f.output(5000), 3), (Ids{5001, 5002, 5003}));
    QCOMPARE(f.ids(f.flow->consumersOf(f.node(5009))), Ids{5010});
}

void tst_TensorFlow::slicesOfOneStorageAreKeptApartHoweverManyThereAre()
{
    // 40 slices, each written and read once a round; three rounds: enough for blocks of blocks of uses.
    std::vector<EtText> nodes;
    for (int i = 0; i < 120; ++i) {
        const std::string slice = "7/8+" + std::to_string(4 * (i % 40));
        nodes.push_back(op(1000 + 2 * i, 2, "write", {slice, "1/2"}, {slice}, kInPlace));
        nodes.push_back(op(1001 + 2 * i, 2, "read", {slice}, {}));
    }
    const Flow f(nodes);
    for (int i = 0; i < 120; ++i) {
        const int write = 1000 + 2 * i, read = write + 1, before = write - 80, next = write + 80;
        QCOMPARE(f.producer(f.input(read)), write);
        QCOMPARE(f.producer(f.input(write)), i < 40 ? 0 : before);
        QCOMPARE(f.consumers(f.output(write)), i < 80 ? (Ids{read, next}) : Ids{read});
        QCOMPARE(f.life(f.input(read)).size(), std::size_t{9}); // argument, result and reader, three times
        const auto ends = f.flow->lifeEnds(f.input(read));
        QVERIFY(ends);
        QCOMPARE(f.ids(std::vector<TensorUse>{ends->first, ends->second}), (Ids{1000 + 2 * (i % 40), 1161 + 2 * (i % 40)}));
    }
}

void tst_TensorFlow::everyTensorKnowsItsNode()
{
    // Written as they end, not in order of their ids.
    const Flow f({op(12, 2, "c", {"7/8", "9/10"}, {}), op(11, 2, "none", {}, {}), op(10, 2, "a", {}, {"7/8"})});
    for (const int id : {12, 10}) {
        const EtNode& node = f.et().node(f.node(id));
        for (std::uint32_t t = node.firstTensor; t < node.firstTensor + node.inputTensors + node.outputTensors; ++t)
            QCOMPARE(f.et().nodeOf(TensorId(t)), f.node(id));
    }
    QVERIFY(!f.et().nodeOf(TensorId()) && !f.et().nodeOf(TensorId(3)));
}

void tst_TensorFlow::layoutsAreTold_data()
{
    QTest::addColumn<QString>("shape");
    QTest::addColumn<QString>("strides");
    QTest::addColumn<QString>("layout");
    const auto row = [](const char* shape, const char* strides, const char* layout) {
        QTest::addRow("%s %s", shape, strides) << QString::fromLatin1(shape) << QString::fromLatin1(strides) << QString::fromLatin1(layout);
    };
    row("[2,3]", "[3,1]", "contiguous");
    row("[]", "[]", "contiguous");
    row("[1,3]", "[77,1]", "contiguous");
    row("[0,3]", "[9,9]", "contiguous");
    row("[2,3]", "[1,2]", "dense, not contiguous");
    row("[2,3,4,5]", "[60,1,15,3]", "channels last");
    row("[2,3,4,5,6]", "[360,1,90,18,3]", "channels last 3d");
    row("[2,3]", "[0,1]", "expanded");
    row("[2,3]", "[6,2]", "strided");
    row("[2,3]", "[3]", "not recorded");
    row("[2,3]", "['a','b']", "not recorded");
    row("[[2],[3]]", "[[1],[1]]", "not recorded");
}

void tst_TensorFlow::layoutsAreTold()
{
    QFETCH(QString, shape);
    QFETCH(QString, strides);
    QFETCH(QString, layout);
    const EtSide s{"[[7,8,0,1,4,'cpu']]", "[" + shape.toStdString() + "]", "['Tensor(float)']", "[" + strides.toStdString() + "]"};
    const Flow f({{10, 2, "op", s, {}}});
    QCOMPARE(QString::fromStdString(std::string(title(layoutOf(*f.trace, f.et().tensors()[0])))), layout);
}

void tst_TensorFlow::realTracesAreConsistent_data()
{
    QTest::addColumn<QString>("path");
    for (const char* path : {"traces/et/resnet_1.1.0.json.gz", "traces/et/hf_gpt2_1.1.0.json.gz", "traces/et/chakra_1.0.2.json"})
        QTest::newRow(path) << QString::fromLatin1(path);
}

/// A producer is earlier, uses the same storage, and counts the reader among its consumers, as far as they are asked for.
void tst_TensorFlow::realTracesAreConsistent()
{
    QFETCH(QString, path);
    const std::string file = sharedPath(path.toStdString());
    if (file.empty()) QSKIP("skipped: no shared traces");
    const TracePtr trace = traceFromFile(file);
    const auto flow = TensorFlow::build(trace);
    const ExecutionTrace& et = *trace->executionTrace();
    std::size_t linked = 0, answered = 0;
    for (std::uint32_t n = 0; n < et.nodes().size(); n += 3) {
        const EtNode& node = et.nodes()[n];
        if (node.childCount) continue;
        for (std::uint32_t t = node.firstTensor; t < node.firstTensor + node.inputTensors; ++t) {
            const auto from = flow->producer(TensorId(t));
            if (!from) continue;
            QVERIFY(from->node.value < n && from->writes);
            if (et.node(from->node).childCount) continue; // answers at its own level
            ++linked;
            QCOMPARE(et.tensors()[from->tensor.index()].storageId, et.tensors()[t].storageId);
            const auto to = flow->consumers(from->tensor, 100'000);
            answered += std::any_of(to.begin(), to.end(), [&](const TensorUse& u) { return u.tensor.value == t; });
        }
    }
    QVERIFY(linked > 30);
    QCOMPARE(answered, linked);
}

QTEST_GUILESS_MAIN(tst_TensorFlow)
#include "tst_TensorFlow.moc"
