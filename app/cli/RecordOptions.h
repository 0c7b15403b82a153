#pragma once

#include "core/base/Result.h"
#include "core/record/RecorderBackends.h"

#include <chrono>
#include <ctime>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace CLI {
class App;
}

namespace opscope {

/// The command line of `opscope record`, as it was written.
struct RecordOptions
{
    bool list = false, all = false, backends = false, json = false, force = false;
    bool torch = false, yes = false, children = false;
    std::vector<std::string> pids, environment;
    std::vector<std::string> command;
    std::string backend, job, cwd, duration, steps, maxSize, output; ///< empty: not given
    std::map<std::string, std::string> texts; ///< options of backends by id; empty: not given
    std::map<std::string, bool> on, off;      ///< switches of backends by id: --kernel, --no-kernel

    /// Those of backends that were given.
    OptionValues given() const;
};

/// Adds flags for the options of all backends, each backend a part of --help. Options of the same id are one flag.
void declareBackendOptions(CLI::App& app, RecordOptions& options);
/// "--frequency", for a switch the flag that changes its standard: "--no-all-threads".
std::string flagOf(const RecordOption& option);
/// "99 to 4,999 Hz", "fp, dwarf", "on or off"; empty for texts.
std::string rangeOf(const RecordOption& option);

/// "5s", "1.5s", "500ms", "2m", "1h": whole milliseconds, exactly, and a unit. Error: a sentence.
Result<std::chrono::milliseconds> parseDuration(std::string_view text);
/// "200MB", "1GiB", "0": bytes.
Result<std::uint64_t> parseSize(std::string_view text);
Result<pid_t> parsePid(std::string_view text);
/// "100": so many steps of the training loop.
Result<std::uint32_t> parseSteps(std::string_view text);
/// "NAME=VALUE".
Result<std::pair<std::string, std::string>> parseVariable(std::string_view text);
/// "python3-123-20261122-144501"; a pid of 0 is left out. What does not belong into names of files becomes "_".
std::string recordingName(std::string_view name, pid_t pid, const std::tm& localTime);

} // namespace opscope
