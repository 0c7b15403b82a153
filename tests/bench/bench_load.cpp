#include "core/io/Loader.h"
#include "tests/bench/Bench.h"
#include "tests/bench/ScaledTrace.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <simdjson.h>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

// bench_load [FILE] [--runs N]: issue 2, section 7. Without a file a trace of 100 MB is made from our own sample.
//
// Our load (file -> frozen trace) against a single-threaded simdjson On-Demand walk over every value of the same plain file,
// reading included; both in alternation, in one process, files in the page cache. Medians; the first run is not counted.

using namespace opscope;
using namespace opscope::bench;

namespace {

std::uint64_t walk(simdjson::ondemand::value value)
{
    switch (value.type().value()) {
    case simdjson::ondemand::json_type::object: {
        std::uint64_t sum = 0;
        for (auto field : value.get_object()) {
            sum += field.unescaped_key().value().size();
            sum += walk(field.value());
        }
        return sum;
    }
    case simdjson::ondemand::json_type::array: {
        std::uint64_t sum = 0;
        for (auto element : value.get_array())
            sum += walk(element.value());
        return sum;
    }
    case simdjson::ondemand::json_type::string: return value.get_string().value().size();
    case simdjson::ondemand::json_type::number: return static_cast<std::uint64_t>(value.get_double().value() != 0);
    case simdjson::ondemand::json_type::boolean: return value.get_bool().value();
    default: return value.is_null();
    }
}

std::uint64_t walkFile(const std::string& path)
{
    const simdjson::padded_string text = simdjson::padded_string::load(path).value();
    simdjson::ondemand::parser parser;
    auto document = parser.iterate(text);
    return walk(document.get_value().value());
}

TracePtr mustLoad(const std::string& path, Progress* progress = nullptr)
{
    auto trace = loadTrace(std::vector<std::string>{path}, JobControl{progress, {}});
    if (!trace) {
        std::cerr << trace.error().text() << '\n';
        std::exit(1);
    }
    return *trace;
}

/// Peak resident memory of a process that loads the file and nothing else, in MiB.
double peakMiB(const std::string& path)
{
    const pid_t child = fork();
    if (child == 0) {
        const TracePtr trace = mustLoad(path);
        _exit(trace ? 0 : 1);
    }
    int status = 0;
    rusage usage{};
    wait4(child, &status, 0, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1024;
}

void stageTimes(const std::string& path)
{
    // The steps as they tell themselves, looked at every half millisecond.
    Progress progress;
    std::atomic<bool> done = false;
    std::vector<std::pair<std::string, double>> stages;
    std::thread watcher([&] {
        auto last = Clock::now();
        while (!done) {
            const std::string step = progress.step.load();
            const auto now = Clock::now();
            if (stages.empty() || stages.back().first != step)
                stages.emplace_back(step, 0);
            stages.back().second += std::chrono::duration<double>(now - last).count();
            last = now;
            std::this_thread::sleep_for(std::chrono::microseconds(500));
        }
    });
    mustLoad(path, &progress);
    done = true;
    watcher.join();
    for (const auto& [step, seconds] : stages)
        if (seconds > 0.0005)
            std::printf("    %-28s %7.1f ms\n", step.empty() ? "opening" : step.c_str(), seconds * 1000);
}

void compare(const std::string& plain, int runs)
{
    const TemporaryFile packed(".packed.gz");
    compress(plain, packed.path);
    Runs ours, theirs, gz;
    std::uint64_t elements = 0;
    std::size_t bytes = 0, names = 0;
    for (int run = 0; run <= runs; ++run) {
        ours.time([&] {
            const TracePtr trace = mustLoad(plain);
            elements = trace->stats().elements;
            bytes = trace->bytes();
            names = trace->strings().bytes();
        });
        theirs.time([&] { walkFile(plain); });
        gz.time([&] { mustLoad(packed.path); });
    }
    const double size = static_cast<double>(std::filesystem::file_size(plain));
    const double walkSeconds = theirs.wall();
    const auto line = [&](const char* title, const Runs& r) {
        std::printf("  %-26s %7.1f ms wall %7.1f ms CPU  %5.2f s/GB", title, r.wall() * 1000, r.cpu() * 1000,
                    r.wall() / size * 1e9);
    };
    std::printf("%s: %.1f MB, %llu events, %d runs\n", std::filesystem::path(plain).filename().c_str(), size / 1e6,
                static_cast<unsigned long long>(elements), runs);
    line("simdjson walk, one thread", theirs);
    std::printf("\n");
    line("our load, plain", ours);
    std::printf("  ratio %.2f (at most 0.60)  %.2f M events/s\n", ours.wall() / walkSeconds,
                static_cast<double>(elements) / ours.wall() / 1e6);
    line("our load, gzip", gz);
    std::printf("  ratio %.2f (at most 0.70)\n", gz.wall() / walkSeconds);
    std::printf("  bytes an event             %7.1f beside %.1f MB of names (at most 64)\n",
                static_cast<double>(bytes - std::min(bytes, names)) / static_cast<double>(std::max<std::uint64_t>(elements, 1)),
                static_cast<double>(names) / 1e6);
    const double plainPeak = peakMiB(plain), packedPeak = peakMiB(packed.path), fileMiB = size / (1 << 20);
    std::printf("  peak resident memory       %7.1f MiB = %.2f of the plain file (at most 0.70); gzip %.1f MiB = %.2f\n", plainPeak,
                plainPeak / fileMiB, packedPeak, packedPeak / fileMiB);
    std::printf("  stages, plain:\n");
    stageTimes(plain);
}

} // namespace

int main(int count, char** args)
{
    Arguments arguments(count, args);
    const int runs = arguments.runs();
    const std::string file = arguments.file();
    return guarded([&] {
        if (!file.empty()) {
            compare(file, runs);
            return 0;
        }
        const TemporaryFile big(".json");
        for (const std::uint64_t events : {std::uint64_t{0}, std::uint64_t{1'000'000}, std::uint64_t{4'000'000}}) {
            writeScaled({OPSCOPE_SAMPLE, events ? std::uint64_t{0} : std::uint64_t{100'000'000}, events}, big.path);
            compare(big.path, runs);
        }
        return 0;
    });
}
