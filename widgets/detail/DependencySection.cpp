#include "core/base/Time.h"
#include "widgets/common/Text.h"
#include "widgets/detail/DetailValues.h"

#include <algorithm>

namespace opscope {

namespace {

constexpr std::size_t kFew = 8;
constexpr std::size_t kUnfolded = 50;

/// Nodes as clickable rows: name, duration when one is known, id.
DetailBlock listOf(const DetailContext& context, const QString& title, std::string_view id, std::span<const NodeId> nodes)
{
    const Trace& trace = context.trace;
    DetailBlock block{title};
    if (nodes.empty()) return block;
    const auto count = static_cast<std::int64_t>(nodes.size());
    block.aside = QStringLiteral("%1 %2").arg(displayText(formatCount(count)), count == 1 ? QStringLiteral("node") : QStringLiteral("nodes"));
    block.table.bare = true;
    const bool times = trace.timeBase() == TimeBase::Nanoseconds;
    block.table.columns = {{{}, false, true, true}, {{}, true}, {{}, true}};
    const bool unfolded = context.unfolded(id);
    for (const NodeId node : nodes.first(std::min(nodes.size(), unfolded ? kUnfolded : kFew))) {
        const SliceId slice = times ? trace.sliceOf(node) : SliceId();
        block.table.lines.push_back({{marked(trace, node), slice ? durationRun(trace.slices().duration(slice)) : DetailRun{},
                                      number(trace.executionTrace()->node(node).id)}});
    }
    block.table.left = nodes.size() - block.table.lines.size();
    if (!unfolded) block.table.more = "more:" + std::string(id);
    block.table.leftNote = QStringLiteral("the tree shows them all");
    return block;
}

} // namespace

/// Where a node stands among the others: whose results it takes, who takes its own, what it calls.
std::vector<DetailBlock> dependencyBlocks(DetailContext& context)
{
    if (!context.own) return {};
    std::vector<DetailBlock> blocks;
    if (const TensorFlow* flow = context.facts.flow.get()) {
        DetailBlock reads = listOf(context, QStringLiteral("Reads from"), "reads", flow->producersOf(context.node));
        DetailBlock readBy = listOf(context, QStringLiteral("Read by"), "readers", flow->consumersOf(context.node));
        for (DetailBlock* block : {&reads, &readBy})
            if (block->table.lines.size() + block->table.left >= TensorFlow::kCounted) block->aside += QStringLiteral(" or more");
        reads.table.leftNote = readBy.table.leftNote = QStringLiteral("nearest first");
        blocks.push_back(std::move(reads));
        blocks.push_back(std::move(readBy));
    }
    blocks.push_back(listOf(context, QStringLiteral("Calls"), "calls", context.trace.executionTrace()->children(context.node)));
    return blocks;
}

} // namespace opscope
