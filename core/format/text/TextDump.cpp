#include "core/format/text/TextDump.h"

#include "core/format/text/Lines.h"

#include <algorithm>
#include <ostream>
#include <string>

namespace opscope {

namespace {

constexpr std::size_t kJsonKept = 200; // bytes of a top-level value

/// Row numbers are those of the dump itself: relative to the track. Numbers that depend on the order in which threads met
/// things (strings, signatures) never appear; their texts do.
class Dump
{
public:
    Dump(const Trace& trace, std::ostream& out, const JobControl& job) : m_trace(trace), m_lines(out, job) {}

    bool run()
    {
        return head() && topLevel() && processes() && flows() && nodes() && defects() && m_lines.flush();
    }

private:
    RowText& line(std::string_view first) { return m_lines.raw(first); }

    bool head()
    {
        const TraceStats& stats = m_trace.stats();
        line("opscope dump 1\n");
        for (const SourceFile& source : m_trace.sources()) line("source").textField("format", source.format).raw("\n");
        line("times").raw(m_trace.timeBase() == TimeBase::NodeOrder ? " node order" : " nanoseconds");
        m_lines.field("base", m_trace.baseTime()).field("origin", m_trace.origin());
        m_lines.field("from", m_trace.extent().start).field("to", m_trace.extent().end).raw("\n");
        line("counts").field("elements", stats.elements).field("malformed", stats.malformedEvents);
        m_lines.field("pairs", stats.pidTidPairs).field("unmatched_ends", stats.unmatchedEnds);
        m_lines.field("unclosed_begins", stats.unclosedBegins).field("memory", stats.memoryEvents);
        exact("min", stats.minTime);
        exact("max", stats.maxEnd);
        m_lines.raw("\n");
        for (const auto& [phase, count] : stats.byPhase) line("phase ").quoted(phase).raw(" ").number(count).raw("\n");
        for (const auto& [reason, count] : stats.malformedByReason)
            line("malformed ").raw(withoutControls(reason)).raw(" ").number(count).raw("\n");
        for (const Category& c : m_trace.categories())
            line("category ").quoted(c.name).raw(" (").raw(title(c.kind)).raw(") ").number(c.events).raw("\n");
        return m_lines.flush();
    }

    void exact(std::string_view key, const std::optional<ExactTime>& time)
    {
        if (!time) return;
        ExactSum sum;
        sum.add(*time);
        m_lines.raw(" ").raw(key).raw("=").raw(sum.text());
    }

    bool topLevel()
    {
        for (const TopLevelEntry& entry : m_trace.topLevel()) {
            line("top ").quoted(entry.key).raw(" @").number(entry.offset).raw("+").number(entry.length).raw(" ");
            m_lines.raw(withoutControls(std::string_view(entry.json).substr(0, utf8Cut(entry.json, kJsonKept))));
            if (entry.json.size() > kJsonKept) m_lines.raw("…");
            if (!m_lines.end()) return false;
        }
        return true;
    }

    static std::size_t utf8Cut(std::string_view text, std::size_t at)
    {
        if (text.size() <= at) return text.size();
        while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
        return at;
    }

    bool processes()
    {
        TrackId next(0);
        for (std::size_t p = 0; p < m_trace.processes().size(); ++p) {
            const Process& process = m_trace.process(ProcessId(p));
            line("process ").number(p).raw(process.side == Side::Device ? " device" : " host");
            m_lines.keyField("pid", m_trace, process.pid);
            m_lines.textField("name", m_trace, process.name).textField("labels", m_trace, process.labels);
            if (process.sortIndex != kNoSortIndex) m_lines.field("sort", process.sortIndex);
            if (m_trace.sources().size() > 1) m_lines.field("source", process.source.value);
            m_lines.field("events", process.events);
            if (!m_lines.end()) return false;
            for (; next.index() < m_trace.tracks().size() && m_trace.track(next).process == ProcessId(p); ++next.value)
                if (!track(next)) return false;
        }
        return true;
    }

    bool track(TrackId id)
    {
        static constexpr std::string_view kKinds[] = {" thread", " stream", " async", " counter", " node order", " states", " cpu"};
        const Track& t = m_trace.track(id);
        line(" track ").number(id.value).raw(kKinds[static_cast<std::size_t>(t.kind)]);
        m_lines.keyField("tid", m_trace, t.tid);
        m_lines.textField("name", m_trace, t.name);
        if (t.sortIndex != kNoSortIndex) m_lines.field("sort", t.sortIndex);
        m_lines.field("slices", t.sliceCount).field("instants", t.instantCount).field("series", t.seriesCount);
        m_lines.field("events", t.events).field("lanes", t.laneCount);
        if (t.sampledHz) m_lines.field("sampled", t.sampledHz);
        for (const std::uint16_t base : t.spillBases) m_lines.field("further", base);
        if (!m_lines.end()) return false;
        for (std::uint32_t i = 0; i < t.sliceCount; ++i)
            if (!slice(t, i)) return false;
        for (std::uint32_t i = 0; i < t.instantCount; ++i)
            if (!instant(InstantId(t.firstInstant + i))) return false;
        for (std::uint32_t i = 0; i < t.seriesCount; ++i)
            if (!series(m_trace.counters().series(SeriesId(t.firstSeries + i)))) return false;
        return true;
    }

    bool slice(const Track& track, std::uint32_t i)
    {
        const SliceTable& slices = m_trace.slices();
        const SliceId id(track.firstSlice + i);
        line("  slice ").number(i).raw(" ").number(slices.start(id)).raw("+").number(slices.duration(id));
        fine(id);
        m_lines.field("self", slices.selfTime(id)).field("lane", slices.lane(id));
        if (slices.parent(id).valid()) m_lines.field("in", slices.parent(id).value - track.firstSlice);
        m_lines.raw(" ").quoted(m_trace.name(id)).textField("cat", m_trace.category(slices.category(id)).name);
        flags(slices.flags(id));
        m_lines.arguments(m_trace, id);
        m_lines.raw(" @").number(slices.sourceOffset(id)).raw("+").number(slices.sourceLength(id));
        return m_lines.end();
    }

    /// Rows are met in the order of their ids, and so are these.
    void fine(SliceId id)
    {
        const auto all = m_trace.subNanoseconds();
        if (m_fine == all.size() || all[m_fine].slice != id) return;
        m_lines.field("start_atto", all[m_fine].startAtto).field("duration_atto", all[m_fine].durationAtto);
        ++m_fine;
    }

    void flags(std::uint8_t flags)
    {
        static constexpr std::string_view kOrigins[] = {"", " pair", " async", " node"};
        m_lines.raw(kOrigins[flags & kOriginMask]);
        if (flags & kUnclosed) m_lines.raw(" unclosed");
        if (flags & kNoDuration) m_lines.raw(" no-duration");
        if (flags & kUnfinished) m_lines.raw(" unfinished");
        if (flags & kRepaired) m_lines.raw(" repaired");
        if (flags & kSpilled) m_lines.raw(" spilled");
    }

    bool instant(InstantId id)
    {
        const InstantTable& instants = m_trace.instants();
        const char phase = instants.phase(id);
        line("  instant ").number(instants.time(id)).raw(" ").raw(withoutControls({&phase, 1})).raw(" ");
        m_lines.quoted(m_trace.text(instants.name(id)));
        m_lines.textField("cat", m_trace.category(instants.category(id)).name).raw(" @").number(instants.sourceOffset(id));
        return m_lines.end();
    }

    bool series(const CounterSeries& s)
    {
        line("  series ").quoted(m_trace.text(s.name)).raw(s.isBytes ? " bytes" : "");
        m_lines.field("values", s.count).field("min", s.min).field("max", s.max);
        if (!m_lines.end()) return false;
        const CounterTable& counters = m_trace.counters();
        for (std::uint32_t i = 0; i < s.count; ++i) {
            line("   value ").number(counters.times(s)[i]).raw(" ").number(counters.values(s)[i]);
            m_lines.raw(" @").number(counters.offsets(s)[i]);
            if (!m_lines.end()) return false;
        }
        return true;
    }

    bool flows()
    {
        for (const FlowPoint& p : m_trace.flows().points()) {
            const char phase = static_cast<char>(p.phase);
            const auto kind = static_cast<TrackKey::Kind>(p.idKind);
            line("flow ").quoted(m_trace.category(p.category).name).raw(" ");
            if (kind == TrackKey::Kind::Text || kind == TrackKey::Kind::Other)
                m_lines.quoted(m_trace.text(StringId(static_cast<std::uint32_t>(p.id))));
            else m_lines.number(static_cast<std::int64_t>(p.id));
            m_lines.raw(" ").raw({&phase, 1}).raw(" ").number(p.time).field("track", p.track.value);
            if (p.bindsEnclosing) m_lines.raw(" enclosing");
            m_lines.raw(" @").number(static_cast<std::uint64_t>(p.source));
            if (!m_lines.end()) return false;
        }
        return true;
    }

    bool nodes()
    {
        const ExecutionTrace* et = m_trace.executionTrace();
        if (!et) return true;
        return std::all_of(et->files().begin(), et->files().end(), [&](const EtFile& file) { return etFile(*et, file); });
    }

    bool etFile(const ExecutionTrace& et, const EtFile& file)
    {
        line("nodes ").number(file.nodeCount).textField("schema", file.schemaVersion);
        if (file.pid) m_lines.field("pid", *file.pid);
        if (!file.time.empty()) m_lines.textField("time", file.time);
        if (file.startTs) m_lines.field("start_ms", *file.startTs);
        if (file.finishTs) m_lines.field("finish_ms", *file.finishTs);
        m_lines.raw(file.graphNames ? " graph" : "").raw(file.cutOff ? " cut" : "");
        if (!m_lines.end() || !etStats(file.stats)) return false;
        for (std::uint32_t i = 0; i < file.nodeCount; ++i)
            if (!node(et, NodeId(file.firstNode.value + i))) return false;
        return true;
    }

    bool etStats(const EtStats& s)
    {
        line("node counts").field("elements", s.nodes).field("duplicate_ids", s.duplicateIds);
        m_lines.field("in_cycles", s.nodesInCycles).field("with_rf", s.nodesWithRfId).field("rf", s.distinctRfIds);
        m_lines.field("depth", s.maxTreeDepth).field("dangling", s.danglingParent).field("dangling_ctrl", s.danglingCtrlDeps);
        m_lines.field("tensors_in", s.tensorsIn).field("tensors_out", s.tensorsOut);
        m_lines.field("tensor_ids", s.distinctTensorIds).field("storage_ids", s.distinctStorageIds);
        for (const std::string& root : s.rootIds) m_lines.raw(" root=").raw(withoutControls(root));
        return m_lines.end();
    }

    bool node(const ExecutionTrace& et, NodeId id)
    {
        const EtNode& n = et.node(id);
        line(" node ").number(id.value).field("id", n.id).field("depth", n.depth);
        if (n.parent.valid()) m_lines.field("in", n.parent.value);
        m_lines.raw(" ").nodeFields(m_trace, n);
        m_lines.raw(n.synthetic ? " synthetic" : "").raw(n.damaged ? " damaged" : "");
        m_lines.raw(" @").number(n.sourceOffset).raw("+").number(n.sourceLength);
        if (!m_lines.end()) return false;
        for (const TensorDesc& t : et.inputs(id))
            if (!tensor("  in", t)) return false;
        for (const TensorDesc& t : et.outputs(id))
            if (!tensor("  out", t)) return false;
        return true;
    }

    bool tensor(std::string_view direction, const TensorDesc& t)
    {
        line(direction).tensor(m_trace, t);
        return m_lines.end();
    }

    bool defects()
    {
        const Diagnostics& all = m_trace.diagnostics();
        for (const Defect defect : all.seen()) {
            line("defect ").raw(info(defect).id).raw(" ").number(all.count(defect));
            if (!all.places(defect).empty()) m_lines.raw(" @").number(all.places(defect).front().offset);
            if (!m_lines.end()) return false;
        }
        return true;
    }

    const Trace& m_trace;
    Lines m_lines;
    std::size_t m_fine = 0; // next row of subNanoseconds()
};

} // namespace

Status writeDump(const Trace& trace, std::ostream& out, const JobControl& job)
{
    if (Dump(trace, out, job).run()) return Done{};
    if (job.cancelled()) return Error{ErrorCode::Cancelled, "Cancelled", {}};
    return Error{ErrorCode::CannotWrite, "The dump could not be written", {}};
}

} // namespace opscope
