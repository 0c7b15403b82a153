#pragma once

#include <cstddef>
#include <cstdint>
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

    /// Whole records of ring number `ring`, behind those that it gave before.
    void add(std::size_t ring, std::span<const std::uint64_t> records);
    /// Hands out, in order of time, what is not younger than `horizon`, and more when too much waits. Words that are no records are
    /// dropped with the rest of their ring.
    void release(std::uint64_t horizon, const std::function<void(std::span<const std::uint64_t>)>& each);
    void releaseAll(const std::function<void(std::span<const std::uint64_t>)>& each) { release(UINT64_MAX, each); }
    /// Of everything that came in so far.
    std::uint64_t latest() const { return m_latest; }
    std::size_t waitingBytes() const;

private:
    struct Queue
    {
        std::vector<std::uint64_t> words;
        std::size_t read = 0;
        std::size_t seen = 0; ///< up to where the latest time has been looked at
    };
    struct Front
    {
        std::uint64_t time;
        std::size_t queue, words;
        bool operator>(const Front& other) const { return time != other.time ? time > other.time : queue > other.queue; }
    };
    bool front(std::size_t queue, Front& into);
    void pushFront(std::size_t queue);
    void lookAtNew(Queue& queue);

    std::size_t m_maxWords;
    std::vector<Queue> m_queues;
    std::vector<Front> m_heap; // smallest first
    std::uint64_t m_latest = 0;
};

} // namespace opscope::sampling
