#pragma once

#include "app/cli/Console.h"
#include "core/trace/Trace.h"

#include <string>
#include <vector>

namespace opscope {

enum class Extent { OneScreen, Everything };

/// What a person wants to know first of one file, as lines of at most 100 columns; at most 24 of them for OneScreen.
std::vector<std::string> infoText(const Trace& trace, const Console& console, Extent extent);

} // namespace opscope
