#pragma once

#include "core/base/JobControl.h"
#include "core/base/Result.h"
#include "core/trace/Staging.h"
#include "core/trace/Trace.h"

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace opscope {

/// What importers fill; finish() pairs, sorts, nests, indexes and freezes. Several sources may be added one after the other.
/// Not thread-safe: importers thread inside and hand over whole batches.
class TraceBuilder
{
public:
    TraceBuilder();
    ~TraceBuilder();
    TraceBuilder(TraceBuilder&&) noexcept;

    SourceId addSource(SourceFile source);
    SourceFile& source(SourceId id);

    /// Everything one importer scanned of one source: `tables[part.worker]` are the tables of `parts[i]`, parts in file order.
    void addStaged(SourceId source, std::vector<StagingTables> tables, std::vector<StagedPart> parts);
    /// The nodes of an execution trace. `strings` is the pool its StringIds refer to; finish() merges it.
    /// With no timed source beside it, finish() lays the nodes out by order of id (TimeBase::NodeOrder).
    void addExecutionTrace(SourceId source, std::unique_ptr<ExecutionTrace> trace, StringPool strings, EtStats stats);
    void addTopLevel(TopLevelEntry entry);
    void setBaseTime(SourceId source, std::int64_t nanoseconds);
    /// Whether clocks of ranks that differ are brought together; they are unless told otherwise.
    void setAlignClocks(bool align);
    /// Defects that belong to a whole source.
    Diagnostics& diagnostics(SourceId source);
    /// Run at the end of finish(), when the trace can be asked: what a source shows beside what it says, such as the files of its
    /// resources folder. What it finds counts as the source's.
    using Check = std::function<void(const Trace&, SourceId, Diagnostics&)>;
    void addCheck(SourceId source, Check check);

    /// For importers of small formats and for traces by hand in tests: one worker, one part, behind plain calls.
    struct Slice
    {
        TrackId track;
        Nanos start = 0;
        Nanos duration = 0;
        StringId name;
        std::string_view category = "cpu_op";
        std::uint64_t offset = 0;
        std::vector<std::pair<ArgField, std::int64_t>> args = {};
    };
    StringId intern(std::string_view text);
    /// The id is good for this builder only: finish() puts the tracks into the order in which they are shown.
    TrackId addTrack(std::int64_t pid, std::int64_t tid, std::string_view threadName = {}, std::string_view processName = {});
    void add(const Slice& slice);
    void addInstant(TrackId track, Nanos time, StringId name, std::string_view category = "cpu_instant_event");
    void addCounter(std::int64_t pid, std::string_view counter, std::string_view series, Nanos time, double value);

    /// On two threads inside; checks `job` between steps. Leaves the builder empty.
    Result<TracePtr> finish(const JobControl& job = {}) &&;

private:
    struct State;    // what was handed over; TraceBuilderState.h
    struct Finisher; // the steps of finish(); Finisher.h
    std::unique_ptr<State> m_state;
};

} // namespace opscope
