#pragma once

#include "core/record/RecorderBackend.h"
#include "core/record/magictrace/Machine.h"

namespace opscope::magictrace {

/// Whether it would work, without starting anything: what cannot be helped first, then what has to be installed, then rights.
Readiness readiness(const Machine& machine, const RecordTarget& target, const OptionValues& options);

} // namespace opscope::magictrace
