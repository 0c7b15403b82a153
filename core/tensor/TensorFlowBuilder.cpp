#include "core/tensor/TensorFlowBuilder.h"

#include <algorithm>
#include <limits>

namespace opscope {

namespace {

std::uint64_t argumentBit(std::size_t argument) { return std::uint64_t{1} << std::min<std::size_t>(argument, 63); }

std::uint64_t bitsOf(const std::vector<SchemaArgument>& arguments)
{
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < arguments.size(); ++i) bits |= arguments[i].written ? argumentBit(i) : 0;
    return bits;
}

} // namespace

std::size_t TensorFlowBuilder::KeyHash::operator()(const StorageKey& key) const noexcept
{
    std::uint64_t h = static_cast<std::uint64_t>(key.storage) * 0x9E3779B97F4A7C15ull;
    h ^= ((std::uint64_t{key.device} << 32) | key.file) * 0xC2B2AE3D27D4EB4Full;
    return static_cast<std::size_t>(h ^ (h >> 29));
}

TensorFlowBuilder::TensorFlowBuilder(TracePtr trace, const JobControl& job)
    : m_job(job), m_flow(new TensorFlow), m_et(*trace->executionTrace())
{
    m_flow->m_trace = std::move(trace);
}

std::shared_ptr<const TensorFlow> TensorFlowBuilder::build()
{
    if (m_job.progress) m_job.progress->step = "Following tensors";
    for (void (TensorFlowBuilder::*step)() : {&TensorFlowBuilder::numberTree, &TensorFlowBuilder::groupTensors, &TensorFlowBuilder::sortByGroup,
                                              &TensorFlowBuilder::setRoles, &TensorFlowBuilder::markOwn, &TensorFlowBuilder::markFresh,
                                              &TensorFlowBuilder::noteExtents, &TensorFlowBuilder::indexUses}) {
        if (cancelled()) return nullptr;
        (this->*step)();
    }
    return cancelled() ? nullptr : m_flow;
}

/// Numbers in pre-order: a subtree is a range, whatever other threads did meanwhile.
void TensorFlowBuilder::numberTree()
{
    const std::size_t nodes = m_et.nodes().size();
    std::vector<std::uint32_t>&pre = m_flow->m_pre, &end = m_flow->m_end;
    pre.assign(nodes, 0);
    end.assign(nodes, 0);
    std::vector<std::uint32_t> open, order;
    order.reserve(nodes);
    for (auto root = m_et.roots().rbegin(); root != m_et.roots().rend(); ++root) open.push_back(root->value);
    while (!open.empty() && order.size() < nodes) {
        const std::uint32_t node = open.back();
        open.pop_back();
        pre[node] = static_cast<std::uint32_t>(order.size());
        end[node] = pre[node] + 1;
        order.push_back(node);
        const auto children = m_et.children(NodeId(node));
        for (auto child = children.rbegin(); child != children.rend(); ++child) open.push_back(child->value);
    }
    for (std::size_t i = order.size(); i-- > 0;)
        if (const NodeId parent = m_et.node(NodeId(order[i])).parent) end[parent.index()] = std::max(end[parent.index()], end[order[i]]);
}

std::uint32_t TensorFlowBuilder::groupOf(const TensorDesc& tensor, std::uint32_t file)
{
    if (tensor.undefined() || tensor.storageId == 0) return kNone;
    const auto next = static_cast<std::uint32_t>(m_groups.size());
    return m_groups.try_emplace({tensor.storageId, tensor.device.value, file}, next).first->second;
}

void TensorFlowBuilder::groupTensors()
{
    const auto tensors = m_et.tensors();
    m_flow->m_node.assign(tensors.size(), kNone);
    m_group.assign(tensors.size(), kNone);
    std::uint32_t file = 0, nextFile = m_et.files()[0].nodeCount; // ids mean something within their file only
    for (std::uint32_t n = 0; n < m_et.nodes().size(); ++n) {
        while (n == nextFile && file + 1 < m_et.files().size()) nextFile += m_et.files()[++file].nodeCount;
        const EtNode& node = m_et.nodes()[n];
        const std::uint32_t end = node.firstTensor + node.inputTensors + node.outputTensors;
        for (std::uint32_t t = node.firstTensor; t < end; ++t) {
            m_flow->m_node[t] = n;
            m_group[t] = groupOf(tensors[t], file);
        }
        if (n % 65536 == 0 && cancelled()) return;
    }
}

/// Counting sort. Nodes come in order of time, their inputs in front of their outputs; so does each group then.
void TensorFlowBuilder::sortByGroup()
{
    std::vector<std::uint32_t>& start = m_flow->m_groupStart;
    start.assign(m_groups.size() + 1, 0);
    for (const std::uint32_t group : m_group)
        if (group != kNone) ++start[group + 1];
    for (std::size_t g = 1; g < start.size(); ++g) start[g] += start[g - 1];
    std::vector<std::uint32_t> next(start.begin(), start.end() - 1);
    m_flow->m_order.assign(start.back(), 0);
    m_flow->m_place.assign(m_group.size(), kNone);
    for (const EtNode& node : m_et.nodes()) {
        const std::uint32_t end = node.firstTensor + node.inputTensors + node.outputTensors;
        for (std::uint32_t t = node.firstTensor; t < end; ++t) {
            if (m_group[t] == kNone) continue;
            m_flow->m_place[t] = next[m_group[t]]++;
            m_flow->m_order[m_flow->m_place[t]] = t;
        }
    }
}

const TensorFlowBuilder::Written& TensorFlowBuilder::writtenBy(StringId schema)
{
    const auto [it, isNew] = m_written.try_emplace(schema.value);
    if (isNew) {
        const Schema parsed = parseSchema(m_flow->m_trace->text(schema));
        it->second = {bitsOf(parsed.arguments), bitsOf(parsed.results)};
    }
    return it->second;
}

void TensorFlowBuilder::setRoles()
{
    m_flow->m_role.assign(m_group.size(), 0);
    m_readBy.assign(m_groups.size(), kNone);
    m_writtenBy.assign(m_groups.size(), kNone);
    for (std::uint32_t n = 0; n < m_et.nodes().size(); ++n) {
        setRolesOf(n);
        if (n % 65536 == 0 && cancelled()) return;
    }
}

void TensorFlowBuilder::setRolesOf(std::uint32_t n)
{
    const EtNode& node = m_et.nodes()[n];
    if (node.inputTensors + node.outputTensors == 0) return;
    const Written& written = writtenBy(node.schema);
    const auto tensors = m_et.tensors();
    const std::uint32_t outputs = node.firstTensor + node.inputTensors;
    for (std::uint32_t t = node.firstTensor; t < outputs; ++t) {
        const std::uint32_t group = m_group[t];
        const bool writes = (written.arguments & argumentBit(tensors[t].argument)) != 0;
        m_flow->m_role[t] = writes ? Role::kReads | Role::kWrites : Role::kReads;
        if (group == kNone) continue;
        m_readBy[group] = n;
        if (writes) m_writtenBy[group] = n;
    }
    for (std::uint32_t t = outputs; t < outputs + node.outputTensors; ++t) {
        const std::uint32_t group = m_group[t];
        std::uint8_t role = Role::kWrites;
        if (group != kNone && m_readBy[group] == n) {
            const bool inPlace = m_writtenBy[group] == n || (written.results & argumentBit(tensors[t].argument)) != 0;
            if (!inPlace) role |= passes(node, t) ? Role::kView | Role::kPasses : Role::kView;
        } else {
            role |= Role::kFresh; // taken back where it turns out to be repeated below
        }
        m_flow->m_role[t] = role;
    }
}

/// Whether an output is one of the first inputs again.
bool TensorFlowBuilder::passes(const EtNode& node, std::uint32_t output) const
{
    constexpr std::uint32_t kLookedAt = 64;
    for (std::uint32_t t = node.firstTensor; t < node.firstTensor + std::min(node.inputTensors, kLookedAt); ++t)
        if (m_group[t] == m_group[output] && m_flow->sameTuple(t, output)) return true;
    return false;
}

void TensorFlowBuilder::markOwn()
{
    for (std::uint32_t t = 0; t < m_group.size(); ++t)
        if (m_group[t] == kNone) m_flow->m_role[t] |= Role::kOwn;
    const std::vector<std::uint32_t>& start = m_flow->m_groupStart;
    for (std::size_t g = 0; g + 1 < start.size(); ++g) {
        markOwnIn(start[g], start[g + 1]);
        if (g % 4096 == 0 && cancelled()) return;
    }
}

/// In pre-order the next use of the same kind by another node is by a descendant, or no descendant has one.
void TensorFlowBuilder::markOwnIn(std::size_t begin, std::size_t end)
{
    const std::vector<std::uint32_t>&pre = m_flow->m_pre, &node = m_flow->m_node;
    const auto earlier = [&](std::uint32_t a, std::uint32_t b) { return pre[node[a]] < pre[node[b]]; };
    const std::span all(m_flow->m_order.data() + begin, end - begin);
    m_byTree.assign(all.begin(), all.end());
    if (!std::is_sorted(m_byTree.begin(), m_byTree.end(), earlier)) std::stable_sort(m_byTree.begin(), m_byTree.end(), earlier);
    struct Next
    {
        std::uint32_t node = kNone, behind = kNone; ///< the next one, and the next of another node than that
    };
    Next reads, writes, strong;
    const auto isBelow = [&](const Next& next, std::uint32_t n) {
        const std::uint32_t other = next.node == n ? next.behind : next.node;
        return other != kNone && m_flow->inside(other, n);
    };
    const auto pass = [](Next& next, std::uint32_t n) {
        if (next.node != n) next = {n, next.node};
    };
    for (std::size_t i = m_byTree.size(); i-- > 0;) {
        const std::uint32_t t = m_byTree[i], n = node[t];
        std::uint8_t& role = m_flow->m_role[t];
        const bool isStrong = (role & Role::kWrites) && !(role & Role::kView);
        const bool readBelow = !(role & Role::kReads) || isBelow(reads, n);
        const bool writtenBelow = !(role & Role::kWrites) || isBelow(isStrong ? strong : writes, n);
        if (!readBelow || !writtenBelow) role |= Role::kOwn;
        if (role & Role::kReads) pass(reads, n);
        if (role & Role::kWrites) pass(writes, n);
        if (isStrong) pass(strong, n);
    }
}

void TensorFlowBuilder::markFresh()
{
    for (std::uint8_t& role : m_flow->m_role)
        if (!(role & Role::kOwn)) role &= static_cast<std::uint8_t>(~Role::kFresh);
}

/// What a strided tensor spans is worked out once a shape, not once a tensor.
void TensorFlowBuilder::noteExtents()
{
    const Trace& trace = *m_flow->m_trace;
    std::unordered_map<std::uint64_t, bool> seen;
    for (const TensorDesc& tensor : m_et.tensors()) {
        if (!tensor.strides.valid() || !tensor.shape.valid()) continue;
        const std::uint64_t key = (std::uint64_t{tensor.shape.value} << 32) | tensor.strides.value;
        if (!seen.try_emplace(key, true).second) continue;
        const TensorLayout layout = layoutOf(trace, tensor);
        if (layout != TensorLayout::Strided && layout != TensorLayout::Expanded) continue;
        const auto sizes = sizesOf(trace, tensor), strides = stridesOf(trace, tensor);
        constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 2;
        __int128 last = 0; // each term is cut to 64 bits, so that no number of absurd dimensions overflows it
        for (std::size_t d = 0; d < sizes->size(); ++d) {
            const __int128 term = static_cast<__int128>(std::max<std::int64_t>((*sizes)[d], 1) - 1) * (*strides)[d];
            last += std::clamp<__int128>(term, -kMost, kMost);
        }
        m_flow->m_extent[key] = last < 0 ? 1 : last >= kMost ? kMost : static_cast<std::int64_t>(last) + 1;
    }
}

/// What makes queries independent of how often a storage is used.
void TensorFlowBuilder::indexUses()
{
    TensorFlow& flow = *m_flow;
    const std::vector<std::uint32_t>& order = flow.m_order;
    std::size_t group = 0;
    for (std::uint32_t place = 0; place < order.size(); ++place) {
        const bool first = flow.m_groupStart[group] == place;
        if (first) ++group;
        if (first || flow.is(order[place], Role::kFresh)) flow.m_lives.push_back(place);
        if (flow.is(order[place], Role::kOwn | Role::kWrites | Role::kView) && !flow.is(order[place], Role::kPasses))
            flow.m_views.push_back({flow.tupleOf(order[place]), place});
    }
    flow.m_lives.push_back(static_cast<std::uint32_t>(order.size()));
    flow.m_lives.shrink_to_fit();
    flow.m_views.shrink_to_fit();
    std::sort(flow.m_views.begin(), flow.m_views.end());
    if (cancelled()) return;
    flow.m_uses.build(order.size(), [&](std::size_t place, ByteRange& range) {
        if (!flow.is(order[place], Role::kOwn)) return false;
        range = flow.range(order[place]);
        return true;
    });
    if (cancelled()) return;
    flow.m_data.build(order.size(), [&](std::size_t place, ByteRange& range) {
        if (!flow.isData(order[place])) return false;
        range = flow.range(order[place]);
        return true;
    });
}

std::shared_ptr<const TensorFlow> TensorFlow::build(TracePtr trace, const JobControl& job)
{
    if (!trace || !trace->executionTrace() || job.cancelled()) return nullptr;
    return TensorFlowBuilder(std::move(trace), job).build();
}

} // namespace opscope
