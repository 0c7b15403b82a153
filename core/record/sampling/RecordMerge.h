#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <vector>

namespace opscope::sampling {

/// Brings the records of several rings, each in order, into one order. What is younger than the horizon waits, because another ring may
/// still get something older; never more than `maxBytes` wait.
class RecordMerge
{
public:
    explicit RecordMerge(std::size_t maxBytes = std::size_t{64} << 20) : m_maxWords(maxBytes / sizeof(std::uint64_t)) {}

    using Block = std::vector<std::uint64_t>;
    /// Whole records of ring number `ring`, behind those that it gave before. Words that are no records are dropped with what follows them.
    void add(std::size_t ring, Block&& records);
    /// An empty block, with the memory of one that has been handed out if there is one.
    Block spare();
    /// Hands out, in order of time, what is not younger than `horizon`, and more when too much waits.
    void release(std::uint64_t horizon, const std::function<void(std::span<const std::uint64_t>)>& each);
    void releaseAll(const std::function<void(std::span<const std::uint64_t>)>& each) { release(UINT64_MAX, each); }
    /// Of everything that came in so far.
    std::uint64_t latest() const { return m_latest; }
    std::size_t waitingBytes() const { return m_waitingWords * sizeof(std::uint64_t); }

private:
    struct Queue
    {
        std::deque<Block> blocks;
        std::size_t read = 0; ///< words of the first one
    };
    struct Front
    {
        std::uint64_t time;
        std::size_t queue, words;
        bool operator>(const Front& other) const { return time != other.time ? time > other.time : queue > other.queue; }
    };
    void pushFront(std::size_t queue);
    void readOn(Queue& queue, std::size_t words);
    void keepSpare(Block&& block);

    std::size_t m_maxWords, m_waitingWords = 0;
    std::vector<Queue> m_queues;
    std::vector<Front> m_heap; // smallest first
    std::vector<Block> m_spare;
    std::uint64_t m_latest = 0;
};

} // namespace opscope::sampling
