#pragma once

#include <cctype>
#include <string_view>

namespace opscope {

/// Internal to core/tensor: "def NAME(" or "NAME = async_compile.", at the start of a line of generated Python. Of any kernel when
/// `kernel` is "".
inline bool definesKernel(std::string_view line, std::string_view kernel)
{
    const bool function = line.starts_with("def ");
    std::string_view rest = function ? line.substr(4) : line;
    std::size_t length = 0;
    while (length < rest.size() && (std::isalnum(static_cast<unsigned char>(rest[length])) != 0 || rest[length] == '_')) ++length;
    if (length == 0 || (!kernel.empty() && rest.substr(0, length) != kernel)) return false;
    rest.remove_prefix(length);
    return function ? rest.starts_with("(") : rest.starts_with(" = async_compile.");
}

} // namespace opscope
