#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace opscope::sampling {

/// Part of an address space, as /proc/PID/maps or an MMAP2 record has it.
struct Mapping
{
    std::uint64_t start = 0, end = 0, offset = 0;
    std::string path;      ///< as the target sees it; "" or "[heap]" ... for none
    std::uint64_t device = 0, inode = 0; ///< makedev(3); 0 where not known
    bool executable = false;
};

/// /proc/PID/maps as it stands; lines that make no sense are left out.
std::vector<Mapping> parseMaps(std::string_view text);
/// Whether a mapping of this name has a file of code behind it: not "", "[heap]", "//anon", "/memfd:...", "/dev/zero".
bool isFilePath(std::string_view path);

} // namespace opscope::sampling
