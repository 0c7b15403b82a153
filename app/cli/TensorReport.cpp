#include "app/cli/TensorReport.h"

#include "app/cli/TextTable.h"
#include "core/base/StringPool.h"
#include "core/format/EventReader.h"
#include "core/tensor/Numbers.h"

#include <cstdio>
#include <ostream>

namespace opscope {
namespace {

using Align = TextTable::Align;

std::string safe(std::string_view text) { return withoutControls(text); }

std::string nodeName(const Trace& trace, NodeId node)
{
    const EtNode& n = trace.executionTrace()->node(node);
    return std::to_string(n.id) + " " + elided(safe(trace.text(n.name)), 28);
}

std::string bytesText(std::int64_t bytes)
{
    if (bytes < 10'000) return grouped(bytes) + " B";
    static constexpr const char* kUnits[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = static_cast<double>(bytes) / 1024;
    std::size_t unit = 0;
    for (; value >= 1024 && unit + 1 < std::size(kUnits); ++unit) value /= 1024;
    char text[32];
    std::snprintf(text, sizeof text, "%.4g %s", value, kUnits[unit]);
    return text;
}

std::string shapeText(const Trace& trace, const TensorDesc& tensor)
{
    if (tensor.undefined()) return "undefined";
    const auto sizes = sizesOf(trace, tensor);
    if (!sizes) return "not recorded";
    std::string text;
    for (const std::int64_t size : *sizes) text += (text.empty() ? "" : ", ") + std::to_string(size);
    return "[" + text + "]";
}

std::string fromText(const NodeReport& report, const NodeValue& value)
{
    if (report.flow->isOutput(value.tensor)) return {};
    const auto from = report.flow->producer(value.tensor);
    return from ? "from " + nodeName(*report.trace, from->node) : "";
}

std::string toText(const NodeReport& report, const NodeValue& value)
{
    if (!report.flow->isOutput(value.tensor)) return {};
    const auto to = report.flow->consumers(value.tensor);
    if (to.empty()) return {};
    const std::string more = (to.size() >= TensorFlow::kCounted ? "at least " : "") + std::to_string(to.size() - 1) + " more";
    return "to " + nodeName(*report.trace, to.front().node) + (to.size() > 1 ? " and " + more : "");
}

std::vector<std::string> tensorCells(const NodeReport& report, const NodeValue& value)
{
    const Trace& trace = *report.trace;
    const TensorDesc& t = trace.executionTrace()->tensors()[value.tensor.index()];
    const TensorLayout layout = layoutOf(trace, t);
    const auto bytes = bytesOf(t);
    const auto base = report.flow->viewOf(value.tensor);
    std::string place = "tensor " + std::to_string(t.tensorId) + ", storage " + std::to_string(t.storageId);
    if (t.offset) place += " + " + std::to_string(t.offset);
    const std::string links = fromText(report, value) + toText(report, value) + (base ? ", view of " + nodeName(trace, base->node) : "");
    return {shapeText(trace, t), safe(shortDtype(trace.text(t.dtype))), layout == TensorLayout::Unknown ? "" : std::string(title(layout)),
            bytes ? bytesText(*bytes) : "too large", safe(trace.text(t.device)), place, links};
}

/// "3.1": an item of a list behind the number of its argument.
std::string pathOf(const std::vector<NodeValue>& values, std::size_t row)
{
    std::string path;
    std::uint16_t wanted = values[row].depth;
    for (std::size_t i = row + 1; i-- > 0 && wanted + 1u > 0;) {
        if (values[i].depth != wanted) continue;
        path = std::to_string(values[i].index) + (path.empty() ? "" : "." + path);
        if (wanted == 0) break;
        --wanted;
    }
    return path;
}

void printSide(Console& console, const NodeReport& report, const char* heading, const std::vector<NodeValue>& values, bool isInput)
{
    if (values.empty()) return;
    TextTable table({Align::Left, Align::Left, Align::Left, Align::Left, Align::Left, Align::Left, Align::Right, Align::Left, Align::Left, Align::Left});
    for (std::size_t i = 0; i < values.size(); ++i) {
        const NodeValue& value = values[i];
        std::vector<std::string> cells{std::string(2u * value.depth, ' ') + pathOf(values, i), safe(value.name)};
        if (value.kind == NodeValue::Kind::Tensor && value.tensor.valid()) {
            const auto index = report.flow->inputIndex(value.tensor);
            cells.push_back(isInput && index ? "#" + std::to_string(*index) : "");
            for (std::string& cell : tensorCells(report, value)) cells.push_back(std::move(cell));
        } else if (value.kind == NodeValue::Kind::Scalar) {
            cells.insert(cells.end(), {"", elided(safe(value.text), 60), elided(safe(value.type), 24)});
        } else {
            cells.insert(cells.end(), {"", grouped(value.items) + (value.items == 1 ? " item" : " items") + (value.truncated ? ", cut by the writer" : ""),
                                       elided(safe(value.type), 60)});
        }
        table.add(std::move(cells));
    }
    console.out() << '\n' << console.bold(heading) << '\n';
    for (const std::string& line : table.lines()) console.out() << "  " << line << '\n';
}

void printNodes(Console& console, const NodeReport& report, const char* heading, const std::vector<NodeId>& nodes)
{
    if (nodes.empty()) return;
    static constexpr std::size_t kShown = 8;
    console.out() << "  " << heading;
    for (std::size_t i = 0; i < std::min(kShown, nodes.size()); ++i) console.out() << (i ? ", " : " ") << nodeName(*report.trace, nodes[i]);
    if (nodes.size() > kShown) console.out() << " and " << grouped(nodes.size() - kShown) << " more";
    console.out() << '\n';
}

void printStatistics(Console& console, const CapturedTensor& data, const TensorStatistics& s)
{
    TextTable table({Align::Left, Align::Right});
    table.add({"values", grouped(s.count)});
    if (s.count) {
        table.add({"minimum", data.text(s.minimum)});
        table.add({"maximum", data.text(s.maximum)});
        if (s.median) table.add({"median", data.text(*s.median)});
        char mean[40];
        std::snprintf(mean, sizeof mean, "%.6g", s.mean);
        table.add({"mean", mean});
        table.add({"distinct", (s.distinctIsEstimate ? "about " : "") + grouped(s.distinct)});
        table.add({"duplicates", (s.distinctIsEstimate ? "about " : "") + grouped(s.duplicates)});
        table.add({"zeros", grouped(s.zeros)});
        table.add({"negative", grouped(s.negatives)});
        table.add({"order", std::string(title(s.order))});
    }
    for (const std::string& line : table.lines()) console.out() << "  " << line << '\n';
    if (s.changed) console.out() << console.warning("  The file changed while it was read: these figures do not belong together") << '\n';
    if (s.frequent.empty()) return;
    console.out() << '\n' << console.bold(s.frequentIsSampled ? "most frequent, of those that a sample found" : "most frequent") << '\n';
    TextTable frequent({Align::Right, Align::Right});
    for (const TensorStatistics::Frequent& f : s.frequent) frequent.add({data.text(f.value), grouped(f.count)});
    for (const std::string& line : frequent.lines()) console.out() << "  " << line << '\n';
    console.out() << '\n' << console.bold("distribution") << '\n';
    TextTable bins({Align::Right, Align::Left, Align::Right, Align::Right});
    for (const TensorStatistics::Bin& b : s.bins) bins.add({data.text(b.low), "to", data.text(b.high), grouped(b.count)});
    for (const std::string& line : bins.lines()) console.out() << "  " << line << '\n';
}

void printValues(Console& console, const CapturedTensor& data, const ValueRange& range)
{
    console.out() << '\n' << console.bold("values") << '\n';
    for (std::uint64_t i = range.first; i < range.end; ++i) {
        const auto value = data.at(i);
        console.out() << "  " << indexText(data.shape(), i) << "  " << (value ? data.text(*value) : "not in the file") << '\n';
        if (!console.out()) return;
    }
}

} // namespace

std::string indexText(const std::vector<std::int64_t>& shape, std::uint64_t logical)
{
    std::string text;
    for (std::size_t d = shape.size(); d-- > 0;) {
        const auto size = static_cast<std::uint64_t>(std::max<std::int64_t>(shape[d], 1));
        text = std::to_string(d == 0 ? logical : logical % size) + (text.empty() ? "" : ", " + text);
        logical /= size;
    }
    return "[" + text + "]";
}

Result<NodeReport> nodeReport(TracePtr trace, NodeId node, const JobControl& job)
{
    const auto text = readNode(*trace, node);
    if (!text) return text.error();
    const auto json = JsonDocument::parse(text->json);
    if (!json) return json.error();
    NodeReport report{trace, node, TensorFlow::build(trace, job), {}, {}};
    if (!report.flow) return Error{ErrorCode::Cancelled, "cancelled", {}};
    report.inputs = nodeValues(*trace, node, json->root(), NodeSide::Inputs);
    report.outputs = nodeValues(*trace, node, json->root(), NodeSide::Outputs);
    return report;
}

void printNode(Console& console, const NodeReport& report)
{
    const Trace& trace = *report.trace;
    const EtNode& n = trace.executionTrace()->node(report.node);
    console.out() << console.bold(safe(trace.text(n.name))) << "  node " << n.id << '\n';
    if (!trace.text(n.schema).empty()) console.out() << "  " << console.dim(safe(trace.text(n.schema))) << '\n';
    if (n.parent) console.out() << "  under " << nodeName(trace, n.parent) << '\n';
    if (n.kernelFile.valid())
        console.out() << "  kernel file " << safe(trace.text(n.kernelFile)) << ", backend " << safe(trace.text(n.kernelBackend)) << '\n';
    printNodes(console, report, "reads from", report.flow->producersOf(report.node));
    printNodes(console, report, "read by", report.flow->consumersOf(report.node));
    printSide(console, report, "inputs", report.inputs, true);
    printSide(console, report, "outputs", report.outputs, false);
}

void printCapture(Console& console, const NodeReport& report, const CaptureReport& capture)
{
    const CapturedTensor& data = *capture.data;
    const TensorDesc& t = report.trace->executionTrace()->tensors()[capture.tensor.index()];
    console.out() << '\n' << console.bold(data.fileName()) << "  " << shapeText(*report.trace, t) << " " << title(data.type()) << ", "
                  << grouped(data.fileBytes()) << " bytes, " << (data.storageOrderDiffers() ? "storage order differs from the logical one" : "dense")
                  << '\n';
    for (const std::string& warning : data.warnings()) console.out() << "  " << console.warning("warning   " + warning) << '\n';
    if (capture.statistics) printStatistics(console, data, *capture.statistics);
    if (!capture.checks.empty()) console.out() << '\n' << console.bold("checks") << '\n';
    TextTable checks({Align::Left, Align::Left, Align::Left});
    for (const TensorCheck& check : capture.checks) checks.add({check.good ? "ok" : "WRONG", check.text, check.numbers});
    for (const std::string& line : checks.lines()) console.out() << "  " << line << '\n';
    if (capture.values) printValues(console, data, *capture.values);
}

void printSource(Console& console, const KernelSource& source)
{
    console.out() << '\n' << console.bold(source.fileName);
    if (source.kernelLine) console.out() << "  kernel in line " << source.kernelLine;
    console.out() << '\n' << source.text;
    if (!source.text.ends_with('\n')) console.out() << '\n';
    if (source.cut) console.out() << console.warning("The rest of the file is not shown") << '\n';
}

void printGraph(Console& console, const FxGraph& graph)
{
    console.out() << '\n' << console.bold(graph.fileName) << "  graph in line " << graph.line << ", kernel in line " << graph.kernelLine << '\n';
    TextTable table({Align::Left, Align::Left, Align::Left, Align::Left});
    for (const FxNode& node : graph.nodes) {
        std::string reads;
        for (const std::uint32_t input : node.inputs) reads += (reads.empty() ? "reads " : ", ") + graph.nodes[input].name;
        table.add({node.name, node.target, node.annotation, reads});
    }
    for (const std::string& line : table.lines()) console.out() << "  " << line << '\n';
    if (graph.cut) console.out() << console.warning("The graph has more nodes than are shown") << '\n';
}

} // namespace opscope
