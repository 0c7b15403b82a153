#include "app/cli/Commands.h"
#include "app/cli/FilterOption.h"
#include "app/cli/LoadJob.h"
#include "core/base/Path.h"
#include "core/format/text/EventDump.h"
#include "core/format/text/TextDump.h"
#include "core/query/Query.h"

#include <CLI/CLI.hpp>

#include <memory>
#include <ostream>

namespace opscope {
namespace {

struct Options
{
    std::vector<std::string> files;
    bool events = false;
    std::string filter, range;
    bool noLinks = false;
};

/// The filter and the range together. Complains and gives nothing when one of them makes no sense.
std::optional<Filter> filterOf(Console& console, const Options& options)
{
    const std::optional<Filter> filter = readFilter(console, "dump", options.filter);
    if (!filter || options.range.empty()) return filter;
    const std::optional<TimeRange> range = readRange(console, "dump", options.range);
    if (!range) return std::nullopt;
    return both(*filter, timeFilter(*range));
}

Result<Subset> subsetOf(const Trace& trace, const Filter& filter, const Options& options, const JobControl& job)
{
    if (filter.empty()) return wholeTrace(trace);
    Result<Matches> matches = runQuery(trace, filter, job);
    if (!matches) return matches.error();
    return closeSubset(trace, std::move(matches.value()), {.links = !options.noLinks}, job);
}

Status writeEvents(Console& console, const Trace& trace, const Filter& filter, const Options& options, const JobControl& job)
{
    const Result<Subset> subset = subsetOf(trace, filter, options, job);
    if (!subset) return subset.error();
    return writeEventDump(trace, *subset, console.out(), job);
}

ExitStatus dump(Console& console, const Options& options)
{
    if (!options.events && (!options.filter.empty() || !options.range.empty() || options.noLinks)) {
        console.complain("opscope dump: --filter, --range and --no-links choose among --events; see opscope dump --help");
        return ExitStatus::Usage;
    }
    if (!options.events && options.files.size() > 1) {
        console.complain("opscope dump: several files make one trace with --events only; see opscope dump --help");
        return ExitStatus::Usage;
    }
    const std::optional<Filter> filter = filterOf(console, options);
    if (!filter) return ExitStatus::Usage;
    LoadJob job(console);
    const Result<TracePtr> trace = job.load(std::span(options.files));
    Status written = Done{};
    if (trace.ok())
        written = options.events ? writeEvents(console, **trace, *filter, options, job.control())
                                 : writeDump(**trace, console.out(), job.control());
    if (job.cancelled() && !(trace.ok() && written.ok())) return ExitStatus::Cancelled;
    if (!trace.ok()) {
        console.complain(trace.error());
        return ExitStatus::Cannot;
    }
    if (!written.ok() && written.error().code != ErrorCode::CannotWrite) {
        console.complain(written.error());
        return ExitStatus::Cannot;
    }
    if (!written.ok() || !console.delivered()) {
        console.complain(fileName(options.files.front()) + ": the dump could not be written");
        return ExitStatus::Cannot;
    }
    return ExitStatus::Ok;
}

Run declare(CLI::App& app)
{
    const auto options = std::make_shared<Options>();
    app.add_option("files", options->files, "The trace; with --events several that belong together")->required()->type_name("FILE");
    app.add_flag("--events", options->events, "Only what the events themselves say: the same text for a part and for the file it is saved as");
    app.add_option("--filter", options->filter, "Only events that match, and what `opscope export` keeps with them")->type_name("E");
    app.add_option("--range", options->range, "Only what overlaps this time since the first event: 10ms..12ms")->type_name("A..B");
    app.add_flag("--no-links", options->noLinks, "Only what matches, without calls, operators and annotations");
    return [options](Console& console) { return dump(console, *options); };
}

} // namespace

Command dumpCommand()
{
    return {"dump", "Print everything that was read as stable text", "[--events [--filter E] [--range A..B] [--no-links]] FILE...",
            "One line a row, in a fixed order: processes, tracks, slices, instants, counters, flows, nodes, defects.\n"
            "Two traces can be compared with diff. With --events one line an event, and nothing that follows from the rest\n"
            "of the file: a part of a trace and the file that it was exported as have the same text.\n\n"
            "Examples:\n"
            "  opscope dump trace.json.gz | less\n"
            "  diff <(opscope dump before.json) <(opscope dump after.json)\n"
            "  diff <(opscope dump --events --filter 'cat == kernel' trace.json) <(opscope dump --events kernels.json)",
            declare};
}

} // namespace opscope
