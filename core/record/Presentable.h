#pragma once

#include "core/base/StringPool.h"

#include <string>
#include <string_view>

namespace opscope {

/// Bytes of the system (names of processes, paths, output of programs) as text for sentences: valid UTF-8 without control characters.
inline std::string presentable(std::string_view bytes)
{
    std::string valid;
    sanitizeUtf8(bytes, valid);
    return withoutControls(valid);
}

} // namespace opscope
