#pragma once

#include "core/base/Id.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace opscope {

using SampleId = Id<struct SampleTag>;       ///< row of CounterTable: one value of one series
using FlowPointId = Id<struct FlowPointTag>; ///< row of FlowTable::points()

/// A set of rows of one table, one bit a row. A plain value; sets that are combined must be of the same size.
template <class RowId>
class RowSet
{
public:
    static constexpr std::size_t kWordBits = 64;

    RowSet() = default;
    /// Of a table of `rows` rows; empty, or with all of them.
    explicit RowSet(std::size_t rows, bool all = false) : m_words((rows + kWordBits - 1) / kWordBits, all ? ~std::uint64_t{0} : 0), m_rows(rows)
    {
        trim();
    }
    /// Rows of the table, not of the set.
    std::size_t size() const { return m_rows; }
    bool contains(RowId row) const { return row.index() < m_rows && (m_words[row.index() / kWordBits] >> (row.index() % kWordBits) & 1); }
    void insert(RowId row) { m_words[row.index() / kWordBits] |= std::uint64_t{1} << (row.index() % kWordBits); }
    void remove(RowId row) { m_words[row.index() / kWordBits] &= ~(std::uint64_t{1} << (row.index() % kWordBits)); }
    std::size_t count() const
    {
        std::size_t n = 0;
        for (const std::uint64_t word : m_words) n += static_cast<std::size_t>(std::popcount(word));
        return n;
    }
    bool empty() const
    {
        for (const std::uint64_t word : m_words)
            if (word) return false;
        return true;
    }
    RowSet& operator&=(const RowSet& other) { for (std::size_t i = 0; i < m_words.size(); ++i) m_words[i] &= other.m_words[i]; return *this; }
    RowSet& operator|=(const RowSet& other) { for (std::size_t i = 0; i < m_words.size(); ++i) m_words[i] |= other.m_words[i]; return *this; }
    RowSet& operator-=(const RowSet& other) { for (std::size_t i = 0; i < m_words.size(); ++i) m_words[i] &= ~other.m_words[i]; return *this; }
    void invert() { for (std::uint64_t& word : m_words) word = ~word; trim(); }
    /// In ascending order.
    template <class Visit>
    void forEach(Visit&& visit) const
    {
        for (std::size_t i = 0; i < m_words.size(); ++i)
            for (std::uint64_t word = m_words[i]; word; word &= word - 1)
                visit(RowId(i * kWordBits + static_cast<std::size_t>(std::countr_zero(word))));
    }
    /// The first row of the set at or behind `from`; none when there is none.
    RowId next(RowId from) const
    {
        std::size_t i = from.index() / kWordBits;
        if (!from.valid() || i >= m_words.size()) return {};
        std::uint64_t word = m_words[i] & (~std::uint64_t{0} << (from.index() % kWordBits));
        while (!word)
            if (++i == m_words.size()) return {};
            else word = m_words[i];
        return RowId(i * kWordBits + static_cast<std::size_t>(std::countr_zero(word)));
    }
    /// Whether any row of [begin, end) is in it. O(rows / 64).
    bool any(RowId begin, RowId end) const
    {
        const RowId found = next(begin);
        return found.valid() && found < end;
    }
    /// 64 rows a word, for whoever fills it in parallel by whole words. Bits behind size() must stay 0.
    std::span<std::uint64_t> words() { return m_words; }
    std::span<const std::uint64_t> words() const { return m_words; }
    friend bool operator==(const RowSet&, const RowSet&) = default;

private:
    void trim() { if (m_rows % kWordBits) m_words.back() &= (std::uint64_t{1} << (m_rows % kWordBits)) - 1; }
    std::vector<std::uint64_t> m_words;
    std::size_t m_rows = 0;
};

using SliceSet = RowSet<SliceId>;
using InstantSet = RowSet<InstantId>;
using SampleSet = RowSet<SampleId>;
using NodeSet = RowSet<NodeId>;
using FlowPointSet = RowSet<FlowPointId>;

} // namespace opscope
