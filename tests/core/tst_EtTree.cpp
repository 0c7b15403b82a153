#include "core/format/et/EtImporter.h"

#include "tests/support/EtLines.h"
#include "tests/support/Json.h"
#include "tests/support/TraceFixture.h"

#include <QTest>
#include <algorithm>
#include <random>

using namespace opscope;
using namespace opscope::test;

/// Whatever the parents say, nodes become one tree.
class tst_EtTree : public QObject
{
    Q_OBJECT

private slots:
    void rowsAreSortedById();
    void orphansGetAStandInUnderTheirThread();
    void aParentThatCannotBeIsReplacedByTheThread();
    void circlesAreCut();
    void duplicateIdsAreBothKept();
    void idsMayBeMissingOrNoNumbers();
    void aMissingRootIsMade();
    void controlDependenciesMayBeAList();
    void deepTreesNeedNoStack();
    void whateverTheLinksTheResultIsATree();
};

void tst_EtTree::rowsAreSortedById()
{
    const TracePtr trace = traceFromText(treeDocument(node(6, 5) + "," + node(5, 3) + "," + node(4, 3) + "," + node(3, 2)));
    std::vector<std::int64_t> ids;
    for (const EtNode& row : trace->executionTrace()->nodes()) ids.push_back(row.id);
    QCOMPARE(ids, (std::vector<std::int64_t>{1, 2, 3, 4, 5, 6}));
    QCOMPARE(tree(*trace->executionTrace()), std::string("1(2(3(4 5(6))))"));
    QCOMPARE(defects(*trace), Strings());
    QCOMPARE(trace->etStats().maxTreeDepth, std::uint64_t{4});
}

void tst_EtTree::orphansGetAStandInUnderTheirThread()
{
    const TracePtr trace = traceFromText(treeDocument(node(6, 4) + "," + node(5, 4) + "," + node(9, 8)));
    const ExecutionTrace& et = *trace->executionTrace();
    QCOMPARE(tree(et), std::string("1(2(4(5 6) 8(9)))"));
    const EtNode& standIn = nodeOf(*trace, 4);
    QVERIFY(standIn.synthetic);
    QCOMPARE(standIn.sourceLength, 0u);
    QCOMPARE(trace->text(standIn.name), std::string_view("(unfinished scope #4)"));
    QCOMPARE(defects(*trace), (Strings{"unfinished-scope 2", "orphan-scope 3"}));
    QCOMPARE(trace->etStats().danglingParent, std::uint64_t{3});
    QCOMPARE(trace->etStats().nodes, std::uint64_t{5});
    QCOMPARE(trace->etStats().maxTreeDepth, std::uint64_t{1}); // as the file has it
}

void tst_EtTree::aParentThatCannotBeIsReplacedByTheThread()
{
    const TracePtr trace = traceFromText(treeDocument(node(5, 999999) + "," + node(6, 0) + "," + node(0, 0)));
    QCOMPARE(tree(*trace->executionTrace()), std::string("1(0(6) 2(5))"));
    QCOMPARE(defects(*trace), (Strings{"missing-parent 1", "parent-cycle 1"}));
}

void tst_EtTree::circlesAreCut()
{
    const TracePtr trace =
        traceFromText(treeDocument(node(3, 5) + "," + node(4, 3) + "," + node(5, 4) + "," + node(6, 6) + "," + node(7, 5)));
    QCOMPARE(tree(*trace->executionTrace()), std::string("1(2(3(4(5(7))) 6))"));
    QCOMPARE(defects(*trace), (Strings{"parent-cycle 2"}));
    QCOMPARE(trace->etStats().nodesInCycles, std::uint64_t{3});
    QCOMPARE(trace->etStats().maxTreeDepth, std::uint64_t{1});
}

void tst_EtTree::duplicateIdsAreBothKept()
{
    const TracePtr trace = traceFromText(treeDocument(node(3, 2, "first") + "," + node(3, 2, "second") + "," + node(4, 3)));
    QCOMPARE(tree(*trace->executionTrace()), std::string("1(2(3(4) 3))"));
    QCOMPARE(trace->text(nodeOf(*trace, 3).name), std::string_view("first"));
    QCOMPARE(defects(*trace), (Strings{"duplicate-node-id 1"}));
    QCOMPARE(trace->etStats().duplicateIds, std::uint64_t{1});
}

void tst_EtTree::idsMayBeMissingOrNoNumbers()
{
    const TracePtr trace = traceFromText(treeDocument(
        "{'name': 'none', 'parent': 2, 'tid': 1}, {'name': 'text', 'id': 'x', 'parent': 2, 'tid': 1},"
        "{'name': 'child', 'id': 9, 'parent': 2, 'tid': 1}, {'name': 'digits', 'id': '5', 'parent': '2', 'tid': 1}"));
    QCOMPARE(tree(*trace->executionTrace()), std::string("1(2(5 9 10 11))"));
    QCOMPARE(trace->text(nodeOf(*trace, 10).name), std::string_view("none"));
    QCOMPARE(defects(*trace), (Strings{"missing-node-id 1", "wrong-node-type 1"}));
}

void tst_EtTree::aMissingRootIsMade()
{
    const std::string text = json("{'schema':'1.0.1','nodes':[" + node(4, 3) + "," + node(3, 1) + "],'finish_ts':1}");
    const TracePtr trace = traceFromText(text);
    QCOMPARE(tree(*trace->executionTrace()), std::string("1(3(4))"));
    QVERIFY(nodeOf(*trace, 1).synthetic);
    QCOMPARE(defects(*trace), (Strings{"missing-root 1"}));
    QCOMPARE(trace->etStats().rootIds, Strings());
    QCOMPARE(trace->etStats().danglingParent, std::uint64_t{1});
}

void tst_EtTree::controlDependenciesMayBeAList()
{
    const TracePtr trace = traceFromText(treeDocument("{'id': 3, 'name': 'a', 'ctrl_deps': [2], 'attrs': []}, {'id': 4, "
                                                  "'name': 'b', 'ctrl_deps': [77, 3, 2], 'attrs': []},"
                                                  "{'id': 5, 'name': 'c', 'ctrl_deps': [], 'attrs': []}"));
    QCOMPARE(tree(*trace->executionTrace()), std::string("1(2(3(4)) 5)"));
    QCOMPARE(trace->etStats().danglingCtrlDeps, std::uint64_t{1});
}

void tst_EtTree::deepTreesNeedNoStack()
{
    std::string nodes;
    constexpr int kDepth = 100'000;
    for (int id = kDepth; id > 2; --id) nodes += (nodes.empty() ? "" : ",\n") + node(id, id - 1);
    const TracePtr trace = traceFromText(treeDocument(nodes));
    QCOMPARE(trace->etStats().maxTreeDepth, std::uint64_t{kDepth - 1});
    QCOMPARE(nodeOf(*trace, kDepth).depth, std::uint16_t{0xFFFF});
}

void tst_EtTree::whateverTheLinksTheResultIsATree()
{
    std::mt19937 random(11);
    const auto upTo = [&random](int end) { return static_cast<int>(random() % static_cast<unsigned>(end)); };
    for (int round = 0; round < 300; ++round) {
        std::string nodes = node(upTo(20), upTo(24));
        const int count = 1 + upTo(20);
        for (int i = 1; i < count; ++i) nodes += "," + node(upTo(20), upTo(24));
        const TracePtr trace = traceFromText(treeDocument(nodes));
        const ExecutionTrace& et = *trace->executionTrace();
        std::vector<NodeId> seen(et.roots().begin(), et.roots().end());
        for (std::size_t i = 0; i < seen.size() && seen.size() <= et.nodes().size(); ++i) {
            for (const NodeId child : et.children(seen[i])) {
                QCOMPARE(et.node(child).parent, seen[i]);
                QCOMPARE(et.node(child).depth, static_cast<std::uint16_t>(et.node(seen[i]).depth + 1));
                seen.push_back(child);
            }
        }
        QCOMPARE(seen.size(), et.nodes().size());
        std::sort(seen.begin(), seen.end());
        QVERIFY(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
        QVERIFY(std::is_sorted(et.nodes().begin(), et.nodes().end(), [](const EtNode& a, const EtNode& b) { return a.id < b.id; }));
        QCOMPARE(trace->etStats().nodes, static_cast<std::uint64_t>(count + 2));
    }
}

QTEST_GUILESS_MAIN(tst_EtTree)
#include "tst_EtTree.moc"
