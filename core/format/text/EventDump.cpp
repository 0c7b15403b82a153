#include "core/format/text/EventDump.h"

#include "core/format/text/Lines.h"

#include <algorithm>
#include <numeric>
#include <ostream>
#include <tuple>

namespace opscope {

namespace {

class EventDump
{
public:
    EventDump(const Trace& trace, const Subset& subset, std::ostream& out, const JobControl& job)
        : m_trace(trace), m_subset(subset), m_lines(out, job)
    {
    }

    bool run()
    {
        m_lines.raw("opscope events 1").field("base", m_trace.baseTime());
        if (!m_lines.end()) return false;
        sortTracks();
        auto track = m_order.begin();
        for (std::size_t s = 0; s < m_trace.sources().size(); ++s) {
            const SourceFile& source = m_trace.sources()[s];
            m_lines.raw("file ").number(s).raw(" ").raw(withoutControls(source.format));
            if (!m_lines.end()) return false;
            m_shift = source.clockShift;
            for (; track != m_order.end() && sourceOf(*track) == SourceId(s); ++track)
                if (!ofTrack(*track)) return false;
            if (!flows(SourceId(s)) || !nodes(SourceId(s))) return false;
        }
        return m_lines.flush();
    }

private:
    SourceId sourceOf(TrackId track) const { return m_trace.process(m_trace.track(track).process).source; }

    using KeyOrder = std::tuple<TrackKey::Kind, std::int64_t, std::string>;
    KeyOrder orderOf(const TrackKey& key) const
    {
        const bool text = key.kind == TrackKey::Kind::Text || key.kind == TrackKey::Kind::Other;
        return {key.kind, key.number, text ? std::string(m_trace.text(key.text)) : std::string()};
    }

    /// By what the file says of them, whatever their numbers here.
    void sortTracks()
    {
        struct Place
        {
            SourceId source;
            KeyOrder pid, tid;
            int kind;
            std::string name;
            TrackId track;
        };
        std::vector<Place> places;
        for (std::size_t t = 0; t < m_trace.tracks().size(); ++t) {
            const Track& track = m_trace.tracks()[t];
            const int kind = track.kind == TrackKind::Counter ? 2 : track.kind == TrackKind::Async ? 1
                           : track.kind == TrackKind::State ? 3 : 0; // threads and streams look alike
            places.push_back({sourceOf(TrackId(t)), orderOf(m_trace.process(track.process).pid), orderOf(track.tid), kind,
                              std::string(m_trace.text(track.name)), TrackId(t)});
        }
        std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
            return std::tie(a.source, a.pid, a.tid, a.kind, a.name, a.track) < std::tie(b.source, b.pid, b.tid, b.kind, b.name, b.track);
        });
        m_rank.resize(places.size());
        for (const Place& place : places) {
            m_rank[place.track.index()] = static_cast<std::uint32_t>(m_order.size());
            m_order.push_back(place.track);
        }
    }

    RowText& place(RowText& row, const Track& track) const
    {
        row.keyField("pid", m_trace, m_trace.process(track.process).pid).keyField("tid", m_trace, track.tid);
        return row.textField("track", m_trace, track.name);
    }

    /// Rows that come in order of time; those of one time are sorted by their text.
    bool put(Nanos time, RowText&& row)
    {
        if (!m_group.empty() && time != m_groupTime && !putGroup()) return false;
        m_groupTime = time;
        m_group.push_back(row.text());
        return true;
    }
    bool putGroup()
    {
        std::sort(m_group.begin(), m_group.end());
        bool more = true;
        for (const std::string& line : m_group) {
            m_lines.raw(line);
            more = m_lines.end() && more;
        }
        m_group.clear();
        return more;
    }

    bool ofTrack(TrackId id)
    {
        const Track& track = m_trace.track(id);
        if (m_trace.timeBase() == TimeBase::Nanoseconds)
            for (std::uint32_t i = 0; i < track.sliceCount; ++i)
                if (const SliceId slice(track.firstSlice + i); m_subset.rows.slices.contains(slice) && !ofSlice(track, slice)) return false;
        if (!putGroup()) return false;
        for (std::uint32_t i = 0; i < track.instantCount; ++i)
            if (const InstantId instant(track.firstInstant + i); m_subset.rows.instants.contains(instant) && !ofInstant(track, instant))
                return false;
        if (!putGroup()) return false;
        std::vector<const CounterSeries*> all;
        for (std::uint32_t i = 0; i < track.seriesCount; ++i) all.push_back(&m_trace.counters().series(SeriesId(track.firstSeries + i)));
        std::sort(all.begin(), all.end(), [&](auto* a, auto* b) { return m_trace.text(a->name) < m_trace.text(b->name); });
        return std::all_of(all.begin(), all.end(), [&](auto* series) { return ofSeries(track, *series); });
    }

    bool ofSlice(const Track& track, SliceId id)
    {
        static constexpr std::string_view kOrigins[] = {"", " pair", " async", " node"};
        const SliceTable& slices = m_trace.slices();
        const std::uint8_t flags = slices.flags(id);
        const Nanos start = slices.start(id) - m_shift;
        RowText row;
        row.raw("slice ").number(start);
        if (!(flags & kUnclosed)) row.raw("+").number(slices.duration(id));
        fine(row, id, flags);
        place(row, track).raw(" ").quoted(m_trace.name(id)).textField("cat", m_trace.category(slices.category(id)).name);
        row.raw(kOrigins[flags & kOriginMask]);
        if (flags & kUnclosed) row.raw(" unclosed");
        if (flags & kNoDuration) row.raw(" no-duration");
        if (flags & kUnfinished) row.raw(" unfinished");
        row.arguments(m_trace, id);
        return put(start, std::move(row));
    }

    void fine(RowText& row, SliceId id, std::uint8_t flags) const
    {
        const auto all = m_trace.subNanoseconds();
        const auto at = std::ranges::lower_bound(all, id, {}, &SubNanosecond::slice);
        if (at == all.end() || at->slice != id) return;
        row.field("start_atto", at->startAtto);
        if (!(flags & kUnclosed)) row.field("duration_atto", at->durationAtto);
    }

    bool ofInstant(const Track& track, InstantId id)
    {
        const InstantTable& instants = m_trace.instants();
        const char phase = instants.phase(id);
        const Nanos time = instants.time(id) - m_shift;
        RowText row;
        row.raw("instant ").number(time).raw(" ").raw(withoutControls({&phase, 1}));
        place(row, track).raw(" ").quoted(m_trace.text(instants.name(id))).textField("cat", m_trace.category(instants.category(id)).name);
        return put(time, std::move(row));
    }

    bool ofSeries(const Track& track, const CounterSeries& series)
    {
        const CounterTable& counters = m_trace.counters();
        for (std::uint32_t i = 0; i < series.count; ++i) {
            if (!m_subset.rows.samples.contains(SampleId(series.first + i))) continue;
            const Nanos time = counters.times(series)[i] - m_shift;
            RowText row;
            place(row.raw("value ").number(time), track).textField("series", m_trace, series.name);
            if (!series.isBytes) row.field("value", counters.values(series)[i]);
            if (!put(time, std::move(row))) return false;
        }
        return putGroup();
    }

    bool flows(SourceId source)
    {
        const auto points = m_trace.flows().points();
        std::vector<std::uint32_t> kept;
        m_subset.flows.forEach([&](FlowPointId p) {
            if (sourceOf(points[p.index()].track) == source) kept.push_back(p.value);
        });
        const auto isText = [](const FlowPoint& p) {
            return p.idKind == static_cast<unsigned>(TrackKey::Kind::Text) || p.idKind == static_cast<unsigned>(TrackKey::Kind::Other);
        };
        const auto idText = [&](const FlowPoint& p) { return isText(p) ? m_trace.text(StringId(static_cast<std::uint32_t>(p.id))) : std::string_view(); };
        const auto category = [&](const FlowPoint& p) { return std::string_view(m_trace.category(p.category).name); };
        std::sort(kept.begin(), kept.end(), [&](std::uint32_t i, std::uint32_t j) {
            const FlowPoint &a = points[i], &b = points[j];
            if (a.category != b.category) return category(a) < category(b);
            if (a.idKind != b.idKind) return a.idKind < b.idKind;
            if (a.id != b.id) return isText(a) ? idText(a) < idText(b) : a.id < b.id;
            return std::tuple(a.time, a.phase == 's' ? 0 : 1, m_rank[a.track.index()], a.phase, a.bindsEnclosing, i) <
                   std::tuple(b.time, b.phase == 's' ? 0 : 1, m_rank[b.track.index()], b.phase, b.bindsEnclosing, j);
        });
        for (const std::uint32_t i : kept) {
            const FlowPoint& p = points[i];
            const char phase = static_cast<char>(p.phase);
            m_lines.raw("flow ").quoted(category(p)).raw(" ");
            if (isText(p)) m_lines.quoted(idText(p));
            else m_lines.number(static_cast<std::int64_t>(p.id));
            m_lines.raw(" ").raw({&phase, 1}).raw(" ").number(p.time - m_shift);
            place(m_lines, m_trace.track(p.track)).raw(p.bindsEnclosing ? " enclosing" : "");
            if (!m_lines.end()) return false;
        }
        return true;
    }

    bool nodes(SourceId source)
    {
        const ExecutionTrace* et = m_trace.executionTrace();
        const EtFile* file = et ? et->fileOf(source) : nullptr;
        if (!file) return true;
        for (std::uint32_t i = 0; i < file->nodeCount; ++i) {
            const NodeId id(file->firstNode.value + i);
            if (!m_subset.rows.nodes.contains(id) || et->node(id).synthetic) continue;
            if (!ofNode(*et, id)) return false;
        }
        return true;
    }

    bool ofNode(const ExecutionTrace& et, NodeId id)
    {
        const EtNode& n = et.node(id);
        m_lines.raw("node ").number(n.id);
        if (n.parent) m_lines.field("in", et.node(n.parent).id);
        m_lines.raw(" ").nodeFields(m_trace, n);
        if (!m_lines.end()) return false;
        for (const bool output : {false, true})
            for (const TensorDesc& tensor : output ? et.outputs(id) : et.inputs(id)) {
                m_lines.raw(output ? " out" : " in").tensor(m_trace, tensor);
                if (!m_lines.end()) return false;
            }
        return true;
    }

    const Trace& m_trace;
    const Subset& m_subset;
    Lines m_lines;
    std::vector<TrackId> m_order;
    std::vector<std::uint32_t> m_rank; ///< by track
    std::vector<std::string> m_group;
    Nanos m_groupTime = 0;
    Nanos m_shift = 0;
};

} // namespace

Status writeEventDump(const Trace& trace, const Subset& subset, std::ostream& out, const JobControl& job)
{
    if (EventDump(trace, subset, out, job).run()) return Done{};
    if (job.cancelled()) return Error{ErrorCode::Cancelled, "Cancelled", {}};
    return Error{ErrorCode::CannotWrite, "The dump could not be written", {}};
}

} // namespace opscope
