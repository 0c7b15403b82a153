#pragma once

#include "core/base/RawVector.h"
#include "core/trace/TraceBuilderState.h"

#include <array>
#include <compare>
#include <limits>
#include <map>
#include <unordered_map>
#include <utility>

/// Internal to core/trace: TraceBuilder::finish() as named steps, one .cpp for each group of them.
///
///     FinishTables    strings, categories, signatures, (pid, tid)s of all workers become one set; numbers are remapped later
///     FinishSurvey    how many rows of each part go to each track
///     FinishPairs     B gets the length of its E
///     FinishTracks    processes and tracks: names, sides, order
///     FinishAsync, FinishStates, FinishCounters, FinishNodes   what gets tracks of its own
///     FinishRows      keys to tracks, sorted by time, gathered into columns
///     FinishFlows     flow ends, neighbours by id
///     FinishElements  second events of pairs and metadata, for saving
///     FinishClose     nesting, lane index, extent, defects; and run(), the list of all steps
///
/// Nothing that comes out depends on how many workers or parts there were.
namespace opscope {

/// A length that is not negative and keeps start + length within int64.
constexpr Nanos clampedDuration(Nanos start, Nanos duration)
{
    if (duration <= 0) return 0;
    constexpr Nanos kMax = std::numeric_limits<Nanos>::max();
    return start > 0 && duration > kMax - start ? kMax - start : duration;
}

/// end - start, 0 if it is negative, cut to what a Nanos holds.
constexpr Nanos distance(Nanos start, Nanos end)
{
    if (end <= start) return 0;
    const std::uint64_t length = static_cast<std::uint64_t>(end) - static_cast<std::uint64_t>(start);
    constexpr Nanos kMax = std::numeric_limits<Nanos>::max();
    return length > static_cast<std::uint64_t>(kMax) ? kMax : static_cast<Nanos>(length);
}

/// t + by, cut to what a Nanos holds.
constexpr Nanos shifted(Nanos t, Nanos by)
{
    Nanos sum = 0;
    if (!__builtin_add_overflow(t, by, &sum)) return sum;
    return by < 0 ? std::numeric_limits<Nanos>::min() : std::numeric_limits<Nanos>::max();
}

constexpr bool isSlice(char phase) { return phase == 'X' || phase == 'B'; }
constexpr bool isFlow(char phase) { return phase == 's' || phase == 't' || phase == 'f'; }

/// A row of a part.
struct StagedPlace
{
    std::uint32_t part = 0, row = 0;
    friend auto operator<=>(const StagedPlace&, const StagedPlace&) = default;
};

struct TraceBuilder::Finisher
{
    Finisher(State& state, const JobControl& control) : in(state), job(control), trace(std::make_shared<Trace>()) {}
    Result<TracePtr> run();

private:
    static constexpr std::uint32_t kNoPlan = UINT32_MAX;
    static constexpr unsigned kThreads = 2;
    static constexpr std::size_t kSmall = 20'000; ///< rows; below this a second thread costs more than it brings
    static constexpr TrackKey kProcess{TrackKey::Kind::Other, 1, {}}; ///< in place of a tid; no file has it

    /// One StagingTables, and how its numbers become those of the trace. Empty strings or categories: they stay.
    struct Worker
    {
        SourceId source;
        StagingTables* tables = nullptr;
        std::vector<StringId> strings = {};
        std::vector<std::uint16_t> categories = {};
        std::vector<SignatureId> signatures = {};
        std::vector<std::uint32_t> rawTracks = {};
        std::vector<std::uint8_t> onDevice = {}; ///< by local category
        std::vector<std::uint8_t> mixed = {};    ///< by local track: shown as two, one on the host and one on the device
        std::vector<TrackId> tracks = {};        ///< by place()
        Nanos shift = 0;                         ///< what its times lack to count from the trace's base time
    };
    struct Count
    {
        std::uint32_t place = 0;
        std::uint32_t slices = 0, instants = 0;  ///< how many; from distribute() on the next row
        std::uint32_t pairs = 0;                 ///< B and E
        Nanos last = std::numeric_limits<Nanos>::min(); ///< when the last of its rows ends that are no E; a B by itself has no length
    };
    struct Part
    {
        StagedPart* staged = nullptr;
        std::uint32_t worker = 0;
        std::vector<Count> counts = {};          ///< only of the places that occur
        std::uint64_t pairEvents = 0, fullEnds = 0, flows = 0; ///< B and E; E among `events`; flow points
        Nanos last = std::numeric_limits<Nanos>::min();
    };
    /// A (pid, tid) of one source.
    struct RawTrack
    {
        SourceId source;
        TrackKey pid, tid;
        std::uint64_t events = 0, hostEvents = 0, deviceEvents = 0;
        std::uint32_t plan[2] = {kNoPlan, kNoPlan}; ///< host, device; the same one unless it is mixed
        bool scheduled = false;                     ///< context switches name it
        std::uint32_t statePlan = kNoPlan;
        bool mixed() const { return hostEvents && deviceEvents; }
    };
    struct KeyHash
    {
        std::size_t operator()(const std::pair<TrackKey, TrackKey>& k) const noexcept;
    };
    using KeyMap = std::unordered_map<std::pair<TrackKey, TrackKey>, std::uint32_t, KeyHash>;
    /// What metadata say of one process or thread: the last of all, and the last that looks like a host's and a device's.
    struct Names
    {
        StringId name, labels;
        std::array<StringId, 2> nameOf = {}, labelsOf = {};
        std::int64_t sortIndex = kNoSortIndex;
        std::array<std::int64_t, 2> sortIndexOf = {kNoSortIndex, kNoSortIndex};
        std::uint32_t sampledHz = 0;
        std::uint64_t offset = 0;
        bool used = false;
    };
    /// A track to be. Its process is a row of `groups`.
    struct Plan
    {
        Track track;
        std::uint32_t group = 0;
    };
    /// A B or an E on its way to its partner.
    struct PairRow
    {
        Nanos time;
        StagedPlace place;         ///< kEndRow in the row: of StagedPart::ends
    };
    static constexpr std::uint32_t kEndRow = 1u << 31;
    static constexpr Nanos kLooseEnd = -1;         ///< in place of the begin of an end that has none
    struct MetaElement
    {
        SourceId source;
        MetaKind kind;
        TrackKey pid, tid;         ///< tid kProcess: of the process
        std::size_t side = 0;      ///< that it looks like; 2: no telling
        StringId name;             ///< of what we do not interpret, with a hash of what it says
        std::int64_t args = 0;
        std::uint64_t offset = 0;
    };
    struct SortKey
    {
        Nanos start;
        std::uint32_t part, row;
    };
    struct CounterRow
    {
        Nanos time;
        double value;
        std::uint64_t offset;
        bool isDelta;
    };
    struct CounterPlan
    {
        std::uint32_t plan = 0;
        StringId name;
        bool isBytes = false;
        std::vector<CounterRow> rows = {};
    };

    // FinishTables
    void mergeTables();
    void mergeStrings(Worker& worker);
    void mergeCategories();
    void mergeTracks(Worker& worker);
    void mergeStats(const TraceStats& from);
    Status shareClock();
    struct SourceTimes
    {
        Nanos from, to;
        SourceId source;
    };
    Status checkGaps(std::vector<SourceTimes> times) const;
    // FinishSurvey
    void survey();
    void surveyPart(Part& part);
    // FinishPairs
    void pairBeginEnd();
    RawVector<PairRow> pairRows(std::vector<std::uint32_t>& firstOf) const;
    void sortPairRows(std::span<PairRow> rows) const;
    void pairTrack(std::span<const PairRow> rows, std::vector<PairRow>& open, std::vector<StagedPlace>& loose, std::vector<StagedPlace>& renamed);
    bool isBegin(StagedPlace place) const { return !(place.row & kEndRow) && parts[place.part].staged->events[place.row].phase == 'B'; }
    std::uint64_t attoAt(StagedPlace place) const;
    void rememberBegin(StagedPlace end, StagedPlace begin);
    void closePair(StagedPlace begin, Nanos endTime, std::uint64_t startAtto, std::uint64_t endAtto);
    void takeArgs(StagedPlace begin, StagedPlace end);
    void mergeLateRows();
    void closeLoose(const std::vector<StagedPlace>& loose, std::span<const PairRow> rows, std::span<const std::uint32_t> firstOf);
    StringId nameAt(StagedPlace place) const;
    void noteAt(Defect defect, StagedPlace place);
    // FinishTracks
    void readNames();
    Names* findNames(SourceId source, const TrackKey& pid, const TrackKey& tid);
    void planTracks();
    std::uint32_t planRaw(const RawTrack& raw, Side side);
    std::uint32_t groupOf(SourceId source, const TrackKey& pid, Side side);
    std::uint32_t addPlan(std::uint32_t group, TrackKind kind, StringId name);
    void orderTracks();
    std::strong_ordering compareKeys(const TrackKey& a, const TrackKey& b) const;
    bool groupLess(const Process& a, const Process& b) const;
    bool trackLess(const Track& a, const Track& b) const;
    // FinishAsync
    void pairAsync();
    StagedEvent& addOwn(const Worker& worker, const StagedIdEvent& from, std::uint32_t plan, char phase);
    std::uint32_t asyncPlan(const Worker& worker, const StagedIdEvent& event);
    // FinishStates
    class States;
    void layOutStates();
    std::uint32_t planStates(const RawTrack& raw);
    // FinishCounters
    void collectCounters();
    CounterPlan& counterOf(const Worker& worker, const StagedCounter& value);
    void addCounters();
    void addSeries(CounterPlan& plan);
    // FinishNodes
    bool adoptNodes();
    void mergeStrings(State::Nodes& nodes);
    void layOutNodes();
    void layOutFile(const EtFile& file, const std::vector<std::uint32_t>& ends);
    std::vector<std::uint32_t> nodeEnds() const;
    void linkNodes();
    // FinishRows
    void adoptOwnRows();
    bool distribute();
    void distributePart(std::uint32_t p);
    void sortRows();
    void gather();
    void prefaultSlices(std::size_t first);
    void gatherSlices(std::size_t block, std::vector<SubNanosecond>& fine, std::vector<CollectiveArgs>& collectives);
    void gatherField(std::size_t block, ArgField field, const StagedArgs* const* args);
    void gatherInstants(std::size_t block);
    bool sliceLess(const SortKey& a, const SortKey& b) const;
    bool instantLess(const SortKey& a, const SortKey& b) const;
    // FinishFlows
    void addFlows();
    void gatherFlows(Part& part, FlowPoint* out);
    void sortFlows(std::size_t begin, std::size_t end);
    void countLooseFlows(std::size_t begin, std::size_t end, SourceId source);
    bool flowLess(const FlowPoint& a, const FlowPoint& b) const;
    // FinishElements
    void collectPairEnds();
    void addPairEnd(SourceId source, std::uint64_t offset, std::uint32_t slice);
    void keepMeta(SourceId source, const StagedMeta& meta, const std::pair<TrackKey, TrackKey>& keys, std::size_t side, StringId name);
    void addElements();
    ExtraElement elementOf(const MetaElement& meta) const;
    void countRowless();
    // FinishClose
    void nestTracks();
    struct Measured;
    void nestTrack(std::size_t t, Measured& m);
    void measureTrack(const Track& track, const std::vector<std::uint8_t>& isStep, Measured& m) const;
    void setExtent(const std::vector<Measured>& measured);
    void noteOverlaps();
    void close();
    void runChecks();
    bool enter(const char* name);

    // Numbers of a worker to numbers of the trace.
    StringId text(const Worker& worker, StringId id) const
    {
        return worker.strings.empty() || !id.valid() ? id : worker.strings[id.index()];
    }
    std::uint16_t category(const Worker& worker, std::uint16_t id) const
    {
        return worker.categories.empty() ? id : worker.categories[id];
    }
    TrackKey key(const Worker& worker, const TrackKey& local) const;
    std::uint64_t idOf(const Worker& worker, const StagedIdEvent& event) const;
    /// Side of a track that a row goes to: 2 * local track + (on the device).
    std::uint32_t place(const Worker& worker, std::uint32_t track, std::uint16_t localCategory) const
    {
        return 2 * track + (worker.mixed[track] && worker.onDevice[localCategory]);
    }
    std::uint32_t rawPlan(const Worker& worker, std::uint32_t track, std::uint16_t localCategory) const;
    std::int64_t wideArg(const StagedPart& part, std::uint32_t row, ArgField field) const;
    FineTime* fineTime(StagedPart& part, std::uint32_t row) const;
    Diagnostics& defects(SourceId source) { return in.diagnostics[source.index()]; }
    unsigned threads() const { return totalRows < kSmall ? 1 : kThreads; }

    State& in;
    const JobControl& job;
    std::shared_ptr<Trace> trace;

    std::vector<Worker> workers;
    std::vector<Part> parts;
    std::vector<RawTrack> rawTracks;
    std::vector<KeyMap> rawTrackOf, namesOf;  ///< by source
    std::vector<KeyMap> pidSides;             ///< by source: bit 0 host, bit 1 device
    std::vector<KeyMap> groupOfPid;           ///< by 2 * source + device
    std::vector<Names> names;
    std::vector<Process> groups;
    std::vector<Plan> plans;
    std::vector<TrackId> finalTrack;          ///< by plan
    std::vector<ProcessId> finalProcess;      ///< by group
    std::uint64_t totalRows = 0;
    Nanos lastTime = std::numeric_limits<Nanos>::min();
    bool nodeOrder = true;                    ///< an execution trace and no timed event

    std::vector<std::pair<std::uint32_t, FineTime>> lateFine;  ///< by part
    std::vector<std::pair<std::uint32_t, WideArg>> lateWide;
    // Rows that we made: async pairs, objects, nodes. Strings and categories are the trace's, their tracks are plans.
    StagedPart own;
    std::vector<std::uint32_t> asyncGroup;    ///< by row of `own`; what has no groups stands behind
    struct OwnEnd
    {
        std::uint32_t row;                    ///< of `own`
        std::uint64_t offset;                 ///< of the event that ended it
        SourceId source;
    };
    std::vector<OwnEnd> ownEnds;
    std::size_t addedBehind = 0;              ///< how many of them became elements, behind those of the parts
    RawVector<std::uint32_t> groupOfSlice;    ///< by slice, only when there are async ones
    std::map<std::pair<std::uint32_t, std::uint16_t>, std::uint32_t> asyncPlans;
    std::map<std::array<std::uint32_t, 3>, std::uint32_t> counterPlanOf;
    std::map<std::array<std::uint32_t, 2>, std::uint32_t> counterTracks;
    std::vector<CounterPlan> counterPlans;
    RawVector<SortKey> sliceKeys, instantKeys;
    std::vector<MetaElement> metaElements;
    std::vector<StagedPlace> looseEnds;       ///< of no slice: E, and e in the staged parts
};

} // namespace opscope
