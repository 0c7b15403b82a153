#include "tests/app/RunOpscope.h"
#include "tests/support/Golden.h"

#include <QtTest>

#include <nlohmann/json.hpp>

using namespace opscope::test;
using Json = nlohmann::json;

/// `info --links --json` on real traces against what linking.md 7.1 and 7.2 measured with other programs.
class tst_LinkCounts : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void deviceOpsAndBackwardNumbersAreThoseMeasured_data();
    void deviceOpsAndBackwardNumbersAreThoseMeasured();
    void reasonsAddUpToWhatIsUnmatched();
    void theFiguresOfThePictureComeOut();
    void textIsAtMostAHundredColumnsWide();
    void aMissingFileIsSaid();
};

namespace {

Json linksOf(const QString& path)
{
    const Ran ran = runOpscope({QStringLiteral("info"), QStringLiteral("--links"), QStringLiteral("--json"), path});
    if (ran.status != 0) return {};
    return Json::parse(ran.out.toStdString(), nullptr, false).value("links", Json());
}

} // namespace

void tst_LinkCounts::deviceOpsAndBackwardNumbersAreThoseMeasured_data()
{
    QTest::addColumn<QString>("file");
    QTest::addColumn<QList<int>>("device");    // total, to_call, to_op, inferred by time
    QTest::addColumn<QList<int>>("backward");  // total, to_forward, events, several_forwards
    const auto row = [](const char* name, const char* file, QList<int> device, QList<int> backward) {
        QTest::newRow(name) << QString::fromUtf8(file) << device << backward;
    };
    row("linear", "pairs/linear/linear_kineto.json.gz", {10356, 10356, 10356, 10356}, {2640, 2640, 5280, 960});
    row("nccl", "pairs/resnet_2gpu_rf/resnet_kineto.json.gz", {3774, 3774, 3774, 0}, {543, 543, 1086, 333});
    row("dlrm 0", "pairs/dlrm_8ranks/worker0_step_12.pt.trace.json.gz", {261, 261, 261, 261}, {38, 38, 76, 13});
    row("dlrm 1", "pairs/dlrm_8ranks/worker1_step_12.pt.trace.json.gz", {326, 262, 262, 262}, {38, 38, 76, 13});
    row("dlrm 2", "pairs/dlrm_8ranks/worker2_step_12.pt.trace.json.gz", {262, 262, 262, 262}, {38, 38, 76, 13});
    row("dlrm 3", "pairs/dlrm_8ranks/worker3_step_12.pt.trace.json.gz", {337, 273, 273, 273}, {38, 38, 76, 13});
    row("alexnet", "kineto/alexnet_critical_path.json.gz", {98, 98, 98, 98}, {0, 0, 0, 0});
    row("ns_resolution", "kineto/ns_resolution_rank0.pt.trace.json.gz", {6095, 6095, 6095, 0}, {905, 905, 1810, 555});
    row("mtia", "kineto/mtia_training_rank0.json.gz", {25814, 3453, 3453, 3453}, {205, 205, 410, 98});
    row("control", "compare/control.json.gz", {9450, 9450, 9450, 9450}, {2382, 2382, 4764, 937});
    row("graphs", "compare/test.json.gz", {15632, 15018, 15018, 15018}, {738, 738, 1476, 301});
    row("amd", "kineto/mi250_minitoy_rocm62.json.gz", {16, 16, 16, 0}, {4, 4, 8, 2});
    row("sampled", "multi_rank/sampled_rank-0.json.gz", {1204, 1204, 1204, 1204}, {289, 94, 560, 78});
}

void tst_LinkCounts::deviceOpsAndBackwardNumbersAreThoseMeasured()
{
    QFETCH(QString, file);
    QFETCH(QList<int>, device);
    QFETCH(QList<int>, backward);
    const std::string path = sharedPath("traces/" + file.toStdString());
    if (path.empty()) QSKIP("skipped: the shared traces are not here");
    const Json links = linksOf(QString::fromStdString(path));
    QVERIFY(links.is_object());
    const Json& d = links["device_ops"];
    int inferred = 0;
    for (const Json& row : links["report"])
        if (row["id"] == "device_to_op") inferred = row["inferred"];
    QCOMPARE((QList<int>{d["total"], d["to_call"], d["to_op"], inferred}), device);
    QCOMPARE(d["start_before_launch"].get<int>(), 0);
    const Json& b = links["backward_ops"];
    QCOMPARE((QList<int>{b["total"], b["to_forward"], b["events"], b["several_forwards"]}), backward);
}

void tst_LinkCounts::reasonsAddUpToWhatIsUnmatched()
{
    const std::string path = sharedPath("traces/kineto/mtia_training_rank0.json.gz");
    if (path.empty()) QSKIP("skipped: the shared traces are not here");
    const Json links = linksOf(QString::fromStdString(path));
    QCOMPARE(links["device_ops"]["no_call"], (Json{{"no-correlation", 22361}}));
    QVERIFY(links["report"].size() >= 4);
    for (const Json& row : links["report"]) {
        int unmatched = 0;
        for (const Json& reason : row["reasons"])
            if (reason["unmatched"].get<bool>()) unmatched += reason["count"].get<int>();
        QCOMPARE(row["unmatched"].get<int>(), unmatched);
        QCOMPARE(row["exact"].get<int>() + row["inferred"].get<int>() + row["ambiguous"].get<int>() + unmatched, row["total"].get<int>());
    }
}

void tst_LinkCounts::theFiguresOfThePictureComeOut()
{
    const std::string path = sharedPath("traces/pairs/resnet_2gpu_rf/resnet_kineto.json.gz");
    if (path.empty()) QSKIP("skipped: the shared traces are not here");
    const Json links = linksOf(QString::fromStdString(path));
    QCOMPARE(links["device_ops"]["two_owners"].get<int>(), 21);
    QCOMPARE(links["launching_calls"], (Json{{"total", 3777}, {"to_device", 3774}, {"no_device", {{"device-record-missing", 3}}}}));
    QCOMPARE(links["gpu_annotations"]["to_annotation"].get<int>(), 30);
    QCOMPARE(links["backward_ops"]["without_number"].get<int>(), 483);
    QVERIFY(links["et_nodes"]["relation"].is_null());
}

void tst_LinkCounts::textIsAtMostAHundredColumnsWide()
{
    const std::string path = sharedPath("traces/pairs/resnet_2gpu_rf/resnet_kineto.json.gz");
    if (path.empty()) QSKIP("skipped: the shared traces are not here");
    const Ran ran = runOpscope({QStringLiteral("info"), QStringLiteral("--links"), QString::fromStdString(path)});
    QCOMPARE(ran.status, 0);
    const QString text = QString::fromUtf8(ran.out);
    QVERIFY(text.contains(QStringLiteral("3,774 of 3,777")));
    for (const QString& line : text.split(QLatin1Char('\n'))) QVERIFY2(line.size() <= 100, qPrintable(line));
}

void tst_LinkCounts::aMissingFileIsSaid()
{
    const Ran ran = runOpscope({QStringLiteral("info"), QStringLiteral("--links"), QStringLiteral("--json"), QStringLiteral("no such file.json")});
    QCOMPARE(ran.status, 1);
    QVERIFY(ran.out.isEmpty());
    QVERIFY(ran.err.contains("no such file.json"));
}

QTEST_GUILESS_MAIN(tst_LinkCounts)
#include "tst_LinkCounts.moc"
