#include "app/cli/Commands.h"
#include "app/cli/LoadJob.h"
#include "core/format/text/TextDump.h"

#include <CLI/CLI.hpp>

#include <memory>
#include <ostream>

namespace opscope {
namespace {

struct Options
{
    std::string file;
};

ExitStatus dump(Console& console, const Options& options)
{
    LoadJob job(console);
    const Result<TracePtr> trace = job.load(options.file);
    Status written = Done{};
    if (trace.ok()) written = writeDump(**trace, console.out(), job.control());
    if (job.cancelled()) return ExitStatus::Cancelled;
    if (!trace.ok()) {
        console.complain(trace.error());
        return ExitStatus::Cannot;
    }
    if (!written.ok() || !console.delivered()) {
        console.complain(fileName(options.file) + ": the dump could not be written");
        return ExitStatus::Cannot;
    }
    return ExitStatus::Ok;
}

Run declare(CLI::App& app)
{
    const auto options = std::make_shared<Options>();
    app.add_option("file", options->file, "The trace")->required()->type_name("FILE");
    return [options](Console& console) { return dump(console, *options); };
}

} // namespace

Command dumpCommand()
{
    return {"dump", "Print everything that was read as stable text", "FILE",
            "One line a row, in a fixed order: processes, tracks, slices, instants, counters, flows, nodes, defects.\n"
            "Two traces can be compared with diff.\n\n"
            "Examples:\n"
            "  opscope dump trace.json.gz | less\n"
            "  diff <(opscope dump before.json) <(opscope dump after.json)",
            declare};
}

} // namespace opscope
