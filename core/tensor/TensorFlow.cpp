#include "core/tensor/TensorFlow.h"

#include <algorithm>
#include <limits>

namespace opscope {

namespace {

constexpr std::size_t kMaxWritesBetween = 1024; // partial writes over one value; a real one has a handful
constexpr std::uint32_t kMaxArguments = 4096;   // tensors of a node that are compared when an answer is lifted to it

std::int64_t saturated(__int128 value)
{
    constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max(), kMin = std::numeric_limits<std::int64_t>::min();
    return value > kMax ? kMax : value < kMin ? kMin : static_cast<std::int64_t>(value);
}

} // namespace

NodeId TensorFlow::nodeOf(TensorId tensor) const
{
    return tensor.index() < m_node.size() && m_node[tensor.index()] != kNone ? NodeId(m_node[tensor.index()]) : NodeId();
}

bool TensorFlow::isOutput(TensorId tensor) const { return nodeOf(tensor).valid() && !inputIndex(tensor); }

std::optional<std::uint32_t> TensorFlow::inputIndex(TensorId tensor) const
{
    const NodeId node = nodeOf(tensor);
    if (!node) return std::nullopt;
    const std::uint32_t index = tensor.value - et().node(node).firstTensor;
    return index < et().node(node).inputTensors ? std::optional(index) : std::nullopt;
}

TensorFlow::Window TensorFlow::group(std::size_t place) const
{
    const auto behind = std::upper_bound(m_groupStart.begin(), m_groupStart.end(), place);
    return {*(behind - 1), *behind};
}

TensorFlow::Range TensorFlow::range(std::uint32_t tensor) const
{
    const TensorDesc& d = desc(tensor);
    std::int64_t elements = std::max<std::int64_t>(d.elements, 0);
    if (d.strides.valid() && d.shape.valid())
        if (const auto it = m_extent.find((std::uint64_t{d.shape.value} << 32) | d.strides.value); it != m_extent.end()) elements = it->second;
    const __int128 begin = static_cast<__int128>(d.offset) * d.itemSize;
    return {saturated(begin), saturated(begin + static_cast<__int128>(elements) * d.itemSize)};
}

bool TensorFlow::overlap(std::uint32_t a, std::uint32_t b) const
{
    if (sameTuple(a, b)) return true;
    const Range x = range(a), y = range(b);
    return x.begin < y.end && y.begin < x.end;
}

bool TensorFlow::sameTuple(std::uint32_t a, std::uint32_t b) const
{
    const TensorDesc &x = desc(a), &y = desc(b);
    return x.tensorId == y.tensorId && x.offset == y.offset && x.elements == y.elements && x.itemSize == y.itemSize &&
           x.shape == y.shape && x.strides == y.strides;
}

/// Whether the use `writer`, an earlier write to the storage of `read`, is where the value comes from. A view makes no data: only
/// who reads that very view has it from there.
bool TensorFlow::makes(std::uint32_t writer, std::uint32_t read) const
{
    if (is(writer, kView)) return !is(writer, kPasses) && sameTuple(writer, read);
    return overlap(writer, read);
}

/// Where a use counts in time. What a parent repeats happens where its descendants do it, which may be behind the allocation.
std::size_t TensorFlow::anchor(std::uint32_t tensor) const
{
    const std::size_t place = m_place[tensor];
    if (is(tensor, kOwn)) return place;
    const std::uint32_t node = m_node[tensor];
    const bool writes = is(tensor, kWrites);
    std::size_t found = place;
    const std::size_t end = std::min<std::size_t>(group(place).end, place + 4096);
    for (std::size_t i = place + 1; i < end; ++i) {
        const std::uint32_t other = m_order[i];
        if (!inside(m_node[other], node)) {
            if (et().nodes()[m_node[other]].tid == et().nodes()[node].tid) break; // the thread went on: the subtree is over
            continue;
        }
        if (m_node[other] == node || !is(other, kOwn | (writes ? kWrites : kReads))) continue;
        found = i;
        if (!writes) break;
    }
    return found;
}

TensorFlow::Window TensorFlow::lifeOf(std::uint32_t tensor) const
{
    const std::size_t place = anchor(tensor);
    const Window all = group(place);
    Window life{place, place + 1};
    while (life.begin > all.begin && place - life.begin < kMaxSteps && !is(m_order[life.begin], kFresh)) --life.begin;
    while (life.end < all.end && life.end - place < kMaxSteps && !is(m_order[life.end], kFresh)) ++life.end;
    return life;
}

/// The latest earlier write that makes what is read; kNone when there is none, or the storage was given anew in between.
std::uint32_t TensorFlow::writerBefore(std::uint32_t tensor, std::size_t& steps) const
{
    const std::uint32_t node = m_node[tensor];
    const std::size_t begin = group(m_place[tensor]).begin;
    for (std::size_t i = m_place[tensor]; i > begin && steps < kMaxSteps; --i, ++steps) {
        const std::uint32_t other = m_order[i - 1];
        if (!is(other, kOwn | kWrites) || m_node[other] == node) continue;
        const bool around = inside(node, m_node[other]); // has not finished; but memory that it took is nobody's before
        if ((!around || is(other, kFresh)) && makes(other, tensor)) return other;
        if (is(other, kFresh)) return kNone;
    }
    return kNone;
}

/// Own reads of the value that `tensor` writes, in order of time from the place `begin` on, none of them inside of its node.
std::vector<std::uint32_t> TensorFlow::readersAfter(std::uint32_t tensor, std::size_t begin, std::size_t limit, std::size_t& steps) const
{
    std::vector<std::uint32_t> found, between;
    const std::uint32_t node = m_node[tensor];
    const Range whole = range(tensor);
    const std::size_t end = group(m_place[tensor]).end;
    std::uint32_t over = kNone; // the node that writes over all of it: what is inside still reads the old value
    for (std::size_t i = begin; i < end && found.size() < limit && steps < kMaxSteps; ++i, ++steps) {
        const std::uint32_t other = m_order[i], reader = m_node[other];
        if (!is(other, kOwn) || inside(reader, node)) continue;
        if (over != kNone && !inside(reader, over)) break;
        const bool hidden = std::any_of(between.begin(), between.end(), [&](std::uint32_t w) {
            return !inside(reader, m_node[w]) && makes(w, other); // its own node and those around it have not finished
        });
        if (is(other, kReads) && !hidden && makes(tensor, other)) found.push_back(other);
        if (is(other, kFresh)) break;
        if (!is(other, kWrites) || is(other, kPasses) || !overlap(other, tensor)) continue;
        if (between.size() >= kMaxWritesBetween) break;
        between.push_back(other);
        const Range now = range(other);
        if (over == kNone && !is(other, kView) && now.begin <= whole.begin && now.end >= whole.end) over = reader;
    }
    return found;
}

/// For a node with children: up from the leaf, as long as the parent has the same tensor in the same role and is no higher than
/// the node that asks, nor around it.
TensorUse TensorFlow::lifted(std::uint32_t tensor, std::uint32_t asking, Role role) const
{
    TensorUse best = use(tensor);
    if (isLeaf(asking)) return best;
    const std::span<const EtNode> nodes = et().nodes();
    NodeId parent = nodes[m_node[tensor]].parent;
    for (int level = 0; parent && level < 1000; parent = nodes[parent.index()].parent, ++level) {
        const EtNode& n = nodes[parent.index()];
        if (n.depth < nodes[asking].depth || (parent.value != asking && inside(asking, parent.value))) break;
        const std::uint32_t end = n.firstTensor + std::min(n.inputTensors + n.outputTensors, kMaxArguments);
        for (std::uint32_t t = n.firstTensor; t < end; ++t) {
            if (!is(t, role) || m_place[t] == kNone || desc(t).storageId != desc(tensor).storageId || !overlap(t, tensor)) continue;
            best = use(t);
            break;
        }
        if (best.node != parent) break;
    }
    return best;
}

std::optional<TensorUse> TensorFlow::producer(TensorId tensor, std::size_t& steps) const
{
    if (!nodeOf(tensor)) return std::nullopt;
    if (isOutput(tensor)) return use(tensor.value);
    if (m_place[tensor.index()] == kNone) return std::nullopt;
    const std::uint32_t writer = writerBefore(tensor.value, steps);
    return writer == kNone ? std::nullopt : std::optional(lifted(writer, m_node[tensor.index()], kWrites));
}

std::vector<TensorUse> TensorFlow::consumers(TensorId tensor, std::size_t limit, std::size_t& steps) const
{
    std::vector<TensorUse> found;
    if (!nodeOf(tensor) || m_place[tensor.index()] == kNone || limit == 0) return found;
    std::vector<std::uint32_t> readers;
    if (is(tensor.value, kWrites) && !is(tensor.value, kPasses)) {
        readers = readersAfter(tensor.value, anchor(tensor.value) + 1, limit, steps);
    } else if (const std::uint32_t writer = writerBefore(tensor.value, steps); writer != kNone) {
        readers = readersAfter(writer, is(tensor.value, kReads) ? anchor(writer) + 1 : m_place[tensor.index()] + 1, limit, steps);
    } else { // there before the recording: everybody up to the first write
        const Window life = lifeOf(tensor.value);
        for (std::size_t i = life.begin; i < life.end && readers.size() < limit; ++i) {
            const std::uint32_t other = m_order[i];
            if (is(other, kOwn | kReads) && overlap(other, tensor.value)) readers.push_back(other);
            if (is(other, kOwn | kWrites) && !is(other, kView) && overlap(other, tensor.value)) break;
        }
    }
    for (const std::uint32_t reader : readers) {
        const TensorUse use = lifted(reader, m_node[tensor.index()], kReads);
        if (std::none_of(found.begin(), found.end(), [&](const TensorUse& u) { return u.tensor == use.tensor; })) found.push_back(use);
    }
    return found;
}

std::optional<TensorUse> TensorFlow::producer(TensorId tensor) const
{
    std::size_t steps = 0;
    return producer(tensor, steps);
}

std::vector<TensorUse> TensorFlow::consumers(TensorId tensor, std::size_t limit) const
{
    std::size_t steps = 0;
    return consumers(tensor, limit, steps);
}

std::vector<TensorUse> TensorFlow::life(TensorId tensor, std::size_t limit) const
{
    if (!nodeOf(tensor) || m_place[tensor.index()] == kNone || limit == 0) return {};
    const Window life = lifeOf(tensor.value);
    const std::size_t middle = anchor(tensor.value);
    const auto belongs = [&](std::uint32_t t) { return t != tensor.value && is(t, kOwn) && overlap(t, tensor.value); };
    std::vector<std::uint32_t> before, behind;
    for (std::size_t i = middle + 1; i-- > life.begin && before.size() + 1 < limit;)
        if (belongs(m_order[i])) before.push_back(m_order[i]);
    for (std::size_t i = middle + 1; i < life.end && behind.size() + 1 < limit; ++i)
        if (belongs(m_order[i])) behind.push_back(m_order[i]);
    const std::size_t half = (limit - 1) / 2, room = limit - 1;
    const std::size_t early = std::min(before.size(), std::max(half, room - std::min(room, behind.size())));
    before.resize(early);
    behind.resize(std::min(behind.size(), room - early));
    before.push_back(tensor.value);
    before.insert(before.end(), behind.begin(), behind.end());
    std::sort(before.begin(), before.end(), [&](std::uint32_t a, std::uint32_t b) {
        return std::pair(m_node[a], a) < std::pair(m_node[b], b);
    });
    std::vector<TensorUse> uses;
    for (const std::uint32_t t : before) uses.push_back(use(t));
    return uses;
}

std::optional<TensorUse> TensorFlow::viewOf(TensorId tensor) const
{
    if (!nodeOf(tensor) || m_place[tensor.index()] == kNone) return std::nullopt;
    const Window life = lifeOf(tensor.value);
    const TensorDesc& mine = desc(tensor.value);
    for (std::size_t i = life.begin; i < life.end && m_order[i] != tensor.value; ++i) {
        const std::uint32_t other = m_order[i];
        if (!is(other, kOwn) || !overlap(other, tensor.value)) continue;
        const TensorDesc& base = desc(other);
        const bool same = base.offset == mine.offset && base.elements == mine.elements && base.shape == mine.shape &&
                          base.strides == mine.strides && base.itemSize == mine.itemSize;
        return same ? std::nullopt : std::optional(use(other));
    }
    return std::nullopt;
}

std::vector<NodeId> TensorFlow::producersOf(NodeId node, std::size_t limit) const
{
    std::vector<NodeId> found;
    if (node.index() >= m_pre.size()) return found;
    const EtNode& n = et().node(node);
    std::size_t steps = 0;
    for (std::uint32_t t = n.firstTensor; t < n.firstTensor + std::min(n.inputTensors, kMaxArguments); ++t)
        if (const auto from = producer(TensorId(t), steps); from && from->node != node) found.push_back(from->node);
    std::sort(found.begin(), found.end(), std::greater<>());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    if (found.size() > limit) found.resize(limit);
    return found;
}

std::vector<NodeId> TensorFlow::consumersOf(NodeId node, std::size_t limit) const
{
    std::vector<NodeId> found;
    if (node.index() >= m_pre.size()) return found;
    const EtNode& n = et().node(node);
    std::size_t steps = 0;
    const std::uint32_t end = n.firstTensor + std::min(n.inputTensors + n.outputTensors, kMaxArguments);
    for (std::uint32_t t = n.firstTensor; t < end && found.size() < 4 * limit; ++t) {
        if (!is(t, kWrites)) continue;
        for (const TensorUse& to : consumers(TensorId(t), limit, steps))
            if (to.node > node) found.push_back(to.node);
    }
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    if (found.size() > limit) found.resize(limit);
    return found;
}

std::size_t TensorFlow::bytes() const
{
    return 4 * (m_node.capacity() + m_order.capacity() + m_place.capacity() + m_groupStart.capacity() + m_pre.capacity() +
                m_end.capacity()) + m_role.capacity() + m_extent.size() * 40;
}

} // namespace opscope
