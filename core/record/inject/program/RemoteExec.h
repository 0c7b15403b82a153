#pragma once

#include "core/record/inject/program/Injection.h"

namespace opscope::inject {

/// Asks CPython 3.14 or later to run Order::script by sys.remote_exec of its own interpreter, started beside it. Nothing is stopped.
Outcome remoteExec(const Order& order);

} // namespace opscope::inject
