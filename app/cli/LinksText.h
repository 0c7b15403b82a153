#pragma once

#include "app/cli/Console.h"
#include "core/trace/Trace.h"

#include <string>
#include <vector>

namespace opscope {

/// The link report as lines of at most 100 columns.
std::vector<std::string> linksText(const Trace& trace, const Console& console);

} // namespace opscope
