#include "tests/support/Behaviours.h"
#include "tests/support/Golden.h"
#include "tests/support/TraceFixture.h"
#include "widgets/detail/DetailSection.h"

#include "core/io/Loader.h"

#include <QTemporaryDir>
#include <QTest>
#include <functional>

using namespace opscope;
using namespace opscope::test;

namespace {

/// What is looked at in a behaviour: "node:NAME" or "slice:NAME", the first whose name begins so; "/in1" selects an input of it.
struct Looked
{
    const char* behaviour;
    std::vector<std::string> at;
};

const std::vector<Looked>& looks()
{
    static const std::vector<Looked> all{
        {"alone", {"node:## menu ##", "node:aten::embedding", "node:AddmmBackward0"}},
        {"alone_packed", {"node:## evening 4 ##"}},
        {"with_kineto", {"slice:## evening 5 ##", "slice:aten::embedding", "slice:AddmmBackward0"}},
        {"env_on", {"slice:## evening 6 ##"}},
        {"env_off", {"slice:aten::addmm", "slice:AddmmBackward0"}},
        {"start_stop", {"node:[pytorch|profiler|execution_trace|process]", "node:## evening 8 ##"}},
        {"loop", {"node:## evening 3 ##"}},
        {"loop_with_kineto", {"slice:## evening 2 ##"}},
        {"nothing", {"node:[pytorch|profiler|execution_trace|process]"}},
        {"nested", {"node:aten::cos", "node:aten::_nested_get_values"}},
        {"integral_range", {"node:aten::gather"}},
        {"integral_data", {"node:aten::gather", "node:aten::gather/in1"}},
        {"compiled", {"slice:## Call CompiledFxGraph", "slice:CompiledFunctionBackward"}},
        {"triton", {"slice:triton_poi_fused"}},
    };
    return all;
}

template <class Row>
Row first(std::size_t rows, const std::function<std::string_view(Row)>& name, std::string_view beginning)
{
    for (std::size_t row = 0; row < rows; ++row) {
        if (name(Row(row)).starts_with(beginning)) return Row(row);
    }
    return {};
}

/// As the document selects: a node of a trace without times is a slice too.
Selection selectionOf(const Trace& trace, std::string_view what)
{
    const std::size_t input = what.rfind("/in");
    const std::string_view name = what.substr(5, input == std::string_view::npos ? what.size() : input - 5);
    Selection selection;
    const ExecutionTrace* et = trace.executionTrace();
    if (what.starts_with("node:")) {
        selection.node = first<NodeId>(et ? et->nodes().size() : 0, [&](NodeId n) { return trace.text(et->node(n).name); }, name);
        if (selection.node && input != std::string_view::npos)
            selection.tensor = TensorId(et->node(selection.node).firstTensor + static_cast<std::uint32_t>(what.back() - '0'));
        selection.slice = selection.node ? trace.sliceOf(selection.node) : SliceId();
    } else {
        selection.slice = first<SliceId>(trace.slices().size(), [&](SliceId s) { return trace.name(s); }, what.substr(6));
        selection.node = trace.nodeOf(selection.slice);
    }
    if (selection.slice) selection.track = trace.trackOf(selection.slice);
    return selection;
}

QString paneOf(const TracePtr& trace, const Selection& selection)
{
    DetailFacts facts = readDetailFacts(*trace, selection);
    facts.flow = TensorFlow::build(trace);
    const NodeId node = selection.node ? selection.node : trace->nodeOf(selection.slice);
    if (node) facts.resources = std::make_shared<const Resources>(Resources::of(*trace, trace->executionTrace()->fileOf(node).source));
    const auto heading = detailHeading(*trace, selection);
    return heading ? detailText(*heading, detailBlocks(*trace, selection, facts)) : QStringLiteral("nothing");
}

} // namespace

/// What the detail pane says of the recorded behaviours, as text: tests/data/behaviours/<name>.txt.
class tst_BehaviourDetail : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { QVERIFY(copyBehaviours(m_folder.path().toStdString())); }

    void thePaneSaysThis_data()
    {
        QTest::addColumn<int>("row");
        for (std::size_t row = 0; row < looks().size(); ++row) QTest::newRow(looks()[row].behaviour) << static_cast<int>(row);
    }

    void thePaneSaysThis()
    {
        QFETCH(int, row);
        const Looked& look = looks()[static_cast<std::size_t>(row)];
        const std::string folder = m_folder.path().toStdString();
        std::string text;
        for (const Behaviour& behaviour : behaviours()) {
            if (std::string_view(behaviour.name) != look.behaviour) continue;
            auto loaded = loadTrace(filesOf(behaviour, folder));
            QVERIFY2(loaded, loaded ? "" : loaded.error().text().c_str());
            for (const std::string& at : look.at) {
                const Selection selection = selectionOf(**loaded, at);
                QVERIFY2(!selection.empty(), at.c_str());
                text += "==== " + at + "\n" + paneOf(*loaded, selection).toStdString() + "\n";
            }
        }
        for (std::size_t at = text.find(folder); at != std::string::npos; at = text.find(folder)) text.erase(at, folder.size() + 1);
        const std::string difference = compareGolden(text, std::string("behaviours/") + look.behaviour + ".txt");
        QVERIFY2(difference.empty(), difference.c_str());
    }

private:
    QTemporaryDir m_folder;
};

QTEST_MAIN(tst_BehaviourDetail)
#include "tst_BehaviourDetail.moc"
