#pragma once

#include <cstdint>
#include <string>

namespace opscope::inject {

/// How an attempt went: the one JSON object that opscope-inject prints. Codes are ours and stable; sentences are made of them in inject/Failures.
struct Outcome
{
    enum class Result : std::uint8_t {
        Queued,     ///< the interpreter will run the statement at its next chance
        QueueFull,  ///< it has as many calls waiting as it takes
        Refused,    ///< nothing was done to the process
        Failed      ///< it was stopped, and everything is as it was
    };
    Result result = Result::Refused;
    std::string reason = {};        ///< "traced"; empty when queued
    std::string detail = {};        ///< of the system; may be empty. ASCII
    std::string python = {};        ///< "3.12.1"; empty: not known
    std::string method = {};        ///< "pending-call", "remote-exec"
    std::int64_t stoppedUs = 0;     ///< the main thread, at most: from asking it to stop to letting it go, over all tries
    int tries = 0;                  ///< stops; more than one where the first met it at a bad place
    bool queued() const { return result == Result::Queued; }

    static Outcome refused(std::string why, std::string more = {}) { return {.result = Result::Refused, .reason = std::move(why), .detail = std::move(more)}; }
    static Outcome failed(std::string why, std::string more = {}) { return {.result = Result::Failed, .reason = std::move(why), .detail = std::move(more)}; }
    std::string json() const;
};

} // namespace opscope::inject
