#pragma once

#include "core/base/JobControl.h"
#include "core/base/RawVector.h"
#include "core/link/FlowBinding.h"
#include "core/trace/Trace.h"

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Internal to core: the last part of TraceBuilder::finish(). Everything is in its place by then: rows, tracks, nesting, flows,
/// execution traces, sources and defects. What comes out is Trace::links(), the slices of nodes and the work of devices.
///
///     LinkSurvey       one pass over the rows: calls with their operator, device ops, numbered operators, ids, by source
///     LaunchLinks      device op -> call -> operator (linking.md 2)
///     NodeLinks        nodes of execution traces -> events (4)
///     BackwardLinks    forward -> backward (3); nodes tell threads apart
///     AnnotationLinks  annotations of host and device (2.7)
///     SyncLinks        synchronisation (2.8)
///     FlowLinks        flows of other producers
///     CollectiveLinks  the same collective on other ranks (6)
///     LinkBuilder      run(), the list of all steps; the report; seal(), which sorts and sums up
///
/// Nothing that comes out depends on the number of threads. Ids never leave their source.
namespace opscope {

struct NodeMatch;
class CollectiveMatcher;

class LinkBuilder
{
public:
    LinkBuilder(Trace& trace, const JobControl& job, unsigned threads, bool alignClocks = true)
        : m_trace(trace), m_job(job), m_threads(threads), m_alignClocks(alignClocks), m_survey(std::make_shared<Survey>())
    {
    }
    /// False when it was cancelled; the trace is of no use then.
    bool run();

private:
    /// A runtime or driver call with a correlation, and the innermost operator or annotation around it (linking.md 1).
    struct Call
    {
        std::uint64_t correlation = 0;
        SliceId slice, op;
    };
    struct IdRow
    {
        std::uint64_t id = 0;
        SliceId slice;
    };
    /// What the survey found in one file; rows by track, in the order of the tracks.
    struct SourceRows
    {
        std::vector<TrackId> tracks;             ///< with slices
        RawVector<Call> calls;                 ///< runtime and driver, those without correlation included; ascending slices
        RawVector<SliceId> deviceOps;          ///< kernels, copies, sets
        RawVector<SliceId> gpuAnnotations, syncs;
        RawVector<SliceId> numbered;           ///< operators with a sequence number
        std::uint64_t operators = 0;             ///< operators and annotations
        bool correlated = false;                 ///< device ops carry correlations
        bool externalIdsRepeat = false;          ///< on device ops they are correlations, not operators (linking.md 2.4)
        bool externalIdsUsable = false;
    };
    /// What all steps look at and none changes.
    struct Survey
    {
        std::vector<CategoryClass> kinds;            ///< by category
        std::vector<FlowUse> flowUses;               ///< by category
        std::vector<SourceRows> sources;
        std::vector<std::uint8_t> hasOperators;      ///< by track
    };
    struct Segment;
    struct CallIndex;
    struct Owners;
    struct LaunchChunk;
    struct Numbered;
    struct Backward;
    /// A row of the report while it is counted.
    struct ReportRow
    {
        LinkCount count;
        std::array<std::uint64_t, static_cast<std::size_t>(LinkMethod::Count_)> byMethod{};
        /// One thing that found its partner.
        void matched(LinkMethod method, LinkConfidence confidence);
        /// Adds the matches of another one.
        void add(const ReportRow& other);
    };
    /// A reason while its things are counted. The text shown is "<count> <one or many>".
    struct Finding
    {
        std::string_view id, one, many;
        bool unmatched = true;
        std::uint64_t count = 0;
        std::vector<LinkPlace> places = {};
        void add(LinkPlace place);
        void add(SliceId slice) { add(LinkPlace{slice, {}}); }
    };

    // The steps. Those that make no use of each other run at the same time, each lot with a builder of its own.
    void learnCategories();
    void survey();
    void linkHost();
    void absorb(LinkBuilder&& other);
    void surveySegment(Segment& segment) const;
    std::uint32_t cutNear(const Track& track, std::uint32_t row) const;
    void linkDeviceOps();
    void linkNodes();
    void linkBackward();
    void linkAnnotations();
    void linkSyncs();
    void linkFlows();
    void linkCollectives();
    void seal();

    // LaunchLinks
    void linkDeviceOps(SourceId source);
    void learnExternalIds(SourceRows& rows);
    void linkChunk(LaunchChunk& chunk, const CallIndex& calls, const Owners& owners) const;
    void linkDeviceOp(SliceId op, LaunchChunk& chunk, const CallIndex& calls, const Owners& owners) const;
    void reportCalls(SourceId source, const CallIndex& calls);
    void noteRepeats(SourceId source, const CallIndex& calls);
    template <class Take>
    void eachOperatorId(const SourceRows& source, Take&& take) const;
    /// Flows stand in for correlations where a source has none: (device op, row of calls), by device op.
    std::vector<std::pair<SliceId, std::uint32_t>> launchFlows(SourceId source) const;

    // NodeLinks
    struct NodeReasons;
    void pairNodes(const EtFile& file, const SourceId* kineto, const NodeMatch& match, RunRelation relation, std::string sentence);
    Finding& reasonFor(NodeId id, bool taken, bool hasTimeline, const NodeMatch& match, NodeReasons& reasons) const;
    void inheritRank(SourceId et, SourceId kineto, RunRelation relation);
    // BackwardLinks
    void splitNumbered(Backward& work) const;
    void readBackwardFlows(Backward& work);
    void learnThreads(Backward& work) const;
    void linkRuns(Backward& work);
    void linkRun(Backward& work, std::span<const Numbered> run);
    void findForwards(Backward& work, const Numbered& node, Nanos begin);
    void countUnnumbered(Backward& work) const;
    // FlowLinks
    bool ownStepDraws(const FlowPoint& point) const;
    // CollectiveLinks
    void alignClocks(const CollectiveMatcher& matcher);
    void shiftSource(SourceId source, Nanos by);
    void measureExtent();

    // What steps use.
    /// Rows of a track that start exactly then, [first, second).
    std::pair<std::uint32_t, std::uint32_t> startingAt(TrackId track, Nanos time, std::uint32_t& near) const
    {
        return rowsStartingAt(m_trace, track, time, near);
    }
    /// Flows of the PyTorch profiler from calls to device ops, under any of their names.
    bool isLaunchFlow(CategoryId category) const { return category && m_survey->flowUses[category.index()] == FlowUse::Launch; }
    bool isBackwardFlow(CategoryId category) const { return category && m_survey->flowUses[category.index()] == FlowUse::Backward; }
    /// On the same track, and around all of it.
    bool encloses(SliceId outer, SliceId inner) const;
    void add(SliceId from, SliceId to, LinkKind kind, LinkMethod method, LinkConfidence confidence)
    {
        m_links.push_back({from, to, kind, method, confidence});
    }
    /// The row of that id, made when it is asked for first. Rows without things are left out of the report.
    ReportRow& row(std::string_view id, std::string_view title);
    /// Puts the finding under the row, and into its `unmatched` when it is one. Nothing when it counted nothing.
    void report(ReportRow& row, Finding&& finding);
    Diagnostics& defects(SourceId source) { return m_defects[source.index()]; }
    SourceId sourceOf(const Track& track) const { return m_trace.process(track.process).source; }
    CategoryClass kind(SliceId slice) const { return m_kinds[m_trace.m_slices.categories()[slice.index()]]; }
    bool isOperator(SliceId slice) const
    {
        return kind(slice) == CategoryClass::CpuOp || kind(slice) == CategoryClass::UserAnnotation;
    }
    std::int64_t arg(SliceId slice, ArgField field) const { return m_trace.m_slices.arg(slice, field); }

    // seal()
    void sortLinks();
    void indexBack();
    std::vector<SliceId> ambiguousOps() const;
    void sumWork(std::span<const SliceId> twoOwners);
    void sumNodeWork();
    SliceId charged(SliceId deviceOp) const;
    void finishReport();

    Trace& m_trace;
    const JobControl& m_job;
    unsigned m_threads;
    bool m_alignClocks;
    std::shared_ptr<Survey> m_survey;            ///< copies of a builder share it
    std::vector<CategoryClass>& m_kinds = m_survey->kinds;
    std::vector<SourceRows>& m_sources = m_survey->sources;
    std::vector<std::uint8_t>& m_hasOperators = m_survey->hasOperators;
    std::vector<Diagnostics> m_defects;          ///< by source
    std::vector<Link> m_links;                   ///< in any order until seal()
    std::vector<ReportRow> m_rows;
};

} // namespace opscope
