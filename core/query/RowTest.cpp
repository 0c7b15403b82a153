#include "core/query/RowTest.h"

#include <algorithm>

namespace opscope {

std::uint64_t RowTest::slices(std::size_t word, std::uint64_t mask) const
{
    return keepRows(word, mask, [this](std::size_t row) { return slice(SliceId(row)); });
}

const CounterSeries& seriesOf(const CounterTable& counters, SampleId row)
{
    return *std::prev(std::ranges::upper_bound(counters.series(), row.value, {}, &CounterSeries::first));
}

Nanos timeOf(const CounterTable& counters, SampleId row)
{
    const CounterSeries& series = seriesOf(counters, row);
    return counters.times(series)[row.value - series.first];
}

} // namespace opscope
