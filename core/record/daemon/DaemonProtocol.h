#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace opscope::daemon {

// The datagrams between a process with Kineto and its daemon, recording-pytorch.md 2.3: a header of 40 bytes (size of the rest, type) and the rest,
// little endian.

inline constexpr std::size_t kMostDatagram = 512; ///< longer ones are nobody's of Kineto's

/// What a process sends us.
struct ClientMessage
{
    enum class Kind : std::uint8_t { Register, Ask }; ///< Register: old clients only, once
    Kind kind = Kind::Ask;
    std::int64_t job = 0;         ///< SLURM_JOB_ID, 0: none
    std::vector<pid_t> pids = {}; ///< itself first, then its parents, in its own namespace of processes; at least one
    bool ready = false;           ///< Ask: the profiler can begin a recording
};

/// Nothing: not such a message; every length and count is checked against the bytes that came.
std::optional<ClientMessage> parseDatagram(std::string_view bytes);

/// The one answer to Kind::Ask. No text: nothing to do.
std::string answerTo(std::string_view configuration);
/// To Kind::Register.
std::string answerToRegister();

} // namespace opscope::daemon
