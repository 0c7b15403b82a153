#include "core/query/Subset.h"

#include "core/query/SubsetParts.h"
#include "core/tensor/TensorFlow.h"

#include <memory>
#include <utility>

namespace opscope {

namespace {

constexpr std::uint32_t kNone = SliceId::kNone;
/// Of annotations, their nodes and what is around these: one does for what programs write, more only where a pair contradicts itself.
constexpr int kRounds = 8;

bool isOperator(CategoryClass kind) { return kind == CategoryClass::CpuOp || kind == CategoryClass::UserAnnotation; }
bool isCall(CategoryClass kind) { return kind == CategoryClass::Runtime || kind == CategoryClass::Driver; }
bool isAnnotation(CategoryClass kind) { return kind == CategoryClass::UserAnnotation || kind == CategoryClass::GpuAnnotation; }
bool isDeviceOp(CategoryClass kind) { return sideOf(kind) == Side::Device && kind != CategoryClass::GpuAnnotation; }

/// Parents stand in front of their children on a track, so a pass upwards hands things down and a pass downwards hands them up:
/// no step costs more than the rows of the tracks that it looks at, however deep they nest.
class Closure
{
public:
    Closure(const Trace& trace, Matches matches, const SubsetOptions& options, const JobControl& job)
        : m_trace(trace), m_slices(trace.slices()), m_et(trace.executionTrace()), m_options(options), m_job(job)
    {
        m_subset.rows = std::move(matches);
        for (const Category& category : trace.categories()) m_kinds.push_back(category.kind);
    }

    Result<Subset> run()
    {
        const bool alone = m_trace.timeBase() == TimeBase::NodeOrder;
        if (alone) nodesOfSlices(rows().slices, rows().nodes); // what one table matched the other has as well
        if (m_et && !alone) joinMatches(); // a node and its slice are one match
        m_subset.matched = rows().count();
        if (m_et && !askForNodes()) return cancelled();
        m_start = rows().slices;
        if (m_options.effects) addEffects();
        if (m_options.links && !alone) addCauses();
        if (m_job.cancelled()) return cancelled();
        if (m_et) closeNodes(alone);
        if (!alone) addAround();
        if (m_job.cancelled()) return cancelled();
        keepWholeElements(m_trace, rows());
        m_subset.added = rows().count() - m_subset.matched;
        findKeptTracks(m_trace, m_subset);
        if (!keepFlows(m_trace, m_subset, m_job)) return cancelled();
        measureSubset(m_trace, m_subset);
        return std::move(m_subset);
    }

private:
    static Error cancelled() { return {ErrorCode::Cancelled, "Cancelled", {}}; }
    Matches& rows() { return m_subset.rows; }
    CategoryClass kind(std::uint32_t row) const { return m_kinds[m_slices.categories()[row]]; }

    /// Tracks with a row of the set.
    template <class Visit>
    void eachTrack(const SliceSet& set, Visit&& visit) const
    {
        for (const Track& track : m_trace.tracks()) {
            const std::uint32_t begin = track.firstSlice, end = begin + track.sliceCount;
            if (begin != end && set.any(SliceId(begin), SliceId(end))) visit(begin, end);
        }
    }

    // Nodes and slices that are one.
    void nodesOfSlices(const SliceSet& slices, NodeSet& nodes) const
    {
        slices.forEach([&](SliceId slice) {
            if (const NodeId node = m_trace.nodeOf(slice)) nodes.insert(node);
        });
    }
    void slicesOfNodes(const NodeSet& nodes, SliceSet& slices) const
    {
        nodes.forEach([&](NodeId node) {
            if (const SliceId slice = m_trace.sliceOf(node)) slices.insert(slice);
        });
    }
    void joinMatches()
    {
        slicesOfNodes(rows().nodes, rows().slices);
        nodesOfSlices(rows().slices, rows().nodes);
    }

    /// Subtrees and producers of the matches. False when cancelled.
    bool askForNodes()
    {
        const NodeSet matched = rows().nodes;
        if (m_options.subtrees) {
            std::vector<NodeId> open;
            matched.forEach([&](NodeId node) { open.push_back(node); });
            while (!open.empty()) {
                const NodeId node = open.back();
                open.pop_back();
                for (const NodeId child : m_et->children(node)) {
                    if (rows().nodes.contains(child)) continue; // matched ones are on the stack themselves
                    rows().nodes.insert(child);
                    open.push_back(child);
                }
            }
        }
        if (m_options.producers && !matched.empty()) {
            const auto flow = TensorFlow::build(TracePtr(TracePtr(), &m_trace), m_job); // borrowed: it ends here
            if (!flow) return false;
            NodeSet from = m_options.subtrees ? rows().nodes : matched;
            from.forEach([&](NodeId node) {
                if (m_job.cancelled()) return;
                for (const NodeId producer : flow->producersOf(node)) rows().nodes.insert(producer);
            });
        }
        slicesOfNodes(rows().nodes, rows().slices);
        return !m_job.cancelled();
    }

    /// What matches on the host launched, themselves or inside of them.
    void addEffects()
    {
        SliceSet inside = m_start;
        eachTrack(m_start, [&](std::uint32_t begin, std::uint32_t end) {
            for (std::uint32_t row = begin; row < end; ++row) {
                const SliceId parent = m_slices.parent(SliceId(row));
                if (parent && inside.contains(parent)) inside.insert(SliceId(row));
            }
        });
        for (const Link& link : m_trace.links().all()) {
            const bool launches = link.kind == LinkKind::Launch || link.kind == LinkKind::Operator || link.kind == LinkKind::Sync ||
                                  link.kind == LinkKind::Annotation;
            if (launches && inside.contains(link.from)) rows().slices.insert(link.to);
        }
    }

    /// One step against the links. Device ops that are there by then bring their calls and operators, whatever brought them.
    void addCauses()
    {
        const SliceSet withEffects = rows().slices;
        SliceSet& kept = rows().slices;
        for (const Link& link : m_trace.links().all())
            if (link.kind != LinkKind::Collective && withEffects.contains(link.to)) kept.insert(link.from);
        const SliceSet afterStep = kept; // a flow may have led back to a device op
        for (const Link& link : m_trace.links().all()) {
            const bool launch = link.kind == LinkKind::Launch || link.kind == LinkKind::Operator;
            if (launch && afterStep.contains(link.to) && isDeviceOp(kind(link.to.value))) kept.insert(link.from);
        }
        addOperatorsOfCalls();
    }

    /// The innermost operator around each kept call.
    void addOperatorsOfCalls()
    {
        std::vector<std::uint32_t> around;
        eachTrack(rows().slices, [&](std::uint32_t begin, std::uint32_t end) {
            around.assign(end - begin, kNone);
            for (std::uint32_t row = begin; row < end; ++row) {
                const SliceId parent = m_slices.parent(SliceId(row));
                if (parent) around[row - begin] = isOperator(kind(parent.value)) ? parent.value : around[parent.value - begin];
                if (around[row - begin] != kNone && isCall(kind(row)) && rows().slices.contains(SliceId(row)))
                    rows().slices.insert(SliceId(around[row - begin]));
            }
        });
    }

    /// Ancestors, what collectives need, and the slices of all of them.
    void closeNodes(bool alone)
    {
        NodeSet& nodes = rows().nodes;
        nodesOfSlices(rows().slices, nodes);
        for (const EtFile& file : m_et->files()) keepGroupNodes(file);
        NodeSet seen(nodes.size());
        const NodeSet before = nodes;
        before.forEach([&](NodeId node) {
            for (NodeId up = node; up && !seen.contains(up); up = m_et->node(up).parent) {
                seen.insert(up);
                nodes.insert(up);
            }
        });
        if (alone || m_options.links) slicesOfNodes(nodes, rows().slices);
    }

    void keepGroupNodes(const EtFile& file)
    {
        const NodeId begin = file.firstNode, end(file.firstNode.value + file.nodeCount);
        bool collectives = false;
        for (NodeId node = rows().nodes.next(begin); node && node < end && !collectives; node = rows().nodes.next(NodeId(node.value + 1)))
            collectives = m_et->node(node).collective.valid() || m_trace.text(m_et->node(node).name) == "record_param_comms";
        if (!collectives) return;
        for (std::uint32_t row = begin.value; row < end.value; ++row)
            if (m_trace.text(m_et->node(NodeId(row)).name).starts_with("## process_group:init")) rows().nodes.insert(NodeId(row));
    }

    /// What encloses kept slices: everything, or the annotations.
    void addAround()
    {
        if (!m_options.links && !m_options.parents) return;
        keepEnclosing();
        if (!m_options.links) return;
        for (int round = 0; round < kRounds; ++round) {
            const std::size_t before = rows().slices.count();
            for (const Link& link : m_trace.links().all())
                if (link.kind == LinkKind::Annotation && rows().slices.contains(link.to)) rows().slices.insert(link.from);
            if (m_et) closeNodes(false); // annotations are nodes, too
            if (rows().slices.count() == before) return;
            keepEnclosing();
        }
    }

    void keepEnclosing()
    {
        std::vector<std::uint32_t> around;
        SliceSet& kept = rows().slices;
        eachTrack(kept, [&](std::uint32_t begin, std::uint32_t end) {
            if (!m_options.parents) nearestAnnotations(begin, end, around);
            for (std::uint32_t row = end; row-- > begin;) {
                if (!kept.contains(SliceId(row))) continue;
                const SliceId up = m_options.parents ? m_slices.parent(SliceId(row)) : SliceId(around[row - begin]);
                if (up) kept.insert(up);
            }
        });
    }

    void nearestAnnotations(std::uint32_t begin, std::uint32_t end, std::vector<std::uint32_t>& around) const
    {
        around.assign(end - begin, kNone);
        for (std::uint32_t row = begin; row < end; ++row)
            if (const SliceId parent = m_slices.parent(SliceId(row)))
                around[row - begin] = isAnnotation(kind(parent.value)) ? parent.value : around[parent.value - begin];
    }

    const Trace& m_trace;
    const SliceTable& m_slices;
    const ExecutionTrace* m_et;
    const SubsetOptions& m_options;
    const JobControl& m_job;
    std::vector<CategoryClass> m_kinds;
    SliceSet m_start;
    Subset m_subset;
};

} // namespace

Result<Subset> closeSubset(const Trace& trace, Matches matches, const SubsetOptions& options, const JobControl& job)
{
    return Closure(trace, std::move(matches), options, job).run();
}

Subset wholeTrace(const Trace& trace)
{
    Subset subset;
    subset.rows = Matches::all(trace);
    subset.matched = subset.rows.count();
    subset.flows = FlowPointSet(trace.flows().points().size(), true);
    subset.tracks = TrackSet(trace.tracks().size(), true);
    subset.processes = ProcessSet(trace.processes().size(), true);
    subset.whole = true;
    measureSubset(trace, subset);
    return subset;
}

} // namespace opscope
