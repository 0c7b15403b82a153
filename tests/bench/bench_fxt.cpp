#include "core/io/Loader.h"
#include "tests/bench/FxtTrace.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <sched.h>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

// bench_fxt [FILE] [--runs N] [--mb N] [--write FILE]: issue 5. Without a file one of 200 MB is made (tests/bench/FxtTrace).
//
// Whole load of an .fxt (file -> frozen trace, pairing, nesting, index and all) on one core: the process is bound to one, so that threads
// bring nothing. Medians; the first run is not counted. Beside other work the CPU column tells more than the wall clock.

using namespace opscope;
using Clock = std::chrono::steady_clock;

namespace {

double cpuSeconds()
{
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](timeval t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double median(std::vector<double> values)
{
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

void bindToOneCore()
{
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET(static_cast<std::size_t>(sched_getcpu()), &cpus);
    if (sched_setaffinity(0, sizeof cpus, &cpus) != 0) std::cerr << "could not bind to one core\n";
}

void measure(const std::string& file, int runs)
{
    std::vector<double> wall, cpu;
    TracePtr trace;
    for (int run = 0; run <= runs; ++run) {
        trace = nullptr;
        const double cpuBefore = cpuSeconds();
        const auto begin = Clock::now();
        auto loaded = loadTrace(std::span(&file, 1), {}, {.threads = 1});
        if (!loaded) throw std::runtime_error(loaded.error().text());
        if (run > 0) {
            wall.push_back(std::chrono::duration<double>(Clock::now() - begin).count());
            cpu.push_back(cpuSeconds() - cpuBefore);
        }
        trace = *loaded;
    }
    const double size = static_cast<double>(std::filesystem::file_size(file)) / 1e6;
    const double elements = static_cast<double>(trace->stats().elements);
    std::printf("%s: %.1f MB, %.2f M records with a time, %.2f M slices, %d runs on one core\n", std::filesystem::path(file).filename().c_str(), size,
                elements / 1e6, static_cast<double>(trace->slices().size()) / 1e6, runs);
    std::printf("  whole load, wall  %7.1f ms  %6.1f MB/s (at least 300)  %5.1f ns a record\n", median(wall) * 1000, size / median(wall), median(wall) / elements * 1e9);
    std::printf("  whole load, CPU   %7.1f ms  %6.1f MB/s\n", median(cpu) * 1000, size / median(cpu));
    std::printf("  trace in memory   %7.1f MB\n", static_cast<double>(trace->bytes()) / 1e6);
}

} // namespace

int main(int count, char** args)
{
    std::string file, target;
    int runs = 5;
    std::uint64_t megabytes = 200;
    for (int i = 1; i < count; ++i) {
        const std::string_view arg = args[i];
        if (arg == "--runs" && i + 1 < count) runs = std::max(1, std::atoi(args[++i]));
        else if (arg == "--mb" && i + 1 < count) megabytes = std::strtoull(args[++i], nullptr, 10);
        else if (arg == "--write" && i + 1 < count) target = args[++i];
        else file = arg;
    }
    try {
        if (!target.empty()) {
            std::printf("%llu records with a time\n", static_cast<unsigned long long>(bench::writeFxt(target, megabytes * 1'000'000)));
            return 0;
        }
        bindToOneCore();
        if (!file.empty()) {
            measure(file, runs);
            return 0;
        }
        file = std::filesystem::temp_directory_path() / ("opscope-bench-" + std::to_string(getpid()) + ".fxt");
        bench::writeFxt(file, megabytes * 1'000'000);
        measure(file, runs);
        std::filesystem::remove(file);
    } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
    return 0;
}
