#include "core/io/ByteSource.h"
#include "core/io/Loader.h"
#include "core/io/SubsetWriter.h"
#include "tests/bench/ScaledTrace.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <malloc.h>
#include <string>
#include <unistd.h>
#include <vector>

// bench_export [FILE] [--runs N] [--gz]: issue 4, speed. Without a file a trace of 1 GB is made from our own sample.
//
// A tenth of the slices, spread over the whole file, saved as plain JSON, against copying all bytes through the same reader into the
// same kind of file, and against reading (of a .gz: inflating) alone. In alternation, in one process, files in the page cache; medians,
// the first run is not counted. Peak memory is what the process has above the loaded trace while it exports.

using namespace opscope;
using namespace opscope::bench;
using Clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

namespace {

double median(std::vector<double> values)
{
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

/// In MiB: "VmRSS:" now, "VmHWM:" the most since forgetPeak().
double memory(const std::string& what)
{
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with(what)) return std::stod(line.substr(what.size())) / 1024;
    return 0;
}

void forgetPeak() { std::ofstream("/proc/self/clear_refs") << "5"; }

double seconds(const std::function<void()>& work)
{
    const auto begin = Clock::now();
    work();
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

void mustWork(bool ok, const std::string& why)
{
    if (ok) return;
    std::cerr << why << '\n';
    std::exit(1);
}

void readAll(const std::string& path)
{
    auto source = ByteSource::openFile(path);
    mustWork(source.ok(), path);
    std::string buffer(std::size_t{4} << 20, '\0');
    for (;;) {
        const auto got = (*source)->read(buffer);
        mustWork(got.ok(), path);
        if (*got == 0) return;
    }
}

void compare(const std::string& path, int runs)
{
    const auto loaded = loadTrace(std::vector<std::string>{path});
    mustWork(loaded.ok(), loaded.ok() ? "" : loaded.error().text());
    const Trace& trace = **loaded;
    Matches matches = Matches::none(trace);
    for (std::size_t i = 0; i < trace.slices().size(); i += 10) matches.slices.insert(SliceId(i));
    const auto part = closeSubset(trace, std::move(matches), {.links = false});
    mustWork(part.ok(), "the subset was cancelled");
    const Subset whole = wholeTrace(trace);
    const std::string target = (fs::temp_directory_path() / ("opscope-part-" + std::to_string(getpid()) + ".json")).string();
    ExportReport::File report;
    double above = 0;
    const auto write = [&](const Subset& subset) {
        ::malloc_trim(0); // what loading gave back must not pass for memory that the export did not need
        const double before = memory("VmRSS:");
        forgetPeak();
        const auto written = writeSubset(trace, subset, {{SourceId(0), target}}, {});
        mustWork(written.ok(), written.ok() ? "" : written.error().text());
        report = written->files[0];
        above = memory("VmHWM:") - before;
    };
    std::vector<double> reads, copies, exports;
    double peak = 0;
    // Not over the file of the run before: giving back a gigabyte of it would be timed as well.
    const auto fresh = [&] { fs::remove(target); };
    for (int run = 0; run <= runs; ++run) {
        reads.push_back(seconds([&] { readAll(path); }));
        fresh();
        copies.push_back(seconds([&] { write(whole); }));
        fresh();
        exports.push_back(seconds([&] { write(*part); }));
        peak = std::max(peak, above);
    }
    for (auto* values : {&reads, &copies, &exports}) values->erase(values->begin());
    const SourceFile& file = trace.sources()[0];
    std::printf("%s: %.1f MB%s, %llu events, %d runs\n", fs::path(path).filename().c_str(), static_cast<double>(file.unpackedBytes) / 1e6,
                file.gzip ? " unpacked" : "", static_cast<unsigned long long>(trace.stats().elements), runs);
    const auto line = [&](const char* title, double s) {
        std::printf("  %-32s %8.1f ms  %6.2f GB/s of the source\n", title, s * 1000, static_cast<double>(file.unpackedBytes) / s / 1e9);
    };
    line(file.gzip ? "inflating it" : "reading it", median(reads));
    line("copying its bytes", median(copies));
    line("export of a tenth", median(exports));
    std::printf("  %llu events, %.1f MB written\n", static_cast<unsigned long long>(report.events), static_cast<double>(report.bytes) / 1e6);
    std::printf("  speed of the export, of copying    %.2f%s\n", median(copies) / median(exports), file.gzip ? "" : " (at least 0.70)");
    std::printf("  speed of the export, of reading    %.2f%s\n", median(reads) / median(exports), file.gzip ? " (at least 0.70)" : "");
    std::printf("  peak above the loaded trace        %.1f MiB (at most 190)\n", peak);
    fs::remove(target);
}

} // namespace

int main(int count, char** args)
{
    std::string file;
    int runs = 5;
    bool gz = false;
    for (int i = 1; i < count; ++i) {
        const std::string_view arg = args[i];
        if (arg == "--runs" && i + 1 < count) runs = std::max(1, std::atoi(args[++i]));
        else if (arg == "--gz") gz = true;
        else file = arg;
    }
    try {
        const std::string made = (fs::temp_directory_path() / ("opscope-bench-" + std::to_string(getpid()) + ".json")).string();
        const bool own = file.empty();
        if (own) writeScaled({OPSCOPE_SAMPLE, 1'000'000'000, 0}, file = made);
        compare(file, runs);
        if (gz || own) {
            compress(file, made + ".gz");
            compare(made + ".gz", runs);
            fs::remove(made + ".gz");
        }
        if (own) fs::remove(made);
    } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
    return 0;
}
