#include "core/io/Loader.h"
#include "tests/support/Golden.h"
#include "tests/support/Json.h"
#include "tests/support/TraceFixture.h"

#include <QTemporaryDir>
#include <QTest>

using namespace opscope;
using namespace opscope::test;

namespace {

/// What a pairing came to, on one line.
std::string summary(const EtPairing& p)
{
    std::string text = std::string(title(p.relation)) + (p.relation == RunRelation::Unrelated ? "" : ", " + std::string(id(p.method)) + ", " + std::string(id(p.confidence)));
    if (p.sequenceDifference) text += ", difference " + std::to_string(*p.sequenceDifference);
    text += ", places " + std::to_string(p.places) + ", nodes " + std::to_string(p.nodes) + ", rf " + std::to_string(p.withRfId) + ", exact " + std::to_string(p.exact) +
            ", by order " + std::to_string(p.byOrder) + ", unmatched " + std::to_string(p.unmatched);
    for (const LinkReason& reason : p.reasons) text += ", " + reason.id + " " + std::to_string(reason.count);
    return text;
}

} // namespace

class tst_NodeLinks : public QObject
{
    Q_OBJECT

private slots:
    void realPairs_data()
    {
        QTest::addColumn<QString>("et");
        QTest::addColumn<QString>("kineto");
        QTest::addColumn<QString>("expected");
        const auto pair = [](const char* name, const char* et, const char* kineto, const char* expected) {
            QTest::newRow(name) << QString::fromLatin1(et) << QString::fromLatin1(kineto) << QString::fromLatin1(expected);
        };
        const char* const kResnet = "pairs/resnet_2gpu_rf/resnet_kineto.json.gz";
        const char* const kWorker0 = "pairs/dlrm_8ranks/worker0_step_12.pt.trace.json.gz";
        pair("ids", "pairs/resnet_2gpu_rf/resnet_et.json.gz", kResnet,
             "other process, record_function_id, exact, places 0, nodes 14391, rf 14388, exact 14388, by order 0, unmatched 3, process-node 1, thread-node 2");
        pair("order", "pairs/linear/linear_et.json.gz", "pairs/linear/linear_kineto.json.gz",
             "same run, order_and_sequence, inferred, difference 0, places 39, nodes 931, rf 928, exact 0, by order 928, unmatched 3, process-node 1, thread-node 2");
        for (int r = 0; r < 4; ++r) {
            const std::string rank = std::to_string(r);
            pair(("rank " + rank).c_str(), ("pairs/dlrm_8ranks/dlrm_et_" + rank + ".json.gz").c_str(),
                 ("pairs/dlrm_8ranks/worker" + rank + "_step_12.pt.trace.json.gz").c_str(),
                 "other iteration, order_and_sequence, inferred, difference 40, places 1, nodes 1675, rf 1672, exact 0, by order 1672, unmatched 3, process-node 1, thread-node 2");
        }
        pair("another rank", "pairs/dlrm_8ranks/dlrm_et_1.json.gz", kWorker0,
             "other process, order_and_sequence, inferred, difference 40, places 1, nodes 1675, rf 1672, exact 0, by order 1672, unmatched 3, process-node 1, thread-node 2");
        pair("ids meet other names", "et/resnet_1.1.0.json.gz", kResnet,
             "unrelated, places 1, nodes 14392, rf 14389, exact 0, by order 0, unmatched 14392, process-node 1, thread-node 2, not-a-pair 14389");
        pair("another program", "et/hf_gpt2_1.1.0.json.gz", kResnet,
             "unrelated, places 0, nodes 27156, rf 27153, exact 0, by order 0, unmatched 27156, process-node 1, thread-node 2, not-a-pair 27153");
        pair("another program without ids", "pairs/linear/linear_et.json.gz", kWorker0,
             "unrelated, places 0, nodes 931, rf 928, exact 0, by order 0, unmatched 931, process-node 1, thread-node 2, not-a-pair 928");
    }

    void realPairs()
    {
        QFETCH(QString, et);
        QFETCH(QString, kineto);
        QFETCH(QString, expected);
        const std::vector<std::string> paths{sharedPath("traces/" + et.toStdString()), sharedPath("traces/" + kineto.toStdString())};
        if (paths[0].empty()) QSKIP("skipped: the shared traces are not here");
        auto trace = loadTrace(paths);
        QVERIFY2(trace.ok(), trace.ok() ? "" : trace.error().text().c_str());
        const auto pairings = (*trace)->links().pairings();
        QCOMPARE(pairings.size(), std::size_t{1});
        QCOMPARE(QString::fromStdString(summary(pairings[0])), expected);
        const LinkCount* count = (*trace)->links().count("node_to_event");
        QVERIFY(count != nullptr);
        QCOMPARE(count->total, pairings[0].nodes);
        QCOMPARE(count->matched(), pairings[0].exact + pairings[0].byOrder);
        QCOMPARE(count->unmatched, pairings[0].unmatched);
    }
};

QTEST_GUILESS_MAIN(tst_NodeLinks)
#include "tst_NodeLinks.moc"
