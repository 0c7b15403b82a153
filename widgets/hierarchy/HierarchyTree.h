#pragma once

#include "core/base/JobControl.h"
#include "core/query/Query.h"
#include "core/trace/Trace.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace opscope {

enum class HierarchySource : std::uint8_t {
    Slices,   ///< process > track > slices by nesting
    Nodes     ///< nodes of the execution trace by parent
};

/// The shape of a tree, as row numbers: nothing is allocated per row. 8 bytes a row.
///
///     Slices:  | processes | tracks | slices |        Nodes:  | nodes |
///     row      0           P        P+T      P+T+S            0       N
///
/// Frozen once built; read from any thread.
class HierarchyTree
{
public:
    static constexpr std::uint32_t kRoot = 0xFFFFFFFFu; ///< the invisible row above all others

    /// Everything of the trace. O(rows); returns null when cancelled. The trace is borrowed for the life of the tree.
    static std::shared_ptr<const HierarchyTree> build(const Trace& trace, HierarchySource source, const JobControl& job = {});
    /// What matches and its ancestors. `filter`: part of a name (letters of either case), or "#12": node id; for slices
    /// correlation, External id, Record function id, or the id of the node that they are. `only`: rows of the document's filter, of
    /// which a match must be one as well; a node is one when the slice that it is is one. Null: any.
    static std::shared_ptr<const HierarchyTree> build(const Trace& trace, HierarchySource source, std::string_view filter,
                                                      const Matches* only, const JobControl& job = {});

    HierarchySource source() const { return m_source; }
    /// Children in the order of the file; kRoot for the top.
    std::span<const std::uint32_t> children(std::uint32_t row) const;
    std::uint32_t parent(std::uint32_t row) const;
    /// Place among its parent's children. O(log children).
    std::uint32_t position(std::uint32_t row) const;
    bool contains(std::uint32_t row) const;
    std::uint32_t rows() const { return static_cast<std::uint32_t>(m_children.size()); } ///< in the tree
    std::uint32_t matches() const { return m_matches; }   ///< of the filter; 0 without one

    std::uint32_t rowOf(ProcessId process) const { return process.value; }
    std::uint32_t rowOf(TrackId track) const { return m_tracksFrom + track.value; }
    std::uint32_t rowOf(SliceId slice) const { return m_slicesFrom + slice.value; }
    std::uint32_t rowOf(NodeId node) const { return node.value; }
    /// What a row is: exactly one of them is valid.
    ProcessId process(std::uint32_t row) const;
    TrackId track(std::uint32_t row) const;
    SliceId slice(std::uint32_t row) const;
    NodeId node(std::uint32_t row) const;

private:
    HierarchyTree(const Trace& trace, HierarchySource source);
    std::vector<bool> findMatches(std::string_view filter, const Matches* only, const JobControl& job);
    bool link(const std::vector<bool>* kept, const JobControl& job);
    std::size_t slot(std::uint32_t row) const { return row == kRoot ? m_total : row; }

    const Trace* m_trace = nullptr;
    HierarchySource m_source = HierarchySource::Slices;
    std::uint32_t m_tracksFrom = 0, m_slicesFrom = 0, m_total = 0;
    std::uint32_t m_matches = 0;
    std::vector<bool> m_shown;              // processes and tracks
    std::vector<std::uint32_t> m_first;     // of row's children in m_children; the root's stand last
    std::vector<std::uint32_t> m_children;
};

} // namespace opscope
