#include "core/trace/Nesting.h"

#include "core/base/Id.h"
#include "core/trace/SliceTable.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <queue>
#include <unordered_map>
#include <utility>

namespace opscope {

namespace {

constexpr Nanos kFree = std::numeric_limits<Nanos>::max();
constexpr std::size_t kFewStacks = 16; // so many are looked through one by one, for the innermost enclosing slice

struct Open
{
    Nanos end;
    Nanos covered;      // children end here; what a further child covers before it is counted already
    std::uint32_t i;    // within the track
};
using Stack = std::vector<Open>;

/// First-fit over stacks: a max tree over what each can still take. limit = end of its innermost open slice.
class LimitTree
{
public:
    void set(std::size_t i, Nanos limit)
    {
        if (i >= m_leaves) grow(i + 1);
        std::size_t node = m_leaves + i;
        m_max[node] = limit;
        for (node /= 2; node >= 1; node /= 2) m_max[node] = std::max(m_max[2 * node], m_max[2 * node + 1]);
    }
    /// The first stack with limit >= end; size_t max when there is none.
    std::size_t firstFit(Nanos end) const
    {
        if (m_leaves == 0 || m_max[1] < end) return std::numeric_limits<std::size_t>::max();
        std::size_t node = 1;
        while (node < m_leaves) node = m_max[2 * node] >= end ? 2 * node : 2 * node + 1;
        return node - m_leaves;
    }

private:
    void grow(std::size_t wanted)
    {
        std::size_t leaves = std::max<std::size_t>(m_leaves, 8);
        while (leaves < wanted) leaves *= 2;
        std::vector<Nanos> max(2 * leaves, std::numeric_limits<Nanos>::min());
        for (std::size_t i = 0; i < m_leaves; ++i) max[leaves + i] = m_max[m_leaves + i];
        for (std::size_t node = leaves - 1; node >= 1; --node) max[node] = std::max(max[2 * node], max[2 * node + 1]);
        m_max = std::move(max);
        m_leaves = leaves;
    }
    std::vector<Nanos> m_max;
    std::size_t m_leaves = 0;
};

/// One track. Stack 0 is the main one; the others exist only where slices overlap or belong to groups.
class Nester
{
public:
    Nester(const NestInput& in, const NestOutput& out) : m_in(in), m_out(out), m_stacks(1), m_depth(1, 0) {}

    NestSummary run()
    {
        const std::size_t n = m_in.start.size();
        for (std::size_t i = m_in.group.empty() ? placeNested() : 0; i < n; ++i) {
            m_out.self[i] = m_in.duration[i];
            if (m_in.group.empty()) place(i); else placeInGroup(i);
        }
        return finish();
    }

private:
    /// Up to the first slice that overlaps another one: a single stack, and nothing else to look after. Returns that slice.
    std::size_t placeNested()
    {
        const Nanos* const starts = m_in.start.data();
        const Nanos* const durations = m_in.duration.data();
        Nanos* const self = m_out.self.data();
        std::uint32_t* const parents = m_out.parent.data();
        std::uint16_t* const lanes = m_out.lane.data();
        Stack& stack = m_stacks[0];
        stack.resize(64);
        std::size_t i = 0, open = 0, deepest = 0;
        for (const std::size_t n = m_in.start.size(); i < n; ++i) {
            const Nanos start = starts[i], end = start + durations[i];
            while (open > 0 && stack[open - 1].end <= start) --open;
            if (open > 0) {
                Open& parent = stack[open - 1];
                if (end > parent.end) break;
                parents[i] = m_in.firstRow + parent.i;
                const Nanos from = std::max(start, parent.covered);
                if (end > from) self[parent.i] -= end - from;
                parent.covered = std::max(parent.covered, end);
            } else {
                parents[i] = SliceId::kNone;
            }
            self[i] = durations[i];
            lanes[i] = static_cast<std::uint16_t>(std::min<std::size_t>(open, kNoLane));
            if (open >= kNoLane) ++m_summary.undrawn;
            if (open == stack.size()) stack.resize(2 * open);
            stack[open++] = {end, start, static_cast<std::uint32_t>(i)};
            deepest = std::max(deepest, open);
        }
        stack.resize(open);
        m_depth[0] = deepest;
        return i;
    }

    void place(std::size_t i)
    {
        const Nanos start = m_in.start[i], end = start + m_in.duration[i];
        Stack& main = m_stacks[0];
        while (!main.empty() && main.back().end <= start) main.pop_back();
        if (m_open) expire(start);
        if (!m_open && (main.empty() || end <= main.back().end)) { // nearly always
            if (!main.empty()) adopt(i, main.back());
            else m_out.parent[i] = SliceId::kNone;
            push(0, i, end);
            return;
        }
        const std::size_t stack = choose(end);
        Open* parent = encloser(end, stack);
        if (parent) adopt(i, *parent);
        else m_out.parent[i] = SliceId::kNone;
        push(stack, i, end);
    }

    void placeInGroup(std::size_t i)
    {
        const Nanos start = m_in.start[i], end = start + m_in.duration[i];
        expire(start);
        const auto [it, isNew] = m_groupStack.try_emplace(m_in.group[i], 0);
        // Pairs of one id nest by construction; where they do not (equal times), the group takes a further stack.
        const bool stays = !isNew && !m_stacks[it->second].empty() && m_stacks[it->second].back().end >= end &&
                           m_in.group[m_stacks[it->second].back().i] == m_in.group[i];
        m_out.parent[i] = SliceId::kNone;
        if (stays) adopt(i, m_stacks[it->second].back());
        else it->second = m_limits.firstFit(kFree);
        if (it->second == std::numeric_limits<std::size_t>::max()) it->second = addStack();
        push(it->second, i, end);
    }

    /// Closes what has ended in the further stacks (in all of them for groups, which have no main one).
    void expire(Nanos start)
    {
        while (!m_ends.empty() && m_ends.top().first <= start) {
            const std::size_t stack = m_ends.top().second;
            m_ends.pop();
            m_stacks[stack].pop_back(); // ends of a stack come from the top: inner slices never end later
            m_limits.set(stack, limitOf(stack));
            if (m_stacks[stack].empty()) --m_open;
        }
    }

    Nanos limitOf(std::size_t stack) const
    {
        if (m_stacks[stack].empty()) return kFree;
        return m_in.group.empty() ? m_stacks[stack].back().end : std::numeric_limits<Nanos>::min();
    }

    std::size_t addStack()
    {
        m_stacks.emplace_back();
        m_depth.push_back(0);
        return m_stacks.size() - 1;
    }

    /// The stack whose innermost open slice encloses the new one most closely, else the first empty one.
    std::size_t choose(Nanos end)
    {
        const auto fits = [&](std::size_t s) { return !m_stacks[s].empty() && m_stacks[s].back().end >= end; };
        if (m_stacks.size() <= kFewStacks) {
            std::size_t best = m_stacks.size();
            for (std::size_t s = 0; s < m_stacks.size(); ++s)
                if (fits(s) && (best == m_stacks.size() || m_stacks[s].back().i > m_stacks[best].back().i)) best = s;
            if (best < m_stacks.size()) return best;
        }
        if (m_stacks[0].empty() || fits(0)) return 0;
        const std::size_t further = m_limits.firstFit(end);
        return further == std::numeric_limits<std::size_t>::max() ? addStack() : further;
    }

    /// The innermost open slice that encloses [.., end), looked for in `stack`, the main one and, when few, all others.
    Open* encloser(Nanos end, std::size_t stack)
    {
        Open* best = nullptr;
        const auto look = [&](Stack& s) {
            const auto it = std::partition_point(s.begin(), s.end(), [&](const Open& o) { return o.end >= end; });
            if (it != s.begin() && (!best || std::prev(it)->i > best->i)) best = &*std::prev(it);
        };
        if (m_stacks.size() <= kFewStacks) {
            for (Stack& s : m_stacks) look(s);
        } else {
            look(m_stacks[0]);
            if (stack != 0) look(m_stacks[stack]);
        }
        return best;
    }

    void adopt(std::size_t i, Open& parent)
    {
        const Nanos start = m_in.start[i], end = start + m_in.duration[i];
        m_out.parent[i] = m_in.firstRow + parent.i;
        const Nanos from = std::max(start, parent.covered);
        if (end > from) m_out.self[parent.i] -= end - from;
        parent.covered = std::max(parent.covered, end);
    }

    void push(std::size_t stack, std::size_t i, Nanos end)
    {
        Stack& s = m_stacks[stack];
        const bool further = stack != 0 || !m_in.group.empty();
        const bool overlaps = stack != 0 && s.empty() && m_in.group.empty(); // what lies inside it there merely follows it
        if (further) {
            if (s.empty()) ++m_open;
            m_ends.emplace(end, stack);
        }
        s.push_back({end, m_in.start[i], static_cast<std::uint32_t>(i)});
        if (further) m_limits.set(stack, limitOf(stack));
        const std::size_t depth = s.size() - 1;
        m_depth[stack] = std::max(m_depth[stack], s.size());
        m_out.lane[i] = static_cast<std::uint16_t>(std::min<std::size_t>(depth, kNoLane));
        if (depth >= kNoLane) ++m_summary.undrawn;
        if (stack != 0) m_moved.emplace_back(static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(stack));
        if (overlaps) {
            m_out.flags[i] |= kSpilled;
            ++m_summary.spilled;
        }
    }

    /// Lanes of the further stacks lie below those of the stacks in front of them.
    NestSummary finish()
    {
        std::vector<std::size_t> base(m_stacks.size(), 0);
        for (std::size_t s = 1; s < base.size(); ++s) base[s] = base[s - 1] + m_depth[s - 1];
        for (const auto& [i, stack] : m_moved) {
            const std::size_t lane = base[stack] + m_out.lane[i];
            if (lane >= kNoLane && m_out.lane[i] != kNoLane) ++m_summary.undrawn;
            m_out.lane[i] = static_cast<std::uint16_t>(std::min<std::size_t>(lane, kNoLane));
        }
        m_summary.lanes = static_cast<std::uint16_t>(std::min<std::size_t>(base.back() + m_depth.back(), kNoLane));
        for (std::size_t s = 1; s < base.size() && base[s] < kNoLane; ++s)
            if (base[s] > 0) m_summary.spillBases.push_back(static_cast<std::uint16_t>(base[s]));
        return std::move(m_summary);
    }

    const NestInput& m_in;
    const NestOutput& m_out;
    NestSummary m_summary;
    std::vector<Stack> m_stacks;
    std::vector<std::size_t> m_depth;                 // most slices that lay on each other, by stack
    std::size_t m_open = 0;                           // further stacks that are not empty
    LimitTree m_limits;                               // of the further stacks
    using End = std::pair<Nanos, std::size_t>;
    std::priority_queue<End, std::vector<End>, std::greater<>> m_ends;
    std::unordered_map<std::uint32_t, std::size_t> m_groupStack;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> m_moved; // (slice, further stack)
};

} // namespace

NestSummary nest(const NestInput& in, const NestOutput& out) { return Nester(in, out).run(); }

} // namespace opscope
