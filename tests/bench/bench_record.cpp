#include <QObject>

#include "core/record/sampling/Collector.h"
#include "core/record/sampling/ProcFiles.h"
#include "core/record/sampling/SamplingBackend.h"
#include "tests/bench/Bench.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <linux/perf_event.h>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

// bench_record [--stacks unwound|frame-pointers] [--stack-bytes N] [--hz N] [--kernel on|off] [--seconds N] [--runs N] [--only attach|overhead|volume]: issue 5, speed of sampling.
//
// attach     from the request until events of all of 32 busy threads are taken; median of the runs
// overhead   work per second of processor time of 4 busy threads, in rounds: nobody looks; the timer alone, so events at 999 Hz that take
//            nothing and that nobody reads; a recording at 999 Hz. Medians of the rounds. What the interrupts of the timer cost is up to the
//            machine (much, where it is virtual), and no recorder at that rate can be without them; what lies above is ours.
// volume     8 busy threads, so all processors are, at 999 Hz: samples, lost ones, bytes, processor time and memory of the collector.
//            The figure for ten minutes is extrapolated from --seconds, unless that is 600.

using namespace opscope;
using namespace opscope::sampling;
using namespace opscope::bench;
namespace fs = std::filesystem;

namespace {

struct Options
{
    EventSettings events = eventSettings({});
    int seconds = 10, runs = 7;
    std::string only;
    void setStack(int bytes)
    {
        events.stackBytes = static_cast<std::uint32_t>(bytes);
        events.stackByTarget = false;
    }
    std::string stacks() const
    {
        if (events.stackByTarget) return "unwound from as many bytes as suit the target";
        return events.stackBytes ? "unwound from " + std::to_string(events.stackBytes) + " bytes" : "frame pointers";
    }
};

/// The target with its output in a pipe.
class Target
{
public:
    explicit Target(std::vector<std::string> words)
    {
        words.insert(words.begin(), OPSCOPE_SAMPLING_TARGET);
        std::vector<char*> pointers;
        for (std::string& word : words) pointers.push_back(word.data());
        pointers.push_back(nullptr);
        int ends[2];
        if (::pipe(ends) != 0) std::abort();
        m_pid = ::fork();
        if (m_pid == 0) {
            ::dup2(ends[1], 1);
            ::execv(pointers[0], pointers.data());
            ::_exit(127);
        }
        ::close(ends[1]);
        m_output = ends[0];
    }
    ~Target()
    {
        if (m_pid > 0) ::kill(m_pid, SIGKILL);
        if (m_pid > 0) ::waitpid(m_pid, nullptr, 0);
        ::close(m_output);
    }
    pid_t pid() const { return m_pid; }
    void waitForThreads(std::size_t count) const
    {
        while (threadsOf(m_pid).size() < count) ::usleep(1000);
    }
    /// What it printed, at its end.
    std::string result()
    {
        std::string text;
        char piece[256];
        for (ssize_t n = 0; (n = ::read(m_output, piece, sizeof piece)) > 0;) text.append(piece, static_cast<std::size_t>(n));
        ::waitpid(m_pid, nullptr, 0);
        m_pid = -1;
        return text;
    }

private:
    pid_t m_pid = -1;
    int m_output = -1;
};

/// A recording of a process, from its construction on.
class Recording
{
public:
    Recording(pid_t pid, const EventSettings& events)
        : m_path((fs::temp_directory_path() / ("opscope-bench-" + std::to_string(::getpid()) + ".fxt")).string()), m_asked(Clock::now()),
          m_collector({{.pid = pid}, m_path, events}, {.recording = [this] { m_began = Clock::now().time_since_epoch().count(); },
                                                       .collecting = [] {},
                                                       .noted = [](const std::string& note) { std::printf("  note: %s\n", note.c_str()); },
                                                       .over = [this] { m_over = true; }})
    {
    }
    void waitUntilItRecords() const
    {
        while (!m_began && !m_over) ::usleep(200);
    }
    double attachMs() const
    {
        return std::chrono::duration<double, std::milli>(Clock::duration(m_began.load()) - m_asked.time_since_epoch()).count();
    }
    RecordStatus stop()
    {
        m_collector.stop();
        while (!m_over) ::usleep(1000);
        if (m_collector.outcome().failure) std::printf("  failed: %s\n", m_collector.outcome().failure->message.c_str());
        return m_collector.status();
    }

private:
    std::string m_path;
    Clock::time_point m_asked;
    std::atomic<Clock::rep> m_began = 0;
    std::atomic<bool> m_over = false;
    Collector m_collector;
};

double peakMiB()
{
    rusage used = {};
    ::getrusage(RUSAGE_SELF, &used);
    return static_cast<double>(used.ru_maxrss) / 1024;
}

double cpuSecondsOf(pid_t pid)
{
    const auto stat = procStat(pid);
    return stat ? static_cast<double>(stat->cpuTicks) / static_cast<double>(::sysconf(_SC_CLK_TCK)) : 0;
}

void attach(const Options& options)
{
    Target target({"threads", "600000", "32"});
    target.waitForThreads(33);
    std::vector<double> times;
    for (int run = 0; run < options.runs; ++run) {
        Recording recording(target.pid(), options.events);
        recording.waitUntilItRecords();
        times.push_back(recording.attachMs());
        recording.stop();
    }
    std::printf("attach, 32 busy threads             %8.1f ms   (at most 150; slowest of %d: %.1f)\n", median(times), options.runs,
                *std::max_element(times.begin(), times.end()));
}

/// Takes nothing, wakes nobody: events without a ring.
std::vector<Descriptor> timerAlone(pid_t pid, const EventSettings& like)
{
    std::vector<Descriptor> events;
    for (const pid_t tid : threadsOf(pid)) {
        perf_event_attr attributes = {};
        attributes.size = sizeof attributes;
        attributes.type = PERF_TYPE_SOFTWARE;
        attributes.config = PERF_COUNT_SW_CPU_CLOCK;
        attributes.freq = 1;
        attributes.sample_freq = like.frequency;
        attributes.exclude_hv = 1;
        attributes.exclude_kernel = !like.kernel;
        events.emplace_back(static_cast<int>(::syscall(SYS_perf_event_open, &attributes, tid, -1, -1, PERF_FLAG_FD_CLOEXEC)));
        if (events.back().get() < 0) std::printf("  no timer: perf_event_open fails\n");
    }
    return events;
}

enum class Arm { Plain, Timer, Recording };

/// Rounds of small work for each second of processor time.
double work(Arm arm, const Options& options)
{
    Target target({"count", "2000", "4"});
    target.waitForThreads(5);
    std::vector<Descriptor> timer;
    std::optional<Recording> recording;
    if (arm == Arm::Timer) timer = timerAlone(target.pid(), options.events);
    if (arm == Arm::Recording) recording.emplace(target.pid(), options.events);
    const double rate = std::atof(target.result().c_str());
    if (recording) recording->stop();
    return rate;
}

void printShare(const char* what, std::vector<double> ratios)
{
    std::sort(ratios.begin(), ratios.end());
    const auto percent = [&](std::size_t i) { return (ratios[i] - 1) * 100; };
    std::printf("  %-33s %+8.2f %%   (half of the rounds: %+.2f to %+.2f; all: %+.2f to %+.2f)\n", what, percent(ratios.size() / 2),
                percent(ratios.size() / 4), percent(ratios.size() * 3 / 4), percent(0), percent(ratios.size() - 1));
}

void overhead(const Options& options)
{
    std::vector<double> noise, timer, all, ours;
    for (int run = 0; run < options.runs; ++run) {
        std::map<Arm, double> rate;
        std::array<Arm, 3> order{Arm::Plain, Arm::Timer, Arm::Recording};
        std::rotate(order.begin(), order.begin() + run % 3, order.end()); // a machine that slows down is unfair to nobody
        for (const Arm arm : order) rate[arm] = work(arm, options);
        noise.push_back(work(Arm::Plain, options) / rate[Arm::Plain]);
        timer.push_back(rate[Arm::Plain] / rate[Arm::Timer]);
        all.push_back(rate[Arm::Plain] / rate[Arm::Recording]);
        ours.push_back(rate[Arm::Timer] / rate[Arm::Recording]);
    }
    std::printf("overhead, 4 busy threads, %d rounds\n", options.runs);
    printShare("of a recording", all);
    printShare("of the timer alone", timer);
    printShare("of a recording above the timer", ours);
    printShare("noise: without either, twice", noise);
}

void volume(const Options& options)
{
    Target target({"threads", "6000000", "8"});
    target.waitForThreads(9);
    Recording recording(target.pid(), options.events);
    recording.waitUntilItRecords();
    const double targetBefore = cpuSecondsOf(target.pid()), ownBefore = cpuSeconds();
    const auto tenth = std::chrono::milliseconds(options.seconds * 100);
    std::this_thread::sleep_for(tenth);
    const double early = peakMiB();
    std::this_thread::sleep_for(tenth * 9);
    const double used = cpuSecondsOf(target.pid()) - targetBefore;
    const RecordStatus status = recording.stop();
    const double own = cpuSeconds() - ownBefore, seconds = std::chrono::duration<double>(status.elapsed).count();
    const double bytes = static_cast<double>(status.bytes) / 1e6;
    std::printf("volume, 8 busy threads, %.1f s, %.2f processors\n", seconds, used / seconds);
    std::printf("  samples                           %8llu      (%.0f Hz of processor time)\n", static_cast<unsigned long long>(status.samples),
                static_cast<double>(status.samples) / used);
    std::printf("  lost                              %8llu      (none)\n", static_cast<unsigned long long>(status.lost));
    std::printf("  file                              %8.2f MB", bytes);
    if (options.seconds < 600) std::printf("   in ten minutes %.1f MB (extrapolated;", bytes * 600 / seconds);
    std::printf("%sunder 200 in ten minutes)\n", options.seconds < 600 ? " " : "   (");
    std::printf("  memory                            %8.1f MiB at most, %.1f in the first tenth\n", peakMiB(), early);
    std::printf("  collector                         %8.2f %%    of a processor\n", own / seconds * 100);
}

} // namespace

int main(int count, char** arguments)
{
    Options options;
    for (int i = 1; i < count; ++i) {
        const std::string_view argument = arguments[i];
        const std::string value = i + 1 < count ? arguments[i + 1] : "";
        if (argument == "--stacks" && value == "frame-pointers") options.setStack(0);
        if (argument == "--stack-bytes") options.setStack(std::atoi(value.c_str()));
        if (argument == "--hz") options.events.frequency = static_cast<std::uint32_t>(std::max(1, std::atoi(value.c_str())));
        if (argument == "--kernel") options.events.kernel = value != "off";
        if (argument == "--seconds") options.seconds = std::atoi(value.c_str());
        if (argument == "--runs") options.runs = std::max(1, std::atoi(value.c_str()));
        if (argument == "--only") options.only = value;
    }
    std::printf("stacks: %s\n", options.stacks().c_str());
    const auto wanted = [&](std::string_view what) { return options.only.empty() || options.only == what; };
    if (wanted("attach")) attach(options);
    if (wanted("overhead")) overhead(options);
    if (wanted("volume")) volume(options);
}
