#include "core/record/inject/program/Injection.h"

#include "core/record/inject/program/Checks.h"
#include "core/record/inject/program/Interpreter.h"
#include "core/record/inject/program/RemoteExec.h"
#include "core/record/inject/program/Statement.h"

#if defined(__x86_64__)
#include "core/record/inject/program/Call.h"
#else
#pragma message("opscope-inject: CPython before 3.14 can be attached to on x86-64 only; here it says so")
#endif

namespace opscope::inject {

Outcome inject(const Order& order)
{
    if (const std::string objection = objectionTo(order.pid, order.startTicks); !objection.empty()) return Outcome::refused(objection);
    const Findings found = lookInto(order.pid);
    Outcome outcome = Outcome::refused(found.reason);
    if (!found.reason.empty()) {
    } else if (found.interpreter.remoteExec()) {
        outcome = remoteExec(order);
    } else if (!fits(order.statement)) {
        outcome = Outcome::refused("statement");
    } else {
#if defined(__x86_64__)
        outcome = Call(order, found).run();
#else
        outcome = Outcome::refused("architecture");
#endif
    }
    if (found.interpreter.major != 0) outcome.python = found.interpreter.version();
    return outcome;
}

} // namespace opscope::inject
