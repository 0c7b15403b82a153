#pragma once

#include "core/base/Parallel.h"
#include "core/base/RawVector.h"

#include <algorithm>
#include <cstddef>
#include <vector>

/// Natural merge sort of many independent ranges of one array on several threads. Traces consist of few runs that are in order
/// already: finding them is one pass, merges are cut to what overlaps, and a sorted range costs nothing else.
namespace opscope {

struct SortRange
{
    std::size_t begin = 0, end = 0;
};

inline constexpr std::size_t kSortSegment = 128 * 1024; ///< rows that one task sorts
inline constexpr std::size_t kShortRun = 8;             ///< shorter on average: no runs worth keeping

/// [begin, middle) and [middle, end) are in order; after it all is.
template <class Row, class Less>
void mergeNeighbours(Row* begin, Row* middle, Row* end, RawVector<Row>& scratch, const Less& less)
{
    if (begin == middle || middle == end || !less(*middle, middle[-1])) return;
    begin = std::upper_bound(begin, middle, *middle, less);
    end = std::lower_bound(middle, end, middle[-1], less);
    scratch.assign(begin, middle);
    const Row* left = scratch.data();
    const Row* const leftEnd = left + scratch.size();
    while (left != leftEnd && middle != end) *begin++ = less(*middle, *left) ? *middle++ : *left++;
    std::copy(left, leftEnd, begin);
}

/// [0, middle) and [middle, end) are in order, the second is much the shorter one. After it all is.
template <class Row, class Less>
void mergeTail(Row* rows, std::size_t middle, std::size_t end, const Less& less)
{
    const RawVector<Row> tail(rows + middle, rows + end);
    for (std::size_t left = tail.size(); left > 0 && middle > 0; --left) { // from the back: what lies behind tail[left - 1] moves by `left`
        std::size_t step = 1;
        while (step < middle && less(tail[left - 1], rows[middle - step])) step *= 2;
        Row* const from = std::upper_bound(rows + (middle - std::min(step, middle)), rows + (middle - step / 2), tail[left - 1], less);
        std::move_backward(from, rows + middle, rows + middle + left);
        middle = static_cast<std::size_t>(from - rows);
        rows[middle + left - 1] = tail[left - 1];
        if (middle == 0) std::copy_n(tail.data(), left - 1, rows);
    }
}

template <class Row, class Less>
void sortSegment(Row* begin, Row* end, const Less& less)
{
    std::vector<Row*> borders{begin};
    for (Row* p = begin + 1; p < end; ++p)
        if (less(*p, p[-1])) borders.push_back(p);
    borders.push_back(end);
    if (borders.size() == 2) return;
    if (static_cast<std::size_t>(end - begin) / (borders.size() - 1) < kShortRun) {
        std::sort(begin, end, less); // the order is total, so it is stable all the same
        return;
    }
    RawVector<Row> scratch;
    while (borders.size() > 2) {
        std::vector<Row*> left;
        for (std::size_t i = 0; i + 1 < borders.size(); i += 2) {
            left.push_back(borders[i]);
            if (i + 2 < borders.size()) mergeNeighbours(borders[i], borders[i + 1], borders[i + 2], scratch, less);
        }
        left.push_back(end);
        borders = std::move(left);
    }
}

/// `less` must be a total order. Ranges do not overlap.
template <class Row, class Less>
void mergeSort(Row* rows, const std::vector<SortRange>& ranges, unsigned threads, const Less& less)
{
    std::vector<SortRange> segments;
    for (const SortRange& r : ranges)
        for (std::size_t at = r.begin; at < r.end; at += kSortSegment)
            segments.push_back({at, std::min(at + kSortSegment, r.end)});
    parallelFor(segments.size(), threads,
                [&](std::size_t i) { sortSegment(rows + segments[i].begin, rows + segments[i].end, less); });
    struct Merge
    {
        std::size_t begin, middle, end;
    };
    for (std::size_t width = kSortSegment;; width *= 2) {
        std::vector<Merge> merges;
        for (const SortRange& r : ranges)
            for (std::size_t at = r.begin; at + width < r.end; at += 2 * width)
                merges.push_back({at, at + width, std::min(at + 2 * width, r.end)});
        if (merges.empty()) return;
        parallelFor(merges.size(), threads, [&](std::size_t i) {
            RawVector<Row> scratch;
            mergeNeighbours(rows + merges[i].begin, rows + merges[i].middle, rows + merges[i].end, scratch, less);
        });
    }
}

} // namespace opscope
