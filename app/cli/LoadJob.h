#pragma once

#include "app/cli/Console.h"
#include "core/base/JobControl.h"
#include "core/base/Result.h"
#include "core/trace/Trace.h"

#include <memory>
#include <span>
#include <string>

namespace opscope {

/// A long job on the command line: Ctrl+C (and SIGTERM) stop it, and stderr tells how far it is while it is a terminal.
/// As long as one lives, both signals are taken by a thread of its own; afterwards all is as before.
class LoadJob
{
public:
    explicit LoadJob(Console& console);
    ~LoadJob();
    LoadJob(const LoadJob&) = delete;
    LoadJob& operator=(const LoadJob&) = delete;

    const JobControl& control() const;
    bool cancelled() const { return control().cancelled(); }
    /// Reads one file into a trace of its own.
    Result<TracePtr> load(const std::string& path) { return load(std::span(&path, 1)); }
    /// Reads files that belong together into one trace; at least one.
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
