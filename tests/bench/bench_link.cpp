#include "core/io/Loader.h"
#include "core/link/LinkBuilder.h"
#include "core/link/LinkWalk.h"
#include "tests/bench/Bench.h"
#include "tests/bench/ScaledTrace.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

// bench_link [FILE] [--runs N] [--events N]: issue 3, "Speed". FILE is written again and again until it has so many events (5 M);
// without a FILE our own sample is, which knows no device.
//
// Loading with links against linking alone: the step is run again on the loaded trace, so both figures come from one process and
// one file in the page cache. Then links are followed, the keys of the window do no more. Medians; the first run is not counted.

using namespace opscope;
using namespace opscope::bench;

namespace {

void follow(const Trace& trace)
{
    const auto links = trace.links().all();
    if (links.empty()) return;
    std::vector<double> micros;
    std::uint64_t things = 0;
    for (std::size_t i = 0; i < 4000; ++i) {
        const Link& link = links[(i * 2654435761u) % links.size()];
        for (const SliceId slice : {link.from, link.to}) {
            const auto begin = Clock::now();
            things += linkedThings(trace, slice).size();
            micros.push_back(secondsSince(begin) * 1e6);
        }
    }
    std::sort(micros.begin(), micros.end());
    std::printf("  following a link           %7.1f us median, %.1f us at worst of %zu (at most 5000); %.1f things each\n",
                micros[micros.size() / 2], micros.back(), micros.size(), static_cast<double>(things) / static_cast<double>(micros.size()));
}

int measure(const std::string& file, int runs)
{
    std::vector<double> load, link;
    TracePtr trace;
    for (int i = 0; i <= runs; ++i) {
        trace.reset();
        const auto begin = Clock::now();
        auto loaded = loadTrace(std::span(&file, 1));
        load.push_back(secondsSince(begin));
        if (!loaded) {
            std::cerr << loaded.error().text() << '\n';
            return 1;
        }
        trace = *loaded;
        // Traces are made without const and frozen by their pointer alone; nobody else has this one.
        const auto again = Clock::now();
        LinkBuilder(const_cast<Trace&>(*trace), {}, 2).run();
        link.push_back(secondsSince(again));
    }
    const double all = warmMedian(load), linking = warmMedian(link);
    const auto count = static_cast<double>(trace->links().all().size());
    std::printf("%s: %llu events, %.0f links, %d runs\n", std::filesystem::path(file).filename().c_str(),
                static_cast<unsigned long long>(trace->stats().elements), count, runs);
    std::printf("  loading, links included    %7.1f ms\n  linking                    %7.1f ms = %.1f %% of loading without it (at most 15)\n",
                all * 1000, linking * 1000, 100 * linking / (all - linking));
    std::printf("  bytes a link               %7.1f\n", static_cast<double>(trace->links().bytes()) / std::max(count, 1.0));
    follow(*trace);
    return 0;
}

} // namespace

int main(int count, char** args) { return benchScaled(count, args, OPSCOPE_SAMPLE, measure); }
