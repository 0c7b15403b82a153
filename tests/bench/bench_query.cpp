#include "core/io/Loader.h"
#include "core/query/Query.h"
#include "tests/bench/ScaledTrace.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <unistd.h>
#include <vector>

// bench_query [FILE] [--runs N] [--events N] [--raw] [--filter E]...: issue 4, "Speed". FILE is written again and again until it has
// so many events (5 M); without a FILE our own sample is. Medians over N runs, the first is not counted; processor time
// is that of all threads, for machines that have other work. --raw also times a filter
// that reads arguments back; --filter times others than those below.

using namespace opscope;
using namespace opscope::bench;
using Clock = std::chrono::steady_clock;

namespace {

struct Line
{
    std::string filter;
    double limit = 0;   ///< ms; 0: none is asked for
};

const std::vector<Line> kLines = {
    {"name ~ \"gemm\"", 50},
    {"name =~ \"^aten::(mm|addmm|bmm)$\"", 50},
    {"name like \"aten::*\"", 50},
    {"short == mm", 50},
    {"cat == cpu_op", 50},
    {"family == matmul", 50},
    {"dur > 50us", 50},
    {"self in 10us..1ms", 50},
    {"time in 10ms..20ms", 50},
    {"track ~ \"stream\"", 50},
    {"stream == 7", 50},
    {"depth == 3", 50},
    {"External id in 1..100000", 50},
    {"has(correlation)", 50},
    {"bytes >= 1MiB", 50},
    {"cat == cpu_op and name ~ \"mm\" and dur > 20us and not depth == 0", 50},
    {"input[0].dtype == f32 and input[0].dim[-1] >= 64", 100},
    {"input[*].elements > 100000", 100},
    {"input[*].shape like \"[*,64]\"", 100},
    {"launched_by(name ~ \"aten::mm\")", 0},
    {"launches(cat == kernel)", 0},
    {"inside(name ~ \"ProfilerStep\")", 0},
    {"contains(name == \"aten::mm\")", 0},
};

double milliseconds(Clock::time_point begin) { return std::chrono::duration<double, std::milli>(Clock::now() - begin).count(); }

double median(std::vector<double> values)
{
    if (values.size() > 1) values.erase(values.begin());
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

int measure(const Trace& trace, const std::vector<Line>& lines, int runs)
{
    for (const Line& line : lines) {
        const auto parsed = Filter::parse(line.filter);
        if (const FilterError* error = std::get_if<FilterError>(&parsed)) {
            std::cerr << line.filter << ": " << error->text() << '\n';
            return 2;
        }
        std::vector<double> times, work;
        std::size_t found = 0;
        for (int i = 0; i <= runs; ++i) {
            const std::clock_t before = std::clock();
            const auto begin = Clock::now();
            const auto matches = runQuery(trace, std::get<Filter>(parsed));
            times.push_back(milliseconds(begin));
            work.push_back(static_cast<double>(std::clock() - before) * 1000.0 / CLOCKS_PER_SEC);
            if (!matches) {
                std::cerr << matches.error().text() << '\n';
                return 1;
            }
            found = matches->count();
        }
        std::printf("  %7.1f ms  %7.1f ms  %9zu  %s", median(times), median(work), found, line.filter.c_str());
        if (line.limit > 0) std::printf("   (at most %.0f)", line.limit);
        std::printf("\n");
    }
    return 0;
}

void measureCompletion(const Trace& trace, int runs)
{
    for (const char* text : {"", "na", "name ~ \"ad", "cat == ", "dur > 5", "track == \"", "input[0].dtype == b"}) {
        std::vector<double> times;
        std::size_t choices = 0;
        for (int i = 0; i <= runs; ++i) {
            const auto begin = Clock::now();
            choices = completeFilter(text, std::string_view(text).size(), &trace).choices.size();
            times.push_back(milliseconds(begin));
        }
        std::printf("  %7.2f ms  %9zu choices  completing %s|   (at most 5)\n", median(times), choices, text);
    }
}

} // namespace

int main(int count, char** args)
{
    std::string input = OPSCOPE_SAMPLE;
    int runs = 5;
    std::uint64_t events = 5'000'000;
    std::vector<Line> lines = kLines, own;
    for (int i = 1; i < count; ++i) {
        const std::string_view arg = args[i];
        if (arg == "--runs" && i + 1 < count) runs = std::max(1, std::atoi(args[++i]));
        else if (arg == "--events" && i + 1 < count) events = static_cast<std::uint64_t>(std::max(1ll, std::atoll(args[++i])));
        else if (arg == "--filter" && i + 1 < count) own.push_back({args[++i], 0});
        else if (arg == "--raw") lines.push_back({"args.stream == 7 and dur > 1us", 0});
        else input = arg;
    }
    const std::string big = (std::filesystem::temp_directory_path() / ("opscope-bench-query-" + std::to_string(getpid()) + ".json")).string();
    int status = 1;
    try {
        writeScaled({input, 0, events}, big);
        auto trace = loadTrace(std::span(&big, 1));
        if (!trace) {
            std::cerr << trace.error().text() << '\n';
        } else {
            std::printf("%s: %zu slices, %zu instants, %zu names and other texts, %zu signatures, %d runs\n",
                        std::filesystem::path(input).filename().c_str(), (*trace)->slices().size(), (*trace)->instants().size(),
                        (*trace)->strings().size(), (*trace)->signatures().size(), runs);
            std::printf("  elapsed     processor   found\n");
            status = measure(**trace, own.empty() ? lines : own, runs);
            if (own.empty()) measureCompletion(**trace, runs);
        }
    } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
    }
    std::filesystem::remove(big);
    return status;
}
