#include "core/io/ByteSource.h"
#include "core/io/Loader.h"
#include "core/io/SubsetWriter.h"
#include "tests/bench/Bench.h"
#include "tests/bench/ScaledTrace.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
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
namespace fs = std::filesystem;

namespace {

/// In MiB: "VmRSS:" now, "VmHWM:" the most since forgetPeak().
double memory(const std::string& what)
{
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with(what)) return std::stod(line.substr(what.size())) / 1024;
    return 0;
}

void forgetPeak() { std::ofstream("/proc/self/clear_refs") << "5"; }

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
    Runs reads, copies, exports;
    double peak = 0;
    // Not over the file of the run before: giving back a gigabyte of it would be timed as well.
    const auto fresh = [&] { fs::remove(target); };
    for (int run = 0; run <= runs; ++run) {
        reads.time([&] { readAll(path); });
        fresh();
        copies.time([&] { write(whole); });
        fresh();
        exports.time([&] { write(*part); });
        peak = std::max(peak, above);
    }
    const SourceFile& file = trace.sources()[0];
    std::printf("%s: %.1f MB%s, %llu events, %d runs\n", fs::path(path).filename().c_str(), static_cast<double>(file.unpackedBytes) / 1e6,
                file.gzip ? " unpacked" : "", static_cast<unsigned long long>(trace.stats().elements), runs);
    const auto line = [&](const char* title, double s) {
        std::printf("  %-32s %8.1f ms  %6.2f GB/s of the source\n", title, s * 1000, static_cast<double>(file.unpackedBytes) / s / 1e9);
    };
    line(file.gzip ? "inflating it" : "reading it", reads.wall());
    line("copying its bytes", copies.wall());
    line("export of a tenth", exports.wall());
    std::printf("  %llu events, %.1f MB written\n", static_cast<unsigned long long>(report.events), static_cast<double>(report.bytes) / 1e6);
    std::printf("  speed of the export, of copying    %.2f%s\n", copies.wall() / exports.wall(), file.gzip ? "" : " (at least 0.70)");
    std::printf("  speed of the export, of reading    %.2f%s\n", reads.wall() / exports.wall(), file.gzip ? " (at least 0.70)" : "");
    std::printf("  peak above the loaded trace        %.1f MiB (at most 190)\n", peak);
    fs::remove(target);
}

} // namespace

int main(int count, char** args)
{
    Arguments arguments(count, args);
    const int runs = arguments.runs();
    const bool gz = arguments.has("--gz");
    const std::string file = arguments.file();
    return guarded([&] {
        const TemporaryFile made(".json"), packed(".json.gz");
        if (file.empty()) writeScaled({OPSCOPE_SAMPLE, 1'000'000'000, 0}, made.path);
        const std::string& plain = file.empty() ? made.path : file;
        compare(plain, runs);
        if (gz || file.empty()) {
            compress(plain, packed.path);
            compare(packed.path, runs);
        }
        return 0;
    });
}
