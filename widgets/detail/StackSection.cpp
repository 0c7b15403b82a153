#include "core/base/Time.h"
#include "core/link/LinkWalk.h"
#include "widgets/common/Text.h"
#include "widgets/detail/DetailValues.h"

#include <algorithm>

namespace opscope {

namespace {

constexpr std::size_t kFew = 12;
constexpr std::size_t kUnfolded = 500;
constexpr std::string_view kModule = "nn.Module: ";

DetailBlock stackBlock(std::size_t frames)
{
    DetailBlock block{QStringLiteral("Python stack")};
    const QString count = displayText(formatCount(static_cast<std::int64_t>(frames)));
    block.aside = QStringLiteral("%1 %2").arg(count, frames == 1 ? QStringLiteral("frame") : QStringLiteral("frames"));
    block.table.bare = block.table.loose = true;
    block.table.columns = {{{}, false, true, true}, {{}, true}};
    block.table.leftNote = QStringLiteral("the tree shows them all");
    return block;
}

DetailLine frameLine(const Trace& trace, SliceId frame)
{
    const std::string_view name = trace.name(frame);
    DetailRun run = link(cutText(name.starts_with(kModule) ? name.substr(kModule.size()) : name, 300), frame);
    if (!name.starts_with(kModule)) return {{run, {}}};
    return {{run, tagged(QStringLiteral("module"))}};
}

/// Frames around the innermost one, itself first.
DetailBlock recorded(const DetailContext& context, SliceId innermost)
{
    const Trace& trace = context.trace;
    std::vector<SliceId> frames;
    for (SliceId at = innermost; at; at = trace.slices().parent(at))
        if (trace.kindOf(at) == CategoryClass::PythonFunction) frames.push_back(at);
    DetailBlock block = stackBlock(frames.size());
    const bool unfolded = context.unfolded("stack");
    for (std::size_t i = 0; i < std::min(frames.size(), unfolded ? kUnfolded : kFew); ++i) block.table.lines.push_back(frameLine(trace, frames[i]));
    block.table.left = frames.size() - block.table.lines.size();
    if (!unfolded) block.table.more = "more:stack";
    return block;
}

/// `Call stack` of old traces: frames divided by semicolons, innermost first.
DetailBlock written(const DetailContext& context, std::string_view text)
{
    std::vector<std::string_view> frames;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find(';', begin), text.size());
        if (end > begin) frames.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    DetailBlock block = stackBlock(frames.size());
    const bool unfolded = context.unfolded("stack");
    for (std::size_t i = 0; i < std::min(frames.size(), unfolded ? kUnfolded : kFew); ++i)
        block.table.lines.push_back({{words(cutText(frames[i], 300)), {}}});
    block.table.left = frames.size() - block.table.lines.size();
    if (!unfolded) block.table.more = "more:stack";
    return block;
}

} // namespace

std::vector<DetailBlock> stackBlocks(DetailContext& context)
{
    const Trace& trace = context.trace;
    if (context.isNode() || !context.selection.slice) return {};
    if (const JsonDocument::Ref stack = context.args().member("Call stack"); stack.isString() && !stack.string().empty()) {
        take(context, "Call stack");
        return {written(context, stack.string())};
    }
    const auto things = linkedThings(trace, context.selection.slice, 0);
    const auto frame = std::ranges::find(things, LinkedThing::Role::PythonFrame, &LinkedThing::role);
    if (frame == things.end()) return {};
    DetailBlock block = recorded(context, frame->slice);
    if (frame->method != LinkMethod::Nesting)
        block.note = QStringLiteral("Of the forward operator: the engine runs backward ones where there is no Python.");
    return {block};
}

} // namespace opscope
