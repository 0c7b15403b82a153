#pragma once

#include <string>
#include <string_view>

namespace opscope::test {

/// One gzip member.
std::string gzip(std::string_view bytes, int level = 6);
/// The bytes of a file, unpacked where they are packed: all members, as far as they go.
std::string readUnpacked(const std::string& path);

} // namespace opscope::test
