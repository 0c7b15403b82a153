#include "core/base/Parallel.h"
#include "core/tensor/CapturedTensor.h"
#include "core/tensor/DistinctEstimate.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <limits>
#include <optional>

namespace opscope {

namespace {

// Every pass reads the file in chunks on two threads and never holds more than these bounds say, whatever the size of the file:
//
//     pass 1   minimum, maximum, sum, zeros, negatives, order
//     then, by what pass 1 found ("key" = value - minimum, exact in 64 bits without a sign):
//     a        keys below kTableKeys: a counter for each value; everything exact                  2 x 16 MiB (32 beyond 4 G values)
//     b        at most kSortedValues values: sorted; everything exact                             2 x 32 MiB
//     c        else: histogram of 65,536 bins, values that a sample found frequent, and a bit     2 x 32 MiB
//              for each key below kBitmapKeys, or an estimate; and the bin of the median once more
constexpr std::uint64_t kTableKeys = 1u << 22;
constexpr std::uint64_t kSortedValues = 1u << 22;
constexpr std::uint64_t kBitmapKeys = 1u << 28;
constexpr unsigned kFineBits = 16;
constexpr std::size_t kChunkBytes = 1u << 20;
constexpr unsigned kThreads = 2;
constexpr std::uint64_t kBins = 40;          // drawn ones; 111 values make 37 bins of 3
constexpr std::size_t kFrequent = 16;
constexpr std::size_t kCandidates = 64;

using Key = std::uint64_t;

struct KeyCount
{
    Key key = 0;
    std::uint64_t count = 0;
};

/// The most frequent first; of equally frequent ones the smallest.
void keepFrequent(std::vector<KeyCount>& all, std::size_t limit)
{
    const auto before = [](const KeyCount& a, const KeyCount& b) { return a.count != b.count ? a.count > b.count : a.key < b.key; };
    const std::size_t kept = std::min(limit, all.size());
    std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(kept), all.end(), before);
    all.resize(kept);
}

/// As many bins of one width as are drawn, each a multiple of `unit`.
struct Binning
{
    Key range = 0, width = 1;
    Binning(Key keyRange, unsigned unitBits) : range(keyRange), width(((keyRange / kBins >> unitBits) + 1) << unitBits) {}
    std::size_t bins() const { return static_cast<std::size_t>(range / width) + 1; }
    std::size_t of(Key key) const { return static_cast<std::size_t>(key / width); }
};

struct Summary
{
    std::int64_t high = 0;   ///< of the sum: high * 2^32 + low
    std::uint64_t low = 0, zeros = 0, negatives = 0;
    bool rises = false, falls = false, repeats = false;
};

template <class T>
class Statistics
{
public:
    Statistics(const CapturedTensor& tensor, const JobControl& job) : m_tensor(tensor), m_job(job) {}

    std::optional<TensorStatistics> run()
    {
        if (m_job.progress) {
            m_job.progress->step = "Counting values";
            m_job.progress->done = 0;
            m_job.progress->total = 2 * m_tensor.fileBytes();
        }
        if (!survey()) return std::nullopt;
        if (m_out.count == 0) return m_out;
        const bool whole = m_range < kTableKeys ? countTable() : m_out.count <= kSortedValues ? sortAll() : countCoarsely();
        if (!whole) return std::nullopt;
        m_out.duplicates = m_out.count - std::min(m_out.count, m_out.distinct);
        return m_out;
    }

private:
    struct Edge
    {
        T first{}, last{};
        bool any = false;
    };

    Key keyOf(T value) const { return static_cast<Key>(value) - static_cast<Key>(m_min); }
    std::int64_t valueOf(Key key) const { return static_cast<std::int64_t>(static_cast<Key>(m_min) + key); }

    /// work(worker, chunk, values) for each chunk, in any order; false when cancelled.
    template <class Work>
    bool forChunks(Work&& work)
    {
        const std::uint64_t bytes = m_tensor.fileElements() * sizeof(T);
        const std::uint64_t chunks = (bytes + kChunkBytes - 1) / kChunkBytes;
        std::atomic<std::uint64_t> next = 0;
        parallelFor(kThreads, chunks < 2 ? 1 : kThreads, [&](std::size_t worker) {
            std::vector<T> buffer(kChunkBytes / sizeof(T));
            for (std::uint64_t chunk = next++; chunk < chunks && !m_job.cancelled(); chunk = next++) {
                const std::uint64_t begin = chunk * kChunkBytes;
                const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(kChunkBytes, bytes - begin));
                const std::size_t got = m_tensor.readBytes(begin, std::as_writable_bytes(std::span(buffer)).first(length));
                work(worker, chunk, std::span<const T>(buffer).first(got / sizeof(T)));
                if (m_job.progress) m_job.progress->done += length;
            }
        });
        return !m_job.cancelled();
    }

    bool survey()
    {
        const std::uint64_t bytes = m_tensor.fileElements() * sizeof(T);
        std::vector<Edge> edges(static_cast<std::size_t>((bytes + kChunkBytes - 1) / kChunkBytes));
        std::array<Summary, kThreads> sums;
        std::array<std::uint64_t, kThreads> counts{};
        std::array<T, kThreads> mins, maxs;
        mins.fill(std::numeric_limits<T>::max());
        maxs.fill(std::numeric_limits<T>::min());
        const bool whole = forChunks([&](std::size_t worker, std::uint64_t chunk, std::span<const T> values) {
            if (values.empty()) return;
            edges[static_cast<std::size_t>(chunk)] = {values.front(), values.back(), true};
            counts[worker] += values.size();
            summarise(values, sums[worker], mins[worker], maxs[worker]);
        });
        if (!whole) return false;
        Summary all = sums[0];
        all.high += sums[1].high;
        all.low += sums[1].low;
        all.zeros += sums[1].zeros;
        all.negatives += sums[1].negatives;
        all.rises |= sums[1].rises;
        all.falls |= sums[1].falls;
        all.repeats |= sums[1].repeats;
        joinEdges(edges, all);
        m_min = std::min(mins[0], mins[1]);
        const T max = std::max(maxs[0], maxs[1]);
        m_out.count = counts[0] + counts[1];
        if (m_out.count == 0) return true;
        m_range = keyOf(max);
        m_out.minimum = static_cast<std::int64_t>(m_min);
        m_out.maximum = static_cast<std::int64_t>(max);
        m_out.zeros = all.zeros;
        m_out.negatives = all.negatives;
        const __int128 sum = (static_cast<__int128>(all.high) << 32) + static_cast<__int128>(all.low);
        m_out.mean = static_cast<double>(static_cast<long double>(sum) / static_cast<long double>(m_out.count));
        m_out.order = orderOf(all);
        return true;
    }

    static void summarise(std::span<const T> values, Summary& sum, T& min, T& max)
    {
        T low = min, high = max, before = values.front();
        std::int64_t sumHigh = 0;
        std::uint64_t sumLow = 0, zeros = 0, negatives = 0, rises = 0, falls = 0;
        for (const T value : values) {
            low = std::min(low, value);
            high = std::max(high, value);
            sumLow += static_cast<std::uint32_t>(static_cast<std::uint64_t>(value));
            if constexpr (std::is_signed_v<T>) {
                sumHigh += static_cast<std::int64_t>(value) >> 32;
                negatives += value < 0;
            } else {
                sumHigh += static_cast<std::int64_t>(static_cast<std::uint64_t>(value) >> 32);
            }
            zeros += value == 0;
            rises += before < value;
            falls += before > value;
            before = value;
        }
        min = low;
        max = high;
        sum.high += sumHigh;
        sum.low += sumLow;
        sum.zeros += zeros;
        sum.negatives += negatives;
        sum.rises |= rises != 0;
        sum.falls |= falls != 0;
        sum.repeats |= rises + falls + 1 < values.size();
    }

    static void joinEdges(const std::vector<Edge>& edges, Summary& all)
    {
        for (std::size_t i = 1; i < edges.size(); ++i) {
            if (!edges[i].any || !edges[i - 1].any) continue;
            all.rises |= edges[i - 1].last < edges[i].first;
            all.falls |= edges[i - 1].last > edges[i].first;
            all.repeats |= edges[i - 1].last == edges[i].first;
        }
    }

    static TensorStatistics::Order orderOf(const Summary& s)
    {
        using Order = TensorStatistics::Order;
        if (s.rises && s.falls) return Order::Unsorted;
        if (s.rises) return s.repeats ? Order::Rising : Order::StrictlyRising;
        if (s.falls) return s.repeats ? Order::Falling : Order::StrictlyFalling;
        return Order::Constant;
    }

    void addBin(Key low, Key width, std::uint64_t count)
    {
        const Key high = low > std::numeric_limits<Key>::max() - (width - 1) ? m_range : std::min(m_range, low + (width - 1));
        m_out.bins.push_back({valueOf(low), valueOf(high), count});
    }

    void setBins(const Binning& binning, const std::vector<std::uint64_t>& counts)
    {
        for (std::size_t b = 0; b < counts.size(); ++b) addBin(b * binning.width, binning.width, counts[b]);
    }

    void setFrequent(std::vector<KeyCount>& all)
    {
        keepFrequent(all, kFrequent);
        for (const KeyCount& k : all) m_out.frequent.push_back({valueOf(k.key), k.count});
    }

    std::uint64_t medianRank() const { return (m_out.count - 1) / 2; }

    // ---- a
    bool countTable()
    {
        const auto keys = static_cast<std::size_t>(m_range) + 1;
        // Half as much memory passes through the caches with 32 bits, which do for everything below 4 G values.
        return m_out.count <= std::numeric_limits<std::uint32_t>::max() ? countIn<std::uint32_t>(keys) : countIn<std::uint64_t>(keys);
    }

    template <class Counter>
    bool countIn(std::size_t keys)
    {
        std::array<std::vector<Counter>, kThreads> tables;
        std::array<std::uint64_t, kThreads> seen{};
        for (auto& table : tables) table.assign(keys, 0);
        const bool whole = forChunks([&](std::size_t worker, std::uint64_t, std::span<const T> values) {
            Counter* const table = tables[worker].data();
            std::uint64_t inside = 0;
            for (const T value : values) {
                const Key key = keyOf(value);
                if (key >= keys) continue; // the file changed
                ++table[key];
                ++inside;
            }
            seen[worker] += inside;
        });
        if (!whole) return false;
        m_out.changed = seen[0] + seen[1] != m_out.count;
        readTable(keys, [&](std::size_t key) { return std::uint64_t{tables[0][key]} + tables[1][key]; });
        return true;
    }

    template <class Count>
    void readTable(std::size_t keys, Count&& countOf)
    {
        const Binning binning(m_range, 0);
        std::vector<std::uint64_t> bins(binning.bins());
        std::vector<KeyCount> frequent;
        std::uint64_t below = 0;
        for (std::size_t key = 0; key < keys; ++key) {
            const std::uint64_t count = countOf(key);
            if (!count) continue;
            ++m_out.distinct;
            bins[binning.of(key)] += count;
            if (!m_out.median && below + count > medianRank()) m_out.median = valueOf(key);
            below += count;
            frequent.push_back({key, count});
            if (frequent.size() >= 4096) keepFrequent(frequent, kFrequent);
        }
        setBins(binning, bins);
        setFrequent(frequent);
    }

    // ---- b
    bool sortAll()
    {
        std::vector<Key> keys(static_cast<std::size_t>(m_out.count)), other(keys.size());
        std::atomic<std::uint64_t> seen = 0;
        const bool whole = forChunks([&](std::size_t, std::uint64_t chunk, std::span<const T> values) {
            std::size_t at = static_cast<std::size_t>(chunk) * (kChunkBytes / sizeof(T));
            for (const T value : values)
                if (at < keys.size()) keys[at++] = std::min(keyOf(value), m_range);
            seen += values.size();
        });
        if (!whole) return false;
        m_out.changed = seen != m_out.count;
        radixSort(keys, other);
        const Binning binning(m_range, 0);
        std::vector<std::uint64_t> bins(binning.bins());
        std::vector<KeyCount> frequent;
        for (std::size_t i = 0; i < keys.size();) {
            std::size_t end = i + 1;
            while (end < keys.size() && keys[end] == keys[i]) ++end;
            ++m_out.distinct;
            bins[binning.of(keys[i])] += end - i;
            frequent.push_back({keys[i], end - i});
            if (frequent.size() >= 4096) keepFrequent(frequent, kFrequent);
            i = end;
        }
        m_out.median = valueOf(keys[static_cast<std::size_t>(medianRank())]);
        setBins(binning, bins);
        setFrequent(frequent);
        return true;
    }

    void radixSort(std::vector<Key>& keys, std::vector<Key>& other) const
    {
        constexpr unsigned kDigit = 11;
        const unsigned bits = static_cast<unsigned>(std::bit_width(m_range));
        for (unsigned shift = 0; shift < bits; shift += kDigit) {
            std::array<std::size_t, (1u << kDigit) + 1> start{};
            const auto digit = [shift](Key key) { return static_cast<std::size_t>(key >> shift) & ((1u << kDigit) - 1); };
            for (const Key key : keys) ++start[digit(key) + 1];
            for (std::size_t d = 1; d < start.size(); ++d) start[d] += start[d - 1];
            for (const Key key : keys) other[start[digit(key)]++] = key;
            keys.swap(other);
        }
    }

    // ---- c
    struct Coarse
    {
        std::vector<std::uint32_t> fine = std::vector<std::uint32_t>(std::size_t{1} << kFineBits); ///< within a chunk of work
        std::vector<std::uint64_t> sums = std::vector<std::uint64_t>(std::size_t{1} << kFineBits);
        std::vector<std::uint64_t> bitmap;
        DistinctEstimate estimate;
        std::array<std::uint64_t, kCandidates> candidates{};
        std::uint64_t seen = 0;
        std::uint32_t sinceFlush = 0;
        void flush()
        {
            for (std::size_t i = 0; i < fine.size(); ++i) sums[i] += fine[i];
            std::fill(fine.begin(), fine.end(), 0u);
            sinceFlush = 0;
        }
    };
    /// Finds out in one look-up whether a key is a candidate: 4096 slots, each with at most one of them.
    struct Candidates
    {
        static constexpr std::uint8_t kNone = 0xFF;
        std::array<std::uint8_t, 4096> slot;
        std::vector<Key> keys;
        static std::size_t slotOf(Key key) { return static_cast<std::size_t>((key * 0x9E3779B97F4A7C15ull) >> 52); }
    };

    bool countCoarsely()
    {
        if (m_job.progress) m_job.progress->total = 3 * m_tensor.fileBytes();
        const unsigned bits = static_cast<unsigned>(std::bit_width(m_range));
        const unsigned shift = bits > kFineBits ? bits - kFineBits : 0;
        const bool exact = m_range < kBitmapKeys;
        const Candidates candidates = sample();
        std::array<Coarse, kThreads> parts;
        for (Coarse& part : parts)
            if (exact) part.bitmap.assign(static_cast<std::size_t>(m_range / 64) + 1, 0);
        const bool whole = forChunks([&](std::size_t worker, std::uint64_t, std::span<const T> values) {
            exact ? countChunk<true>(values, shift, candidates, parts[worker]) : countChunk<false>(values, shift, candidates, parts[worker]);
        });
        if (!whole) return false;
        for (Coarse& part : parts) part.flush();
        m_out.changed = parts[0].seen + parts[1].seen != m_out.count;
        setDistinct(parts, exact);
        std::vector<KeyCount> frequent;
        for (std::size_t c = 0; c < candidates.keys.size(); ++c)
            frequent.push_back({candidates.keys[c], parts[0].candidates[c] + parts[1].candidates[c]});
        setFrequent(frequent);
        m_out.frequentIsSampled = true;
        std::vector<std::uint64_t>& fine = parts[0].sums;
        for (std::size_t i = 0; i < fine.size(); ++i) fine[i] += parts[1].sums[i];
        const Binning binning(m_range, shift);
        std::vector<std::uint64_t> bins(binning.bins());
        for (std::size_t i = 0; i < fine.size(); ++i)
            if (fine[i]) bins[binning.of(static_cast<Key>(i) << shift)] += fine[i];
        setBins(binning, bins);
        return findMedian(0, shift, fine, medianRank());
    }

    template <bool Exact>
    void countChunk(std::span<const T> values, unsigned shift, const Candidates& candidates, Coarse& part) const
    {
        std::uint64_t inside = 0;
        for (const T value : values) {
            const Key key = keyOf(value);
            if (key > m_range) continue; // the file changed
            ++inside;
            ++part.fine[static_cast<std::size_t>(key >> shift)];
            const std::uint8_t candidate = candidates.slot[Candidates::slotOf(key)];
            if (candidate != Candidates::kNone && candidates.keys[candidate] == key) ++part.candidates[candidate];
            if constexpr (Exact)
                part.bitmap[static_cast<std::size_t>(key >> 6)] |= std::uint64_t{1} << (key & 63);
            else
                part.estimate.add(key);
        }
        part.seen += inside;
        if ((part.sinceFlush += static_cast<std::uint32_t>(values.size())) > (1u << 30)) part.flush();
    }

    /// 65,536 values from places all over the file; those that occur twice and more often are counted exactly.
    Candidates sample() const
    {
        constexpr std::size_t kPlaces = 256, kEach = 256;
        std::vector<Key> keys;
        std::array<std::int64_t, kEach> values{};
        for (std::size_t place = 0; place < kPlaces; ++place) {
            const std::uint64_t at = m_tensor.fileElements() / kPlaces * place;
            const std::size_t got = m_tensor.read(at, values);
            for (std::size_t i = 0; i < got; ++i) keys.push_back(keyOf(static_cast<T>(values[i])));
        }
        std::sort(keys.begin(), keys.end());
        std::vector<KeyCount> runs;
        for (std::size_t i = 0; i < keys.size();) {
            const auto end = static_cast<std::size_t>(std::upper_bound(keys.begin() + static_cast<std::ptrdiff_t>(i), keys.end(), keys[i]) - keys.begin());
            if (end - i >= 2) runs.push_back({keys[i], end - i});
            i = end;
        }
        keepFrequent(runs, kCandidates);
        Candidates found;
        found.slot.fill(Candidates::kNone);
        for (const KeyCount& run : runs) {
            std::uint8_t& slot = found.slot[Candidates::slotOf(run.key)];
            if (slot != Candidates::kNone) continue; // taken by a more frequent one
            slot = static_cast<std::uint8_t>(found.keys.size());
            found.keys.push_back(run.key);
        }
        return found;
    }

    void setDistinct(std::array<Coarse, kThreads>& parts, bool exact)
    {
        if (exact) {
            for (std::size_t i = 0; i < parts[0].bitmap.size(); ++i)
                m_out.distinct += static_cast<std::uint64_t>(std::popcount(parts[0].bitmap[i] | parts[1].bitmap[i]));
            return;
        }
        parts[0].estimate.merge(parts[1].estimate);
        m_out.distinct = std::min(parts[0].estimate.count(), m_out.count);
        m_out.distinctIsEstimate = true;
    }

    /// The value of `rank` among those from `base` on, of which `fine` is the histogram: within its bin, gathered or split once more.
    bool findMedian(Key base, unsigned shift, std::vector<std::uint64_t> fine, std::uint64_t rank)
    {
        for (;;) {
            std::size_t bin = 0;
            while (bin + 1 < fine.size() && rank >= fine[bin]) rank -= fine[bin++];
            base += static_cast<Key>(bin) << shift;
            if (shift == 0) {
                m_out.median = valueOf(std::min(base, m_range));
                return true;
            }
            const Key width = Key{1} << shift;
            if (fine[bin] <= kSortedValues) return gatherMedian(base, width, fine[bin], rank);
            const unsigned nextShift = shift > kFineBits ? shift - kFineBits : 0;
            if (m_job.progress) m_job.progress->total += m_tensor.fileBytes();
            std::array<std::vector<std::uint64_t>, kThreads> parts;
            for (auto& part : parts) part.assign(static_cast<std::size_t>(width >> nextShift), 0);
            const bool whole = forChunks([&](std::size_t worker, std::uint64_t, std::span<const T> values) {
                for (const T value : values)
                    if (const Key key = keyOf(value) - base; key < width) ++parts[worker][static_cast<std::size_t>(key >> nextShift)];
            });
            if (!whole) return false;
            for (std::size_t i = 0; i < parts[0].size(); ++i) parts[0][i] += parts[1][i];
            fine = std::move(parts[0]);
            shift = nextShift;
        }
    }

    bool gatherMedian(Key base, Key width, std::uint64_t expected, std::uint64_t rank)
    {
        std::array<std::vector<Key>, kThreads> parts;
        const bool whole = forChunks([&](std::size_t worker, std::uint64_t, std::span<const T> values) {
            for (const T value : values)
                if (const Key key = keyOf(value) - base; key < width && parts[worker].size() <= expected) parts[worker].push_back(key);
        });
        if (!whole) return false;
        std::vector<Key>& keys = parts[0];
        keys.insert(keys.end(), parts[1].begin(), parts[1].end());
        m_out.changed |= keys.size() != expected;
        if (rank >= keys.size()) return true; // the file changed: no median
        const auto middle = keys.begin() + static_cast<std::ptrdiff_t>(rank);
        std::nth_element(keys.begin(), middle, keys.end());
        m_out.median = valueOf(base + *middle);
        return true;
    }

    const CapturedTensor& m_tensor;
    const JobControl& m_job;
    TensorStatistics m_out;
    T m_min{};
    Key m_range = 0;
};

} // namespace

std::optional<TensorStatistics> statisticsOf(const CapturedTensor& tensor, const JobControl& job)
{
    switch (tensor.type()) {
    case IntegralType::Int8: return Statistics<std::int8_t>(tensor, job).run();
    case IntegralType::Int16: return Statistics<std::int16_t>(tensor, job).run();
    case IntegralType::Int32: return Statistics<std::int32_t>(tensor, job).run();
    case IntegralType::Int64: return Statistics<std::int64_t>(tensor, job).run();
    case IntegralType::UInt8: return Statistics<std::uint8_t>(tensor, job).run();
    case IntegralType::UInt16: return Statistics<std::uint16_t>(tensor, job).run();
    case IntegralType::UInt32: return Statistics<std::uint32_t>(tensor, job).run();
    case IntegralType::UInt64: return Statistics<std::uint64_t>(tensor, job).run();
    }
    return std::nullopt;
}

std::string_view title(TensorStatistics::Order order)
{
    using Order = TensorStatistics::Order;
    switch (order) {
    case Order::Constant: return "constant";
    case Order::StrictlyRising: return "strictly rising";
    case Order::Rising: return "rising";
    case Order::StrictlyFalling: return "strictly falling";
    case Order::Falling: return "falling";
    case Order::Unsorted: return "unsorted";
    }
    return "";
}

} // namespace opscope
