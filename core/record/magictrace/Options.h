#pragma once

#include "core/record/RecorderBackend.h"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace opscope::magictrace {

/// What magic-trace can be asked for, as data for dialog and command line.
std::vector<RecordOption> options();
/// A sentence for the first value that magic-trace would misunderstand.
Status checkValues(const OptionValues& values);

/// What the program that was found can do.
struct Version
{
    std::string text;              ///< "v1.2.4", cleaned
    std::set<std::string> flags;   ///< of `attach`, without their dashes
    bool knows(std::string_view flag) const { return flags.contains(std::string(flag)); }
};
/// Flags from what `attach -help` prints.
std::set<std::string> flagsOfHelp(std::string_view help);

/// What is passed to the program, and what it cannot do although it was asked by default.
struct Arguments
{
    std::vector<std::string> list;
    std::vector<std::string> notes;
};
/// `work`: folder for raw data, unless the person chose one. Error: this version does not know what was asked for.
Result<Arguments> attachArguments(pid_t pid, const std::string& output, const std::string& work, const OptionValues& values,
                                  const Version& version);

} // namespace opscope::magictrace
