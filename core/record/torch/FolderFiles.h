#pragma once

#include "core/base/Descriptor.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <vector>

namespace opscope::torch {

// Work in folders in which strangers make what they like: by the descriptor of the folder and a plain name in it. No link is ever followed.

/// One part of a path, of valid text without control characters.
bool plainName(std::string_view name);
Descriptor openFolder(int at, const std::string& name);
/// To read from. None (errno says why; EINVAL: not a regular file): a link, a pipe, a device ... is not opened.
Descriptor openRegular(int at, const std::string& name);
std::optional<struct stat> aboutName(int at, const std::string& name);
/// Sorted.
std::vector<std::string> namesIn(int folder, std::size_t most);
/// With what is in it, folders in folders up to a bounded depth. False: something is left.
bool removeTree(int at, const std::string& name, int depth = 0);
/// 0 or the errno.
int writeAll(int descriptor, std::string_view bytes);

} // namespace opscope::torch
