#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace opscope {

/// A row number that knows its table, so that the compiler tells a track from a slice.
/// Default-constructed it is "none". 32 bits: a table holds at most 2^32 - 1 rows.
template <class Tag>
struct Id
{
    static constexpr std::uint32_t kNone = 0xFFFFFFFFu;

    std::uint32_t value = kNone;

    constexpr Id() = default;
    constexpr explicit Id(std::uint32_t row) : value(row) {}
    constexpr explicit Id(std::size_t row) : value(static_cast<std::uint32_t>(row)) {}
    constexpr explicit Id(int row) : value(static_cast<std::uint32_t>(row)) {}

    constexpr bool valid() const { return value != kNone; }
    constexpr explicit operator bool() const { return valid(); }
    constexpr std::size_t index() const { return value; }
    constexpr auto operator<=>(const Id&) const = default;
};

using SliceId = Id<struct SliceTag>;       ///< row of SliceTable
using InstantId = Id<struct InstantTag>;   ///< row of InstantTable
using TrackId = Id<struct TrackTag>;       ///< row of Trace::tracks()
using ProcessId = Id<struct ProcessTag>;   ///< row of Trace::processes(); not an operating system pid
using StringId = Id<struct StringTag>;     ///< row of StringPool
using CategoryId = Id<struct CategoryTag>; ///< row of Trace::categories()
using SignatureId = Id<struct SignatureTag>; ///< row of SignatureTable (shapes, types, strides of one call)
using SeriesId = Id<struct SeriesTag>;     ///< row of CounterTable::series()
using NodeId = Id<struct NodeTag>;         ///< row of ExecutionTrace; not the id that the file gives the node
using TensorId = Id<struct TensorTag>;     ///< row of ExecutionTrace::tensors(); not the file's tensor id
using SourceId = Id<struct SourceTag>;     ///< row of Trace::sources()

} // namespace opscope

template <class Tag>
struct std::hash<opscope::Id<Tag>>
{
    std::size_t operator()(opscope::Id<Tag> id) const noexcept { return std::hash<std::uint32_t>{}(id.value); }
};
