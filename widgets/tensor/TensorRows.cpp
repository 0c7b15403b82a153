#include "widgets/tensor/TensorRows.h"

#include "core/base/Time.h"
#include "core/format/EventReader.h"
#include "core/tensor/CapturedTensor.h"
#include "core/tensor/NodeValues.h"
#include "core/tensor/TensorFlow.h"
#include "widgets/common/Text.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace opscope {

namespace {

/// What makes two arguments the same tensor: the whole tuple, not the ids alone, which name addresses (execution-trace.md 5.3).
auto identity(const TensorDesc& tensor)
{
    return std::tuple(tensor.tensorId, tensor.storageId, tensor.offset, tensor.elements, tensor.itemSize, tensor.dtype, tensor.shape,
                      tensor.strides);
}

QString sideName(bool output) { return output ? QStringLiteral("output") : QStringLiteral("input"); }

bool missing(const Trace& trace, const TensorDesc& tensor)
{
    return tensor.undefined() && trace.text(tensor.dtype).starts_with("nullptr");
}

} // namespace

std::vector<TensorRow> tensorRows(const Trace& trace, NodeId node, const Resources* resources)
{
    const ExecutionTrace& et = *trace.executionTrace();
    const EtNode& n = et.node(node);
    std::vector<TensorRow> rows;
    std::map<decltype(identity(TensorDesc())), std::uint32_t> seen;
    const auto inputs = et.inputs(node);
    for (std::uint32_t k = 0; k < std::min(n.inputTensors, kMaxTensorsListed); ++k) {
        TensorRow row{TensorId(n.firstTensor + k), false, resources && resources->capture(n.id, k), k, {}};
        if (!inputs[k].undefined()) {
            const auto [first, added] = seen.try_emplace(identity(inputs[k]), k);
            if (!added) row.sameAs = first->second;
        }
        rows.push_back(row);
    }
    for (std::uint32_t k = 0; k < std::min(n.outputTensors, kMaxTensorsListed); ++k)
        rows.push_back({TensorId(n.firstTensor + n.inputTensors + k), true, false, k, {}});
    return rows;
}

std::uint32_t capturedInputs(std::span<const TensorRow> rows)
{
    return static_cast<std::uint32_t>(std::ranges::count_if(rows, &TensorRow::captured));
}

QString tensorName(const Trace& trace, NodeId node, const TensorRow& row)
{
    const ExecutionTrace& et = *trace.executionTrace();
    const auto side = row.output ? et.outputs(node) : et.inputs(node);
    const std::uint16_t argument = side[row.index].argument;
    const bool alone = (row.index == 0 || side[row.index - 1].argument != argument) &&
                       (row.index + 1 >= side.size() || side[row.index + 1].argument != argument);
    const QString name = QStringLiteral("%1 %2").arg(sideName(row.output)).arg(argument);
    if (alone) return name;
    std::uint32_t first = row.index;
    while (first > 0 && side[first - 1].argument == argument) --first;
    return name + QStringLiteral(", item %1").arg(row.index - first);
}

std::vector<TensorName> exactTensorNames(const Trace& trace, NodeId node, std::span<const TensorRow> rows)
{
    std::vector<TensorName> names(rows.size());
    const auto text = readNode(trace, node);
    if (!text) return names;
    const auto document = JsonDocument::parse(text->json);
    if (!document) return names;
    std::map<TensorId, std::size_t> rowOf;
    for (std::size_t i = 0; i < rows.size(); ++i) rowOf[rows[i].tensor] = i;
    for (const NodeSide side : {NodeSide::Inputs, NodeSide::Outputs}) {
        std::vector<std::uint32_t> path; // the place in each list around
        QString schema;
        for (const NodeValue& value : nodeValues(trace, node, document->root(), side)) {
            path.resize(value.depth);
            path.push_back(value.index);
            if (value.depth == 0) schema = displayText(value.name);
            const auto row = rowOf.find(value.tensor);
            if (value.kind != NodeValue::Kind::Tensor || row == rowOf.end()) continue;
            QString name = QStringLiteral("%1 %2").arg(sideName(side == NodeSide::Outputs)).arg(value.argument);
            for (std::size_t level = 1; level < path.size() && level < 8; ++level) name += QStringLiteral(", item %1").arg(path[level]);
            names[row->second] = {name, schema};
        }
    }
    return names;
}

QString shapeText(const Trace& trace, const TensorDesc& tensor)
{
    if (missing(trace, tensor)) return QStringLiteral("undefined");
    const std::string_view shape = trace.text(tensor.shape);
    // Symbolic and nested tensors are written with an empty shape and no elements: that is no scalar.
    if (!tensor.shape || (shape == "[]" && tensor.elements == 0)) return QStringLiteral("shape not recorded");
    if (shape == "[]") return QStringLiteral("scalar");
    return spacedList(shape);
}

QString spacedList(std::string_view json)
{
    QString text;
    for (const char c : json.substr(0, 400)) {
        if (c == ' ') continue;
        text += QLatin1Char(c);
        if (c == ',') text += QLatin1Char(' ');
    }
    return json.size() > 400 ? text + QChar(0x2026) : text;
}

QString dtypeText(const Trace& trace, const TensorDesc& tensor)
{
    std::string_view name = trace.text(tensor.dtype);
    if (const auto type = integralType(name)) return displayText(title(*type));
    if (missing(trace, tensor)) return {};
    if (name.starts_with("c10::")) name.remove_prefix(5);
    return displayText(name.substr(0, 60));
}

QString byteText(const TensorDesc& tensor)
{
    const auto bytes = bytesOf(tensor);
    if (!bytes || tensor.undefined()) return QStringLiteral("–");
    return *bytes < 10'000 ? displayText(formatCount(*bytes)) + QStringLiteral(" B") : displayText(formatBytes(*bytes));
}

QString nodeText(const Trace& trace, NodeId node, int characters)
{
    const EtNode& n = trace.executionTrace()->node(node);
    QString name = displayText(trace.text(n.name).substr(0, 400));
    if (name.size() > characters) name = name.left(characters - 1) + QChar(0x2026);
    return QStringLiteral("%1, node %2").arg(name).arg(n.id);
}

} // namespace opscope
