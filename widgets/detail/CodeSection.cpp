#include "core/base/Path.h"
#include "core/base/Time.h"
#include "widgets/common/Text.h"
#include "widgets/detail/DetailValues.h"

#include <algorithm>

namespace opscope {

namespace {

struct CodeKey
{
    std::string_view key;
    const char* label;
};

/// Keyword inputs of a Triton launch in a timed trace; `grid` is a text there.
constexpr CodeKey kKeys[] = {
    {"kernel_backend", "Backend"}, {"kernel_file", "File"}, {"kernel_hash", "Hash"}, {"grid", "Grid"}, {"stream", "Stream"},
    {"num_warps", "Warps"}, {"num_stages", "Stages"}, {"kernel_kwargs", "Arguments"},
};

/// "Show the source", or what is missing for it.
DetailRun sourceRun(const DetailContext& context, std::string_view file)
{
    const Resources* resources = context.facts.resources.get();
    if (!context.node)
        return dim(context.trace.executionTrace() ? QStringLiteral("unknown without its node") : QStringLiteral("no execution trace is open"));
    if (resources && !resources->exists()) return dim(QStringLiteral("no resources folder beside the execution trace"));
    if (resources) {
        const auto names = resources->names();
        const std::string name = fileName(file);
        if (std::ranges::none_of(names, [&name](const ResourceName& one) { return one.name == name; }))
            return dim(QStringLiteral("not in the resources folder"));
    }
    DetailRun run{QStringLiteral("Show the source"), Tone::Word, {}, "panel:code"};
    return run;
}

} // namespace

std::vector<DetailBlock> codeBlocks(DetailContext& context)
{
    const Trace& trace = context.trace;
    const EtNode* node = context.row();
    const bool inNode = node && (node->kernelFile || node->kernelBackend);
    const bool inEvent = context.args().member("kernel_file").valid() || context.args().member("kernel_backend").valid();
    if (!inNode && !inEvent) return {};
    DetailBlock block{QStringLiteral("Compiled code")};
    std::string_view file = inNode ? trace.text(node->kernelFile) : std::string_view();
    for (const CodeKey& known : kKeys) {
        JsonDocument::Ref json = inEvent ? take(context, known.key) : JsonDocument::Ref();
        if (known.key == "kernel_file" && json.isString() && file.empty()) file = json.string();
        const bool fromNode = inNode && (known.key == "kernel_file" || known.key == "kernel_backend");
        const std::string_view column = !fromNode ? std::string_view() : trace.text(known.key == "kernel_file" ? node->kernelFile : node->kernelBackend);
        if (json.isString() && json.string().empty()) json = {};
        if (!column.empty()) block.rows.push_back({QString::fromLatin1(known.label), {value(cutText(column, 300))}});
        else if (json.valid()) block.rows.push_back({QString::fromLatin1(known.label), {jsonRun(json)}});
    }
    context.used.insert({"node/kernel_file", "node/kernel_backend"});
    if (!file.empty()) block.rows.push_back({QStringLiteral("Source"), {sourceRun(context, file)}});
    return {block};
}

} // namespace opscope
