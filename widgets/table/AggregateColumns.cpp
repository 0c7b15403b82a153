#include "widgets/table/AggregateColumns.h"

#include <algorithm>
#include <numeric>

namespace opscope {

namespace {

using Wide = __int128;

/// total / count as a fraction, so that no digit is lost.
bool smallerMean(const AggregateRow& a, const AggregateRow& b)
{
    return Wide(a.total) * std::max<std::uint64_t>(b.count, 1) < Wide(b.total) * std::max<std::uint64_t>(a.count, 1);
}

const std::string& key(const AggregateRow& row, std::size_t number)
{
    static const std::string none;
    return number < row.keys.size() ? row.keys[number] : none;
}

bool isSmaller(const AggregateRow& a, const AggregateRow& b, AggregateColumn column)
{
    switch (column) {
    case AggregateColumn::Key: return key(a, 0) < key(b, 0);
    case AggregateColumn::Second: return key(a, 1) < key(b, 1);
    case AggregateColumn::Calls: return a.count < b.count;
    case AggregateColumn::Total:
    case AggregateColumn::Share: return a.total < b.total;
    case AggregateColumn::Self: return a.self < b.self;
    case AggregateColumn::Mean: return smallerMean(a, b);
    case AggregateColumn::Median: return a.median < b.median;
    case AggregateColumn::P99: return a.p99 < b.p99;
    case AggregateColumn::Min: return a.min < b.min;
    case AggregateColumn::Max: return a.max < b.max;
    case AggregateColumn::Device: return a.device.time < b.device.time;
    case AggregateColumn::Count_: break;
    }
    return false;
}

} // namespace

const char* id(AggregateColumn column)
{
    constexpr std::array<const char*, kAggregateColumns> kIds{"key", "second", "calls", "total", "share", "self",
                                                              "mean", "median", "p99", "min", "max", "device"};
    return kIds[static_cast<std::size_t>(column)];
}

std::vector<std::uint32_t> sortedRows(const Aggregates& table, TableOrder sort)
{
    std::vector<std::uint32_t> order(table.rows.size());
    std::iota(order.begin(), order.end(), 0u);
    std::ranges::stable_sort(order, [&](std::uint32_t a, std::uint32_t b) {
        if (sort.descending) std::swap(a, b);
        return isSmaller(table.rows[a], table.rows[b], sort.column);
    });
    return order;
}

std::int64_t meanOf(const AggregateRow& row)
{
    if (row.count == 0) return 0;
    const Wide count = row.count;
    return static_cast<std::int64_t>((Wide(row.total) * 2 + count) / (count * 2));
}

} // namespace opscope
