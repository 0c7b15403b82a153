#include "core/base/Time.h"
#include "core/link/LinkWalk.h"
#include "widgets/common/SliceColors.h"
#include "widgets/common/Text.h"
#include "widgets/detail/DetailValues.h"

#include <algorithm>

namespace opscope {

namespace {

using Role = LinkedThing::Role;
constexpr std::size_t kFew = 12;         // rows before "… 488 more"
constexpr std::size_t kUnfolded = 500;

QString roleName(Role role)
{
    switch (role) {
    case Role::LaunchedBy: return QStringLiteral("Operator");
    default: return displayText(title(role));
    }
}

bool isDeviceOp(CategoryClass kind)
{
    return kind == CategoryClass::Kernel || kind == CategoryClass::Memcpy || kind == CategoryClass::Memset;
}

bool isOperator(CategoryClass kind) { return kind == CategoryClass::CpuOp || kind == CategoryClass::UserAnnotation; }

/// What the method means, for the tool tip of the tag.
QString hintOf(const LinkedThing& thing)
{
    const QString by = QStringLiteral("How this is known: ") + displayText(title(thing.method));
    switch (thing.confidence) {
    case LinkConfidence::Exact: return by + QStringLiteral(". Exact.");
    case LinkConfidence::Inferred: return by + QStringLiteral(". Inferred: no id in the file says so.");
    case LinkConfidence::Ambiguous: return by + QStringLiteral(". A guess: one of several answers.");
    }
    return by;
}

/// As short as a tag must be; the tool tip says it in full.
QString tagOf(LinkMethod method)
{
    switch (method) {
    case LinkMethod::ExternalId: return QStringLiteral("ext id");
    case LinkMethod::ExternalIdAsRf: return QStringLiteral("ext id = rf id");
    default: return displayText(title(method));
    }
}

DetailRun methodTag(const LinkedThing& thing)
{
    const QString method = tagOf(thing.method);
    const bool guess = thing.confidence == LinkConfidence::Ambiguous;
    DetailRun tag = tagged(guess ? QStringLiteral("guess, ") + method : method,
                           thing.confidence == LinkConfidence::Exact ? Tag::Solid : Tag::Open);
    tag.hint = hintOf(thing);
    return tag;
}

/// How far apart, seen from the selected thing: what came earlier is negative.
DetailRun delayRun(const LinkedThing& thing)
{
    const Nanos signedDelay = thing.ahead ? thing.delay : thing.delay == INT64_MIN ? INT64_MAX : -thing.delay;
    DetailRun run = durationRun(signedDelay);
    if (signedDelay > 0) run.text.prepend(QLatin1Char('+'));
    run.text.replace(QLatin1Char('-'), QChar(0x2212));
    run.hint = signedDelay < 0 ? QStringLiteral("It started that long before") : QStringLiteral("It started that long after");
    return run;
}

/// Things that lie elsewhere in time say how far away, the others how long they took.
bool showsDelay(Role role)
{
    return role == Role::Forward || role == Role::Backward || role == Role::Waits || role == Role::Recorded || role == Role::FlowFrom ||
           role == Role::FlowTo || role == Role::OtherRank;
}

/// Forward and backward links of what carries none itself: whose they are, for from there the delay counts.
QString inheritedFrom(const Trace& trace, SliceId slice, const LinkedThing& thing)
{
    const bool inherits = thing.role == Role::Forward || thing.role == Role::Backward;
    if (!inherits || thing.carrier == slice) return {};
    const SliceTable& slices = trace.slices();
    const QString name = cutText(shortName(trace.name(thing.carrier)), 100);
    if (trace.trackOf(thing.carrier) != trace.trackOf(slice)) return QStringLiteral("of %1, which it works for").arg(name);
    const bool around = slices.start(thing.carrier) <= slices.start(slice) && slices.end(thing.carrier) >= slices.end(slice);
    return around ? QStringLiteral("of %1 around it").arg(name) : QStringLiteral("of %1 inside it").arg(name);
}

DetailLine lineOf(const DetailContext& context, SliceId selected, const LinkedThing& thing)
{
    const Trace& trace = context.trace;
    const bool times = trace.timeBase() == TimeBase::Nanoseconds;
    DetailLine line;
    line.cells = {dim(roleName(thing.role)), thing.node ? marked(trace, thing.node) : marked(trace, thing.slice), {}, methodTag(thing)};
    if (thing.role == Role::Node) {
        line.cells[2] = number(trace.executionTrace()->node(thing.node).id);
        if (const QString note = relationNote(trace.nodeLink(thing.node).relation); !note.isEmpty()) line.below = {dim(note)};
    } else if (times) {
        line.cells[2] = showsDelay(thing.role) ? delayRun(thing) : durationRun(trace.slices().duration(thing.slice));
    }
    if (const QString whose = inheritedFrom(trace, selected, thing); !whose.isEmpty()) line.below = {dim(whose)};
    const bool skewed = (thing.role == Role::Call || thing.role == Role::Launches) && thing.delay < 0;
    if (skewed && times) {
        const QString gap = displayText(formatDuration(thing.delay == INT64_MIN ? INT64_MAX : -thing.delay));
        line.below = {warning(thing.ahead ? QStringLiteral("It starts %1 before this call: the clocks differ.").arg(gap)
                                          : QStringLiteral("This starts %1 before its call: the clocks differ.").arg(gap))};
    }
    return line;
}

/// What could be there and is not, and why.
struct Missing
{
    QString label, why;
    bool counted = true;   ///< false: nothing in the files promises it
};

struct ReasonWords
{
    std::string_view id;
    const char* text;
};
/// The reasons of the link report, said of one thing. The report counts them: "128 device spans were launched before ...".
constexpr ReasonWords kReasons[] = {
    {"launched-before-recording", "it was launched before the recording began"},
    {"call-missing", "the recording has lost it"},
    {"no-correlation", "work of the hardware itself"},
    {"no-call", "unknown without its call"},
    {"foreign-lane", "launched on a thread without operators, and none is guessed"},
    {"outside-operators", "launched outside of all operators"},
    {"device-record-missing", "the record of the device is missing"},
    {"device-after-recording", "it ran behind the recording, or on no device"},
    {"forward-outside-recording", "it ran outside of the recording"},
    {"annotation-missing", "none of the recording has its id"},
    {"unfinished-scope", "the scope never ended"},
    {"no-record-function", "it has no record function id"},
    {"outside-recording", "it began before or behind the recording of the timeline"},
    {"open-at-edge", "it was open when a recording began or ended"},
    {"name-differs", "the event with its id has another name"},
    {"event-taken", "the event is linked to another execution trace"},
};

QString sayOf(const LinkReason& reason)
{
    const auto known = std::ranges::find(kReasons, std::string_view(reason.id), &ReasonWords::id);
    return known == std::end(kReasons) ? displayText(reason.text) : QString::fromLatin1(known->text);
}

/// The reason under which a thing is listed; "" when it is listed under none.
QString reasonOf(std::span<const LinkReason> reasons, LinkPlace place)
{
    for (const LinkReason& reason : reasons)
        if (reason.unmatched && std::ranges::find(reason.places, place) != reason.places.end()) return sayOf(reason);
    return {};
}

QString reported(const Trace& trace, std::string_view row, LinkPlace place)
{
    const LinkCount* count = trace.links().count(row);
    return count ? reasonOf(count->reasons, place) : QString();
}

QString joined(const QString& what, const QString& why) { return why.isEmpty() ? what : what + QStringLiteral(": ") + why; }

Missing missingCall(const Trace& trace, SliceId slice)
{
    const std::int64_t correlation = trace.slices().arg(slice, ArgField::Correlation);
    const QString what = correlation == BlockColumn::kNone ? QStringLiteral("no correlation in the file")
                                                           : QStringLiteral("no call with correlation %1").arg(correlation);
    return {QStringLiteral("Call"), joined(what, reported(trace, "device_to_call", {slice, {}}))};
}

Missing missingNode(const Trace& trace, SliceId slice, SliceId op)
{
    const QString label = QStringLiteral("Node");
    if (!trace.executionTrace()) return {label, QStringLiteral("no execution trace is open"), false};
    const SourceId source = trace.process(trace.track(trace.trackOf(slice)).process).source;
    const auto pairings = trace.links().pairings();
    auto pairing = std::ranges::find(pairings, source, &EtPairing::kineto);
    if (pairing == pairings.end()) pairing = pairings.begin();
    if (pairing == pairings.end() || pairing->relation == RunRelation::Unrelated)
        return {label, joined(QStringLiteral("the execution trace is of another run"), pairing != pairings.end() ? displayText(pairing->sentence) : QString()),
                false};
    if (!op) return {label, QStringLiteral("unknown without its operator")};
    return {label, joined(op == slice ? QStringLiteral("none is this event") : QStringLiteral("none is its operator"),
                          reported(trace, "node_to_event", {op, {}}))};
}

bool has(const std::vector<LinkedThing>& things, Role role)
{
    return std::ranges::any_of(things, [role](const LinkedThing& thing) { return thing.role == role; });
}

std::vector<Missing> missingOfSlice(const Trace& trace, SliceId slice, const std::vector<LinkedThing>& things)
{
    std::vector<Missing> missing;
    const CategoryClass kind = trace.kindOf(slice);
    const bool device = isDeviceOp(kind);
    if (device && !has(things, Role::Call)) missing.push_back(missingCall(trace, slice));
    if (device && !has(things, Role::LaunchedBy))
        missing.push_back({QStringLiteral("Operator"), joined(QStringLiteral("none found"), reported(trace, "device_to_op", {slice, {}}))});
    if ((device || isOperator(kind)) && !has(things, Role::Node))
        missing.push_back(missingNode(trace, slice, device ? trace.operatorOf(slice) : slice));
    const std::int64_t number = trace.slices().arg(slice, ArgField::SequenceNumber);
    if (trace.slices().arg(slice, ArgField::FwdThreadId) > 0 && number != BlockColumn::kNone && !has(things, Role::Forward))
        missing.push_back({QStringLiteral("Forward"), joined(QStringLiteral("none with sequence number %1").arg(number),
                                                             reported(trace, "backward_to_forward", {slice, {}}))});
    if (kind == CategoryClass::GpuAnnotation && !has(things, Role::HostAnnotation))
        missing.push_back({QStringLiteral("Annotation"), joined(QStringLiteral("none on the host"),
                                                                reported(trace, "gpu_annotation_to_annotation", {slice, {}}))});
    if (kind == CategoryClass::Sync && !has(things, Role::Call))
        missing.push_back({QStringLiteral("Call"), joined(QStringLiteral("none found"), reported(trace, "sync_to_call", {slice, {}}))});
    if (const QString why = reported(trace, "call_to_device", {slice, {}}); !why.isEmpty() && !has(things, Role::Launches))
        missing.push_back({QStringLiteral("Launches"), joined(QStringLiteral("nothing"), why)});
    return missing;
}

std::vector<Missing> missingOfNode(const Trace& trace, NodeId node)
{
    const QString label = QStringLiteral("Event");
    const ExecutionTrace& et = *trace.executionTrace();
    if (trace.timeBase() == TimeBase::NodeOrder) return {{label, QStringLiteral("no timed trace is open"), false}};
    if (et.node(node).rfId == 0 && (et.node(node).synthetic || trace.text(et.node(node).name).starts_with("[pytorch|profiler|")))
        return {}; // process and thread nodes are no events
    const EtPairing* pairing = trace.links().pairing(et.fileOf(node).source);
    if (!pairing || pairing->relation == RunRelation::Unrelated)
        return {{label, joined(QStringLiteral("the timed trace is of another run"), pairing ? displayText(pairing->sentence) : QString()), false}};
    const QString why = reasonOf(pairing->reasons, {{}, node});
    return {{label, joined(QStringLiteral("none in the timed trace"), why)}};
}

DetailLine lineOf(const Missing& missing)
{
    return {{dim(missing.label), dim(missing.why)}};
}

QString counts(std::uint64_t found, std::uint64_t wanted)
{
    const auto text = [](std::uint64_t n) { return displayText(formatCount(static_cast<std::int64_t>(n))); };
    return wanted == 0 ? QString() : QStringLiteral("%1 of %2 found").arg(text(found), text(wanted));
}

} // namespace

std::vector<DetailBlock> linkBlocks(DetailContext& context)
{
    const Trace& trace = context.trace;
    const bool node = context.isNode();
    if (!node && !context.selection.slice) return {};
    const SliceId selected = node ? trace.sliceOf(context.selection.node) : context.selection.slice;
    const std::size_t limit = context.unfolded("links") ? kUnfolded : kFew;
    std::uint64_t total = 0;
    std::vector<LinkedThing> things = node ? linkedThings(trace, context.selection.node, limit, &total)
                                           : linkedThings(trace, context.selection.slice, limit, &total);
    total -= std::erase_if(things, [&](const LinkedThing& thing) { return thing.node && thing.node == context.selection.node && node; });
    const std::vector<Missing> missing = !node ? missingOfSlice(trace, context.selection.slice, things)
                                         : selected && trace.timeBase() != TimeBase::NodeOrder
                                             ? std::vector<Missing>{}
                                             : missingOfNode(trace, context.selection.node);
    DetailBlock block{QStringLiteral("Links")};
    block.table.bare = block.table.loose = true;
    block.table.columns = {{}, {{}, false, true, true}, {{}, true}, {{}, true}};
    for (const LinkedThing& thing : things)
        if (block.table.lines.size() < limit) block.table.lines.push_back(lineOf(context, selected, thing));
    std::uint64_t wanted = total;
    for (const Missing& one : missing) wanted += one.counted;
    block.aside = counts(total, wanted);
    block.table.left = total - block.table.lines.size();
    if (limit == kFew) block.table.more = "more:links";
    block.table.leftNote = QStringLiteral("the keys ] and [ walk them all");
    for (const Missing& one : missing) block.table.lines.push_back(lineOf(one));
    return {block};
}

} // namespace opscope
