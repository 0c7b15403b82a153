#include "core/record/sampling/RecordMerge.h"

#include "core/record/sampling/PerfRecord.h"

#include <algorithm>

namespace opscope::sampling {

void RecordMerge::add(std::size_t ring, std::span<const std::uint64_t> records)
{
    if (ring >= m_queues.size()) m_queues.resize(ring + 1);
    std::vector<std::uint64_t>& words = m_queues[ring].words;
    words.insert(words.end(), records.begin(), records.end());
}

std::size_t RecordMerge::waitingBytes() const
{
    std::size_t words = 0;
    for (const Queue& queue : m_queues) words += queue.words.size() - queue.read;
    return words * sizeof(std::uint64_t);
}

void RecordMerge::lookAtNew(Queue& queue)
{
    while (queue.seen < queue.words.size()) {
        const auto rest = std::span<const std::uint64_t>(queue.words).subspan(queue.seen);
        const std::size_t words = recordWords(rest);
        if (words == 0) { // nothing behind it can be found any more
            queue.words.resize(queue.seen);
            return;
        }
        m_latest = std::max(m_latest, recordTime(rest.first(words)));
        queue.seen += words;
    }
}

bool RecordMerge::front(std::size_t number, Front& into)
{
    const Queue& queue = m_queues[number];
    const auto rest = std::span<const std::uint64_t>(queue.words).subspan(queue.read);
    if (rest.empty()) return false;
    const std::size_t words = recordWords(rest);
    into = {recordTime(rest.first(words)), number, words};
    return true;
}

void RecordMerge::pushFront(std::size_t queue)
{
    Front next;
    if (!front(queue, next)) return;
    m_heap.push_back(next);
    std::push_heap(m_heap.begin(), m_heap.end(), std::greater<>());
}

void RecordMerge::release(std::uint64_t horizon, const std::function<void(std::span<const std::uint64_t>)>& each)
{
    m_heap.clear();
    std::size_t waiting = 0;
    for (std::size_t i = 0; i < m_queues.size(); ++i) {
        lookAtNew(m_queues[i]);
        waiting += m_queues[i].words.size() - m_queues[i].read;
        pushFront(i);
    }
    while (!m_heap.empty() && (m_heap.front().time <= horizon || waiting > m_maxWords)) {
        std::pop_heap(m_heap.begin(), m_heap.end(), std::greater<>());
        const Front next = m_heap.back();
        m_heap.pop_back();
        Queue& queue = m_queues[next.queue];
        each(std::span<const std::uint64_t>(queue.words).subspan(queue.read, next.words));
        queue.read += next.words;
        waiting -= next.words;
        pushFront(next.queue);
    }
    for (Queue& queue : m_queues) {
        queue.words.erase(queue.words.begin(), queue.words.begin() + static_cast<std::ptrdiff_t>(queue.read));
        queue.seen -= queue.read;
        queue.read = 0;
    }
}

} // namespace opscope::sampling
