#include "core/query/RowTest.h"

namespace opscope {

std::uint64_t RowTest::slices(std::size_t word, std::uint64_t mask) const
{
    return keepRows(word, mask, [this](std::size_t row) { return slice(SliceId(row)); });
}

std::uint64_t RowTest::instants(std::size_t word, std::uint64_t mask) const
{
    return keepRows(word, mask, [this](std::size_t row) { return instant(InstantId(row)); });
}

std::uint64_t RowTest::samples(std::size_t word, std::uint64_t mask) const
{
    return keepRows(word, mask, [this](std::size_t row) { return sample(SampleId(row)); });
}

} // namespace opscope
