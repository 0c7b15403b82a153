#include "widgets/table/AggregateWords.h"

#include "widgets/common/Text.h"
#include "widgets/timeline/TimeTicks.h"

#include <QStringList>

#include <algorithm>

namespace opscope {

namespace {

bool countsNodes(const Trace& trace) { return trace.timeBase() == TimeBase::NodeOrder; }

bool onDevice(Population population)
{
    return population == Population::Kernels || population == Population::DeviceOps || population == Population::Memory;
}

/// A thousandth of the range or finer, in whole groups of digits.
Nanos resolutionOf(TimeRange range)
{
    Nanos step = 1;
    while (step < 1'000'000'000 && static_cast<std::uint64_t>(step) * 1'000'000 <= range.length()) step *= 1000;
    return step;
}

} // namespace

QString title(Population population)
{
    switch (population) {
    case Population::All: return QStringLiteral("All");
    case Population::Kernels: return QStringLiteral("Kernels");
    case Population::DeviceOps: return QStringLiteral("Device ops");
    case Population::Operators: return QStringLiteral("Operators");
    case Population::Runtime: return QStringLiteral("Runtime");
    case Population::Memory: return QStringLiteral("Memory");
    case Population::Annotations: return QStringLiteral("Annotations");
    case Population::Python: return QStringLiteral("Python");
    }
    return {};
}

QString oneOf(Population population)
{
    switch (population) {
    case Population::All: return QStringLiteral("slice");
    case Population::Kernels: return QStringLiteral("kernel");
    case Population::DeviceOps: return QStringLiteral("device op");
    case Population::Operators: return QStringLiteral("operator");
    case Population::Runtime: return QStringLiteral("runtime call");
    case Population::Memory: return QStringLiteral("memory copy or set");
    case Population::Annotations: return QStringLiteral("annotation");
    case Population::Python: return QStringLiteral("Python function");
    }
    return {};
}

QString nameHead(Population population, bool isNodes)
{
    if (isNodes) return QStringLiteral("Node");
    switch (population) {
    case Population::All: return QStringLiteral("Name");
    case Population::Kernels: return QStringLiteral("Kernel");
    case Population::DeviceOps: return QStringLiteral("Device op");
    case Population::Operators: return QStringLiteral("Operator");
    case Population::Runtime: return QStringLiteral("Call");
    case Population::Memory: return QStringLiteral("Copy or set");
    case Population::Annotations: return QStringLiteral("Annotation");
    case Population::Python: return QStringLiteral("Function");
    }
    return {};
}

QString headOf(GroupBy by, Population population, bool isNodes)
{
    switch (by) {
    case GroupBy::Name:
    case GroupBy::ShortName: return nameHead(population, isNodes);
    case GroupBy::Shapes: return QStringLiteral("Input shapes");
    case GroupBy::Category: return QStringLiteral("Category");
    case GroupBy::Family: return QStringLiteral("Family");
    case GroupBy::Track: return QStringLiteral("Track");
    case GroupBy::Process: return QStringLiteral("Process");
    case GroupBy::Device: return QStringLiteral("Device");
    case GroupBy::Stream: return QStringLiteral("Stream");
    case GroupBy::Rank: return QStringLiteral("Rank");
    }
    return {};
}

QString titleOf(const std::vector<GroupBy>& by)
{
    QStringList parts;
    for (const GroupBy one : by) {
        const QString word = one == GroupBy::Name        ? QStringLiteral("Name")
                             : one == GroupBy::ShortName ? QStringLiteral("Short name")
                                                         : headOf(one, Population::All, false);
        parts << (parts.isEmpty() ? word : word.toLower());
    }
    return parts.join(QStringLiteral(", "));
}

QString title(AggregateColumn column)
{
    switch (column) {
    case AggregateColumn::Key: return QStringLiteral("Name");
    case AggregateColumn::Second: return QStringLiteral("Second");
    case AggregateColumn::Calls: return QStringLiteral("Calls");
    case AggregateColumn::Total: return QStringLiteral("Total");
    case AggregateColumn::Share: return QStringLiteral("Share");
    case AggregateColumn::Self: return QStringLiteral("Self");
    case AggregateColumn::Mean: return QStringLiteral("Mean");
    case AggregateColumn::Median: return QStringLiteral("Median");
    case AggregateColumn::P99: return QStringLiteral("p99");
    case AggregateColumn::Min: return QStringLiteral("Min");
    case AggregateColumn::Max: return QStringLiteral("Max");
    case AggregateColumn::Device: return QStringLiteral("Device");
    case AggregateColumn::Count_: break;
    }
    return {};
}

QString explained(AggregateColumn column)
{
    switch (column) {
    case AggregateColumn::Key:
    case AggregateColumn::Second: return {};
    case AggregateColumn::Calls: return QStringLiteral("How many slices");
    case AggregateColumn::Total: return QStringLiteral("Sum of their durations; what is nested counts in its callers too");
    case AggregateColumn::Share: return QStringLiteral("Part of the total of all rows");
    case AggregateColumn::Self: return QStringLiteral("Time without what runs inside on the same track");
    case AggregateColumn::Mean: return QStringLiteral("Total divided by calls");
    case AggregateColumn::Median: return QStringLiteral("Half of the slices are not longer");
    case AggregateColumn::P99: return QStringLiteral("99 % of the slices are not longer");
    case AggregateColumn::Min: return QStringLiteral("The shortest");
    case AggregateColumn::Max: return QStringLiteral("The longest");
    case AggregateColumn::Device: return QStringLiteral("What devices did for these slices and for what is inside them");
    case AggregateColumn::Count_: break;
    }
    return {};
}

QString counted(std::uint64_t count, const char* one, const char* many)
{
    return displayText(formatCount(static_cast<std::int64_t>(count))) + QLatin1Char(' ') + QLatin1String(count == 1 ? one : many);
}

QString rangeText(TimeRange range, const Trace& trace)
{
    const QString dash = QStringLiteral(" – ");
    if (countsNodes(trace))
        return QStringLiteral("nodes ") + displayText(formatCount(range.start)) + dash + displayText(formatCount(range.end));
    const Nanos resolution = resolutionOf(range);
    QString from = displayText(formatAxis(sinceOrigin(range.start, trace.origin()), resolution));
    const QString to = displayText(formatAxis(sinceOrigin(range.end, trace.origin()), resolution));
    const QString unit = to.mid(to.lastIndexOf(QLatin1Char(' ')));
    if (from.endsWith(unit)) from.chop(unit.size());
    return from + dash + to;
}

QString totalText(const AggregateAnswer& answer, Population population)
{
    if (!answer.table || countsNodes(*answer.trace)) return {};
    return durationText(onDevice(population) ? answer.table->total : answer.table->self) + QLatin1Char(' ') +
           (onDevice(population) ? QStringLiteral("of device time") : QStringLiteral("of own time"));
}

QString emptyText(const AggregateAnswer& answer, const AggregateAsk& ask, bool isView)
{
    const QString where = !ask.range ? QStringLiteral("this trace") : isView ? QStringLiteral("view") : QStringLiteral("this range");
    const bool behindFilter = ask.matches != nullptr;
    QString text = QStringLiteral("No %1 in %2").arg(oneOf(ask.population), where);
    text += behindFilter ? QStringLiteral(" matches the filter.") : QStringLiteral(".");
    if (answer.idle && onDevice(ask.population))
        text += (answer.devices > 1 ? QStringLiteral(" The GPUs were idle for %1.") : QStringLiteral(" The GPU was idle for %1."))
                    .arg(durationText(static_cast<std::int64_t>(std::min<std::uint64_t>(*answer.idle, INT64_MAX))));
    return text;
}

QString placeText(const Trace& trace, SliceId slice)
{
    const Nanos start = trace.slices().start(slice);
    if (countsNodes(trace)) return QStringLiteral("node ") + displayText(formatCount(start));
    return QStringLiteral("at ") + displayText(formatExact(sinceOrigin(start, trace.origin())));
}

QString durationText(std::int64_t duration) { return displayText(formatDuration(duration)); }

} // namespace opscope
