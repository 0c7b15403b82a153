#include "tests/support/Behaviours.h"

#include "core/format/EventReader.h"
#include "core/format/JsonReader.h"
#include "core/io/Loader.h"
#include "core/tensor/CapturedTensor.h"
#include "core/tensor/KernelSource.h"
#include "core/tensor/NodeValues.h"
#include "tests/support/Golden.h"

#include <algorithm>
#include <filesystem>
#include <set>

namespace opscope::test {

namespace {

namespace fs = std::filesystem;
using Texts = std::vector<std::string>;

std::string joined(const Texts& texts)
{
    std::string out;
    for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + text;
    return "[" + out + "]";
}

std::string same(const char* what, const Texts& found, const Texts& expected)
{
    return found == expected ? "" : std::string(what) + ": " + joined(found) + " instead of " + joined(expected);
}

std::string same(const char* what, std::size_t found, std::size_t expected)
{
    return same(what, Texts{std::to_string(found)}, Texts{std::to_string(expected)});
}

/// The first complaint.
std::string firstOf(std::initializer_list<std::string> complaints)
{
    for (const std::string& complaint : complaints) {
        if (!complaint.empty()) return complaint;
    }
    return {};
}

Texts namesWith(const Trace& trace, std::string_view part)
{
    Texts names;
    if (!trace.executionTrace()) return names;
    for (const EtNode& node : trace.executionTrace()->nodes()) {
        if (trace.text(node.name).find(part) != std::string_view::npos) names.emplace_back(trace.text(node.name));
    }
    return names;
}

std::string hasEvenings(const Trace& trace, std::initializer_list<int> numbers)
{
    Texts names;
    for (const int number : numbers) names.push_back("## evening " + std::to_string(number) + " ##");
    return same("evenings", namesWith(trace, "## evening "), names);
}

std::string nothingWrong(const Trace& trace)
{
    for (const Defect defect : trace.diagnostics().seen()) {
        if (info(defect).severity == Severity::Note || defect == Defect::NoEvents) continue; // checkNothing() asks for that one
        const auto& places = trace.diagnostics().places(defect);
        return std::string(info(defect).id) + (places.empty() ? "" : ": " + places.front().detail);
    }
    return {};
}

bool isTimed(const Trace& trace)
{
    return std::any_of(trace.sources().begin(), trace.sources().end(), [](const SourceFile& file) { return file.format != "et"; });
}

/// Every scope that the observer saw, the profiler saw too, under the same id and name.
std::string everyNodeIsAnEvent(const Trace& trace)
{
    const ExecutionTrace& et = *trace.executionTrace();
    for (std::size_t row = 0; row < et.nodes().size(); ++row) {
        const EtNode& node = et.nodes()[row];
        if (node.rfId == 0) continue;
        const std::string about = "node " + std::to_string(node.id) + ", " + std::string(trace.text(node.name)) + ": ";
        const SliceId slice = trace.sliceOf(NodeId(row));
        if (!slice) return about + "no event";
        if (trace.nodeOf(slice) != NodeId(row)) return about + "its event leads elsewhere";
        if (trace.name(slice) != trace.text(node.name)) return about + "its event has another name";
        if (!isTimed(trace)) continue;
        const Trace::NodeLink link = trace.nodeLink(NodeId(row));
        if (link.method != LinkMethod::RecordFunctionId || link.confidence != LinkConfidence::Exact) return about + "linked by a guess";
        if (link.relation != RunRelation::SameRun) return about + "another run";
    }
    for (const EtPairing& pairing : trace.links().pairings()) {
        if (isTimed(trace) && pairing.relation != RunRelation::SameRun) return "relation: " + pairing.sentence;
    }
    return {};
}

/// Rows of different files keep apart: every parent and every id belongs to the file of its node.
std::string filesKeepApart(const Trace& trace)
{
    const ExecutionTrace& et = *trace.executionTrace();
    for (const EtFile& file : et.files()) {
        std::set<std::int64_t> ids;
        for (std::uint32_t i = 0; i < file.nodeCount; ++i) {
            const NodeId row(file.firstNode.index() + i);
            const EtNode& node = et.node(row);
            if (node.parent && &et.fileOf(node.parent) != &file) return "a parent in another file";
            if (!ids.insert(node.id).second) return "a repeated id within a file";
            if (et.byId(file, node.id) != row) return "an id that leads to another file";
        }
    }
    return {};
}

/// Arguments of a node as text: "7", "Tensor(float)[2, 3]" and for lists what is inside, in brackets.
Texts argumentsOf(const Trace& trace, NodeId node)
{
    const auto text = readNode(trace, node);
    if (!text) return {text.error().text()};
    const auto json = JsonDocument::parse(text->json);
    if (!json) return {"not JSON"};
    Texts out;
    for (const NodeValue& value : nodeValues(trace, node, json->root(), NodeSide::Inputs)) {
        if (value.depth == 0) out.push_back(value.kind == NodeValue::Kind::Scalar ? value.text : value.type);
    }
    return out;
}

std::string checkAlone(const Trace& trace)
{
    const NodeId menu = nodeNamed(trace, "## menu ##");
    if (!menu) return "no ## menu ##";
    const Texts expected{"7", "false", "2.500000", "GenericList[Tensor(float) × 2]", "Tuple[Tensor(float), Int]", "a table for six",
                         "Tensor(float)", "inf", "-inf", "nan", "0.000000", "<None>", "GenericList[Int × 3]",
                         "GenericList[GenericList[Tensor(float)] × 2]", "cpu", "true"};
    const std::string complaint = same("arguments of ## menu ##", argumentsOf(trace, menu), expected);
    for (const TensorDesc& tensor : trace.executionTrace()->inputs(menu)) {
        if (trace.text(tensor.device) != "cpu" || tensor.elements != 12 || tensor.itemSize != 4) return "a tensor of ## menu ##";
    }
    return complaint.empty() ? hasEvenings(trace, {0}) : complaint;
}

std::string checkAlonePacked(const Trace& trace)
{
    if (!trace.sources()[0].gzip) return "is not packed";
    return hasEvenings(trace, {0, 1, 2, 3, 4});
}

std::string twoSteps(const Trace& trace)
{
    const LinkCount* backward = trace.links().count("backward_to_forward");
    if (!backward || backward->total == 0) return "no backward nodes";
    return firstOf({hasEvenings(trace, {5, 6}), same("backward nodes without forward", backward->unmatched, 0)});
}

std::string checkEnvOn(const Trace& trace)
{
    const Resources resources = Resources::of(trace, trace.executionTrace()->files()[0].source);
    if (!resources.exists()) return "no resources folder";
    return firstOf({twoSteps(trace), same("resources", resources.names().size(), 0)});
}

std::string checkEnvOff(const Trace& trace)
{
    if (trace.executionTrace()) return "an execution trace";
    return same("operators", static_cast<std::size_t>(trace.slices().size() > 100), 1);
}

/// While the observer stands still nothing counts: the windows are told apart by what ran in them, not by their ids.
std::string checkStartStop(const Trace& trace)
{
    return firstOf({hasEvenings(trace, {3, 4, 8}), same("roots", trace.executionTrace()->roots().size(), 1)});
}

std::string checkLoop(const Trace& trace)
{
    const ExecutionTrace& et = *trace.executionTrace();
    if (et.files().size() != 4) return "not four files";
    for (std::size_t i = 0; i < 4; ++i) {
        const EtFile& file = et.files()[i];
        const NodeId root = et.byId(file, 1);
        if (!root || et.node(root).parent) return "a root that is not node 1";
        if (file.pid != et.files()[0].pid) return "another process";
    }
    return firstOf({hasEvenings(trace, {0, 1, 2, 3}), same("roots", et.roots().size(), 4)});
}

std::string checkNothing(const Trace& trace)
{
    if (trace.diagnostics().count(Defect::NoEvents) != 1) return "nobody says that nothing was captured";
    return same("nodes", trace.executionTrace()->nodes().size(), 1);
}

std::string checkNested(const Trace& trace)
{
    const NodeId cos = nodeNamed(trace, "aten::cos");
    if (!cos || trace.executionTrace()->inputs(cos).size() != 1) return "no aten::cos";
    const TensorDesc& tensor = trace.executionTrace()->inputs(cos)[0];
    if (tensor.storageId != 0 || tensor.elements != 0) return "a ragged tensor with a storage";
    return {};
}

std::string checkIntegralRange(const Trace& trace)
{
    const NodeId gather = nodeNamed(trace, "aten::gather");
    Texts found;
    for (std::uint32_t input = 0; input < 3; ++input) {
        const auto range = declaredRange(trace, gather, input);
        found.push_back(range ? range->minimum + ".." + range->maximum : "none");
    }
    return same("ranges", found, {"1..4", "0..1", "none"});
}

std::string valuesOf(const Trace& trace, NodeId node, std::uint32_t input)
{
    const TensorId tensor(trace.executionTrace()->node(node).firstTensor + input);
    const auto captured = CapturedTensor::open(trace, node, tensor);
    if (!captured) return captured.error().text();
    const CapturedTensor& values = **captured;
    if (!values.warnings().empty()) return values.warnings().front();
    std::string out(title(values.type()));
    for (const std::int64_t size : values.shape()) out += " " + std::to_string(size);
    for (std::uint64_t i = 0; i < values.expectedElements(); ++i) out += (i == 0 ? ": " : " ") + values.text(values.at(i).value_or(-1));
    return out;
}

std::string checkIntegralData(const Trace& trace)
{
    const NodeId gather = nodeNamed(trace, "aten::gather");
    if (!gather) return "no aten::gather";
    return same("values", {valuesOf(trace, gather, 0), valuesOf(trace, gather, 1)}, {"int64 2 2: 1 2 3 4", "int64 2 2: 0 0 1 0"});
}

std::size_t filesOfCode(const Trace& trace)
{
    const Resources resources = Resources::of(trace, trace.executionTrace()->files()[0].source);
    const auto isCode = [](const ResourceName& name) { return name.kind == ResourceName::Kind::Code; };
    return static_cast<std::size_t>(std::count_if(resources.names().begin(), resources.names().end(), isCode));
}

std::string checkCompiled(const Trace& trace)
{
    return firstOf({same("compiled regions", namesWith(trace, "Torch-Compiled Region: 0/0").size(), 3),
                    same("calls of compiled graphs", namesWith(trace, "## Call CompiledFxGraph ").size(), 6),
                    same("backward nodes of compiled graphs", namesWith(trace, "evaluate_function: CompiledFunctionBackward").size(), 3),
                    same("files of code", filesOfCode(trace), 2)});
}

/// The name of every line of the graph, in order.
std::string graphOf(const Trace& trace, NodeId node)
{
    const auto graph = fxGraph(trace, node);
    if (!graph) return graph.error().text();
    Texts names;
    for (const FxNode& line : graph->nodes) names.push_back(line.name.empty() ? line.target : line.name);
    return joined(names);
}

std::string checkTriton(const Trace& trace)
{
    NodeId pointwise;
    for (std::size_t row = 0; row < trace.executionTrace()->nodes().size(); ++row) {
        const EtNode& node = trace.executionTrace()->nodes()[row];
        if (!trace.text(node.name).starts_with("triton_")) continue;
        if (trace.text(node.kernelBackend) != "triton" || node.inputTensors == 0 || node.outputTensors != 0) return "a Triton node";
        const auto source = kernelSource(trace, NodeId(row));
        if (!source) return source.error().text();
        if (source->kernelLine == 0) return "no definition in " + source->fileName;
        if (!pointwise) pointwise = NodeId(row);
    }
    if (!pointwise) return "no Triton node";
    return firstOf({same("files of code", filesOfCode(trace), 3),
                    same("graph", Texts{graphOf(trace, pointwise)},
                         {"[arg0_1, arg1_1, sin, permute, mul, add, cos, return]"})});
}

} // namespace

std::span<const Behaviour> behaviours()
{
    static const std::vector<Behaviour> all{
        {"alone", {"alone.et.json"}, checkAlone},
        {"alone_packed", {"alone_packed.et.json"}, checkAlonePacked},
        {"with_kineto", {"with_kineto.pt.trace.json", "with_kineto.et.json"}, twoSteps},
        {"env_on", {"env_on.pt.trace.json", "env_on.et.json"}, checkEnvOn},
        {"env_off", {"env_off.pt.trace.json"}, checkEnvOff},
        {"start_stop", {"start_stop.et.json"}, checkStartStop},
        {"loop", {"loop_0.et.json", "loop_1.et.json", "loop_2.et.json", "loop_3.et.json"}, checkLoop},
        {"loop_with_kineto",
         {"loop.pt.trace.json", "loop_0.et.json", "loop_1.et.json", "loop_2.et.json", "loop_3.et.json"}, checkLoop},
        {"nothing", {"nothing.et.json"}, checkNothing},
        {"nested", {"nested.et.json"}, checkNested},
        {"integral_range", {"integral_range.et.json"}, checkIntegralRange},
        {"integral_data", {"integral_data.et.json"}, checkIntegralData},
        {"compiled", {"compiled.pt.trace.json", "compiled.et.json"}, checkCompiled},
        {"triton", {"triton.pt.trace.json", "triton.et.json"}, checkTriton},
    };
    return all;
}

std::vector<std::string> filesOf(const Behaviour& behaviour, const std::string& folder)
{
    std::vector<std::string> paths;
    for (const char* name : behaviour.files) {
        const std::string plain = folder + "/" + name;
        paths.push_back(fs::exists(plain) || !fs::exists(plain + ".gz") ? plain : plain + ".gz");
    }
    return paths;
}

std::string checkBehaviour(const Behaviour& behaviour, const std::string& folder)
{
    const auto loaded = loadTrace(filesOf(behaviour, folder));
    if (!loaded) return loaded.error().text();
    const Trace& trace = **loaded;
    const bool nodes = trace.executionTrace() != nullptr;
    return firstOf({nothingWrong(trace), nodes ? everyNodeIsAnEvent(trace) : "", nodes ? filesKeepApart(trace) : "",
                    behaviour.check(trace)});
}

bool copyBehaviours(const std::string& into)
{
    std::error_code error;
    fs::copy(dataPath("behaviours"), into, fs::copy_options::recursive | fs::copy_options::overwrite_existing, error);
    if (!error) fs::create_directories(into + "/env_on.et_resources", error);
    return !error;
}

} // namespace opscope::test
