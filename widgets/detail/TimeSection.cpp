#include "core/base/Time.h"
#include "widgets/common/Text.h"
#include "widgets/detail/DetailValues.h"

#include <QDateTime>

namespace opscope {

namespace {

/// The ProfilerStep# around a slice on its own track; none when there is none.
SliceId stepAround(const Trace& trace, SliceId slice)
{
    for (SliceId above = trace.slices().parent(slice); above; above = trace.slices().parent(above))
        if (trace.name(above).starts_with("ProfilerStep#")) return above;
    return {};
}

/// "8.1 %", and two digits of what would read as nothing: "0.0015 %".
QString shareText(double share)
{
    if (share >= 0.001 || share <= 0) return displayText(formatShare(share));
    return QString::number(share * 100, 'g', 2) + QStringLiteral(" %");
}

/// What was repaired, or stands differently in the file; "" when nothing was.
QString repairs(std::uint8_t flags)
{
    QStringList found;
    if (flags & kUnclosed) found += QStringLiteral("it never ended in the file, so it is drawn to the end of its track");
    if (flags & kNoDuration) found += QStringLiteral("the file gives no usable duration, so it is shown with length 0");
    if (flags & kUnfinished) found += QStringLiteral("it was still running when the recording stopped");
    if (flags & kRepaired) found += QStringLiteral("its text is damaged and was read by the forgiving reader");
    if (flags & kSpilled) found += QStringLiteral("it overlaps another slice, so it is drawn in a further lane");
    QString text = found.join(QStringLiteral("; "));
    if (!text.isEmpty()) text[0] = text[0].toUpper();
    return text.isEmpty() ? text : text + QLatin1Char('.');
}

/// "2024-03-05 14:02:11.123 456 789 UTC" for traces that say when they began.
std::optional<DetailRun> clockTime(const Trace& trace, Nanos time)
{
    Nanos absolute = 0;
    if (trace.baseTime() == 0 || __builtin_add_overflow(trace.baseTime(), time, &absolute) || absolute < 0) return std::nullopt;
    const QDateTime seconds = QDateTime::fromSecsSinceEpoch(absolute / 1'000'000'000, Qt::UTC);
    const QString digits = QStringLiteral("%1").arg(absolute % 1'000'000'000, 9, 10, QLatin1Char('0'));
    const QString plain = seconds.toString(QStringLiteral("yyyy-MM-dd HH:mm:ss.")) + digits + QStringLiteral(" UTC");
    const QChar thin(0x2009);
    return value(seconds.toString(QStringLiteral("yyyy-MM-dd HH:mm:ss.")) + digits.left(3) + thin + digits.mid(3, 3) + thin +
                     digits.mid(6),
                 plain);
}

/// Between the start of the launching call and that of the device op.
void addQueued(const Trace& trace, SliceId slice, DetailBlock& block)
{
    const Link* launch = trace.links().into(slice, LinkKind::Launch);
    if (!launch) return;
    const Nanos delay = timeDifference(trace.slices().start(slice), trace.slices().start(launch->from));
    if (delay >= 0) {
        block.rows.push_back({QStringLiteral("Queued"), {timeRun(delay), dim(QStringLiteral("after its launch call"))}});
        return;
    }
    DetailRun early = timeRun(delay == INT64_MIN ? INT64_MAX : -delay);
    early.plain = displayText(formatPlain(delay));
    block.rows.push_back({QStringLiteral("Queued"), {early, warning(QStringLiteral("before its launch call: the clocks differ"))}});
}

void addDevice(const DeviceWork& work, DetailBlock& block)
{
    if (work.ops == 0) return;
    DetailRun kernels = dim(work.ops == 1 ? QStringLiteral("kernel") : QStringLiteral("kernels"));
    kernels.hint = QStringLiteral("Kernels, copies and sets; those on several streams at once count each");
    block.rows.push_back({QStringLiteral("Device"),
                          {timeRun(work.time), dim(QStringLiteral("in")), counted(static_cast<std::int64_t>(work.ops)), kernels}});
}

void addSlice(const Trace& trace, SliceId slice, DetailBlock& block)
{
    const SliceTable& slices = trace.slices();
    const Nanos duration = slices.duration(slice);
    block.rows.push_back({QStringLiteral("Start"), {timeRun(timeDifference(slices.start(slice), trace.origin()))}});
    const bool known = !(slices.flags(slice) & kNoDuration);
    block.rows.push_back({QStringLiteral("Duration"), {known ? timeRun(duration) : none()}});
    if (known && slices.selfTime(slice) != duration)
        block.rows.push_back({QStringLiteral("Self"), {timeRun(slices.selfTime(slice)), dim(QStringLiteral("without what it calls"))}});
    addQueued(trace, slice, block);
    addDevice(trace.deviceWork(slice), block);
    if (const SliceId above = slices.parent(slice))
        block.rows.push_back({QStringLiteral("Inside"), {link(cutText(trace.name(above), 200), above)}});
    if (const SliceId step = stepAround(trace, slice); step && slices.duration(step) > 0) {
        const double share = static_cast<double>(duration) / static_cast<double>(slices.duration(step));
        block.rows.push_back({QStringLiteral("In the step"),
                              {value(shareText(share)), dim(QStringLiteral("of")),
                               link(cutText(trace.name(step), 60), step)}});
    }
    if (auto clock = clockTime(trace, slices.start(slice))) block.rows.push_back({QStringLiteral("Clock, UTC"), {*clock}});
    if (const QString repaired = repairs(slices.flags(slice)); !repaired.isEmpty())
        block.rows.push_back({QStringLiteral("As read"), {warning(repaired)}});
}

/// The times of its event, when it is one.
void addNode(const Trace& trace, NodeId node, DetailBlock& block)
{
    const bool times = trace.timeBase() != TimeBase::NodeOrder;
    if (const SliceId slice = trace.sliceOf(node); times && slice) {
        addSlice(trace, slice, block);
        if (const QString note = relationNote(trace.nodeLink(node).relation); !note.isEmpty())
            block.note = QStringLiteral("Times ") + note + QLatin1Char('.');
        return;
    }
    block.note = times ? QStringLiteral("This node is no event of the timed trace, so it has no times of its own.")
                       : QStringLiteral("An execution trace alone has no times. Order of node ids.");
    addDevice(trace.deviceWork(node), block);
}

} // namespace

std::vector<DetailBlock> timeBlocks(DetailContext& context)
{
    const Trace& trace = context.trace;
    DetailBlock block{QStringLiteral("Time")};
    if (context.isNode()) {
        addNode(trace, context.selection.node, block);
    } else if (context.selection.slice) {
        addSlice(trace, context.selection.slice, block);
    } else if (context.selection.instant) {
        const Nanos time = trace.instants().time(context.selection.instant);
        block.rows.push_back({QStringLiteral("At"), {timeRun(timeDifference(time, trace.origin()))}});
        if (auto clock = clockTime(trace, time)) block.rows.push_back({QStringLiteral("Clock, UTC"), {*clock}});
    }
    return {block};
}

} // namespace opscope
