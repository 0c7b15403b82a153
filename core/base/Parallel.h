#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace opscope {

/// Calls work(i) for each i in [0, count) on `threads` threads, the caller's included, and returns when all are done. Tasks
/// are handed out one by one in order, so that a long one does not hold the rest. The first exception is thrown again here.
template <class Work>
void parallelFor(std::size_t count, unsigned threads, Work&& work)
{
    std::atomic<std::size_t> next = 0;
    std::exception_ptr failure;
    std::mutex failureLock;
    const auto run = [&] {
        try {
            for (std::size_t i = next++; i < count; i = next++) work(i);
        } catch (...) {
            const std::lock_guard guard(failureLock);
            if (!failure) failure = std::current_exception();
            next = count;
        }
    };
    {
        std::vector<std::jthread> helpers;
        for (unsigned t = 1; t < threads && t < count; ++t) helpers.emplace_back(run);
        run();
    } // jthreads join
    if (failure) std::rethrow_exception(failure);
}

} // namespace opscope
