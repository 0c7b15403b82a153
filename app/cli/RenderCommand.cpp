#include "app/cli/Commands.h"
#include "app/cli/FilterOption.h"
#include "app/cli/Window.h"

#include <CLI/CLI.hpp>

#include <charconv>
#include <cstdlib>
#include <memory>

namespace opscope {
namespace {

struct Options
{
    std::vector<std::string> files;
    std::string output, size, range, select, theme, scale, docks, panels, dialog, filter;
    bool noLinks = false, hide = false;
};

bool isNumber(std::string_view text, int low, int high)
{
    int value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    return failed == std::errc() && end == text.data() + text.size() && value >= low && value <= high;
}

/// CLI11 shows what a check returns; "" means fine.
std::string checkSize(const std::string& text)
{
    const std::size_t x = text.find('x');
    const bool good = x != std::string::npos && isNumber(std::string_view(text).substr(0, x), 200, 16384) &&
                      isNumber(std::string_view(text).substr(x + 1), 200, 16384);
    return good ? "" : "\"" + text + "\" is no size such as 1600x1000 (200 to 16384 each)";
}

std::string checkDocks(const std::string& text)
{
    const std::size_t x = text.find('x');
    const bool good = x != std::string::npos && isNumber(std::string_view(text).substr(0, x), 0, 16384) &&
                      isNumber(std::string_view(text).substr(x + 1), 0, 16384);
    return good ? "" : "\"" + text + "\" is no size such as 356x276 (0 to 16384 each)";
}

std::string checkScale(const std::string& text)
{
    return isNumber(text, 1, 4) ? "" : "\"" + text + "\" is no scale from 1 to 4";
}

ExitStatus render(Console& console, const Options& options)
{
    if (options.files.empty() && options.dialog != "record") {
        console.complain("opscope render: there is no file to draw; see opscope render --help");
        return ExitStatus::Usage;
    }
    if (!readFilter(console, "render", options.filter)) return ExitStatus::Usage;
    if (!options.range.empty() && !readRange(console, "render", options.range)) return ExitStatus::Usage;
    std::vector<std::string> arguments{"--render", options.output};
    const auto pass = [&](const char* name, const std::string& value) {
        if (!value.empty()) arguments.push_back(std::string(name) + "=" + value); // in one word: a value may begin with '-'
    };
    pass("--size", options.size);
    pass("--range", options.range);
    pass("--select", options.select);
    pass("--theme", options.theme);
    pass("--scale", options.scale);
    pass("--dock", options.docks);
    pass("--panel", options.panels); // the window knows which there are
    pass("--dialog", options.dialog);
    pass("--filter", options.filter);
    if (options.hide) arguments.push_back("--hide");
    if (options.noLinks) arguments.push_back("--no-links");
    arguments.push_back("--");
    arguments.insert(arguments.end(), options.files.begin(), options.files.end());
    setenv("QT_QPA_PLATFORM", "offscreen", 0); // a picture needs no display
    return becomeWindow(console, arguments);
}

Run declare(CLI::App& app)
{
    const auto o = std::make_shared<Options>();
    app.add_option("files", o->files, "The trace; several files make one")->type_name("FILE");
    app.add_option("-o,--output", o->output, "The picture to write; with .svg at its end the timeline alone, as rects and text")->required()->type_name("FILE");
    app.add_option("--size", o->size, "Pixels of the window (default 1600x1000)")->type_name("WxH")->check(checkSize);
    app.add_option("--range", o->range, "What to show, counted from where the ruler shows 0: 1.5ms..20ms")
        ->type_name("A..B");
    app.add_option("--select", o->select, "Select the longest slice of this name, node:ID, tensor:ID, node:ID/in0, node:ID/out0 or range:A..B")
        ->type_name("WHAT");
    app.add_option("--panel", o->panels, "Bring these panels to the front of their tabs: links,raw")
        ->type_name("ID,...");
    app.add_option("--dock", o->docks, "Width of the docks at the right x height of those at the bottom; 0 hides them")
        ->type_name("WxH")->check(checkDocks);
    app.add_option("--dialog", o->dialog, "Draw this dialog instead of the window: export; record, which needs no file: with --select pid:N or what to search for")
        ->type_name("ID")->check(CLI::IsMember({"export", "record"}));
    app.add_option("--filter", o->filter, "Dim what does not meet this condition: name ~ \"gemm\" and dur > 50us")
        ->type_name("FILTER");
    app.add_flag("--hide", o->hide, "Hide what the filter does not match instead of dimming it");
    app.add_flag("--no-links", o->noLinks, "Do not draw the links of the selection");
    app.add_option("--theme", o->theme, "light or dark (default light)")
        ->type_name("THEME")->check(CLI::IsMember({"light", "dark"}));
    app.add_option("--scale", o->scale, "Device pixels a pixel, 1 to 4 (default 1)")->type_name("N")->check(checkScale);
    return [o](Console& console) { return render(console, *o); };
}

} // namespace

Command renderCommand()
{
    return {"render", "Draw the window into a picture, without a display", "-o PICTURE [OPTIONS] FILE...",
            "Times take ns, us, ms or s; without a unit they are nanoseconds.\n\n"
            "Examples:\n"
            "  opscope render trace.json.gz -o shot.png\n"
            "  opscope render trace.json.gz -o shot.png --size 2400x1400 --theme dark\n"
            "  opscope render trace.json.gz -o shot.png --range 10ms..25ms --select aten::conv2d\n"
            "  opscope render trace.json.gz -o timeline.svg --range 10ms..25ms\n"
            "  opscope render trace.json.gz -o shot.png --filter 'cat == kernel and dur > 50us' --hide\n"
            "  opscope render trace.json.gz trace_et.json.gz -o shot.png --select node:36/in0 --panel links --dock 400x500",
            declare};
}

} // namespace opscope
