#include "core/record/sampling/RecordMerge.h"

#include "core/record/sampling/PerfRecord.h"

#include <algorithm>
#include <utility>

namespace opscope::sampling {

namespace {

constexpr std::size_t kMostSpare = 16;                                ///< blocks
constexpr std::size_t kLargestSpare = (std::size_t{1} << 20) / sizeof(std::uint64_t); ///< words: a stall's does not stay for ever

} // namespace

void RecordMerge::add(std::size_t ring, Block&& records)
{
    std::size_t good = 0;
    const std::span<const std::uint64_t> words(records);
    while (const std::size_t size = recordWords(words.subspan(good))) {
        m_latest = std::max(m_latest, recordTime(words.subspan(good, size)));
        good += size;
    }
    records.resize(good);
    if (ring >= m_queues.size()) m_queues.resize(ring + 1);
    if (records.empty()) return keepSpare(std::move(records));
    m_waitingWords += good;
    m_queues[ring].blocks.push_back(std::move(records));
}

RecordMerge::Block RecordMerge::spare()
{
    if (m_spare.empty()) return {};
    Block block = std::move(m_spare.back());
    m_spare.pop_back();
    return block;
}

void RecordMerge::keepSpare(Block&& block)
{
    if (block.capacity() == 0 || block.capacity() > kLargestSpare || m_spare.size() >= kMostSpare) return;
    block.clear();
    m_spare.push_back(std::move(block));
}

void RecordMerge::pushFront(std::size_t number)
{
    const Queue& queue = m_queues[number];
    if (queue.blocks.empty()) return;
    const auto rest = std::span<const std::uint64_t>(queue.blocks.front()).subspan(queue.read);
    const std::size_t words = recordWords(rest);
    m_heap.push_back({recordTime(rest.first(words)), number, words});
    std::push_heap(m_heap.begin(), m_heap.end(), std::greater<>());
}

void RecordMerge::readOn(Queue& queue, std::size_t words)
{
    queue.read += words;
    m_waitingWords -= words;
    if (queue.read < queue.blocks.front().size()) return;
    keepSpare(std::move(queue.blocks.front()));
    queue.blocks.pop_front();
    queue.read = 0;
}

void RecordMerge::release(std::uint64_t horizon, const std::function<void(std::span<const std::uint64_t>)>& each)
{
    m_heap.clear();
    for (std::size_t i = 0; i < m_queues.size(); ++i) pushFront(i);
    while (!m_heap.empty() && (m_heap.front().time <= horizon || m_waitingWords > m_maxWords)) {
        std::pop_heap(m_heap.begin(), m_heap.end(), std::greater<>());
        const Front next = m_heap.back();
        m_heap.pop_back();
        Queue& queue = m_queues[next.queue];
        each(std::span<const std::uint64_t>(queue.blocks.front()).subspan(queue.read, next.words));
        readOn(queue, next.words);
        pushFront(next.queue);
    }
}

} // namespace opscope::sampling
