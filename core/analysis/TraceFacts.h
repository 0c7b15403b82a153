#pragma once

#include "core/base/JobControl.h"
#include "core/base/Time.h"
#include "core/trace/Trace.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace opscope {

/// A name and what its slices took together.
struct NameTotal
{
    StringId name;
    ExactSum duration;
    std::uint64_t count = 0;
};

/// Events on a device and how many of them were started by a call that the trace holds.
struct DeviceFacts
{
    std::uint64_t total = 0;
    std::uint64_t withLaunch = 0;   ///< their correlation is that of some runtime or driver call
};

/// The numbers that say what a trace is, exact to the last digit of the file. "Timed" means ph X with a usable duration; in .fxt also
/// what has a begin and an end, where it is not the state of a thread.
/// Keys of the maps are category texts as the file has them, "" for events without one.
struct TraceFacts
{
    std::map<std::string, std::uint64_t> eventsByCategory;    ///< elements of the event array, metadata included
    std::map<std::string, ExactSum> durationByCategory;       ///< timed slices, overlaps counted twice
    std::map<std::string, std::uint64_t> flowPairsByCategory; ///< distinct ids with a start and an end
    DeviceFacts kernels, deviceEvents;                        ///< device events: kernels, copies and sets
    std::uint64_t devices = 0, streams = 0;                   ///< distinct, among the device events
    std::uint64_t cpuOps = 0, cpuOpsWithShapes = 0;
    std::uint64_t recordFunctionIds = 0;                      ///< slices that carry one other than 0
    std::uint64_t pythonFunctions = 0;
    std::vector<NameTotal> longestNames;                      ///< of timed slices, longest first, ties by name
};

/// One pass over the slices and one over the flows: O(slices + names log names). A cancelled call returns what it has.
TraceFacts traceFacts(const Trace& trace, std::size_t longestNames = 10, const JobControl& job = {});

/// How a category text counts; the definitions are those of the facts sheets (any letter case).
bool isKernelCategory(std::string_view category);
bool isDeviceCategory(std::string_view category);   ///< kernels, copies, sets
bool isRuntimeCategory(std::string_view category);  ///< calls that start device work
bool isCpuOpCategory(std::string_view category);

} // namespace opscope
