#pragma once

#include "core/record/torch/Exchange.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace opscope::torch {

/// Finished files on their way out of the exchange folders, on a thread of its own; looked at from the event loop.
class ScriptTaking
{
public:
    struct Share
    {
        std::shared_ptr<Exchange> exchange;
        std::vector<std::string> names;
    };
    /// Owns the exchanges from here on: afterwards they are removed, or, when the files could not be taken, kept.
    ScriptTaking(std::vector<Share> shares, std::string into, bool replace);
    ~ScriptTaking();     ///< at once: what is not done yet is cancelled, undone and removed behind it
    ScriptTaking(const ScriptTaking&) = delete;
    ScriptTaking& operator=(const ScriptTaking&) = delete;

    bool over() const { return m_work->over; }
    const Result<Exchange::Taken>& result() const { return *m_work->result; }       ///< once over
    const std::string& kept() const { return m_work->kept; }                        ///< once over: a folder that was kept, or empty
    std::uint64_t done() const { return m_work->done; }
    std::uint64_t of() const { return m_work->of; }                                 ///< bytes

private:
    struct Work
    {
        std::vector<Share> shares;
        std::string into;
        bool replace = false;
        std::optional<Result<Exchange::Taken>> result;
        std::string kept;
        std::atomic<bool> over = false, cancelled = false;
        std::atomic<std::uint64_t> done = 0, of = 0;
    };
    static void run(Work& work);
    std::shared_ptr<Work> m_work;
    std::thread m_thread;
};

} // namespace opscope::torch
