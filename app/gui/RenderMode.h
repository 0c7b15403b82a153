#pragma once

#include "app/gui/Options.h"

#include <string>
#include <vector>

namespace opscope {

/// Must run before QApplication exists: the offscreen platform, and the scale of the picture.
void prepareRender(const RenderOptions& options);
/// Opens the files in a real window without a display, waits until nothing moves any more, writes the PNG.
/// Returns the exit status; what went wrong is said in one sentence on stderr.
int render(const RenderOptions& options, const std::vector<std::string>& files);

} // namespace opscope
