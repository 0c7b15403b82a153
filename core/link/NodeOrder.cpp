#include "core/base/Time.h"
#include "core/link/NodeMatch.h"
#include "core/link/Sequences.h"

#include <algorithm>
#include <map>
#include <set>

// Method B: the names of a thread of nodes, in order, are looked for in every host lane. Where they fit, the difference of
// sequence numbers must be the same all along, and the same for all threads.
//
//     nodes    t  addmm(7)  relu  sum(8)
//     lane     t  addmm(7)  relu  sum(8)  t  addmm(9)  relu  sum(10)  t  addmm(11) ...
//              difference 0               +2                          +4
namespace opscope {

namespace {

constexpr std::uint64_t kMostSteps = 200'000'000;   // comparisons in all: less than a second
constexpr std::size_t kMostPlaces = 100'000;        // of one thread

std::string counted(std::uint64_t count) { return formatCount(static_cast<std::int64_t>(count)); }

/// Where a thread fits.
struct Candidate
{
    std::uint32_t lane = 0;
    std::uint32_t start = 0;                  ///< row of the lane, or of the lane without one-sided scopes
    std::optional<std::int64_t> difference;   ///< none: there are no sequence numbers to compare
    bool filtered = false;                    ///< scopes that exist on one side only are left out
    std::vector<RowPair> pairs = {};          ///< of the fallback: rows of thread and lane; empty for the others
};

class OrderMatcher
{
public:
    OrderMatcher(const NodeMatchInput& input, const JobControl& job)
        : m_in(input), m_job(job), m_threads(threadSequences(input)), m_lanes(laneSequences(input))
    {
    }

    NodeMatch run()
    {
        NodeMatch match;
        match.method = LinkMethod::OrderAndSequence;
        std::uint64_t nodes = 0;
        for (const Sequence& thread : m_threads) nodes += thread.size();
        if (!nodes || m_lanes.empty()) {
            match.finding = nodes ? "the timeline has no operators" : "it has no operators";
            return match;
        }
        m_candidates.resize(m_threads.size());
        for (std::size_t t = 0; t < m_threads.size() && affordable(); ++t) findPlaces(t);
        dropOneSided();
        for (std::size_t t = 0; t < m_threads.size() && affordable(); ++t)
            if (m_candidates[t].empty()) findFiltered(t);
        for (std::size_t t = 0; t < m_threads.size() && affordable(); ++t)
            if (m_candidates[t].empty()) findAnchored(t);
        match.places = m_candidates.front().size();
        choose(match, nodes);
        if (!affordable()) match.finding += "; comparing names was given up, there are too many places";
        return match;
    }

private:
    bool affordable() const { return m_steps < kMostSteps && !m_job.cancelled(); }

    void findPlaces(std::size_t t)
    {
        for (std::uint32_t l = 0; l < m_lanes.size() && affordable(); ++l) addPlaces(t, l, m_threads[t], m_lanes[l], false);
    }

    void findFiltered(std::size_t t)
    {
        for (std::uint32_t l = 0; l < m_lanes.size() && affordable(); ++l) {
            // What is left out of the nodes counts against them; a thread of which little is left proves nothing.
            if (m_fewerNodes[t].size() * 10 < m_threads[t].size() * 9 || m_fewerNodes[t].empty()) return;
            addPlaces(t, l, m_fewerNodes[t], m_fewerEvents[l], true);
        }
    }

    void addPlaces(std::size_t t, std::uint32_t l, const Sequence& thread, const Sequence& lane, bool filtered)
    {
        if (lane.size() < thread.size()) return;
        m_steps += lane.size() + thread.size() + 100; // looking at a pair has its cost, too
        for (const std::uint32_t start : placesOf(thread.names, lane.names, kMostPlaces)) {
            if (!affordable() || m_candidates[t].size() >= kMostPlaces) return;
            // Scopes that were left out lie between the rest, not instead of it.
            if (filtered && lane.origin[start + thread.size() - 1] - lane.origin[start] > thread.size() + thread.size() / 10 + 2) continue;
            const Difference d = differenceAt(thread, lane, start);
            if (d.constant) m_candidates[t].push_back({l, start, d.value, filtered});
        }
    }

    struct Difference
    {
        bool constant = true;
        std::optional<std::int64_t> value;
    };

    Difference differenceAt(const Sequence& thread, const Sequence& lane, std::uint32_t start)
    {
        Difference d;
        for (const std::uint32_t i : thread.numbered) {
            ++m_steps;
            const std::int64_t theirs = lane.numbers[start + i];
            if (theirs < 0) continue;
            const std::int64_t difference = theirs - thread.numbers[i]; // both are not negative
            if (d.value && *d.value != difference) return {false, {}};
            d.value = difference;
        }
        return d;
    }

    /// `ProfilerStep#N` was open before the nodes began, and the like.
    void dropOneSided()
    {
        if (std::none_of(m_candidates.begin(), m_candidates.end(), [](const auto& c) { return c.empty(); })) return;
        std::set<StringId> nodeNames, eventNames;
        for (const Sequence& thread : m_threads) nodeNames.insert(thread.names.begin(), thread.names.end());
        for (const Sequence& lane : m_lanes) eventNames.insert(lane.names.begin(), lane.names.end());
        for (const Sequence& thread : m_threads) m_fewerNodes.push_back(only(thread, eventNames));
        for (const Sequence& lane : m_lanes) m_fewerEvents.push_back(only(lane, nodeNames));
    }

    /// One recording holds only a part of the other: runs of equal names around anchors that occur once on each side.
    void findAnchored(std::size_t t)
    {
        for (std::uint32_t l = 0; l < m_lanes.size() && affordable(); ++l) {
            const Sequence &thread = m_threads[t], &lane = m_lanes[l];
            m_steps += 20 * (thread.size() + lane.size());
            std::vector<RowPair> pairs = commonRows(thread, lane);
            const std::size_t smaller = m_in.samePid ? std::min(thread.size(), lane.size()) : thread.size();
            if (pairs.empty() || pairs.size() * 10 < smaller * 9) continue;
            std::optional<std::int64_t> difference;
            std::uint64_t agree = 0, compared = 0;
            for (const auto& [row, event] : pairs) {
                if (thread.numbers[row] < 0 || lane.numbers[event] < 0) continue;
                if (!difference) difference = lane.numbers[event] - thread.numbers[row];
                ++compared;
                agree += lane.numbers[event] - thread.numbers[row] == *difference;
            }
            if (agree != compared) continue;
            m_candidates[t].push_back({l, pairs.front().second, difference, false, std::move(pairs)});
        }
    }

    /// The difference on which most nodes agree; 0 if it is among those that nearly all do, else the nearest of them.
    std::optional<std::int64_t> chooseDifference(std::uint64_t nodes) const
    {
        std::map<std::int64_t, std::uint64_t> support; // difference -> nodes of the threads that fit with it
        for (std::size_t t = 0; t < m_threads.size(); ++t) {
            std::set<std::int64_t> own;
            for (const Candidate& c : m_candidates[t])
                if (c.difference) own.insert(*c.difference);
            for (const std::int64_t d : own) support[d] += m_threads[t].size();
        }
        std::optional<std::int64_t> best;
        const auto away = [](std::int64_t d) { return d < 0 ? -d : d; };
        std::uint64_t most = 0;
        for (const auto& [d, count] : support) most = std::max(most, count);
        for (const auto& [d, count] : support)
            if (count == most || count * 10 >= nodes * 9)
                if (!best || away(d) < away(*best)) best = d;
        return best;
    }

    void choose(NodeMatch& match, std::uint64_t nodes)
    {
        match.difference = chooseDifference(nodes);
        match.slices.resize(m_in.file.nodeCount);
        std::vector<bool> taken(m_lanes.size(), false);
        std::uint64_t same = 0; // places that are as good as the chosen one, for the longest thread
        TimeRange span;
        for (std::size_t t = 0; t < m_threads.size(); ++t) {
            const Candidate* chosen = nullptr;
            for (const Candidate& c : m_candidates[t]) {
                if (taken[c.lane] || (c.difference && c.difference != match.difference)) continue;
                if (c.difference || !match.difference) same += t == 0;
                if (!chosen || better(c, *chosen, span)) chosen = &c;
            }
            if (!chosen) continue;
            taken[chosen->lane] = true;
            take(t, *chosen, match);
            if (t == 0) span = rangeOf(t, *chosen);
        }
        if (!match.difference) match.method = LinkMethod::Order;
        match.confidence = same > 1 ? LinkConfidence::Ambiguous : LinkConfidence::Inferred;
        conclude(match, nodes, same);
    }

    /// With the sequence numbers first; of those without the one nearest to where the longest thread runs.
    bool better(const Candidate& a, const Candidate& b, const TimeRange& span) const
    {
        if (a.difference.has_value() != b.difference.has_value()) return a.difference.has_value();
        const auto away = [&](const Candidate& c) {
            const Sequence& lane = c.filtered ? m_fewerEvents[c.lane] : m_lanes[c.lane];
            const Nanos at = m_in.trace.slices().start(SliceId(lane.rows[c.start]));
            return at < span.start ? span.start - at : at > span.end ? at - span.end : 0;
        };
        return !a.difference && !span.empty() && away(a) < away(b);
    }

    template <class Visit>
    void visit(std::size_t t, const Candidate& c, Visit&& pair) const
    {
        const Sequence& thread = c.filtered ? m_fewerNodes[t] : m_threads[t];
        const Sequence& lane = c.filtered ? m_fewerEvents[c.lane] : m_lanes[c.lane];
        for (const auto& [row, event] : c.pairs) pair(thread.rows[row], SliceId(lane.rows[event]));
        for (std::uint32_t i = 0; c.pairs.empty() && i < thread.size(); ++i) pair(thread.rows[i], SliceId(lane.rows[c.start + i]));
    }

    void take(std::size_t t, const Candidate& c, NodeMatch& match) const
    {
        visit(t, c, [&](std::uint32_t node, SliceId slice) {
            match.slices[node] = slice;
            ++match.matched;
        });
    }

    TimeRange rangeOf(std::size_t t, const Candidate& c) const
    {
        TimeRange range{INT64_MAX, INT64_MIN};
        visit(t, c, [&](std::uint32_t, SliceId slice) {
            range.start = std::min(range.start, m_in.trace.slices().start(slice));
            range.end = std::max(range.end, m_in.trace.slices().end(slice));
        });
        return range;
    }

    void conclude(NodeMatch& match, std::uint64_t nodes, std::uint64_t same)
    {
        constexpr std::uint64_t kLeast = 10; // nodes; less fits by chance where nothing else says that the two belong together
        std::uint64_t events = 0;
        for (const Sequence& lane : m_lanes) events += lane.size();
        const std::uint64_t smaller = m_in.samePid ? std::min(nodes, events) : nodes;
        const MatchCheck check = checkMatch(m_in, match.slices);
        const bool enough = match.matched * 10 >= smaller * 9 && (m_in.samePid || match.matched >= kLeast);
        match.passed = match.matched > 0 && enough && check.good();
        if (match.passed) {
            match.finding = "the order of names fits at " + std::string(match.places == 1 ? "one place" : counted(match.places) + " places");
            if (match.difference && match.places > 1)
                match.finding += ", at " + std::string(same == 1 ? "one" : counted(same)) + " of them with sequence numbers " +
                                 (*match.difference ? "that differ by " + std::to_string(*match.difference) : "that are equal");
            else if (match.difference)
                match.finding += *match.difference ? ", where sequence numbers differ by " + std::to_string(*match.difference) : ", where sequence numbers are equal";
            else
                match.finding += ", and there are no sequence numbers to tell iterations apart";
            return;
        }
        match.slices.clear();
        if (match.matched && enough)
            match.finding = "the order of names fits, but " + std::string(check.shapesEqual * 10 < check.shapesCompared * 9
                                ? "input shapes differ" : "callers do not enclose what they call");
        else
            match.finding = "the order of names fits nowhere";
    }

    const NodeMatchInput& m_in;
    const JobControl& m_job;
    std::vector<Sequence> m_threads, m_lanes, m_fewerNodes, m_fewerEvents; ///< threads: the longest first
    std::vector<std::vector<Candidate>> m_candidates;                      ///< by thread
    std::uint64_t m_steps = 0;
};

} // namespace

NodeMatch matchByOrder(const NodeMatchInput& input, const JobControl& job) { return OrderMatcher(input, job).run(); }

} // namespace opscope
