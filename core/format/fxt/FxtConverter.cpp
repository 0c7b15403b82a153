#include "core/format/fxt/FxtConverter.h"

#include "core/format/fxt/FxtIds.h"
#include "core/format/fxt/FxtStates.h"
#include "core/format/fxt/FxtTexts.h"
#include "core/format/fxt/FxtWriter.h"
#include "core/format/kineto/KinetoFields.h"
#include "core/link/FlowBinding.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <tuple>

namespace opscope {

using namespace fxt;

namespace {

constexpr std::size_t kBuffer = std::size_t{1} << 20;
constexpr std::size_t kRowsBetweenLooks = 1024;

template <class RowId, class Visit>
void eachRow(const RowSet<RowId>& set, std::uint32_t first, std::uint32_t count, Visit&& visit)
{
    if (!count) return;
    for (RowId row = set.next(RowId(first)); row.valid() && row.value - first < count; row = set.next(RowId(std::size_t{row.value} + 1)))
        if (!visit(row)) return;
}

/// a - b, cut to what a Nanos holds.
Nanos difference(Nanos a, Nanos b)
{
    Nanos result = 0;
    if (!__builtin_sub_overflow(a, b, &result)) return result;
    return b > 0 ? std::numeric_limits<Nanos>::min() : std::numeric_limits<Nanos>::max();
}

/// Arguments of one event, at most as many as the format has.
class ArgumentList
{
public:
    void add(std::string_view name, decltype(FxtWriter::Argument::value) value)
    {
        if (m_count < m_all.size()) m_all[m_count++] = {name, value};
    }
    operator FxtWriter::Arguments() const { return {m_all.data(), m_count}; }

private:
    std::array<FxtWriter::Argument, kMaxArguments> m_all;
    std::size_t m_count = 0;
};

bool isAsync(char phase) { return phase == 'n' || phase == 'T' || phase == 'p'; }

class Converter
{
public:
    Converter(const Trace& trace, const Subset& subset, ByteSink& sink, const ExportOptions& options, const JobControl& job)
        : m_trace(trace), m_subset(subset), m_sink(sink), m_clip(options.clip), m_job(job), m_texts(trace, options.redactor.get()),
          m_ids(trace, subset.tracks), m_zero(std::min<Nanos>(firstTime(), 0)),
          m_writer(m_buffer, {"Opscope", trace.baseTime() ? std::optional(difference(trace.baseTime(), difference(0, m_zero))) : std::nullopt}),
          m_nearRow(trace.tracks().size(), 0)
    {
        for (std::size_t f = 0; f < kArgFields; ++f) m_fieldNames[f] = kineto::spelling(static_cast<ArgField>(f));
    }

    Result<ExportReport::File> run()
    {
        std::optional<ProcessId> process;
        m_subset.tracks.forEach([&](TrackId track) {
            if (m_stopped || m_trace.track(track).kind == TrackKind::Cpu) return; // no process of its own: CPUs are told by switches
            const ProcessId mine = m_trace.track(track).process;
            if (process != mine) nameProcess(mine);
            process = mine;
            ofTrack(track);
        });
        switches();
        flows();
        m_sink.write(m_buffer);
        if (m_job.cancelled()) return Error{ErrorCode::Cancelled, "cancelled", {}};
        if (!m_sink.good()) return m_sink.finish().error();
        m_report.timeless = m_subset.rows.nodes.count();
        m_report.redactions = m_texts.replaced();
        m_report.bytes = m_sink.written();
        return m_report;
    }

private:
    Nanos firstTime() const;
    TimeRange clipped(SliceId slice);
    Nanos tick(Nanos time) const { return difference(time, m_zero); }
    bool written();
    void nameProcess(ProcessId process);
    void nameThread(TrackId track);
    void ofTrack(TrackId track);
    void slice(TrackId track, SliceId slice);
    void asyncSlice(TrackId track, SliceId slice);
    ArgumentList argumentsOf(SliceId slice);
    void addShapes(ArgumentList& list, SignatureId signature);
    void instant(TrackId track, InstantId instant);
    void series(TrackId track, const CounterSeries& series);
    void switches();
    void flows();
    void flowPoint(const FlowPoint& point, std::uint64_t id);
    std::string_view categoryText(CategoryId category);

    const Trace& m_trace;
    const Subset& m_subset;
    ByteSink& m_sink;
    const std::optional<TimeRange> m_clip;
    const JobControl& m_job;
    FxtTexts m_texts;
    const FxtIds m_ids;
    const Nanos m_zero;                       // the time of tick 0
    std::string m_buffer;
    FxtWriter m_writer;
    std::set<std::uint64_t> m_namedThreads;
    std::vector<std::uint32_t> m_nearRow;     // by track: where its last flow point was
    std::array<std::string_view, kArgFields> m_fieldNames;
    std::uint64_t m_nextAsync = 1;
    std::size_t m_untilLook = kRowsBetweenLooks;
    bool m_stopped = false;
    ExportReport::File m_report;
};

/// Of all kept rows. Those of a track are in order.
Nanos Converter::firstTime() const
{
    Nanos first = std::numeric_limits<Nanos>::max();
    m_subset.tracks.forEach([&](TrackId id) {
        const Track& track = m_trace.track(id);
        eachRow(m_subset.rows.slices, track.firstSlice, track.sliceCount, [&](SliceId s) {
            first = std::min(first, m_trace.slices().start(s));
            return false;
        });
        eachRow(m_subset.rows.instants, track.firstInstant, track.instantCount, [&](InstantId i) {
            first = std::min(first, m_trace.instants().time(i));
            return false;
        });
        for (std::uint32_t s = 0; s < track.seriesCount; ++s) {
            const CounterSeries& series = m_trace.counters().series(SeriesId(track.firstSeries + s));
            if (series.count) first = std::min(first, m_trace.counters().times(series).front());
        }
    });
    m_subset.flows.forEach([&](FlowPointId p) { first = std::min(first, m_trace.flows().points()[p.index()].time); });
    return first;
}

TimeRange Converter::clipped(SliceId slice)
{
    TimeRange range = m_trace.slices().range(slice);
    if (!m_clip || range.start >= m_clip->end || range.end <= m_clip->start) return range; // what links brought from outside stays as it is
    return {std::max(range.start, m_clip->start), std::min(range.end, m_clip->end)};
}

/// After each record. False: there is no point in going on.
bool Converter::written()
{
    ++m_report.events;
    if (m_buffer.size() >= kBuffer) {
        m_sink.write(m_buffer);
        m_buffer.clear();
        m_stopped = m_stopped || !m_sink.good();
    }
    if (--m_untilLook == 0) {
        m_untilLook = kRowsBetweenLooks;
        m_stopped = m_stopped || m_job.cancelled();
        if (m_job.progress) m_job.progress->done = m_job.progress->events = m_report.events;
    }
    return !m_stopped;
}

// ---------------------------------------------------------------- processes and threads

/// What the file has where it is not what we write.
void addKey(ArgumentList& list, std::string_view name, const TrackKey& key, FxtTexts& texts)
{
    if (key.kind == TrackKey::Kind::Number) list.add(name, key.number);
    else if (key.kind == TrackKey::Kind::None) list.add(name, std::monostate());
    else list.add(name, texts(key.text));
}

void Converter::nameProcess(ProcessId id)
{
    const Process& process = m_trace.process(id);
    ArgumentList more;
    if (m_ids.invented(id) && m_trace.sources().size() == 1) addKey(more, "pid", process.pid, m_texts);
    if (!m_trace.text(process.labels).empty()) more.add("labels", m_texts(process.labels));
    if (process.sortIndex != kNoSortIndex) more.add("sort_index", process.sortIndex);
    const bool asItIs = m_trace.sources().size() == 1 && !m_trace.text(process.name).empty();
    m_writer.processName(m_ids.process(id), asItIs ? std::string(m_texts(process.name)) : m_texts(m_trace.processName(id)), more);
}

void Converter::nameThread(TrackId id)
{
    const Track& track = m_trace.track(id);
    if (!m_namedThreads.insert(m_ids.thread(id).thread).second) return; // a thread of a device as well, or its states
    ArgumentList more;
    if (m_ids.invented(id)) addKey(more, "tid", track.tid, m_texts);
    m_writer.threadName(m_ids.thread(id), m_texts(track.name), more);
}

// ---------------------------------------------------------------- rows

void Converter::ofTrack(TrackId id)
{
    const Track& track = m_trace.track(id);
    if (FxtIds::hasThread(track)) nameThread(id);
    if (track.kind == TrackKind::State) return;
    const bool async = track.kind == TrackKind::Async;
    eachRow(m_subset.rows.slices, track.firstSlice, track.sliceCount, [&](SliceId s) {
        async ? asyncSlice(id, s) : slice(id, s);
        return written();
    });
    eachRow(m_subset.rows.instants, track.firstInstant, track.instantCount, [&](InstantId i) {
        instant(id, i);
        return written();
    });
    for (std::uint32_t s = 0; s < track.seriesCount && !m_stopped; ++s) series(id, m_trace.counters().series(SeriesId(track.firstSeries + s)));
}

std::string_view Converter::categoryText(CategoryId category) { return m_trace.category(category).name; }

void Converter::slice(TrackId track, SliceId id)
{
    const SliceTable& slices = m_trace.slices();
    const TimeRange whole = slices.range(id), range = clipped(id);
    m_report.clipped += range != whole;
    const ArgumentList arguments = argumentsOf(id);
    const std::string_view category = categoryText(slices.category(id)), name = m_texts(slices.name(id));
    const bool open = (slices.flags(id) & kUnclosed) && range.end == whole.end;
    if (open) m_writer.begin(m_ids.thread(track), tick(range.start), category, name, arguments);
    else m_writer.slice(m_ids.thread(track), tick(range.start), tick(range.end), category, name, arguments);
}

void Converter::asyncSlice(TrackId track, SliceId id)
{
    const SliceTable& slices = m_trace.slices();
    const TimeRange whole = slices.range(id), range = clipped(id);
    m_report.clipped += range != whole;
    const std::uint64_t number = m_nextAsync++;
    const std::string_view category = categoryText(slices.category(id)), name = m_texts(slices.name(id));
    m_writer.linked(EventType::AsyncBegin, m_ids.thread(track), tick(range.start), category, name, number, argumentsOf(id));
    const bool open = (slices.flags(id) & kUnclosed) && range.end == whole.end;
    if (!open) m_writer.linked(EventType::AsyncEnd, m_ids.thread(track), tick(range.end), category, name, number);
}

ArgumentList Converter::argumentsOf(SliceId id)
{
    const SliceTable& slices = m_trace.slices();
    ArgumentList list;
    for (std::size_t f = 0; f < kArgFields; ++f) {
        const auto field = static_cast<ArgField>(f);
        if (slices.column(field).blockAbsent(id.index())) continue;
        const std::int64_t value = slices.arg(id, field);
        if (value == BlockColumn::kNone) continue;
        if (field == ArgField::Signature) addShapes(list, SignatureId(static_cast<std::uint32_t>(value)));
        else list.add(m_fieldNames[f], value);
    }
    if (slices.flags(id) & kUnfinished) list.add("finished", false);
    return list;
}

void Converter::addShapes(ArgumentList& list, SignatureId signature)
{
    const Signature& shapes = m_trace.signatures()[signature];
    if (shapes.dims.valid()) list.add("Input Dims", m_trace.text(shapes.dims));
    if (shapes.types.valid()) list.add("Input type", m_trace.text(shapes.types));
    if (shapes.strides.valid()) list.add("Input Strides", m_trace.text(shapes.strides));
}

void Converter::instant(TrackId track, InstantId id)
{
    const InstantTable& instants = m_trace.instants();
    const std::string_view category = categoryText(instants.category(id)), name = m_texts(instants.name(id));
    const FxtWriter::Thread thread = m_ids.thread(track);
    if (isAsync(instants.phase(id))) m_writer.linked(EventType::AsyncInstant, thread, tick(instants.time(id)), category, name, m_nextAsync++);
    else m_writer.instant(thread, tick(instants.time(id)), category, name);
}

void Converter::series(TrackId track, const CounterSeries& series)
{
    const auto times = m_trace.counters().times(series);
    const auto values = m_trace.counters().values(series);
    const std::string_view counter = m_texts(m_trace.track(track).name), name = m_texts(series.name);
    constexpr double kExact = 9007199254740992; // 2^53
    eachRow(m_subset.rows.samples, series.first, series.count, [&](SampleId s) {
        const double value = values[s.value - series.first];
        FxtWriter::Argument argument{name, value};
        if (std::abs(value) < kExact && value == std::trunc(value)) argument.value = static_cast<std::int64_t>(value);
        m_writer.counter(m_ids.thread(track), tick(times[s.value - series.first]), {}, counter, 0, {&argument, 1});
        return written();
    });
}

void Converter::switches()
{
    using Kind = StateChange::Kind;
    for (const StateChange& change : stateChanges(m_trace, m_subset, m_ids, [this](SliceId slice) { return clipped(slice); })) {
        if (change.kind == Kind::Wakes) m_writer.wakeup(change.cpu, tick(change.time), change.thread);
        else if (change.kind == Kind::Leaves) m_writer.contextSwitch(change.cpu, tick(change.time), change.thread, change.leftAs, 0);
        else m_writer.contextSwitch(change.cpu, tick(change.time), 0, ThreadState::New, change.thread);
        if (!written()) return;
    }
}

// ---------------------------------------------------------------- flows

/// Readers know a flow by its number alone, Kineto by category and number: the numbers of further categories are moved apart.
void Converter::flows()
{
    constexpr unsigned kNumberBits = 48;
    std::map<std::tuple<SourceId, CategoryId, std::uint64_t>, std::uint64_t> kinds;
    const auto points = m_trace.flows().points();
    for (FlowPointId p = m_subset.flows.next(FlowPointId(0)); p.valid() && !m_stopped; p = m_subset.flows.next(FlowPointId(p.index() + 1))) {
        const FlowPoint& point = points[p.index()];
        const SourceId source = m_trace.process(m_trace.track(point.track).process).source;
        const std::uint64_t kind = kinds.try_emplace({source, point.category, point.idKind}, kinds.size()).first->second;
        flowPoint(point, point.id + (kind << kNumberBits));
        written();
    }
}

void Converter::flowPoint(const FlowPoint& point, std::uint64_t id)
{
    bool exact = false;
    Nanos time = point.time;
    if (const SliceId on = flowBinding(m_trace, point, m_nearRow[point.track.index()], exact)) {
        const TimeRange range = clipped(on);
        time = std::clamp(time, range.start, std::max(range.start, difference(range.end, 1)));
    }
    const EventType type = point.phase == 's' ? EventType::FlowBegin : point.phase == 't' ? EventType::FlowStep : EventType::FlowEnd;
    const std::string_view category = categoryText(point.category);
    m_writer.linked(type, m_ids.thread(point.track), tick(time), category, category, id);
}

} // namespace

Status canBeFxt(const Trace& trace)
{
    if (trace.timeBase() == TimeBase::Nanoseconds) return Done{};
    return Error{ErrorCode::Unsupported, "an execution trace has no times, so it cannot be written as .fxt", {}};
}

Result<ExportReport::File> writeAsFxt(const Trace& trace, const Subset& subset, ByteSink& sink, const ExportOptions& options, const JobControl& job)
{
    if (const Status possible = canBeFxt(trace); !possible) return possible.error();
    if (job.progress) {
        job.progress->step = "Writing";
        job.progress->done = job.progress->events = 0;
        job.progress->total = subset.rows.slices.count() + subset.rows.instants.count() + subset.rows.samples.count() + subset.flows.count();
    }
    return Converter(trace, subset, sink, options, job).run();
}

} // namespace opscope
