#include "core/trace/ExecutionTrace.h"

#include <algorithm>

namespace opscope {

NodeId ExecutionTrace::byId(std::int64_t id) const
{
    const auto it = std::lower_bound(m_nodes.begin(), m_nodes.end(), id, [](const EtNode& n, std::int64_t i) { return n.id < i; });
    if (it == m_nodes.end() || it->id != id) return {};
    return NodeId(static_cast<std::size_t>(it - m_nodes.begin()));
}

std::size_t ExecutionTrace::bytes() const
{
    return m_nodes.capacity() * sizeof(EtNode) + (m_children.capacity() + m_roots.capacity()) * sizeof(NodeId) +
           m_tensors.capacity() * sizeof(TensorDesc);
}

} // namespace opscope
