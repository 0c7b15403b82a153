#include "app/gui/ExportPlan.h"

#include "widgets/timeline/TimeScale.h"

#include <algorithm>

namespace opscope {
namespace {

void restrict(Matches& matches, const Matches& to)
{
    matches.slices &= to.slices;
    matches.instants &= to.instants;
    matches.samples &= to.samples;
    matches.nodes &= to.nodes;
}

OverviewData::StripKind stripOf(const Trace& trace, const Track& track, SliceId slice)
{
    const bool device = track.kind == TrackKind::Stream || trace.process(track.process).side == Side::Device;
    if (device) return familyOf(trace.name(slice), trace.kindOf(slice)) == Family::Communication ? OverviewData::Communication : OverviewData::Device;
    return trace.kindOf(slice) == CategoryClass::PythonFunction ? OverviewData::Modules : OverviewData::Host;
}

bool isAnnotation(CategoryClass kind) { return kind == CategoryClass::UserAnnotation || kind == CategoryClass::GpuAnnotation; }

/// Starts and ends are counted by column, then summed up: a slice over everything costs no more than a short one. Annotations that only go with
/// what they enclose do not count: a step that is kept for one of its operators would show as if the whole of it were.
KeptColumns columnsOf(const Trace& trace, const SliceSet& slices, const SliceSet& matched, const JobControl& job)
{
    KeptColumns kept;
    if (trace.extent().empty()) return kept;
    const TimeScale scale(trace.extent(), static_cast<int>(OverviewData::kColumns));
    std::array<std::array<int, OverviewData::kColumns + 1>, OverviewData::kStrips> steps{};
    std::vector<std::uint8_t> stripOfName(trace.strings().size() * 2, OverviewData::kStrips);
    for (const Track& track : trace.tracks()) {
        if (job.cancelled()) return kept;
        const std::size_t device = track.kind == TrackKind::Stream || trace.process(track.process).side == Side::Device ? 1 : 0;
        const std::uint32_t end = track.firstSlice + track.sliceCount;
        for (std::uint32_t at = track.firstSlice; at < end; ++at) {
            const SliceId s = slices.next(SliceId(at));
            if (!s.valid() || s.index() >= end) break;
            at = s.index();
            if (isAnnotation(trace.kindOf(s)) && !matched.contains(s)) continue;
            std::uint8_t& strip = stripOfName[trace.slices().name(s).index() * 2 + device];
            if (strip == OverviewData::kStrips) strip = stripOf(trace, track, s);
            const auto column = [&](Nanos t) { return static_cast<std::size_t>(std::clamp(scale.x(t), 0.0, static_cast<double>(OverviewData::kColumns - 1))); };
            const std::size_t first = column(trace.slices().start(s)), last = std::max(first, column(trace.slices().end(s)));
            ++steps[strip][first];
            --steps[strip][last + 1];
        }
    }
    for (std::size_t strip = 0; strip < OverviewData::kStrips; ++strip) {
        int open = 0;
        for (std::size_t column = 0; column < OverviewData::kColumns; ++column) {
            open += steps[strip][column];
            kept[strip][column] = open > 0;
        }
    }
    return kept;
}

} // namespace

bool operator==(const ExportWish& a, const ExportWish& b)
{
    const auto bits = [](const SubsetOptions& o) { return std::array{o.links, o.effects, o.parents, o.producers, o.subtrees}; };
    return a.filter == b.filter && a.range == b.range && a.tracks == b.tracks && bits(a.options) == bits(b.options);
}

Matches onTracks(const Trace& trace, const std::vector<TrackId>& tracks)
{
    Matches matches = Matches::none(trace);
    for (const TrackId id : tracks) {
        const Track& track = trace.track(id);
        for (std::uint32_t i = track.firstSlice; i < track.firstSlice + track.sliceCount; ++i) {
            matches.slices.insert(SliceId(i));
            if (const NodeId node = trace.nodeOf(SliceId(i))) matches.nodes.insert(node);
        }
        for (std::uint32_t i = track.firstInstant; i < track.firstInstant + track.instantCount; ++i) matches.instants.insert(InstantId(i));
    }
    const CounterTable& counters = trace.counters();
    for (const TrackId id : tracks) {
        const Track& track = trace.track(id);
        for (std::uint32_t i = track.firstSeries; i < track.firstSeries + track.seriesCount; ++i) {
            const CounterSeries& series = counters.series()[i];
            for (std::uint32_t v = series.first; v < series.first + series.count; ++v) matches.samples.insert(SampleId(v));
        }
    }
    return matches;
}

Result<ExportPlan> planExport(const Trace& trace, const ExportWish& wish, const JobControl& job)
{
    ExportPlan plan;
    if (wish.everything()) {
        plan.subset = std::make_shared<const Subset>(wholeTrace(trace));
        for (auto& strip : plan.kept) strip.set();
        return plan;
    }
    Matches matches = Matches::all(trace);
    if (wish.filter) {
        auto parsed = Filter::parse(*wish.filter);
        if (const auto* error = std::get_if<FilterError>(&parsed)) {
            plan.filterProblem = error->message;
            plan.problemColumn = error->column;
            return plan;
        }
        Result<Matches> found = runQuery(trace, std::get<Filter>(parsed), job);
        if (!found) return found.error();
        matches = std::move(found).value();
    }
    if (wish.range) restrict(matches, inRange(trace, *wish.range));
    if (wish.tracks) restrict(matches, onTracks(trace, *wish.tracks));
    const SliceSet matched = matches.slices;
    Result<Subset> subset = closeSubset(trace, std::move(matches), wish.options, job);
    if (!subset) return subset.error();
    plan.kept = columnsOf(trace, subset->rows.slices, matched, job);
    plan.subset = std::make_shared<const Subset>(std::move(subset).value());
    return plan;
}

} // namespace opscope
