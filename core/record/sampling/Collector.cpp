#include "core/record/sampling/Collector.h"

#include "core/base/Time.h"
#include "core/record/Presentable.h"
#include "core/record/sampling/ProcFiles.h"
#include "core/record/sampling/RingDrainer.h"
#include "core/record/sampling/SampleTrace.h"
#include "core/record/sampling/StackChoice.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <exception>
#include <new>
#include <sys/eventfd.h>
#include <unistd.h>

namespace opscope::sampling {

namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kMillisecond = 1'000'000;
/// What is younger waits for what another ring may still bring. A record is written within microseconds of its time, unless the host takes
/// the processor away in between.
constexpr std::uint64_t kWindow = 50 * kMillisecond;
constexpr std::uint64_t kFlushEvery = 700 * kMillisecond;
constexpr std::size_t kFlushBytes = std::size_t{1} << 20;
constexpr std::uint64_t kMeasureEvery = 500 * kMillisecond;
constexpr milliseconds kPatience{100};

std::uint64_t clockNs(clockid_t clock)
{
    timespec now = {};
    ::clock_gettime(clock, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

std::uint64_t monotonicNs() { return clockNs(CLOCK_MONOTONIC); }

std::string joined(const std::vector<std::string>& words)
{
    std::string line;
    for (const std::string& word : words) line += (line.empty() ? "" : " ") + word;
    return presentable(line);
}

} // namespace

Collector::Collector(CollectorRequest request, Listener listener)
    : m_request(std::move(request)), m_listener(std::move(listener)), m_wakeUp(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      m_thread([this] { run(); })
{
}

Collector::~Collector()
{
    abandon();
    m_thread.join();
}

void Collector::wish(Wish wish)
{
    m_wish.store(wish, std::memory_order_release);
    const std::uint64_t one = 1;
    static_cast<void>(!::write(m_wakeUp.get(), &one, sizeof one));
}

void Collector::stop()
{
    if (wished() == Wish::Record) wish(Wish::Stop);
}

void Collector::cancel()
{
    if (wished() < Wish::Cancel) wish(Wish::Cancel);
}

void Collector::abandon()
{
    if (wished() < Wish::Cancel) wish(Wish::Abandon);
}

RecordStatus Collector::status() const
{
    RecordStatus status;
    const std::uint64_t begun = m_begun.load(), ended = m_ended.load();
    if (begun) status.elapsed = milliseconds(((ended ? ended : monotonicNs()) - begun) / kMillisecond);
    status.samples = m_samples.load();
    status.lost = m_lost.load();
    status.bytes = m_bytes.load();
    status.targetCpu = m_cpu.load();
    status.pid = m_commandPid.load();
    if (const int exit = m_exitStatus.load(); exit >= 0) status.exitStatus = exit;
    return status;
}

void Collector::run()
{
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &m_signals); // signals are for the thread that knows what to do with them
    try {
        m_outcome.failure = record();
    } catch (const std::bad_alloc&) {
        m_outcome.failure = RecordFailure{"There is not enough memory to go on recording.", {}, {}};
    } catch (const std::exception& problem) { // of the system: no thread could be made
        m_outcome.failure = RecordFailure{"The recording cannot go on.", {}, presentable(problem.what())};
    }
    if (m_file && !wantsNothing() && m_begun.load()) m_outcome.file.emplace(std::move(*m_file));
    m_file.reset(); // takes the part away
    m_events.reset();
    if (m_outcome.failure) m_outcome.end = RecordEnd::Failed;
    if (m_command && wished() == Wish::Cancel) m_command->terminate();
    m_command.reset();
    m_listener.over();
}

std::optional<RecordFailure> Collector::record()
{
    auto file = GrowingFile::create(m_request.path, GrowingFile::packingOf(m_request.path));
    if (!file) return RecordFailure{file.error().text() + ".", {}, {}};
    m_file.emplace(std::move(*file));
    if (auto failure = begin()) return failure;
    tellNotes();
    if (!m_command && isPythonWithoutNames(m_pid)) tell("Python functions are not visible: start Python (3.12 or later) with -X perf");
    collect();
    if (wantsNothing()) return {};
    m_ended = monotonicNs();
    m_listener.collecting();
    finish();
    if (m_writeError == ENOSPC || m_writeError == EDQUOT || m_writeError == EFBIG) m_outcome.end = RecordEnd::DiskFull;
    else if (m_writeError) return RecordFailure{m_file->cannot(m_writeError).text() + ".", "What was recorded until then is kept.", {}};
    if (const Status synced = m_file->sync(); !synced && !m_writeError) return RecordFailure{synced.error().text() + ".", {}, {}};
    return {};
}

// --- beginning

std::optional<RecordFailure> Collector::begin()
{
    const bool command = !m_request.target.command.empty();
    m_pid = m_request.target.pid;
    if (command) {
        auto launched = LaunchedCommand::prepare(m_request.target.command, m_request.target.folder, m_request.target.environment, m_signals);
        if (!launched) return RecordFailure{launched.error().text() + ".", {}, {}};
        m_command.emplace(std::move(*launched));
        m_pid = m_command->pid();
        m_request.events.onExec = true;
    } else if (!isAlive(m_pid, m_request.target.startTicks)) {
        return goneText(m_pid);
    } else if (m_request.events.stackByTarget) {
        m_request.events.stackBytes = stackBytesOf(m_pid);
    }
    m_startTime = monotonicNs();
    const std::uint64_t wallClock = clockNs(CLOCK_REALTIME);
    m_events = std::make_unique<PerfEvents>(m_request.events);
    if (auto refused = attach()) return refused;
    const std::uint64_t attached = monotonicNs();
    if (!command) began();
    SampleTrace::Settings settings;
    settings.layout = m_events->layout();
    settings.frequency = m_events->settings().frequency;
    settings.switches = m_events->hasSwitches();
    settings.start = m_events->monotonic() ? m_startTime : 0;
    settings.wallClockNs = static_cast<std::int64_t>(wallClock);
    m_trace = std::make_unique<SampleTrace>(m_buffer, settings);
    m_trace->addTarget(m_pid, m_events->monotonic() ? attached : 0, command ? SampleTrace::Known::FromItsExec : SampleTrace::Known::FromMaps);
    markBegin();
    if (!command) return {};
    if (const Status started = m_command->go(); !started) return RecordFailure{started.error().text() + ".", "Check the name and the folder.", {}};
    m_commandPid = m_pid;
    began();
    return {};
}

/// Where every processor is busy, a few ms of work would take a tenth of a second.
std::optional<RecordFailure> Collector::attach()
{
    const Urgent urgent;
    return m_events->attach(m_pid, m_inboxes);
}

void Collector::began()
{
    m_begun = m_startTime;
    m_listener.recording();
}

void Collector::markBegin()
{
    const EventSettings& as = m_events->settings();
    const std::string command = m_command ? joined(m_request.target.command) : commandLine(m_pid);
    const std::array<FxtWriter::Argument, 9> arguments{{
        {"pid", std::int64_t{m_pid}},
        {"command", std::string_view(command)},
        {"sampled_hz", std::uint64_t{as.frequency}},
        {"event", std::string_view(as.cycles ? "cycles" : "cpu-clock")},
        {"stacks", std::string_view(as.stackBytes ? "unwound" : "frame pointers")},
        {"stack_bytes", std::uint64_t{as.stackBytes}},
        {"kernel", as.kernel},
        {"monotonic_ns", m_startTime},
        {"realtime_ns", clockNs(CLOCK_REALTIME) - (monotonicNs() - m_startTime)},
    }};
    m_trace->mark(0, "recording began", arguments);
}

// --- recording

/// Threads are gone before their process is: that takes a moment.
bool Collector::isTargetGone() const
{
    for (int i = 0; i < 100 && m_gone && isAlive(m_pid, m_request.target.startTicks); ++i) std::this_thread::sleep_for(milliseconds(5));
    return !isAlive(m_pid, m_request.target.startTicks);
}

void Collector::addDrained()
{
    for (std::size_t i = 0; i < m_inboxes.size(); ++i) m_merge.add(i, std::move(m_inboxes[i]));
    m_inboxes.clear();
}

void Collector::collect()
{
    addDrained(); // while attaching
    RingDrainer drainer(*m_events, m_wakeUp.get());
    for (RingDrainer::State state; !state.over && wished() == Wish::Record && !m_writeError;) {
        state = drainer.take(m_merge, kPatience);
        m_gone = state.allGone;
        const std::uint64_t latest = m_events->monotonic() ? state.at : m_merge.latest();
        process(latest > kWindow ? latest - kWindow : 0);
        periodically();
    }
    drainer.stop();
    drainer.take(m_merge, {});
}

void Collector::process(std::uint64_t horizon)
{
    m_trace->beginBatch();
    PerfRecord record;
    const SampleLayout layout = m_events->layout();
    m_merge.release(horizon, [&](std::span<const std::uint64_t> words) {
        if (wantsNothing() || !decodeRecord(words, layout, record)) return;
        m_trace->take(record);
        if (m_buffer.size() >= kFlushBytes) flush();
    });
    m_samples = m_trace->counts().samples;
    m_lost = m_trace->counts().lost;
}

void Collector::flush()
{
    m_flushedAt = monotonicNs();
    if (!m_writeError) m_writeError = m_file->append(m_buffer, fxt::wholeRecords); // of a full disk all that fits
    m_buffer.clear();
    m_bytes = m_file->size();
}

void Collector::periodically()
{
    const std::uint64_t now = monotonicNs();
    if (now - m_flushedAt >= kFlushEvery) {
        m_trace->writeOpen();
        flush();
    }
    if (now - m_measuredAt >= kMeasureEvery) measureCpu();
}

void Collector::measureCpu()
{
    const auto stat = procStat(m_pid);
    const std::uint64_t now = monotonicNs();
    if (stat && m_measuredAt && stat->cpuTicks >= m_cpuTicks) {
        const double seconds = static_cast<double>(stat->cpuTicks - m_cpuTicks) / static_cast<double>(::sysconf(_SC_CLK_TCK));
        m_cpu = seconds * 1e9 / static_cast<double>(now - m_measuredAt);
    }
    m_measuredAt = now;
    m_cpuTicks = stat ? stat->cpuTicks : 0;
}

void Collector::tell(const std::string& note) { m_listener.noted(note); }

void Collector::tellNotes()
{
    for (; m_told < m_events->notes().size(); ++m_told) tell(m_events->notes()[m_told]);
}

// --- ending

void Collector::finish()
{
    m_events->disable();
    m_events->drain(m_inboxes);
    addDrained();
    const std::uint64_t ended = monotonicNs();
    process(UINT64_MAX);
    const std::uint64_t now = m_events->monotonic() ? ended : m_merge.latest();
    m_trace->finish(now);
    const SampleTrace::Counts& counts = m_trace->counts();
    const std::array<FxtWriter::Argument, 5> arguments{{{"samples", counts.samples},
                                                        {"lost", counts.lost},
                                                        {"without_callers", counts.cut},
                                                        {"monotonic_ns", monotonicNs()},
                                                        {"realtime_ns", clockNs(CLOCK_REALTIME)}}};
    m_trace->mark(now, "recording ended", arguments);
    flush();
    const bool targetEnded = isTargetGone();
    if (m_command && targetEnded)
        if (const auto exit = m_command->exitStatus()) m_exitStatus = *exit;
    if (targetEnded) m_outcome.end = RecordEnd::TargetEnded;
    if (m_gone && !targetEnded) tell("The system ended the recording: the process runs on as a program with other rights");
    tellMissingCallers();
}

/// Not those that could be completed from the stack before.
void Collector::tellMissingCallers()
{
    const SampleTrace::Counts& counts = m_trace->counts();
    const std::uint32_t copied = m_events->settings().stackBytes, more = moreStackBytes(copied);
    const auto ofAll = [&](std::uint64_t count) { return formatCount(static_cast<std::int64_t>(count)) + " of " + formatCount(static_cast<std::int64_t>(counts.stacks)); };
    if (counts.deepCut) {
        const bool asAsked = copied == m_request.events.stackBytes; // else a note has told why there cannot be more
        tell(ofAll(counts.deepCut) + " stacks lack callers: they are deeper than the " + std::to_string((copied + 512) / 1024) +
             " KiB that are copied" + (asAsked && more ? "; --stack-bytes " + std::to_string(more) + " copies more" : ""));
    }
    if (const std::uint64_t other = counts.cut - counts.deepCut; other * 20 > counts.stacks)
        tell(ofAll(other) + " stacks lack callers: the program does not say how to find them");
}

} // namespace opscope::sampling
