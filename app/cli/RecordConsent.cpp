#include "app/cli/RecordConsent.h"

#include "core/record/Presentable.h"

#include <iostream>
#include <string>
#include <unistd.h>

namespace opscope {
namespace {

/// As a person means it; the end of the input is a no.
bool saysYes(Console& console)
{
    for (int times = 0; times < 3; ++times) {
        console.err() << "Go on? [y/N] " << std::flush;
        std::string answer;
        if (!std::getline(std::cin, answer)) break;
        if (answer == "y" || answer == "Y" || answer == "yes") return true;
        if (answer.empty() || answer == "n" || answer == "N" || answer == "no") return false;
    }
    return false;
}

} // namespace

std::optional<RecordRefusal> askConsent(Console& console, const RecordPlan& plan, const RecordOptions& options)
{
    const std::string text = plan.backend->confirmation && !options.yes ? plan.backend->confirmation(plan.request) : std::string();
    if (text.empty()) return std::nullopt;
    if (!::isatty(STDIN_FILENO) || !console.errIsTerminal()) // nobody reads the question, or nobody answers
        return RecordRefusal{ExitStatus::Cannot, {presentable(text), "--yes agrees to it where no terminal is there to ask."}};
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        console.complain(presentable(text.substr(at, end - at)));
        at = end + 1;
    }
    if (saysYes(console)) return std::nullopt;
    return RecordRefusal{ExitStatus::Cancelled, {"not recorded; nothing was done to the process"}};
}

} // namespace opscope
