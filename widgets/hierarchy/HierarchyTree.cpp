#include "widgets/hierarchy/HierarchyTree.h"

#include "widgets/hierarchy/NameFilter.h"

#include <algorithm>
#include <utility>

namespace opscope {

HierarchyTree::HierarchyTree(const Trace& trace, HierarchySource source) : m_trace(&trace), m_source(source)
{
    if (source == HierarchySource::Nodes) {
        m_total = trace.executionTrace() ? static_cast<std::uint32_t>(trace.executionTrace()->nodes().size()) : 0;
        return;
    }
    m_tracksFrom = static_cast<std::uint32_t>(trace.processes().size());
    m_slicesFrom = m_tracksFrom + static_cast<std::uint32_t>(trace.tracks().size());
    m_total = m_slicesFrom + static_cast<std::uint32_t>(trace.slices().size());
    // Processes and tracks without slices (counters, instants) would only be dead ends here.
    m_shown.resize(m_slicesFrom);
    for (std::uint32_t t = 0; t < trace.tracks().size(); ++t) {
        const Track& track = trace.tracks()[t];
        if (track.sliceCount > 0) m_shown[m_tracksFrom + t] = m_shown[track.process.index()] = true;
    }
}

std::shared_ptr<const HierarchyTree> HierarchyTree::build(const Trace& trace, HierarchySource source, const JobControl& job)
{
    std::shared_ptr<HierarchyTree> tree(new HierarchyTree(trace, source));
    return tree->link(nullptr, job) ? tree : nullptr;
}

std::shared_ptr<const HierarchyTree> HierarchyTree::build(const Trace& trace, HierarchySource source, std::string_view filter,
                                                          const Matches* only, const JobControl& job)
{
    if (filter.empty() && !only) return build(trace, source, job);
    std::shared_ptr<HierarchyTree> tree(new HierarchyTree(trace, source));
    const std::vector<bool> kept = tree->findMatches(filter, only, job);
    return !job.cancelled() && tree->link(&kept, job) ? tree : nullptr;
}

std::span<const std::uint32_t> HierarchyTree::children(std::uint32_t row) const
{
    const std::size_t at = slot(row);
    return std::span(m_children).subspan(m_first[at], m_first[at + 1] - m_first[at]);
}

std::uint32_t HierarchyTree::parent(std::uint32_t row) const
{
    if (m_source == HierarchySource::Nodes) return m_trace->executionTrace()->nodes()[row].parent.value; // none is kRoot
    if (row < m_tracksFrom) return kRoot;
    if (row < m_slicesFrom) return rowOf(m_trace->track(track(row)).process);
    const SliceId above = m_trace->slices().parent(slice(row));
    return above ? rowOf(above) : rowOf(m_trace->trackOf(slice(row)));
}

std::uint32_t HierarchyTree::position(std::uint32_t row) const
{
    const auto siblings = children(parent(row)); // ascending, see link()
    return static_cast<std::uint32_t>(std::ranges::lower_bound(siblings, row) - siblings.begin());
}

bool HierarchyTree::contains(std::uint32_t row) const
{
    if (row >= m_total) return false;
    const auto siblings = children(parent(row));
    return std::ranges::binary_search(siblings, row);
}

ProcessId HierarchyTree::process(std::uint32_t row) const
{
    return m_source == HierarchySource::Slices && row < m_tracksFrom ? ProcessId(row) : ProcessId();
}

TrackId HierarchyTree::track(std::uint32_t row) const
{
    const bool is = m_source == HierarchySource::Slices && row >= m_tracksFrom && row < m_slicesFrom;
    return is ? TrackId(row - m_tracksFrom) : TrackId();
}

SliceId HierarchyTree::slice(std::uint32_t row) const
{
    const bool is = m_source == HierarchySource::Slices && row >= m_slicesFrom && row < m_total;
    return is ? SliceId(row - m_slicesFrom) : SliceId();
}

NodeId HierarchyTree::node(std::uint32_t row) const
{
    return m_source == HierarchySource::Nodes && row < m_total ? NodeId(row) : NodeId();
}

/// Counting sort by parent, twice over the rows: how many children each has, then their numbers in ascending order.
bool HierarchyTree::link(const std::vector<bool>* kept, const JobControl& job)
{
    const auto inTree = [&](std::uint32_t row) { return kept ? (*kept)[row] : row >= m_slicesFrom || m_shown[row]; };
    // Slices of a track are neighbours, so their track is known without searching.
    const auto forEachRow = [&](auto&& visit) {
        for (std::uint32_t row = 0; row < std::min(m_slicesFrom, m_total); ++row)
            if (inTree(row)) visit(row, parent(row));
        if (m_source == HierarchySource::Nodes) {
            for (std::uint32_t row = 0; row < m_total; ++row)
                if (inTree(row)) visit(row, parent(row));
            return;
        }
        for (std::uint32_t t = 0; t < m_trace->tracks().size(); ++t) {
            const Track& trackRow = m_trace->tracks()[t];
            for (std::uint32_t i = 0; i < trackRow.sliceCount; ++i) {
                const SliceId s(trackRow.firstSlice + i);
                const SliceId above = m_trace->slices().parent(s);
                if (inTree(rowOf(s))) visit(rowOf(s), above ? rowOf(above) : m_tracksFrom + t);
            }
        }
    };
    m_first.assign(static_cast<std::size_t>(m_total) + 2, 0);
    forEachRow([&](std::uint32_t, std::uint32_t above) { ++m_first[slot(above)]; });
    if (job.cancelled()) return false;
    std::uint32_t sum = 0;
    for (std::uint32_t& first : m_first) sum += std::exchange(first, sum);
    m_children.resize(sum);
    std::vector<std::uint32_t> next(m_first.begin(), m_first.end() - 1);
    forEachRow([&](std::uint32_t row, std::uint32_t above) { m_children[next[slot(above)]++] = row; });
    return !job.cancelled();
}

std::vector<bool> HierarchyTree::findMatches(std::string_view filter, const Matches* only, const JobControl& job)
{
    std::vector<bool> kept(m_total);
    const NameFilter wanted(filter, *m_trace);
    const auto keep = [&](std::uint32_t row) {
        ++m_matches;
        for (; row != kRoot && !kept[row]; row = parent(row)) kept[row] = true; // each row is set once: O(rows) in all
    };
    const bool anyName = filter.empty();
    const auto sliceMatches = [&](SliceId s) { return (!only || only->slices.contains(s)) && (anyName || wanted.matches(s)); };
    const auto nodeMatches = [&](NodeId n) {
        const bool passes = !only || only->nodes.contains(n) || only->slices.contains(m_trace->sliceOf(n));
        return passes && (anyName || wanted.matches(n));
    };
    for (std::uint32_t row = 0; row < m_total; ++row) {
        if ((row & 0xFFFF) == 0 && job.cancelled()) break;
        if (const SliceId s = slice(row)) {
            if (sliceMatches(s)) keep(row);
        } else if (const NodeId n = node(row)) {
            if (nodeMatches(n)) keep(row);
        } else if (only || !m_shown[row]) {
            continue; // tracks and processes are no rows that a filter of the document matches
        } else if (const TrackId t = track(row); wanted.matches(t ? m_trace->trackName(t) : m_trace->processName(process(row)))) {
            keep(row);
        }
    }
    return kept;
}

} // namespace opscope
