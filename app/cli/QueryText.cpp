#include "app/cli/QueryText.h"

#include "app/cli/TextTable.h"
#include "core/base/StringPool.h"

#include <algorithm>
#include <array>

namespace opscope {
namespace {

constexpr std::array<std::string_view, 10> kTitles{"Name", "Kernel", "Input shapes", "Category", "Family", "Track", "Process", "Device", "Stream", "Rank"};
constexpr std::size_t kBarWidth = 40;

/// What keys may take of a line, together.
std::size_t keyWidth(std::size_t keys) { return std::max<std::size_t>(20, keys == 1 ? 60 : 90 / keys); }

std::string shown(std::string_view text, std::size_t width)
{
    return text.empty() ? "\u2013" : elided(withoutControls(text), width);
}

/// Durations, or counts of nodes where there is no time.
std::string amount(const Trace& trace, std::int64_t value)
{
    return trace.timeBase() == TimeBase::NodeOrder ? formatCount(value) : formatDuration(value);
}

std::string plural(std::uint64_t count, std::string_view one, std::string_view many)
{
    return formatCount(static_cast<std::int64_t>(count)) + " " + std::string(count == 1 ? one : many);
}

std::int64_t sinceFirst(const Trace& trace, Nanos time)
{
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(time) - static_cast<std::uint64_t>(trace.extent().start));
}

std::string when(const Trace& trace, Nanos time)
{
    const std::int64_t since = sinceFirst(trace, time);
    return trace.timeBase() == TimeBase::NodeOrder ? formatCount(since) : formatExact(since);
}

std::vector<std::string> cells(const Trace& trace, const Aggregates& table, const AggregateRow& row, bool withDevice)
{
    std::vector<std::string> out;
    for (const std::string& key : row.keys) out.push_back(shown(key, keyWidth(row.keys.size())));
    out.push_back(formatCount(static_cast<std::int64_t>(row.count)));
    out.push_back(amount(trace, row.total));
    out.push_back(formatShare(table.share(row)));
    out.push_back(amount(trace, row.self));
    out.push_back(amount(trace, static_cast<std::int64_t>(row.mean())));
    for (const std::int64_t figure : {row.median, row.p99, row.min, row.max}) out.push_back(amount(trace, figure));
    if (withDevice) out.push_back(row.device.ops ? formatDuration(row.device.time) : "\u2013");
    return out;
}

/// Below the table: what it is of, and what was left out of it.
std::string footer(const Trace& trace, const Aggregates& table, std::size_t shownRows)
{
    std::string line = plural(table.rows.size(), "row", "rows") + " of " + plural(table.slices, "slice", "slices") + ", " + amount(trace, table.total) +
                       (trace.timeBase() == TimeBase::NodeOrder ? " nodes" : "") + " in all, " + amount(trace, table.self) + " self";
    if (shownRows < table.rows.size())
        line += "; " + formatCount(static_cast<std::int64_t>(table.rows.size() - shownRows)) + " more with --limit 0";
    if (table.beyondRange)
        line += "; " + plural(table.beyondRange, "slice sticks out of the range and counts", "slices stick out of the range and count") + " whole";
    return line;
}

} // namespace

std::vector<std::string> aggregatesText(const Trace& trace, const Aggregates& table, std::span<const AggregateRow> rows, const Console& console)
{
    using Align = TextTable::Align;
    // Of device ops it would only repeat their totals.
    const bool withDevice = std::ranges::any_of(table.rows, [](const AggregateRow& row) { return row.device.ops > 0 && row.device.time != row.total; });
    std::vector<Align> columns(table.by.size(), Align::Left);
    columns.resize(table.by.size() + 9 + withDevice, Align::Right);
    std::vector<std::string> head;
    for (const GroupBy by : table.by) head.emplace_back(kTitles[static_cast<std::size_t>(by)]);
    for (const char* title : {"Count", "Total", "Share", "Self", "Mean", "Median", "P99", "Min", "Max"}) head.emplace_back(title);
    if (withDevice) head.emplace_back("Device");
    TextTable text(columns);
    text.add(head);
    for (const AggregateRow& row : rows) text.add(cells(trace, table, row, withDevice));
    std::vector<std::string> lines = text.lines();
    lines.front() = console.bold(lines.front());
    lines.push_back(console.dim(footer(trace, table, rows.size())));
    return lines;
}

std::string sliceText(const Trace& trace, SliceId slice)
{
    const auto right = [](const std::string& text, std::size_t width) {
        const std::size_t used = displayWidth(text);
        return std::string(used < width ? width - used : 0, ' ') + text;
    };
    return right(when(trace, trace.slices().start(slice)), 18) + "  " + right(amount(trace, trace.slices().duration(slice)), 10) + "  " +
           padded(shown(trace.trackName(trace.trackOf(slice)), 24), 24) + "  " + withoutControls(trace.name(slice)) + "  " +
           withoutControls(trace.category(trace.slices().category(slice)).name);
}

std::vector<std::string> histogramText(const Trace& trace, const DurationHistogram& h, const Console& console)
{
    if (h.counts.empty()) return {};
    using Align = TextTable::Align;
    TextTable bins({Align::Right, Align::Right, Align::Right, Align::Left});
    bins.add({"From", "to", "Count", h.logarithmic ? "(bins grow with the duration)" : ""});
    const std::uint64_t most = std::max<std::uint64_t>(1, *std::ranges::max_element(h.counts));
    std::uint64_t all = 0;
    for (std::size_t i = 0; i < h.counts.size(); ++i) {
        const auto width = static_cast<std::size_t>((h.counts[i] * kBarWidth + most - 1) / most);
        std::string bar;
        for (std::size_t k = 0; k < width; ++k) bar += "\u2588";
        bins.add({amount(trace, h.edges[i]), amount(trace, h.edges[i + 1]), formatCount(static_cast<std::int64_t>(h.counts[i])), bar});
        all += h.counts[i];
    }
    std::vector<std::string> lines = bins.lines();
    lines.front() = console.bold(lines.front());
    lines.push_back(plural(all, "slice", "slices") + ", median " + amount(trace, h.median) + ", p95 " + amount(trace, h.p95) + ", p99 " + amount(trace, h.p99));
    lines.push_back("");
    lines.push_back(console.bold("Slowest"));
    for (std::size_t i = 0; i < std::min<std::size_t>(h.slowest.size(), 10); ++i) lines.push_back(sliceText(trace, h.slowest[i]));
    return lines;
}

} // namespace opscope
