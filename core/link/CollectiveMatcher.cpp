#include "core/link/Collectives.h"

#include <algorithm>
#include <map>

// Items of several ranks that are one collective: by ids where there are any, else by their order in the group, up to the first
// place where the ranks do different things.
namespace opscope {

namespace {

/// A name that only items of one collective have; "" when order must tell.
std::string keyOf(const CollectiveItem& item, std::int64_t rank)
{
    if (item.commsId && *item.commsId) return "id " + std::to_string(*item.commsId) + (item.pointToPoint() ? " p" : "");
    if (item.sequence && !item.pointToPoint()) return "seq " + item.group + " " + std::to_string(*item.sequence);
    if (item.pointToPoint() && (item.kind == "send" ? item.destination : item.source))
        return "pair " + item.group + " " + std::to_string(item.kind == "send" ? rank : *item.source) + ">" +
               std::to_string(item.kind == "send" ? *item.destination : rank);
    return {};
}

bool sameWork(const CollectiveItem& a, const CollectiveItem& b)
{
    return a.kind == b.kind && a.dtype == b.dtype && a.in == b.in && a.out == b.out && a.hasArgs == b.hasArgs;
}

} // namespace

CollectiveMatcher::CollectiveMatcher(std::vector<Rank> ranks) : m_ranks(std::move(ranks))
{
    std::ranges::stable_sort(m_ranks, {}, &Rank::rank);
    const auto twice = std::ranges::unique(m_ranks, {}, &Rank::rank);
    m_ranks.erase(twice.begin(), twice.end());
    for (Rank& rank : m_ranks) rank.matched.assign(rank.items.size(), false);
    if (m_ranks.size() < 2) return;
    matchByKey();
    matchByOrder();
}

/// Keys that come several times on a rank (pairs of send and recv do) are told apart by counting.
void CollectiveMatcher::matchByKey()
{
    struct Place
    {
        std::size_t rank, item;
    };
    std::map<std::pair<std::string, std::size_t>, std::vector<Place>> found;
    for (std::size_t r = 0; r < m_ranks.size(); ++r) {
        std::map<std::string, std::size_t> times;
        for (std::size_t i = 0; i < m_ranks[r].items.size(); ++i)
            if (std::string key = keyOf(m_ranks[r].items[i], m_ranks[r].rank); !key.empty()) {
                const std::size_t n = times[key]++;
                found[{std::move(key), n}].push_back({r, i});
            }
    }
    for (const auto& [key, places] : found) {
        if (places.size() < 2) continue;
        CollectiveMatch match{{}, LinkMethod::CollectiveId, true};
        for (const Place& place : places) {
            const CollectiveItem& item = m_ranks[place.rank].items[place.item];
            m_ranks[place.rank].matched[place.item] = true;
            match.slices.push_back(item.slice);
            match.synchronises = match.synchronises && item.synchronises();
            if (item.pointToPoint() && !item.commsId) match.method = LinkMethod::CollectiveOrder;
        }
        m_matches.push_back(std::move(match));
    }
}

void CollectiveMatcher::matchByOrder()
{
    std::map<std::string, std::vector<std::vector<std::size_t>>> groups; // group -> by rank, items without a key
    for (std::size_t r = 0; r < m_ranks.size(); ++r)
        for (std::size_t i = 0; i < m_ranks[r].items.size(); ++i)
            if (keyOf(m_ranks[r].items[i], m_ranks[r].rank).empty()) {
                auto& rows = groups[m_ranks[r].items[i].group];
                rows.resize(m_ranks.size());
                rows[r].push_back(i);
            }
    for (const auto& [group, rows] : groups) {
        const auto first = static_cast<std::size_t>(std::ranges::find_if(rows, [](const auto& items) { return !items.empty(); }) - rows.begin());
        std::vector<bool> stopped(m_ranks.size(), false); // one that did something else once is not trusted any more
        for (std::size_t n = 0; n < rows[first].size(); ++n) {
            const CollectiveItem& head = m_ranks[first].items[rows[first][n]];
            CollectiveMatch match{{head.slice}, LinkMethod::CollectiveOrder, head.synchronises()};
            for (std::size_t r = first + 1; r < m_ranks.size(); ++r) {
                if (stopped[r] || n >= rows[r].size()) continue;
                Rank& rank = m_ranks[r];
                const CollectiveItem& item = rank.items[rows[r][n]];
                if (!sameWork(head, item)) {
                    stopped[r] = true;
                    if (rank.difference.empty())
                        rank.difference = item.kind + " where rank " + std::to_string(m_ranks[first].rank) + " has " + head.kind +
                                          (item.kind == head.kind ? " of another size or type" : "");
                    rank.differing.push_back(item.slice);
                    continue;
                }
                match.slices.push_back(item.slice);
                rank.matched[rows[r][n]] = true;
            }
            if (match.slices.size() < 2) continue;
            m_ranks[first].matched[rows[first][n]] = true;
            m_matches.push_back(std::move(match));
        }
    }
}

} // namespace opscope
