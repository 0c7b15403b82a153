#include <QObject>

#include "core/record/sampling/Collector.h"
#include "core/record/sampling/ProcFiles.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

// bench_record [--stacks unwound|frame-pointers] [--stack-bytes N] [--hz N] [--kernel on|off] [--seconds N] [--runs N] [--only attach|overhead|volume]: issue 5, speed of sampling.
//
// attach     from the request until events of all of 32 busy threads are taken; median of the runs
// overhead   work per second of processor time of 4 busy threads, with and without a recording at 999 Hz, in alternation; medians
// volume     8 busy threads, so all processors are, at 999 Hz: samples, lost ones, bytes, processor time and memory of the collector.
//            The figure for ten minutes is extrapolated from --seconds.

using namespace opscope;
using namespace opscope::sampling;
using Clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

namespace {

struct Options
{
    EventSettings events = {.frequency = 999, .stackBytes = 24'576};
    int seconds = 10, runs = 7;
    std::string only;
};

double median(std::vector<double> values)
{
    std::sort(values.begin(), values.end());
    return values.empty() ? 0 : values[values.size() / 2];
}

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

double ownCpuSeconds()
{
    rusage used = {};
    ::getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6; };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

double peakMiB()
{
    rusage used = {};
    ::getrusage(RUSAGE_SELF, &used);
    return static_cast<double>(used.ru_maxrss) / 1024;
}

double cpuSeconds(pid_t pid)
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

void overhead(const Options& options)
{
    std::vector<double> without, with, ratios;
    for (int run = 0; run < options.runs; ++run) {
        Target plain({"count", "2000", "4"});
        without.push_back(std::atof(plain.result().c_str()));
        Target recorded({"count", "2000", "4"});
        recorded.waitForThreads(5);
        Recording recording(recorded.pid(), options.events);
        with.push_back(std::atof(recorded.result().c_str()));
        recording.stop();
        ratios.push_back(without.back() / with.back());
    }
    std::sort(ratios.begin(), ratios.end());
    const auto spread = [](std::vector<double> values) {
        std::sort(values.begin(), values.end());
        return (values.back() / values.front() - 1) * 100;
    };
    std::printf("overhead, 4 busy threads            %+8.2f %%   (pairs: %+.2f to %+.2f %%; runs without recording differ by %.2f %%)\n",
                (median(without) / median(with) - 1) * 100, (ratios.front() - 1) * 100, (ratios.back() - 1) * 100, spread(without));
}

void volume(const Options& options)
{
    Target target({"threads", "6000000", "8"});
    target.waitForThreads(9);
    Recording recording(target.pid(), options.events);
    recording.waitUntilItRecords();
    const double targetBefore = cpuSeconds(target.pid()), ownBefore = ownCpuSeconds();
    std::this_thread::sleep_for(std::chrono::seconds(options.seconds));
    const double used = cpuSeconds(target.pid()) - targetBefore;
    const RecordStatus status = recording.stop();
    const double own = ownCpuSeconds() - ownBefore, seconds = std::chrono::duration<double>(status.elapsed).count();
    std::printf("volume, 8 busy threads, %.1f s, %.2f processors\n", seconds, used / seconds);
    std::printf("  samples                           %8llu      (%.0f Hz of processor time)\n", static_cast<unsigned long long>(status.samples),
                static_cast<double>(status.samples) / used);
    std::printf("  lost                              %8llu      (none)\n", static_cast<unsigned long long>(status.lost));
    std::printf("  file                              %8.2f MB   in ten minutes %.1f MB (extrapolated; under 200)\n",
                static_cast<double>(status.bytes) / 1e6, static_cast<double>(status.bytes) / 1e6 * 600 / seconds);
    std::printf("  collector                         %8.2f %%    of a processor, %.1f MiB at most\n", own / seconds * 100, peakMiB());
}

} // namespace

int main(int count, char** arguments)
{
    Options options;
    for (int i = 1; i < count; ++i) {
        const std::string_view argument = arguments[i];
        const std::string value = i + 1 < count ? arguments[i + 1] : "";
        if (argument == "--stacks" && value == "frame-pointers") options.events.stackBytes = 0;
        if (argument == "--stack-bytes") options.events.stackBytes = static_cast<std::uint32_t>(std::atoi(value.c_str()));
        if (argument == "--hz") options.events.frequency = static_cast<std::uint32_t>(std::max(1, std::atoi(value.c_str())));
        if (argument == "--kernel") options.events.kernel = value != "off";
        if (argument == "--seconds") options.seconds = std::atoi(value.c_str());
        if (argument == "--runs") options.runs = std::max(1, std::atoi(value.c_str()));
        if (argument == "--only") options.only = value;
    }
    std::printf("stacks: %s\n", options.events.stackBytes ? ("unwound from " + std::to_string(options.events.stackBytes) + " bytes").c_str() : "frame pointers");
    const auto wanted = [&](std::string_view what) { return options.only.empty() || options.only == what; };
    if (wanted("attach")) attach(options);
    if (wanted("overhead")) overhead(options);
    if (wanted("volume")) volume(options);
}
