#include "core/trace/Finisher.h"

#include <algorithm>

// Execution traces: their strings join the trace's; alone, without a timed source, they are laid out by order of id.
namespace opscope {

/// The nodes of all files, one file behind the other. False when there are more than row numbers.
bool TraceBuilder::Finisher::adoptNodes()
{
    for (State::Nodes& nodes : in.nodes) {
        mergeStrings(nodes);
        EtFile& file = nodes.trace->m_files.front();
        file.source = nodes.source;
        file.nodeCount = static_cast<std::uint32_t>(nodes.trace->m_nodes.size());
        trace->m_etStats.add(nodes.stats);
        file.stats = std::move(nodes.stats);
        if (!trace->m_executionTrace) trace->m_executionTrace = std::move(nodes.trace);
        else if (!trace->m_executionTrace->append(std::move(*nodes.trace))) return false;
        nodes = {};
    }
    return true;
}

void TraceBuilder::Finisher::mergeStrings(State::Nodes& nodes)
{
    std::vector<StringId> map(nodes.strings.size());
    for (std::size_t i = 0; i < map.size(); ++i) map[i] = trace->m_strings.intern(nodes.strings.view(StringId(i)));
    const auto remap = [&](StringId& id) { id = id.valid() ? map[id.index()] : id; };
    for (EtNode& n : nodes.trace->m_nodes)
        for (StringId* id : {&n.name, &n.schema, &n.kernelBackend, &n.kernelFile, &n.tensorRange, &n.collective,
                             &n.processGroup}) remap(*id);
    for (TensorDesc& t : nodes.trace->m_tensors)
        for (StringId* id : {&t.dtype, &t.device, &t.shape, &t.strides}) remap(*id);
}

/// Each node from its own rank up to behind its last descendant. No recursion: files may be deep.
std::vector<std::uint32_t> TraceBuilder::Finisher::nodeEnds() const
{
    const ExecutionTrace& et = *trace->m_executionTrace;
    std::vector<std::uint32_t> end(et.nodes().size());
    for (std::uint32_t i = 0; i < end.size(); ++i) end[i] = i + 1;
    std::vector<std::uint32_t> order; // parents in front of their children
    order.reserve(end.size());
    for (const NodeId root : et.roots()) order.push_back(root.value);
    for (std::size_t i = 0; i < order.size() && order.size() <= end.size(); ++i)
        for (const NodeId child : et.children(NodeId(order[i]))) order.push_back(child.value);
    for (std::size_t i = order.size(); i-- > 0;) {
        const NodeId parent = et.node(NodeId(order[i])).parent;
        if (parent.valid()) end[parent.index()] = std::max(end[parent.index()], end[order[i]]);
    }
    return end;
}

/// Every file counts its own nodes from 0, so that iterations and ranks lie below each other and can be compared.
void TraceBuilder::Finisher::layOutNodes()
{
    trace->m_timeBase = TimeBase::NodeOrder;
    const std::vector<std::uint32_t> ends = nodeEnds();
    for (const EtFile& file : trace->m_executionTrace->files()) layOutFile(file, ends);
}

void TraceBuilder::Finisher::layOutFile(const EtFile& file, const std::vector<std::uint32_t>& ends)
{
    const ExecutionTrace& et = *trace->m_executionTrace;
    TrackKey pid;
    if (file.pid) pid = {TrackKey::Kind::Number, *file.pid, {}};
    const std::uint32_t group = groupOf(file.source, pid, Side::Host);
    const auto categoryNamed = [&](std::string_view name) {
        return static_cast<std::uint16_t>(std::find_if(trace->m_categories.begin(), trace->m_categories.end(),
                                                       [name](const Category& c) { return c.name == name; }) -
                                          trace->m_categories.begin());
    };
    // The profiler's own rule (kineto-trace.md section 4): scope "user" is an annotation, every other one an operator.
    constexpr std::uint8_t kUserScope = 7;
    const std::uint16_t operators = categoryNamed("cpu_op"), annotations = categoryNamed("user_annotation");
    std::map<std::uint32_t, std::uint32_t> planOfThread;
    const auto setArg = [&](StagedEvent& event, ArgField field, std::int64_t value) {
        const bool narrow = value >= 0 && value < kArgWide;
        StagedArgs& args = event.args == StagedEvent::kNoArgs ? own.addArgs(event) : own.args[event.args];
        args[field] = narrow ? static_cast<std::uint32_t>(value) : kArgWide;
        if (!narrow) own.wide.push_back({static_cast<std::uint32_t>(own.events.size() - 1), field, value});
    };
    const std::uint32_t first = file.firstNode.value;
    for (std::uint32_t i = first; i < first + file.nodeCount; ++i) {
        const EtNode& n = et.node(NodeId(i));
        const auto [it, isNew] = planOfThread.try_emplace(n.tid, 0);
        if (isNew) {
            it->second = addPlan(group, TrackKind::NodeOrder, {});
            plans[it->second].track.tid = {TrackKey::Kind::Number, n.tid, {}};
        }
        StagedEvent& event = own.events.append();
        event.start = i - first;
        event.duration = ends[i] - i;
        event.offset = n.sourceOffset;
        event.length = n.sourceLength < (1u << 24) ? n.sourceLength : 0;
        event.name = n.name;
        event.track = it->second;
        event.category = n.scope == kUserScope ? annotations : operators;
        ++trace->m_categories[event.category].events;
        event.flags = kFromNode | (n.damaged ? kRepaired : 0);
        if (n.rfId) setArg(event, ArgField::RecordFunctionId, static_cast<std::int64_t>(n.rfId));
        if (n.seqId >= 0) setArg(event, ArgField::SequenceNumber, n.seqId);
        if (n.fwTid) setArg(event, ArgField::FwdThreadId, n.fwTid);
        ++plans[it->second].track.events;
    }
}

/// start = place within the file, so the slices know their nodes.
void TraceBuilder::Finisher::linkNodes()
{
    const SliceTable& slices = trace->m_slices;
    trace->m_sliceNode.resize(slices.size());
    trace->m_nodeSlice.resize(trace->m_executionTrace->nodes().size());
    for (const Track& track : trace->m_tracks) {
        const EtFile* file = trace->m_executionTrace->fileOf(trace->process(track.process).source);
        for (std::uint32_t i = track.firstSlice; file && i < track.firstSlice + track.sliceCount; ++i) {
            const NodeId node(file->firstNode.value + static_cast<std::uint32_t>(slices.start(SliceId(i))));
            trace->m_sliceNode[i] = node;
            trace->m_nodeSlice[node.index()] = SliceId(i);
        }
    }
}

} // namespace opscope
