#include "core/query/AggregateTable.h"

#include "core/base/Path.h"

#include <algorithm>
#include <array>

namespace opscope {
namespace {

constexpr std::array<std::string_view, 10> kSorts{"total", "self", "count", "mean", "median", "p99", "min", "max", "device", "name"};
constexpr std::size_t kPiece = 256 * 1024; // bytes handed on at once

/// Counts from the first event, as filters do. Times of a trace lie at most 2^64 apart, so this may turn round only where they do.
std::int64_t sinceFirst(const Trace& trace, Nanos time)
{
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(time) - static_cast<std::uint64_t>(trace.extent().start));
}

/// Rows in, pieces out.
class Pieces
{
public:
    Pieces(TableFormat format, std::vector<std::string> columns, const TextSink& sink) : m_writer(format, std::move(columns)), m_sink(sink)
    {
        m_writer.begin(m_text);
    }
    bool row(std::span<const Cell> cells)
    {
        m_writer.row(cells, m_text);
        return m_text.size() < kPiece || flush();
    }
    bool end(std::span<const TableWriter::Member> beside)
    {
        m_writer.end(beside, m_text);
        return flush();
    }

private:
    bool flush()
    {
        const bool more = m_sink(m_text);
        m_text.clear();
        return more;
    }
    TableWriter m_writer;
    const TextSink& m_sink;
    std::string m_text;
};

using Members = std::vector<TableWriter::Member>;

Members scopeMembers(const Trace& trace, const TableScope& scope)
{
    Members out{{"population", Cell(std::string(id(scope.population)))}, {"filter", Cell(scope.filter)}};
    Cell from, to;
    if (scope.range) {
        from = sinceFirst(trace, scope.range->start);
        to = sinceFirst(trace, scope.range->end);
    }
    out.push_back({"range_start_ns", from});
    out.push_back({"range_end_ns", to});
    std::vector<std::string> files;
    for (const SourceFile& source : trace.sources()) files.push_back(fileName(source.path));
    out.push_back({"files", files});
    return out;
}

/// "_ns", or what a trace counts in that knows no time.
std::string unit(const Trace& trace) { return trace.timeBase() == TimeBase::NodeOrder ? "_nodes" : "_ns"; }

} // namespace

std::string_view id(AggregateSort sort) { return kSorts[static_cast<std::size_t>(sort)]; }

std::optional<AggregateSort> aggregateSortById(std::string_view text)
{
    for (std::size_t i = 0; i < kSorts.size(); ++i)
        if (kSorts[i] == text) return static_cast<AggregateSort>(i);
    return std::nullopt;
}

void sortRows(std::span<AggregateRow> rows, AggregateSort sort)
{
    const auto largestFirst = [rows](auto figure) {
        std::ranges::stable_sort(rows, [&](const AggregateRow& a, const AggregateRow& b) { return figure(a) > figure(b); });
    };
    switch (sort) {
    case AggregateSort::Total: return largestFirst([](const AggregateRow& r) { return r.total; });
    case AggregateSort::Self: return largestFirst([](const AggregateRow& r) { return r.self; });
    case AggregateSort::Count: return largestFirst([](const AggregateRow& r) { return r.count; });
    case AggregateSort::Mean: return largestFirst([](const AggregateRow& r) { return r.mean(); });
    case AggregateSort::Median: return largestFirst([](const AggregateRow& r) { return r.median; });
    case AggregateSort::P99: return largestFirst([](const AggregateRow& r) { return r.p99; });
    case AggregateSort::Min: return largestFirst([](const AggregateRow& r) { return r.min; });
    case AggregateSort::Max: return largestFirst([](const AggregateRow& r) { return r.max; });
    case AggregateSort::Device: return largestFirst([](const AggregateRow& r) { return r.device.time; });
    case AggregateSort::Key:
        std::ranges::stable_sort(rows, [](const AggregateRow& a, const AggregateRow& b) { return a.keys < b.keys; });
        return;
    }
}

std::vector<std::string> aggregateColumns(const Trace& trace, const Aggregates& table)
{
    std::vector<std::string> out;
    for (const GroupBy by : table.by) out.emplace_back(id(by));
    out.emplace_back("count");
    for (const char* figure : {"total", "self", "mean", "median", "p99", "min", "max"}) out.push_back(figure + unit(trace));
    for (const char* column : {"share", "device_ops", "device_ns"}) out.emplace_back(column);
    return out;
}

std::vector<Cell> aggregateCells(const Aggregates& table, const AggregateRow& row)
{
    std::vector<Cell> out(row.keys.begin(), row.keys.end());
    out.insert(out.end(), {row.count, row.total, row.self, row.mean(), row.median, row.p99, row.min, row.max, table.share(row), row.device.ops,
                           row.device.time});
    return out;
}

bool writeAggregates(const Trace& trace, const Aggregates& table, std::span<const AggregateRow> rows, const TableScope& scope,
                     TableFormat format, const TextSink& sink)
{
    Pieces pieces(format, aggregateColumns(trace, table), sink);
    for (const AggregateRow& row : rows)
        if (!pieces.row(aggregateCells(table, row))) return false;
    Members beside;
    std::vector<std::string> by;
    for (const GroupBy key : table.by) by.emplace_back(id(key));
    beside.push_back({"by", by});
    for (auto& member : scopeMembers(trace, scope)) beside.push_back(std::move(member));
    beside.push_back({"groups", Cell(std::uint64_t{table.rows.size()})});
    beside.push_back({"slices", Cell(table.slices)});
    beside.push_back({"total" + unit(trace), Cell(table.total)});
    beside.push_back({"self" + unit(trace), Cell(table.self)});
    beside.push_back({"beyond_range", Cell(table.beyondRange)});
    beside.push_back({"saturated", Cell(table.saturated)});
    return pieces.end(beside);
}

std::vector<std::string> sliceColumns(const Trace& trace)
{
    return {trace.timeBase() == TimeBase::NodeOrder ? "start_node" : "start_ns", "duration" + unit(trace), "track", "process", "name", "cat"};
}

std::vector<Cell> sliceCells(const Trace& trace, SliceId slice)
{
    const TrackId track = trace.trackOf(slice);
    const ProcessId process = trace.track(track).process;
    return {sinceFirst(trace, trace.slices().start(slice)), trace.slices().duration(slice), trace.trackName(track),
            process ? trace.processName(process) : std::string(), std::string(trace.name(slice)),
            trace.category(trace.slices().category(slice)).name};
}

bool writeSlices(const Trace& trace, std::span<const SliceId> slices, const TableScope& scope, TableFormat format, const TextSink& sink)
{
    Pieces pieces(format, sliceColumns(trace), sink);
    for (const SliceId slice : slices)
        if (!pieces.row(sliceCells(trace, slice))) return false;
    Members beside = scopeMembers(trace, scope);
    beside.push_back({"slices", Cell(std::uint64_t{slices.size()})});
    return pieces.end(beside);
}

bool writeHistogram(const Trace& trace, const DurationHistogram& histogram, const TableScope& scope, TableFormat format, const TextSink& sink)
{
    Pieces pieces(format, {"from" + unit(trace), "to" + unit(trace), "count"}, sink);
    for (std::size_t i = 0; i < histogram.counts.size(); ++i)
        if (!pieces.row(std::array<Cell, 3>{histogram.edges[i], histogram.edges[i + 1], histogram.counts[i]})) return false;
    Members beside = scopeMembers(trace, scope);
    beside.push_back({"logarithmic", Cell(histogram.logarithmic)});
    for (const auto& [name, value] : {std::pair{"median", histogram.median}, std::pair{"p95", histogram.p95}, std::pair{"p99", histogram.p99}})
        beside.push_back({name + unit(trace), histogram.counts.empty() ? Cell() : Cell(value)});
    TableWriter::SmallTable slowest{sliceColumns(trace), {}};
    for (const SliceId slice : histogram.slowest) slowest.rows.push_back(sliceCells(trace, slice));
    beside.push_back({"slowest", std::move(slowest)});
    return pieces.end(beside);
}

} // namespace opscope
