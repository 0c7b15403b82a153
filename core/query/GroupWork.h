#pragma once

#include "core/base/JobControl.h"
#include "core/trace/Trace.h"

#include <cstdint>
#include <span>
#include <vector>

namespace opscope {

/// Kernels, copies and sets: what work of devices is counted by.
inline bool isDeviceOp(CategoryClass kind)
{
    return kind == CategoryClass::Kernel || kind == CategoryClass::Memcpy || kind == CategoryClass::Memset;
}

/// What devices did for the slices of each group and for what is inside them, each device op once a group; device ops that are in a
/// group themselves count there too, once. `groupOf` by slice, kNoGroup: in none. O(slices). Wrong when cancelled.
inline constexpr std::uint32_t kNoGroup = 0xFFFFFFFFu;
std::vector<DeviceWork> deviceWorkByGroup(const Trace& trace, std::span<const std::uint32_t> groupOf, std::size_t groups, const JobControl& job = {});

} // namespace opscope
