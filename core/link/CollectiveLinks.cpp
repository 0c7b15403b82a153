#include "core/link/Collectives.h"
#include "core/link/LinkBuilder.h"

#include "core/base/Time.h"

#include <algorithm>
#include <limits>

// The same collective on other ranks (linking.md 6), and the clocks of the ranks.
namespace opscope {

namespace {

constexpr std::size_t kLeastMatches = 3;   // fewer say nothing of a clock
constexpr Nanos kSameClock = 20'000;       // ends lie 1 to 7 us apart on one host
constexpr std::string_view kStepName = "ProfilerStep#";

const CollectiveMatcher::Rank* rankOf(const CollectiveMatcher& matcher, SourceId source)
{
    const auto it = std::ranges::find(matcher.ranks(), source, &CollectiveMatcher::Rank::source);
    return it == matcher.ranks().end() ? nullptr : &*it;
}

} // namespace

void LinkBuilder::linkCollectives()
{
    std::vector<CollectiveMatcher::Rank> ranks;
    if (m_trace.m_timeBase == TimeBase::NodeOrder) return;
    for (std::uint32_t s = 0; s < m_trace.m_sources.size(); ++s) {
        SourceFile& source = m_trace.m_sources[s];
        const bool several = m_trace.m_sources.size() > 1;
        if (source.format == "et" || (!several && m_trace.m_collectiveArgs.empty())) continue;
        std::optional<std::int64_t> told;
        std::vector<CollectiveItem> items;
        if (several) items = collectiveItems(m_trace, SourceId(s), told);
        else told = rankInArgs(m_trace); // nobody to be matched with
        if (told && (!source.rank || source.rankFrom == RankOrigin::FileName)) {
            source.rank = told;
            source.rankFrom = RankOrigin::CollectiveArgs;
        }
        if (source.rank) ranks.push_back({SourceId(s), *source.rank, std::move(items), {}, {}, {}});
    }
    const CollectiveMatcher matcher(std::move(ranks));
    if (matcher.ranks().size() < 2) return;
    if (m_alignClocks) alignClocks(matcher);

    ReportRow& counts = row("collectives", "Collective to other ranks");
    const SliceTable& slices = m_trace.m_slices;
    for (const CollectiveMatch& match : matcher.matches()) {
        // The last one to begin is what the others wait for.
        const SliceId last = *std::ranges::max_element(match.slices, {}, [&](SliceId s) { return slices.start(s); });
        const bool byId = match.method == LinkMethod::CollectiveId;
        for (const SliceId slice : match.slices) {
            counts.matched(match.method, byId ? LinkConfidence::Exact : LinkConfidence::Inferred);
            if (slice != last)
                add(last, slice, LinkKind::Collective, match.method, byId ? LinkConfidence::Exact : LinkConfidence::Inferred);
        }
    }
    Finding alone{"not-on-other-rank", "collective is on no other open rank", "collectives are on no other open rank"};
    Finding differs{"collective-mismatch", "rank leaves the order of the others there; later ones of its group are not matched",
                    "times a rank leaves the order of the others; later ones of its group are not matched", false};
    for (const CollectiveMatcher::Rank& rank : matcher.ranks()) {
        for (std::size_t i = 0; i < rank.items.size(); ++i)
            if (!rank.matched[i]) alone.add({rank.items[i].slice, {}});
        for (const SliceId slice : rank.differing) differs.add({slice, {}});
        if (!rank.difference.empty())
            defects(rank.source).note(Defect::CollectiveMismatch, slices.sourceOffset(rank.differing.front()), rank.differing.size(),
                                      "rank " + std::to_string(rank.rank) + ": " + rank.difference);
    }
    report(counts, std::move(alone));
    report(counts, std::move(differs));
}

/// Collectives that synchronise end at the same moment everywhere: what is left of the difference is that of the clocks.
void LinkBuilder::alignClocks(const CollectiveMatcher& matcher)
{
    const SliceTable& slices = m_trace.m_slices;
    const auto sourceOfSlice = [&](SliceId slice) { return sourceOf(m_trace.track(m_trace.trackOf(slice))); };
    const SourceId reference = matcher.ranks().front().source;
    std::vector<std::vector<Nanos>> offsets(m_trace.m_sources.size());
    for (const CollectiveMatch& match : matcher.matches()) {
        if (!match.synchronises || sourceOfSlice(match.slices.front()) != reference) continue;
        const Nanos end = slices.end(match.slices.front());
        for (std::size_t i = 1; i < match.slices.size(); ++i)
            offsets[sourceOfSlice(match.slices[i]).index()].push_back(slices.end(match.slices[i]) - end);
    }
    bool moved = false;
    for (std::uint32_t s = 0; s < offsets.size(); ++s) {
        std::vector<Nanos>& all = offsets[s];
        const CollectiveMatcher::Rank* rank = rankOf(matcher, SourceId(s));
        if (!rank || all.size() < kLeastMatches) continue;
        std::ranges::nth_element(all, all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2));
        const Nanos median = all[all.size() / 2];
        if (median > -kSameClock && median < kSameClock) continue;
        shiftSource(SourceId(s), -median);
        moved = true;
        defects(SourceId(s)).note(Defect::ClockShifted, 0,
                                  "rank " + std::to_string(rank->rank) + ": its clock was " + formatDuration(median < 0 ? -median : median) +
                                      (median < 0 ? " behind" : " ahead of") + " that of rank " + std::to_string(matcher.ranks().front().rank) +
                                      " by " + formatCount(static_cast<std::int64_t>(all.size())) + " collectives");
    }
    if (moved) measureExtent();
}

/// All times of a file by the same amount: order within its tracks stays.
void LinkBuilder::shiftSource(SourceId source, Nanos by)
{
    const auto move = [by](Nanos& time) {
        if (__builtin_add_overflow(time, by, &time)) time = by < 0 ? std::numeric_limits<Nanos>::min() : std::numeric_limits<Nanos>::max();
    };
    m_trace.m_sources[source.index()].clockShift += by;
    for (Track& track : m_trace.m_tracks) {
        if (sourceOf(track) != source) continue;
        for (std::uint32_t s = track.firstSlice; s < track.firstSlice + track.sliceCount; ++s) move(m_trace.m_slices.m_start[s]);
        for (std::uint32_t i = track.firstInstant; i < track.firstInstant + track.instantCount; ++i) move(m_trace.m_instants.m_time[i]);
        for (std::uint32_t k = track.firstSeries; k < track.firstSeries + track.seriesCount; ++k) {
            const CounterSeries& series = m_trace.m_counters.m_series[k];
            for (std::uint32_t v = series.first; v < series.first + series.count; ++v) move(m_trace.m_counters.m_time[v]);
        }
        if (track.extent.empty()) continue;
        move(track.extent.start);
        move(track.extent.end);
    }
    for (FlowPoint& point : m_trace.m_flows.m_points)
        if (point.track && sourceOf(m_trace.track(point.track)) == source) move(point.time);
}

/// What finish() measured, again: kineto-trace.md section 6.
void LinkBuilder::measureExtent()
{
    TimeRange shown{std::numeric_limits<Nanos>::max(), std::numeric_limits<Nanos>::min()};
    Nanos firstStep = std::numeric_limits<Nanos>::max();
    const auto widen = [&](Nanos start, Nanos end) {
        shown.start = std::min(shown.start, start);
        shown.end = std::max(shown.end, end);
    };
    const SliceTable& slices = m_trace.m_slices;
    for (std::uint32_t s = 0; s < slices.size(); ++s) {
        const SliceId slice(s);
        if (kind(slice) != CategoryClass::Span) widen(slices.start(slice), slices.end(slice));
        if (slices.start(slice) < firstStep && m_trace.name(slice).starts_with(kStepName)) firstStep = slices.start(slice);
    }
    const InstantTable& instants = m_trace.m_instants;
    for (std::uint32_t i = 0; i < instants.size(); ++i)
        if (m_trace.text(instants.name(InstantId(i))) != "Record Window End") widen(instants.time(InstantId(i)), instants.time(InstantId(i)));
    for (const Nanos time : m_trace.m_counters.m_time) widen(time, time);
    if (shown.end < shown.start) return;
    m_trace.m_origin = firstStep != std::numeric_limits<Nanos>::max() ? firstStep : shown.start;
    if (shown.start < shown.end) m_trace.m_extent = shown;
}

} // namespace opscope
