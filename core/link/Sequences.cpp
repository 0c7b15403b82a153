#include "core/link/Sequences.h"

#include <algorithm>
#include <unordered_map>

namespace opscope {

namespace {

constexpr std::size_t kRun = 6; // names of an anchor without numbers

void noteNumbered(Sequence& s)
{
    for (std::uint32_t i = 0; i < s.size(); ++i)
        if (s.numbers[i] >= 0) s.numbered.push_back(i);
}

void append(Sequence& s, StringId name, std::int64_t number, std::uint32_t row)
{
    s.names.push_back(name);
    s.numbers.push_back(number);
    s.rows.push_back(row);
}

/// By event index, if every event has one: times of whole microseconds cannot tell which of two came first.
void sortByIndex(const Trace& trace, std::vector<std::uint32_t>& rows)
{
    const BlockColumn& column = trace.slices().column(ArgField::EventIndex);
    std::vector<std::pair<std::int64_t, std::uint32_t>> keys;
    keys.reserve(rows.size());
    for (const std::uint32_t row : rows) {
        const std::int64_t index = column[row];
        if (index == BlockColumn::kNone) return;
        keys.emplace_back(index, row);
    }
    if (std::is_sorted(keys.begin(), keys.end())) return;
    std::sort(keys.begin(), keys.end());
    std::transform(keys.begin(), keys.end(), rows.begin(), [](const auto& key) { return key.second; });
}

/// Value of an anchor at each place, 0 where there is none.
std::vector<std::uint64_t> anchorKeys(const Sequence& s, bool numbers)
{
    std::vector<std::uint64_t> keys(s.size(), 0);
    const auto mix = [](std::uint64_t h, std::uint64_t v) { return (h ^ v) * 0x9E3779B97F4A7C15ull ^ (h >> 29); };
    for (std::size_t i = 0; i < s.size(); ++i) {
        std::uint64_t h = 0x51ED270B;
        if (numbers) {
            if (s.numbers[i] < 0) continue;
            h = mix(mix(h, s.names[i].value), static_cast<std::uint64_t>(s.numbers[i]));
        } else {
            if (i + kRun > s.size()) break;
            for (std::size_t k = 0; k < kRun; ++k) h = mix(h, s.names[i + k].value);
        }
        keys[i] = h | 1;
    }
    return keys;
}

/// Pairs of places whose key occurs once on each side, by place in a.
std::vector<RowPair> uniquePairs(const std::vector<std::uint64_t>& a, const std::vector<std::uint64_t>& b)
{
    struct Seen
    {
        std::uint32_t place = 0, inA = 0, inB = 0, other = 0;
    };
    std::unordered_map<std::uint64_t, Seen> seen;
    for (std::uint32_t i = 0; i < a.size(); ++i)
        if (a[i]) {
            Seen& s = seen[a[i]];
            s.place = i;
            ++s.inA;
        }
    for (std::uint32_t i = 0; i < b.size(); ++i)
        if (b[i])
            if (const auto it = seen.find(b[i]); it != seen.end()) {
                it->second.other = i;
                ++it->second.inB;
            }
    std::vector<RowPair> pairs;
    for (std::uint32_t i = 0; i < a.size(); ++i)
        if (a[i])
            if (const Seen& s = seen[a[i]]; s.inA == 1 && s.inB == 1) pairs.emplace_back(i, s.other);
    return pairs;
}

/// The longest choice of pairs that rises on both sides.
std::vector<RowPair> longestRising(const std::vector<RowPair>& pairs)
{
    std::vector<std::uint32_t> tails, before(pairs.size(), UINT32_MAX); // tails[n]: last pair of the best run of n + 1
    for (std::uint32_t i = 0; i < pairs.size(); ++i) {
        const auto at = std::lower_bound(tails.begin(), tails.end(), pairs[i].second,
                                         [&](std::uint32_t t, std::uint32_t second) { return pairs[t].second < second; });
        if (at != tails.begin()) before[i] = *(at - 1);
        if (at == tails.end()) tails.push_back(i);
        else *at = i;
    }
    std::vector<RowPair> chosen;
    for (std::uint32_t i = tails.empty() ? UINT32_MAX : tails.back(); i != UINT32_MAX; i = before[i]) chosen.push_back(pairs[i]);
    std::reverse(chosen.begin(), chosen.end());
    return chosen;
}

/// Anchors grow in both directions as long as the names are equal, up to the next one.
std::vector<RowPair> grown(const Sequence& a, const Sequence& b, const std::vector<RowPair>& anchors)
{
    std::vector<RowPair> pairs;
    std::uint32_t nextA = 0, nextB = 0; // first places that are free
    for (std::size_t n = 0; n < anchors.size(); ++n) {
        auto [i, k] = anchors[n];
        if (i < nextA || k < nextB) continue; // inside of what grew from the one before
        std::uint32_t back = 0;
        while (i - back > nextA && k - back > nextB && a.names[i - back - 1] == b.names[k - back - 1]) ++back;
        i -= back;
        k -= back;
        while (i < a.size() && k < b.size() && a.names[i] == b.names[k]) pairs.emplace_back(i++, k++);
        nextA = i;
        nextB = k;
    }
    return pairs;
}

} // namespace

std::vector<Sequence> threadSequences(const NodeMatchInput& input)
{
    std::unordered_map<std::uint32_t, std::size_t> threadOf;
    std::vector<Sequence> threads;
    const auto nodes = input.trace.executionTrace()->nodes(input.file);
    for (std::uint32_t i = 0; i < nodes.size(); ++i) {
        const EtNode& node = nodes[i];
        if (!takesPart(node)) continue;
        const auto [it, isNew] = threadOf.try_emplace(node.tid, threads.size());
        if (isNew) threads.emplace_back();
        append(threads[it->second], node.name, node.seqId < 0 ? -1 : node.seqId, i);
    }
    std::stable_sort(threads.begin(), threads.end(), [](const Sequence& a, const Sequence& b) { return a.size() > b.size(); });
    for (Sequence& thread : threads) noteNumbered(thread);
    return threads;
}

std::vector<Sequence> laneSequences(const NodeMatchInput& input)
{
    std::vector<Sequence> lanes;
    const SliceTable& slices = input.trace.slices();
    for (const TrackId id : input.tracks) {
        const Track& track = input.trace.track(id);
        std::vector<std::uint32_t> rows;
        for (std::uint32_t s = track.firstSlice; s < track.firstSlice + track.sliceCount; ++s)
            if (takesPart(input.trace, SliceId(s))) rows.push_back(s);
        if (rows.empty()) continue;
        sortByIndex(input.trace, rows);
        Sequence& lane = lanes.emplace_back();
        for (const std::uint32_t row : rows) {
            const std::int64_t number = slices.arg(SliceId(row), ArgField::SequenceNumber);
            append(lane, slices.name(SliceId(row)), number < 0 ? -1 : number, row);
        }
        noteNumbered(lane);
    }
    return lanes;
}

Sequence only(const Sequence& from, const std::set<StringId>& names)
{
    Sequence fewer;
    for (std::uint32_t i = 0; i < from.size(); ++i) {
        if (!names.contains(from.names[i])) continue;
        append(fewer, from.names[i], from.numbers[i], from.rows[i]);
        fewer.origin.push_back(i);
    }
    noteNumbered(fewer);
    return fewer;
}

std::vector<std::uint32_t> placesOf(std::span<const StringId> part, std::span<const StringId> whole, std::size_t limit)
{
    std::vector<std::uint32_t> places;
    if (part.empty() || part.size() > whole.size()) return places;
    std::vector<std::uint32_t> border(part.size(), 0); // length of the longest proper border of part[0 .. i]
    for (std::uint32_t i = 1, n = 0; i < part.size(); ++i) {
        while (n > 0 && part[i] != part[n]) n = border[n - 1];
        if (part[i] == part[n]) ++n;
        border[i] = n;
    }
    for (std::uint32_t i = 0, n = 0; i < whole.size() && places.size() < limit; ++i) {
        while (n > 0 && (n == part.size() || whole[i] != part[n])) n = border[n - 1];
        if (whole[i] == part[n]) ++n;
        if (n == part.size()) places.push_back(i + 1 - n);
    }
    return places;
}

std::vector<RowPair> commonRows(const Sequence& a, const Sequence& b)
{
    for (const bool numbers : {true, false}) {
        const auto anchors = longestRising(uniquePairs(anchorKeys(a, numbers), anchorKeys(b, numbers)));
        std::vector<RowPair> pairs = grown(a, b, anchors);
        if (pairs.size() * 2 >= std::min(a.size(), b.size())) return pairs;
    }
    return {};
}

} // namespace opscope
