#include "tests/support/MutantPairs.h"
#include "widgets/detail/DetailSection.h"

#include "core/tensor/TensorFlow.h"

#include <QTest>

using namespace opscope;
using namespace opscope::test;

/// Bent pairs in the detail pane: every section has its say about slices, nodes and tensors, whatever their numbers are.
class tst_DetailFuzz : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everySectionStands_data()
    {
        QTest::addColumn<int>("row");
        for (std::size_t row = 0; row < pairsToBend().size(); ++row) QTest::newRow(pairsToBend()[row].name) << static_cast<int>(row);
    }

    void everySectionStands()
    {
        QFETCH(int, row);
        const MutantPairFiles& files = pairsToBend()[static_cast<std::size_t>(row)];
        MutantPairs pairs(files.kineto, files.et, static_cast<unsigned>(row) + 100);
        std::size_t said = 0;
        for (int i = 0; i < 25; ++i) {
            if (const TracePtr trace = pairs.next()) said += lookAtAll(trace);
        }
        QVERIFY(said > 100);
    }

private:
    static std::size_t lookAtAll(const TracePtr& trace)
    {
        std::size_t said = 0;
        const auto flow = TensorFlow::build(trace);
        const auto look = [&](const Selection& selection) {
            DetailFacts facts = readDetailFacts(*trace, selection);
            facts.flow = flow;
            const NodeId node = selection.node ? selection.node : trace->nodeOf(selection.slice);
            if (node) facts.resources = std::make_shared<const Resources>(Resources::of(*trace, trace->executionTrace()->fileOf(node).source));
            const auto heading = detailHeading(*trace, selection);
            said += heading && !detailText(*heading, detailBlocks(*trace, selection, facts)).isEmpty();
        };
        for (std::size_t slice = 0; slice < trace->slices().size(); slice += 1 + slice / 16) {
            Selection selection;
            selection.slice = SliceId(slice);
            look(selection);
        }
        const std::size_t nodes = trace->executionTrace() ? trace->executionTrace()->nodes().size() : 0;
        for (std::size_t node = 0; node < nodes; node += 1 + node / 16) {
            const EtNode& row = trace->executionTrace()->nodes()[node];
            Selection selection;
            selection.node = NodeId(node);
            look(selection);
            if (row.inputTensors + row.outputTensors == 0) continue;
            selection.tensor = TensorId(row.firstTensor);
            look(selection);
        }
        return said;
    }
};

QTEST_MAIN(tst_DetailFuzz)
#include "tst_DetailFuzz.moc"
