#include "tests/app/RunOpscope.h"
#include "tests/support/Golden.h"

#include <QDir>
#include <QtTest>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <functional>

using namespace opscope::test;
using Json = nlohmann::ordered_json;

namespace {

namespace fs = std::filesystem;

/// What stands in files that nobody may show.
constexpr const char* kCanary = "THIS-TEXT-LIES-OUTSIDE";

/// The pair of tests/data/links with one thing spoiled, in a folder of its own.
class Spoiled
{
public:
    Spoiled() : m_kineto(parsed("links/device.pt.trace.json")), m_et(parsed("links/device.et.json"))
    {
        fs::copy(dataPath("links/device.et_resources"), place("pair.et_resources"), fs::copy_options::recursive);
        writeFile(place("outside.txt"), kCanary);
    }

    Json& kineto() { return m_kineto; }
    Json& et() { return m_et; }
    std::string place(const char* name) const { return m_folder.filePath(QString::fromLatin1(name)).toStdString(); }
    std::string resource(const char* name) const { return place("pair.et_resources/") + name; }

    void eachEvent(const std::function<void(Json& event)>& change)
    {
        for (Json& event : m_kineto["traceEvents"]) change(event);
    }
    void eachArgument(const char* key, const std::function<void(Json& value)>& change)
    {
        eachEvent([&](Json& event) {
            if (event.contains("args") && event["args"].contains(key)) change(event["args"][key]);
        });
    }
    Json& event(std::string_view name) { return *named(m_kineto["traceEvents"], name); }
    Json& node(std::string_view name) { return *named(m_et["nodes"], name); }
    Json& attribute(std::string_view node, std::string_view name) { return (*named(this->node(node)["attrs"], name))["value"]; }

    /// `opscope info --links --json` of both files. Null, and a failed test, when that did not end well.
    Json info()
    {
        writeFile(place("pair.pt.trace.json"), m_kineto.dump());
        return said({QStringLiteral("--links"), QString::fromStdString(place("pair.pt.trace.json"))});
    }
    /// `opscope info --json` of the execution trace alone.
    Json infoAlone() { return said({}); }
    const QByteArray& text() const { return m_said; }

private:
    Json said(const QStringList& more)
    {
        writeFile(place("pair.et.json"), m_et.dump());
        const QStringList arguments = QStringList{QStringLiteral("info"), QStringLiteral("--json")} + more +
                                      QStringList{QString::fromStdString(place("pair.et.json"))};
        const Ran ran = runOpscope(arguments);
        m_said = ran.out + ran.err;
        if (ran.status != 0) qWarning("status %d: %s", ran.status, ran.err.constData());
        return ran.status == 0 ? Json::parse(ran.out.begin(), ran.out.end()) : Json();
    }
    static Json parsed(const char* name) { return Json::parse(readFile(dataPath(name))); }
    static Json::iterator named(Json& list, std::string_view name)
    {
        return std::find_if(list.begin(), list.end(), [&](const Json& one) { return one.value("name", "") == name; });
    }
    QTemporaryDir m_folder;
    Json m_kineto, m_et;
    QByteArray m_said;
};

/// How often a kind of defect is said; 0 when it is not.
int count(const Json& info, std::string_view defect)
{
    for (const Json& row : info.at("diagnostics")) {
        if (row.at("id") == defect) return row.at("count").get<int>();
    }
    return 0;
}

const Json& nodes(const Json& info) { return info.at("links").at("et_nodes"); }
const Json& deviceOps(const Json& info) { return info.at("links").at("device_ops"); }

} // namespace

/// Pairs of files in which something is wrong, through the program: it is said where it is, and nothing else suffers.
class tst_LinkFixtures : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void thePairItselfIsLinkedWhole();
    void anotherProgramIsRefused();
    void anotherProcessIsSaid();
    void zeroIdsLeadToOrder();
    void anotherIterationIsSaid();
    void aRepeatedCorrelationTakesTheLatestLaunch();
    void idsAbove63BitsStayApart();
    void linksToNothingAreCounted();
    void aMissingShortOrSurplusCaptureIsSaid();
    void resourcesOutsideTheFolderAreNeverRead();
};

void tst_LinkFixtures::thePairItselfIsLinkedWhole()
{
    Spoiled pair;
    const Json info = pair.info();
    QVERIFY(!info.is_null());
    QCOMPARE(nodes(info).at("relation").get<std::string>(), "same run");
    QCOMPARE(nodes(info).at("with_rf_id").get<int>(), 9);
    QCOMPARE(nodes(info).at("exact").get<int>(), 9);
    QCOMPARE(nodes(info).at("by_order").get<int>(), 0);
    QCOMPARE(deviceOps(info).at("total").get<int>(), 5);
    QCOMPARE(deviceOps(info).at("to_call").get<int>(), 5);
    QCOMPARE(deviceOps(info).at("to_op").get<int>(), 5);
    QCOMPARE(deviceOps(info).at("to_et_node").get<int>(), 5);
    QCOMPARE(info.at("links").at("backward_ops").at("total").get<int>(), 1);
    QCOMPARE(info.at("links").at("backward_ops").at("to_forward").get<int>(), 1);
    for (const Json& row : info.at("diagnostics")) QVERIFY2(row.at("severity") == "note", row.dump().c_str());
}

void tst_LinkFixtures::anotherProgramIsRefused()
{
    Spoiled pair;
    // The same ids, because every process counts from 1; half of the names differ.
    for (const char* name : {"aten::embedding", "EmbeddingBackward0", "record_param_comms", "aten::index_select", "## step ##"})
        pair.node(name)["name"] = std::string(name) + "_of_another";
    const Json info = pair.info();
    QVERIFY(!info.is_null());
    QCOMPARE(nodes(info).at("relation").get<std::string>(), "unrelated");
    QCOMPARE(nodes(info).at("exact").get<int>() + nodes(info).at("by_order").get<int>(), 0);
    QCOMPARE(deviceOps(info).at("to_et_node").get<int>(), 0);
    QCOMPARE(deviceOps(info).at("to_op").get<int>(), 5);
    QCOMPARE(count(info, "unrelated-traces"), 1);
}

void tst_LinkFixtures::anotherProcessIsSaid()
{
    Spoiled pair;
    pair.et()["pid"] = 777;
    const Json info = pair.info();
    QVERIFY(!info.is_null());
    QCOMPARE(nodes(info).at("relation").get<std::string>(), "other process");
    QCOMPARE(nodes(info).at("exact").get<int>(), 9);
    QCOMPARE(count(info, "other-process"), 1);
}

void tst_LinkFixtures::zeroIdsLeadToOrder()
{
    Spoiled pair;
    pair.eachArgument("Record function id", [](Json& id) { id = 0; });
    pair.eachArgument("External id", [](Json& id) { id = id.get<int>() + 5000; }); // or they would do as well
    const Json info = pair.info();
    QVERIFY(!info.is_null());
    QCOMPARE(nodes(info).at("relation").get<std::string>(), "same run");
    QCOMPARE(nodes(info).at("exact").get<int>(), 0);
    QCOMPARE(nodes(info).at("by_order").get<int>(), 9);
    QVERIFY(count(info, "zero-record-function-ids") > 0);
}

void tst_LinkFixtures::anotherIterationIsSaid()
{
    Spoiled pair;
    pair.eachArgument("Record function id", [](Json& id) { id = 0; });
    pair.eachArgument("External id", [](Json& id) { id = id.get<int>() + 5000; });
    pair.eachArgument("Sequence number", [](Json& number) { number = number.get<int>() + 40; });
    const Json info = pair.info();
    QVERIFY(!info.is_null());
    QCOMPARE(nodes(info).at("relation").get<std::string>(), "other iteration");
    QCOMPARE(nodes(info).at("by_order").get<int>(), 9);
}

void tst_LinkFixtures::aRepeatedCorrelationTakesTheLatestLaunch()
{
    Spoiled pair;
    // The kernel at 510 was launched at 430; the number was already used by the launch at 140 and its kernel.
    pair.eachArgument("correlation", [](Json& id) { if (id == 84) id = 81; });
    const Json info = pair.info();
    QVERIFY(!info.is_null());
    QCOMPARE(deviceOps(info).at("to_call").get<int>(), 5);
    QVERIFY(count(info, "repeated-correlation") > 0);
}

void tst_LinkFixtures::idsAbove63BitsStayApart()
{
    Spoiled pair;
    // 2^63 + 1 to 2^63 + 9: one number for whoever reads them through a double or cuts them to 63 bits.
    const auto wide = [](Json& id) { id = id.get<std::uint64_t>() + 9223372036854775808ull; };
    pair.eachArgument("Record function id", wide);
    for (Json& node : pair.et()["nodes"]) {
        for (Json& attribute : node["attrs"])
            if (attribute["name"] == "rf_id" && attribute["value"] != 0) wide(attribute["value"]);
    }
    const Json info = pair.info();
    QVERIFY(!info.is_null());
    QCOMPARE(nodes(info).at("with_rf_id").get<int>(), 9);
    QCOMPARE(nodes(info).at("exact").get<int>(), 9);
    QVERIFY(count(info, "wide-id") > 0);
}

void tst_LinkFixtures::linksToNothingAreCounted()
{
    Spoiled pair;
    pair.event("gather_kernel")["args"]["correlation"] = 4000;     // no such call
    pair.event("EmbeddingBackward0")["args"]["Sequence number"] = 900; // no such forward
    pair.event("autograd::engine::evaluate_function: EmbeddingBackward0")["args"]["Sequence number"] = 900;
    pair.eachEvent([](Json& event) { if (event.value("cat", "") == "fwdbwd") event["cat"] = "none"; });
    pair.event("Stream Wait Event")["args"]["wait_on_cuda_event_record_corr_id"] = 4001;
    pair.node("triton_poi_fused_relu_0")["ctrl_deps"] = 9;         // no such node
    const Json info = pair.info();
    QVERIFY(!info.is_null());
    QCOMPARE(deviceOps(info).at("total").get<int>(), 5);
    QCOMPARE(deviceOps(info).at("to_call").get<int>(), 4);
    QCOMPARE(info.at("links").at("backward_ops").at("total").get<int>(), 1);
    QCOMPARE(info.at("links").at("backward_ops").at("to_forward").get<int>(), 0);
    QCOMPARE(nodes(info).at("exact").get<int>(), 9);
    const auto reason = [&](const char* row, const char* key) { return info.at("links").at(row).at(key).dump(); };
    QVERIFY2(deviceOps(info).at("no_call").size() == 1, reason("device_ops", "no_call").c_str());
    QVERIFY2(info.at("links").at("backward_ops").at("no_forward").size() == 1, reason("backward_ops", "no_forward").c_str());
    QVERIFY(count(info, "orphan-scope") > 0);
}

void tst_LinkFixtures::aMissingShortOrSurplusCaptureIsSaid()
{
    Spoiled pair;
    pair.node("aten::index_select")["name"] = "aten::embedding";                 // what has data once, has it always
    writeFile(pair.resource("nid_999_tid_0.dat"), "12345678");                   // no such node
    writeFile(pair.resource("nid_4_tid_1.dat"), std::string(12, '\0'));          // one value and a half of four
    fs::remove(pair.resource("nid_7_tid_1.dat"));
    const Json info = pair.infoAlone();
    QVERIFY(!info.is_null());
    QCOMPARE(count(info, "surplus-capture"), 1);
    QCOMPARE(count(info, "wrong-size-capture"), 1);
    QCOMPARE(count(info, "missing-capture"), 1);
}

void tst_LinkFixtures::resourcesOutsideTheFolderAreNeverRead()
{
    const auto say = [](Spoiled& pair, const char* what) {
        for (const bool links : {false, true}) {
            const Json info = links ? pair.info() : pair.infoAlone();
            QVERIFY2(!info.is_null(), what);
            QVERIFY2(count(info, "unsafe-path") > 0, what);
            QVERIFY2(!pair.text().contains(kCanary), what);
        }
    };
    for (const char* name : {"../outside.txt", "/etc/hostname", "..", "a/../../outside.txt", "..\\outside.txt"}) {
        Spoiled pair;
        pair.attribute("triton_poi_fused_relu_0", "kernel_file") = name;
        say(pair, name);
    }
    Spoiled link;
    fs::remove(link.resource("cabinet.py"));
    fs::create_symlink("../outside.txt", link.resource("cabinet.py"));
    say(link, "a link in the folder");
    Spoiled capture;
    fs::remove(capture.resource("nid_4_tid_1.dat"));
    fs::create_symlink("../outside.txt", capture.resource("nid_4_tid_1.dat"));
    say(capture, "a captured file that is a link");
    Spoiled folder;
    fs::rename(folder.place("pair.et_resources"), folder.place("elsewhere"));
    writeFile(folder.place("elsewhere/cabinet.py"), kCanary);
    fs::create_directory_symlink("elsewhere", folder.place("pair.et_resources"));
    say(folder, "a folder that is a link");
}

QTEST_GUILESS_MAIN(tst_LinkFixtures)
#include "tst_LinkFixtures.moc"
