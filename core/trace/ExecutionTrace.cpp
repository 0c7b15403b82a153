#include "core/trace/ExecutionTrace.h"

#include <algorithm>
#include <limits>

namespace opscope {

namespace {

template <class Row>
void appendRows(std::vector<Row>& to, std::vector<Row>&& from)
{
    if (to.empty()) to = std::move(from);
    else to.insert(to.end(), from.begin(), from.end());
}

} // namespace

void EtStats::add(const EtStats& other)
{
    nodes += other.nodes;
    duplicateIds += other.duplicateIds;
    nodesInCycles += other.nodesInCycles;
    nodesWithRfId += other.nodesWithRfId;
    distinctRfIds += other.distinctRfIds;
    maxTreeDepth = std::max(maxTreeDepth, other.maxTreeDepth);
    rootIds.insert(rootIds.end(), other.rootIds.begin(), other.rootIds.end());
    danglingParent += other.danglingParent;
    danglingCtrlDeps += other.danglingCtrlDeps;
    tensorsIn += other.tensorsIn;
    tensorsOut += other.tensorsOut;
    distinctTensorIds += other.distinctTensorIds;
    distinctStorageIds += other.distinctStorageIds;
    withTensorRange += other.withTensorRange;
    withKernelFile += other.withKernelFile;
    withKernelBackend += other.withKernelBackend;
    withPgName += other.withPgName;
    withCollectiveName += other.withCollectiveName;
}

const EtFile& ExecutionTrace::fileOf(NodeId id) const
{
    const auto behind = std::upper_bound(m_files.begin(), m_files.end(), id, [](NodeId i, const EtFile& f) { return i < f.firstNode; });
    // Files without nodes share their first row with the next one and stand in front of it.
    return behind == m_files.begin() ? m_files.front() : *(behind - 1);
}

const EtFile* ExecutionTrace::fileOf(SourceId source) const
{
    const auto it = std::find_if(m_files.begin(), m_files.end(), [source](const EtFile& f) { return f.source == source; });
    return it == m_files.end() ? nullptr : &*it;
}

NodeId ExecutionTrace::byId(const EtFile& file, std::int64_t id) const
{
    const auto rows = nodes(file);
    const auto it = std::lower_bound(rows.begin(), rows.end(), id, [](const EtNode& n, std::int64_t i) { return n.id < i; });
    if (it == rows.end() || it->id != id) return {};
    return NodeId(file.firstNode.index() + static_cast<std::size_t>(it - rows.begin()));
}

NodeId ExecutionTrace::byId(SourceId source, std::int64_t id) const
{
    const EtFile* file = fileOf(source);
    return file ? byId(*file, id) : NodeId();
}

NodeId ExecutionTrace::byId(std::int64_t id) const
{
    for (const EtFile& file : m_files)
        if (const NodeId node = byId(file, id)) return node;
    return {};
}

NodeId ExecutionTrace::nodeOf(TensorId tensor) const
{
    if (tensor.index() >= m_tensors.size()) return {};
    const auto behind = std::upper_bound(m_byTensor.begin(), m_byTensor.end(), tensor.value,
                                         [this](std::uint32_t row, NodeId n) { return row < node(n).firstTensor; });
    if (behind == m_byTensor.begin()) return {};
    const EtNode& owner = node(*(behind - 1));
    return tensor.value - owner.firstTensor < owner.inputTensors + owner.outputTensors ? *(behind - 1) : NodeId();
}

/// Tensors stand in file order, nodes by id.
void ExecutionTrace::indexTensors()
{
    m_byTensor.clear();
    for (std::size_t i = 0; i < m_nodes.size(); ++i)
        if (m_nodes[i].inputTensors + m_nodes[i].outputTensors > 0) m_byTensor.push_back(NodeId(i));
    const auto earlier = [this](NodeId a, NodeId b) { return node(a).firstTensor < node(b).firstTensor; };
    if (!std::is_sorted(m_byTensor.begin(), m_byTensor.end(), earlier)) std::sort(m_byTensor.begin(), m_byTensor.end(), earlier);
    m_byTensor.shrink_to_fit();
}

/// Puts the files of another one behind ours. False when there are more rows than row numbers.
bool ExecutionTrace::append(ExecutionTrace&& other)
{
    constexpr std::size_t kMost = std::numeric_limits<std::uint32_t>::max() - 1;
    if (m_nodes.size() + other.m_nodes.size() > kMost || m_tensors.size() + other.m_tensors.size() > kMost) return false;
    const auto firstNode = static_cast<std::uint32_t>(m_nodes.size()), firstTensor = static_cast<std::uint32_t>(m_tensors.size()),
               firstChild = static_cast<std::uint32_t>(m_children.size());
    for (EtFile& file : other.m_files) file.firstNode.value += firstNode;
    for (EtNode& node : other.m_nodes) {
        node.firstTensor += firstTensor;
        node.firstChild += firstChild;
        if (node.parent) node.parent.value += firstNode;
    }
    for (auto* rows : {&other.m_children, &other.m_roots})
        for (NodeId& row : *rows) row.value += firstNode;
    appendRows(m_files, std::move(other.m_files));
    appendRows(m_nodes, std::move(other.m_nodes));
    appendRows(m_children, std::move(other.m_children));
    appendRows(m_roots, std::move(other.m_roots));
    appendRows(m_tensors, std::move(other.m_tensors));
    for (NodeId& row : other.m_byTensor) row.value += firstNode;
    appendRows(m_byTensor, std::move(other.m_byTensor));
    return true;
}

std::size_t ExecutionTrace::bytes() const
{
    return m_nodes.capacity() * sizeof(EtNode) + (m_children.capacity() + m_roots.capacity() + m_byTensor.capacity()) * sizeof(NodeId) +
           m_tensors.capacity() * sizeof(TensorDesc) + m_files.capacity() * sizeof(EtFile);
}

} // namespace opscope
