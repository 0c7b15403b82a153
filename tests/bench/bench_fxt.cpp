#include "core/io/Loader.h"
#include "tests/bench/Bench.h"
#include "tests/bench/FxtTrace.h"

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <sched.h>
#include <stdexcept>
#include <string>

// bench_fxt [FILE] [--runs N] [--mb N] [--write FILE]: issue 5. Without a file one of 200 MB is made (tests/bench/FxtTrace).
//
// Whole load of an .fxt (file -> frozen trace, pairing, nesting, index and all) on one core: the process is bound to one, so that threads
// bring nothing. Medians; the first run is not counted. Beside other work the CPU column tells more than the wall clock.

using namespace opscope;
using namespace opscope::bench;

namespace {

void bindToOneCore()
{
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET(static_cast<std::size_t>(sched_getcpu()), &cpus);
    if (sched_setaffinity(0, sizeof cpus, &cpus) != 0) std::cerr << "could not bind to one core\n";
}

void measure(const std::string& file, int runs)
{
    Runs loads;
    TracePtr trace;
    for (int run = 0; run <= runs; ++run) {
        trace = nullptr;
        loads.time([&] {
            auto loaded = loadTrace(std::span(&file, 1), {}, {.threads = 1});
            if (!loaded) throw std::runtime_error(loaded.error().text());
            trace = *loaded;
        });
    }
    const double size = static_cast<double>(std::filesystem::file_size(file)) / 1e6;
    const double elements = static_cast<double>(trace->stats().elements);
    std::printf("%s: %.1f MB, %.2f M records with a time, %.2f M slices, %d runs on one core\n", std::filesystem::path(file).filename().c_str(), size,
                elements / 1e6, static_cast<double>(trace->slices().size()) / 1e6, runs);
    std::printf("  whole load, wall  %7.1f ms  %6.1f MB/s (at least 300)  %5.1f ns a record\n", loads.wall() * 1000, size / loads.wall(), loads.wall() / elements * 1e9);
    std::printf("  whole load, CPU   %7.1f ms  %6.1f MB/s\n", loads.cpu() * 1000, size / loads.cpu());
    std::printf("  trace in memory   %7.1f MB\n", static_cast<double>(trace->bytes()) / 1e6);
}

} // namespace

int main(int count, char** args)
{
    Arguments arguments(count, args);
    const int runs = arguments.runs();
    const std::uint64_t bytes = arguments.number("--mb", 200) * 1'000'000;
    const auto target = arguments.value("--write");
    const std::string file = arguments.file();
    return guarded([&] {
        if (target) {
            std::printf("%llu records with a time\n", static_cast<unsigned long long>(writeFxt(*target, bytes)));
            return 0;
        }
        bindToOneCore();
        const TemporaryFile made(".fxt");
        if (file.empty()) writeFxt(made.path, bytes);
        measure(file.empty() ? made.path : file, runs);
        return 0;
    });
}
