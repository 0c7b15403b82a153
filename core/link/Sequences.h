#pragma once

#include "core/link/NodeMatch.h"

#include <cstdint>
#include <set>
#include <span>
#include <utility>
#include <vector>

/// Internal to core/link: names in order, for method B.
namespace opscope {

/// The operators of one thread of nodes or of one host lane, in the order in which they began.
struct Sequence
{
    std::vector<StringId> names;
    std::vector<std::int64_t> numbers;      ///< autograd sequence numbers, -1 = none
    std::vector<std::uint32_t> rows;        ///< of the file's nodes, or of the slices
    std::vector<std::uint32_t> origin;      ///< place in the sequence that this one was taken from; empty for whole ones
    std::vector<std::uint32_t> numbered;    ///< places that have a number
    std::size_t size() const { return names.size(); }
    bool empty() const { return names.empty(); }
};

/// One a thread number, the longest first.
std::vector<Sequence> threadSequences(const NodeMatchInput& input);
/// One a track, by event index where all events have one.
std::vector<Sequence> laneSequences(const NodeMatchInput& input);
/// What has one of these names.
Sequence only(const Sequence& from, const std::set<StringId>& names);

/// All places where `part` stands in `whole`, at most `limit`. Linear (Knuth, Morris, Pratt).
std::vector<std::uint32_t> placesOf(std::span<const StringId> part, std::span<const StringId> whole, std::size_t limit);

using RowPair = std::pair<std::uint32_t, std::uint32_t>;
/// Rows that stand for each other, rising on both sides: runs of equal names that grow from anchors. Anchors are names with equal
/// sequence numbers, or where there are none runs of names, that occur once on each side. O(n log n).
std::vector<RowPair> commonRows(const Sequence& a, const Sequence& b);

} // namespace opscope
