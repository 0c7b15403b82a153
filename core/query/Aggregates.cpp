#include "core/query/Aggregates.h"

#include "core/base/Parallel.h"
#include "core/base/RawVector.h"
#include "core/query/GroupKey.h"
#include "core/query/GroupWork.h"
#include "core/query/Saturate.h"
#include "core/trace/MergeSort.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

namespace opscope {
namespace {

constexpr std::size_t kBlock = 4096;              // rows between two looks at the stop token
constexpr std::size_t kWorthAThread = 64 * 1024;  // slices
constexpr std::size_t kBatch = 64 * 1024;         // slices whose groups one task measures

constexpr std::array<std::string_view, 8> kPopulations{"all", "kernels", "device_ops", "operators", "runtime", "memory", "annotations", "python"};

/// Which rows go in.
class Choice
{
public:
    Choice(const Trace& trace, const AggregateQuery& query)
        : m_categories(trace.slices().categories()), m_starts(trace.slices().starts()), m_durations(trace.slices().durations()),
          m_matches(query.matches), m_range(query.range)
    {
        for (const Category& category : trace.categories())
            m_wanted.push_back(category.kind != CategoryClass::Span && contains(query.population, category.kind));
    }
    bool operator()(std::size_t row) const
    {
        if (!m_wanted[m_categories[row]] || (m_matches && !m_matches->contains(SliceId(row)))) return false;
        if (!m_range) return true;
        const Nanos start = m_starts[row];
        return start < m_range->end && (start + m_durations[row] > m_range->start || start >= m_range->start);
    }
    /// Of a row that goes in.
    bool sticksOut(std::size_t row) const
    {
        return m_range && (m_starts[row] < m_range->start || m_starts[row] + m_durations[row] > m_range->end);
    }

private:
    std::vector<std::uint8_t> m_wanted;           ///< by category
    std::span<const std::uint16_t> m_categories;
    std::span<const Nanos> m_starts, m_durations;
    const SliceSet* m_matches;
    std::optional<TimeRange> m_range;
};

/// Rows lie in order on each track already, so that there is little to do.
void sortByTime(const Trace& trace, std::vector<SliceId>& slices, const std::vector<SortRange>& ranges, unsigned threads)
{
    const std::span<const Nanos> starts = trace.slices().starts();
    mergeSort(slices.data(), ranges, threads, [starts](SliceId a, SliceId b) {
        return starts[a.index()] != starts[b.index()] ? starts[a.index()] < starts[b.index()] : a < b;
    });
}

std::size_t nearestRank(std::size_t count, std::size_t percent) { return (count * percent + 99) / 100 - 1; }

/// Sum of what all is at most `largest`: exact, or the end of int64.
template <class Value>
std::int64_t exactSum(std::size_t count, Value&& value, bool& saturated)
{
    __int128 sum = 0;
    for (std::size_t i = 0; i < count; ++i) sum += value(i);
    if (sum <= std::numeric_limits<std::int64_t>::max()) return static_cast<std::int64_t>(sum);
    saturated = true;
    return std::numeric_limits<std::int64_t>::max();
}

/// Part of the rows, classified by one thread with numbers of its own. `groups` makes them those of all.
struct Chunk
{
    std::size_t first = 0, last = 0;              ///< rows
    std::vector<std::uint32_t> direct;            ///< by the first mark, where those are few enough to be counted out
    std::vector<PairTable> tables;                ///< by key: (number of what stands in front, mark) -> number
    std::vector<std::uint32_t> examples;          ///< by number: a row
    std::vector<std::uint32_t> groups;            ///< by number
    std::uint64_t beyondRange = 0;
    struct Sum
    {
        std::uint64_t self = 0;                   ///< modulo 2^64: made good for groups where that matters
        std::uint32_t count = 0, place = 0;       ///< place: where the next of them goes
    };
    std::vector<Sum> sums;                        ///< by group
};

class Grouping
{
public:
    Grouping(const Trace& trace, const AggregateQuery& query, const JobControl& job)
        : m_trace(trace), m_slices(trace.slices()), m_query(query), m_job(job), m_threads(m_slices.size() > kWorthAThread ? 2 : 1),
          m_choice(trace, query)
    {
        for (const GroupBy by : query.by) m_keys.emplace_back(trace, by);
    }

    Result<Aggregates> run()
    {
        if (m_job.progress) m_job.progress->step = "Grouping";
        split();
        parallelFor(m_chunks.size(), m_threads, [&](std::size_t i) { classify(m_chunks[i]); });
        if (!m_job.cancelled()) unite();
        if (!m_job.cancelled()) collect();
        if (!m_job.cancelled()) measure();
        if (!m_job.cancelled()) sortMembers();
        if (!m_job.cancelled()) name();
        if (m_job.cancelled()) return Error{ErrorCode::Cancelled, "cancelled", {}};
        return std::move(m_out);
    }

private:
    void split()
    {
        m_groupOf.resize(m_slices.size());
        for (std::size_t i = 0; i < m_threads; ++i) {
            Chunk chunk;
            const auto cut = [&](std::size_t n) { return n == m_threads ? m_slices.size() : m_slices.size() / m_threads * n / kBlock * kBlock; };
            chunk.first = cut(i);
            chunk.last = cut(i + 1);
            chunk.tables.resize(m_keys.size());
            if (m_keys.front().markCount()) chunk.direct.assign(m_keys.front().markCount(), kNoGroup);
            m_chunks.push_back(std::move(chunk));
        }
    }

    void classify(Chunk& chunk)
    {
        std::vector<std::uint32_t> rows(kBlock);
        for (std::size_t first = chunk.first; first < chunk.last && !m_job.cancelled(); first += kBlock) {
            const std::size_t last = std::min(first + kBlock, chunk.last);
            number(chunk, std::span(rows).first(choose(chunk, first, last, rows.data())));
        }
    }
    std::size_t choose(Chunk& chunk, std::size_t first, std::size_t last, std::uint32_t* rows)
    {
        std::size_t count = 0;
        for (std::size_t row = first; row < last; ++row) {
            const bool in = m_choice(row);
            chunk.beyondRange += in && m_choice.sticksOut(row);
            m_groupOf[row] = kNoGroup;
            rows[count] = static_cast<std::uint32_t>(row);
            count += in;
        }
        return count;
    }
    void number(Chunk& chunk, std::span<const std::uint32_t> rows)
    {
        std::array<std::uint64_t, kBlock> marks;
        for (std::size_t k = 0; k < m_keys.size(); ++k) {
            m_keys[k].marks(rows, marks.data());
            const bool isLast = k + 1 == m_keys.size();
            for (std::size_t i = 0; i < rows.size(); ++i) {
                std::uint32_t& group = m_groupOf[rows[i]];
                group = k == 0 ? firstNumber(chunk, marks[i]) : chunk.tables[k].numberOf(group, marks[i]);
                if (isLast && group == chunk.examples.size()) chunk.examples.push_back(rows[i]);
            }
        }
    }
    static std::uint32_t firstNumber(Chunk& chunk, std::uint64_t mark)
    {
        if (chunk.direct.empty()) return chunk.tables[0].numberOf(0, mark);
        std::uint32_t& number = chunk.direct[mark];
        if (number == kNoGroup) number = chunk.tables[0].numberOf(0, mark);
        return number;
    }

    /// One number for all that have equal keys, in the order of their first rows: nothing depends on where the rows were split.
    void unite()
    {
        std::vector<PairTable> tables(m_keys.size());
        for (Chunk& chunk : m_chunks) {
            for (const std::uint32_t row : chunk.examples) {
                std::uint32_t group = 0;
                for (std::size_t k = 0; k < m_keys.size(); ++k) group = tables[k].numberOf(group, m_keys[k].keyOf(SliceId(row)));
                if (group == m_examples.size()) m_examples.push_back(row);
                chunk.groups.push_back(group);
            }
            chunk.direct = {};
            chunk.tables = {};
            m_out.beyondRange += chunk.beyondRange;
        }
    }

    /// Members by group, each by row, and their durations beside them: a counting sort.
    void collect()
    {
        parallelFor(m_chunks.size(), m_threads, [&](std::size_t i) { count(m_chunks[i]); });
        m_out.firstMember.resize(m_examples.size() + 1);
        std::uint32_t place = 0;
        for (std::size_t g = 0; g < m_examples.size(); ++g) {
            m_out.firstMember[g] = place;
            for (Chunk& chunk : m_chunks) {
                chunk.sums[g].place = place;
                place += chunk.sums[g].count;
            }
        }
        m_out.firstMember.back() = place;
        m_out.slices = place;
        m_out.members.resize(place);
        m_durations.resize(place);
        parallelFor(m_chunks.size(), m_threads, [&](std::size_t i) { settle(m_chunks[i]); });
    }
    void count(Chunk& chunk)
    {
        chunk.sums.resize(m_examples.size());
        for (std::size_t row = chunk.first; row < chunk.last; ++row) {
            if (m_groupOf[row] == kNoGroup) continue;
            const std::uint32_t group = m_groupOf[row] = chunk.groups[m_groupOf[row]];
            ++chunk.sums[group].count;
            chunk.sums[group].self += static_cast<std::uint64_t>(m_slices.selfTime(SliceId(row)));
        }
    }
    void settle(Chunk& chunk)
    {
        for (std::size_t row = chunk.first; row < chunk.last; ++row) {
            if (m_groupOf[row] == kNoGroup) continue;
            const std::uint32_t place = chunk.sums[m_groupOf[row]].place++;
            m_out.members[place] = SliceId(row);
            m_durations[place] = m_slices.durations()[row];
        }
    }

    /// Figures of all groups on one side, work of devices on the other.
    void measure()
    {
        m_out.rows.resize(m_examples.size());
        std::vector<std::size_t> batches{0};
        for (std::size_t g = 0; g < m_examples.size(); ++g)
            if (m_out.firstMember[g + 1] - m_out.firstMember[batches.back()] > kBatch) batches.push_back(g + 1);
        if (batches.back() != m_examples.size()) batches.push_back(m_examples.size());
        std::vector<DeviceWork> work;
        parallelFor(batches.size(), m_threads, [&](std::size_t task) {
            if (task == 0) {
                work = deviceWorkByGroup(m_trace, m_groupOf, m_examples.size(), m_job);
                return;
            }
            for (std::size_t g = batches[task - 1]; g < batches[task] && !m_job.cancelled(); ++g) measure(g);
        });
        for (std::size_t g = 0; g < m_examples.size(); ++g) {
            AggregateRow& row = m_out.rows[g];
            row.device = work[g];
            m_out.saturated |= row.saturated;
        }
        m_out.total = exactSum(m_out.rows.size(), [&](std::size_t g) { return m_out.rows[g].total; }, m_out.saturated);
        m_out.self = exactSum(m_out.rows.size(), [&](std::size_t g) { return m_out.rows[g].self; }, m_out.saturated);
    }
    void measure(std::size_t g)
    {
        AggregateRow& row = m_out.rows[g];
        const std::span<Nanos> durations = std::span(m_durations).subspan(m_out.firstMember[g], m_out.firstMember[g + 1] - m_out.firstMember[g]);
        row.group = static_cast<std::uint32_t>(g);
        row.count = durations.size();
        std::uint64_t total = 0, self = 0;
        row.min = row.max = durations.front();
        for (const Nanos d : durations) {
            row.min = std::min(row.min, d);
            row.max = std::max(row.max, d);
            total += static_cast<std::uint64_t>(d);
        }
        for (const Chunk& chunk : m_chunks) self += chunk.sums[g].self;
        row.total = static_cast<Nanos>(total);
        row.self = static_cast<Nanos>(self);
        if (row.max > std::numeric_limits<Nanos>::max() / static_cast<Nanos>(durations.size())) sumSlowly(row, durations);
        const auto rank = [&](std::size_t percent) { return durations.begin() + static_cast<std::ptrdiff_t>(nearestRank(durations.size(), percent)); };
        const auto median = rank(50), p99 = rank(99);
        std::nth_element(durations.begin(), median, durations.end());
        row.median = *median;
        if (p99 > median) std::nth_element(median + 1, p99, durations.end());
        row.p99 = *p99;
    }
    /// Where the sums might have turned round.
    void sumSlowly(AggregateRow& row, std::span<const Nanos> durations)
    {
        row.total = exactSum(durations.size(), [&](std::size_t i) { return durations[i]; }, row.saturated);
        const std::span<const SliceId> members = m_out.of(row);
        row.self = exactSum(members.size(), [&](std::size_t i) { return m_slices.selfTime(members[i]); }, row.saturated);
    }

    void sortMembers()
    {
        std::vector<SortRange> ranges;
        for (std::size_t g = 0; g < m_examples.size(); ++g)
            if (m_out.firstMember[g + 1] - m_out.firstMember[g] > 1) ranges.push_back({m_out.firstMember[g], m_out.firstMember[g + 1]});
        sortByTime(m_trace, m_out.members, ranges, m_threads);
    }

    void name()
    {
        for (AggregateRow& row : m_out.rows) {
            row.keys.reserve(m_keys.size());
            for (const GroupKey& key : m_keys) row.keys.push_back(key.text(SliceId(m_examples[row.group])));
        }
        std::ranges::sort(m_out.rows, [](const AggregateRow& a, const AggregateRow& b) {
            if (a.total != b.total) return a.total > b.total;
            return a.keys != b.keys ? a.keys < b.keys : a.group < b.group;
        });
        m_out.by = m_query.by;
    }

    const Trace& m_trace;
    const SliceTable& m_slices;
    const AggregateQuery& m_query;
    const JobControl& m_job;
    const unsigned m_threads;
    const Choice m_choice;
    std::vector<GroupKey> m_keys;
    std::vector<Chunk> m_chunks;
    RawVector<std::uint32_t> m_groupOf;           ///< by slice; the chunk's number until collect()
    std::vector<std::uint32_t> m_examples;        ///< by group: its first row
    RawVector<Nanos> m_durations;                 ///< as members
    Aggregates m_out;
};

} // namespace

std::string_view id(Population population) { return kPopulations[static_cast<std::size_t>(population)]; }

std::optional<Population> populationById(std::string_view text)
{
    for (std::size_t i = 0; i < kPopulations.size(); ++i)
        if (kPopulations[i] == text) return static_cast<Population>(i);
    return std::nullopt;
}

bool contains(Population population, CategoryClass kind)
{
    switch (population) {
    case Population::All: return true;
    case Population::Kernels: return kind == CategoryClass::Kernel;
    case Population::DeviceOps: return isDeviceOp(kind);
    case Population::Operators: return kind == CategoryClass::CpuOp;
    case Population::Runtime: return kind == CategoryClass::Runtime || kind == CategoryClass::Driver;
    case Population::Memory: return kind == CategoryClass::Memcpy || kind == CategoryClass::Memset;
    case Population::Annotations: return kind == CategoryClass::UserAnnotation || kind == CategoryClass::GpuAnnotation;
    case Population::Python: return kind == CategoryClass::PythonFunction;
    }
    return false;
}

Result<Aggregates> aggregate(const Trace& trace, const AggregateQuery& query, const JobControl& job)
{
    if (!query.by.empty()) return Grouping(trace, query, job).run();
    AggregateQuery byName = query; // a table of one row has no use: who asks for nothing gets the usual
    byName.by = {GroupBy::Name};
    return Grouping(trace, byName, job).run();
}

Result<std::vector<SliceId>> slicesOf(const Trace& trace, const AggregateQuery& query, const JobControl& job)
{
    const Choice choice(trace, query);
    std::vector<SliceId> slices;
    for (std::size_t row = 0; row < trace.slices().size(); ++row) {
        if (row % kBlock == 0 && job.cancelled()) return Error{ErrorCode::Cancelled, "cancelled", {}};
        if (choice(row)) slices.push_back(SliceId(row));
    }
    sortByTime(trace, slices, {{0, slices.size()}}, 2);
    return slices;
}

} // namespace opscope
