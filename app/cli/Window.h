#pragma once

#include "app/cli/Command.h"

#include <string>
#include <vector>

namespace opscope {

/// Becomes opscope-gui, which lies beside this program, with these arguments; returns only if that fails, having said why.
ExitStatus becomeWindow(Console& console, const std::vector<std::string>& arguments);

/// Whether there is a screen to show a window on.
bool hasDisplay();

} // namespace opscope
