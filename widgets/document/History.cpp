#include "widgets/document/History.h"

namespace opscope {

void History::reset(const HistoryPlace& here)
{
    m_places.assign(1, here);
    m_at = 0;
    endBurst();
}

void History::note(const HistoryPlace& here, std::int64_t ms)
{
    const bool sameStep = m_inBurst && ms - m_lastMs <= kBurstMs;
    if (here == m_places[m_at]) return;
    m_lastMs = ms;
    m_places.resize(m_at + 1);
    if (sameStep) {
        m_places[m_at] = here;
    } else {
        m_places.push_back(here);
        if (m_places.size() > kMost) m_places.erase(m_places.begin());
        m_at = m_places.size() - 1;
    }
    m_inBurst = true;
    // There and back again within a moment is no step.
    if (m_at > 0 && m_places[m_at] == m_places[m_at - 1]) {
        m_places.pop_back();
        --m_at;
        endBurst();
    }
}

void History::amend(const HistoryPlace& here)
{
    m_places[m_at] = here;
    if (m_at == 0 || m_places[m_at] != m_places[m_at - 1]) return;
    m_places.erase(m_places.begin() + static_cast<std::ptrdiff_t>(m_at));
    --m_at;
    endBurst();
}

const HistoryPlace& History::step(std::size_t to)
{
    m_at = to;
    endBurst();
    return m_places[m_at];
}

} // namespace opscope
