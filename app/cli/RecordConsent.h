#pragma once

#include "app/cli/RecordPlan.h"

#include <optional>

namespace opscope {

/// What happens to the process of another program needs a word from a person: asks on the terminal, unless --yes said it. Nothing: go on.
std::optional<RecordRefusal> askConsent(Console& console, const RecordPlan& plan, const RecordOptions& options);

} // namespace opscope
