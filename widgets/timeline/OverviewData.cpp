#include "widgets/timeline/OverviewData.h"

#include "widgets/timeline/TimelineModel.h"
#include "widgets/timeline/TimeScale.h"

#include <algorithm>
#include <limits>
#include <memory>

namespace opscope {
namespace {

// Busy nanoseconds by column and family of one strip.
class Strips
{
public:
    Strips(const Trace& trace, TimeRange range)
        : m_trace(trace), m_scale(range, static_cast<int>(OverviewData::kColumns)),
          m_familyOf(trace.strings().size() * 2, kUnknown)
    {
    }

    void add(OverviewData::StripKind strip, SliceId s, Family family)
    {
        double x0 = std::max(m_scale.x(m_trace.slices().start(s)), 0.0);
        const double x1 = std::min(m_scale.x(m_trace.slices().end(s)), static_cast<double>(OverviewData::kColumns));
        auto& columns = m_busy[strip];
        if (columns.empty()) columns.resize(OverviewData::kColumns);
        for (auto column = static_cast<std::size_t>(x0); x0 < x1 && column < columns.size(); ++column) {
            const double border = std::min(x1, static_cast<double>(column + 1));
            columns[column][static_cast<std::size_t>(family)] += static_cast<float>(border - x0);
            x0 = border;
        }
    }

    // By name, kept: a name is looked at once, not once a slice.
    Family family(SliceId s, bool onDevice)
    {
        const std::size_t key = m_trace.slices().name(s).index() * 2 + (onDevice ? 1 : 0);
        if (key >= m_familyOf.size()) return Family::Other;
        if (m_familyOf[key] == kUnknown) {
            const Family found = familyOf(m_trace.name(s), m_trace.kindOf(s));
            m_familyOf[key] = static_cast<std::uint8_t>(found);
        }
        return static_cast<Family>(m_familyOf[key]);
    }

    bool empty() const
    {
        return std::ranges::all_of(m_busy, [](const auto& columns) { return columns.empty(); });
    }

    void take(OverviewData& data) const
    {
        for (std::size_t i = 0; i < OverviewData::kStrips; ++i) {
            if (m_busy[i].empty()) continue;
            data.strips[i].used = true;
            for (std::size_t column = 0; column < OverviewData::kColumns; ++column) {
                const auto& families = m_busy[i][column];
                const auto most = std::max_element(families.begin(), families.end());
                float sum = 0;
                for (const float share : families) sum += share;
                data.strips[i].cells[column] = {std::min(sum, 1.0f), static_cast<Family>(most - families.begin())};
            }
        }
    }

private:
    static constexpr std::uint8_t kUnknown = 0xFF;
    const Trace& m_trace;
    TimeScale m_scale;
    std::vector<std::uint8_t> m_familyOf;
    std::array<std::vector<std::array<float, kFamilies>>, OverviewData::kStrips> m_busy;
};

void addDevice(Strips& strips, const Trace& trace, const Track& track)
{
    for (std::uint32_t i = track.firstSlice; i < track.firstSlice + track.sliceCount; ++i) {
        const SliceId s(i);
        const CategoryClass kind = trace.kindOf(s);
        if (kind == CategoryClass::GpuAnnotation || kind == CategoryClass::UserAnnotation || kind == CategoryClass::Sync) continue;
        const Family family = strips.family(s, true);
        strips.add(family == Family::Communication ? OverviewData::Communication : OverviewData::Device, s, family);
    }
}

// Only what nobody but annotations encloses, so that a nanosecond counts once.
void addHost(Strips& strips, const Trace& trace, const TimelineModel& model, LaneSpan span)
{
    const SliceTable& slices = trace.slices();
    for (std::uint32_t lane = span.first; lane < span.first + span.count; ++lane) {
        const LanePyramid& pyramid = model.lanes[lane].pyramid;
        bool any = false;
        for (std::uint32_t i = 0; i < pyramid.size(); ++i) {
            const SliceId s = pyramid.slice(i);
            const Family family = strips.family(s, false);
            if (family == Family::Annotation || family == Family::Python) continue;
            const SliceId parent = slices.parent(s);
            if (parent.valid()) {
                const CategoryClass above = trace.kindOf(parent);
                if (above != CategoryClass::UserAnnotation && above != CategoryClass::PythonFunction) continue;
            }
            any = true;
            strips.add(OverviewData::Host, s, family);
        }
        if (!any && lane > span.first + 3) break; // deeper lanes only hold children of what was counted
    }
}

/// Of what was asked for: only what nothing else of it covers. A row stands behind what encloses it, so one pass is enough.
/// Annotations and Python say little about work; they count where nothing else is left.
bool addTopmost(Strips& strips, const Trace& trace, const Track& track, const SliceSet& only, bool device, bool annotations)
{
    const SliceTable& slices = trace.slices();
    Nanos covered = std::numeric_limits<Nanos>::min();
    bool any = false;
    const SliceId end(track.firstSlice + track.sliceCount);
    for (SliceId s = only.next(SliceId(track.firstSlice)); s.valid() && s < end; s = only.next(SliceId(s.value + 1))) {
        if (slices.end(s) <= covered) continue;
        const Family family = strips.family(s, device);
        if ((family == Family::Annotation || family == Family::Python || (device && family == Family::Sync)) && !annotations) continue;
        covered = slices.end(s);
        any = true;
        const bool communication = device && family == Family::Communication;
        strips.add(communication ? OverviewData::Communication : device ? OverviewData::Device : OverviewData::Host, s, family);
    }
    return any;
}

/// Where nothing else is known: when threads ran, or what CPUs ran where not even that is. `only`: what was asked for counts, whatever it is.
void addScheduling(Strips& strips, const TimelineModel& model, const SliceSet* only)
{
    const Trace& trace = *model.trace;
    for (const TrackKind kind : {TrackKind::State, TrackKind::Cpu}) {
        bool any = false;
        for (const Band& band : model.bands) {
            const bool ofCpu = trace.track(band.track).kind == TrackKind::Cpu;
            if (ofCpu != (kind == TrackKind::Cpu)) continue;
            const LaneSpan span = ofCpu ? band.full : band.states;
            for (std::uint32_t lane = span.first; lane < span.first + span.count; ++lane) {
                const LanePyramid& pyramid = model.lanes[lane].pyramid;
                for (std::uint32_t i = 0; i < pyramid.size(); ++i) {
                    const SliceId s = pyramid.slice(i);
                    if (only ? !only->contains(s) : !ofCpu && trace.name(s) != "Running") continue;
                    strips.add(OverviewData::Host, s, Family::Other);
                    any = true;
                }
            }
        }
        if (any) return;
    }
}

void addModules(Strips& strips, const TimelineModel& model, const Band& band, const SliceSet* only)
{
    if (!band.modulesOnly) return;
    const LanePyramid& modules = model.lanes[band.folded.first].pyramid;
    for (std::uint32_t i = 0; i < modules.size(); ++i)
        if (!only || only->contains(modules.slice(i))) strips.add(OverviewData::Modules, modules.slice(i), Family::Python);
}

bool isStep(std::string_view name) { return name.starts_with("ProfilerStep#"); }

void addSteps(OverviewData& data, const Trace& trace, const LanePyramid& pyramid)
{
    constexpr std::uint32_t kLooked = 4096; // steps are few; a lane of a million slices is no lane of steps
    if (pyramid.size() > 64 * kLooked) return;
    for (std::uint32_t i = 0; i < pyramid.size() && data.steps.size() < OverviewData::kColumns; ++i) {
        const SliceId s = pyramid.slice(i);
        if (trace.kindOf(s) == CategoryClass::UserAnnotation && isStep(trace.name(s)))
            data.steps.push_back({trace.slices().range(s), withoutControls(trace.name(s))});
    }
}

} // namespace

OverviewData OverviewData::build(const TimelineModel& model, const JobControl& job, const SliceSet* only)
{
    const Trace& trace = *model.trace;
    OverviewData data;
    data.range = trace.extent();
    if (data.range.empty()) return data;
    Strips strips(trace, data.range);
    if (only) data.steps = model.overview.steps;
    TrackId last;
    for (const Band& band : model.bands) {
        if (job.cancelled()) return data;
        const Track& track = trace.track(band.track);
        const bool device = trace.process(band.process).side == Side::Device || band.kind == BandKind::Stream;
        if (!only && data.steps.empty() && !device)
            for (const LaneSpan span : {band.common, LaneSpan{band.full.first, std::min(band.full.count, 3u)}})
                for (std::uint32_t lane = span.first; lane < span.first + span.count && data.steps.empty(); ++lane)
                    addSteps(data, trace, model.lanes[lane].pyramid);
        if (band.kind == BandKind::Python) addModules(strips, model, band, only);
        // That a thread waits is no work, and that it ran says once more what its own slices say.
        if (track.kind == TrackKind::State || track.kind == TrackKind::Cpu) continue;
        if (only) {
            if (band.track != last && !addTopmost(strips, trace, track, *only, device, false)) addTopmost(strips, trace, track, *only, device, true);
            last = band.track;
        } else if (device) {
            addDevice(strips, trace, track);
        } else if (band.kind != BandKind::Python && band.kind != BandKind::Counter) {
            addHost(strips, trace, model, band.full);
        }
    }
    if (strips.empty()) addScheduling(strips, model, only);
    strips.take(data);
    std::sort(data.steps.begin(), data.steps.end(), [](const Step& a, const Step& b) { return a.range.start < b.range.start; });
    return data;
}

} // namespace opscope
