#include "core/format/et/EtBuilder.h"

#include "core/format/et/EtScan.h"

#include <algorithm>
#include <limits>

namespace opscope {

namespace {

constexpr std::int64_t kOddKeys = std::numeric_limits<std::int64_t>::min(); // and the 2^32 above it

bool isProcessName(std::string_view name)
{
    return name == "[pytorch|profiler|execution_trace|process]" ||
           name == "[pytorch|profiler|execution_graph|process]" || name == "__ROOT_PROCESS__";
}

bool isThreadName(std::string_view name)
{
    return name == "[pytorch|profiler|execution_trace|thread]" || name == "[pytorch|profiler|execution_graph|thread]";
}

} // namespace

EtBuilder::EtBuilder(Diagnostics& diagnostics)
    : m_diagnostics(diagnostics), m_trace(std::make_unique<ExecutionTrace>()), m_tensorReader(m_strings)
{
}

/// False: no number. Such an id still equals the same text elsewhere in the file.
bool EtBuilder::keyOf(std::string_view token, Key& key)
{
    constexpr std::int64_t kOddEnd = kOddKeys + (std::int64_t{1} << 33);
    if (token != "true" && token != "false" && et::integer(token, key) && key >= kOddEnd) return true;
    const auto next = kOddKeys + static_cast<Key>(m_oddKeys.size());
    key = m_oddKeys.try_emplace(std::string(token.empty() ? "null" : token), next).first->second;
    return false;
}

void EtBuilder::add(EtNode node, const et::RawNode& raw)
{
    const auto row = static_cast<std::uint32_t>(m_trace->m_nodes.size());
    Key key = 0;
    if (!keyOf(raw.id, key)) {
        const bool missing = raw.id.empty();
        m_diagnostics.note(missing ? Defect::MissingNodeId : Defect::WrongNodeType, node.sourceOffset,
                           missing ? "" : "id");
    }
    m_keys.push_back(key);
    node.id = key;
    if (!raw.ctrlDeps.empty())
        addLinks(raw.ctrlDeps, LinkKey::CtrlDeps, row);
    else if (!raw.parent.empty())
        addLinks(raw.parent, LinkKey::Parent, row);
    node.firstTensor = static_cast<std::uint32_t>(m_trace->m_tensors.size());
    node.inputTensors = static_cast<std::uint32_t>(m_tensorReader.read(raw.inputs, m_trace->m_tensors));
    bool truncated = m_tensorReader.truncated();
    node.outputTensors = static_cast<std::uint32_t>(m_tensorReader.read(raw.outputs, m_trace->m_tensors));
    truncated = truncated || m_tensorReader.truncated();
    if (truncated) m_diagnostics.note(Defect::TruncatedList, node.sourceOffset);
    countNode(node, raw);
    m_trace->m_nodes.push_back(node);
}

void EtBuilder::addLinks(std::string_view token, LinkKey linkKey, std::uint32_t row)
{
    Link link;
    link.row = row;
    link.key = linkKey;
    if (token.front() != '[') {
        keyOf(token, link.target);
        m_links.push_back(link);
        return;
    }
    et::Elements targets(token);
    for (std::string_view target; targets.next(target);) {
        keyOf(target, link.target);
        m_links.push_back(link);
    }
}

void EtBuilder::countNode(const EtNode& node, const et::RawNode& raw)
{
    const auto given = [](std::string_view token) { return !token.empty() && token != "null" && token != "\"\""; };
    m_stats.tensorsIn += node.inputTensors;
    m_stats.tensorsOut += node.outputTensors;
    m_stats.nodesWithRfId += node.rfId != 0;
    m_stats.withTensorRange += given(raw.tensorRange);
    m_stats.withKernelFile += given(raw.kernelFile);
    m_stats.withKernelBackend += given(raw.kernelBackend);
    m_stats.withPgName += given(raw.processGroup);
    m_stats.withCollectiveName += given(raw.collective);
    const std::string_view name = m_strings.view(node.name);
    if (isProcessName(name))
        m_stats.rootIds.push_back(et::idAsJson(raw.id));
    else
        m_hasEvents = m_hasEvents || !isThreadName(name);
}

std::unique_ptr<ExecutionTrace> EtBuilder::finish()
{
    indexKeys();
    countLinks();
    countDistinct();
    numberOddIds();
    findSpecialNodes();
    makeRoot();
    chooseLinks();
    makeStandIns();
    sortRows();
    linkParents();
    layOutChildren();
    m_trace->indexTensors();
    return std::move(m_trace);
}

void EtBuilder::indexKeys()
{
    m_index.reserve(m_keys.size());
    for (std::size_t row = 0; row < m_keys.size(); ++row)
        m_index.push_back({m_keys[row], static_cast<std::uint32_t>(row)});
    std::sort(m_index.begin(), m_index.end(), earlier);
    for (std::size_t i = 1; i < m_index.size(); ++i) {
        if (m_index[i].key != m_index[i - 1].key) continue;
        m_stats.duplicateIds += i < 2 || m_index[i - 2].key != m_index[i].key;
        m_diagnostics.note(Defect::DuplicateNodeId, m_trace->m_nodes[m_index[i].row].sourceOffset);
    }
    m_index.erase(
        std::unique(m_index.begin(), m_index.end(), [](const Place& a, const Place& b) { return a.key == b.key; }),
        m_index.end());
}

std::uint32_t EtBuilder::find(Key key) const
{
    const auto it =
        std::lower_bound(m_index.begin(), m_index.end(), key, [](const Place& place, Key k) { return place.key < k; });
    return it != m_index.end() && it->key == key ? static_cast<std::uint32_t>(it - m_index.begin()) : kNoRow;
}

/// The numbers of the file as written: a node's parent is its first link that leads to another node.
void EtBuilder::countLinks()
{
    std::vector<std::uint32_t> parents(m_index.size(), kNoRow);
    for (const Link& link : m_links) {
        if (link.target == m_keys[link.row]) continue;
        const std::uint32_t target = find(link.target);
        if (target == kNoRow) {
            ++(link.key == LinkKey::Parent ? m_stats.danglingParent : m_stats.danglingCtrlDeps);
            continue;
        }
        std::uint32_t& parent = parents[find(m_keys[link.row])];
        if (parent == kNoRow) parent = target;
    }
    countDepths(parents);
}

/// Nodes in a circle have depth 0, as have nodes without a parent.
void EtBuilder::countDepths(const std::vector<std::uint32_t>& parents)
{
    constexpr std::uint32_t kUnknown = kNoRow, kWalking = kNoRow - 1;
    std::vector<std::uint32_t> depth(parents.size(), kUnknown), chain;
    for (std::uint32_t start = 0; start < parents.size(); ++start) {
        chain.clear();
        std::uint32_t here = start;
        while (here != kNoRow && depth[here] == kUnknown) {
            depth[here] = kWalking;
            chain.push_back(here);
            here = parents[here];
        }
        if (here != kNoRow && depth[here] == kWalking) {
            std::uint32_t looped = 0;
            do {
                looped = chain.back();
                chain.pop_back();
                depth[looped] = 0;
                ++m_stats.nodesInCycles;
            } while (looped != here);
        }
        std::uint32_t next = here == kNoRow ? 0 : depth[here] + 1;
        for (auto node = chain.rbegin(); node != chain.rend(); ++node) depth[*node] = next++;
        m_stats.maxTreeDepth = std::max<std::uint64_t>(m_stats.maxTreeDepth, chain.empty() ? 0 : next - 1);
    }
}

void EtBuilder::countDistinct()
{
    std::vector<std::int64_t> values;
    const auto distinct = [&values] {
        std::sort(values.begin(), values.end());
        return static_cast<std::uint64_t>(std::unique(values.begin(), values.end()) - values.begin());
    };
    const auto ids = [&](const et::TensorReader::OddIds& odd, std::int64_t TensorDesc::*id) {
        values.clear();
        auto skip = odd.rows.begin();
        for (std::uint32_t row = 0; row < m_trace->m_tensors.size(); ++row) {
            if (skip != odd.rows.end() && *skip == row)
                ++skip;
            else
                values.push_back(m_trace->m_tensors[row].*id);
        }
        return distinct() + odd.texts.size();
    };
    m_stats.distinctTensorIds = ids(m_tensorReader.oddTensorIds(), &TensorDesc::tensorId);
    m_stats.distinctStorageIds = ids(m_tensorReader.oddStorageIds(), &TensorDesc::storageId);
    values.clear();
    for (const EtNode& node : m_trace->m_nodes) {
        if (node.rfId != 0) values.push_back(static_cast<std::int64_t>(node.rfId));
    }
    m_stats.distinctRfIds = distinct();
}

/// Nodes whose id is no number get one behind all others.
void EtBuilder::numberOddIds()
{
    if (m_oddKeys.empty()) return;
    std::int64_t last = 0;
    const Key oddEnd = kOddKeys + static_cast<Key>(m_oddKeys.size());
    for (const Key key : m_keys) last = key >= oddEnd ? std::max(last, key) : last;
    for (EtNode& node : m_trace->m_nodes) {
        if (node.id < oddEnd) node.id = last < std::numeric_limits<std::int64_t>::max() ? ++last : last;
    }
}

void EtBuilder::findSpecialNodes()
{
    const std::vector<EtNode>& nodes = m_trace->m_nodes;
    for (std::uint32_t row = 0; row < nodes.size(); ++row) {
        const std::string_view name = m_strings.view(nodes[row].name);
        if (name.empty() || (name.front() != '[' && name.front() != '_')) continue;
        if (isThreadName(name)) {
            m_threads.push_back(row);
        } else if (isProcessName(name) && (m_root == kNoRow || nodes[row].id < nodes[m_root].id)) {
            m_root = row;
        }
    }
    for (std::size_t i = 0; m_root == kNoRow && i < m_links.size();
         ++i) { // other tools: the node that is its own parent
        if (m_links[i].target == m_keys[m_links[i].row]) m_root = m_links[i].row;
    }
}

std::uint32_t EtBuilder::addSynthetic(std::int64_t id, std::string_view name, std::uint32_t tid)
{
    EtNode node;
    node.id = id;
    node.name = m_strings.intern(name);
    node.tid = tid;
    node.scope = 7;
    node.synthetic = true;
    m_trace->m_nodes.push_back(node);
    return static_cast<std::uint32_t>(m_trace->m_nodes.size() - 1);
}

void EtBuilder::makeRoot()
{
    if (m_root != kNoRow || m_trace->m_nodes.empty()) return;
    std::int64_t id = 1;
    if (find(id) != kNoRow) {
        id = 0;
        for (const EtNode& node : m_trace->m_nodes)
            id = node.id <= id ? (node.id == std::numeric_limits<std::int64_t>::min() ? id : node.id - 1) : id;
    }
    m_diagnostics.note(Defect::MissingRoot, 0);
    m_root = addSynthetic(id, "(process node missing)", 0);
}

/// Of several links the first that leads somewhere.
void EtBuilder::chooseLinks()
{
    m_chosenLink.assign(m_keys.size(), kNoRow);
    for (std::uint32_t i = 0; i < m_links.size(); ++i) {
        std::uint32_t& chosen = m_chosenLink[m_links[i].row];
        if (chosen == kNoRow || (find(m_links[chosen].target) == kNoRow && find(m_links[i].target) != kNoRow))
            chosen = i;
    }
}

/// One node for every parent that is in no node, where its children are younger than it would be.
void EtBuilder::makeStandIns()
{
    for (const std::uint32_t chosen : m_chosenLink) {
        if (chosen == kNoRow) continue;
        const Link& link = m_links[chosen];
        const EtNode child = m_trace->m_nodes[link.row];
        if (link.target <= 0 || link.target >= child.id || link.row == m_root || find(link.target) != kNoRow) continue;
        if (m_trace->m_nodes[m_root].synthetic && link.target == m_trace->m_nodes[m_root].id) continue;
        m_diagnostics.note(Defect::OrphanScope, child.sourceOffset);
        const auto [place, isNew] = m_standIns.try_emplace(link.target, 0);
        if (isNew)
            place->second =
                addSynthetic(link.target, "(unfinished scope #" + std::to_string(link.target) + ")", child.tid);
    }
    if (!m_standIns.empty()) m_diagnostics.note(Defect::UnfinishedScope, 0, m_standIns.size(), {});
}

/// Rows by id, then by their place in the file. The rows are moved in place, along the circles of the permutation.
void EtBuilder::sortRows()
{
    std::vector<EtNode>& nodes = m_trace->m_nodes;
    const auto count = static_cast<std::uint32_t>(nodes.size());
    std::vector<Place> places(count);
    for (std::uint32_t row = 0; row < count; ++row) places[row] = {nodes[row].id, row};
    std::sort(places.begin(), places.end(), earlier);
    m_order.resize(count);
    std::transform(places.begin(), places.end(), m_order.begin(), [](const Place& place) { return place.row; });
    m_rank.resize(count);
    for (std::uint32_t row = 0; row < count; ++row) m_rank[m_order[row]] = row;
    std::vector<bool> placed(count, false);
    for (std::uint32_t start = 0; start < count; ++start) {
        if (placed[start]) continue;
        const EtNode first = nodes[start];
        std::uint32_t row = start;
        for (; m_order[row] != start; row = m_order[row]) {
            nodes[row] = nodes[m_order[row]];
            placed[row] = true;
        }
        nodes[row] = first;
        placed[row] = true;
    }
    m_root = count == 0 ? kNoRow : m_rank[m_root];
    for (std::uint32_t& thread : m_threads) thread = m_rank[thread];
    std::sort(m_threads.begin(), m_threads.end(), [&nodes](std::uint32_t a, std::uint32_t b) {
        return std::pair(nodes[a].tid, a) < std::pair(nodes[b].tid, b);
    });
}

NodeId EtBuilder::threadOf(std::uint32_t row) const
{
    const std::vector<EtNode>& nodes = m_trace->m_nodes;
    const auto behind =
        std::lower_bound(m_threads.begin(), m_threads.end(), row, [&nodes, row](std::uint32_t thread, std::uint32_t r) {
            return std::pair(nodes[thread].tid, thread) < std::pair(nodes[row].tid, r);
        });
    if (behind != m_threads.begin() && nodes[*(behind - 1)].tid == nodes[row].tid) return NodeId(*(behind - 1));
    return NodeId(m_root);
}

/// The parent by the file, when it is older than its child; only then is the tree without circles.
NodeId EtBuilder::parentOf(std::uint32_t row, const Link* link)
{
    const EtNode& node = m_trace->m_nodes[row];
    if (!link) return NodeId(m_root);
    const std::uint32_t found = find(link->target);
    if (found == kNoRow) {
        if (const auto standIn = m_standIns.find(link->target);
            standIn != m_standIns.end() && m_rank[standIn->second] < row)
            return NodeId(m_rank[standIn->second]);
        if (m_trace->m_nodes[m_root].synthetic && link->target == m_trace->m_nodes[m_root].id) return NodeId(m_root);
        m_diagnostics.note(Defect::MissingParent, node.sourceOffset);
        return threadOf(row);
    }
    const std::uint32_t parent = m_rank[m_index[found].row];
    if (parent == m_root || parent < row) return NodeId(parent);
    const bool self = parent == row;
    m_diagnostics.note(Defect::ParentCycle, node.sourceOffset,
                       self ? "its own parent" : "the parent is younger than the node");
    return threadOf(row);
}

void EtBuilder::linkParents()
{
    std::vector<EtNode>& nodes = m_trace->m_nodes;
    for (std::uint32_t row = 0; row < nodes.size(); ++row) {
        EtNode& node = nodes[row];
        if (row == m_root) continue;
        const std::uint32_t chosen = node.synthetic ? kNoRow : m_chosenLink[m_order[row]];
        const Link* link = chosen == kNoRow ? nullptr : &m_links[chosen];
        if (node.synthetic)
            node.parent = threadOf(row);
        else if (link && link->target == m_keys[m_order[row]] && isProcessName(m_strings.view(node.name)))
            continue; // a second process in the same file
        else
            node.parent = parentOf(row, link);
    }
}

void EtBuilder::layOutChildren()
{
    ExecutionTrace& trace = *m_trace;
    std::vector<EtNode>& nodes = trace.m_nodes;
    for (const EtNode& node : nodes) {
        if (node.parent) ++nodes[node.parent.index()].childCount;
    }
    std::uint32_t next = 0;
    for (EtNode& node : nodes) {
        node.firstChild = next;
        next += node.childCount;
        node.childCount = 0;
    }
    trace.m_children.resize(next);
    for (std::uint32_t row = 0; row < nodes.size(); ++row) {
        EtNode& node = nodes[row];
        if (!node.parent) {
            trace.m_roots.push_back(NodeId(row));
            continue;
        }
        EtNode& parent = nodes[node.parent.index()];
        trace.m_children[parent.firstChild + parent.childCount++] = NodeId(row);
        node.depth = static_cast<std::uint16_t>(std::min(parent.depth + 1, 0xFFFF));
    }
    trace.m_nodes.shrink_to_fit();
    trace.m_tensors.shrink_to_fit();
}

} // namespace opscope
