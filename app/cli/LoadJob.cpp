#include "app/cli/LoadJob.h"

#include "core/base/Path.h"
#include "core/base/StringPool.h"
#include "core/io/Loader.h"
#include "core/record/RecordProduct.h"

#include <chrono>
#include <csignal>
#include <ctime>
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <stop_token>
#include <thread>

namespace opscope {
namespace {

/// "big.json  43 %  Reading  1,234,567 events"; the percentage only once the size is known.
std::string progressLine(const std::string& name, const Progress& progress)
{
    std::string line = name;
    if (const std::uint64_t total = progress.total)
        line += "  " + std::to_string(std::min<std::uint64_t>(100, progress.done * 100 / total)) + " %";
    line += std::string("  ") + progress.step.load();
    if (progress.events) line += "  " + formatCount(static_cast<std::int64_t>(progress.events)) + " events";
    return line;
}

/// Signals that mean "stop", except those that the caller's shell told us to ignore.
sigset_t stopSignals()
{
    sigset_t signals;
    sigemptyset(&signals);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction now{};
        sigaction(number, nullptr, &now);
        if (now.sa_handler != SIG_IGN) sigaddset(&signals, number);
    }
    return signals;
}

} // namespace

struct LoadJob::State
{
    explicit State(Console& where) : console(where)
    {
        control.progress = &progress;
        control.stop = stop.get_token();
        signals = stopSignals();
        pthread_sigmask(SIG_BLOCK, &signals, nullptr); // before any thread starts, so that all inherit it
        watcher = std::jthread([this](std::stop_token end) { watch(end); });
    }
    ~State()
    {
        watcher.request_stop();
        watcher.join();
        if (shown) std::cerr << "\r\033[K" << std::flush;
    }

    /// Waits for a signal a tenth of a second at a time, and shows the progress in between.
    void watch(const std::stop_token& end)
    {
        using Clock = std::chrono::steady_clock;
        const Clock::time_point begin = Clock::now();
        const timespec tick{0, 50'000'000};
        while (!end.stop_requested()) {
            if (sigtimedwait(&signals, nullptr, &tick) > 0) asked();
            // Small files are done before a line would have been read.
            if (console.errIsTerminal() && Clock::now() - begin > std::chrono::milliseconds(300)) show();
        }
    }
    void asked()
    {
        const std::lock_guard lock(endGuard); // also while it ends at once: no file gets its name meanwhile
        if (stop.stop_requested() && !committed) std::_Exit(130);
        stop.request_stop();
    }
    bool commit()
    {
        const std::lock_guard lock(endGuard);
        committed = committed || !stop.stop_requested();
        return committed;
    }
    void show()
    {
        const std::lock_guard lock(nameGuard);
        if (name.empty()) return;
        std::cerr << "\r\033[K" << withoutControls(progressLine(name, progress)) << std::flush;
        shown = true;
    }

    Console& console;
    Progress progress;
    std::stop_source stop;
    JobControl control;
    sigset_t signals{};
    std::mutex endGuard;
    bool committed = false; // files get their names
    std::mutex nameGuard;
    std::string name;      // of the file being read, "" between files
    bool shown = false;
    std::jthread watcher;
};

LoadJob::LoadJob(Console& console) : m_state(std::make_unique<State>(console)) {}
LoadJob::~LoadJob() = default;

const JobControl& LoadJob::control() const { return m_state->control; }
bool LoadJob::commit() { return m_state->commit(); }

void LoadJob::rename(std::string name)
{
    const std::lock_guard lock(m_state->nameGuard);
    m_state->name = std::move(name);
    if (m_state->name.empty() && m_state->shown) std::cerr << "\r\033[K" << std::flush; // the line is the answer's now
}

Result<TracePtr> LoadJob::load(std::span<const std::string> paths)
{
    m_state->progress.done = m_state->progress.total = m_state->progress.events = 0;
    rename(fileName(paths.front()));
    Result<TracePtr> trace = loadTrace(withFoldersOpened(paths), m_state->control);
    rename("");
    return trace;
}

} // namespace opscope
