#include "tests/app/RunOpscope.h"
#include "tests/support/Behaviours.h"
#include "tests/support/Golden.h"

#include <QtTest>

#include <nlohmann/json.hpp>

using namespace opscope::test;
using Json = nlohmann::json;

/// Records with the PyTorch of this machine, as the bundled sample and the behaviours were recorded, and reads what it wrote.
class tst_RecordedByTorch : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void theKinetoTraceIsReadWithoutADefect();
    void theExecutionTraceIsReadWithoutADefect();
    void theTwoMakeOneTrace();
    void everyBehaviourHolds_data();
    void everyBehaviourHolds();

private:
    Json info(const char* name) const
    {
        const Ran ran = runOpscope({"info", "--json", m_folder.filePath(QString::fromLatin1(name))});
        return ran.status == 0 ? Json::parse(ran.out.begin(), ran.out.end()) : Json();
    }
    QTemporaryDir m_folder;
};

namespace {

constexpr const char* kKineto = "training_step.pt.trace.json.gz";
constexpr const char* kNodes = "training_step_et.json.gz";

std::uint64_t worseThanANote(const Json& info)
{
    std::uint64_t kinds = 0;
    for (const Json& row : info["diagnostics"]) kinds += row["severity"] != "note";
    return kinds;
}

} // namespace

void tst_RecordedByTorch::initTestCase()
{
    const QString python = qEnvironmentVariable("OPSCOPE_PYTHON");
    if (python.isEmpty()) QSKIP("skipped: OPSCOPE_PYTHON names no Python with PyTorch");
    const auto script = [](const char* name) { return QString::fromStdString(dataPath(name)); };
    QProcess sample, behaviours; // at once: each is one thread for the most part
    for (QProcess* recording : {&sample, &behaviours}) recording->setProcessChannelMode(QProcess::MergedChannels);
    sample.start(python, {script("record_sample.py"), QStringLiteral("sample"), m_folder.path()});
    behaviours.start(python, {script("record_behaviours.py"), QStringLiteral("--into"), m_folder.path()});
    for (QProcess* recording : {&sample, &behaviours}) {
        QVERIFY(recording->waitForFinished(300'000));
        QVERIFY2(recording->exitStatus() == QProcess::NormalExit && recording->exitCode() == 0, recording->readAll().constData());
    }
}

void tst_RecordedByTorch::theKinetoTraceIsReadWithoutADefect()
{
    const Json trace = info(kKineto);
    QVERIFY(!trace.is_null());
    QCOMPARE(trace["kind"].get<std::string>(), "chrome");
    QVERIFY(trace["cpu_ops"]["total"].get<int>() > 1000);
    QVERIFY(trace["cpu_ops"]["with_input_dims"].get<int>() > 1000);
    QVERIFY(trace["python_function_events"].get<int>() > 1000);
    QVERIFY(trace["memory_events"].get<int>() > 100);
    QVERIFY(trace["flow_pairs_by_cat"].contains("fwdbwd"));
    QCOMPARE(trace["malformed"]["events"].get<int>(), 0);
    QCOMPARE(worseThanANote(trace), 0u);
}

void tst_RecordedByTorch::theExecutionTraceIsReadWithoutADefect()
{
    const Json trace = info(kNodes);
    QVERIFY(!trace.is_null());
    QCOMPARE(trace["kind"].get<std::string>(), "et");
    QVERIFY(trace["nodes"].get<int>() > 1000);
    QCOMPARE(trace["root_ids"].size(), 1u);
    QVERIFY(trace["tensors"]["in_inputs"].get<int>() > 1000);
    QCOMPARE(trace["dangling_links"].size(), 0u);
    QCOMPARE(worseThanANote(trace), 0u);
}

void tst_RecordedByTorch::theTwoMakeOneTrace()
{
    const Json kineto = info(kKineto), nodes = info(kNodes);
    QVERIFY(!kineto.is_null() && !nodes.is_null());
    // Every scope that the observer saw, the profiler saw too: they share their record function ids.
    QVERIFY(kineto["events_with_nonzero_record_function_id"].get<int>() > 1000);
    QVERIFY(nodes["distinct_rf_ids"].get<int>() > 1000);
}

void tst_RecordedByTorch::everyBehaviourHolds_data()
{
    QTest::addColumn<int>("row");
    for (std::size_t row = 0; row < behaviours().size(); ++row) QTest::newRow(behaviours()[row].name) << static_cast<int>(row);
}

void tst_RecordedByTorch::everyBehaviourHolds()
{
    QFETCH(int, row);
    const Behaviour& behaviour = behaviours()[static_cast<std::size_t>(row)];
    const std::string folder = m_folder.path().toStdString();
    if (!QFile::exists(QString::fromStdString(filesOf(behaviour, folder).front())))
        QSKIP("skipped: this Python has no triton to record with");
    const std::string complaint = checkBehaviour(behaviour, folder);
    QVERIFY2(complaint.empty(), complaint.c_str());
}

QTEST_GUILESS_MAIN(tst_RecordedByTorch)
#include "tst_RecordedByTorch.moc"
