#pragma once

#include "tests/support/FxtWords.h"
#include "tests/support/TraceFixture.h"

namespace opscope::test {

/// Thread "main" has states and, if it may `work`, a slice; "worker" has only states; two CPUs.
inline TracePtr scheduledTrace(bool work)
{
    FxtWords w;
    w.kernelObject(1, 1, "server").kernelObject(2, 2, "main", {FxtWords::arg64("process", 8, 1)});
    w.kernelObject(2, 3, "worker", {FxtWords::arg64("process", 8, 1)}).thread(1, 1, 2);
    if (work) w.event(4, 1, "app", "work", 100, {}, 190);
    w.contextSwitch(0, 100, 0, 0, 2).contextSwitch(0, 200, 2, 3, 3).wakeup(1, 1250, 2).contextSwitch(0, 1300, 3, 1, 2).contextSwitch(0, 1400, 2, 5, 0);
    w.contextSwitch(1, 1450, 0, 0, 3).contextSwitch(1, 1500, 3, 2, 0);
    return traceFromText(w.bytes());
}

} // namespace opscope::test
