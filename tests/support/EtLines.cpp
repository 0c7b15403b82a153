#include "tests/support/EtLines.h"

#include "tests/support/Json.h"

namespace opscope::test {

std::string treeDocument(const std::string& nodes, const std::string& schema)
{
    const std::string tail = "{'name': '[pytorch|profiler|execution_trace|thread]', 'id': 2, 'rf_id': 0, 'parent': 1, "
                             "'scope': 7, 'tid': 1},\n"
                             "{'name': '[pytorch|profiler|execution_trace|process]', 'id': 1, 'rf_id': 0, 'parent': 1, "
                             "'scope': 7, 'tid': 0}\n";
    return json("{'schema': '" + schema + "', 'pid': 7, 'time': 'now', 'start_ts': 1, 'nodes': [\n" + nodes +
                (nodes.empty() ? "" : ",\n") + tail + "], 'finish_ts': 2}");
}

std::string node(int id, int parent, const std::string& name, const std::string& rest)
{
    return "{'name': '" + name + "', 'id': " + std::to_string(id) + ", 'parent': " + std::to_string(parent) +
           ", 'rf_id': " + std::to_string(id) + ", 'tid': 1" + rest + "}";
}

std::string tree(const ExecutionTrace& et)
{
    struct Step
    {
        NodeId node;
        bool close = false;
    };
    std::string out;
    std::vector<Step> todo;
    for (auto root = et.roots().rbegin(); root != et.roots().rend(); ++root) todo.push_back({*root});
    while (!todo.empty()) {
        const Step step = todo.back();
        todo.pop_back();
        if (step.close) {
            out += ')';
            continue;
        }
        if (!out.empty() && out.back() != '(') out += ' ';
        out += std::to_string(et.node(step.node).id);
        const auto children = et.children(step.node);
        if (children.empty()) continue;
        out += '(';
        todo.push_back({step.node, true});
        for (auto child = children.rbegin(); child != children.rend(); ++child) todo.push_back({*child});
    }
    return out;
}

Strings defects(const Trace& trace)
{
    Strings out;
    for (const Defect defect : trace.diagnostics().seen())
        out.push_back(std::string(info(defect).id) + " " + std::to_string(trace.diagnostics().count(defect)));
    return out;
}

const EtNode& nodeOf(const Trace& trace, std::int64_t id)
{
    return trace.executionTrace()->node(trace.executionTrace()->byId(id));
}

} // namespace opscope::test
