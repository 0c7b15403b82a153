#include "app/cli/TensorReport.h"

#include <nlohmann/json.hpp>

namespace opscope {
namespace {

using Json = nlohmann::ordered_json;

std::string_view kindText(NodeValue::Kind kind)
{
    switch (kind) {
    case NodeValue::Kind::Tensor: return "tensor";
    case NodeValue::Kind::List: return "list";
    case NodeValue::Kind::Tuple: return "tuple";
    case NodeValue::Kind::Scalar: return "scalar";
    }
    return "";
}

Json usesJson(const NodeReport& report, const std::vector<TensorUse>& uses)
{
    Json out = Json::array();
    for (const TensorUse& use : uses) out.push_back(report.trace->executionTrace()->node(use.node).id);
    return out;
}

Json nodesJson(const NodeReport& report, const std::vector<NodeId>& nodes)
{
    Json out = Json::array();
    for (const NodeId node : nodes) out.push_back(report.trace->executionTrace()->node(node).id);
    return out;
}

template <class T>
Json orNull(const std::optional<T>& value)
{
    return value ? Json(*value) : Json(nullptr);
}

void addTensor(Json& out, const NodeReport& report, TensorId tensor)
{
    const Trace& trace = *report.trace;
    const TensorDesc& t = trace.executionTrace()->tensors()[tensor.index()];
    const auto producer = report.flow->producer(tensor), base = report.flow->viewOf(tensor);
    out["shape"] = orNull(sizesOf(trace, t));
    out["strides"] = orNull(stridesOf(trace, t));
    out["dtype"] = trace.text(t.dtype);
    out["layout"] = title(layoutOf(trace, t));
    out["elements"] = t.elements;
    out["item_size"] = t.itemSize;
    out["bytes"] = orNull(bytesOf(t));
    out["device"] = t.device.valid() ? Json(trace.text(t.device)) : Json(nullptr);
    out["tensor_id"] = t.tensorId;
    out["storage_id"] = t.storageId;
    out["offset"] = t.offset;
    out["input_index"] = orNull(report.flow->inputIndex(tensor));
    const auto id = [&](const std::optional<TensorUse>& use) { return use ? Json(trace.executionTrace()->node(use->node).id) : Json(nullptr); };
    out["producer"] = report.flow->isOutput(tensor) ? Json(nullptr) : id(producer);
    out["consumers"] = usesJson(report, report.flow->consumers(tensor));
    out["view_of"] = id(base);
    if (const auto index = report.flow->inputIndex(tensor))
        if (const auto range = declaredRange(trace, report.node, *index)) out["declared_range"] = {range->minimum, range->maximum};
}

Json valuesJson(const NodeReport& report, const std::vector<NodeValue>& values)
{
    Json out = Json::array();
    for (const NodeValue& value : values) {
        Json row{{"kind", kindText(value.kind)}, {"argument", value.argument}, {"depth", value.depth}, {"index", value.index},
                 {"name", value.name}, {"type", value.type}};
        if (value.kind == NodeValue::Kind::Scalar) row["text"] = value.text;
        if (value.kind == NodeValue::Kind::List || value.kind == NodeValue::Kind::Tuple) row["items"] = value.items;
        if (value.truncated) row["truncated"] = true;
        if (value.tensor.valid()) addTensor(row, report, value.tensor);
        out.push_back(std::move(row));
    }
    return out;
}

/// Text where a number would lose digits: uint64 above 2^63.
Json numberJson(const CapturedTensor& data, std::int64_t value)
{
    return data.type() == IntegralType::UInt64 ? Json(static_cast<std::uint64_t>(value)) : Json(value);
}

Json statisticsJson(const CapturedTensor& data, const TensorStatistics& s)
{
    Json out{{"count", s.count}};
    if (!s.count) return out;
    out["minimum"] = numberJson(data, s.minimum);
    out["maximum"] = numberJson(data, s.maximum);
    out["median"] = s.median ? numberJson(data, *s.median) : Json(nullptr);
    out["mean"] = s.mean;
    out["distinct"] = s.distinct;
    out["distinct_is_estimate"] = s.distinctIsEstimate;
    out["duplicates"] = s.duplicates;
    out["zeros"] = s.zeros;
    out["negatives"] = s.negatives;
    out["order"] = title(s.order);
    out["changed_meanwhile"] = s.changed;
    out["frequent_is_sampled"] = s.frequentIsSampled;
    out["frequent"] = Json::array();
    for (const auto& f : s.frequent) out["frequent"].push_back({{"value", numberJson(data, f.value)}, {"count", f.count}});
    out["bins"] = Json::array();
    for (const auto& b : s.bins)
        out["bins"].push_back({{"low", numberJson(data, b.low)}, {"high", numberJson(data, b.high)}, {"count", b.count}});
    return out;
}

} // namespace

Json nodeJson(const NodeReport& report)
{
    const Trace& trace = *report.trace;
    const EtNode& n = trace.executionTrace()->node(report.node);
    Json out{{"node", n.id}, {"name", trace.text(n.name)}, {"schema", trace.text(n.schema)}};
    out["parent"] = n.parent ? Json(trace.executionTrace()->node(n.parent).id) : Json(nullptr);
    out["kernel_file"] = n.kernelFile.valid() ? Json(trace.text(n.kernelFile)) : Json(nullptr);
    out["kernel_backend"] = n.kernelBackend.valid() ? Json(trace.text(n.kernelBackend)) : Json(nullptr);
    out["producers"] = nodesJson(report, report.flow->producersOf(report.node));
    out["consumers"] = nodesJson(report, report.flow->consumersOf(report.node));
    out["inputs"] = valuesJson(report, report.inputs);
    out["outputs"] = valuesJson(report, report.outputs);
    return out;
}

Json captureJson(const NodeReport& report, const CaptureReport& capture)
{
    const CapturedTensor& data = *capture.data;
    Json out{{"file", data.fileName()}, {"type", title(data.type())}, {"bytes", data.fileBytes()}, {"elements", data.fileElements()},
             {"expected_elements", data.expectedElements()}, {"shape", data.shape()}, {"storage_order_differs", data.storageOrderDiffers()},
             {"warnings", data.warnings()}};
    out["input_index"] = orNull(report.flow->inputIndex(capture.tensor));
    if (capture.statistics) out["statistics"] = statisticsJson(data, *capture.statistics);
    if (capture.statistics) out["checks"] = Json::array();
    for (const TensorCheck& check : capture.checks)
        out["checks"].push_back({{"good", check.good}, {"text", check.text}, {"numbers", check.numbers}});
    if (!capture.values) return out;
    out["first"] = capture.values->first;
    out["values"] = Json::array();
    for (std::uint64_t i = capture.values->first; i < capture.values->end; ++i) {
        const auto value = data.at(i);
        out["values"].push_back(value ? numberJson(data, *value) : Json(nullptr));
    }
    return out;
}

Json sourceJson(const KernelSource& source)
{
    return {{"file", source.fileName}, {"kernel_line", source.kernelLine}, {"cut", source.cut}, {"text", source.text}};
}

Json graphJson(const FxGraph& graph)
{
    Json out{{"file", graph.fileName}, {"line", graph.line}, {"kernel_line", graph.kernelLine}, {"source_nodes", graph.sourceNodes},
             {"nodes", Json::array()}};
    for (const FxNode& node : graph.nodes)
        out["nodes"].push_back({{"name", node.name}, {"annotation", node.annotation}, {"target", node.target}, {"inputs", node.inputs},
                                {"text", node.text}});
    return out;
}

} // namespace opscope
