#include "core/base/Time.h"
#include "widgets/common/Text.h"
#include "widgets/detail/NodeTensors.h"

#include <algorithm>

namespace opscope {

namespace {

constexpr std::size_t kFew = 8;          // consumers before "… 31 more"
constexpr std::size_t kUnfolded = 200;

const TensorDesc& descOf(const Trace& trace, TensorId tensor) { return trace.executionTrace()->tensors()[tensor.index()]; }

/// "input weight of node 12", as far as the columns know.
QString roleOf(const DetailContext& context, TensorId tensor)
{
    const EtNode& node = *context.row();
    const bool input = inputIndexOf(node, tensor).has_value();
    const Schema schema = parseSchema(context.trace.text(node.schema));
    const auto& names = input ? schema.arguments : schema.results;
    const std::uint16_t argument = descOf(context.trace, tensor).argument;
    const QString name = argument < names.size() && !names[argument].name.empty() ? cutText(names[argument].name, 60)
                                                                                   : QStringLiteral("#%1").arg(argument);
    return QStringLiteral("%1 “%2” of node %3").arg(input ? QStringLiteral("input") : QStringLiteral("output"), name).arg(node.id);
}

/// A use as a line: who, which node, when it differs what it does to the tensor.
DetailLine useLine(const Trace& trace, const QString& label, const TensorUse& use)
{
    DetailRun name = marked(trace, use.node);
    name.link = "tensor:" + std::to_string(use.tensor.value);
    return {{dim(label), name, number(trace.executionTrace()->node(use.node).id)}};
}

/// From the first event that uses it to the end of the last one; nothing without a timed trace of the nodes.
std::optional<DetailLine> timelineLine(const Trace& trace, const std::vector<TensorUse>& life)
{
    if (trace.timeBase() == TimeBase::NodeOrder) return std::nullopt;
    std::optional<TimeRange> range;
    NodeId linked;
    for (const TensorUse& use : life) {
        const SliceId slice = trace.sliceOf(use.node);
        if (!slice) continue;
        const TimeRange one = trace.slices().range(slice);
        range = range ? TimeRange{std::min(range->start, one.start), std::max(range->end, one.end)} : one;
        linked = use.node;
    }
    if (!range) return std::nullopt;
    const Nanos from = timeDifference(range->start, trace.origin()), to = timeDifference(range->end, trace.origin());
    DetailLine line;
    DetailRun text = value(displayText(formatExact(from)) + QStringLiteral(" to ") + displayText(formatExact(to)),
                           displayText(formatPlain(from)) + QStringLiteral(" to ") + displayText(formatPlain(to)));
    line.cells = {dim(QStringLiteral("On the timeline")), text};
    const RunRelation relation = trace.nodeLink(linked).relation;
    if (relation != RunRelation::SameRun) line.below = {dim(QStringLiteral("times of the %1: an example").arg(displayText(title(relation))))};
    return line;
}

void addFlow(DetailContext& context, DetailBlock& block, TensorId tensor)
{
    const Trace& trace = context.trace;
    const TensorFlow& flow = *context.facts.flow;
    DetailTable& table = block.table;
    if (const auto producer = flow.producer(tensor)) table.lines.push_back(useLine(trace, QStringLiteral("Written by"), *producer));
    else table.lines.push_back({{dim(QStringLiteral("Written by")), dim(QStringLiteral("nobody here: it was there before the recording"))}});
    const std::vector<TensorUse> consumers = flow.consumers(tensor);
    const std::size_t shown = std::min(consumers.size(), context.unfolded("consumers") ? kUnfolded : kFew);
    for (std::size_t i = 0; i < shown; ++i)
        table.lines.push_back(useLine(trace, i == 0 ? QStringLiteral("Read by") : QString(), consumers[i]));
    if (consumers.empty()) table.lines.push_back({{dim(QStringLiteral("Read by")), dim(QStringLiteral("nobody before it is written over"))}});
    if (consumers.size() > shown) {
        const auto left = static_cast<std::int64_t>(consumers.size() - shown);
        DetailRun more = words(QStringLiteral("… %1%2 more").arg(consumers.size() == TensorFlow::kCounted ? QStringLiteral("at least ") : QString(),
                                                                displayText(formatCount(left))));
        if (shown == kFew) more.link = "more:consumers";
        table.lines.push_back({{{}, more}});
    }
    if (const auto ends = flow.lifeEnds(tensor)) {
        std::vector<TensorUse> life = flow.life(tensor);
        if (life.size() == TensorFlow::kCounted) life.insert(life.end(), {ends->first, ends->second});
        table.lines.push_back(useLine(trace, QStringLiteral("First seen"), ends->first));
        table.lines.push_back(useLine(trace, QStringLiteral("Last used"), ends->second));
        if (auto line = timelineLine(trace, life)) table.lines.push_back(std::move(*line));
    }
    if (const auto base = flow.viewOf(tensor)) table.lines.push_back(useLine(trace, QStringLiteral("View of"), *base));
}

} // namespace

std::vector<DetailBlock> tensorLifeBlocks(DetailContext& context)
{
    const TensorId tensor = context.selection.tensor;
    if (!tensor || !context.node) return {};
    const Trace& trace = context.trace;
    const TensorDesc& desc = descOf(trace, tensor);
    DetailBlock block{QStringLiteral("Tensor %1").arg(desc.tensorId), roleOf(context, tensor)};
    block.inSight = true;
    block.table.bare = true;
    block.table.columns = {{}, {{}, false, true, true}, {{}, true}};
    block.table.lines.push_back({{dim(QStringLiteral("Shape")), shapeRun(trace, desc)}});
    if (const auto bytes = bytesOf(desc)) {
        DetailRun size = bytesRun(*bytes);
        size.text += QStringLiteral(", %1 × %2 B of %3").arg(displayText(formatCount(desc.elements))).arg(desc.itemSize).arg(dtypeRun(trace, desc).text);
        block.table.lines.push_back({{dim(QStringLiteral("Size")), size}});
    }
    block.table.lines.push_back({{dim(QStringLiteral("Storage")), identityRun(trace, desc)}});
    if (isUndefined(trace, desc)) block.note = QStringLiteral("An undefined tensor: there are no values, so nobody writes or reads them.");
    else if (context.facts.flow) addFlow(context, block, tensor);
    else block.note = QStringLiteral("Working out where it comes from …");
    return {block};
}

} // namespace opscope
