#pragma once

#include "core/query/FilterNode.h"
#include "core/query/Query.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <vector>

namespace opscope {

/// One comparison of a filter, made ready for one trace. Asked from several threads at once.
///
/// A slice and a node that are one event share their fields: each is asked for its own first, then for what the other says.
class RowTest
{
public:
    /// How long a row takes, for the order in which the parts of "and" are asked.
    enum class Cost : std::uint8_t { Bit, Read, Text, Column, Tensor, File };

    RowTest(const Trace& trace, Cost cost) : m_trace(trace), m_cost(cost) {}
    virtual ~RowTest() = default;
    RowTest(const RowTest&) = delete;
    RowTest& operator=(const RowTest&) = delete;

    Cost cost() const { return m_cost; }
    /// Those of 64 rows (bit i: row word * 64 + i) that are in `mask` and pass. One by one unless a test knows better.
    virtual std::uint64_t slices(std::size_t word, std::uint64_t mask) const;
    virtual std::uint64_t instants(std::size_t word, std::uint64_t mask) const;
    virtual std::uint64_t samples(std::size_t word, std::uint64_t mask) const;
    virtual bool slice(SliceId) const { return false; }
    virtual bool instant(InstantId) const { return false; }
    virtual bool sample(SampleId) const { return false; }
    virtual bool node(NodeId row) const { return sliceOfNode(row); }

protected:
    /// What the slice that is this node says, and the other way round.
    bool sliceOfNode(NodeId row) const
    {
        const SliceId s = m_trace.sliceOf(row);
        return s && slice(s);
    }
    bool nodeOfSlice(SliceId row) const
    {
        const NodeId n = m_trace.nodeOf(row);
        return n && node(n);
    }
    const Trace& m_trace;

private:
    Cost m_cost;
};

/// Calls pass(row) for each row whose bit is set.
template <class Pass>
std::uint64_t keepRows(std::size_t word, std::uint64_t mask, Pass&& pass)
{
    const std::size_t base = word * 64;
    std::uint64_t out = 0;
    if (mask == ~std::uint64_t{0}) {
        for (std::size_t i = 0; i < 64; ++i) out |= static_cast<std::uint64_t>(pass(base + i)) << i;
        return out;
    }
    for (std::uint64_t left = mask; left; left &= left - 1) {
        const auto i = static_cast<std::size_t>(std::countr_zero(left));
        out |= static_cast<std::uint64_t>(pass(base + i)) << i;
    }
    return out;
}

/// The same for counter values: pass(series, index within it).
template <class Pass>
std::uint64_t keepSamples(const CounterTable& counters, std::size_t word, std::uint64_t mask, Pass&& pass)
{
    const std::span<const CounterSeries> all = counters.series();
    auto series = std::ranges::upper_bound(all, static_cast<std::uint32_t>(word * 64), {}, &CounterSeries::first) - 1;
    return keepRows(word, mask, [&](std::size_t row) {
        while (row >= std::size_t{series->first} + series->count) ++series;
        return pass(*series, row - series->first);
    });
}

/// A row set that is known beforehand: by track, by type, what a function of another filter gives.
class SetTest final : public RowTest
{
public:
    /// `ownNodes`: nodes are asked for themselves, not for their slices.
    SetTest(const Trace& trace, Matches rows, bool ownNodes) : RowTest(trace, Cost::Bit), m_rows(std::move(rows)), m_ownNodes(ownNodes) {}
    std::uint64_t slices(std::size_t word, std::uint64_t mask) const override { return m_rows.slices.words()[word] & mask; }
    std::uint64_t instants(std::size_t word, std::uint64_t mask) const override { return m_rows.instants.words()[word] & mask; }
    std::uint64_t samples(std::size_t word, std::uint64_t mask) const override { return m_rows.samples.words()[word] & mask; }
    bool slice(SliceId row) const override { return m_rows.slices.contains(row); }
    bool instant(InstantId row) const override { return m_rows.instants.contains(row); }
    bool sample(SampleId row) const override { return m_rows.samples.contains(row); }
    bool node(NodeId row) const override { return m_ownNodes ? m_rows.nodes.contains(row) : sliceOfNode(row); }

private:
    Matches m_rows;
    bool m_ownNodes;
};

/// Yes or no for each different value of a column, decided when one is first met. Two threads may decide the same one: they agree.
template <class RowId>
class LazyTable
{
public:
    explicit LazyTable(std::size_t size) : m_states(size) {}
    template <class Decide>
    bool operator()(RowId id, Decide&& decide) const
    {
        std::atomic<std::uint8_t>& state = m_states[id.index()];
        std::uint8_t known = state.load(std::memory_order_relaxed);
        if (known == kUnknown) {
            known = decide(id) ? kYes : kNo;
            state.store(known, std::memory_order_relaxed);
        }
        return known == kYes;
    }

private:
    static constexpr std::uint8_t kUnknown = 0, kNo = 1, kYes = 2;
    mutable std::vector<std::atomic<std::uint8_t>> m_states;
};

using RowTestPtr = std::unique_ptr<RowTest>;

RowTestPtr fieldTest(const Trace& trace, const FilterNode& comparison);
RowTestPtr tensorTest(const Trace& trace, const FilterNode& comparison);
/// What lies in that relation to the rows of `inner`.
RowTestPtr linkTest(const Trace& trace, FilterLink link, const Matches& inner);

} // namespace opscope
