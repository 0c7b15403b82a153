#include "core/base/Time.h"
#include "widgets/common/Text.h"
#include "widgets/detail/DetailValues.h"

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
    const EtNode* node = context.own ? context.row() : nullptr;
    if (!node) return {};
    const Trace& trace = context.trace;
    DetailBlock block{QStringLiteral("Node")};
    if (!node->parent && trace.executionTrace()->fileOf(context.node).nodeCount == 1)
        block.note = QStringLiteral("Nothing captured: the observer was registered, but no operator ran while it was started.");
    block.rows.push_back({QStringLiteral("Id"), {number(node->id)}});
    if (node->parent) {
        const EtNode& above = trace.executionTrace()->node(node->parent);
        block.rows.push_back({QStringLiteral("Parent"), {marked(trace, node->parent), dim(QString::number(above.id))}});
    }
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

/// Everything else that the node carries; unknown attributes are never an error.
std::vector<DetailBlock> attributeBlocks(DetailContext& context)
{
    if (!context.own || !context.nodeJson().valid()) return {};
    DetailBlock block{context.isNode() ? QStringLiteral("Attributes") : QStringLiteral("Attributes of the node")};
    const JsonDocument::Ref node = context.nodeJson();
    const JsonDocument::Ref attributes = node.member("attrs");
    QStringList empty; // those that PyTorch writes on every node, needed or not: one line for all
    const auto add = [&](std::string_view name, JsonDocument::Ref json) {
        const bool shown = shownAsNode(name) || context.used.contains("node/" + std::string(name));
        if (shown || block.rows.size() + static_cast<std::size_t>(empty.size()) >= DetailTable::kMaxLines) return;
        if (json.isString() && json.string().empty()) empty += cutText(name, 120);
        else block.rows.push_back({cutText(name, 120), {jsonRun(json)}});
    };
    if (attributes.isArray()) {
        for (auto item = attributes.first(); item.valid(); item = attributes.after(item))
            if (item.isObject()) add(item.member("name").string(), item.member("value"));
    }
    if (node.isObject()) {
        for (auto item = node.first(); item.valid(); item = node.after(item))
            if (!isStructure(node.keyOf(item))) add(node.keyOf(item), item);
    }
    if (!empty.isEmpty()) block.rows.push_back({QStringLiteral("Empty"), {dim(empty.join(QStringLiteral(", ")))}});
    return {block};
}

} // namespace opscope
