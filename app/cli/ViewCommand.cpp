#include "app/cli/Commands.h"
#include "app/cli/FilterOption.h"
#include "app/cli/Window.h"
#include "core/base/Path.h"

#include <CLI/CLI.hpp>

#include <filesystem>
#include <memory>

namespace opscope {
namespace {

struct Options
{
    std::vector<std::string> files;
    std::string filter;
    bool hide = false;
};

ExitStatus view(Console& console, const Options& options)
{
    if (!readFilter(console, "view", options.filter)) return ExitStatus::Usage;
    for (const std::string& file : options.files) {
        if (std::error_code failed; std::filesystem::exists(file, failed)) continue;
        console.complain(fileName(file) + ": there is no such file");
        return ExitStatus::Cannot;
    }
    if (!hasDisplay()) {
        console.complain("opscope: there is no display to open a window on (DISPLAY and WAYLAND_DISPLAY are empty); "
                         "info, dump and render work without one, see opscope --help");
        return ExitStatus::Cannot;
    }
    std::vector<std::string> arguments;
    if (!options.filter.empty()) arguments.push_back("--filter=" + options.filter);
    if (options.hide) arguments.push_back("--hide");
    if (!options.files.empty()) arguments.push_back("--"); // a file may be called --help
    arguments.insert(arguments.end(), options.files.begin(), options.files.end());
    return becomeWindow(console, arguments);
}

Run declare(CLI::App& app)
{
    const auto options = std::make_shared<Options>();
    app.add_option("files", options->files, "Traces to open, or a folder of them; several make one trace (a Kineto trace and its execution trace, or ranks)")
        ->type_name("FILE");
    app.add_option("--filter", options->filter, "Dim what does not meet this condition: name ~ \"gemm\" and dur > 50us")
        ->type_name("FILTER");
    app.add_flag("--hide", options->hide, "Hide what the filter does not match instead of dimming it");
    return [options](Console& console) { return view(console, *options); };
}

} // namespace

Command viewCommand()
{
    return {"view", "Open files in the window; what `opscope FILE...` does", "[FILE...]",
            "Without a file the window opens empty. Files named together are opened together: a Kineto trace and its execution\n"
            "trace, or the ranks of a job. What they are to each other is said in the status line and in the Links panel.\n\n"
            "Examples:\n"
            "  opscope trace.json.gz\n"
            "  opscope view trace.pt.trace.json trace_et.json\n"
            "  opscope rank*.pt.trace.json.gz\n"
            "  opscope python-1234-20261122-184501           # what opscope record --torch made\n"
            "  opscope trace.json.gz --filter 'family == communication' --hide",
            declare};
}

} // namespace opscope
