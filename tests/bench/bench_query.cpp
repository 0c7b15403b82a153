#include "core/io/Loader.h"
#include "core/query/Query.h"
#include "tests/bench/Bench.h"
#include "tests/bench/ScaledTrace.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

// bench_query [FILE] [--runs N] [--events N] [--raw] [--filter E]...: issue 4, "Speed". FILE is written again and again until it has
// so many events (5 M); without a FILE our own sample is. Medians over N runs, the first is not counted; processor time
// is that of all threads, for machines that have other work. --raw also times a filter
// that reads arguments back; --filter times others than those below.

using namespace opscope;
using namespace opscope::bench;

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

int measure(const Trace& trace, const std::vector<Line>& lines, int runs)
{
    for (const Line& line : lines) {
        const auto parsed = Filter::parse(line.filter);
        if (const FilterError* error = std::get_if<FilterError>(&parsed)) {
            std::cerr << line.filter << ": " << error->text() << '\n';
            return 2;
        }
        Runs times;
        std::size_t found = 0;
        for (int i = 0; i <= runs; ++i) {
            std::optional<Result<Matches>> matches;
            times.time([&] { matches = runQuery(trace, std::get<Filter>(parsed)); });
            if (!*matches) {
                std::cerr << matches->error().text() << '\n';
                return 1;
            }
            found = (*matches)->count();
        }
        std::printf("  %7.1f ms  %7.1f ms  %9zu  %s", times.wall() * 1000, times.cpu() * 1000, found, line.filter.c_str());
        if (line.limit > 0) std::printf("   (at most %.0f)", line.limit);
        std::printf("\n");
    }
    return 0;
}

void measureCompletion(const Trace& trace, int runs)
{
    for (const char* text : {"", "na", "name ~ \"ad", "cat == ", "dur > 5", "track == \"", "input[0].dtype == b"}) {
        Runs times;
        std::size_t choices = 0;
        for (int i = 0; i <= runs; ++i) times.time([&] { choices = completeFilter(text, std::string_view(text).size(), &trace).choices.size(); });
        std::printf("  %7.2f ms  %9zu choices  completing %s|   (at most 5)\n", times.wall() * 1000, choices, text);
    }
}

} // namespace

int main(int count, char** args)
{
    Arguments arguments(count, args);
    const int runs = arguments.runs();
    const std::uint64_t events = std::max<std::uint64_t>(1, arguments.number("--events", 5'000'000));
    std::vector<Line> lines;
    while (const auto filter = arguments.value("--filter")) lines.push_back({*filter, 0});
    const bool standard = lines.empty();
    if (standard) lines = kLines;
    if (arguments.has("--raw") && standard) lines.push_back({"args.stream == 7 and dur > 1us", 0});
    const std::string input = arguments.file(OPSCOPE_SAMPLE);
    return guarded([&] {
        const TemporaryFile big(".json");
        writeScaled({input, 0, events}, big.path);
        auto trace = loadTrace(std::span(&big.path, 1));
        if (!trace) throw std::runtime_error(trace.error().text());
        std::printf("%s: %zu slices, %zu instants, %zu names and other texts, %zu signatures, %d runs\n", std::filesystem::path(input).filename().c_str(),
                    (*trace)->slices().size(), (*trace)->instants().size(), (*trace)->strings().size(), (*trace)->signatures().size(), runs);
        std::printf("  elapsed     processor   found\n");
        const int status = measure(**trace, lines, runs);
        if (standard) measureCompletion(**trace, runs);
        return status;
    });
}
