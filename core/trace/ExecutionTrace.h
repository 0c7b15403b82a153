#pragma once

#include "core/base/Id.h"
#include "core/trace/TensorDesc.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace opscope {

/// Fixed part of a node (execution-trace.md section 4). Strings lie in the Trace's pool.
struct EtNode
{
    std::int64_t id = 0;             ///< as the file has it; synthetic nodes carry the missing id
    std::uint64_t rfId = 0;          ///< RecordFunction handle, 0 = none
    std::int64_t seqId = -1;         ///< autograd sequence number, -1 = none
    std::uint64_t fwParent = 0;
    std::uint32_t tid = 0;           ///< RecordFunction thread number
    std::uint32_t fwTid = 0;         ///< > 0: backward node
    StringId name;
    StringId schema;                 ///< operator schema, "" for annotations
    StringId kernelBackend, kernelFile, tensorRange, collective, processGroup; ///< none when absent or empty
    NodeId parent;                   ///< none for roots
    std::uint32_t firstTensor = 0;   ///< inputs first, then outputs
    std::uint32_t inputTensors = 0;
    std::uint32_t outputTensors = 0;
    std::uint32_t firstChild = 0;    ///< in children()
    std::uint32_t childCount = 0;
    std::uint64_t sourceOffset = 0;
    std::uint32_t sourceLength = 0;  ///< 0: synthetic, nothing to read
    std::uint16_t depth = 0;         ///< 0 for roots; 65535: that deep or deeper
    std::uint8_t scope = 0;
    bool synthetic = false;          ///< made by us: missing root, "(unfinished scope #12)"
    bool damaged = false;            ///< taken by the forgiving reader
};

/// What only the file as written can say, counted while reading (check_facts.py compares it).
struct EtStats
{
    std::uint64_t nodes = 0;                 ///< elements of "nodes", whatever they are
    std::uint64_t duplicateIds = 0, nodesInCycles = 0, nodesWithRfId = 0, distinctRfIds = 0;
    std::uint64_t maxTreeDepth = 0;
    std::vector<std::string> rootIds;        ///< JSON text of each root's id
    std::uint64_t danglingParent = 0, danglingCtrlDeps = 0;
    std::uint64_t tensorsIn = 0, tensorsOut = 0, distinctTensorIds = 0, distinctStorageIds = 0;
    std::uint64_t withTensorRange = 0, withKernelFile = 0, withKernelBackend = 0, withPgName = 0, withCollectiveName = 0;

    /// Of several files: ids of different files are different things, so their numbers add up.
    void add(const EtStats& other);
};

/// One file of an ExecutionTrace. Its nodes are neighbours; ids (of nodes, tensors, storages, record functions) mean something
/// within it only.
struct EtFile
{
    SourceId source;
    std::string schemaVersion;
    std::optional<std::int64_t> pid;
    std::string time;                                 ///< wall clock text at registration
    std::optional<std::int64_t> startTs, finishTs;    ///< ms, steady clock
    bool graphNames = false;                          ///< written as "execution graph" (PyTorch 1.12, 1.13)
    bool cutOff = false;
    NodeId firstNode{0};
    std::uint32_t nodeCount = 0;
    EtStats stats;
};

/// Files one behind the other; within a file rows sorted by id (ascending id = start order), then by file order. NodeId and
/// TensorId are rows over all files.
class ExecutionTrace
{
public:
    ExecutionTrace() : m_files(1) {}

    /// At least one, in the order in which they were opened.
    std::span<const EtFile> files() const { return m_files; }
    /// The file that a node stands in. O(log files).
    const EtFile& fileOf(NodeId id) const;
    /// Null when this source is no execution trace.
    const EtFile* fileOf(SourceId source) const;
    std::span<const EtNode> nodes() const { return m_nodes; }
    std::span<const EtNode> nodes(const EtFile& file) const { return nodes().subspan(file.firstNode.index(), file.nodeCount); }
    const EtNode& node(NodeId id) const { return m_nodes[id.index()]; }
    std::span<const NodeId> children(NodeId id) const
    {
        const EtNode& n = m_nodes[id.index()];
        return std::span(m_children).subspan(n.firstChild, n.childCount);
    }
    std::span<const NodeId> roots() const { return m_roots; }
    std::span<const TensorDesc> inputs(NodeId id) const
    {
        const EtNode& n = m_nodes[id.index()];
        return std::span(m_tensors).subspan(n.firstTensor, n.inputTensors);
    }
    std::span<const TensorDesc> outputs(NodeId id) const
    {
        const EtNode& n = m_nodes[id.index()];
        return std::span(m_tensors).subspan(n.firstTensor + n.inputTensors, n.outputTensors);
    }
    std::span<const TensorDesc> tensors() const { return m_tensors; }
    /// The node whose argument or result it is; none for a row that there is not. O(log nodes).
    NodeId nodeOf(TensorId tensor) const;
    /// The first node with this id, of the first file that has one.
    NodeId byId(std::int64_t id) const;
    /// The first node with this id of that file; none when there is none.
    NodeId byId(SourceId source, std::int64_t id) const;
    NodeId byId(const EtFile& file, std::int64_t id) const;
    std::size_t bytes() const;

private:
    friend class EtBuilder;
    friend class TraceBuilder; // merges the strings
    bool append(ExecutionTrace&& other);
    void indexTensors();
    std::vector<EtFile> m_files;
    std::vector<EtNode> m_nodes;
    std::vector<NodeId> m_children, m_roots;
    std::vector<TensorDesc> m_tensors;
    std::vector<NodeId> m_byTensor; ///< nodes that have tensors, by firstTensor
};

} // namespace opscope
