#pragma once

#include "core/base/Time.h"

#include <QSize>

#include <optional>
#include <string>
#include <vector>

namespace opscope {

/// What `--render` is to draw.
struct RenderOptions
{
    std::string output;                 ///< PNG to write; with .svg the timeline alone
    QSize size{1600, 1000};             ///< pixels of the picture
    bool hasSize = false;               ///< it was asked for; dialogs else are as big as they want to be
    int scale = 1;                      ///< pixels of the picture per pixel of the layout
    std::optional<TimeRange> range;     ///< counted from Trace::origin()
    std::string select;                 ///< as selectByText() reads it, "" for none
    std::vector<std::string> panels;    ///< ids of those to bring to the front of their tabs, in this order
    std::optional<QSize> docks;         ///< width of those at the right, height of those at the bottom; 0 hides them
    std::string dialog;                 ///< "export", "record": that dialog alone is drawn; "" for the window
    std::string filter;                 ///< as Options::filter
    bool hide = false;
    bool links = true;                  ///< arrows of the selection
    bool dark = false;
};

struct Options
{
    std::vector<std::string> files;
    std::string filter;                 ///< of the trace, valid; "" for none
    bool hide = false;                  ///< what it does not match, instead of dimming it
    std::optional<RenderOptions> render;
    bool timeFirstPaint = false;        ///< print the milliseconds from the start of the process to the first paint, then quit
};

/// Parsed, or the exit status of what was already said (help: 0, misuse: 2).
struct ParsedOptions
{
    std::optional<Options> options;
    int exitStatus = 0;
};
ParsedOptions parseOptions(int argc, char** argv);

} // namespace opscope
