#pragma once

#include <string>
#include <string_view>

namespace opscope::test {

/// One gzip member.
std::string gzip(std::string_view bytes, int level = 6);

} // namespace opscope::test
