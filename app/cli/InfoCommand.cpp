#include "app/cli/Commands.h"
#include "app/cli/InfoJson.h"
#include "app/cli/InfoText.h"
#include "app/cli/LoadJob.h"

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
};

void printText(Console& console, const Trace& trace, const Options& options, bool isFirst)
{
    if (!isFirst) console.out() << '\n';
    for (const std::string& line : infoText(trace, console, options.all ? Extent::Everything : Extent::OneScreen))
        console.out() << line << '\n';
}

/// One file: its object. Several: an array of those that could be read.
void printJson(Console& console, Json read, const Options& options)
{
    const bool several = options.files.size() > 1;
    if (!several && read.empty()) return;
    console.out() << (several ? read : read.front()).dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

ExitStatus showInfo(Console& console, const Options& options)
{
    LoadJob job(console);
    Json read = Json::array();
    bool isFirst = true, allRead = true;
    for (const std::string& file : options.files) {
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
    if (options.json) printJson(console, std::move(read), options);
    if (!console.delivered()) {
        console.complain("opscope info: the answer could not be written");
        return ExitStatus::Cannot;
    }
    return allRead ? ExitStatus::Ok : ExitStatus::Cannot;
}

Run declare(CLI::App& app)
{
    const auto options = std::make_shared<Options>();
    app.add_option("files", options->files, "Traces, each told of by itself")->required()->type_name("FILE");
    app.add_flag("--json", options->json, "Exact numbers for programs: an object, or an array for several files");
    app.add_flag("--all", options->all, "Leave nothing out, not even members that name people and machines");
    return [options](Console& console) { return showInfo(console, *options); };
}

} // namespace

Command infoCommand()
{
    return {"info", "Say on one screen what a trace is", "[--json] [--all] FILE...",
            "Examples:\n"
            "  opscope info trace.json.gz\n"
            "  opscope info --json trace.json.gz | jq .kernels.total\n"
            "  opscope info rank*.json.gz",
            declare};
}

} // namespace opscope
