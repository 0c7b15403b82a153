#pragma once

#include "core/base/Result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace opscope::torch {

/// What the recorder script tells in status-PID.json (README.md here says when). Texts presentable, at most 4 KiB each.
struct ScriptStatus
{
    enum class Phase : std::uint8_t { Started, Waiting, Warming, Recording, Stopping, Writing, Done, Error };
    Phase phase = Phase::Started;
    std::string id = {};                   ///< of the request
    std::string errorCode = {};            ///< "busy", "no-torch" ...; empty: none
    std::string error = {};                ///< the text of it
    std::vector<std::string> notes = {};   ///< "This PyTorch was built without Kineto: operator names and times only"
    pid_t pid = 0;                         ///< in the target's namespace
    std::optional<int> rank = {};
    std::string python = {}, torch = {};
    bool kineto = false, cuda = false;
    std::int64_t startNs = 0, stopNs = 0;  ///< Unix time, 0: not yet
    std::int64_t events = -1, nodes = -1;  ///< -1: not known
    std::int64_t step = -1;                ///< steps seen since the request, -1: none seen
    double stallMs = -1;                   ///< how long stopping kept the program from its work
    std::vector<std::string> files = {};   ///< names in the exchange folder, without any path; resources folders too
};
/// Error: the reason, as "it is too long"; the script writes it whole and renames it, so a bad one is a stranger's.
Result<ScriptStatus> parseStatus(std::string_view json);

} // namespace opscope::torch
