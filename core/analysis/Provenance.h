#pragma once

#include "core/trace/Trace.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace opscope {

/// One entry of deviceProperties.
struct DeviceInfo
{
    std::string name;
    std::int64_t memoryBytes = 0;     ///< 0: not said
    std::int64_t processors = 0;      ///< multiprocessors, compute units; 0: not said
};

/// Who wrote a trace, where and how: guessed from what producers leave behind, never from the file's name.
struct Provenance
{
    std::string producer;                  ///< "PyTorch profiler (Kineto), CUDA 12.4"; never empty
    std::vector<DeviceInfo> devices;
    std::optional<std::int64_t> rank, worldSize;
    std::string backend;                   ///< "nccl", "" when not distributed
    std::vector<std::string> options;      ///< what was recorded: "shapes", "memory", "stacks", "flops", "modules", "samples at 999 Hz"
    std::vector<std::string> providers;    ///< of .fxt: who wrote parts of it, "provider 7" where it has no name
    std::vector<std::string> attachments;  ///< of .fxt: blobs, "screenshot (data, 1.2 MiB)"
    std::optional<Nanos> recordedAt;       ///< of the first event, since the Unix epoch; none when the file does not say
    std::vector<std::string> producerMessages; ///< ERROR and WARNING lines of the profiler's own log
};

/// Reads a few top-level members and category names; cost does not depend on the number of events.
Provenance provenance(const Trace& trace);

/// Top-level members that name people, machines and paths. Not shown unless asked for.
bool isPrivateKey(std::string_view topLevelKey);

} // namespace opscope
