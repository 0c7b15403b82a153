#include "app/cli/Commands.h"
#include "app/cli/InfoJson.h"
#include "app/cli/InfoText.h"
#include "app/cli/LinksJson.h"
#include "app/cli/LinksText.h"
#include "app/cli/LoadJob.h"
#include "core/record/RecordProduct.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <memory>
#include <ostream>

namespace opscope {
namespace {

using Json = nlohmann::ordered_json;

struct Options
{
    std::vector<std::string> files;
    bool json = false;
    bool all = false;
    bool links = false;
};

void printText(Console& console, const Trace& trace, const Options& options, bool isFirst)
{
    if (!isFirst) console.out() << '\n';
    for (const std::string& line : infoText(trace, console, options.all ? Extent::Everything : Extent::OneScreen))
        console.out() << line << '\n';
}

/// One file: its object. Several: an array of those that could be read.
void printJson(Console& console, Json read, bool several)
{
    if (!several && read.empty()) return;
    console.out() << (several ? read : read.front()).dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

/// All files are one trace.
ExitStatus showLinks(Console& console, const Options& options)
{
    LoadJob job(console);
    const Result<TracePtr> trace = job.load(std::span(options.files));
    if (job.cancelled()) return ExitStatus::Cancelled;
    if (!trace.ok()) {
        console.complain(trace.error());
        return ExitStatus::Cannot;
    }
    if (options.json) {
        console.out() << linksJson(**trace).dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
    } else {
        for (const std::string& line : linksText(**trace, console)) console.out() << line << '\n';
    }
    if (console.delivered()) return ExitStatus::Ok;
    console.complain("opscope info: the answer could not be written");
    return ExitStatus::Cannot;
}

ExitStatus showInfo(Console& console, const Options& options)
{
    const std::vector<std::string> files = withFoldersOpened(options.files);
    LoadJob job(console);
    Json read = Json::array();
    bool isFirst = true, allRead = true;
    for (const std::string& file : files) {
        const Result<TracePtr> trace = job.load(file);
        if (job.cancelled()) return ExitStatus::Cancelled;
        if (!trace.ok()) {
            console.complain(trace.error());
            allRead = false;
        } else if (options.json) {
            read.push_back(infoJson(**trace, options.all ? Privacy::Reveal : Privacy::Keep));
        } else {
            printText(console, **trace, options, isFirst);
            isFirst = false;
        }
    }
    if (options.json) printJson(console, std::move(read), files.size() > 1);
    if (!console.delivered()) {
        console.complain("opscope info: the answer could not be written");
        return ExitStatus::Cannot;
    }
    return allRead ? ExitStatus::Ok : ExitStatus::Cannot;
}

Run declare(CLI::App& app)
{
    const auto options = std::make_shared<Options>();
    app.add_option("files", options->files, "Traces, or a folder of them, each told of by itself; with --links all together one trace")->required()->type_name("FILE");
    app.add_flag("--json", options->json, "Exact numbers for programs: an object, or an array for several files");
    app.add_flag("--all", options->all, "Leave nothing out, not even members that name people and machines");
    app.add_flag("--links", options->links, "What is linked to what, how surely, and what is not and why: all FILEs are one trace, "
                                            "named together because they belong together");
    return [options](Console& console) { return options->links ? showLinks(console, *options) : showInfo(console, *options); };
}

} // namespace

Command infoCommand()
{
    return {"info", "Say on one screen what a trace is, or what in it is linked", "[--json] [--all] [--links] FILE...",
            "With --links --json the object \"links\" holds:\n"
            "  device_ops     total, to_call, to_op, to_et_node: kernels, copies and sets, and how many lead there\n"
            "  backward_ops   total: sequence numbers of the backward pass, one a forward thread and number however\n"
            "                 many events carry it; to_forward; beside it events, several_forwards (numbers on more\n"
            "                 than one forward op) and without_number (AccumulateGrad nodes, which never have one)\n"
            "  et_nodes       total, with_rf_id, exact, by_order, unmatched: sums over all execution traces; relation:\n"
            "                 \"same run\", \"other iteration\", \"other process\" or \"unrelated\", the worst of several\n"
            "                 pairs, null without a pair; `pairs` tells of each\n"
            "  report         every row with its figures by certainty, its methods, and reasons\n"
            "Counts of what is not linked stand beside, by reason: no_call, no_op, no_et_node, no_forward, no_event.\n"
            "Beside it \"diagnostics\" says what was wrong with the files, apart and together.\n"
            "\n"
            "With --json a Fuchsia trace (.fxt) also has records_by_type, events.by_type, providers, ticks_per_second,\n"
            "strings, thread_records, min_ts_ticks, max_end_ticks and blobs: the file as found, before ids are put right.\n"
            "\n"
            "Examples:\n"
            "  opscope info trace.json.gz\n"
            "  opscope info --json trace.json.gz | jq .kernels.total\n"
            "  opscope info rank*.json.gz\n"
            "  opscope info --links --json trace.json.gz trace_et.json.gz | jq .links.et_nodes",
            declare};
}

} // namespace opscope
