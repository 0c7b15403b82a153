#include "widgets/detail/NodeTensors.h"

#include "core/base/Time.h"
#include "widgets/common/Text.h"
#include "widgets/hierarchy/HierarchyText.h"

namespace opscope {

namespace {

constexpr qsizetype kListChars = 300;

} // namespace

std::vector<NodeValue> valuesOf(const DetailContext& context, NodeSide side)
{
    const Trace& trace = context.trace;
    if (const JsonDocument::Ref json = context.nodeJson(); json.isObject()) return nodeValues(trace, context.node, json, side);
    const EtNode& node = *context.row();
    const Schema schema = parseSchema(trace.text(node.schema));
    const auto& names = side == NodeSide::Inputs ? schema.arguments : schema.results;
    const std::uint32_t first = node.firstTensor + (side == NodeSide::Inputs ? 0 : node.inputTensors);
    std::vector<NodeValue> values;
    for (std::uint32_t i = 0; i < (side == NodeSide::Inputs ? node.inputTensors : node.outputTensors); ++i) {
        NodeValue value;
        value.kind = NodeValue::Kind::Tensor;
        value.tensor = TensorId(first + i);
        value.argument = value.index = trace.executionTrace()->tensors()[first + i].argument;
        if (value.argument < names.size()) value.name = names[value.argument].name;
        values.push_back(std::move(value));
    }
    return values;
}

std::size_t behind(const std::vector<NodeValue>& values, std::size_t row)
{
    std::size_t next = row + 1;
    while (next < values.size() && values[next].depth > values[row].depth) ++next;
    return next;
}

bool hasTensors(const std::vector<NodeValue>& values, std::size_t row)
{
    const std::size_t end = behind(values, row);
    for (std::size_t i = row; i < end; ++i)
        if (values[i].kind == NodeValue::Kind::Tensor) return true;
    return false;
}

QString listText(const std::vector<NodeValue>& values, std::size_t row)
{
    const auto isList = [&](std::size_t i) { return values[i].kind == NodeValue::Kind::List || values[i].kind == NodeValue::Kind::Tuple; };
    const auto close = [&](std::size_t i) { return QLatin1Char(values[i].kind == NodeValue::Kind::Tuple ? ')' : ']'); };
    QString text;
    std::vector<std::size_t> open; // lists around the value
    const std::size_t end = behind(values, row);
    for (std::size_t i = row; i < end; ++i) {
        while (!open.empty() && values[open.back()].depth >= values[i].depth) {
            text += close(open.back());
            open.pop_back();
        }
        if (i > row && values[i].index > 0) text += QStringLiteral(", ");
        if (text.size() > kListChars) return text + QStringLiteral("…");
        if (isList(i)) {
            text += QLatin1Char(values[i].kind == NodeValue::Kind::Tuple ? '(' : '[');
            open.push_back(i);
        } else {
            const bool quoted = i > row && values[i].type == "String"; // "" is something, too
            text += quoted ? QLatin1Char('"') + displayText(values[i].text) + QLatin1Char('"') : displayText(values[i].text);
        }
        if (values[i].truncated) text += QStringLiteral(" …");
    }
    for (; !open.empty(); open.pop_back()) text += close(open.back());
    return text;
}

QString argumentName(const NodeValue& value)
{
    return value.name.empty() ? QStringLiteral("#%1").arg(value.argument) : cutText(value.name, 60);
}

bool isUndefined(const Trace& trace, const TensorDesc& tensor)
{
    return tensor.undefined() && trace.text(tensor.dtype).starts_with("nullptr");
}

DetailRun shapeRun(const Trace& trace, const TensorDesc& tensor, bool output)
{
    if (isUndefined(trace, tensor)) return dim(output ? QStringLiteral("not computed") : QStringLiteral("undefined"));
    const std::string_view shape = trace.text(tensor.shape);
    // Symbolic and nested tensors are written with an empty shape and no elements: that is no scalar.
    if (!tensor.shape || (shape == "[]" && tensor.elements == 0)) return dim(QStringLiteral("shape not recorded"));
    return value(spacedShape(shape), cutText(shape, 400));
}

DetailRun dtypeRun(const Trace& trace, const TensorDesc& tensor)
{
    const std::string_view dtype = trace.text(tensor.dtype);
    return isUndefined(trace, tensor) ? none() : value(cutText(shortDtype(dtype), 40), cutText(dtype, 100));
}

DetailRun identityRun(const Trace& trace, const TensorDesc& tensor)
{
    const TensorLayout layout = layoutOf(trace, tensor);
    const std::string_view strides = trace.text(tensor.strides), device = trace.text(tensor.device);
    QStringList parts;
    if (layout != TensorLayout::Unknown) parts += displayText(title(layout));
    if (layout != TensorLayout::Contiguous && !strides.empty() && strides != "[]") parts += QStringLiteral("strides ") + spacedShape(strides);
    if (!device.empty()) parts += cutText(device, 40);
    parts += QStringLiteral("tensor %1").arg(tensor.tensorId);
    if (tensor.storageId != 0 || tensor.offset != 0)
        parts += QStringLiteral("storage %1").arg(tensor.storageId) +
                 (tensor.offset != 0 ? QStringLiteral(" + %1").arg(tensor.offset) : QString());
    QString plain = QStringLiteral("tensor %1, storage %2, offset %3").arg(tensor.tensorId).arg(tensor.storageId).arg(tensor.offset);
    if (tensor.itemSize > 0) plain += QStringLiteral(", elements %1, item size %2 B").arg(tensor.elements).arg(tensor.itemSize);
    if (!device.empty()) plain += QStringLiteral(", device ") + cutText(device, 40);
    if (!strides.empty()) plain += QStringLiteral(", strides ") + cutText(strides, 200);
    if (layout != TensorLayout::Unknown) plain += QStringLiteral(", ") + displayText(title(layout));
    return {parts.join(QStringLiteral(", ")), Tone::Dim, plain};
}

std::optional<std::uint32_t> inputIndexOf(const EtNode& node, TensorId tensor)
{
    if (tensor.value < node.firstTensor || tensor.value - node.firstTensor >= node.inputTensors) return std::nullopt;
    return tensor.value - node.firstTensor;
}

} // namespace opscope
