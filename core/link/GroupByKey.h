#pragma once

#include "core/base/Parallel.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

namespace opscope {

/// Counting sort of rows by key(row) < `keys` on several threads: put(place, row), rows of a key in the order in which they stand.
/// Each thread owns a range of keys, cut so that each has about as many rows; done(begin, end) is called for the places of a
/// range when they are filled. What comes out does not depend on the cuts.
template <class Key, class Put, class Done>
void groupByKey(std::size_t rows, std::size_t keys, unsigned threads, Key&& key, Put&& put, Done&& done)
{
    constexpr std::size_t kSamples = 1024, kRanges = 8; // every range goes through all rows: more are no faster
    std::vector<std::size_t> sample, cuts{0};
    for (std::size_t i = 0; i < rows; i += rows / kSamples + 1) sample.push_back(key(i));
    std::sort(sample.begin(), sample.end());
    const std::size_t wanted = std::clamp<std::size_t>(threads, 1, kRanges);
    for (std::size_t r = 1; r < wanted && !sample.empty(); ++r)
        if (const std::size_t cut = sample[r * sample.size() / wanted]; cut > cuts.back()) cuts.push_back(cut);
    cuts.push_back(keys);

    const std::size_t ranges = cuts.size() - 1;
    std::vector<std::vector<std::uint32_t>> next(ranges); // counts, then places from the begin of the range
    std::vector<std::size_t> begin(ranges + 1, 0);
    parallelFor(ranges, threads, [&](std::size_t r) {
        std::vector<std::uint32_t>& own = next[r];
        const std::size_t low = cuts[r], size = cuts[r + 1] - low;
        own.assign(size, 0);
        std::size_t count = 0;
        for (std::size_t i = 0; i < rows; ++i)
            if (const std::size_t k = key(i) - low; k < size) { // smaller keys wrap around
                ++own[k];
                ++count;
            }
        std::exclusive_scan(own.begin(), own.end(), own.begin(), std::uint32_t(0));
        begin[r + 1] = count;
    });
    std::partial_sum(begin.begin(), begin.end(), begin.begin());
    parallelFor(ranges, threads, [&](std::size_t r) {
        const std::size_t low = cuts[r], size = cuts[r + 1] - low;
        for (std::size_t i = 0; i < rows; ++i)
            if (const std::size_t k = key(i) - low; k < size) put(begin[r] + next[r][k]++, i);
        done(begin[r], begin[r + 1]);
    });
}

/// Stable; what is to be sorted here is mostly two or three long.
template <class It, class Less>
void sortShort(It begin, It end, const Less& less)
{
    if (end - begin > 16) {
        std::stable_sort(begin, end, less);
        return;
    }
    for (It it = begin; it != end; ++it) {
        auto value = *it;
        It place = it;
        for (; place != begin && less(value, place[-1]); --place) *place = place[-1];
        *place = value;
    }
}

} // namespace opscope
