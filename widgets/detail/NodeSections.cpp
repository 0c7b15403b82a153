#include "core/base/Time.h"
#include "widgets/common/Text.h"
#include "widgets/detail/DetailValues.h"
#include "widgets/hierarchy/HierarchyText.h"

#include <algorithm>
#include <array>

namespace opscope {

namespace {

QString scopeName(std::uint8_t scope)
{
    static constexpr std::array<const char*, 10> kNames{"operator", "backward function", "TorchScript function", "kernel dtype",
                                                        "custom class", "build feature", "lite interpreter", "user annotation",
                                                        "static runtime operator", "static runtime model"};
    return scope < kNames.size() ? QString::fromLatin1(kNames[scope]) : QString();
}

QString nameAt(const std::vector<std::string>& names, std::size_t i)
{
    if (i < names.size() && !names[i].empty()) return cutText(names[i], 60);
    return QStringLiteral("#%1").arg(i);
}

/// Elements times item size; nothing when it does not fit (an absurd claim).
std::optional<std::int64_t> bytesOf(const TensorDesc& tensor)
{
    std::int64_t bytes = 0;
    if (__builtin_mul_overflow(tensor.elements, static_cast<std::int64_t>(tensor.itemSize), &bytes)) return std::nullopt;
    return bytes;
}

std::vector<DetailRun> identity(const Trace& trace, const TensorDesc& tensor)
{
    QString text = QStringLiteral("tensor %1, storage %2").arg(tensor.tensorId).arg(tensor.storageId);
    if (tensor.offset != 0) text += QStringLiteral(" + %1").arg(tensor.offset);
    text += QStringLiteral(", %1 × %2 B")
                .arg(displayText(formatCount(tensor.elements)))
                .arg(tensor.itemSize);
    if (const std::string_view device = trace.text(tensor.device); !device.empty()) text += QStringLiteral(", ") + cutText(device, 40);
    const std::string_view strides = trace.text(tensor.strides);
    if (!strides.empty() && strides != "[]") text += QStringLiteral(", strides ") + spacedShape(strides);
    const QString plain = QStringLiteral("tensor %1, storage %2, offset %3, elements %4, item size %5 B, device %6%7")
                              .arg(tensor.tensorId).arg(tensor.storageId).arg(tensor.offset).arg(tensor.elements).arg(tensor.itemSize)
                              .arg(cutText(trace.text(tensor.device), 40),
                                   strides.empty() ? QString() : QStringLiteral(", strides ") + cutText(strides, 200));
    return {DetailRun{text, Tone::Dim, plain}};
}

DetailRun shapeOf(const Trace& trace, const TensorDesc& tensor)
{
    if (tensor.undefined() && trace.text(tensor.dtype).starts_with("nullptr")) return dim(QStringLiteral("undefined"));
    const std::string_view shape = trace.text(tensor.shape);
    // Symbolic and nested tensors are written with an empty shape and no elements: that is no scalar.
    if (!tensor.shape || (shape == "[]" && tensor.elements == 0)) return dim(QStringLiteral("shape not recorded"));
    return value(spacedShape(shape));
}

DetailBlock tensorTable(const Trace& trace, std::span<const TensorDesc> tensors, const QString& title,
                        const std::vector<std::string>& names)
{
    DetailBlock block{title};
    block.table.columns = {{QStringLiteral("Tensor")}, {QStringLiteral("Shape"), false, true}, {QStringLiteral("Type")},
                           {QStringLiteral("Size"), true}};
    std::int64_t total = 0;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        const TensorDesc& tensor = tensors[i];
        const auto bytes = bytesOf(tensor);
        if (bytes && __builtin_add_overflow(total, *bytes, &total)) total = INT64_MAX;
        if (i >= DetailTable::kMaxLines) continue;
        const bool missing = tensor.undefined() && trace.text(tensor.dtype).starts_with("nullptr");
        const std::string_view dtype = trace.text(tensor.dtype);
        DetailLine line;
        line.cells = {words(nameAt(names, tensor.argument)), shapeOf(trace, tensor),
                      missing ? none() : value(cutText(shortDtype(dtype), 40), cutText(dtype, 100)),
                      bytes && !tensor.undefined() ? bytesRun(*bytes) : none()};
        line.below = identity(trace, tensor);
        block.table.lines.push_back(std::move(line));
    }
    block.table.left = tensors.size() - block.table.lines.size();
    if (!tensors.empty())
        block.aside = QStringLiteral("%1, %2")
                          .arg(tensors.size() == 1 ? QStringLiteral("1 tensor") : QStringLiteral("%1 tensors").arg(tensors.size()),
                               displayText(formatBytes(total)));
    return block;
}

/// Values and types of the inputs, in either layout of the file (execution-trace.md 4.1, 4.2).
struct Lists
{
    JsonDocument::Ref values, types;
};

Lists listsOf(JsonDocument::Ref node, std::string_view side)
{
    const JsonDocument::Ref direct = node.member(side);
    if (direct.isObject()) return {direct.member("values"), direct.member("types")};
    return {direct, node.member(side == "inputs" ? "input_types" : "output_types")};
}

/// "GenericList[Int,Int,Int]" -> "Int × 3".
QString shortType(std::string_view type)
{
    constexpr std::string_view kList = "GenericList[";
    if (!type.starts_with(kList) || !type.ends_with(']')) return cutText(type, 60);
    const std::string_view inner = type.substr(kList.size(), type.size() - kList.size() - 1);
    const std::string_view first = inner.substr(0, inner.find(','));
    if (inner.empty()) return QStringLiteral("empty list");
    std::size_t count = 0;
    for (std::size_t at = 0; at <= inner.size(); at += first.size() + 1, ++count)
        if (inner.substr(at, first.size()) != first || (at + first.size() < inner.size() && inner[at + first.size()] != ','))
            return cutText(type, 60);
    return QStringLiteral("%1 × %2").arg(cutText(first, 40)).arg(count);
}

DetailRow scalarRow(const QString& name, JsonDocument::Ref json, std::string_view type)
{
    DetailRow row{name, {json.isArray() ? value(spacedShape(json.raw()), jsonText(json)) : jsonRun(json)}};
    if (!type.empty()) row.runs.push_back(dim(shortType(type)));
    // Doubles are written with six decimals only (execution-trace.md 5.5).
    if (type == "Double" && (json.raw() == "0.000000" || json.raw() == "-0.000000"))
        row.runs.push_back(dim(QStringLiteral("below 0.000 001, or 0")));
    return row;
}

/// Attributes of nodes that the Node section shows by name.
bool shownAsNode(std::string_view name)
{
    static constexpr std::array<std::string_view, 7> kShown{"rf_id", "fw_parent", "seq_id", "scope", "tid", "fw_tid", "op_schema"};
    return std::ranges::find(kShown, name) != kShown.end();
}

bool isStructure(std::string_view key)
{
    static constexpr std::array<std::string_view, 14> kKeys{"id", "name", "parent", "ctrl_deps", "inputs", "outputs", "attrs",
                                                            "input_shapes", "input_types", "output_shapes", "output_types",
                                                            "input_strides", "output_strides", "control_deps"};
    return std::ranges::find(kKeys, key) != kKeys.end();
}

} // namespace

std::vector<DetailBlock> nodeBlocks(DetailContext& context)
{
    const EtNode* node = context.node();
    if (!node) return {};
    const Trace& trace = context.trace;
    DetailBlock block{QStringLiteral("Node")};
    block.rows.push_back({QStringLiteral("Id"), {number(node->id)}});
    if (node->parent) {
        const EtNode& above = trace.executionTrace()->node(node->parent);
        block.rows.push_back({QStringLiteral("Parent"), {link(cutText(trace.text(above.name), 200), node->parent), dim(QString::number(above.id))}});
    }
    if (node->childCount > 0) block.rows.push_back({QStringLiteral("Calls"), {counted(node->childCount)}});
    block.rows.push_back({QStringLiteral("Scope"), {number(node->scope), dim(scopeName(node->scope))}});
    block.rows.push_back({QStringLiteral("Thread"), {number(node->tid)}});
    if (node->rfId) block.rows.push_back({QStringLiteral("Record function"), {value(QString::number(node->rfId))}});
    if (node->seqId >= 0) block.rows.push_back({QStringLiteral("Sequence number"), {number(node->seqId)}});
    if (node->fwTid) block.rows.push_back({QStringLiteral("Forward thread"), {number(node->fwTid)}});
    if (node->fwParent) block.rows.push_back({QStringLiteral("Backward called in"), {value(QString::number(node->fwParent))}});
    if (const std::string_view schema = trace.text(node->schema); !schema.empty())
        block.rows.push_back({QStringLiteral("Schema"), {value(cutText(schema))}});
    if (node->synthetic) block.rows.push_back({QStringLiteral("As read"), {warning(QStringLiteral("Made by Opscope: the file has no such node."))}});
    if (node->damaged)
        block.rows.push_back({QStringLiteral("As read"), {warning(QStringLiteral("Its text is damaged and was read by the forgiving reader."))}});
    return {block};
}

std::vector<DetailBlock> tensorBlocks(DetailContext& context)
{
    const EtNode* node = context.node();
    if (!node) return {};
    const ExecutionTrace& et = *context.trace.executionTrace();
    const SchemaNames names = schemaNames(context.trace.text(node->schema));
    return {tensorTable(context.trace, et.inputs(context.selection.node), QStringLiteral("Inputs"), names.inputs),
            tensorTable(context.trace, et.outputs(context.selection.node), QStringLiteral("Outputs"), names.outputs)};
}

std::vector<DetailBlock> scalarBlocks(DetailContext& context)
{
    const EtNode* node = context.node();
    if (!node || !context.event) return {};
    DetailBlock block{QStringLiteral("Scalars")};
    const SchemaNames names = schemaNames(context.trace.text(node->schema));
    for (const std::string_view side : {std::string_view("inputs"), std::string_view("outputs")}) {
        const Lists lists = listsOf(context.event->root(), side);
        if (!lists.values.isArray()) continue;
        auto type = lists.types.isArray() ? lists.types.first() : JsonDocument::Ref();
        std::size_t i = 0;
        for (auto item = lists.values.first(); item.valid(); item = lists.values.after(item), ++i) {
            const std::string_view typeName = type.valid() && type.isString() ? type.string() : std::string_view();
            if (type.valid()) type = lists.types.after(type);
            if (typeName.find("Tensor(") != std::string_view::npos || block.rows.size() >= DetailTable::kMaxLines) continue;
            const QString name = nameAt(side == "inputs" ? names.inputs : names.outputs, i);
            block.rows.push_back(scalarRow(side == "inputs" ? name : QStringLiteral("→ ") + name, item, typeName));
        }
    }
    return {block};
}

/// Everything else that the node carries; unknown attributes are never an error.
std::vector<DetailBlock> attributeBlocks(DetailContext& context)
{
    if (!context.node() || !context.event) return {};
    DetailBlock block{QStringLiteral("Attributes")};
    const JsonDocument::Ref node = context.event->root();
    const JsonDocument::Ref attributes = node.member("attrs");
    const auto add = [&block](std::string_view name, JsonDocument::Ref json) {
        if (block.rows.size() < DetailTable::kMaxLines && !shownAsNode(name)) block.rows.push_back({cutText(name, 120), {jsonRun(json)}});
    };
    if (attributes.isArray()) {
        for (auto item = attributes.first(); item.valid(); item = attributes.after(item))
            if (item.isObject()) add(item.member("name").string(), item.member("value"));
    }
    if (node.isObject()) {
        for (auto item = node.first(); item.valid(); item = node.after(item))
            if (!isStructure(node.keyOf(item))) add(node.keyOf(item), item);
    }
    return {block};
}

} // namespace opscope
