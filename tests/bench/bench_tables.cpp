#include "core/io/Loader.h"
#include "core/query/Aggregates.h"
#include "tests/bench/Bench.h"
#include "tests/bench/ScaledTrace.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

// bench_tables [FILE] [--runs N] [--events N]: issue 4, "Speed": a table of 5 M slices in 300 ms on two threads.
// FILE is written again and again until it has so many events (5 M); without a FILE our own sample is, which knows no device.
// Medians; the first run is not counted. "cpu" is the time of all threads together: on a busy machine the better guide.

using namespace opscope;
using namespace opscope::bench;

namespace {

Runs repeated(int runs, const std::function<void()>& work)
{
    Runs times;
    for (int i = 0; i <= runs; ++i) times.time(work);
    return times;
}

struct Case
{
    const char* title;
    AggregateQuery query;
};

int measure(const std::string& file, int runs)
{
    const auto loaded = loadTrace(std::span(&file, 1));
    if (!loaded) {
        std::cerr << loaded.error().text() << '\n';
        return 1;
    }
    const Trace& trace = **loaded;
    const Nanos tenth = static_cast<Nanos>(trace.extent().length() / 10);
    SliceSet half(trace.slices().size());
    for (std::size_t i = 0; i < trace.slices().size(); ++i)
        if (i / 3 % 2) half.insert(SliceId(i));
    const std::vector<Case> cases{{"name", {}},
                                  {"name+shapes", {{GroupBy::Name, GroupBy::Shapes}}},
                                  {"short (kernels)", {{GroupBy::ShortName}, Population::Kernels}},
                                  {"short (all)", {{GroupBy::ShortName}}},
                                  {"cat", {{GroupBy::Category}}},
                                  {"family", {{GroupBy::Family}}},
                                  {"track", {{GroupBy::Track}}},
                                  {"track+cat+name", {{GroupBy::Track, GroupBy::Category, GroupBy::Name}}},
                                  {"name, half match", {{GroupBy::Name}, Population::All, &half}},
                                  {"name, 1/10 range", {{GroupBy::Name}, Population::All, nullptr, TimeRange{trace.extent().start + tenth, trace.extent().start + 2 * tenth}}}};
    std::printf("%s: %zu slices, %zu texts, %zu tracks, %d runs; at most 300 ms\n", std::filesystem::path(file).filename().c_str(),
                trace.slices().size(), trace.strings().size(), trace.tracks().size(), runs);
    for (const Case& c : cases) {
        std::size_t rows = 0;
        std::uint64_t slices = 0;
        const Runs times = repeated(runs, [&] {
            const auto table = aggregate(trace, c.query);
            rows = table->rows.size();
            slices = table->slices;
        });
        std::printf("  %-18s %7.1f ms, %7.1f cpu  %8zu rows of %llu slices\n", c.title, times.wall() * 1000, times.cpu() * 1000, rows, static_cast<unsigned long long>(slices));
    }
    std::vector<SliceId> all;
    for (std::size_t i = 0; i < trace.slices().size(); ++i) all.push_back(SliceId(i));
    std::size_t bins = 0;
    const Runs times = repeated(runs, [&] { bins += durationHistogram(trace, all).counts.size(); });
    std::printf("  %-18s %7.1f ms, %7.1f cpu  %8zu bins\n", "histogram of all", times.wall() * 1000, times.cpu() * 1000, bins / static_cast<std::size_t>(runs + 1));
    return 0;
}

} // namespace

int main(int count, char** args) { return benchScaled(count, args, OPSCOPE_SAMPLE, measure); }
