#pragma once

#include "widgets/panel/Panel.h"

#include <span>

namespace opscope {

/// THE LIST of docks, in the order of their tabs and of the View menu. Panels of one area share its tabs.
std::span<const Panel> panels();

} // namespace opscope
