#pragma once

#include <QObject>

#include "core/record/RecorderBackend.h"
#include "core/record/sampling/PerfEvents.h"

namespace opscope {

RecorderBackend samplingBackend();

namespace sampling {

std::vector<RecordOption> options();
/// The values are checked already.
EventSettings eventSettings(const OptionValues& values);
/// Asks the kernel: opens an event on the process and closes it again.
Readiness readiness(const RecordTarget& target, const OptionValues& values);

} // namespace sampling
} // namespace opscope
