#pragma once

#include "core/record/RecorderBackend.h"
#include "core/record/ProcessList.h"

#include <optional>

namespace opscope {

/// Least room on the disk for a recording to begin, and to go on.
inline constexpr std::uint64_t kRoomToStart = std::uint64_t{16} << 20;
inline constexpr std::uint64_t kRoomToGoOn = std::uint64_t{4} << 20;

/// Why no backend can record this process: a zombie, a kernel thread, ourselves, or somebody else's. Nothing: ask the backends.
std::optional<RecordFailure> checkProcess(const ProcessInfo& process);
/// The same for the target as it is now, and that it is still the same process. Fills in `startTicks` where it is 0. A command is
/// found as execvp(3) would find it.
std::optional<RecordFailure> checkTarget(RecordTarget& target);
/// The folder around it is there and may be written to, the file or folder may be made, and there is room on the disk.
std::optional<RecordFailure> checkPlace(const std::string& path, RecorderBackend::Product product = RecorderBackend::Product::File);

/// Bytes that this user may still write where `path` lies; nothing when the system does not say.
std::optional<std::uint64_t> roomFor(const std::string& path);

} // namespace opscope
