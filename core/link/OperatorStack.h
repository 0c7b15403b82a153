#pragma once

#include "core/base/Id.h"
#include "core/base/Time.h"

#include <algorithm>
#include <vector>

namespace opscope {

/// The operators that are open on one lane while its rows go by in order of their starts, by the rules of linking.md 1: what ends at
/// or in front of a new start is closed, but an event without length at the very end of an operator still lies inside it.
///
/// Ends never grow towards the top. An operator that outlasts one below it (they overlap) takes its place: whatever starts from
/// now on and lies in the lower one lies in the upper one too, and that is the inner one of both.
class OperatorStack
{
public:
    void clear() { m_open.clear(); }
    /// Closes what has ended when a row of that start and length comes.
    void advance(Nanos start, Nanos duration)
    {
        while (!m_open.empty() && (m_open.back().end < start || (m_open.back().end == start && duration > 0))) m_open.pop_back();
    }
    void push(SliceId slice, Nanos end)
    {
        while (!m_open.empty() && m_open.back().end < end) m_open.pop_back();
        m_open.push_back({end, slice});
    }
    /// The innermost operator that ends at or behind `end`; none when there is none. O(log depth).
    SliceId innermost(Nanos end) const
    {
        if (m_open.empty()) return {};
        if (m_open.back().end >= end) return m_open.back().slice; // nearly always
        const auto it = std::partition_point(m_open.begin(), m_open.end(), [end](const Open& o) { return o.end >= end; });
        return it == m_open.begin() ? SliceId() : std::prev(it)->slice;
    }

private:
    struct Open
    {
        Nanos end;
        SliceId slice;
    };
    std::vector<Open> m_open;
};

} // namespace opscope
