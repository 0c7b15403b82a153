#pragma once

#include "core/base/Result.h"

#include <string>
#include <string_view>

namespace opscope {

// What everybody who makes a file asks of its place, and the sentences for what goes wrong.

std::string folderOf(const std::string& path);
/// "trace.json cannot be written: WHY"
Error writeRefusal(const std::string& path, std::string_view why);
/// For an errno.
std::string_view writeReason(int reason);
/// A link is followed: what it leads to is replaced, and the link stays. Refuses what cannot be replaced by a file: a folder, a device, a
/// file that is write-protected.
Result<std::string> placeForFile(const std::string& path);

} // namespace opscope
