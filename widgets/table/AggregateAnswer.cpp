#include "widgets/table/AggregateAnswer.h"

#include "widgets/table/RowLabels.h"

#include <algorithm>

namespace opscope {

namespace {

constexpr std::size_t kLabelled = 20'000; // rows: nobody scrolls further to tell names apart
constexpr std::size_t kBetweenLooks = 1 << 16; // slices

using Bits = std::uint8_t;
static_assert(kPopulationCount <= 8);

Bits bit(Population population) { return static_cast<Bits>(1u << static_cast<unsigned>(population)); }

/// By category: the populations that its slices are in.
std::vector<Bits> populationsOf(const Trace& trace)
{
    std::vector<Bits> bits;
    for (const Category& category : trace.categories()) {
        Bits all = 0;
        for (const Population population : kPopulations)
            if (category.kind != CategoryClass::Span && contains(population, category.kind)) // a span is the whole recording
                all = static_cast<Bits>(all | bit(population));
        bits.push_back(all);
    }
    return bits;
}

/// As aggregate() has it: a slice without length counts where it begins.
bool overlaps(TimeRange range, Nanos start, Nanos duration)
{
    return start < range.end && (start >= range.start || start + duration > range.start);
}

struct Survey
{
    std::vector<Bits> namesIn;                   ///< by StringId: populations that have the name
    std::vector<std::uint64_t> slices;           ///< by category, within range and filter
    std::vector<std::uint64_t> everywhere;       ///< by category
    bool deviceBusy = false;                     ///< any device op in the range, filter or not
};

bool survey(const AggregateAsk& ask, const std::vector<Bits>& populations, const JobControl& job, Survey& result)
{
    const Trace& trace = *ask.trace;
    const SliceTable& slices = trace.slices();
    const auto categories = slices.categories();
    result.namesIn.assign(trace.strings().size(), 0);
    result.slices.assign(populations.size(), 0);
    result.everywhere.assign(populations.size(), 0);
    const Bits device = bit(Population::DeviceOps);
    for (std::size_t i = 0; i < slices.size(); ++i) {
        if (i % kBetweenLooks == 0 && job.cancelled()) return false;
        const std::size_t category = categories[i];
        ++result.everywhere[category];
        const SliceId slice(i);
        if (ask.range && !overlaps(*ask.range, slices.start(slice), slices.duration(slice))) continue;
        if (populations[category] & device) result.deviceBusy = true;
        if (ask.matches && !ask.matches->slices.contains(slice)) continue;
        ++result.slices[category];
        const StringId name = slices.name(slice);
        Bits& bits = result.namesIn[name.valid() ? name.index() : 0];
        bits = static_cast<Bits>(bits | populations[category]);
    }
    return true;
}

void fold(const Survey& found, const std::vector<Bits>& populations, AggregateAnswer& answer)
{
    for (const Population population : kPopulations) {
        const auto at = static_cast<std::size_t>(population);
        for (std::size_t category = 0; category < populations.size(); ++category) {
            if (!(populations[category] & bit(population))) continue;
            answer.counts[at].slices += found.slices[category];
            if (found.everywhere[category]) answer.exists[at] = true;
        }
        answer.counts[at].names = static_cast<std::uint64_t>(
            std::ranges::count_if(found.namesIn, [&](Bits bits) { return (bits & bit(population)) != 0; }));
    }
}

/// How long the devices rested, where that is all they did.
std::optional<std::uint64_t> idleTime(const AggregateAsk& ask, const Survey& found, const AggregateAnswer& answer)
{
    if (!ask.range || found.deviceBusy || !answer.exists[static_cast<std::size_t>(Population::DeviceOps)]) return std::nullopt;
    const TimeRange all = ask.trace->extent();
    const TimeRange range{std::max(all.start, ask.range->start), std::min(all.end, ask.range->end)};
    if (range.empty()) return std::nullopt;
    return range.length();
}

bool byFullName(const std::vector<GroupBy>& by) { return !by.empty() && by.front() == GroupBy::Name; }

/// Only for tables of one key: where a second one stands beside the name, rows of one name are no surprise.
std::unordered_map<std::uint32_t, std::string> tailsOf(const Aggregates& table)
{
    std::vector<std::string_view> names;
    std::unordered_map<std::string_view, std::uint32_t> firstRow;
    std::vector<std::uint32_t> numberOf;
    for (std::uint32_t row = 0; row < std::min(table.rows.size(), kLabelled); ++row) {
        const auto [it, isNew] = firstRow.try_emplace(table.rows[row].keys.front(), static_cast<std::uint32_t>(names.size()));
        if (isNew) names.push_back(it->first);
        numberOf.push_back(it->second);
    }
    const auto labels = distinguishing(names);
    std::unordered_map<std::uint32_t, std::string> tails;
    for (std::uint32_t row = 0; row < numberOf.size(); ++row)
        if (const auto found = labels.find(numberOf[row]); found != labels.end()) tails.emplace(row, found->second);
    return tails;
}

std::size_t devicesOf(const Trace& trace)
{
    return static_cast<std::size_t>(std::ranges::count_if(trace.tracks(), [&, last = ProcessId()](const Track& track) mutable {
        if (track.process == last || trace.process(track.process).side != Side::Device || !track.sliceCount) return false;
        last = track.process; // tracks of a process are neighbours
        return true;
    }));
}

} // namespace

AggregateAnswer answer(const AggregateAsk& ask, const JobControl& job)
{
    AggregateAnswer result;
    result.trace = ask.trace;
    result.sort = ask.sort;
    const std::vector<Bits> populations = populationsOf(*ask.trace);
    Survey found;
    if (!survey(ask, populations, job, found)) {
        result.cancelled = true;
        return result;
    }
    fold(found, populations, result);
    result.idle = idleTime(ask, found, result);
    result.devices = devicesOf(*ask.trace);
    AggregateQuery query;
    query.by = ask.by;
    query.population = ask.population;
    query.matches = ask.matches ? &ask.matches->slices : nullptr;
    query.range = ask.range;
    Result<Aggregates> table = aggregate(*ask.trace, query, job);
    if (!table) {
        result.cancelled = table.error().code == ErrorCode::Cancelled;
        result.error = table.error().text();
        return result;
    }
    if (byFullName(ask.by)) result.tails = tailsOf(*table);
    result.order = sortedRows(*table, ask.sort);
    result.table = std::make_shared<const Aggregates>(std::move(*table));
    return result;
}

} // namespace opscope
