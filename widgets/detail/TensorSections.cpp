#include "core/base/Time.h"
#include "core/tensor/CapturedTensor.h"
#include "widgets/common/Text.h"
#include "widgets/detail/NodeTensors.h"

#include <algorithm>

namespace opscope {

namespace {

constexpr int kIndent = 2; // en spaces a level

/// Of a row inside a list: "[3]", set in by its depth.
QString nameOf(const NodeValue& value)
{
    if (value.depth == 0) return argumentName(value);
    return QString(value.depth * kIndent - 1, QChar(0x2002)) + QStringLiteral("[%1]").arg(value.index);
}

QString itemsText(const NodeValue& value)
{
    const QString what = value.kind == NodeValue::Kind::Tuple ? QStringLiteral("tuple of %1") : QStringLiteral("list of %1");
    return what.arg(displayText(formatCount(value.items))) + (value.truncated ? QStringLiteral(", cut by the writer") : QString());
}

/// "a, b" of two runs; a box needs no comma before it.
void addBehindComma(std::vector<DetailRun>& runs, DetailRun run)
{
    DetailRun& before = runs.back();
    if (before.tag == Tag::None) before.text += QLatin1Char(',');
    if (before.tag == Tag::None && !before.plain.isEmpty()) before.plain += QLatin1Char(',');
    runs.push_back(std::move(run));
}

/// What stands below a tensor: layout and ids, whether its values were captured, between which they lie, what it is a view of.
std::vector<DetailRun> belowOf(const DetailContext& context, TensorId tensor)
{
    const Trace& trace = context.trace;
    const TensorDesc& desc = trace.executionTrace()->tensors()[tensor.index()];
    if (isUndefined(trace, desc)) return {};
    const EtNode& node = *context.row();
    std::vector<DetailRun> runs{identityRun(trace, desc)};
    if (const auto input = inputIndexOf(node, tensor)) {
        if (const auto range = declaredRange(trace, context.node, *input)) {
            DetailRun run = dim(QStringLiteral("values %1 to %2").arg(cutText(range->minimum, 40), cutText(range->maximum, 40)));
            run.hint = QStringLiteral("tensor_range, as the writer found it");
            addBehindComma(runs, run);
        }
        const ResourceName* file = context.facts.resources ? context.facts.resources->capture(node.id, *input) : nullptr;
        if (file) {
            DetailRun run = tagged(QStringLiteral("captured"));
            run.hint = cutText(file->name, 200) + QStringLiteral(", ") + displayText(formatBytes(static_cast<std::int64_t>(file->size)));
            run.link = "panel:tensors";
            runs.push_back(run);
        }
    }
    if (const auto base = context.facts.flow ? context.facts.flow->viewOf(tensor) : std::nullopt)
        addBehindComma(runs, link(QStringLiteral("view of tensor %1").arg(trace.executionTrace()->tensors()[base->tensor.index()].tensorId),
                                  base->tensor));
    return runs;
}

DetailLine tensorLine(const DetailContext& context, const NodeValue& value, bool output)
{
    const Trace& trace = context.trace;
    const TensorDesc& tensor = trace.executionTrace()->tensors()[value.tensor.index()];
    const auto bytes = bytesOf(tensor);
    DetailLine line;
    line.cells = {isUndefined(trace, tensor) ? words(nameOf(value)) : link(nameOf(value), value.tensor), shapeRun(trace, tensor, output),
                  dtypeRun(trace, tensor), bytes && !tensor.undefined() ? bytesRun(*bytes) : none()};
    line.below = belowOf(context, value.tensor);
    line.current = context.selection.tensor && value.tensor == context.selection.tensor;
    return line;
}

/// A list, or what else stands in a list beside tensors: None, numbers.
DetailLine otherLine(const NodeValue& value)
{
    const bool list = value.kind == NodeValue::Kind::List || value.kind == NodeValue::Kind::Tuple;
    DetailLine line;
    line.cells = {words(nameOf(value)), list ? dim(itemsText(value)) : opscope::value(cutText(value.text, 200)),
                  list ? none() : dim(cutText(value.type, 60)), none()};
    return line;
}

/// "3 tensors, 38.75 MiB"; nested tensors have no size in the file.
QString asideOf(std::uint64_t tensors, std::optional<std::int64_t> bytes)
{
    if (tensors == 0) return {};
    const QString count = displayText(formatCount(static_cast<std::int64_t>(tensors))) +
                          (tensors == 1 ? QStringLiteral(" tensor") : QStringLiteral(" tensors"));
    return bytes ? count + QStringLiteral(", ") + displayText(formatBytes(*bytes)) : count;
}

DetailBlock tensorTable(const DetailContext& context, NodeSide side, const QString& title)
{
    const Trace& trace = context.trace;
    DetailBlock block{title};
    block.table.columns = {{QStringLiteral("Tensor")}, {QStringLiteral("Shape"), false, true}, {QStringLiteral("Type")},
                           {QStringLiteral("Size"), true}};
    const std::vector<NodeValue> values = valuesOf(context, side);
    const bool output = side == NodeSide::Outputs;
    for (std::size_t i = 0, end = 0; i < values.size(); i = end) {
        end = behind(values, i);
        if (!hasTensors(values, i)) continue;
        for (std::size_t row = i; row < end; ++row) {
            if (block.table.lines.size() >= DetailTable::kMaxLines) ++block.table.left;
            else block.table.lines.push_back(values[row].tensor ? tensorLine(context, values[row], output) : otherLine(values[row]));
        }
    }
    std::optional<std::int64_t> bytes;
    std::uint64_t tensors = 0;
    const ExecutionTrace& et = *trace.executionTrace();
    for (const TensorDesc& tensor : output ? et.outputs(context.node) : et.inputs(context.node)) {
        if (isUndefined(trace, tensor)) continue;
        ++tensors;
        const auto one = bytesOf(tensor);
        if (!one || tensor.itemSize == 0) continue;
        std::int64_t sum = 0;
        bytes = __builtin_add_overflow(bytes.value_or(0), *one, &sum) ? INT64_MAX : sum;
    }
    block.aside = asideOf(tensors, bytes);
    return block;
}

/// What the timed trace says of the same argument: Doubles stand there with all digits (execution-trace.md 5.5).
QString concreteInput(const DetailContext& context, std::uint32_t argument)
{
    if (!context.own || context.isNode() || context.trace.nodeLink(context.node).relation != RunRelation::SameRun) return {};
    const JsonDocument::Ref list = context.args().member("Concrete Inputs");
    if (!list.isArray() || argument >= list.size()) return {};
    auto item = list.first();
    for (std::uint32_t i = 0; i < argument && item.valid(); ++i) item = list.after(item);
    return item.valid() && item.isString() ? cutText(item.string(), 60) : QString();
}

DetailRow scalarRow(const DetailContext& context, const std::vector<NodeValue>& values, std::size_t row, NodeSide side)
{
    const NodeValue& scalar = values[row];
    const bool input = side == NodeSide::Inputs;
    DetailRow shown{input ? argumentName(scalar) : QStringLiteral("→ ") + argumentName(scalar), {}};
    const QString text = listText(values, row);
    if (text.isEmpty()) shown.runs = {dim(QStringLiteral("(empty)"))};
    else if (text == QStringLiteral("<None>")) shown.runs = {opscope::value(QStringLiteral("None"), text)};
    else shown.runs = {opscope::value(text)};
    if (scalar.type != "None" && !scalar.type.empty()) shown.runs.push_back(dim(cutText(scalar.type, 60)));
    // Doubles are written with six decimals only.
    if (scalar.text != "0.000000" && scalar.text != "-0.000000") return shown;
    if (const QString exact = input ? concreteInput(context, scalar.argument) : QString(); !exact.isEmpty() && scalar.depth == 0)
        shown.runs = {opscope::value(exact), dim(cutText(scalar.type, 60)), dim(QStringLiteral("by the timed trace"))};
    else shown.runs.push_back(dim(QStringLiteral("below 0.000 001, or 0")));
    return shown;
}

} // namespace

std::vector<DetailBlock> tensorBlocks(DetailContext& context)
{
    const EtNode* node = context.row();
    if (!node) return {};
    const QString inputs = context.own ? QStringLiteral("Inputs") : QStringLiteral("Inputs of node %1").arg(node->id);
    return {tensorTable(context, NodeSide::Inputs, inputs), tensorTable(context, NodeSide::Outputs, QStringLiteral("Outputs"))};
}

std::vector<DetailBlock> scalarBlocks(DetailContext& context)
{
    if (!context.node || !context.nodeJson().isObject() || context.used.contains("node/inputs")) return {};
    DetailBlock block{QStringLiteral("Scalars")};
    std::size_t left = 0;
    for (const NodeSide side : {NodeSide::Inputs, NodeSide::Outputs}) {
        const std::vector<NodeValue> values = valuesOf(context, side);
        for (std::size_t i = 0; i < values.size(); i = behind(values, i)) {
            if (hasTensors(values, i)) continue;
            if (block.rows.size() >= DetailTable::kMaxLines) ++left;
            else block.rows.push_back(scalarRow(context, values, i, side));
        }
    }
    if (left > 0) block.note = QStringLiteral("%1 more; all of them are in Raw.").arg(left);
    return {block};
}

} // namespace opscope
