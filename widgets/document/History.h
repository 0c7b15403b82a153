#pragma once

#include "core/query/Filter.h"
#include "widgets/document/Selection.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace opscope {

/// What happens to what a filter does not match.
enum class FilterMode : std::uint8_t { Dim, Hide };

/// All that going back brings back.
struct HistoryPlace
{
    TimeRange visible{0, 1};
    Filter filter;
    FilterMode mode = FilterMode::Dim;
    Selection selection;
    friend bool operator==(const HistoryPlace&, const HistoryPlace&) = default;
};

/// Where a window has been, like the pages of a browser. What follows within moments (zooming, typing) is one step:
///
///     note:   zoom zoom zoom    ...    click   ...   typed typed          back back
///     steps:  [0]  [1]                 [2]           [3]                  2    1
///
/// Times are milliseconds of any clock that does not go back; handed in, so that tests need not wait. A plain value.
class History
{
public:
    static constexpr std::int64_t kBurstMs = 700;
    static constexpr std::size_t kMost = 200;

    /// Forgets everything; `here` is where it begins.
    void reset(const HistoryPlace& here);
    /// The window shows this now. The same as before: nothing happens. Drops what lay ahead.
    void note(const HistoryPlace& here, std::int64_t ms);
    /// The step that stands now turns out to be this: no step of its own.
    void amend(const HistoryPlace& here);
    bool canGoBack() const { return m_at > 0; }
    bool canGoForward() const { return m_at + 1 < m_places.size(); }
    /// Only where canGoBack(), canGoForward().
    const HistoryPlace& back() { return step(m_at - 1); }
    const HistoryPlace& forward() { return step(m_at + 1); }
    /// Rewrites every place, oldest first: for a trace that was read again.
    template <class Change>
    void rewrite(Change&& change)
    {
        for (HistoryPlace& place : m_places) place = change(place);
        endBurst();
    }

private:
    const HistoryPlace& step(std::size_t to);
    void endBurst() { m_inBurst = false; }

    std::vector<HistoryPlace> m_places{HistoryPlace{}};
    std::size_t m_at = 0;
    std::int64_t m_lastMs = 0;
    bool m_inBurst = false;     ///< the place that stands came by note(), and nothing else happened since
};

} // namespace opscope
