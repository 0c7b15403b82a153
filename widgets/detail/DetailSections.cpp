#include "core/base/Path.h"
#include "widgets/detail/DetailSection.h"

#include "core/base/Time.h"
#include "widgets/common/SliceColors.h"
#include "widgets/common/Text.h"
#include "widgets/detail/DetailValues.h"
#include "widgets/document/TraceDocument.h"

#include <array>

namespace opscope {

namespace {

constexpr DetailSection kSections[] = {
    // id, blocks; later ones do not repeat what earlier ones took
    {"time", timeBlocks},
    {"links", linkBlocks},
    {"collective", collectiveBlocks},
    {"groups", processGroupBlocks},
    {"shapes", shapeBlocks},
    {"tensors", tensorBlocks},
    {"tensor", tensorLifeBlocks},
    {"scalars", scalarBlocks},
    {"launch", launchBlocks},
    {"memory", memoryBlocks},
    {"code", codeBlocks},
    {"dependencies", dependencyBlocks},
    {"stack", stackBlocks},
    {"node", nodeBlocks},
    {"ids", idBlocks},
    {"arguments", argumentBlocks},
    {"attributes", attributeBlocks},
    {"source", sourceBlocks},
};

QString place(const Trace& trace, TrackId track)
{
    const QString lane = displayText(trace.trackName(track));
    return lane + QStringLiteral(" of ") + displayText(trace.processName(trace.track(track).process));
}

DetailHeading named(std::string_view full)
{
    const std::string brief = shortName(full);
    DetailHeading heading;
    heading.name = full.empty() ? QStringLiteral("(unnamed)") : cutText(brief, 600);
    if (brief != full) heading.fullName = cutText(full);
    return heading;
}

DetailHeading sliceHeading(const Trace& trace, SliceId slice)
{
    DetailHeading heading = named(trace.name(slice));
    const CategoryClass kind = trace.kindOf(slice);
    const Family family = familyOf(trace.name(slice), kind);
    heading.what = displayText(title(kind));
    if (kind == CategoryClass::Other) heading.what = cutText(trace.category(trace.slices().category(slice)).name, 60);
    if (kind == CategoryClass::Kernel || kind == CategoryClass::CpuOp)
        heading.what += QStringLiteral(", %1 family").arg(familyTitle(family).section(QLatin1Char(','), 0, 0).toLower());
    if (!heading.what.isEmpty()) heading.what[0] = heading.what[0].toUpper();
    heading.what += QStringLiteral(", ") + place(trace, trace.trackOf(slice));
    return heading;
}

DetailHeading nodeHeading(const Trace& trace, NodeId node)
{
    const EtNode& row = trace.executionTrace()->node(node);
    DetailHeading heading = named(trace.text(row.name));
    heading.what = QStringLiteral("Execution trace node %1, thread %2").arg(row.id).arg(row.tid);
    return heading;
}

QString runsText(const std::vector<DetailRun>& runs)
{
    QStringList parts;
    for (const DetailRun& run : runs)
        if (!run.text.isEmpty()) parts += run.plain.isEmpty() ? run.text : run.plain;
    return parts.join(QLatin1Char(' '));
}

} // namespace

std::span<const DetailSection> detailSections() { return kSections; }

QString relationNote(RunRelation relation)
{
    switch (relation) {
    case RunRelation::SameRun: return {};
    case RunRelation::OtherIteration:
        return QStringLiteral("from another iteration: structure and shapes carry over, times are examples");
    case RunRelation::OtherProcess:
        return QStringLiteral("from another process: structure and shapes carry over, times and captured data do not");
    case RunRelation::Unrelated: return QStringLiteral("from an unrelated trace");
    }
    return {};
}

std::vector<DetailBlock> detailBlocks(const Trace& trace, const Selection& selection, const DetailFacts& facts)
{
    std::set<std::string, std::less<>> used;
    DetailContext context{trace, selection, facts, used};
    if (trace.executionTrace()) {
        context.node = selection.node || !selection.slice ? selection.node : nodeBehind(trace, selection.slice);
        context.own = context.node && context.node == selection.node;
    }
    std::vector<DetailBlock> all;
    for (const DetailSection& section : detailSections())
        for (DetailBlock& block : section.blocks(context))
            if (!block.empty()) all.push_back(std::move(block));
    return all;
}

std::optional<DetailHeading> detailHeading(const Trace& trace, const Selection& selection)
{
    const bool timedSlice = selection.slice && trace.timeBase() != TimeBase::NodeOrder;
    if (selection.node && trace.executionTrace() && !timedSlice) return nodeHeading(trace, selection.node);
    if (selection.slice) return sliceHeading(trace, selection.slice);
    if (!selection.instant) return std::nullopt;
    DetailHeading heading = named(trace.text(trace.instants().name(selection.instant)));
    heading.what = QStringLiteral("Instant, ") + place(trace, trace.trackOf(selection.instant));
    return heading;
}

QString detailText(const DetailHeading& heading, const std::vector<DetailBlock>& blocks)
{
    QStringList lines{heading.fullName.isEmpty() ? heading.name : heading.fullName, heading.what};
    for (const DetailBlock& block : blocks) {
        lines += QString();
        lines += block.aside.isEmpty() ? block.title : block.title + QStringLiteral(": ") + block.aside;
        if (!block.note.isEmpty()) lines += QStringLiteral("  ") + block.note;
        for (const DetailLine& line : block.table.lines) {
            QStringList cells;
            for (const DetailRun& cell : line.cells) cells += runsText({cell});
            while (!cells.isEmpty() && cells.last().isEmpty()) cells.removeLast();
            lines += QStringLiteral("  ") + cells.join(QLatin1Char('\t'));
            if (!line.below.empty()) lines += QStringLiteral("    ") + runsText(line.below);
        }
        if (block.table.left > 0) lines += QStringLiteral("  … %1 more").arg(block.table.left);
        for (const DetailRow& row : block.rows) lines += QStringLiteral("  %1\t%2").arg(row.label, runsText(row.runs));
    }
    return lines.join(QLatin1Char('\n'));
}

namespace {

/// The execution trace that the node stands in and the folder of captured data and code that belongs to it.
void addNodeSource(const DetailContext& context, DetailBlock& block)
{
    if (!context.own) return;
    const EtFile& file = context.trace.executionTrace()->fileOf(context.node);
    const QString name = displayText(fileName(context.trace.sources()[file.source.index()].path));
    if (!context.isNode()) block.rows.push_back({QStringLiteral("Node from"), {words(name)}});
    const Resources* resources = context.facts.resources.get();
    if (!resources) return;
    if (!resources->exists()) {
        const bool refused = !resources->refusedFolders().empty();
        if (refused) block.rows.push_back({QStringLiteral("Resources"), {warning(QStringLiteral("the folder is a link, so it is not opened"))}});
        return;
    }
    const auto files = static_cast<std::int64_t>(resources->names().size());
    DetailRun run = files == 0   ? dim(QStringLiteral("empty"))
                    : files == 1 ? words(QStringLiteral("1 file"))
                                 : words(QStringLiteral("%1 files").arg(displayText(formatCount(files))));
    run.hint = QStringLiteral("In ") + displayText(fileName(resources->folder()));
    block.rows.push_back({QStringLiteral("Resources"), {run}});
}

} // namespace

std::vector<DetailBlock> sourceBlocks(DetailContext& context)
{
    const Trace& trace = context.trace;
    DetailBlock block{QStringLiteral("Source")};
    SourceId source;
    std::uint64_t offset = 0;
    if (context.isNode()) {
        const EtNode* node = context.row();
        if (node->sourceLength == 0) return {};
        source = trace.executionTrace()->fileOf(context.selection.node).source;
        offset = node->sourceOffset;
    } else if (context.selection.slice || context.selection.instant) {
        const bool slice = context.selection.slice.valid();
        const TrackId track = slice ? trace.trackOf(context.selection.slice) : trace.trackOf(context.selection.instant);
        const CategoryId category = slice ? trace.slices().category(context.selection.slice) : trace.instants().category(context.selection.instant);
        source = trace.process(trace.track(track).process).source;
        offset = slice ? trace.slices().sourceOffset(context.selection.slice) : trace.instants().sourceOffset(context.selection.instant);
        const std::string& name = trace.category(category).name;
        block.rows.push_back({QStringLiteral("Category"), {name.empty() ? none() : value(cutText(name, 100))}});
        block.rows.push_back({QStringLiteral("Process"), {value(displayText(trace.keyText(trace.process(trace.track(track).process).pid)))}});
        block.rows.push_back({QStringLiteral("Thread"), {value(displayText(trace.keyText(trace.track(track).tid)))}});
        if (const std::uint32_t hz = trace.track(track).sampledHz; slice && hz)
            block.rows.push_back({QStringLiteral("Sampled"), {words(QStringLiteral("%1 times a second: the length is an estimate").arg(hz))}});
        if (!slice) block.rows.push_back({QStringLiteral("Phase"), {value(displayText(std::string(1, trace.instants().phase(context.selection.instant))))}});
    }
    if (source.index() < trace.sources().size()) {
        block.rows.push_back({QStringLiteral("File"), {words(displayText(fileName(trace.sources()[source.index()].path)))}});
        block.rows.push_back({QStringLiteral("At byte"), {counted(static_cast<std::int64_t>(offset))}});
    }
    addNodeSource(context, block);
    if (context.event() && !context.event()->error.empty()) block.note = displayText(context.event()->error);
    return {block};
}

} // namespace opscope
