#include "tests/app/RunOpscope.h"

#include "tests/support/EtFolder.h"
#include "tests/support/Golden.h"

#include <QtTest>

#include <nlohmann/json.hpp>

using namespace opscope;
using namespace opscope::test;
using Json = nlohmann::json;

class tst_TensorCommand : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void aNodeIsListedWithItsTensors();
    void capturedValuesAndFiguresAreShown();
    void jsonHasEverything();
    void valuesAreSaved();
    void sourceAndGraphAreShown();
    void wrongUsageIsOneSentence_data();
    void wrongUsageIsOneSentence();
    void theCanaryOfTheSharedEscapesAppearsNowhere();

private:
    Ran run(const QStringList& arguments) const { return runOpscope(QStringList{"tensor", QString::fromStdString(m_folder.path())} + arguments); }
    EtFolder m_folder;
};

void tst_TensorCommand::initTestCase()
{
    EtText relu{4, 2, "aten::relu", {}, {"[" + etTensor(5, 6, 12, 4) + "]", "[[4,3]]", "['Tensor(float)']", "[[3,1]]"}};
    EtText gather{5, 2, "aten::embedding",
                  {"[" + etTensor(5, 6, 12, 4) + "," + etTensor(7, 8, 4, 8) + ",-1]", "[[4,3],[2,2],[]]", "['Tensor(float)','Tensor(long int)','Int']", "[[3,1],[1,2],[]]"},
                  {}, "aten::embedding(Tensor weight, Tensor indices, SymInt padding_idx=-1) -> Tensor"};
    EtText kernel{6, 2, "k_0", {}, {}, "", etAttr("kernel_backend", "'triton'") + etAttr("kernel_file", "'ca.py'")};
    m_folder.put("nid_5_tid_1.dat", bytesOfValues<std::int64_t>({0, 3, 1, 4}));
    m_folder.put("ca.py", "# Graph fragment:\n#   %sin : [num_users=1] = call_function[target=aten.sin](args = (%a,), kwargs = {})\n"
                          "k_0 = async_compile.triton('k_0', '''\n\x1b[31m\n");
    m_folder.write(etDocument({relu, gather, kernel}));
}

void tst_TensorCommand::aNodeIsListedWithItsTensors()
{
    const Ran ran = run({"5"});
    QCOMPARE(ran.status, 0);
    QVERIFY(ran.err.isEmpty());
    for (const char* part : {"aten::embedding  node 5", "reads from 4 aten::relu", "weight", "[4, 3]", "f32", "contiguous", "tensor 5, storage 6", "from 4 aten::relu",
                             "indices", "[2, 2]", "dense, not contiguous", "padding_idx", "-1"})
        QVERIFY2(ran.out.contains(part), part);
}

void tst_TensorCommand::capturedValuesAndFiguresAreShown()
{
    const Ran ran = run({"5", "1", "--stats", "--values", "0..3"});
    QCOMPARE(ran.status, 0);
    for (const char* part : {"nid_5_tid_1.dat", "storage order differs", "maximum", "WRONG", "1 of 4 indices lie outside of the table", "4 ≥ 4",
                             "[0, 0]  0\n  [0, 1]  1\n  [1, 0]  3\n"})
        QVERIFY2(ran.out.contains(part), part);
    QVERIFY(!ran.out.contains("[1, 1]  4"));
}

void tst_TensorCommand::jsonHasEverything()
{
    const Ran ran = run({"--json", "5", "1", "--stats", "--values", "2..99"});
    QCOMPARE(ran.status, 0);
    const Json json = Json::parse(ran.out.toStdString(), nullptr, false);
    QVERIFY(!json.is_discarded());
    QCOMPARE(json["node"].get<int>(), 5);
    QCOMPARE(json["producers"].dump(), std::string("[4]"));
    QCOMPARE(json["inputs"][1]["strides"].dump(), std::string("[1,2]"));
    QCOMPARE(json["inputs"][1]["input_index"].get<int>(), 1);
    QCOMPARE(json["inputs"][0]["producer"].get<int>(), 4);
    QCOMPARE(json["inputs"][2]["text"].get<std::string>(), std::string("-1"));
    QCOMPARE(json["capture"]["values"].dump(), std::string("[3,4]"));
    QCOMPARE(json["capture"]["statistics"]["distinct"].get<int>(), 4);
    QCOMPARE(json["capture"]["checks"].size(), std::size_t{2});
}

void tst_TensorCommand::valuesAreSaved()
{
    const std::string npy = m_folder.at("out.npy"), csv = m_folder.at("out.csv");
    const Ran ran = run({"5", "1", "--npy", QString::fromStdString(npy), "--csv", QString::fromStdString(csv)});
    QCOMPARE(ran.status, 0);
    QVERIFY(readFile(npy).ends_with(bytesOfValues<std::int64_t>({0, 1, 3, 4})));
    QCOMPARE(readFile(csv), std::string("index0,index1,value\n0,0,0\n0,1,1\n1,0,3\n1,1,4\n"));
    QCOMPARE(run({"5", "1", "--npy", "/nonexistent/folder/x.npy"}).status, 1);
}

void tst_TensorCommand::sourceAndGraphAreShown()
{
    const Ran ran = run({"6", "--source", "--fx"});
    QCOMPARE(ran.status, 0);
    for (const char* part : {"kernel file ca.py, backend triton", "kernel in line 3", "call_function[target=aten.sin]", "reads a"}) QVERIFY2(ran.out.contains(part), part);
    QVERIFY(!ran.out.contains('\x1b'));
    const Json json = Json::parse(run({"6", "--json", "--fx"}).out.toStdString(), nullptr, false);
    QVERIFY(!json.is_discarded());
    QCOMPARE(json["fx_graph"]["nodes"][1]["inputs"].dump(), std::string("[0]"));
}

void tst_TensorCommand::wrongUsageIsOneSentence_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<int>("status");
    QTest::newRow("no such node") << QStringList{"77"} << 2;
    QTest::newRow("no such input") << QStringList{"5", "9"} << 2;
    QTest::newRow("no number") << QStringList{"five"} << 2;
    QTest::newRow("statistics of what?") << QStringList{"5", "--stats"} << 2;
    QTest::newRow("odd range") << QStringList{"5", "1", "--values", "1-2"} << 2;
    QTest::newRow("not captured") << QStringList{"5", "0", "--stats"} << 1;
    QTest::newRow("no kernel") << QStringList{"5", "--source"} << 2;
}

void tst_TensorCommand::wrongUsageIsOneSentence()
{
    QFETCH(QStringList, arguments);
    QFETCH(int, status);
    const Ran ran = run(arguments);
    QCOMPARE(ran.status, status);
    QVERIFY2(!ran.err.isEmpty() && ran.err.count('\n') <= 2, ran.err.constData());
}

void tst_TensorCommand::theCanaryOfTheSharedEscapesAppearsNowhere()
{
    const std::string path = sharedPath("traces/bad/et_escape/in/et_escape.json");
    if (path.empty()) QSKIP("skipped: no shared traces");
    int refused = 0;
    for (const char* node : {"7", "8", "9", "10", "13"}) {
        for (const char* part : {"--source", "--fx"}) {
            const Ran ran = runOpscope({"tensor", QString::fromStdString(path), node, part});
            QVERIFY(!ran.out.contains("CANARY") && !ran.err.contains("CANARY"));
            refused += ran.err.contains("leaves the resources folder");
        }
    }
    QCOMPARE(refused, 4);
}

QTEST_GUILESS_MAIN(tst_TensorCommand)
#include "tst_TensorCommand.moc"
