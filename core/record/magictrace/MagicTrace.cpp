#include "core/record/magictrace/MagicTrace.h"

#include "core/record/magictrace/Options.h"
#include "core/record/magictrace/Readiness.h"
#include "core/record/magictrace/Session.h"

namespace opscope {

RecorderBackend magicTraceBackend()
{
    using namespace magictrace;
    return {.id = "magic-trace",
            .title = "magic-trace",
            .summary = "Every call of the last moments, by Intel Processor Trace. No operator names.",
            .startsCommands = false,
            .options = magictrace::options,
            .check = [](const RecordTarget& target, const OptionValues& values) { return readiness(Machine::here(), target, values); },
            .session = [](const RecordRequest& request) -> std::unique_ptr<RecordSession> {
                return std::make_unique<Session>(request, Machine::here(), Patience{});
            }};
}

} // namespace opscope
