#include "tests/app/RunOpscope.h"
#include "tests/support/Golden.h"

#include <QDirIterator>
#include <QtTest>

#include <nlohmann/json.hpp>

#include <vector>

using namespace opscope::test;
using Json = nlohmann::json;

/// `info --json` against sheets of facts that another program wrote (see the head of trace_facts.py beside the traces).
class tst_Facts : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void everyNumberIsThatOfTheSheet_data();
    void everyNumberIsThatOfTheSheet();
};

namespace {

const std::vector<const char*>& keysOf(const std::string& kind)
{
    static const std::vector<const char*> kChrome{"/kind", "/events/total", "/events/by_ph", "/events/by_cat", "/tracks", "/min_ts_ns",
        "/max_end_ns", "/total_dur_ns_by_cat", "/flow_pairs_by_cat", "/kernels/total", "/kernels/correlation_matches_runtime",
        "/gpu_events/total", "/gpu_events/correlation_matches_runtime", "/gpu_events/devices", "/gpu_events/streams", "/cpu_ops/total",
        "/cpu_ops/with_input_dims", "/events_with_nonzero_record_function_id", "/python_function_events", "/memory_events",
        "/top_names_by_dur", "/unmatched_E", "/unclosed_B", "/malformed/events"};
    static const std::vector<const char*> kNodes{"/kind", "/schema", "/pid", "/nodes", "/root_ids", "/duplicate_ids", "/dangling_links",
        "/nodes_in_cycles", "/max_tree_depth", "/nodes_with_rf_id", "/distinct_rf_ids", "/tensors/in_inputs", "/tensors/in_outputs",
        "/tensors/distinct_tensor_ids", "/tensors/distinct_storage_ids", "/nodes_with_attr"};
    static const std::vector<const char*> kRecords{"/kind", "/records_by_type", "/events/total", "/events/by_type", "/providers",
        "/ticks_per_second", "/thread_records", "/tracks", "/min_ts_ticks", "/max_end_ticks"};
    static const std::vector<const char*> kNone;
    return kind == "chrome" ? kChrome : kind == "et" ? kNodes : kind == "fxt" ? kRecords : kNone;
}

} // namespace

void tst_Facts::everyNumberIsThatOfTheSheet_data()
{
    QTest::addColumn<QString>("trace");
    const QString root = QString::fromStdString(sharedPath("traces"));
    if (root.isEmpty()) QSKIP("skipped: the shared traces are not here");
    QDirIterator sheets(root, {QStringLiteral("*.facts.json")}, QDir::Files, QDirIterator::Subdirectories);
    while (sheets.hasNext()) {
        const QString trace = sheets.next().chopped(int(strlen(".facts.json")));
        const std::string sheet = readFile(trace.toStdString() + ".facts.json");
        const bool isBad = trace.contains(QStringLiteral("/bad/")); // those are told in words: tst_BadFiles
        if (isBad || !QFile::exists(trace) || keysOf(Json::parse(sheet)["kind"]).empty()) continue;
        QTest::newRow(qPrintable(trace.mid(root.size() + 1))) << trace;
    }
}

void tst_Facts::everyNumberIsThatOfTheSheet()
{
    QFETCH(QString, trace);
    const Json wanted = Json::parse(readFile(trace.toStdString() + ".facts.json"));
    const Ran ran = runOpscope({"info", "--json", trace});
    QVERIFY2(ran.status == 0, ran.err.constData());
    const Json ours = Json::parse(ran.out.begin(), ran.out.end());
    for (const char* key : keysOf(wanted["kind"])) {
        const Json::json_pointer place(key);
        if (!wanted.contains(place)) continue;
        const Json got = ours.contains(place) ? ours[place] : Json("(missing)");
        QVERIFY2(got == wanted[place], (std::string(key) + ": " + got.dump().substr(0, 200) + " against " +
                                        wanted[place].dump().substr(0, 200)).c_str());
    }
}

QTEST_GUILESS_MAIN(tst_Facts)
#include "tst_Facts.moc"
