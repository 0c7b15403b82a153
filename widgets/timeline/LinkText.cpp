#include "widgets/timeline/LinkText.h"

#include "widgets/common/Text.h"

#include <algorithm>

namespace opscope {
namespace {

using Role = LinkedThing::Role;

QString length(const Trace& trace, Nanos delay)
{
    const Nanos size = delay == INT64_MIN ? INT64_MAX : delay < 0 ? -delay : delay;
    if (trace.timeBase() != TimeBase::NodeOrder) return displayText(formatDuration(size));
    return size == 1 ? QStringLiteral("1 node") : QStringLiteral("%1 nodes").arg(displayText(formatCount(size)));
}

} // namespace

QString delayText(const Trace& trace, Nanos delay, bool ahead)
{
    if (delay < 0) return QStringLiteral("%1 too early: the clocks differ").arg(length(trace, delay));
    return QStringLiteral("%1 %2").arg(length(trace, delay), ahead ? QStringLiteral("later") : QStringLiteral("earlier"));
}

QString linkText(const Trace& trace, const LinkedThing& thing, const SliceNamer& name)
{
    QString text = displayText(title(thing.role));
    if (thing.slice) text += QStringLiteral(" %1, %2").arg(name(thing.slice), delayText(trace, thing.delay, thing.ahead));
    if (thing.confidence == LinkConfidence::Ambiguous) text += QStringLiteral(", guess");
    return text;
}

QStringList causeLines(const Trace& trace, SliceId slice, const SliceNamer& name)
{
    QStringList lines;
    const std::vector<LinkedThing> things = linkedThings(trace, slice, 0);
    const auto first = [&](Role role) {
        const auto it = std::ranges::find(things, role, &LinkedThing::role);
        return it == things.end() ? nullptr : &*it;
    };
    const LinkedThing* call = first(Role::Call);
    const LinkedThing* op = first(Role::LaunchedBy);
    const LinkedThing* cause = op ? op : call;
    const CategoryClass kind = trace.kindOf(slice);
    const bool inside = kind == CategoryClass::Runtime || kind == CategoryClass::Driver; // what calls it encloses it: seen already
    if (cause && !inside) {
        const bool skewed = cause->delay < 0;
        lines << QStringLiteral("launched by %1%2").arg(name(cause->slice), skewed ? QString() : QStringLiteral(", ") + delayText(trace, cause->delay, false));
        const LinkedThing* launch = call ? call : op;
        if (launch->delay < 0) lines << QStringLiteral("starts %1 before its launch: the clocks differ").arg(length(trace, launch->delay));
    }
    if (const LinkedThing* forward = first(Role::Forward))
        lines << QStringLiteral("forward %1, %2").arg(name(forward->slice), delayText(trace, forward->delay, false));
    return lines;
}

} // namespace opscope
