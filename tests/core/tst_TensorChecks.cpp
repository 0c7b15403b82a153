#include <QTest>

#include "core/io/Loader.h"
#include "core/tensor/CapturedTensor.h"
#include "tests/support/EtFolder.h"
#include "tests/support/Golden.h"

#include <algorithm>
#include <filesystem>

using namespace opscope;
using namespace opscope::test;
namespace fs = std::filesystem;

namespace {

using Strings = std::vector<std::string>;

/// What is said of the captured input `index` of a node, one line a check.
Strings checked(const EtFolder& folder, const EtText& text, std::uint32_t index)
{
    const TracePtr trace = folder.open({text});
    const NodeId node = nodeNamed(*trace, text.name);
    const TensorId tensor(trace->executionTrace()->node(node).firstTensor + index);
    const auto captured = CapturedTensor::open(*trace, node, tensor);
    if (!captured.ok()) return {captured.error().text()};
    Strings out;
    for (const TensorCheck& check : checksOf(*trace, node, tensor, **captured, *statisticsOf(**captured)))
        out.push_back((check.good ? "ok: " : "WRONG: ") + check.text + ": " + check.numbers);
    return out;
}

EtText embeddingBag(const std::string& includeLast, int values, int offsets)
{
    return {4, 2, "aten::_embedding_bag",
            {"[" + etTensor(5, 6, 40, 4) + "," + etTensor(7, 8, values, 8) + "," + etTensor(9, 10, offsets, 8) + ",false,0,false,'<None>'," + includeLast + ",-1]",
             "[[10,4],[" + std::to_string(values) + "],[" + std::to_string(offsets) + "],[],[],[],[],[],[]]",
             "['Tensor(float)','Tensor(long int)','Tensor(long int)','Bool','Int','Bool','None','Bool','Int']", ""}};
}

} // namespace

class tst_TensorChecks : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void rangesAreRead();
    void indicesAreComparedWithTheTable();
    void indicesAlongADimension();
    void offsetsMustRiseAndEndAtTheCount();
    void theSharedLookupsAreAsInThePicture();
};

void tst_TensorChecks::rangesAreRead()
{
    const EtFolder folder;
    folder.put("nid_4_tid_0.dat", bytesOfValues<std::int64_t>({1, 4, 2}));
    EtText text{4, 2, "op", {"[" + etTensor(7, 8, 3, 8) + "]", "[[3]]", "['Tensor(long int)']", ""}};
    text.attrs = etAttr("tensor_range", "'{\\'0\\':[1,4]}'");
    const std::string size = "ok: File size agrees with shape and type: 3 × 8 B";
    QCOMPARE(checked(folder, text, 0), (Strings{size, "ok: Values lie in the declared range: 1 … 4"}));
    text.attrs = etAttr("tensor_range", "'{\\'0\\':[1,3],\\'1\\':[0,1]}'");
    QCOMPARE(checked(folder, text, 0), (Strings{size, "WRONG: Values lie outside of the declared range: 1 … 4, declared 1 … 3"}));
    const TracePtr trace = folder.open({text});
    const auto range = declaredRange(*trace, nodeNamed(*trace, "op"), 1);
    QVERIFY(range && range->minimum == "0" && range->maximum == "1");
    QVERIFY(!declaredRange(*trace, nodeNamed(*trace, "op"), 2));
    for (const char* odd : {"'nonsense'", "'{\\'0\\':[1]}'", "'{\\'0\\':[[],{}]}'", "'[1,2]'", "'{\\'0\\':7}'", "''"}) {
        text.attrs = etAttr("tensor_range", odd);
        QCOMPARE(checked(folder, text, 0), Strings{size});
    }
}

void tst_TensorChecks::indicesAreComparedWithTheTable()
{
    const EtFolder folder;
    EtText text{4, 2, "aten::embedding",
                {"[" + etTensor(5, 6, 12, 4) + "," + etTensor(7, 8, 3, 8) + "]", "[[4,3],[3]]", "['Tensor(float)','Tensor(long int)']", ""}};
    const std::string size = "ok: File size agrees with shape and type: 3 × 8 B";
    folder.put("nid_4_tid_1.dat", bytesOfValues<std::int64_t>({0, 3, 1}));
    QCOMPARE(checked(folder, text, 1), (Strings{size, "ok: Every index exists in the table: < 4"}));
    folder.put("nid_4_tid_1.dat", bytesOfValues<std::int64_t>({0, 4, 9}));
    QCOMPARE(checked(folder, text, 1), (Strings{size, "WRONG: 2 of 3 indices lie outside of the table: 9 ≥ 4"}));
    folder.put("nid_4_tid_1.dat", bytesOfValues<std::int64_t>({0, -1, 3}));
    QCOMPARE(checked(folder, text, 1), (Strings{size, "WRONG: 1 of 3 indices lie outside of the table: -1 < 0"}));
    EtText list{4, 2, "aten::index",
                {"[" + etTensor(5, 6, 12, 4) + ",[[3,0,0,0,0,'']," + etTensor(7, 8, 3, 8) + "]]", "[[4,3],[[],[3]]]",
                 "['Tensor(float)','GenericList[Tensor(nullptr (uninitialized)),Tensor(long int)]']", ""}};
    folder.put("nid_4_tid_2.dat", bytesOfValues<std::int64_t>({0, -3, 2}));
    QCOMPARE(checked(folder, list, 2), (Strings{size, "ok: Every index exists in the table: < 3"}));
    folder.put("nid_4_tid_2.dat", bytesOfValues<std::int64_t>({0, -4, 2}));
    QCOMPARE(checked(folder, list, 2), (Strings{size, "WRONG: 1 of 3 indices lie outside of the table: -4 < -3"}));
}

void tst_TensorChecks::indicesAlongADimension()
{
    const EtFolder folder;
    folder.put("nid_4_tid_1.dat", bytesOfValues<std::int64_t>({0, 1, 2, 0}));
    const std::string size = "ok: File size agrees with shape and type: 4 × 8 B";
    for (const auto& [dimension, line] : {std::pair("0", "WRONG: 1 of 4 indices lie outside of the table: 2 ≥ 2"), std::pair("1", "ok: Every index exists in the table: < 3"),
                                          std::pair("-1", "ok: Every index exists in the table: < 3")}) {
        EtText text{4, 2, "aten::gather",
                    {"[" + etTensor(5, 6, 6, 4) + "," + dimension + "," + etTensor(7, 8, 4, 8) + ",false]", "[[2,3],[],[2,2],[]]",
                     "['Tensor(float)','Int','Tensor(long int)','Bool']", ""}};
        QCOMPARE(checked(folder, text, 1), (Strings{size, line}));
    }
}

void tst_TensorChecks::offsetsMustRiseAndEndAtTheCount()
{
    const EtFolder folder;
    folder.put("nid_4_tid_1.dat", bytesOfValues<std::int64_t>({0, 1, 2, 3}));
    const Strings indices{"ok: File size agrees with shape and type: 4 × 8 B", "ok: Every index exists in the table: < 10"};
    const auto with = [&](const std::string& last) {
        Strings all = indices;
        all.push_back(last);
        return all;
    };
    folder.put("nid_4_tid_2.dat", bytesOfValues<std::int64_t>({0, 2, 4}));
    QCOMPARE(checked(folder, embeddingBag("true", 4, 3), 1), with("ok: Offsets rise and end at the count: 0 … 4"));
    QCOMPARE(checked(folder, embeddingBag("true", 4, 3), 2),
             (Strings{"ok: File size agrees with shape and type: 3 × 8 B", "ok: Offsets rise and end at the count: 0 … 4"}));
    folder.put("nid_4_tid_2.dat", bytesOfValues<std::int64_t>({0, 2, 3}));
    QCOMPARE(checked(folder, embeddingBag("true", 4, 3), 1), with("WRONG: Offsets do not go from 0 to the count: 0 … 3, count 4"));
    QCOMPARE(checked(folder, embeddingBag("false", 4, 3), 1), with("ok: Offsets rise and stay within the count: 0 … 3, count 4"));
    folder.put("nid_4_tid_2.dat", bytesOfValues<std::int64_t>({0, 3, 2}));
    QCOMPARE(checked(folder, embeddingBag("false", 4, 3), 1), with("WRONG: Offsets fall in 1 place: 0 … 2"));
    fs::remove(folder.folder() + "/nid_4_tid_2.dat");
    QCOMPARE(checked(folder, embeddingBag("true", 4, 3), 1), indices);
}

void tst_TensorChecks::theSharedLookupsAreAsInThePicture()
{
    const std::string path = sharedPath("traces/et/resources_lookups/lookups_a.json");
    if (path.empty()) QSKIP("skipped: no shared traces");
    const auto trace = loadTrace(std::vector{path});
    QVERIFY(trace.ok());
    const NodeId node = (*trace)->executionTrace()->byId(36);
    const TensorId indices((*trace)->executionTrace()->node(node).firstTensor + 1);
    const auto captured = CapturedTensor::open(**trace, node, indices);
    QVERIFY(captured.ok());
    const auto s = statisticsOf(**captured);
    QVERIFY(s.has_value());
    QCOMPARE(s->count, std::uint64_t{412});
    QCOMPARE(s->maximum, std::int64_t{111});
    QCOMPARE(*s->median, std::int64_t{1});
    QCOMPARE(s->distinct, std::uint64_t{31});
    QCOMPARE(s->bins.size(), std::size_t{37});
    QCOMPARE(s->bins.front().count, std::uint64_t{314});
    QCOMPARE(s->frequent.front().count, std::uint64_t{210});
    Strings checks;
    for (const TensorCheck& check : checksOf(**trace, node, indices, **captured, *s)) checks.push_back(check.text + " " + check.numbers);
    QCOMPARE(checks, (Strings{"File size agrees with shape and type 412 × 8 B", "Values lie in the declared range 1 … 111",
                              "Every index exists in the table < 5,000", "Offsets rise and end at the count 0 … 412"}));
    const auto bags = bagsOf(**trace, node);
    QVERIFY(bags && bags->values == indices && bags->offsets.value == indices.value + 1 && bags->tableRows == 5000);
}

QTEST_GUILESS_MAIN(tst_TensorChecks)
#include "tst_TensorChecks.moc"
