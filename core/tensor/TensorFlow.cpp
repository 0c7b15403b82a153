#include "core/tensor/TensorFlow.h"

#include <algorithm>
#include <limits>
#include <unordered_set>

namespace opscope {

namespace {

constexpr std::size_t kNowhere = RangeHulls::kNowhere;
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

std::size_t TensorFlow::groupEnd(std::size_t place) const { return *std::upper_bound(m_groupStart.begin(), m_groupStart.end(), place); }

std::size_t TensorFlow::lifeBegin(std::size_t place) const { return *(std::upper_bound(m_lives.begin(), m_lives.end(), place) - 1); }

/// The first place from `place` on where another storage, or another life of this one, begins.
std::size_t TensorFlow::lifeEnd(std::size_t place) const
{
    const auto end = std::lower_bound(m_lives.begin(), m_lives.end(), place);
    return end == m_lives.end() ? m_order.size() : *end;
}

ByteRange TensorFlow::range(std::uint32_t tensor) const
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
    const ByteRange x = range(a), y = range(b);
    return x.begin < y.end && y.begin < x.end;
}

bool TensorFlow::sameTuple(std::uint32_t a, std::uint32_t b) const
{
    const TensorDesc &x = desc(a), &y = desc(b);
    return x.tensorId == y.tensorId && x.offset == y.offset && x.elements == y.elements && x.itemSize == y.itemSize &&
           x.shape == y.shape && x.strides == y.strides;
}

std::uint64_t TensorFlow::tupleOf(std::uint32_t tensor) const
{
    const TensorDesc& d = desc(tensor);
    std::uint64_t hash = 0;
    for (const std::uint64_t part : {static_cast<std::uint64_t>(d.tensorId), static_cast<std::uint64_t>(d.offset), static_cast<std::uint64_t>(d.elements),
                                     static_cast<std::uint64_t>(d.itemSize), (std::uint64_t{d.shape.value} << 32) | d.strides.value}) {
        hash = (hash ^ part) * 0x9E3779B97F4A7C15ull;
        hash ^= hash >> 32;
    }
    return hash;
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
    const std::size_t end = std::min<std::size_t>(groupEnd(place), place + 4096);
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
    return {lifeBegin(place), lifeEnd(place + 1)};
}

/// The latest view in the window that is the same tensor as this one.
template<typename IsRight>
std::size_t TensorFlow::viewBefore(std::uint32_t tensor, Window window, std::size_t& steps, const IsRight& isRight) const
{
    const std::uint64_t tuple = tupleOf(tensor);
    auto view = std::lower_bound(m_views.begin(), m_views.end(), View{tuple, static_cast<std::uint32_t>(window.end)});
    for (; view != m_views.begin() && steps < kMaxSteps; ++steps) {
        --view;
        if (view->tuple != tuple || view->place < window.begin) break;
        if (sameTuple(m_order[view->place], tensor) && isRight(m_order[view->place])) return view->place;
    }
    return kNowhere;
}

/// The latest earlier write that makes what is read; kNone when there is none, or the storage was given anew in between.
std::uint32_t TensorFlow::writerBefore(std::uint32_t tensor, std::size_t& steps) const
{
    const std::uint32_t node = m_node[tensor];
    const Window earlier{lifeBegin(m_place[tensor]), m_place[tensor]};
    // A node around has not finished; but memory that it took is nobody's before.
    const auto finished = [&](std::uint32_t other) {
        return m_node[other] != node && (!inside(node, m_node[other]) || is(other, kFresh));
    };
    const std::size_t data = m_data.previous(earlier.begin, earlier.end, range(tensor), steps, kMaxSteps, [&](std::size_t place) {
        return isData(m_order[place]) && finished(m_order[place]) && overlap(m_order[place], tensor);
    });
    const std::size_t view = viewBefore(tensor, earlier, steps, finished);
    if (data == kNowhere && view == kNowhere) return kNone;
    return m_order[data == kNowhere ? view : view == kNowhere ? data : std::max(data, view)];
}

/// Whether what is read at the place `reader` was written anew since `tensor` made it. Writes inside of the node of `tensor` are its
/// own, and the nodes around the reader have not finished.
bool TensorFlow::hidden(std::uint32_t tensor, std::size_t reader, const Between& between, std::size_t& steps) const
{
    const std::uint32_t read = m_order[reader];
    const auto counts = [&](std::uint32_t w) {
        return !inside(m_node[read], m_node[w]) && !inside(m_node[w], m_node[tensor]) && overlap(w, tensor);
    };
    if (between.view < reader && viewBefore(read, {between.view, reader}, steps, counts) != kNowhere) return true;
    if (between.data >= reader) return false;
    const ByteRange a = range(tensor), b = range(read), both{std::max(a.begin, b.begin), std::min(a.end, b.end)};
    return m_data.previous(between.data, reader, both, steps, kMaxSteps, [&](std::size_t place) {
        return isData(m_order[place]) && counts(m_order[place]) && overlap(m_order[place], read);
    }) != kNowhere;
}

/// Own reads of the value that `tensor` writes, in order of time from the place `begin` on, none of them inside of its node.
std::vector<std::uint32_t> TensorFlow::readersAfter(std::uint32_t tensor, std::size_t begin, std::size_t limit, std::size_t& steps) const
{
    std::vector<std::uint32_t> found;
    const std::uint32_t node = m_node[tensor];
    const ByteRange whole = range(tensor);
    Between between;
    std::uint32_t over = kNone; // the node that writes over all of it: what is inside still reads the old value
    m_uses.next(begin, lifeEnd(begin), whole, steps, kMaxSteps, [&](std::size_t place) {
        const std::uint32_t other = m_order[place], reader = m_node[other];
        if (!is(other, kOwn) || inside(reader, node) || !overlap(other, tensor)) return false;
        if (over != kNone && !inside(reader, over)) return true;
        if (is(other, kReads) && makes(tensor, other) && !hidden(tensor, place, between, steps) && steps < kMaxSteps) found.push_back(other);
        if (is(other, kWrites) && !is(other, kPasses)) {
            std::size_t& first = is(other, kView) ? between.view : between.data;
            first = std::min(first, place);
            const ByteRange now = range(other);
            const bool all = is(other, kView) ? is(tensor, kView) && sameTuple(other, tensor) : now.begin <= whole.begin && now.end >= whole.end;
            if (all && over == kNone) over = reader;
        }
        return found.size() >= limit;
    });
    return found;
}

/// Of what was there before the recording: everybody that reads it up to the first write.
std::vector<std::uint32_t> TensorFlow::readersFromTheStart(std::uint32_t tensor, std::size_t limit, std::size_t& steps) const
{
    std::vector<std::uint32_t> found;
    const Window life = lifeOf(tensor);
    m_uses.next(life.begin, life.end, range(tensor), steps, kMaxSteps, [&](std::size_t place) {
        const std::uint32_t other = m_order[place];
        if (!is(other, kOwn) || !overlap(other, tensor)) return false;
        if (is(other, kReads)) found.push_back(other);
        return isData(other) || found.size() >= limit;
    });
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
    } else {
        readers = readersFromTheStart(tensor.value, limit, steps);
    }
    std::unordered_set<std::uint32_t> lifts; // several readers may be lifted to one
    for (const std::uint32_t reader : readers) {
        const TensorUse use = lifted(reader, m_node[tensor.index()], kReads);
        if (isLeaf(m_node[tensor.index()]) || lifts.insert(use.tensor.value).second) found.push_back(use);
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
    const std::size_t middle = anchor(tensor.value) + 1;
    std::vector<std::size_t> before, behind;
    const auto collect = [&](std::vector<std::size_t>& places) {
        return [&](std::size_t place) {
            if (belongs(m_order[place], tensor.value) && m_order[place] != tensor.value) places.push_back(place);
            return places.size() + 1 >= limit;
        };
    };
    std::size_t steps = 0, stepsBehind = 0;
    m_uses.previous(life.begin, middle, range(tensor.value), steps, kMaxSteps, collect(before));
    m_uses.next(middle, life.end, range(tensor.value), stepsBehind, kMaxSteps, collect(behind));
    const std::size_t half = (limit - 1) / 2, room = limit - 1;
    before.resize(std::min(before.size(), std::max(half, room - std::min(room, behind.size()))));
    behind.resize(std::min(behind.size(), room - before.size()));
    std::reverse(before.begin(), before.end());
    before.insert(before.end(), behind.begin(), behind.end());
    before.insert(std::lower_bound(before.begin(), before.end(), m_place[tensor.index()]), m_place[tensor.index()]);
    std::vector<TensorUse> uses;
    for (const std::size_t place : before) uses.push_back(use(m_order[place]));
    return uses;
}

std::optional<std::pair<TensorUse, TensorUse>> TensorFlow::lifeEnds(TensorId tensor) const
{
    if (!nodeOf(tensor) || m_place[tensor.index()] == kNone) return std::nullopt;
    const Window life = lifeOf(tensor.value);
    const auto right = [&](std::size_t place) { return belongs(m_order[place], tensor.value); };
    std::size_t steps = 0, stepsBack = 0;
    const std::size_t here = m_place[tensor.index()];
    const std::size_t first = m_uses.next(life.begin, life.end, range(tensor.value), steps, kMaxSteps, right);
    const std::size_t last = m_uses.previous(life.begin, life.end, range(tensor.value), stepsBack, kMaxSteps, right);
    return std::pair(use(m_order[std::min(first, here)]), use(m_order[last == kNowhere ? here : std::max(last, here)]));
}

std::optional<TensorUse> TensorFlow::viewOf(TensorId tensor) const
{
    if (!nodeOf(tensor) || m_place[tensor.index()] == kNone) return std::nullopt;
    const Window life = lifeOf(tensor.value);
    const std::size_t here = m_place[tensor.index()], end = here < life.begin ? life.end : std::min(here, life.end);
    std::size_t steps = 0;
    const std::size_t first = m_uses.next(life.begin, end, range(tensor.value), steps, kMaxSteps,
                                          [&](std::size_t place) { return belongs(m_order[place], tensor.value); });
    if (first == kNowhere) return std::nullopt;
    const TensorDesc &mine = desc(tensor.value), &base = desc(m_order[first]);
    const bool same = base.offset == mine.offset && base.elements == mine.elements && base.shape == mine.shape &&
                      base.strides == mine.strides && base.itemSize == mine.itemSize;
    return same ? std::nullopt : std::optional(use(m_order[first]));
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
    return 4 * (m_node.capacity() + m_order.capacity() + m_place.capacity() + m_groupStart.capacity() + m_lives.capacity() + m_pre.capacity() + m_end.capacity()) +
           m_role.capacity() + m_uses.bytes() + m_data.bytes() + m_views.capacity() * sizeof(View) + m_extent.size() * 40;
}

} // namespace opscope
