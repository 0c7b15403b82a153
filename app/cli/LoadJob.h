#pragma once

#include "app/cli/Console.h"
#include "core/base/JobControl.h"
#include "core/base/Result.h"
#include "core/trace/Trace.h"

#include <memory>
#include <span>
#include <string>

namespace opscope {

/// A long job on the command line: Ctrl+C (and SIGTERM and SIGHUP) stop it, asked twice at once, and stderr tells how far it is while it is
/// a terminal. The last thing that a command does: the signals are taken by a thread of its own, and behind it nobody hears them any more,
/// so that one that comes when the work is done does not turn success into a killed process.
class LoadJob
{
public:
    explicit LoadJob(Console& console);
    ~LoadJob();
    LoadJob(const LoadJob&) = delete;
    LoadJob& operator=(const LoadJob&) = delete;

    const JobControl& control() const;
    bool cancelled() const { return control().cancelled(); }
    /// To be asked before a file gets its name: false when it was cancelled. Else what was asked for is about to be there, and nothing ends
    /// the process at once any more: status 0 and whole files, or another status and none.
    bool commit();
    /// Reads one file into a trace of its own.
    Result<TracePtr> load(const std::string& path) { return load(std::span(&path, 1)); }
    /// Reads files that belong together into one trace; at least one. A folder means the traces in it.
    Result<TracePtr> load(std::span<const std::string> paths);

    /// Shows the progress of what runs in its scope under this name, as loading does of itself.
    class Step
    {
    public:
        Step(LoadJob& job, const std::string& name) : m_job(job) { m_job.rename(name); }
        Step(const Step&) = delete;
        Step& operator=(const Step&) = delete;
        ~Step() { m_job.rename({}); }

    private:
        LoadJob& m_job;
    };

private:
    void rename(std::string name);
    struct State;
    std::unique_ptr<State> m_state;
};

} // namespace opscope
