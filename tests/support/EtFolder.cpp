#include "tests/support/EtFolder.h"

#include "core/io/Loader.h"
#include "tests/support/Golden.h"
#include "tests/support/Json.h"
#include "tests/support/TraceFixture.h"

#include <filesystem>

namespace opscope::test {

namespace {

std::string sideText(const EtSide& side)
{
    return "{'values': " + side.values + ", 'shapes': " + side.shapes + ", 'types': " + side.types +
           (side.strides.empty() ? "" : ", 'strides': " + side.strides) + "}";
}

} // namespace

std::string etAttr(const std::string& name, const std::string& value)
{
    return ", {'name': '" + name + "', 'type': 'string', 'value': " + value + "}";
}

std::string etTensor(int id, int storage, int elements, int itemSize, const std::string& device, int offset)
{
    return "[" + std::to_string(id) + "," + std::to_string(storage) + "," + std::to_string(offset) + "," + std::to_string(elements) + "," +
           std::to_string(itemSize) + ",'" + device + "']";
}

std::string etNode(const EtText& node)
{
    return "{'id': " + std::to_string(node.id) + ", 'name': '" + node.name + "', 'ctrl_deps': " + std::to_string(node.parent) +
           ", 'inputs': " + sideText(node.inputs) + ", 'outputs': " + sideText(node.outputs) +
           ", 'attrs': [{'name': 'rf_id', 'type': 'uint64', 'value': " + std::to_string(node.id) +
           "}, {'name': 'tid', 'type': 'uint64', 'value': " + std::to_string(node.tid) + "}" + etAttr("op_schema", "'" + node.schema + "'") + node.attrs + "]}";
}

std::string etDocument(const std::vector<EtText>& nodes, const std::string& schema)
{
    std::string text = "{'schema': '" + schema + "', 'pid': 7, 'time': '2026-01-02 03:04:05', 'start_ts': 1, 'nodes': [\n";
    for (const EtText& node : nodes) text += etNode(node) + ",\n";
    text += etNode({2, 1, "[pytorch|profiler|execution_trace|thread]"}) + ",\n";
    text += etNode({1, 1, "[pytorch|profiler|execution_trace|process]"}) + "\n], 'finish_ts': 2}";
    return json(text);
}

EtFolder::EtFolder(std::string_view name) : m_path(m_dir.path().toStdString() + "/" + std::string(name)) {}

std::string EtFolder::at(std::string_view name) const { return m_dir.path().toStdString() + "/" + std::string(name); }

std::string EtFolder::folder() const { return m_path.substr(0, m_path.rfind('.')) + "_resources"; }

void EtFolder::write(std::string_view text) const
{
    if (!writeFile(m_path, text)) qFatal("the fixture cannot be written");
}

void EtFolder::put(std::string_view name, std::string_view bytes) const
{
    std::filesystem::create_directories(folder());
    if (!writeFile(folder() + "/" + std::string(name), bytes)) qFatal("the fixture cannot be written");
}

TracePtr EtFolder::open(const std::vector<EtText>& nodes, const std::string& schema) const
{
    write(etDocument(nodes, schema));
    const auto trace = loadTrace(std::vector{m_path});
    if (!trace.ok()) qFatal("%s", trace.error().text().c_str());
    return *trace;
}

NodeId nodeNamed(const Trace& trace, std::string_view name)
{
    if (!trace.executionTrace()) return {};
    const auto nodes = trace.executionTrace()->nodes();
    for (std::size_t i = 0; i < nodes.size(); ++i)
        if (trace.text(nodes[i].name) == name) return NodeId(i);
    return {};
}

std::vector<std::string> defectsOf(const Trace& trace)
{
    std::vector<std::string> found;
    for (const Defect defect : trace.diagnostics().seen()) {
        const auto& places = trace.diagnostics().places(defect);
        found.push_back(std::string(info(defect).id) + " " + std::to_string(trace.diagnostics().count(defect)) +
                        (places.empty() || places.front().detail.empty() ? "" : ": " + places.front().detail));
    }
    return found;
}

} // namespace opscope::test
