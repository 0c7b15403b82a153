#pragma once

#include "core/base/Diagnostics.h"
#include "core/base/StringPool.h"
#include "core/base/Time.h"
#include "core/trace/Category.h"
#include "core/trace/CounterTable.h"
#include "core/trace/ElementTable.h"
#include "core/trace/ExecutionTrace.h"
#include "core/trace/FlowTable.h"
#include "core/trace/LaneIndex.h"
#include "core/trace/SignatureTable.h"
#include "core/trace/SliceTable.h"
#include "core/trace/TraceLinks.h"
#include "core/trace/Track.h"

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace opscope {

class RestartPoints; // core/io: where a .gz can be entered again

/// What a format keeps to read its events again and to save parts: string tables, counts of records. Immutable once the trace is made.
struct FormatNotes
{
    virtual ~FormatNotes() = default;
};

enum class TimeBase : std::uint8_t {
    Nanoseconds,
    NodeOrder     ///< an execution trace alone: "time" counts nodes in order of their ids; nothing here is a duration
};

/// Who says which rank a file is of.
enum class RankOrigin : std::uint8_t {
    None,
    DistributedInfo,
    CollectiveArgs,  ///< "Rank" of its collectives
    Pairing,         ///< of the Kineto trace that the execution trace goes with
    FileName         ///< "rank-0", "worker3": a guess
};

/// How the events stand in a file (kineto-trace.md section 1).
enum class EventShape : std::uint8_t {
    Object,   ///< {"traceEvents": [...], ...}
    Array,    ///< [...]
    Lines     ///< one event per line
};

/// One file that the trace came from.
struct SourceFile
{
    std::string path;
    std::string format;               ///< Format::id: "kineto", "et"
    std::uint64_t packedBytes = 0;    ///< size on disk
    std::uint64_t unpackedBytes = 0;
    std::int64_t modifiedNs = 0;      ///< mtime when read; a changed file is not read back
    bool gzip = false;
    std::uint32_t gzipMembers = 0;
    EventShape shape = EventShape::Object;
    std::uint64_t eventsOffset = 0;   ///< where the (first) event array begins: its bracket, in the unpacked file
    std::shared_ptr<const RestartPoints> restarts; ///< null for plain files
    std::shared_ptr<const FormatNotes> notes;      ///< of formats whose events do not stand for themselves; null for JSON
    std::optional<std::int64_t> rank, worldSize;   ///< of a distributed run (linking.md 6.1)
    RankOrigin rankFrom = RankOrigin::None;
    Nanos clockShift = 0;             ///< added to its times, so that collectives of all ranks end together (linking.md 6.5)
    std::string resourcesFolder;      ///< of an execution trace, chosen by hand; "": looked for beside the file
};

/// A top-level member of the JSON object beside traceEvents, kept as it stands in the file.
struct TopLevelEntry
{
    SourceId source;
    std::string key;
    std::string json;                 ///< raw text; at most kKept bytes, the rest is read back from `offset`
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    std::uint64_t keyOffset = 0;      ///< of the quote in front of the key
    static constexpr std::size_t kKept = 1 << 20;
};

/// Times finer than a nanosecond (VizTracer writes them): what the truncated column lacks.
struct SubNanosecond
{
    SliceId slice;
    std::uint64_t startAtto = 0;
    std::uint64_t durationAtto = 0;
};

/// What an event says of the collective that it is part of (kineto-trace.md 7.2). Kept whole: ranks are matched by it.
struct CollectiveArgs
{
    SliceId slice;
    StringId json;                                     ///< the args object as it stands in the file
};

/// Counts of the file as found, before any repair (the definitions are those of check_facts.py).
struct TraceStats
{
    std::uint64_t elements = 0;                        ///< of the event array, whatever they are
    std::map<std::string, std::uint64_t> byPhase;      ///< "" for events without ph
    std::uint64_t malformedEvents = 0;
    std::map<std::string, std::uint64_t> malformedByReason; ///< not_an_object, no_ph, no_name, no_ts, bad_ts, ...
    std::uint64_t pidTidPairs = 0;
    std::optional<ExactTime> minTime, maxEnd;          ///< over everything with a ph other than M and a time
    std::uint64_t unmatchedEnds = 0, unclosedBegins = 0;
    std::uint64_t memoryEvents = 0;
};

/// Everything that was read, frozen: read from any thread without a lock. Made by TraceBuilder::finish().
class Trace
{
public:
    TimeBase timeBase() const { return m_timeBase; }
    /// Of X, i, C and pairs, without Trace spans, "Record Window End" and metadata (kineto-trace.md section 6). What "all" shows.
    TimeRange extent() const { return m_extent; }
    /// Where displayed times count from: the first ProfilerStep#, else the first event (look.md section 8).
    Nanos origin() const { return m_origin; }
    /// baseTimeNanoseconds of the first file that has one, else 0. Absolute time = base + time: times of all files count from here.
    std::int64_t baseTime() const { return m_baseTime; }

    std::span<const SourceFile> sources() const { return m_sources; }
    std::span<const TopLevelEntry> topLevel() const { return m_topLevel; }
    const StringPool& strings() const { return m_strings; }
    std::string_view text(StringId id) const { return m_strings.view(id); }
    std::span<const Category> categories() const { return m_categories; }
    const Category& category(CategoryId id) const { return m_categories[id.index()]; }
    std::span<const Process> processes() const { return m_processes; }
    const Process& process(ProcessId id) const { return m_processes[id.index()]; }
    std::span<const Track> tracks() const { return m_tracks; }
    const Track& track(TrackId id) const { return m_tracks[id.index()]; }
    const SliceTable& slices() const { return m_slices; }
    const InstantTable& instants() const { return m_instants; }
    const CounterTable& counters() const { return m_counters; }
    const FlowTable& flows() const { return m_flows; }
    /// Metadata events and ends of pairs: what a saved part needs beside its rows.
    const ElementTable& elements() const { return m_elements; }
    const SignatureTable& signatures() const { return m_signatures; }
    const LaneIndex& lanes() const { return m_lanes; }
    std::span<const SubNanosecond> subNanoseconds() const { return m_subNanoseconds; }
    /// Slices with the flag kCollective, by row.
    std::span<const CollectiveArgs> collectiveArgs() const { return m_collectiveArgs; }
    /// Null when no execution trace was opened.
    const ExecutionTrace* executionTrace() const { return m_executionTrace.get(); }
    /// Of all execution traces together; EtFile::stats has them one by one.
    const EtStats& etStats() const { return m_etStats; }
    const Diagnostics& diagnostics() const { return m_diagnostics; }
    const TraceStats& stats() const { return m_stats; }

    /// The track that holds a row; O(log tracks).
    TrackId trackOf(SliceId slice) const;
    TrackId trackOf(InstantId instant) const;
    std::string_view name(SliceId slice) const { return m_strings.view(m_slices.name(slice)); }
    CategoryClass kindOf(SliceId slice) const { return m_categories[m_slices.category(slice).index()].kind; }
    /// "main thread", "stream 7", else "thread 1234"; never empty.
    std::string trackName(TrackId track) const;
    /// "python, process 21587", "GPU 0": name for people; never empty. With several ranks open "rank 1, GPU 0", with several
    /// execution traces and nothing else the name of the file in front.
    std::string processName(ProcessId process) const;
    /// Text of a pid or tid as the file has it, "" when missing.
    std::string keyText(const TrackKey& key) const;
    /// Whether files of different ranks are open together.
    bool hasSeveralRanks() const;
    const TraceLinks& links() const { return m_links; }
    /// Slice <-> node, at most one each way. In NodeOrder traces each slice is a node; else the events that are known to be
    /// nodes (linking.md 4): how and how surely says nodeLink().
    NodeId nodeOf(SliceId slice) const { return slice.index() < m_sliceNode.size() ? m_sliceNode[slice.index()] : NodeId(); }
    SliceId sliceOf(NodeId node) const { return node.index() < m_nodeSlice.size() ? m_nodeSlice[node.index()] : SliceId(); }
    /// How a node was found to be its slice; of no use where sliceOf() is none.
    struct NodeLink
    {
        LinkMethod method = LinkMethod::NodeOrder;
        LinkConfidence confidence = LinkConfidence::Exact;
        RunRelation relation = RunRelation::SameRun; ///< other than SameRun: times of the slice are examples (linking.md 4.1)
    };
    NodeLink nodeLink(NodeId node) const;
    /// The operator or annotation that a device op or a runtime call works for: the Operator link, else what encloses the call
    /// on its lane. None for anything else.
    SliceId operatorOf(SliceId slice) const;
    /// What devices did for a slice and everything inside it. O(log n).
    DeviceWork deviceWork(SliceId slice) const;
    /// Who is charged with device work, in ascending order, and the work of all in front of each (one longer): what the owners
    /// [i, j) are charged with is the difference of sums j and i. For whoever asks for many slices at once.
    std::span<const SliceId> workOwners() const { return m_workFrom; }
    std::span<const DeviceWork> workSums() const { return m_workSum; }
    /// What devices did for the events of a node and of its subtree, a root included. O(1).
    DeviceWork deviceWork(NodeId node) const { return node.index() < m_nodeWork.size() ? m_nodeWork[node.index()] : DeviceWork(); }
    std::size_t bytes() const;

private:
    std::string ownName(const Process& process) const;

    friend class TraceBuilder;
    friend class LinkBuilder;
    TimeBase m_timeBase = TimeBase::Nanoseconds;
    TimeRange m_extent;
    Nanos m_origin = 0;
    std::int64_t m_baseTime = 0;
    std::vector<SourceFile> m_sources;
    std::vector<TopLevelEntry> m_topLevel;
    StringPool m_strings;
    std::vector<Category> m_categories;
    std::vector<Process> m_processes;
    std::vector<Track> m_tracks;
    SliceTable m_slices;
    InstantTable m_instants;
    CounterTable m_counters;
    FlowTable m_flows;
    ElementTable m_elements;
    SignatureTable m_signatures;
    LaneIndex m_lanes;
    std::vector<SubNanosecond> m_subNanoseconds;
    std::vector<CollectiveArgs> m_collectiveArgs;
    std::unique_ptr<ExecutionTrace> m_executionTrace;
    std::vector<NodeId> m_sliceNode;
    std::vector<SliceId> m_nodeSlice;
    TraceLinks m_links;
    std::vector<SliceId> m_workFrom;            ///< Operator links by `from`: who is charged ...
    std::vector<DeviceWork> m_workSum;          ///< ... and the sum over all in front of it; one longer
    std::vector<DeviceWork> m_nodeWork;         ///< by node, subtree included
    EtStats m_etStats;
    Diagnostics m_diagnostics;
    TraceStats m_stats;
};

using TracePtr = std::shared_ptr<const Trace>;

} // namespace opscope
