#include "app/gui/Options.h"

#include "core/query/Filter.h"
#include "core/record/RecordProduct.h"
#include "widgets/panel/Panels.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <iostream>
#include <string_view>

namespace opscope {

namespace {

constexpr int kSmallest = 200, kLargest = 16384; // pixels each way

std::optional<int> parseNumber(std::string_view text, int low, int high)
{
    int value = 0;
    const char* end = text.data() + text.size();
    const auto [stopped, problem] = std::from_chars(text.data(), end, value);
    if (problem != std::errc() || stopped != end || value < low || value > high)
        return std::nullopt;
    return value;
}

std::optional<QSize> parseSize(std::string_view text, int low = kSmallest)
{
    const std::size_t x = text.find('x');
    if (x == std::string_view::npos)
        return std::nullopt;
    const auto width = parseNumber(text.substr(0, x), low, kLargest);
    const auto height = parseNumber(text.substr(x + 1), low, kLargest);
    if (!width || !height)
        return std::nullopt;
    return QSize(*width, *height);
}

std::string checkSize(const std::string& text)
{
    return parseSize(text) ? "" : "\"" + text + "\" is no size such as 1600x1000 (200 to 16384 each)";
}

std::string checkDocks(const std::string& text)
{
    return parseSize(text, 0) ? "" : "\"" + text + "\" is no size such as 356x276 (0 to 16384 each)";
}

std::vector<std::string> split(std::string_view list)
{
    std::vector<std::string> parts;
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        parts.emplace_back(list.substr(0, comma));
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return parts;
}

std::string checkPanels(const std::string& list)
{
    std::string known;
    for (const Panel& panel : panels())
        known += (known.empty() ? "" : ", ") + std::string(panel.id);
    for (const std::string& id : split(list)) {
        if (std::ranges::none_of(panels(), [&](const Panel& panel) { return id == panel.id; }))
            return "there is no panel \"" + id + "\"; there are: " + known;
    }
    return "";
}

std::string checkRange(const std::string& text)
{
    return parseTimeRange(text) ? "" : "\"" + text + "\" is no range such as 1.5ms..20ms";
}

std::string checkFilter(const std::string& text)
{
    const auto parsed = Filter::parse(text);
    const auto* error = std::get_if<FilterError>(&parsed);
    return error ? error->text() : "";
}

struct RawOptions
{
    std::string render, size, range, select, theme, docks, panels, dialog;
    int scale = 1;
    bool noLinks = false;
};

void declare(CLI::App& app, Options& options, RawOptions& raw)
{
    app.add_option("files", options.files, "Traces to open together, or a folder of them: a Kineto trace and its execution trace, or the ranks of a job")->type_name("FILE");
    CLI::Option* render = app.add_option("--render", raw.render, "Draw the window into this PNG, or the timeline alone into this SVG, and quit")->type_name("FILE");
    app.add_option("--filter", options.filter, "Only events that meet this condition: name ~ \"gemm\"; the rest is dimmed")
        ->type_name("FILTER")->check(checkFilter);
    app.add_flag("--hide", options.hide, "Hide what the filter does not match");
    const auto withRender = [&](CLI::Option* option) { return option->needs(render); };
    withRender(app.add_option("--size", raw.size, "Pixels of the picture (default 1600x1000)")->type_name("WxH")->check(checkSize));
    withRender(app.add_option("--scale", raw.scale, "Pixels of the picture per pixel of the layout, 1 to 4")->check(CLI::Range(1, 4)));
    withRender(app.add_option("--range", raw.range, "What to show, counted from where the ruler shows 0: 1.5ms..20ms")
                   ->type_name("A..B")->check(checkRange));
    withRender(app.add_option("--select", raw.select, "Select the longest slice of this name, node:ID, tensor:ID, node:ID/in0, node:ID/out0 or range:A..B")
                   ->type_name("WHAT"));
    withRender(app.add_option("--panel", raw.panels, "Bring these panels to the front of their tabs: links,raw")
                   ->type_name("ID,...")->check(checkPanels));
    withRender(app.add_option("--dock", raw.docks, "Width of the docks at the right x height of those at the bottom; 0 hides them")
                   ->type_name("WxH")->check(checkDocks));
    withRender(app.add_option("--dialog", raw.dialog, "Draw this dialog instead of the window: export; record, of no file: with --select pid:N or what to search for")->check(CLI::IsMember({"export", "record"})));
    withRender(app.add_flag("--no-links", raw.noLinks, "Do not draw the links of the selection"));
    withRender(app.add_option("--theme", raw.theme, "light or dark (default light)")->check(CLI::IsMember({"light", "dark"})));
    app.add_flag("--time-first-paint", options.timeFirstPaint, "Print the milliseconds to the first paint and quit")->group("");
}

RenderOptions finish(const RawOptions& raw)
{
    RenderOptions render;
    render.output = raw.render;
    render.scale = raw.scale;
    render.select = raw.select;
    render.dark = raw.theme == "dark";
    render.dialog = raw.dialog;
    render.panels = split(raw.panels);
    render.links = !raw.noLinks;
    if (!raw.docks.empty())
        render.docks = parseSize(raw.docks, 0);
    render.hasSize = !raw.size.empty();
    if (render.hasSize)
        render.size = parseSize(raw.size).value_or(render.size);
    if (!raw.range.empty())
        render.range = parseTimeRange(raw.range);
    return render;
}

} // namespace

ParsedOptions parseOptions(int argc, char** argv)
{
    CLI::App app("Opens PyTorch traces in a window.", "opscope-gui");
    Options options;
    RawOptions raw;
    declare(app, options, raw);
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        std::cout << app.help();
        return {std::nullopt, 0};
    } catch (const CLI::ParseError& error) {
        std::cerr << "opscope-gui: " << error.what() << '\n';
        return {std::nullopt, 2};
    }
    options.files = withFoldersOpened(options.files);
    if (!raw.render.empty()) {
        options.render = finish(raw);
        options.render->filter = options.filter;
        options.render->hide = options.hide;
    }
    if (options.render && options.files.empty() && options.render->dialog != "record") {
        std::cerr << "opscope-gui: --render needs a file to draw\n";
        return {std::nullopt, 2};
    }
    return {std::move(options), 0};
}

} // namespace opscope
