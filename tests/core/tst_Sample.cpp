#include "tests/support/TraceFixture.h"

#include <QFileInfo>
#include <QTest>
#include <map>
#include <string>

using namespace opscope;
using namespace opscope::test;

/// The bundled sample: a Kineto trace and the execution trace of the same steps, see resources/sample/README.md.
class tst_Sample : public QObject
{
    Q_OBJECT

private slots:
    void nothingIsWrongWithIt();
    void everyNodeMeetsItsSlice();
    void everyKindOfLookupHasItsData();

private:
    static std::string place(const std::string& name)
    {
        return std::string(OPSCOPE_TEST_DATA) + "/../../resources/sample/" + name;
    }
    static TracePtr pair()
    {
        const std::string paths[] = {place("training_step.pt.trace.json.gz"), place("training_step_et.json.gz")};
        Result<TracePtr> trace = loadTrace(paths);
        if (!trace) qFatal("%s", trace.error().text().c_str());
        return *trace;
    }
};

void tst_Sample::nothingIsWrongWithIt()
{
    const TracePtr trace = pair();
    QCOMPARE(trace->diagnostics().countOf(Severity::Error) + trace->diagnostics().countOf(Severity::Warning),
             std::uint64_t{0});
    // The memory events of new writers say "finished": false; no scope is open.
    QCOMPARE(trace->diagnostics().count(Defect::UnfinishedScope), std::uint64_t{0});
    QCOMPARE(trace->timeBase(), TimeBase::Nanoseconds);
    QVERIFY(trace->stats().memoryEvents > 0);
}

void tst_Sample::everyNodeMeetsItsSlice()
{
    const TracePtr trace = pair();
    std::map<std::int64_t, StringId> slices;
    for (std::uint32_t row = 0; row < trace->slices().size(); ++row) {
        const std::int64_t id = trace->slices().arg(SliceId(row), ArgField::RecordFunctionId);
        if (id > 0) slices[id] = trace->slices().name(SliceId(row));
    }
    std::size_t nodes = 0;
    for (const EtNode& node : trace->executionTrace()->nodes()) {
        if (node.rfId == 0) continue;
        ++nodes;
        const auto slice = slices.find(static_cast<std::int64_t>(node.rfId));
        QVERIFY(slice != slices.end());
        QCOMPARE(trace->text(node.name), trace->text(slice->second));
    }
    QCOMPARE(nodes, slices.size());
    QVERIFY(nodes > 1000);
}

void tst_Sample::everyKindOfLookupHasItsData()
{
    const TracePtr trace = pair();
    std::map<std::string, int> files;
    for (const EtNode& node : trace->executionTrace()->nodes()) {
        for (int tensor = 0; tensor < 4; ++tensor) {
            const std::string name = "training_step_et_resources/nid_" + std::to_string(node.id) + "_tid_" +
                                     std::to_string(tensor) + ".dat";
            if (QFileInfo::exists(QString::fromStdString(place(name)))) ++files[std::string(trace->text(node.name))];
        }
    }
    for (const char* name : {"aten::gather", "aten::index_select", "aten::embedding", "aten::_embedding_bag"})
        QVERIFY2(files[name] >= 3, name);
}

QTEST_GUILESS_MAIN(tst_Sample)
#include "tst_Sample.moc"
