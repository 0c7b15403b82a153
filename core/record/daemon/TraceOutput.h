#pragma once

#include "core/base/Descriptor.h"
#include "core/base/Result.h"
#include "core/record/RecorderBackend.h"
#include "core/record/torch/Exchange.h"

#include <cstdint>
#include <memory>
#include <string>

namespace opscope::daemon {

/// Where one process writes its trace, and what is there of it. The process is a stranger: nothing is followed, and a file counts only with the id
/// of our request in it.
class TraceOutput
{
public:
    /// Error: a sentence.
    static Result<TraceOutput> make(const RecordTarget& target, const std::string& traceId);

    const std::string& logFile() const { return m_logFile; }          ///< for the configuration, as the process sees it
    const std::string& folder() const { return m_exchange->folder(); } ///< as we see it
    const std::string& prefix() const { return m_prefix; }            ///< in front of the process's paths; empty: they are ours
    /// The file is named after the number that the process knows itself by.
    void expect(pid_t ownPid);

    enum class State : std::uint8_t { Nothing, Begun, Whole, Foreign }; ///< Foreign: whole, and of another request
    struct Seen
    {
        State state = State::Nothing;
        std::uint64_t bytes = 0;
    };
    /// Some system calls; reads at most a MiB of a file that has just become whole.
    Seen look();
    /// It came under libkineto's own name, since the process may write elsewhere only.
    bool wasRefused() const { return m_refused; }
    /// A trace that was cut off gets the name of a whole one. False: there is nothing in it that could be shown.
    bool keepRest();
    /// Whether anything was recorded: looks at no more than the first 16 MiB.
    bool hasEvents() const;

    std::string fallbackPath() const { return m_prefix + "/tmp/" + m_fallback; } ///< libkineto's own name, as we see it
    const std::string& name() const { return m_name; }                ///< of the file in the exchange folder
    const std::shared_ptr<torch::Exchange>& exchange() const { return m_exchange; } ///< its last owner removes the folder

private:
    TraceOutput() = default;
    bool takeFallback();

    std::shared_ptr<torch::Exchange> m_exchange;
    Descriptor m_folder;
    std::string m_logFile, m_prefix, m_traceId, m_name, m_fallback;
    State m_whole = State::Nothing; ///< Whole or Foreign, once it is
    bool m_refused = false;
};

/// libkineto's own name for the trace of this process.
std::string fallbackName(pid_t ownPid);
/// Whether this file is the trace that was asked for: its id is near the beginning. Without any (PyTorch before 2.1) the answer is `unnamed`.
bool hasTraceId(int file, const std::string& traceId, bool unnamed);

} // namespace opscope::daemon
